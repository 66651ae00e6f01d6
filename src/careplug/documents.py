"""Documents inside a row: lists, maps and nested values as canonical JSON text, read back by their type.

Canonical means: UTF-8, keys sorted by code point, no blanks, no floats, instants as UTC with
microseconds, Decimals as strings. Equal values give equal text, so texts can be compared and hashed.
Reading is tolerant of keys that an older or newer version wrote, but never of a wrong type.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import attrs

from careplug.clock import from_text, to_text
from careplug.errors import CareError, Invalid
from careplug.refs import Ref

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["Document", "canonical", "document", "make_converter"]

_dump = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_EMPTY: Mapping[str, Callable[[], Any]] = {"[]": list, "{}": dict}
_MICROSECOND = timedelta(microseconds=1)


class _Wrong(Exception):
    """Something inside a document that JSON cannot hold exactly: code and the value's words."""

    def __init__(self, code: str, value: object) -> None:
        super().__init__(code)
        self.code = code
        self.value = repr(value)[:80]


def canonical(value: object, field: str) -> str:
    """The canonical text of plain JSON data (tuples count as lists); ``Invalid`` names ``field``.

    Floats, keys that are no text, NUL characters and every other type are refused.
    """
    try:
        text = _dump(_plain(value))
    except _Wrong as wrong:
        raise Invalid(wrong.code, field=field, value=wrong.value) from None
    if "\\u0000" in text and _NUL.search(text):
        raise Invalid("row.nul", field=field)
    return text


@attrs.frozen
class Document:
    """How one JSON column is written and read: ``encode(value) -> text``, ``decode(text) -> value``."""

    encode: Callable[[Any], str]
    decode: Callable[[str], Any]


def document(hint: Any, field: str, converter: Converter | None = None) -> Document:
    """The writer and reader of a JSON column by its type hint.

    Hints made of plain JSON types alone are written directly; all others (attrs values, instants,
    Decimals, references) through the converter. ``Invalid`` where the value is not of the outer type.
    """
    outer = typing.get_origin(hint) or hint
    accepts = (Mapping,) if outer is Mapping else (outer,)
    if _is_plain(hint):
        unstructure, structure = None, _container(outer)
    else:
        converter = converter or make_converter()
        unstructure = converter.get_unstructure_hook(hint)
        structure = _structure(converter.get_structure_hook(hint), hint, outer)

    def encode(value: Any) -> str:
        """The value as canonical JSON; ``Invalid`` where it is not of the declared type."""
        if not isinstance(value, accepts):
            raise Invalid("row.type", field=field, value=repr(value)[:80], wanted=_name(hint))
        if unstructure is None:
            return canonical(value, field)
        try:
            return canonical(unstructure(value), field)
        except _Wrong as wrong:
            raise Invalid(wrong.code, field=field, value=wrong.value) from None

    def decode(text: str) -> Any:
        """The value of stored JSON; ``Invalid`` where the text does not fit the type any more."""
        try:
            empty = _EMPTY.get(text)
            return structure(empty() if empty else json.loads(text))
        except Exception as error:
            raise Invalid("row.stored", field=field, value=text[:80]) from error

    return Document(encode, decode)


def make_converter() -> Converter:
    """A cattrs converter with our rules: exact types, no floats, unknown stored keys are skipped.

    One for each ``Care``; never share the global one, whose hooks a host may change.
    """
    from cattrs import Converter  # documents of plain JSON do without

    made = Converter(detailed_validation=False, forbid_extra_keys=False)
    for plain in (str, int, bool):
        made.register_structure_hook(plain, _exact(plain))
        made.register_unstructure_hook(plain, _same(plain))
    made.register_unstructure_hook_func(lambda hint: hint is Any, _plain)
    made.register_unstructure_hook(float, _no_float)
    made.register_structure_hook(float, lambda value, _: _no_float(value))
    for cls, write, read in _SCALARS:
        made.register_unstructure_hook(cls, _written(cls, write))
        made.register_structure_hook(cls, _reading(read))
    return made


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in (str, int, bool, type(None)):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if type(key) is not str:
                raise _Wrong("row.json_key", key)
        return {key: _plain(inner) for key, inner in value.items()}
    if kind in (list, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(inner) for inner in value), key=_dump)
    raise _Wrong("row.float" if isinstance(value, float) else "row.json", value)


def _is_plain(hint: Any) -> bool:
    """Whether JSON gives the type back by itself, its outermost container aside."""
    if typing.get_origin(hint) in (tuple, frozenset):
        return all(part is Ellipsis or _is_native(part) for part in typing.get_args(hint))
    return _is_native(hint)


def _is_native(hint: Any) -> bool:
    if hint in (str, int, bool, Any, dict, list):
        return True
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (dict, Mapping):
        return arguments[0] is str and _is_native(arguments[1])
    return origin is list and _is_native(arguments[0])


def _container(outer: Any) -> Callable[[Any], Any]:
    def build(data: Any, _: Any) -> Any:
        """Plain JSON as the container that is declared."""
        return data if outer in (list, dict, Mapping) else outer(data)

    return _structure(build, outer, outer)


def _structure(hook: Callable[[Any, Any], Any], hint: Any, outer: Any) -> Callable[[Any], Any]:
    wanted = list if outer in (list, tuple, frozenset) else dict

    def read(data: Any) -> Any:
        """The value of JSON of exactly the outer type; ``TypeError`` else."""
        if type(data) is not wanted:
            raise TypeError(type(data).__name__)
        return hook(data, hint)

    return read


def _exact(cls: type) -> Callable[[Any, Any], Any]:
    def read(value: Any, _: Any) -> Any:
        """The value itself, of exactly this type: True is no int; ``TypeError`` else."""
        if type(value) is not cls:
            raise TypeError(type(value).__name__)
        return value

    return read


def _same(cls: type) -> Callable[[Any], Any]:
    def write(value: Any) -> Any:
        """The value itself; ``_Wrong`` for another type."""
        if type(value) is not cls:
            raise _Wrong("row.float" if isinstance(value, float) else "row.json", value)
        return value

    return write


def _written(cls: type, write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        """The value as JSON; ``_Wrong`` for another type (a datetime is no date)."""
        if not isinstance(value, cls) or (cls is date and isinstance(value, datetime)):
            raise _Wrong("row.json", value)
        return write(value)

    return checked


def _reading(read: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda value, _: read(value)


def _no_float(value: object) -> Any:
    raise _Wrong("row.float", value)


def _instant(value: datetime) -> str:
    if value.tzinfo is None or value.utcoffset() is None:
        raise _Wrong("row.naive", value)
    return to_text(value)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise _Wrong("row.json", value)
    return str(value)


def _read_number(text: Any) -> Decimal:
    if not isinstance(text, str):
        raise TypeError(type(text).__name__)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _reference(value: Ref) -> str:
    text = str(value)
    try:
        if Ref.parse(text) == value:
            return text
    except CareError:
        pass
    raise _Wrong("row.ref", text)


_SCALARS: Sequence[tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = (
    (datetime, _instant, from_text),
    (date, date.isoformat, date.fromisoformat),
    (timedelta, lambda value: value // _MICROSECOND, lambda number: number * _MICROSECOND),
    (Decimal, _number, _read_number),
    (Ref, _reference, Ref.parse),
)


def _name(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint)
