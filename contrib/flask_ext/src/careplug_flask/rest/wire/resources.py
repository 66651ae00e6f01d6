"""Shapes made of the fields of a plugin's resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from careplug.resources import FieldInfo
from careplug_flask.rest.wire.base import Cursor, In, Instant, Limit, Ref, Text, Wire

__all__ = ["LABEL", "RESERVED", "Label", "LabelIn", "Money", "MoneyIn", "body", "done", "page", "query", "row", "word"]

LABEL = "x-label"
"""Where a shape keeps the label of a field, in both languages; the document says it as the title."""
RESERVED = ("limit", "after", "lang")
"""What the query of a list has anyway; a filter of such a name has an underscore behind it."""


class Money(Wire):
    """An amount and its currency."""

    amount: str
    currency: str


class MoneyIn(In):
    """An amount, as text so that no digit is lost, and its currency."""

    amount: Annotated[str, Meta(max_length=40, min_length=1)]
    currency: Annotated[str, Meta(max_length=3, min_length=3)]


class Label(Wire):
    """A text in two languages."""

    en: str
    zh: str


class LabelIn(In):
    """A text in two languages; an empty one stands for the other."""

    en: Text = ""
    zh: Text = ""


_OUT: Mapping[str, Any] = {
    "int": int,
    "bool": bool,
    "time": Annotated[str, Meta(extra_json_schema={"format": "date-time"})],
    "date": Annotated[str, Meta(extra_json_schema={"format": "date"})],
    "money": Money,
    "text2": Label,
    "json": Any,
}
_IN: Mapping[str, Any] = {
    "int": Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],  # what every database keeps
    "bool": bool,
    "time": Instant,
    "date": date,
    "decimal": Annotated[str, Meta(max_length=60)],
    "duration": Annotated[str, Meta(max_length=60)],
    "long": Annotated[str, Meta(max_length=1_048_576)],
    "ref": Ref,
    "money": MoneyIn,
    "text2": LabelIn,
    "json": Any,
}


def word(name: str) -> str:
    """A name as part of an identifier."""
    return re.sub(r"\W", "_", name)


def row(name: str, fields: Iterable[FieldInfo]) -> Any:
    """What is sent of an entity: every field, null where it has no value."""
    shown = tuple(fields)
    made = []
    for info in shown:
        kind = _OUT.get(info.type, str)
        made.append((word(info.name), _labelled(kind | None if info.nullable and kind is not Any else kind, info)))
    return _struct(f"R_{word(name)}", made, [info.name for info in shown], Wire)


def body(name: str, fields: Iterable[FieldInfo], *, whole: bool) -> Any:
    """What is sent to us: where all is new (``whole``), required fields must be there; null is an empty value."""
    shown = tuple(fields)
    made: list[Any] = []
    for info in shown:
        kind = _given(info)
        if whole and info.required:
            made.append((word(info.name), _labelled(kind, info)))
        else:
            free = kind if kind is Any else kind | None
            made.append((word(info.name), _labelled(free, info) | UnsetType, UNSET))
    return _struct(f"R_{word(name)}", made, [info.name for info in shown], In)


def query(name: str, fields: Iterable[FieldInfo]) -> Any:
    """The query of a list: a filter each, and the page."""
    made: list[Any] = []
    names = []
    for info in fields:
        kind = _given(info) if info.type in ("int", "bool", "choice", "ref", "time", "date") else Text
        names.append(f"{info.name}_" if info.name in RESERVED else info.name)
        made.append((word(names[-1]), kind | UnsetType, UNSET))
    made += [("limit", Limit, 25), ("after", Cursor | UnsetType, UNSET)]
    return _struct(f"R_{word(name)}_query", made, [*names, "limit", "after"], In)


def page(name: str, shown: Any) -> Any:
    """A page of a list."""
    return _struct(f"R_{word(name)}_page", [("items", list[shown]), ("next", str | None)], ["items", "next"], Wire)


def done(name: str, shown: Any) -> Any:
    """What an action leaves: the entity as it is now, null where it is gone."""
    return _struct(f"R_{word(name)}_done", [("item", shown | None)], ["item"], Wire)


def _struct(name: str, fields: list[Any], names: list[str], base: Any) -> Any:
    renamed = {plain[0]: name for plain, name in zip(fields, names, strict=True)}
    strict = base is In
    return msgspec.defstruct(name, fields, rename=renamed, kw_only=True, forbid_unknown_fields=strict)


def _given(info: FieldInfo) -> Any:
    if info.type == "choice":
        return Literal[info.choices]
    if info.type in _IN:
        return _IN[info.type]
    return Annotated[str, Meta(max_length=info.length or 200)]


def _labelled(kind: Any, info: FieldInfo) -> Any:
    return Annotated[kind, Meta(extra_json_schema={LABEL: {"en": info.label.en, "zh": info.label.zh}})]
