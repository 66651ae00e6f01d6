"""Entities as the wire's shapes, field by field of the same name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import attrs
import msgspec

from careplug.clock import to_text
from careplug.refs import Ref

__all__ = ["given", "plain", "shape", "shaper"]

T = TypeVar("T")
_MICROSECOND = timedelta(microseconds=1)


def plain(value: Any) -> Any:
    """A value as JSON holds it: references and Decimals as text, spans in microseconds, values as maps."""
    if isinstance(value, Ref | Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [plain(part) for part in value]
    cls: Any = type(value)
    if attrs.has(cls):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(cls)}
    return value


@functools.cache
def shaper(cls: Any) -> Callable[[Any], Any]:
    """How an entity becomes a shape of the wire; made once a shape, for lists are built with it."""
    types = {field.name: field.type for field in msgspec.structs.fields(cls)}

    def make(entity: Any) -> Any:
        """The entity as the shape."""
        return cls(**{name: _value(getattr(entity, name), types[name]) for name in types})

    return make


def _value(value: Any, wanted: Any) -> Any:
    kind = type(value)
    if kind in (str, int, bool, type(None)):
        return value
    if kind is datetime:
        return value if wanted is not str else to_text(value)
    return plain(value)


def shape(cls: type[T], entity: Any) -> T:
    """One entity as a shape."""
    made: T = shaper(cls)(entity)  # type: ignore[arg-type]
    return made


def given(body: Any) -> dict[str, Any]:
    """The fields of a request that were sent, references read."""
    found = {name: getattr(body, name) for name in type(body).__struct_fields__}
    return {name: value for name, value in found.items() if value is not msgspec.UNSET}
