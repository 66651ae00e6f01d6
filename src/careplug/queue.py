"""The queue: open clocks by due time with what a page shows of their cases, in two narrow queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from careplug.criteria import All, Criteria, Is, Order, page_size
from careplug.feedback.entities import Feedback
from careplug.ports import Unit
from careplug.refs import Ref
from careplug.sla.entities import Clock

__all__ = ["QueueLine", "queue"]


@attrs.frozen
class QueueLine:
    """One open clock and its case. ``due_at`` is None while the clock stands; ``calendar_digest`` pins the calendar
    that countdowns in working time go by.
    """

    clock_id: str
    feedback_id: str
    metric: str
    state: str
    due_at: datetime | None
    provisional: bool
    calendar_digest: str
    number: str
    subject: str
    kind: str
    priority: int
    feedback_state: str
    assignee: Ref | None


_CLOCK = ("id", "feedback_id", "metric", "state", "due_at", "provisional", "calendar_digest")
_CASE = ("id", "number", "subject", "kind", "priority", "state", "assignee")


def queue(
    unit: Unit,
    *,
    before: datetime | None = None,
    metric: str = "",
    after: Sequence[Any] | None = None,
    limit: int = 25,
) -> list[QueueLine]:
    """Open clocks by due time, standing ones last; ``after`` is the page key (due_at, clock id) of the last seen.

    Needs ``sla.due`` and ``feedback.list``.
    """
    unit.flush()
    unit.allow("sla.due")
    unit.allow("feedback.list")
    parts: list[Criteria] = [Is("open", "eq", value=True)]
    if before is not None:
        parts.append(Is("due_at", "lt", before))
    if metric:
        parts.append(Is("metric", "eq", metric))
    size = page_size(limit, "queue")
    clocks = unit.store.pick(Clock, _CLOCK, All(*parts), order=(Order("due_at"),), limit=size, after=after)
    idents = tuple(dict.fromkeys(clock[1] for clock in clocks))
    cases = {case[0]: case[1:] for case in unit.store.pick(Feedback, _CASE, Is("id", "in", idents))} if idents else {}
    return [QueueLine(*clock, *cases[clock[1]]) for clock in clocks if clock[1] in cases]
