"""What another system wrote beside its cases, its due times and verdicts, compared with ours. Never used, only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from careplug.imports.map import DueCheck
from careplug.imports.rows import Row
from careplug.sla.entities import Clock, clock_id
from careplug.sla.service import Sla

__all__ = ["compare"]


def compare(
    unit: Any, check: DueCheck, idents: Mapping[str, str], rows: Mapping[str, Sequence[Row]], counts: Counter[str]
) -> None:
    """Count, for the cases of a batch, how our first clock of the metric compares.

    ``due_given`` = ``due_same`` + ``due_different``. A verdict is compared where the case ended in order (not before
    it began): ``verdict_same`` and ``verdict_different`` where the due times agree, else ``verdict_other``.
    """
    sla: Sla = unit.get(Sla)
    within = timedelta(seconds=check.within)
    for case, ident in idents.items():
        row = rows[case][-1]
        due, verdict = row.given
        if due is None:
            continue
        clock = sla.held_clock(ident, clock_id(ident, check.metric, 1, 1))
        agrees = clock is not None and clock.due_at is not None and abs(clock.due_at - due) <= within
        counts["due_given"] += 1
        counts["due_same" if agrees else "due_different"] += 1
        said = {**dict.fromkeys(check.met, "met"), **dict.fromkeys(check.missed, "missed")}.get(verdict)
        if said is not None and _ended_in_order(row):
            counts[_verdict(clock, said) if agrees else "verdict_other"] += 1


def _ended_in_order(row: Row) -> bool:
    return bool(row.steps) and row.received is not None and row.steps[0][0] >= row.received


def _verdict(clock: Clock | None, said: str) -> str:
    return "verdict_same" if clock is not None and clock.state == said else "verdict_different"
