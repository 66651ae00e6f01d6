"""What an entity is: an attrs class, a name, and what the storage has to know about it.

From an ``EntitySpec`` every storage derives the same flat row: scalars become typed columns, ``Ref``,
``Money`` and ``Text`` several columns each, lists and maps JSON. Plugins declare entities this way and
never see SQLAlchemy.
"""

from __future__ import annotations

import enum
import functools
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from careplug.errors import Invalid
from careplug.money import Money
from careplug.refs import Ref
from careplug.text import Text

__all__ = ["Column", "EntitySpec", "FieldSpec", "Projection", "Searched", "Words", "column", "columns"]

KINDS = ("id", "text", "long", "int", "bool", "time", "date", "duration", "decimal", "json", "bytes")


@attrs.frozen
class Column:
    """One stored column: its name, its kind (one of ``KINDS``), text length, and where it comes from.

    ``attribute`` is the entity's field, ``part`` the part of a flat value (``"id"`` of a Ref) or ``""``. ``personal``
    columns hold words about people.
    """

    name: str
    kind: str
    attribute: str
    part: str = ""
    length: int = 0
    nullable: bool = False
    custom: bool = False
    cls: type | None = None
    personal: bool = False


@attrs.frozen(kw_only=True)
class FieldSpec:
    """A custom field that a host or plugin adds to an entity.

    ``type`` is text, long, int, bool, time, date, decimal or choice; undeclared keys are ``Invalid``;
    ``indexed`` gives it a real column; ``personal`` values are kept beside the fact and can be erased.
    Removing a declaration hides the values, never deletes them.
    """

    entity: str = "feedback"
    name: str
    type: str = "text"
    label: Text = Text()
    required: bool = False
    indexed: bool = False
    personal: bool = False
    choices: tuple[str, ...] = ()
    length: int = 200


@attrs.frozen
class Searched:
    """A text field whose words are found, and by whom: one of ``careplug.words.ACCESS``."""

    field: str
    access: str = "public"


@attrs.frozen
class Words:
    """What is searched of one row: the entity and the id that a hit leads to, and the texts as (access, text)."""

    entity: str
    id: str
    texts: tuple[tuple[str, str], ...] = ()


@attrs.frozen(kw_only=True)
class Projection:
    """That facts say an entity's rows in full: ``careplug rebuild`` works them out anew, and puts right what differs.

    Without ``of`` the entity owns a timeline, and the folds of its facts change every field; what must have a value before
    the first fact is blank, times are that fact's. With ``of`` the rows follow from the timeline of the entity of that name:
    ``rows(unit, subject, facts)`` gives those of one subject, reading at most definitions. ``by`` is their field with its id, the first
    of an index. Their own ids are free. ``names`` are fields that say in a report which row is meant.
    """

    of: str = ""
    by: str = "id"
    rows: Callable[[Any, Any, Any], Iterable[Any]] | None = None
    names: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class EntitySpec:
    """How a class is stored.

    ``indexes`` and ``unique`` are tuples of field names (``tenant`` is put first everywhere). ``upcasters`` map
    an old version to a function from that version's row to the next one's, run by ``db upgrade``.
    ``claimable`` entities have ``next_at``, ``leased_until`` and ``fence`` and can be claimed by workers.
    ``about`` names the fields that say whom a row is about (``careplug.privacy``): references of people, ids of rows about
    them. ``search`` are the text fields that ``Transaction.search`` finds words in (a name means public words). ``leads`` is for
    rows that say something about others: it gives the ``Words`` of one, and ``search`` the fields they stand in.
    ``projection`` says that facts say its rows in full.
    ``plugin`` is filled in by the manager.
    """

    name: str
    cls: type
    version: int = 1
    indexes: tuple[tuple[str, ...], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    upcasters: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = attrs.field(factory=dict)
    claimable: bool = False
    extra: tuple[FieldSpec, ...] = ()
    search: tuple[str | Searched, ...] = ()
    leads: Callable[[Any], Words] | None = None
    about: tuple[str, ...] = ()
    projection: Projection | None = None
    plugin: str = "careplug"

    def columns(self) -> tuple[Column, ...]:
        """The columns of this entity, id and tenant first, indexed custom fields last."""
        own = columns(self.cls)
        if any(field.personal for field in self.extra):
            own = tuple(attrs.evolve(item, personal=True) if item.name == "custom" else item for item in own)
        return own + tuple(_custom(field) for field in self.extra if field.indexed)


def column(*, length: int = 200, long: bool = False, personal: bool = False, **options: Any) -> Any:
    """An attrs field with a text length, or of unlimited text (``long``); ``personal``: words about people.

    A personal field can be encrypted where it is stored; nothing is searched for or sorted by its content then.
    """
    return attrs.field(metadata={"length": length, "long": long, "personal": personal}, **options)


@functools.cache
def columns(cls: type) -> tuple[Column, ...]:
    """The columns an attrs class is stored in; ``Invalid`` names a field no storage can keep."""
    hints = typing.get_type_hints(cls)
    found: list[Column] = []
    for field in attrs.fields(cls):
        hint, nullable = _optional(hints[field.name])
        found.extend(_columns(cls, field, hint, nullable=nullable))
    found.sort(key=lambda item: {"id": 0, "tenant": 1}.get(item.name, 2))
    return tuple(found)


_SCALARS: Mapping[type, str] = {
    str: "text",
    int: "int",
    bool: "bool",
    datetime: "time",
    date: "date",
    timedelta: "duration",
    Decimal: "decimal",
    bytes: "bytes",
}
_FLAT: Mapping[type, tuple[tuple[str, str, int], ...]] = {
    Ref: (("kind", "text", 40), ("id", "text", 120)),
    Money: (("amount", "decimal", 0), ("currency", "text", 3)),
    Text: (("en", "text", 200), ("zh", "text", 200)),
}


def _columns(cls: type, field: Any, hint: Any, *, nullable: bool) -> list[Column]:
    name = field.name
    if name == "id":
        return [Column(name, "id", name, length=36)]
    if isinstance(hint, type) and hint in _FLAT:
        flat = _FLAT[hint]
        return [Column(f"{name}_{part}", kind, name, part, length, nullable, cls=hint) for part, kind, length in flat]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return [Column(name, "text", name, "", 40, nullable, cls=hint)]
    kind = _SCALARS.get(hint) if isinstance(hint, type) else None
    if kind is None:
        if _is_document(hint):
            return [
                Column(name, "json", name, "", 0, nullable, cls=hint, personal=bool(field.metadata.get("personal")))
            ]
        raise Invalid("entity.type", field=f"{cls.__name__}.{name}", value=str(hint))
    if kind == "text" and field.metadata.get("long"):
        kind = "long"
    personal = bool(field.metadata.get("personal"))
    return [Column(name, kind, name, "", field.metadata.get("length", 200), nullable, personal=personal)]


def _is_document(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    return origin in (tuple, list, dict, frozenset, Mapping) or hint in (dict, list) or attrs.has(hint)


def _optional(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(inner) == 1:
            return inner[0], True
    return hint, False


_CUSTOM = {"choice": "text"}


def _custom(field: FieldSpec) -> Column:
    kind = _CUSTOM.get(field.type, field.type)
    name, length = f"x_{field.name}", field.length
    return Column(name, kind, "custom", field.name, length, nullable=True, custom=True, personal=field.personal)
