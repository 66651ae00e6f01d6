"""Clocks, receipts, how promises were kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from careplug_flask.rest.wire.base import Cursor, In, Instant, Limit, Wire


class Clock(Wire):
    """One run of a metric on a case. `due_at` is null while it stands."""

    id: str
    feedback_id: str
    metric: str
    cycle: int
    generation: int
    state: str
    open: bool
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    provisional: bool
    policy: str
    policy_digest: str
    calendar: str
    calendar_digest: str


class ClockQuery(In):
    """Which clocks: open ones by due time, standing ones last."""

    metric: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    before: Instant | UnsetType = UNSET
    limit: Limit = 25
    after: Cursor | UnsetType = UNSET


class ClockPage(Wire):
    """A page of clocks."""

    items: list[Clock]
    next: str | None


class Segment(Wire):
    """A stretch of a run, and what of it counted; microseconds."""

    start: datetime
    end: datetime
    kind: str
    counted: int
    reasons: list[list[str]]
    days: list[list[str]]


class LevelTime(Wire):
    """When an escalation level fires."""

    name: str
    at: datetime
    fired: bool


class Receipt(Wire):
    """The explanation of a clock: what counted, what did not and why, the deadline, the verdict. `text` says it in words."""

    metric: str
    cycle: int
    generation: int
    state: str
    started_at: datetime
    stopped_at: datetime | None
    until: datetime
    due_at: datetime | None
    counted: int
    late: bool
    provisional: bool
    back_dated: list[int]
    policy: str
    policy_digest: str
    calendar: str
    calendar_digest: str
    target: dict[str, Any]
    levels: list[LevelTime]
    segments: list[Segment]
    text: str


class Attainment(Wire):
    """How a metric was kept: verdicts of the period, open ones now. `share` is null without any verdict."""

    metric: str
    met: int
    missed: int
    void: int
    open: int
    overdue: int
    share: str | None


class PeriodQuery(In):
    """A period of stopping facts, half-open."""

    since: Instant | UnsetType = UNSET
    until: Instant | UnsetType = UNSET


class Clocks(Wire):
    """The clocks of a case."""

    items: list[Clock]


class Receipts(Wire):
    """The receipts of a case."""

    items: list[Receipt]


class Attainments(Wire):
    """How promises were kept, by metric."""

    items: list[Attainment]
