"""Files a person wrote: definitions in JSON or TOML."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from careplug.errors import Invalid
from careplug.plugin.settings import read_toml
from careplug.timeline.facts import plain

__all__ = ["load", "read_text"]


def load(path: str, field: str) -> dict[str, Any]:
    """The table in a file: JSON where it ends in ``.json`` or is ``-`` (standard input), else TOML.

    Dates of TOML become text, as definitions hold them. ``Invalid`` where it cannot be read or is no table.
    """
    if path == "-" or path.endswith(".json"):
        text = read_text(path, field)
        try:
            found = json.loads(text, parse_float=Decimal)
        except ValueError as error:
            raise Invalid("cli.document.syntax", field=field, path=path, problem=str(error)) from None
    else:
        found = read_toml(path)
    if not isinstance(found, dict):
        raise Invalid("cli.document.table", field=field, path=path, value=type(found).__name__)
    return plain(found, field)  # type: ignore[no-any-return]


def read_text(path: str, field: str) -> str:
    """The UTF-8 text of a file or, for ``-``, of standard input; ``Invalid`` where it cannot be read."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise Invalid("cli.document.file", field=field, path=path, problem=problem) from None
    except UnicodeDecodeError:
        raise Invalid("cli.document.encoding", field=field, path=path) from None
