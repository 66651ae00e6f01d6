"""Whom a stored row is about: every entity that says so in ``EntitySpec.about`` is found, exported and erased alike.

A name in ``about`` is a field of type ``Ref`` that names a person (``contact``), or one that holds the id of a row about
somebody: ``ENTITY_id``, or ``subject_id`` beside a ``subject`` that names the entity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from careplug.criteria import All, Criteria, Is, Order
from careplug.criteria import Any as AnyOf
from careplug.entity import EntitySpec
from careplug.errors import Invalid
from careplug.messages.entities import Party
from careplug.ports import Transaction
from careplug.refs import Ref
from careplug.text import say

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["PAGE", "belonging", "entity_said", "naming", "owns_timeline", "pages", "registered", "who"]

PAGE = 200
"""Rows read with one query."""


def who(given: Ref | Party | str, field: str) -> Ref:
    """The reference of a person who was named in one of three ways; ``Invalid`` for anything else."""
    if isinstance(given, Party):
        return given.ref
    if isinstance(given, str):
        return Ref.parse(given, field=f"{field}.ref")
    given_any: object = given
    if isinstance(given_any, Ref):
        return given
    raise Invalid("audit.who", field=f"{field}.contact", value=repr(given)[:60])


def registered(care: Care) -> list[EntitySpec]:
    """The entities whose rows are about people, by name; those of plugins too."""
    return [spec for _, spec in sorted(care.setup.entities.items()) if spec.about]


def entity_said(name: str, language: str) -> str:
    """What the rows of an entity are called; the name itself for one of a plugin."""
    code = f"privacy.entity.{name}"
    found = say(code, language)
    return name if found == code else found


def owns_timeline(spec: EntitySpec) -> bool:
    """Whether what happens to the entity is a story of facts."""
    return {"sequence", "head", "last_at"} <= {field.name for field in attrs.fields(spec.cls)}


def naming(spec: EntitySpec, ref: Ref) -> Criteria | None:
    """The rows that name a person themselves; None where the entity names nobody."""
    refs = {column.attribute for column in spec.columns() if column.cls is Ref}
    found = [Is(name, "eq", ref) for name in spec.about if name in refs]
    return (AnyOf(*found) if len(found) > 1 else found[0]) if found else None


def belonging(spec: EntitySpec, entity: str, idents: Sequence[str]) -> Criteria | None:
    """The rows that hang on some rows of another entity; None where the entity hangs on no such thing."""
    if f"{entity}_id" in spec.about:
        return Is(f"{entity}_id", "in", tuple(idents))
    if "subject_id" in spec.about:
        return All(Is("subject", "eq", entity), Is("subject_id", "in", tuple(idents)))
    return None


def pages(store: Transaction, cls: type, where: Criteria, *, size: int = PAGE, lock: bool = False) -> Iterator[Any]:
    """Matching rows in the order of their ids, a page at a time."""
    after = ""
    while True:
        page: list[Any] = store.find(
            cls, All(where, Is("id", "gt", after)), order=(Order("id"),), limit=size, lock=lock
        )
        yield from page
        if len(page) < size:
            return
        after = page[-1].id
