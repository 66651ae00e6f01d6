"""From receipts to clocks: what verdict facts pin, and the row that is stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from careplug.clock import from_text
from careplug.sla.entities import Clock, clock_id
from careplug.sla.receipt import Receipt
from careplug.sla.runs import History

__all__ = ["clock_of", "judged", "pinned"]


def judged(history: History) -> bool:
    """Whether a verdict on the last cycle stands."""
    return any(event.type == "verdict" and event.data["cycle"] == history.cycle for event in history.events)


def pinned(found: Sequence[Receipt], history: History) -> tuple[Receipt, ...]:
    """The receipts with the verdicts of closed cycles beside them, except where a reopening superseded these."""
    said: dict[tuple[str, int, int], Mapping[str, Any]] = {}
    for event in sorted(history.events, key=lambda event: event.sequence):
        if event.type == "verdict":
            for clock in event.data["clocks"]:
                said[clock["metric"], clock["cycle"], clock["generation"]] = clock
    return tuple(
        attrs.evolve(item, pinned=said.get((item.metric, item.cycle, item.generation)))
        if item.state in ("met", "missed", "void")
        else item
        for item in found
    )


def clock_of(feedback_id: str, item: Receipt, tenant: str) -> Clock:
    """The projection of a receipt; what a verdict pinned goes before what was measured."""
    choice = item.leg.choice
    waiting = next((level for level in item.levels if not level.fired), None)
    state, due, stopped = item.state, item.due_at, item.stopped_at
    if item.pinned is not None:
        state = item.pinned["state"]
        due, stopped = (
            from_text(said) if said else None for said in (item.pinned["due_at"], item.pinned["stopped_at"])
        )
    return Clock(
        id=clock_id(feedback_id, item.metric, item.cycle, item.generation),
        tenant=tenant,
        feedback_id=feedback_id,
        metric=item.metric,
        cycle=item.cycle,
        generation=item.generation,
        state=state,
        open=state in ("running", "standing"),
        counted=item.counted_metric,
        started_at=item.started_at,
        stopped_at=stopped,
        due_at=due,
        provisional=item.provisional,
        policy=choice.policy,
        policy_digest=choice.policy_digest,
        rule=choice.index,
        calendar=choice.calendar.name,
        calendar_digest=choice.calendar_digest,
        metric_digest=choice.metric_digest,
        level=waiting.name if waiting is not None else "",
        next_at=waiting.at if waiting is not None else None,
    )
