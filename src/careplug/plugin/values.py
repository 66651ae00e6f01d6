"""One value of a setting by its type hint, strictly: a text is no number, 1 is no True, nothing is dropped.

Not cattrs: its import costs as much as pluggy and attrs together, its sequences take a text for a list of
letters, and its errors name classes where a person has to find a key.
"""

from __future__ import annotations

import enum
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import attrs

from careplug.errors import CareError, Invalid
from careplug.refs import Ref

__all__ = ["duration", "from_text", "structure"]

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SEQUENCES: Mapping[Any, Callable[[list[Any]], Any]] = {
    tuple: tuple,
    list: list,
    frozenset: frozenset,
    Sequence: tuple,
}


def duration(text: str) -> timedelta | None:
    """The time that ``"1d12h"``, ``"5m"`` or ``"30s"`` stands for; None for any other text.

    Whole numbers and the units d, h, m, s, each at most once and in that order.
    """
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None


def structure(value: Any, hint: Any, field: str, *, secret: bool = False) -> Any:
    """The value of a TOML file or mapping as its hint wants it; ``Invalid`` naming ``field`` for any other."""
    hint, optional = _optional(hint)
    if hint is Any or (value is None and optional):
        return value
    origin = typing.get_origin(hint) or hint
    if origin is typing.Literal or _is(hint, enum.Enum):
        return _choice(value, hint, field, secret=secret)
    if origin in _SEQUENCES:
        return _sequence(value, hint, origin, field, secret=secret)
    if origin in {dict, Mapping}:
        inner = (typing.get_args(hint) or (str, Any))[1]
        table = _table(value, field)
        return {key: structure(part, inner, f"{field}.{key}", secret=secret) for key, part in table.items()}
    if hint in _SCALARS:
        code, read = _SCALARS[hint]
        found = read(value)
        if found is None:
            raise Invalid(f"settings.{code}", field=field, value=_shown(value, secret=secret))
        return found
    if attrs.has(hint):
        return _nested(value, hint, field, secret=secret)
    raise Invalid("settings.type", field=field, hint=str(hint))


def from_text(text: str, hint: Any, field: str, *, name: str, secret: bool = False) -> Any:
    """The value of an environment variable: words for bool, digits for int, commas between the parts of a list.

    An empty text means None where the hint allows that. Tables cannot be set from the environment.
    """
    inner, optional = _optional(hint)
    if optional and not text:
        return None
    origin = typing.get_origin(inner) or inner
    if origin in _SEQUENCES:
        part = (typing.get_args(inner) or (str,))[0]
        words = [word.strip() for word in text.split(",") if word.strip()]
        return _SEQUENCES[origin]([from_text(word, part, field, name=name, secret=secret) for word in words])
    if origin in {dict, Mapping} or (attrs.has(inner) and inner not in _SCALARS):
        raise Invalid("settings.variable_table", field=field, variable=name)
    if inner is bool:
        if text.lower() not in _WORDS:
            raise Invalid("settings.variable_bool", field=field, variable=name, value=_shown(text, secret=secret))
        return _WORDS[text.lower()]
    if inner is int:
        if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
            raise Invalid("settings.variable_int", field=field, variable=name, value=_shown(text, secret=secret))
        return int(text)
    if origin is typing.Literal or _is(origin, enum.Enum):
        return _choice(text, inner, field, secret=secret, by_text=True)
    number = _decimal(text) if inner is float else None
    return structure(text if number is None else number, inner, field, secret=secret)


def _optional(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def _is(hint: Any, base: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, base)


def _shown(value: Any, *, secret: bool) -> str:
    text = "***" if secret else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _choice(value: Any, hint: Any, field: str, *, secret: bool, by_text: bool = False) -> Any:
    if _is(hint, enum.Enum):
        known = {member.value: member for member in hint}
    else:
        known = {member: member for member in typing.get_args(hint)}
    for key, member in known.items():
        if (type(key) is type(value) and key == value) or (by_text and str(key) == value):
            return member
    choices = ", ".join(str(key) for key in known)
    raise Invalid("settings.choice", field=field, value=_shown(value, secret=secret), known=choices)


def _sequence(value: Any, hint: Any, origin: Any, field: str, *, secret: bool) -> Any:
    if not isinstance(value, list | tuple):
        raise Invalid("settings.list", field=field, value=_shown(value, secret=secret))
    inner = [part for part in typing.get_args(hint) if part is not Ellipsis] or [Any]
    if origin is tuple and len(inner) > 1:
        if len(inner) != len(value):
            raise Invalid("settings.count", field=field, count=len(inner), value=_shown(value, secret=secret))
    else:
        inner = inner[:1] * len(value)
    pairs = enumerate(zip(value, inner, strict=True))
    return _SEQUENCES[origin]([structure(part, each, f"{field}[{n}]", secret=secret) for n, (part, each) in pairs])


def _table(value: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Invalid("settings.table", field=field, value=type(value).__name__)
    return value


def _nested(value: Any, cls: Any, field: str, *, secret: bool) -> Any:
    """An attrs class inside a settings class: a sub-table, as strict as the whole."""
    table = _table(value, field)
    hints = typing.get_type_hints(cls)
    fields = {part.alias or part.name: part for part in attrs.fields(cls) if part.init}
    for key in table:
        if key not in fields:
            raise Invalid("settings.unknown", field=f"{field}.{key}", key=key, known=", ".join(sorted(fields)))
    for key, part in fields.items():
        if key not in table and part.default is attrs.NOTHING:
            raise Invalid("settings.missing_part", field=f"{field}.{key}", key=key)
    hidden = {key: secret or bool(part.metadata.get("secret")) for key, part in fields.items()}
    values = {
        key: structure(part, hints[fields[key].name], f"{field}.{key}", secret=hidden[key])
        for key, part in table.items()
    }
    try:
        return cls(**values)
    except Exception as error:
        problem: object = type(error).__name__
        if not any(hidden.values()):
            problem = error if isinstance(error, CareError) else str(error)
        raise Invalid("settings.refused", field=f"{field}.refused", error=problem) from None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _int(value: Any) -> int | None:
    return value if type(value) is int else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _float(value: Any) -> float | None:
    if isinstance(value, str):
        return None
    found = value if isinstance(value, float) else _decimal(value)
    return None if found is None else float(found)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, Decimal) or type(value) is int:
        found = Decimal(value)
    elif isinstance(value, str):
        try:
            found = Decimal(value)
        except InvalidOperation:
            return None
    else:
        return None
    return found if found.is_finite() else None


def _duration(value: Any) -> timedelta | None:
    if isinstance(value, timedelta):
        return value
    return duration(value) if isinstance(value, str) else None


def _date(value: Any) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _time(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _path(value: Any) -> Path | None:
    return Path(value) if isinstance(value, str | Path) and str(value) else None


def _ref(value: Any) -> Ref | None:
    if isinstance(value, Ref):
        return value
    kind, colon, ident = value.partition(":") if isinstance(value, str) else ("", "", "")
    return Ref(kind, ident) if kind and colon and ident else None


_SCALARS: Mapping[Any, tuple[str, Callable[[Any], Any]]] = {
    str: ("text", _text),
    int: ("int", _int),
    bool: ("bool", _bool),
    float: ("number", _float),
    Decimal: ("decimal", _decimal),
    timedelta: ("duration", _duration),
    date: ("date", _date),
    datetime: ("time", _time),
    Path: ("path", _path),
    Ref: ("ref", _ref),
}
"""How a scalar is read, and the code of the error where it cannot be."""
