"""The words of pages, forms and the API in both languages: TOML files beside the code, read at the first word.

What the extension says is looked up here first, then in the core's catalogue and in those of the plugins.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

from careplug.text import Text, fill, flatten

__all__ = ["own", "say"]


@functools.cache
def own() -> Mapping[str, Text]:
    """The extension's own sentences by code."""
    found: dict[str, Text] = {}
    for file in sorted((resources.files("careplug_flask") / "locale").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            found.update(flatten(tomllib.loads(file.read_text(encoding="utf-8"))))
    return found


def say(code: str, language: str, /, **params: object) -> str:
    """One of the extension's own sentences; ``KeyError`` for a code it does not have."""
    return fill(own()[code].get(language), params)
