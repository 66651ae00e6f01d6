"""Reading the parts of a form's stored data; every mistake names its key and what it may be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from careplug._values import text_is_bad
from careplug.errors import Invalid
from careplug.text import Text

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_LANGUAGES = ("en", "zh")


def shown(value: object) -> str:
    """A wrong value as an error shows it: enough to recognise it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def table(data: object, known: Sequence[str], place: str) -> Mapping[str, Any]:
    """A table without any key beside the known ones."""
    if not isinstance(data, Mapping):
        raise Invalid("survey.table", field=f"{place}.table", value=shown(data), known=", ".join(known))
    unknown = {str(key) for key in data} - set(known)
    if unknown:
        raise Invalid("definition.keys", field=f"{place}.{min(unknown)}", known=", ".join(known))
    return data


def key(value: object, place: str) -> str:
    """The name of a question or choice: answers, conditions and columns of an export go by it."""
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise Invalid("survey.key", field=place, value=shown(value))
    return value


def items(data: Mapping[str, Any], name: str, place: str) -> list[Any]:
    """A list; empty where it is left out."""
    value = data.get(name, [])
    if not isinstance(value, list | tuple):
        raise Invalid("definition.list", field=f"{place}.{name}", value=shown(value))
    return list(value)


def flag(data: Mapping[str, Any], name: str, place: str) -> bool:
    """True or false; false where it is left out."""
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise Invalid("definition.bool", field=f"{place}.{name}", value=shown(value))
    return value


def number(data: Mapping[str, Any], name: str, place: str) -> int:
    """A whole number that must be there."""
    value = data.get(name)
    if type(value) is not int:
        raise Invalid("definition.int", field=f"{place}.{name}", value=shown(value))
    return value


def one_of(value: object, known: Sequence[str], place: str) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in known:
        raise Invalid("definition.choice", field=place, value=shown(value), known=", ".join(known))
    return value


def words(data: Mapping[str, Any], name: str, place: str, *, most: int, needed: bool = False) -> Text:
    """A text in one or both languages: ``{"en": …, "zh": …}``, up to ``most`` characters in each."""
    here = f"{place}.{name}"
    if name not in data and not needed:
        return Text()
    given = table(data.get(name, {}), _LANGUAGES, here)
    for language, text in given.items():
        if not isinstance(text, str) or not text.strip():
            raise Invalid("definition.text", field=f"{here}.{language}")
        if len(text) > most:
            raise Invalid("survey.text_length", field=f"{here}.{language}.length", length=len(text), most=most)
        if text_is_bad(text):
            raise Invalid("survey.characters", field=f"{here}.{language}.characters")
    if not given:
        raise Invalid("survey.words", field=here)
    return Text(en=given.get("en", ""), zh=given.get("zh", ""))


def words_data(text: Text) -> dict[str, str]:
    """What ``words`` reads."""
    return {language: said for language, said in (("en", text.en), ("zh", text.zh)) if said}
