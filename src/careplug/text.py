"""Words in two languages: the value ``Text`` and the catalogue of sentences.

Facts, rulings, receipts and errors store codes and values. Sentences are made here, when somebody
reads them, in that reader's language. The catalogue is the TOML files of ``careplug/locale``: one
table per code, holding ``en`` and ``zh``.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import attrs

__all__ = ["LANGUAGES", "PSEUDO", "Catalogue", "Text", "catalogue", "fill", "flatten", "language_of", "say"]

LANGUAGES = ("en", "zh_CN")
"""The languages every sentence exists in."""

PSEUDO = "qps"
"""A made-up language: English between ⟦ and ⟧. What appears outside them escaped the catalogue."""


@attrs.frozen
class Text:
    """A name that people define, in the languages they speak. An empty one falls back to the other."""

    en: str = ""
    zh: str = ""

    def get(self, language: str = "en") -> str:
        """The words in ``language``; the other language's where this one is empty."""
        code = language_of(language)
        if code == PSEUDO:
            return f"⟦{self.en or self.zh}⟧"
        return (self.zh or self.en) if code == "zh_CN" else (self.en or self.zh)

    def __bool__(self) -> bool:
        return bool(self.en or self.zh)


def language_of(tag: str) -> str:
    """The language we have for a tag such as ``zh-Hans-CN``, ``zh_CN.UTF-8`` or ``en_GB``; else English."""
    head = tag.replace("_", "-").partition("-")[0].lower()
    if head == PSEUDO:
        return PSEUDO
    return "zh_CN" if head.startswith("zh") else "en"


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Text]:
    """The sentences of a parsed catalogue file by dotted code."""
    found: dict[str, Text] = {}
    if isinstance(table.get("en"), str):
        found[prefix] = Text(en=table["en"], zh=table.get("zh", ""))
    for key, value in table.items():
        if isinstance(value, Mapping):
            found.update(flatten(value, f"{prefix}.{key}" if prefix else key))
    return found


@functools.cache
def catalogue() -> Mapping[str, Text]:
    """All sentences of the core by code; read once, at the first sentence."""
    found: dict[str, Text] = {}
    folder = resources.files("careplug") / "locale"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            found.update(flatten(tomllib.loads(file.read_text(encoding="utf-8"))))
    return found


def fill(template: str, params: Mapping[str, object]) -> str:
    """Put values into a template; a value it lacks stays visible as ``{name}``."""
    return template.format_map(_Visible(params))


def say(code: str, language: str = "en", /, **params: object) -> str:
    """The sentence of a code in a language. An unknown code is shown as itself, never hidden."""
    found = catalogue().get(code)
    if found is None:
        return f"{code} {params}" if params else code
    return fill(found.get(language), params)


@attrs.frozen
class Catalogue:
    """The sentences of one ``Care``: the core's, and by code those its plugins hand over as ``Messages``.

    A plugin's sentence is found where the core has none of that code; it never takes the place of one of the core's.
    """

    own: Mapping[str, Text] = attrs.field(factory=dict)

    def find(self, code: str) -> Text | None:
        """The sentence of a code, None where nobody has one."""
        return catalogue().get(code) or self.own.get(code)

    def say(self, code: str, language: str = "en", /, **params: object) -> str:
        """As ``say``, with the sentences of plugins."""
        found = self.find(code)
        return say(code, language, **params) if found is None else fill(found.get(language), params)

    def word(self, group: str, code: str, language: str) -> str:
        """The word for a code of a group (``word.GROUP.CODE``); a code without one is shown as it is."""
        found = self.find(f"word.{group}.{code}")
        return code if found is None else found.get(language)


class _Visible(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
