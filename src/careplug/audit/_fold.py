"""What should be stored of a case, worked out from its facts alone, beside what is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from careplug.clock import from_text
from careplug.criteria import All, Criteria, Is, Order
from careplug.criteria import Any as AnyOf
from careplug.errors import CareError
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback
from careplug.ports import Transaction
from careplug.refs import new_id
from careplug.sla.entities import Clock, FiredLevel, clock_id
from careplug.sla.projection import clock_of, pinned
from careplug.sla.receipt import Receipt, receipts
from careplug.sla.runs import events_of, follow
from careplug.sla.service import Sla
from careplug.timeline.facts import Fact, FactRow, Personal, facts_of
from careplug.timeline.folding import fold

__all__ = ["LEASE", "Case", "Stored", "differing", "fold_cases", "read_stored", "readable", "same_clock", "stories"]

LEASE = ("fence", "leased_until")
"""Fields that say which worker holds a row at the moment: no fact tells."""

_NONSENSE = (CareError, ValueError, TypeError, LookupError)
"""What reading a row raises whose columns hold what was never written."""


@attrs.frozen
class Case:
    """A case as its facts say: the row, the clocks, the levels that fired by (clock, level), the receipts."""

    feedback: Feedback
    clocks: Mapping[str, Clock]
    levels: Mapping[tuple[str, str], FiredLevel]
    receipts: tuple[Receipt, ...]


@attrs.define
class Stored:
    """What is stored of some cases, in any tenant; ``unreadable`` are ids of rows whose columns hold nonsense."""

    feedback: dict[str, list[Feedback]] = attrs.field(factory=dict)
    clocks: dict[str, list[Clock]] = attrs.field(factory=dict)
    levels: dict[tuple[str, str], FiredLevel] = attrs.field(factory=dict)
    unreadable: dict[type, set[str]] = attrs.field(factory=dict)


def fold_cases(unit: Any, idents: Sequence[str]) -> Iterator[tuple[str, Case | Exception]]:
    """Each case of a unit's tenant from its facts, or why it cannot be folded."""
    for ident, facts in stories(unit.store, FEEDBACK, idents):
        try:
            yield ident, _case(unit, ident, facts)
        except Exception as error:
            yield ident, error


def stories(store: Transaction, subject: str, idents: Sequence[str]) -> Iterator[tuple[str, list[Fact]]]:
    """The facts of some subjects of one kind, by id."""
    where = All(Is("subject", "eq", subject), Is("subject_id", "in", tuple(idents)))
    order = (Order("subject_id"), Order("sequence"))
    personals: dict[str, list[Personal]] = {}
    for item in store.find(Personal, where):
        personals.setdefault(item.subject_id, []).append(item)
    rows: dict[str, list[FactRow]] = {}
    for row in store.find(FactRow, where, order=order):
        rows.setdefault(row.subject_id, []).append(row)
    for ident, found in rows.items():
        yield ident, facts_of(found, personals.get(ident, []))


def _case(unit: Any, ident: str, facts: Sequence[Fact]) -> Case:
    blank = Feedback(id=ident, tenant=unit.tenant, number="", kind="", state="", received_at=facts[0].at)
    folded = fold(facts, unit.setup.fact_types, blank)
    history = follow(events_of(facts), unit.get(Sla).book)
    found = pinned(receipts(history, unit.now(), brief=True), history)
    clocks = (clock_of(ident, item, unit.tenant) for item in found)
    return Case(folded, {clock.id: clock for clock in clocks}, _levels(ident, facts, unit.tenant), found)


def _levels(ident: str, facts: Iterable[Fact], tenant: str) -> dict[tuple[str, str], FiredLevel]:
    found: dict[tuple[str, str], FiredLevel] = {}
    for fact in facts:
        if fact.type != "escalated":
            continue
        data = fact.data
        clock = clock_id(ident, data["metric"], data["cycle"], data["generation"])
        found[clock, data["level"]] = FiredLevel(
            id=new_id(),
            tenant=tenant,
            clock_id=clock,
            level=data["level"],
            due_at=from_text(data["level_at"]),
            fired_at=fact.recorded_at,
        )
    return found


def read_stored(store: Transaction, cases: Mapping[str, Case]) -> Stored:
    """What is stored of these cases, by their ids and by the ids that their clocks must have."""
    found = Stored()
    idents = tuple(cases)
    clocks = tuple(ident for case in cases.values() for ident in case.clocks)
    cases_of, found.unreadable[Feedback] = readable(store, Feedback, Is("id", "in", idents))
    for row in cases_of:
        found.feedback.setdefault(row.id, []).append(row)
    of_cases = AnyOf(Is("feedback_id", "in", idents), Is("id", "in", clocks))
    kept, found.unreadable[Clock] = readable(store, Clock, of_cases)
    for clock in kept:
        found.clocks.setdefault(clock.id, []).append(clock)
    wanted = tuple({clock for case in cases.values() for clock, _ in case.levels})
    for level in store.find(FiredLevel, Is("clock_id", "in", wanted)) if wanted else ():
        found.levels[level.clock_id, level.level] = level
    return found


def readable(store: Transaction, cls: type, where: Criteria) -> tuple[list[Any], set[str]]:
    """The rows that can be read, and the ids of the others."""
    try:
        return store.find(cls, where), set()
    except _NONSENSE:
        kept: list[Any] = []
        broken: set[str] = set()
        for ident in sorted({ident for (ident,) in store.pick(cls, ("id",), where)}):
            try:
                kept += store.find(cls, Is("id", "eq", ident))
            except _NONSENSE:
                broken.add(ident)
        return kept, broken


def differing(row: Any, wanted: Any, free: Collection[str] = ()) -> tuple[str, ...]:
    """The fields in which a row is not as it should be; ``free`` ones may be anything."""
    names = (field.name for field in attrs.fields(type(row)) if field.name not in free)
    return tuple(name for name in names if getattr(row, name) != getattr(wanted, name))


def same_clock(stored: Clock, wanted: Clock) -> bool:
    """Whether a clock is as it should be; who holds it at the moment is no part of that."""
    return attrs.evolve(stored, leased_until=None, fence=0) == attrs.evolve(wanted, leased_until=None, fence=0)
