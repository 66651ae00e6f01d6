"""Reading every timeline of a store, subject by subject, in bounded memory: rows, facts and personal values, merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

import attrs

from careplug.criteria import All, Criteria, Is, Order
from careplug.ports import Measure, Transaction
from careplug.timeline.chain import Head
from careplug.timeline.facts import FactRow, Personal

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Story", "heads", "heads_in", "owners", "places", "stories", "total"]

BATCH = 200
"""Subjects read in one snapshot: long ones would keep a database from tidying up behind its writers."""

PAGE = 2_000
"""Facts read with one query."""


@attrs.frozen
class Story:
    """All that is stored of one subject's timeline.

    ``row`` is None where the subject itself is not there; ``known`` says whether anybody knows its entity: a plugin
    that left took that with it.
    """

    tenant: str
    subject: str
    ident: str
    row: Any
    facts: list[FactRow]
    personals: list[Personal]
    known: bool = True


def owners(care: Care) -> Mapping[str, type]:
    """The entities that own a timeline, by name: those that hold the end of a chain."""
    kept = {name: spec.cls for name, spec in care.setup.entities.items()}
    return {
        name: cls for name, cls in kept.items() if {"sequence", "head"} <= {field.name for field in attrs.fields(cls)}
    }


def places(care: Care, tenant: str | None) -> list[tuple[str, str]]:
    """Each (tenant, subject name) that has a timeline or a part of one, in order."""
    found: set[tuple[str, str]] = set()
    with care.transaction(tenant=tenant, writes=False) as store:
        for kind in (FactRow, Personal):
            found.update((line.key[0], line.key[1]) for line in store.tally(kind, by=("tenant", "subject")))
        for name, cls in owners(care).items():
            found.update((line.key[0], name) for line in store.tally(cls, by=("tenant",)))
    return sorted(found)


def total(care: Care, tenant: str | None) -> int:
    """How many subjects with a timeline are stored: for a progress bar."""
    with care.transaction(tenant=tenant, writes=False) as store:
        counted = (store.tally(cls, measures=(Measure("count"),)) for cls in owners(care).values())
        return sum(int(lines[0].values[0]) for lines in counted if lines)


def stories(care: Care, tenant: str, subject: str) -> Iterator[Story]:
    """The timelines of a tenant's subjects of one kind by id, also those whose subject is missing."""
    cls = owners(care).get(subject)
    after: str | None = ""
    while after is not None:
        with care.transaction(tenant=tenant, writes=False) as store:
            rows = _rows(store, cls, after)
            last = rows[-1].id if len(rows) == BATCH else None
            for story in _merged(store, (tenant, subject), rows, (after, last)):
                yield attrs.evolve(story, known=cls is not None)
        after = last


def heads(care: Care, tenant: str, subject: str) -> Iterator[Head]:
    """The ends of a tenant's chains of one kind, by id: from the subjects' rows where their entity is known."""
    cls = owners(care).get(subject)
    if cls is None:
        for story in stories(care, tenant, subject):
            if story.facts:
                end = story.facts[-1]
                yield Head(subject, story.ident, end.sequence, end.hash, tenant)
        return
    after: str | None = ""
    while after is not None:
        with care.transaction(tenant=tenant, writes=False) as store:
            rows = _rows(store, cls, after)
        yield from (Head(subject, row.id, row.sequence, row.head, tenant) for row in rows)
        after = rows[-1].id if len(rows) == BATCH else None


def heads_in(care: Care, store: Transaction) -> Iterator[Head]:
    """The ends of the chains whose entity is known, of all tenants, as one transaction sees them, in the same order."""
    known = owners(care)
    tenants = {(line.key[0], name) for name, cls in known.items() for line in store.tally(cls, by=("tenant",))}
    for tenant, subject in sorted(tenants):
        after: str | None = ""
        while after is not None:
            rows = _rows(store, known[subject], after, Is("tenant", "eq", tenant))
            yield from (Head(subject, row.id, row.sequence, row.head, tenant) for row in rows)
            after = rows[-1].id if len(rows) == BATCH else None


def _rows(store: Transaction, cls: type | None, after: str, *more: Criteria) -> list[Any]:
    if cls is None:
        return []
    return store.find(cls, All(*more, Is("id", "gt", after)), order=(Order("id"),), limit=BATCH)


def _merged(
    store: Transaction, place: tuple[str, str], rows: list[Any], span: tuple[str, str | None]
) -> Iterator[Story]:
    tenant, subject = place
    after, last = span
    parts: list[Criteria] = [Is("subject", "eq", subject), Is("subject_id", "gt", after)]
    if last is not None:
        parts.append(Is("subject_id", "le", last))
    streams = (
        ((row.id, 0, [row]) for row in rows),
        _grouped(store, FactRow, All(*parts), 1),
        _grouped(store, Personal, All(*parts), 2),
    )
    for ident, group in groupby(heapq.merge(*streams, key=itemgetter(0, 1)), key=itemgetter(0)):
        found: dict[int, list[Any]] = {kind: items for _, kind, items in group}
        row = found[0][0] if 0 in found else None
        yield Story(tenant, subject, ident, row, found.get(1, []), found.get(2, []))


def _grouped(store: Transaction, cls: type, where: Criteria, kind: int) -> Iterator[tuple[str, int, list[Any]]]:
    for ident, group in groupby(_pages(store, cls, where), key=attrgetter("subject_id")):
        yield ident, kind, list(group)


def _pages(store: Transaction, cls: type, where: Criteria) -> Iterator[Any]:
    order, after = (Order("subject_id"), Order("sequence")), None
    while True:
        page: list[Any] = store.find(cls, where, order=order, limit=PAGE, after=after)
        yield from page
        if len(page) < PAGE:
            return
        after = (page[-1].subject_id, page[-1].sequence, page[-1].id)
