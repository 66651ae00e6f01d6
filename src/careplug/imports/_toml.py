"""Reading tables that people wrote: every refusal names the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from careplug.errors import Invalid
from careplug.text import Text

__all__ = ["choice", "flag", "known", "names", "number", "shown", "table", "text", "words"]


def shown(value: object) -> str:
    """A wrong value as an error shows it."""
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:57]}…"


def known(data: Mapping[str, Any], keys: Sequence[str], place: str) -> None:
    """``Invalid`` for the first key that means nothing."""
    strange = sorted(set(data) - set(keys))
    if strange:
        raise Invalid("import.key", field=f"{place}.{strange[0]}", known=", ".join(keys))


def table(data: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
    """A table, empty where there is none."""
    value = data.get(key, {})
    if not isinstance(value, Mapping):
        raise Invalid("import.table", field=f"{place}.{key}", value=shown(value))
    return value


def text(data: Mapping[str, Any], key: str, place: str, default: str | None = None) -> str:
    """A text; required where there is no default."""
    value = data.get(key, default)
    if value is None:
        raise Invalid("import.lacking", field=f"{place}.{key}")
    if not isinstance(value, str) or (not value and default is None):
        raise Invalid("import.text", field=f"{place}.{key}", value=shown(value))
    return value


def names(data: Mapping[str, Any], key: str, place: str, default: Sequence[str] = ()) -> tuple[str, ...]:
    """A list of texts; one text alone is a list of one."""
    value = data.get(key, list(default))
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid("import.names", field=f"{place}.{key}", value=shown(value))
    return tuple(value)


def choice(data: Mapping[str, Any], key: str, place: str, able: Sequence[str], default: str) -> str:
    """One of a few words."""
    value = data.get(key, default)
    if value not in able:
        raise Invalid("import.choice", field=f"{place}.{key}", value=shown(value), known=", ".join(filter(None, able)))
    return str(value)


def number(data: Mapping[str, Any], key: str, place: str, *, least: int | None = None) -> int | None:
    """A whole number or None."""
    value = data.get(key)
    if value is not None and (type(value) is not int or (least is not None and value < least)):
        raise Invalid("import.number", field=f"{place}.{key}", value=shown(value))
    return value


def flag(data: Mapping[str, Any], key: str, place: str, *, default: bool = False) -> bool:
    """True or false."""
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise Invalid("import.flag", field=f"{place}.{key}", value=shown(value))
    return value


def words(data: Mapping[str, Any], key: str, place: str) -> Text:
    """A name in two languages: a table of en and zh, or one text for both."""
    value = data.get(key, "")
    if isinstance(value, str):
        return Text(en=value)
    if not isinstance(value, Mapping) or set(value) - {"en", "zh"}:
        raise Invalid("import.words", field=f"{place}.{key}", value=shown(value))
    place = f"{place}.{key}"
    return Text(en=text(value, "en", place, ""), zh=text(value, "zh", place, ""))
