"""Where a house that is served alone keeps what does not belong into its database: its key and its files."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from careplug.errors import Invalid
from careplug_flask.errors import error

__all__ = ["VARIABLE", "beside", "secret_key"]

VARIABLE = "CAREPLUG_SECRET_KEY"
_LEAST = 16


def beside(database: str) -> Path:
    """What the names of key and files begin with: the database's file, else ``careplug`` in the current folder."""
    scheme, _, rest = database.partition("://")
    path = rest.partition("?")[0].removeprefix("/")
    if scheme.partition("+")[0] == "sqlite" and path and path != ":memory:" and not path.startswith("file:"):
        return Path(path)
    return Path("careplug")


def secret_key(database: str, environ: Mapping[str, str]) -> str:
    """The key that signs sessions and links: ``CAREPLUG_SECRET_KEY``, else the one kept beside the database.

    That file is made at the first call, for its owner alone to read; sessions outlive a restart by it. ``Invalid`` for a
    key that is too short.
    """
    given = environ.get(VARIABLE, "")
    path = Path(f"{beside(database)}.key")
    found = given or _read(path) or _make(path)
    if len(found) < _LEAST:
        field = VARIABLE if given else str(path)
        raise error(Invalid, "flask.serve_key", field=field, least=_LEAST)
    return found


def _read(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii", errors="replace").strip()
    return ""


def _make(path: Path) -> str:
    made = secrets.token_urlsafe(48)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)  # somebody else was faster, or the file is empty
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(made + "\n")
    return made
