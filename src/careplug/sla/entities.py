"""What the sla room stores: clocks, a projection of timelines, and the levels that fired."""

from __future__ import annotations

from datetime import datetime

import attrs

from careplug.entity import EntitySpec, column
from careplug.refs import derived_id

__all__ = ["SPECS", "Clock", "FiredLevel", "clock_id"]


@attrs.frozen(kw_only=True)
class Clock:
    """One run of a metric on one feedback, as last measured.

    ``state`` is running, standing, met, missed, void or superseded; ``open`` while it runs or stands. ``next_at`` is when
    its next escalation level ``level`` fires (None: no more). The digests pin the revisions it was measured with;
    ``provisional`` deadlines lie beyond what the calendar knows. ``rule`` is the index in the policy.
    """

    id: str
    tenant: str = ""
    feedback_id: str = column(length=36)
    metric: str = column(length=60)
    cycle: int = 1
    generation: int = 1
    state: str = column(length=20)
    open: bool = True
    counted: bool = True
    started_at: datetime
    stopped_at: datetime | None = None
    due_at: datetime | None = None
    provisional: bool = False
    policy: str = column(length=100)
    policy_digest: str = column(length=64)
    rule: int = 0
    calendar: str = column(length=100)
    calendar_digest: str = column(length=64)
    metric_digest: str = column(length=64)
    level: str = column(length=60, default="")
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0


@attrs.frozen(kw_only=True)
class FiredLevel:
    """A level that fired: unique by clock (which names its generation) and level, written with its message."""

    id: str
    tenant: str = ""
    clock_id: str = column(length=36)
    level: str = column(length=60)
    due_at: datetime
    fired_at: datetime


SPECS = (
    EntitySpec(
        name="clock",
        cls=Clock,
        unique=(("feedback_id", "metric", "cycle", "generation"),),
        indexes=(
            ("open", "due_at"),
            ("counted", "metric", "state", "stopped_at"),
            ("open", "feedback_id"),
            ("provisional", "calendar_digest"),
            ("policy_digest", "open"),
        ),
        claimable=True,
    ),
    EntitySpec(name="fired_level", cls=FiredLevel, unique=(("clock_id", "level"),)),
)


def clock_id(feedback_id: str, metric: str, cycle: int, generation: int) -> str:
    """The id of a clock: made of what it measures (a UUID of version 8), so that a rebuilt one is the same."""
    return derived_id(f"{feedback_id}/{metric}/{cycle}/{generation}")
