"""The plugin's own sentences, in both languages, beside the code."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, TypeVar

from careplug.errors import CareError
from careplug.text import Text, flatten

__all__ = ["error", "own"]

E = TypeVar("E", bound=CareError)


@functools.cache
def own() -> Mapping[str, Text]:
    """The sentences by code."""
    file = resources.files("careplug_crypto") / "locale" / "crypto.toml"
    return flatten(tomllib.loads(file.read_text(encoding="utf-8")))


def __getattr__(name: str) -> Mapping[str, Text]:
    """``SENTENCES``: those of errors by code, read when they are asked for (PEP 562)."""
    if name != "SENTENCES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return {code.removeprefix("error."): words for code, words in own().items() if code.startswith("error.")}


def error(cls: type[E], code: str, *, field: str, **values: Any) -> E:
    """An error with the plugin's sentence: it is raised before any catalogue knows it."""
    return cls(code, field=field, sentence=own()[f"error.{code}"], **values)
