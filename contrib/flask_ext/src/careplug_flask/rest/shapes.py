"""Entities as the wire's shapes, field by field of the same name."""

from __future__ import annotations

import functools
import types
import typing
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
def shaper(cls: type[T]) -> Callable[[Any], T]:
    """How an entity becomes a shape of the wire; written once for a shape and a class, for lists are built with it."""
    known: dict[type, Callable[[Any], T]] = {}

    def make(entity: Any) -> T:
        """The entity as the shape."""
        kind = type(entity)
        write = known.get(kind)
        if write is None:
            write = known[kind] = _written(cls, kind)
        return write(entity)

    return make


_ASIS = (str, int, bool, datetime)


def _written(cls: Any, kind: type) -> Callable[[Any], Any]:
    """A straight function from this class to the shape, as ``careplug.rows`` has them: what is declared is not tested."""
    hints = typing.get_type_hints(kind)
    scope: dict[str, Any] = {"cls": cls, "value": _value}
    parts = []
    for field in msgspec.structs.fields(cls):
        scope[f"w_{field.name}"] = field.type
        parts.append(f"{field.name}={_taken(field.name, hints.get(field.name), field.type)}")
    # the source holds names of fields only, never a value from outside
    exec(f"def make(e): return cls({', '.join(parts)})", scope)  # noqa: S102
    made: Callable[[Any], Any] = scope["make"]
    return made


def _taken(name: str, hint: Any, wanted: Any) -> str:
    """The expression that takes a field of ``e``, by what it is declared to hold."""
    bare, optional = _optional(hint)
    if bare in _ASIS and not (bare is datetime and wanted is str):
        return f"e.{name}"
    if bare is Ref:
        text = 'f"{v.kind}:{v.id}"'
        return f"None if (v := e.{name}) is None else {text}" if optional else f"value(e.{name}, str)"
    outer = typing.get_origin(bare)
    if outer in (tuple, list, frozenset, dict) and not optional:
        empty = "{}" if outer is dict else "[]"
        return f"value(v, w_{name}) if (v := e.{name}) else {empty}"
    return f"value(e.{name}, w_{name})"


def _optional(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


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
