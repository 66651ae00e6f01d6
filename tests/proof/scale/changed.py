"""A calendar changes: what that would do to every open clock, and doing it, in cases a second."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
from sqlalchemy import event

from careplug import Actor, Care
from careplug.audit.rebuild import rebuild
from careplug.criteria import Is
from careplug.feedback.entities import Feedback
from tests.proof.scale.floors import Floors
from tests.proof.scale.places import Hands
from tests.proof.scale.stories import NOW
from tests.proof.scale.undo import undone

__all__ = ["Recalculated", "recalculated"]

BOSS = Actor.engineer("engineer1", "manager", "admin")
_MOVES = 2_000
_CHECKED = 200
_HOLIDAY = (NOW + timedelta(days=1)).date().isoformat()


@attrs.frozen(kw_only=True)
class Recalculated:
    """How much was done, in how many seconds and statements."""

    what: str
    cases: int
    seconds: float
    statements: int
    wrong: int = 0

    @property
    def note(self) -> str:
        """The figures in words."""
        pace = f"{self.cases:,} cases, {self.cases / self.seconds:,.0f} a second"
        return f"{pace}, {self.statements / max(1, self.cases):.2f} statements a case"


def recalculated(care: Care, floors: Floors) -> Iterator[Recalculated]:
    """A day of the next week becomes a holiday: previewed in part, applied to every open case, put back."""
    clock = care.clock
    assert isinstance(clock, Hands)
    with undone(floors):
        clock.at = NOW + timedelta(minutes=1)
        try:
            with care.read(actor=BOSS) as unit:
                office = dict(unit.definitions.active("calendar")["office"].data)
            changed = {**office, "holidays": [*office.get("holidays", ()), _HOLIDAY]}
            yield _counted(care, "change previewed", lambda: _preview(care, changed))
            yield _counted(care, "change applied to all", lambda: _apply(care, changed))
        finally:
            clock.at = NOW


def _counted(care: Care, what: str, work: Any) -> Recalculated:
    said: list[str] = []
    engine = care.storage.engine  # type: ignore[attr-defined]

    def note(*given: Any) -> None:
        said.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    begun = time.perf_counter()
    try:
        cases, wrong = work()
        seconds = time.perf_counter() - begun
    finally:
        event.remove(engine, "before_cursor_execute", note)
    if what == "change applied to all":
        wrong += _broken(care)
    return Recalculated(what=what, cases=cases, seconds=seconds, statements=len(said), wrong=wrong)


def _preview(care: Care, changed: dict[str, Any]) -> tuple[int, int]:
    with care.read(actor=BOSS) as unit:
        moves = list(itertools.islice(unit.changes.preview("calendar", "office", changed), _MOVES))
    return len({move.feedback_id for move in moves}), 0


def _apply(care: Care, changed: dict[str, Any]) -> tuple[int, int]:
    with care.unit(actor=BOSS) as unit:
        unit.changes.put("calendar", "office", changed)
    cases, after = 0, ""
    while True:
        with care.unit(actor=BOSS) as unit:
            moved, after = unit.changes.apply("calendar", "office", after=after)
        cases += moved
        if not after:
            return cases, 0


def _broken(care: Care) -> int:
    """How many of some changed cases are not what their facts say."""
    with care.read(actor=BOSS) as unit:
        idents = [row[0] for row in unit.store.pick(Feedback, ("id",), Is("category", "eq", "open"), limit=_CHECKED)]
    report = rebuild(care, tenant="", idents=idents, write=False)
    return report.rows + report.failed_count
