"""Rebuilding: everything that facts say folded from nothing and compared with what is stored; what differs is put right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from careplug.audit import _cases, _rows
from careplug.audit._fold import Case, fold_cases, read_stored
from careplug.audit._rows import Span
from careplug.audit.checkpoint import Progress
from careplug.audit.findings import Difference, RebuildReport, Reversal
from careplug.criteria import All, Criteria, Is, Order
from careplug.entity import EntitySpec
from careplug.errors import CareError
from careplug.feedback.base import FEEDBACK
from careplug.ports import Measure
from careplug.refs import SYSTEM
from careplug.timeline.facts import FactRow

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["BATCH", "KEPT", "rebuild"]

BATCH = 100
"""Cases, or other subjects, compared with one set of queries, and written in one transaction."""

KEPT = 1_000
"""How many differences, reversals and failures a report names; all are counted."""


def rebuild(
    care: Care,
    *,
    tenant: str | None = None,
    idents: Sequence[str] | None = None,
    write: bool = True,
    progress: Progress | None = None,
) -> RebuildReport:
    """Fold a tenant's (None: all tenants') cases and whatever else facts say in full, and compare with what is stored.

    ``idents`` are ids of cases: only these are looked at, and nothing else. Rows, clocks and fired levels that differ are
    written as the facts say, unless ``write`` is False; so are invitations, responses and their scores, improvements, and
    what plugins declare (``EntitySpec.projection``). A clock of a closed cycle is what its verdict fact says; where measuring
    gives another verdict today, that is reported and nothing else. What was erased stays erased. Healthy rows are only read,
    without a lock; damaged ones are written in batches under the lock of their subjects, so a broken run is simply run again.
    """
    run = _Run(care, write)
    others = _rows.projected(care) if idents is None else []
    whole = _count(care, tenant, [FEEDBACK, *(spec.name for spec, _ in others)]) if progress is not None else 0
    for place, span in _spans(care, tenant, FEEDBACK, (), idents):
        run.cases_of(place, span.idents)
        if progress is not None:
            progress(run.done, max(run.done, whole))
    for spec, rest in others:
        for place, span in _spans(care, tenant, spec.name, rest, None):
            run.rows_of(place, spec, rest, span)
            if progress is not None:
                progress(run.done, max(run.done, whole))
    return run.report()


class _Run:
    """What was found so far."""

    def __init__(self, care: Care, write: bool) -> None:  # noqa: FBT001  ours alone
        self.care = care
        self.write = write
        self.cases = self.subjects = self.damaged = self.rows = self.reversed = self.failed = 0
        self.differences: list[Difference] = []
        self.reversals: list[Reversal] = []
        self.reasons: list[tuple[str, str]] = []

    @property
    def done(self) -> int:
        """How many cases and other subjects were compared."""
        return self.cases + self.subjects

    def cases_of(self, tenant: str, idents: Sequence[str]) -> None:
        """Compare a batch of cases, reading only; then put right what is damaged."""
        if not idents:
            return
        with self.care.read(actor=SYSTEM, tenant=tenant) as unit:
            found = dict(fold_cases(unit, idents))
        cases = {ident: case for ident, case in found.items() if isinstance(case, Case)}
        self.cases += len(found)
        self._fail({ident: error for ident, error in found.items() if isinstance(error, Exception)})
        with self.care.transaction(tenant=None, writes=False) as store:
            stored = read_stored(store, cases)
        wrong: dict[str, Case] = {}
        for ident, case in cases.items():
            differences = list(_cases.differences(ident, case, stored))
            self._note(differences, _cases.reversals(ident, case))
            if differences:
                wrong[ident] = case
        self.damaged += len(wrong)
        if wrong and self.write:
            _cases.repair(self.care, tenant, wrong, stored)

    def rows_of(self, tenant: str, spec: EntitySpec, rest: Sequence[EntitySpec], span: Span) -> None:
        """Compare a batch of other subjects, and what follows from them, as one moment saw them; then put them right."""
        with self.care.read(actor=SYSTEM, tenant=tenant) as unit:
            found = _rows.compare(unit, spec, rest, span)
        self.subjects += found.subjects
        self._fail(found.failed)
        self._note([each.told for each in found.wrong], ())
        self.damaged += len({each.told.subject_id for each in found.wrong})
        if found.wrong and self.write:
            _rows.repair(self.care, tenant, spec, rest, found.wrong)

    def _fail(self, failed: Mapping[str, Exception]) -> None:
        self.failed += len(failed)
        for ident, error in failed.items():
            if len(self.reasons) < KEPT:
                self.reasons.append((ident, error.code if isinstance(error, CareError) else type(error).__name__))

    def _note(self, differences: Sequence[Difference], reversals: Sequence[Reversal]) -> None:
        self.rows += len(differences)
        self.reversed += len(reversals)
        self.differences += differences[: KEPT - len(self.differences)]
        self.reversals += reversals[: KEPT - len(self.reversals)]

    def report(self) -> RebuildReport:
        """What was compared so far, as values; lists are cut at ``KEPT``, counts are whole."""
        return RebuildReport(
            cases=self.cases,
            subjects=self.subjects,
            damaged=self.damaged,
            rows=self.rows,
            written=self.write,
            differences=tuple(self.differences),
            reversals=tuple(self.reversals),
            reversed_count=self.reversed,
            failed=tuple(self.reasons),
            failed_count=self.failed,
        )


def _count(care: Care, tenant: str | None, subjects: Sequence[str]) -> int:
    where = All(Is("subject", "in", tuple(subjects)), Is("sequence", "eq", 1))
    with care.transaction(tenant=tenant, writes=False) as store:
        lines = store.tally(FactRow, where, measures=(Measure("count"),))
        return int(lines[0].values[0]) if lines else 0


def _spans(
    care: Care, tenant: str | None, subject: str, rest: Iterable[EntitySpec], idents: Sequence[str] | None
) -> Iterator[tuple[str, Span]]:
    """The subjects of one kind in batches, tenant by tenant, by their first facts: their rows may be gone."""
    for place in _tenants(care, tenant, subject, rest):
        if idents is None:
            yield from ((place, span) for span in _all_spans(care, place, subject))
            continue
        wanted = sorted(set(idents))
        for start in range(0, len(wanted), BATCH):
            yield place, Span(tuple(wanted[start : start + BATCH]))


def _tenants(care: Care, tenant: str | None, subject: str, rest: Iterable[EntitySpec]) -> list[str]:
    with care.transaction(tenant=tenant, writes=False) as store:
        lines = store.tally(FactRow, Is("subject", "eq", subject), by=("tenant",))
        lines += [line for spec in rest for line in store.tally(spec.cls, by=("tenant",))]
    return sorted({line.key[0] for line in lines})


def _all_spans(care: Care, tenant: str, subject: str) -> Iterator[Span]:
    after = ""
    while True:
        parts: list[Criteria] = [Is("subject", "eq", subject), Is("sequence", "eq", 1), Is("subject_id", "gt", after)]
        with care.transaction(tenant=tenant, writes=False) as store:
            found = store.find(FactRow, All(*parts), order=(Order("subject_id"),), limit=BATCH)
        idents = tuple(fact.subject_id for fact in found)
        if len(idents) < BATCH:
            yield Span(idents, after, None)
            return
        yield Span(idents, after, idents[-1])
        after = idents[-1]
