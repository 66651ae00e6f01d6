"""Rebuilding: every case folded from nothing and compared with what is stored; what differs is put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from careplug.audit._fold import Case, Stored, fold_cases, read_stored, same_clock
from careplug.audit.checkpoint import Progress
from careplug.clock import from_text, to_text
from careplug.criteria import All, Criteria, Is, Order
from careplug.errors import CareError
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback
from careplug.ports import Measure
from careplug.refs import SYSTEM
from careplug.sla.entities import Clock
from careplug.sla.receipt import Receipt
from careplug.sla.words import word
from careplug.text import say
from careplug.timeline.facts import FactRow

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["BATCH", "KEPT", "Difference", "RebuildReport", "Reversal", "rebuild"]

BATCH = 100
"""Cases compared with one set of queries, and written in one transaction."""

KEPT = 1_000
"""How many differences, reversals and failures a report names; all are counted."""


@attrs.frozen(kw_only=True)
class Difference:
    """A stored row that is not what the facts say. ``how`` is missing, different or extra.

    ``what`` is feedback, clock or fired_level; ``key`` names the row: a number, metric/cycle/generation, a level.
    ``fields`` are the columns that differ.
    """

    feedback_id: str
    what: str
    key: str
    how: str
    fields: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Reversal:
    """A verdict that would be another one if it were passed today: ``said`` then, ``found`` now. It stands."""

    feedback_id: str
    metric: str
    cycle: int
    generation: int
    said: str
    found: str
    said_due: datetime | None
    found_due: datetime | None


@attrs.frozen(kw_only=True)
class RebuildReport:
    """What a rebuild found, and put right where it was ``written``.

    ``rows`` counts the rows that differed, ``damaged`` the cases they belong to; ``failed`` are cases whose facts cannot
    be folded, with the reason. ``reversals`` are of closed cycles, which are compared and never passed anew.
    """

    cases: int
    damaged: int
    rows: int
    written: bool
    differences: tuple[Difference, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    reversed_count: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    failed_count: int = 0

    @property
    def whole(self) -> bool:
        """Whether every row was what its facts say. Verdicts that stand against a later measure do not count."""
        return not (self.rows or self.failed_count)

    def text(self, language: str = "en") -> str:
        """The report in words."""
        lines = [say("audit.rebuild.read", language, cases=self.cases)]
        lines += [_difference_text(item, language) for item in self.differences]
        lines += [_reversal_text(item, language) for item in self.reversals]
        lines += [say("audit.rebuild.failed", language, id=ident, reason=reason) for ident, reason in self.failed]
        named = len(self.differences) + len(self.reversals) + len(self.failed)
        more = self.rows + self.reversed_count + self.failed_count - named
        lines += [say("audit.rebuild.more", language, count=more)] if more > 0 else []
        if self.whole:
            lines.append(say("audit.rebuild.whole", language))
        elif self.rows:
            code = "audit.rebuild.written" if self.written else "audit.rebuild.dry"
            lines.append(say(code, language, rows=self.rows, damaged=self.damaged))
        return "\n".join(lines)


def rebuild(
    care: Care,
    *,
    tenant: str | None = None,
    idents: Sequence[str] | None = None,
    write: bool = True,
    progress: Progress | None = None,
) -> RebuildReport:
    """Fold every case of a tenant (None: of all) from its facts and compare with what is stored; ``idents`` only these.

    Rows, clocks and fired levels that differ are written as the facts say, unless ``write`` is False. A clock of a
    closed cycle is what its verdict fact says; where measuring gives another verdict today, that is reported and
    nothing else. Healthy cases are only read, without a lock; damaged ones are written in batches under the lock of
    their rows, so a broken run is simply run again.
    """
    run = _Run(care, write)
    whole = _count(care, tenant) if progress is not None else 0
    for place in _tenants(care, tenant):
        for batch in _batches(care, place, idents):
            run.batch(place, batch)
            if progress is not None:
                progress(run.cases, max(run.cases, whole))
    return run.report()


class _Run:
    """What was found so far."""

    def __init__(self, care: Care, write: bool) -> None:  # noqa: FBT001  ours alone
        self.care = care
        self.write = write
        self.cases = self.damaged = self.rows = self.reversed = self.failed = 0
        self.differences: list[Difference] = []
        self.reversals: list[Reversal] = []
        self.reasons: list[tuple[str, str]] = []

    def batch(self, tenant: str, idents: Sequence[str]) -> None:
        """Compare a batch, reading only; then put right what is damaged."""
        with self.care.read(actor=SYSTEM, tenant=tenant) as unit:
            cases = self._fold(unit, idents)
        with self.care.transaction(tenant=None, writes=False) as store:
            stored = read_stored(store, cases)
        wrong: dict[str, Case] = {}
        for ident, case in cases.items():
            found = list(_differences(ident, case, stored))
            self._note(found, [item for item in map(_reversal_of(ident), case.receipts) if item is not None])
            if found:
                wrong[ident] = case
        self.damaged += len(wrong)
        if wrong and self.write:
            _repair(self.care, tenant, wrong, stored)

    def _fold(self, unit: Any, idents: Sequence[str]) -> dict[str, Case]:
        found: dict[str, Case] = {}
        for ident, case in fold_cases(unit, idents):
            self.cases += 1
            if isinstance(case, Case):
                found[ident] = case
                continue
            self.failed += 1
            if len(self.reasons) < KEPT:
                reason = case.code if isinstance(case, CareError) else type(case).__name__
                self.reasons.append((ident, reason))
        return found

    def _note(self, differences: Sequence[Difference], reversals: Sequence[Reversal]) -> None:
        self.rows += len(differences)
        self.reversed += len(reversals)
        self.differences += differences[: KEPT - len(self.differences)]
        self.reversals += reversals[: KEPT - len(self.reversals)]

    def report(self) -> RebuildReport:
        """What was compared so far, as values; lists are cut at ``KEPT``, counts are whole."""
        return RebuildReport(
            cases=self.cases,
            damaged=self.damaged,
            rows=self.rows,
            written=self.write,
            differences=tuple(self.differences),
            reversals=tuple(self.reversals),
            reversed_count=self.reversed,
            failed=tuple(self.reasons),
            failed_count=self.failed,
        )


def _differences(ident: str, case: Case, stored: Stored) -> Iterator[Difference]:
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
                yield Difference(feedback_id=ident, what="clock", key=_name(clock), how="extra")
    for place, level in case.levels.items():
        if place not in stored.levels:
            yield Difference(feedback_id=ident, what="fired_level", key=level.level, how="missing")


def _compared(
    ident: str,
    what: str,
    key: str,
    rows: Sequence[Any],
    wanted: Any,
    unreadable: bool,  # noqa: FBT001  ours alone
) -> Iterator[Difference]:
    if unreadable:
        yield Difference(feedback_id=ident, what=what, key=key, how="different", fields=("*",))
    elif not rows:
        yield Difference(feedback_id=ident, what=what, key=key, how="missing")
    for row in rows:
        fields = _fields(row, wanted)
        if fields:
            yield Difference(feedback_id=ident, what=what, key=key, how="different", fields=fields)


def _fields(row: Any, wanted: Any) -> tuple[str, ...]:
    if isinstance(row, Clock) and same_clock(row, wanted):
        return ()
    names = (field.name for field in attrs.fields(type(row)))
    mine = {"fence", "leased_until"} if isinstance(row, Clock) else set()
    return tuple(name for name in names if name not in mine and getattr(row, name) != getattr(wanted, name))


def _name(clock: Clock) -> str:
    return f"{clock.metric}/{clock.cycle}/{clock.generation}"


def _repair(care: Care, tenant: str, wrong: Mapping[str, Case], stored: Stored) -> None:
    """Write damaged cases anew, as their facts say once their rows are locked."""
    with care.transaction(tenant=None) as store:
        for cls, idents in stored.unreadable.items():
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


def _reversal_of(ident: str) -> Any:
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


def _tenants(care: Care, tenant: str | None) -> list[str]:
    with care.transaction(tenant=tenant, writes=False) as store:
        return [line.key[0] for line in store.tally(FactRow, Is("subject", "eq", FEEDBACK), by=("tenant",))]


def _count(care: Care, tenant: str | None) -> int:
    where = All(Is("subject", "eq", FEEDBACK), Is("sequence", "eq", 1))
    with care.transaction(tenant=tenant, writes=False) as store:
        lines = store.tally(FactRow, where, measures=(Measure("count"),))
        return int(lines[0].values[0]) if lines else 0


def _batches(care: Care, tenant: str, idents: Sequence[str] | None) -> Iterator[list[str]]:
    """The ids of the cases by their first facts: their rows may be gone."""
    if idents is not None:
        wanted = sorted(set(idents))
        yield from (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))
        return
    after = ""
    while True:
        parts: list[Criteria] = [Is("subject", "eq", FEEDBACK), Is("sequence", "eq", 1), Is("subject_id", "gt", after)]
        with care.transaction(tenant=tenant, writes=False) as store:
            found = store.find(FactRow, All(*parts), order=(Order("subject_id"),), limit=BATCH)
        if found:
            yield [fact.subject_id for fact in found]
        if len(found) < BATCH:
            return
        after = found[-1].subject_id


def _difference_text(item: Difference, language: str) -> str:
    return say(
        "audit.rebuild.row",
        language,
        id=item.feedback_id,
        what=word("rebuild", item.what, language),
        key=item.key,
        how=word("rebuild", item.how, language),
        fields=", ".join(item.fields) or "–",
    )


def _reversal_text(item: Reversal, language: str) -> str:
    def verdict(state: str, due: datetime | None) -> str:
        """A verdict and its due time in the reader's language."""
        said = word("state", state, language)
        return said if due is None else f"{said} ({to_text(due)})"

    return say(
        "audit.rebuild.verdict",
        language,
        id=item.feedback_id,
        metric=word("metric", item.metric, language),
        cycle=item.cycle,
        generation=item.generation,
        said=verdict(item.said, item.said_due),
        found=verdict(item.found, item.found_due),
    )
