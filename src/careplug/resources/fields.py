"""What a surface has to know about the fields of a resource. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from careplug.contributions import Resource
from careplug.entity import Column, EntitySpec, FieldSpec, columns
from careplug.money import Money
from careplug.refs import Ref
from careplug.text import Text

__all__ = ["FieldInfo", "describe", "field_of", "value_at"]

CUSTOM = "custom."
OWN = ("id", "tenant", "version")
"""Fields that are neither in a form nor in a list of which nobody said what it shows."""

_FLAT: Mapping[Any, str] = {Ref: "ref", Money: "money", Text: "text2"}
_ROOMY = ("long", "json")
_LABELS: Mapping[str, Text] = {
    "id": Text("ID", "标识"),
    "version": Text("Version", "版本"),
    "tenant": Text("Tenant", "租户"),
}


@attrs.frozen(kw_only=True)
class FieldInfo:
    """One field of a resource, or one value an action wants to be told.

    ``type`` is text, long, int, bool, time, date, decimal, money, ref, text2 (a ``Text``), choice, json or duration.
    A ``required`` one has no default. ``editable`` fields are those of the form, ``column`` and ``filter`` say whether the
    list shows it and can be narrowed by it. ``columns`` are the stored ones behind it.
    """

    name: str
    type: str
    label: Text
    required: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()
    length: int = 0
    editable: bool = False
    column: bool = False
    filter: bool = False
    custom: bool = False
    columns: tuple[Column, ...] = attrs.field(default=(), repr=False)


def describe(resource: Resource, spec: EntitySpec) -> tuple[FieldInfo, ...]:
    """Every field of a resource's entity, declared custom ones as ``custom.NAME``; bytes cannot be shown and are left out.

    First the columns of the list in their order, then the fields of the form in theirs, then the others.
    """
    found = [*_own_fields(spec.cls), *(field_of(extra, CUSTOM + extra.name) for extra in spec.extra)]
    shown = [_on_surfaces(info, resource) for info in found]
    places = {name: place for place, name in reversed([*enumerate((*resource.columns, *resource.fields))])}
    return tuple(sorted(shown, key=lambda info: places.get(info.name, len(places) + len(found))))


def field_of(spec: FieldSpec, name: str = "") -> FieldInfo:
    """The field a ``FieldSpec`` declares: a custom one of an entity, or one of an action."""
    name = name or spec.name
    kind = "text" if spec.type == "choice" else spec.type
    length = spec.length if kind == "text" else 0
    return FieldInfo(
        name=name,
        type=spec.type,
        label=spec.label or Text(spec.name),
        required=spec.required,
        nullable=True,
        choices=spec.choices,
        length=length,
        editable=not name.startswith(CUSTOM),
        custom=name.startswith(CUSTOM),
        columns=(Column(name, kind, "custom", spec.name, length, nullable=True, custom=True),),
    )


def value_at(entity: object, name: str) -> Any:
    """The value of a field of an entity, ``custom.NAME`` included; None where it has none."""
    if name.startswith(CUSTOM):
        return (getattr(entity, "custom", None) or {}).get(name.removeprefix(CUSTOM))
    return getattr(entity, name)


def _own_fields(cls: type) -> Iterator[FieldInfo]:
    by_name: dict[str, list[Column]] = {}
    for column in columns(cls):
        by_name.setdefault(column.attribute, []).append(column)
    free = {field.name: field.default is attrs.NOTHING for field in attrs.fields(cls)}
    for name, behind in by_name.items():
        first = behind[0]
        if first.kind == "bytes" or (name == "custom" and first.kind == "json"):
            continue
        kind, choices = _type_of(first)
        yield FieldInfo(
            name=name,
            type=kind,
            label=_LABELS.get(name, Text(name)),
            required=free[name] and not first.nullable and name not in OWN,
            nullable=first.nullable,
            choices=choices,
            length=first.length if kind == "text" else 0,
            columns=tuple(behind),
        )


def _type_of(column: Column) -> tuple[str, tuple[str, ...]]:
    if column.part:
        return _FLAT[column.cls], ()
    if column.kind == "text" and isinstance(column.cls, type) and issubclass(column.cls, enum.Enum):
        return "choice", tuple(str(member.value) for member in column.cls)
    return ("text" if column.kind == "id" else column.kind), ()


def _on_surfaces(info: FieldInfo, resource: Resource) -> FieldInfo:
    fits = info.type not in _ROOMY and info.name not in OWN
    return attrs.evolve(
        info,
        label=resource.labels.get(info.name) or info.label,
        editable=info.name in resource.fields or (bool(resource.fields) and info.custom and info.required),
        column=info.name in resource.columns if resource.columns else fits,
        filter=info.name in resource.filters,
    )
