"""The receipt of a clock: every segment, what counted, what did not and why, deadline, verdict (SLA 10). Pure.

``measured`` turns a followed run into a ``Receipt``; its data is codes and values, its text is made in the
reader's language by ``careplug.sla.words``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import attrs

from careplug.sla import measure
from careplug.sla.runs import History, Leg, PauseSpan, Run
from careplug.sla.target import CalendarDays, Elapsed

__all__ = ["ENGINE", "LevelTime", "Receipt", "Segment", "measured", "receipts"]

ENGINE = 1
"""Version of the measuring rules; verdict facts name it."""

_ZERO = timedelta(0)


@attrs.frozen(kw_only=True)
class Segment:
    """A stretch of a run. ``kind`` is counting, paused or solved; ``counted`` what the target took of it.

    ``reasons`` are the (reason, party) of the pauses that stood it; ``days`` the local dates in it that are not
    ordinary working days, as (date, kind).
    """

    start: datetime
    end: datetime
    kind: str
    counted: timedelta
    leg: int = 0
    reasons: tuple[tuple[str, str], ...] = ()
    days: tuple[tuple[str, str], ...] = ()

    @property
    def length(self) -> timedelta:
        """Real time between its ends."""
        return self.end - self.start


@attrs.frozen
class LevelTime:
    """When an escalation level fires, and whether it has."""

    name: str
    at: datetime
    fired: bool = False


@attrs.frozen(kw_only=True)
class Receipt:
    """The explanation of one run.

    ``state`` is running, standing (an open pause stops it), met, missed, void or superseded. ``due_at`` is None while
    standing. ``counted`` is what was used of the target until ``until`` (the stop, or the time of asking);
    ``late`` says that a running clock is past its due time. ``pinned`` is what the verdict fact of its closed
    cycle says, where there is one: that stands, whatever was recorded later.
    """

    metric: str
    cycle: int
    generation: int
    state: str
    started_at: datetime
    stopped_at: datetime | None
    until: datetime
    due_at: datetime | None
    counted: timedelta
    segments: tuple[Segment, ...]
    legs: tuple[Leg, ...]
    levels: tuple[LevelTime, ...] = ()
    provisional: bool = False
    late: bool = False
    back_dated: tuple[int, ...] = ()
    pinned: Mapping[str, Any] | None = None

    @property
    def leg(self) -> Leg:
        """The rule in force."""
        return self.legs[-1]

    @property
    def counted_metric(self) -> bool:
        """Whether the metric enters attainment."""
        return self.leg.choice.metric.counted


def receipts(history: History, now: datetime, *, brief: bool = False) -> tuple[Receipt, ...]:
    """The receipts of every run of a history, as of ``now``; ``brief`` ones leave out the segments."""
    return tuple(measured(run, history, now, brief=brief) for run in history.runs)


def measured(run: Run, history: History, now: datetime, *, brief: bool = False) -> Receipt:
    """Measure one run as of ``now``. Who only needs due time and state asks for it ``brief``: no segments, no counted
    time, which cost a look at every day of the run.
    """
    standing = [_spans(leg, run, history.pauses) for leg in run.legs]
    due = _due(run, standing)
    until = run.stopped.at if run.stopped is not None else max(now, run.started.at, run.legs[-1].since)
    segments = () if brief else _segments(run, history.pauses, until)
    state = _state(run, due, standing[-1])
    return Receipt(
        metric=run.metric,
        cycle=run.cycle,
        generation=run.generation,
        state=state,
        started_at=run.started.at,
        stopped_at=run.stopped.at if run.stopped is not None else None,
        until=until,
        due_at=due,
        counted=sum((segment.counted for segment in segments), _ZERO),
        segments=segments,
        legs=tuple(run.legs),
        levels=_levels(run, due, standing[-1], history) if state == "running" else (),
        provisional=due is not None and any(leg.choice.calendar.is_provisional(due) for leg in run.legs),
        late=due is not None and run.outcome == "open" and due < now,
        back_dated=_back_dated(history, run),
    )


Spans = list[tuple[datetime, datetime | None]]


def _spans(leg: Leg, run: Run, pauses: Sequence[PauseSpan]) -> Spans:
    """What stops a leg: the pauses its rule listens to, and the time the case was solved."""
    spans: Spans = [(pause.start, pause.end) for pause in pauses if leg.choice.rule.stopped_by(pause.reason)]
    return spans + list(run.solved)


def _due(run: Run, standing: Sequence[Spans]) -> datetime | None:
    """The due time; None while an open pause stops the clock before its time runs out (SLA 5)."""
    last = run.legs[-1]
    used = _ZERO
    for number, leg in enumerate(run.legs[:-1]):
        following = run.legs[number + 1]
        target = leg.choice.rule.target
        used += measure.consumed(leg.choice.calendar, leg.since, following.since, target, standing[number])
    target = last.choice.rule.target
    if not used:
        return measure.due(last.choice.calendar, last.since, target, standing[-1])
    return _rest(last, used, standing[-1])


def _rest(leg: Leg, used: timedelta, spans: Spans) -> datetime | None:
    """The due time of a last leg when earlier legs used some of the target (mode ``from_now``)."""
    target, calendar = leg.choice.rule.target, leg.choice.calendar
    amount = getattr(target, "amount", None)
    if amount is not None:
        if used >= amount:
            return leg.since
        return measure.due(calendar, leg.since, attrs.evolve(target, amount=amount - used), spans)
    whole = measure.due(calendar, leg.since, target, spans)
    if whole is None:
        return None
    real = isinstance(target, CalendarDays)
    return max(leg.since, whole - used if real else calendar.add(whole, -used))


def _state(run: Run, due: datetime | None, spans: Spans) -> str:
    if run.outcome in ("void", "superseded"):
        return run.outcome
    if run.outcome == "abandoned" and run.stopped is not None:
        return "missed" if due is not None and due < run.stopped.at else "void"
    if run.stopped is not None:
        return "met" if due is None or run.stopped.at <= due else "missed"
    return "standing" if due is None else "running"


def _segments(run: Run, pauses: Sequence[PauseSpan], until: datetime) -> tuple[Segment, ...]:
    found: list[Segment] = []
    for number, leg in enumerate(run.legs):
        end = run.legs[number + 1].since if number + 1 < len(run.legs) else until
        heard = [pause for pause in pauses if leg.choice.rule.stopped_by(pause.reason)]
        edges = {leg.since, end}
        for start, stop in [*((pause.start, pause.end) for pause in heard), *run.solved]:
            edges |= {edge for edge in (start, stop) if edge is not None and leg.since < edge < end}
        order = sorted(edges)
        for a, b in pairwise(order):
            found.append(_segment(leg, number, (a, b), heard, run.solved))
    return tuple(found)


def _segment(
    leg: Leg,
    number: int,
    span: tuple[datetime, datetime],
    heard: Sequence[PauseSpan],
    solved: Sequence[tuple[datetime, datetime]],
) -> Segment:
    a, b = span
    if any(start <= a and b <= stop for start, stop in solved):
        return Segment(start=a, end=b, kind="solved", counted=_ZERO, leg=number)
    reasons = tuple(
        (pause.reason, pause.party) for pause in heard if pause.start <= a and (pause.end is None or b <= pause.end)
    )
    if reasons:
        return Segment(start=a, end=b, kind="paused", counted=_ZERO, leg=number, reasons=reasons)
    counted = measure.consumed(leg.choice.calendar, a, b, leg.choice.rule.target, ())
    return Segment(start=a, end=b, kind="counting", counted=counted, leg=number, days=_days(leg, a, b))


_MANY_DAYS = 62


def _days(leg: Leg, a: datetime, b: datetime) -> tuple[tuple[str, str], ...]:
    """The local dates of a segment that are not ordinary working days; of long segments only the unusual ones."""
    if isinstance(leg.choice.rule.target, Elapsed | CalendarDays):
        return ()
    calendar = leg.choice.calendar
    day, last = calendar.local(a).date(), calendar.local(b).date()
    ordinary = {"working"} if (last - day).days <= _MANY_DAYS else {"working", "weekend"}
    found = []
    while day <= last:
        kind = calendar.day_kind(day)
        if kind not in ordinary:
            found.append((day.isoformat(), kind))
        day += timedelta(days=1)
    return tuple(found)


def _levels(run: Run, due: datetime | None, spans: Spans, history: History) -> tuple[LevelTime, ...]:
    if due is None:
        return ()
    leg = run.legs[-1]
    found = []
    for level in leg.choice.rule.levels:
        at = due
        if level.share is not None and level.share < 100:
            at = _share(leg, due, level.share, spans)
        elif level.before is not None:
            at = _shift(leg, due, -level.before)
        elif level.after is not None:
            at = _shift(leg, due, level.after)
        at = max(at, run.started.at)
        done = history.fired.get((run.metric, run.cycle, run.generation, level.name), 0) > run.began
        done = done or (history.imported_at is not None and at <= history.imported_at)
        found.append(LevelTime(level.name, at, done))
    return tuple(sorted(found, key=lambda item: (item.at, item.name)))


def _share(leg: Leg, due: datetime, share: int, spans: Spans) -> datetime:
    """When this share of the target is used: its amount, or for day targets what lies between start and due."""
    target, calendar = leg.choice.rule.target, leg.choice.calendar
    amount = getattr(target, "amount", None)
    if amount is None:
        amount = measure.consumed(calendar, leg.since, due, target, spans)
    part = amount * share / 100
    counts = Elapsed(part) if isinstance(target, Elapsed | CalendarDays) else part
    return measure.due(calendar, leg.since, counts, spans) or due


def _shift(leg: Leg, due: datetime, by: timedelta) -> datetime:
    if isinstance(leg.choice.rule.target, Elapsed | CalendarDays):
        return due + by
    return leg.choice.calendar.add(due, by)


def _back_dated(history: History, run: Run) -> tuple[int, ...]:
    """Facts of this run written later than they say they happened."""
    end = run.stopped.at if run.stopped is not None else None
    return tuple(
        event.sequence
        for event in history.events
        if event.data.get("back_dated") and event.at >= run.started.at and (end is None or event.at <= end)
    )


def to_data(receipt: Receipt) -> Mapping[str, Any]:
    """The receipt as plain data: codes, instants, whole microseconds; ``canonical`` makes its one text."""
    choice = receipt.leg.choice
    return {
        "metric": receipt.metric,
        "cycle": receipt.cycle,
        "generation": receipt.generation,
        "state": receipt.state,
        "started_at": receipt.started_at,
        "stopped_at": receipt.stopped_at,
        "until": receipt.until,
        "due_at": receipt.due_at,
        "counted": receipt.counted,
        "late": receipt.late,
        "provisional": receipt.provisional,
        "back_dated": receipt.back_dated,
        "policy": choice.policy,
        "policy_digest": choice.policy_digest,
        "calendar": choice.calendar.name,
        "calendar_digest": choice.calendar_digest,
        "target": choice.rule.target.to_data(),
        "source": choice.source,
        "losers": [dict(loser) for loser in choice.losers],
        "legs": [{"since": leg.since, "policy": leg.choice.policy_digest} for leg in receipt.legs],
        "levels": [{"name": level.name, "at": level.at, "fired": level.fired} for level in receipt.levels],
        "segments": [
            {
                "start": item.start,
                "end": item.end,
                "kind": item.kind,
                "counted": item.counted,
                "reasons": [list(pair) for pair in item.reasons],
                "days": [list(pair) for pair in item.days],
            }
            for item in receipt.segments
        ],
    }
