"""Cases beside their facts: what differs, which verdicts would be others today, and putting rows right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from careplug.audit._fold import LEASE, Case, Stored, differing, fold_cases, read_stored, same_clock
from careplug.audit.findings import Difference, Reversal
from careplug.clock import from_text
from careplug.criteria import All, Is
from careplug.feedback.entities import Feedback
from careplug.refs import SYSTEM
from careplug.sla.entities import Clock
from careplug.sla.receipt import Receipt

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["differences", "repair", "reversals"]


def reversals(ident: str, case: Case) -> list[Reversal]:
    """The verdicts of a case that measuring anew does not confirm."""
    return [item for item in map(_reversal_of(ident), case.receipts) if item is not None]


def differences(ident: str, case: Case, stored: Stored) -> Iterator[Difference]:
    """The rows of a case that are not what its facts say."""
    rows, broken = stored.feedback.get(ident, []), stored.unreadable
    yield from _compared(
        ident, "feedback", case.feedback.number, rows, case.feedback, ident in broken.get(Feedback, ())
    )
    for key, clock in case.clocks.items():
        held = stored.clocks.get(key, [])
        yield from _compared(ident, "clock", _name(clock), held, clock, key in broken.get(Clock, ()))
    for key, clocks in stored.clocks.items():
        for clock in clocks:
            if clock.feedback_id == ident and key not in case.clocks:
                yield Difference(subject_id=ident, what="clock", key=_name(clock), how="extra")
    for place, level in case.levels.items():
        if place not in stored.levels:
            yield Difference(subject_id=ident, what="fired_level", key=level.level, how="missing")


def _compared(
    ident: str,
    what: str,
    key: str,
    rows: Sequence[Any],
    wanted: Any,
    unreadable: bool,  # noqa: FBT001  ours alone
) -> Iterator[Difference]:
    if unreadable:
        yield Difference(subject_id=ident, what=what, key=key, how="different", fields=("*",))
    elif not rows:
        yield Difference(subject_id=ident, what=what, key=key, how="missing")
    for row in rows:
        fields = _fields(row, wanted)
        if fields:
            yield Difference(subject_id=ident, what=what, key=key, how="different", fields=fields)


def _fields(row: Any, wanted: Any) -> tuple[str, ...]:
    return differing(row, wanted, LEASE if isinstance(row, Clock) else ())


def _name(clock: Clock) -> str:
    return f"{clock.metric}/{clock.cycle}/{clock.generation}"


def repair(care: Care, tenant: str, wrong: Mapping[str, Case], stored: Stored) -> None:
    """Write damaged cases anew, as their facts say once their rows are locked."""
    with care.transaction(tenant=None) as store:
        for cls, idents in stored.unreadable.items():
            if idents:
                store.remove(cls, Is("id", "in", tuple(idents)))
        rows: list[Any] = [row for ident in wrong for row in stored.feedback.get(ident, ())]
        rows += [
            clock
            for key in {key for case in wrong.values() for key in case.clocks}
            for clock in stored.clocks.get(key, ())
        ]
        for row in rows:
            if row.tenant != tenant:  # a row in another tenant's name is out of this one's reach
                store.remove(type(row), All(Is("id", "eq", row.id), Is("tenant", "eq", row.tenant)))
    with care.unit(actor=SYSTEM, tenant=tenant) as unit:
        held = {row.id: row for row in unit.store.find(Feedback, Is("id", "in", tuple(wrong)), lock=True)}
        cases = {ident: case for ident, case in fold_cases(unit, tuple(wrong)) if isinstance(case, Case)}
        stored = read_stored(unit.store, cases)
        for ident, case in cases.items():
            _put(unit.store, held.get(ident), case.feedback)
            _put_clocks(unit.store, ident, case, stored)
            for place, level in case.levels.items():
                if place not in stored.levels:
                    unit.store.add(level)


def _put(store: Any, old: Any, new: Any) -> None:
    if old is None:
        store.add(new)
    elif old != new:
        store.save(new, was=old)


def _put_clocks(store: Any, ident: str, case: Case, stored: Stored) -> None:
    for key, wanted in case.clocks.items():
        old = next(iter(stored.clocks.get(key, ())), None)
        if old is None or not same_clock(old, wanted):
            # The fence goes up: a worker that holds the clock as it was is late.
            _put(store, old, attrs.evolve(wanted, fence=old.fence + 1) if old is not None else wanted)
    extra = [
        clock.id
        for clocks in stored.clocks.values()
        for clock in clocks
        if clock.feedback_id == ident and clock.id not in case.clocks
    ]
    if extra:
        store.remove(Clock, Is("id", "in", tuple(extra)))


def _reversal_of(ident: str) -> Callable[[Receipt], Reversal | None]:
    def compare(item: Receipt) -> Reversal | None:
        """The verdict that measuring anew does not confirm, with both results; None where they agree."""
        said = item.pinned
        if said is None:
            return None
        due = from_text(said["due_at"]) if said["due_at"] else None
        if (said["state"], due) == (item.state, item.due_at):
            return None
        return Reversal(
            feedback_id=ident,
            metric=item.metric,
            cycle=item.cycle,
            generation=item.generation,
            said=said["state"],
            found=item.state,
            said_due=due,
            found_due=item.due_at,
        )

    return compare
