"""One value into its column and back: every check that keeps a database from changing what is stored."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from careplug.entity import Column
from careplug.errors import Invalid
from careplug.money import scaled, unscaled

__all__ = ["checker", "is_enum", "reader", "same", "text_is_bad"]

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
_MICROSECOND = timedelta(microseconds=1)


def checker(column: Column, field: str, *, comparing: bool = False) -> Callable[[Any], Any]:
    """The conversion into a column, with every refusal: ``Invalid`` names ``field``.

    ``comparing`` is for values of criteria: an enum may be given by its text, a Decimal by a whole number.
    """
    convert = _from_enum(column, comparing=comparing) if is_enum(column) else _CONVERT[column.kind]
    wanted = column.cls.__name__ if is_enum(column) and column.cls else column.kind

    def check(value: Any) -> Any:
        """The value as the column holds it; ``Invalid`` naming the field where it is not one."""
        if value is None:
            if column.nullable:
                return None
            raise Invalid("row.null", field=field)
        if comparing and column.kind == "decimal" and type(value) is int:
            value = Decimal(value)
        if isinstance(value, float):
            raise Invalid("row.float", field=field, value=value)
        found = convert(value, field)
        if found is None:
            raise Invalid("row.type", field=field, value=repr(value)[:80], wanted=wanted)
        if column.length and type(found) is str and len(found) > column.length:
            raise Invalid("row.long", field=field, length=column.length, value=len(found))
        return found

    return check


def reader(column: Column) -> Callable[[Any], Any]:
    """The conversion of one stored value (never None) of a scalar column."""
    if is_enum(column) and column.cls:
        return column.cls
    return _READ.get(column.kind, same)


def is_enum(column: Column) -> bool:
    """Whether the column holds the value of an enum's member."""
    return column.kind == "text" and isinstance(column.cls, type) and issubclass(column.cls, enum.Enum)


def text_is_bad(text: str) -> str:
    """The code of what no database can keep in this text: ``row.nul``, ``row.surrogate``, or ``""``."""
    if "\0" in text:
        return "row.nul"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "row.surrogate"
    return ""


def duration(number: int) -> timedelta:
    """The span of so many microseconds."""
    return timedelta(0, 0, number)


def same(value: Any) -> Any:
    """The value itself: what columns need that are stored as they are."""
    return value


def _text(value: Any, field: str) -> str | None:
    if not isinstance(value, str):
        return None
    code = text_is_bad(value)
    if code:
        raise Invalid(code, field=field)
    return str.__str__(value)


def _int(value: Any, field: str) -> int | None:
    if isinstance(value, bool):
        raise Invalid("row.bool", field=field, value=value)
    if not isinstance(value, int):
        return None
    if not INT_MIN <= value <= INT_MAX:
        raise Invalid("row.range", field=field, value=value)
    return int(value)


def _bool(value: Any, _: str) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: Any, field: str) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None or value.utcoffset() is None:
        raise Invalid("row.naive", field=field, value=value.isoformat())
    try:
        there = value.astimezone(UTC)
    except OverflowError:
        raise Invalid("row.range", field=field, value=value.isoformat()) from None
    # a subclass (a frozen clock's, pendulum's) is not what a driver expects
    return datetime(*there.timetuple()[:6], there.microsecond, UTC)


def _date(value: Any, _: str) -> date | None:
    if isinstance(value, datetime) or not isinstance(value, date):
        return None
    return date(value.year, value.month, value.day)


def _duration(value: Any, field: str) -> int | None:
    if not isinstance(value, timedelta):
        return None
    return _int(value // _MICROSECOND, field)


def _decimal(value: Any, field: str) -> int | None:
    return scaled(value, field) if isinstance(value, Decimal) else None


def _bytes(value: Any, _: str) -> bytes | None:
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else None


def _nothing(_value: Any, _field: str) -> None:
    """Documents are compared by nothing but ``is_null``."""


def _from_enum(column: Column, *, comparing: bool) -> Callable[[Any, str], Any]:
    cls: Any = column.cls

    def convert(value: Any, field: str) -> str | None:
        """The enum's text; None, which is refused, for anything that is no member."""
        if isinstance(value, cls):
            return _text(value.value, field)
        return _text(value, field) if comparing else None

    return convert


_CONVERT: dict[str, Callable[[Any, str], Any]] = {
    "id": _text,
    "text": _text,
    "long": _text,
    "int": _int,
    "bool": _bool,
    "time": _time,
    "date": _date,
    "duration": _duration,
    "decimal": _decimal,
    "bytes": _bytes,
    "json": _nothing,
}
_READ: dict[str, Callable[[Any], Any]] = {"duration": duration, "decimal": unscaled}
