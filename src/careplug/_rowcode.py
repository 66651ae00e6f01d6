"""The code of ``Codec``: one straight function each way, written for the class as attrs writes ``__init__``.

Converters called one by one cost three times as much: the usual value passes a type test inline, and
only an unusual one (a subclass, another zone, a mistake) reaches the checker of its column.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn, Protocol

import attrs

from careplug._values import duration, is_enum, text_is_bad
from careplug.documents import Document
from careplug.entity import Column, EntitySpec
from careplug.errors import Invalid
from careplug.money import unscaled

__all__ = ["CodecParts", "builder", "writer"]


class CodecParts(Protocol):
    """What the code generator asks of a codec."""

    spec: EntitySpec
    columns: tuple[Column, ...]

    def checker(self, column: Column) -> Callable[[Any], Any]:
        """The checked conversion of a column."""

    def document(self, attribute: str) -> Document:
        """The writer and reader of a JSON attribute."""

    def path(self, column: Column) -> str:
        """How errors name a column."""


_SCOPE: Mapping[str, Any] = {
    "UTC": UTC,
    "datetime": datetime,
    "date": date,
    "timedelta": timedelta,
    "duration": duration,
    "unscaled": unscaled,
    "bad": text_is_bad,
}
_USUAL: Mapping[str, str] = {
    "id": "type({v}) is str and len({v}) <= {length}",
    "text": "type({v}) is str and len({v}) <= {length}",
    "long": "type({v}) is str",
    "int": "type({v}) is int and -0x8000000000000000 <= {v} <= 0x7FFFFFFFFFFFFFFF",
    "bool": "{v} is True or {v} is False",
    "time": "type({v}) is datetime and {v}.tzinfo is UTC",
    "date": "type({v}) is date",
    "bytes": "type({v}) is bytes",
    "duration": "type({v}) is timedelta and -100000000 < {v}.days < 100000000",
    "enum": "type({v}) is {cls}",
    "dict": "not {v} and type({v}) is dict",
    "list": "not {v} and type({v}) is list",
    "tuple": "not {v} and type({v}) is tuple",
    "frozenset": "not {v} and type({v}) is frozenset",
}
"""What the usual value of a kind looks like; kinds that are not named always go through their checker."""

_STORED: Mapping[str, str] = {
    "duration": "({v}.days * 86400 + {v}.seconds) * 1000000 + {v}.microseconds",
    "enum": "{v}._value_",
    "dict": "'{{}}'",
    "list": "'[]'",
    "tuple": "'[]'",
    "frozenset": "'[]'",
}
"""How the usual value is stored, where not as it is."""

_READ: Mapping[str, str] = {
    "duration": "duration({c})",
    "decimal": "unscaled({c})",
    "enum": "{members}[{c}]",
    "json": "{read}({c})",
    "dict": "{{}} if {c} == '{{}}' else {read}({c})",
    "list": "[] if {c} == '[]' else {read}({c})",
    "tuple": "() if {c} == '[]' else {read}({c})",
    "frozenset": "{read}({c})",
}
_TEXTUAL = ("id", "text", "long", "json")


def writer(codec: CodecParts) -> Callable[[Any], dict[str, Any]]:
    """The function from entity to row. The words of all columns are checked at once, and blamed apart."""
    scope: dict[str, Any] = {**_SCOPE, "blame": _blame(codec)}
    lines = ["def write(e):"]
    texts: list[str] = []
    for number, column in enumerate(codec.columns):
        value = f"v{number}"
        scope[f"f{number}"] = codec.document(column.attribute).encode if _is(column, "json") else codec.checker(column)
        scope[f"t{number}"] = column.cls
        lines += _taken(codec, column, number, scope)
        lines += _stored(column, number)
        if column.kind in _TEXTUAL:
            texts.append(f"({value} or '')" if column.nullable else value)
    row = ", ".join(f"{column.name!r}: v{number}" for number, column in enumerate(codec.columns))
    lines += [f" t = ''.join(({', '.join(texts)},))", f" row = {{{row}}}"]
    lines += [" if '\\0' in t or (not t.isascii() and bad(t)): blame(row)", " return row"]
    return _compiled(lines, scope, "write", codec.spec.name)


def builder(codec: CodecParts) -> Callable[..., Any]:
    """The function from stored values, in the order of the columns, to the entity."""
    scope: dict[str, Any] = {**_SCOPE, "cls": codec.spec.cls}
    parts: dict[str, list[tuple[int, Column]]] = {}
    for number, column in enumerate(codec.columns):
        if not column.custom:
            parts.setdefault(column.attribute, []).append((number, column))
    arguments = []
    for field in attrs.fields(codec.spec.cls):
        if not field.init:
            raise Invalid("entity.init", field=f"{codec.spec.name}.{field.name}")
        arguments.append(f"{field.alias}={_read(codec, parts[field.name], scope)}")
    names = ", ".join(f"c{number}" for number in range(len(codec.columns)))
    return _compiled([f"def build({names}):", f" return cls({', '.join(arguments)})"], scope, "build", codec.spec.name)


def _is(column: Column, kind: str) -> bool:
    return column.kind == kind and not column.custom


def _kind(column: Column) -> str:
    if column.kind != "json" or column.custom:
        return "enum" if is_enum(column) else column.kind
    outer = typing.get_origin(column.cls) or column.cls
    if outer in (dict, Mapping):
        return "dict"
    return outer.__name__ if outer in (list, tuple, frozenset) else "json"


class _Members(dict[str, Any]):
    """Members of an enum by stored value; a value that no member has any more is ``Invalid`` with the column."""

    def __init__(self, column: Column, field: str) -> None:
        members: Any = column.cls
        super().__init__({member.value: member for member in members})
        self.field = field

    def __missing__(self, value: object) -> NoReturn:
        raise Invalid("row.stored", field=self.field, value=value)


def _taken(codec: CodecParts, column: Column, number: int, scope: dict[str, Any]) -> list[str]:
    value = f"v{number}"
    if column.custom:
        return [f" {value} = e.custom.get({column.part!r})"]
    if not column.part:
        return [f" {value} = e.{column.attribute}"]
    scope[f"p{number}"] = _no_part(codec, column)
    whole = f" w = e.{column.attribute}"
    return [whole, f" {value} = w.{column.part} if type(w) is t{number} else p{number}(w)"]


def _stored(column: Column, number: int) -> list[str]:
    value, kind = f"v{number}", _kind(column)
    unusual = f"{value} = f{number}({value})"
    names = {"v": value, "length": column.length, "cls": f"t{number}"}
    if kind not in _USUAL:
        return [f" if {value} is not None: {unusual}" if column.nullable else f" {unusual}"]
    usual = f"{value} = {_STORED[kind].format(**names)}" if kind in _STORED else "pass"
    other = f" elif {value} is not None: {unusual}" if column.nullable else f" else: {unusual}"
    return [f" if {_USUAL[kind].format(**names)}: {usual}", other]


def _read(codec: CodecParts, own: Sequence[tuple[int, Column]], scope: dict[str, Any]) -> str:
    values = []
    for number, column in own:
        names = {"c": f"c{number}", "members": f"m{number}", "read": f"d{number}"}
        kind = "" if column.part and column.kind == "text" else _kind(column)
        scope[f"t{number}"] = column.cls
        if kind == "enum":
            scope[f"m{number}"] = _Members(column, codec.path(column))
        if column.kind == "json":
            scope[f"d{number}"] = codec.document(column.attribute).decode
        values.append(_READ.get(kind, "{c}").format(**names))
    number, first = own[0]
    made = f"t{number}({', '.join(values)})" if first.part else values[0]
    return f"None if c{number} is None else ({made})" if first.nullable and made != f"c{number}" else made


def _no_part(codec: CodecParts, column: Column) -> Callable[[Any], Any]:
    wanted = column.cls.__name__ if column.cls else ""
    field = f"{codec.spec.name}.{column.attribute}"

    def taken(value: Any) -> Any:
        """The part of what a field holds, None kept where it may be; anything else is ``Invalid``."""
        if value is None and column.nullable:
            return None
        if column.cls and isinstance(value, column.cls):
            return getattr(value, column.part)
        if value is None:
            raise Invalid("row.null", field=field)
        raise Invalid("row.type", field=field, value=repr(value)[:80], wanted=wanted)

    return taken


def _blame(codec: CodecParts) -> Callable[[Mapping[str, Any]], NoReturn]:
    def blame(row: Mapping[str, Any]) -> NoReturn:
        """Raise ``Invalid`` for the first text of the row that no database can hold."""
        for column in codec.columns:
            code = text_is_bad(row[column.name] or "") if column.kind in _TEXTUAL else ""
            if code:
                raise Invalid(code, field=codec.path(column))
        raise Invalid("row.surrogate", field=codec.spec.name)  # not reached: the join showed it

    return blame


def _compiled(lines: Sequence[str], scope: dict[str, Any], name: str, entity: str) -> Callable[..., Any]:
    # the source holds names of attributes and columns only, never a value from outside
    exec(compile("\n".join(lines), f"<row of {entity}>", "exec"), scope)  # noqa: S102
    made: Callable[..., Any] = scope[name]
    return made
