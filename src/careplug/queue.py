"""The queue: open clocks by due time with what a page shows of their cases, in two narrow queries; what is left of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from careplug.criteria import All, Criteria, Is, Order, page_size
from careplug.definitions import Definitions
from careplug.feedback.entities import Feedback
from careplug.ports import Unit
from careplug.refs import Ref
from careplug.sla.calendar import WorkCalendar
from careplug.sla.entities import Clock
from careplug.sla.target import CalendarDays, Elapsed, Target

__all__ = ["Left", "QueueLine", "QueuePage", "countdown", "left", "queue", "queue_page", "working_left"]

STRIDE = 500
"""How many clocks are looked at in one go where the queue is narrowed by what only their cases say."""

STRIDES = 3
"""How often, before a page is given as it is: nobody waits for a look at every clock there is."""

MOST = 1000
"""How many cases of one person are looked up."""

_SOON, _DAYS_SOON = timedelta(minutes=15), timedelta(hours=4)


@attrs.frozen
class QueueLine:
    """One open clock and its case. ``due_at`` is None while the clock stands; ``calendar_digest`` pins the calendar
    that countdowns in working time go by, ``policy_digest`` and ``rule`` the promise.
    """

    clock_id: str
    feedback_id: str
    metric: str
    state: str
    due_at: datetime | None
    provisional: bool
    calendar_digest: str
    policy_digest: str
    rule: int
    number: str
    subject: str
    kind: str
    priority: int
    feedback_state: str
    assignee: Ref | None


@attrs.frozen
class QueuePage:
    """A page of the queue; ``following`` is the page key to go on from, None at the end.

    ``stopped`` says that the page ends before it was full, because enough clocks were looked at: what fits may follow.
    """

    lines: tuple[QueueLine, ...]
    following: tuple[datetime | None, str] | None = None
    stopped: bool = False


@attrs.frozen
class Left:
    """What is left until a due time, negative once it has passed: working time, or real time where the target counts that.

    ``soon`` says that a fifth of the target or less is left, or a quarter of an hour (of a number of days: four hours).
    """

    span: timedelta
    working: bool
    soon: bool = False

    @property
    def late(self) -> bool:
        """Whether it has passed."""
        return self.span < timedelta(0)


_CLOCK = (
    *("id", "feedback_id", "metric", "state", "due_at", "provisional"),
    *("calendar_digest", "policy_digest", "rule"),
)
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
    _allow(unit)
    size = page_size(limit, "queue")
    return _lines(unit, _clocks(unit, _wanted(before, metric), after, size), ())


def queue_page(
    unit: Unit,
    *,
    before: datetime | None = None,
    metric: str = "",
    counted: bool = False,
    assignee: Ref | None = None,
    priority: int | None = None,
    kind: str = "",
    after: Sequence[Any] | None = None,
    limit: int = 25,
) -> QueuePage:
    """As ``queue``, narrowed further: ``counted`` leaves out clocks that enter no attainment.

    The clocks of one ``assignee``'s open cases are found by index, exactly. ``priority`` and ``kind`` alone are asked of
    the cases while walking along the due times: a page may be ``stopped`` before it is full, and is gone on with.
    """
    _allow(unit)
    size = page_size(limit, "queue")
    wanted = [*_wanted(before, metric), *([Is("counted", "eq", value=True)] if counted else [])]
    about: list[Criteria] = [Is("priority", "eq", priority)] if priority is not None else []
    about += [Is("kind", "eq", kind)] if kind else []
    if assignee is not None:
        mine = (Is("assignee", "eq", assignee), Is("category", "eq", "open"), *about)
        found = unit.store.pick(Feedback, ("id",), All(*mine), limit=MOST)
        if not found:
            return QueuePage(())
        wanted.append(Is("feedback_id", "in", tuple(row[0] for row in found)))
        about = []
    return _walk(unit, wanted, about, after, size)


def _walk(
    unit: Unit, wanted: Sequence[Criteria], about: Sequence[Criteria], after: Sequence[Any] | None, size: int
) -> QueuePage:
    lines: list[QueueLine] = []
    stride = max(STRIDE, size + 1) if about else size + 1
    for _ in range(STRIDES):
        clocks = _clocks(unit, wanted, after, stride)
        lines += _lines(unit, clocks, about)
        if len(lines) > size:
            last = lines[size - 1]
            return QueuePage(tuple(lines[:size]), (last.due_at, last.clock_id))
        if len(clocks) < stride:
            return QueuePage(tuple(lines))
        after = (clocks[-1][_CLOCK.index("due_at")], clocks[-1][0])
    return QueuePage(tuple(lines), (after[0], after[1]) if after is not None else None, stopped=True)


def _allow(unit: Unit) -> None:
    unit.flush()
    unit.allow("sla.due")
    unit.allow("feedback.list")


def _wanted(before: datetime | None, metric: str) -> list[Criteria]:
    parts: list[Criteria] = [Is("open", "eq", value=True)]
    if before is not None:
        parts.append(Is("due_at", "lt", before))
    if metric:
        parts.append(Is("metric", "eq", metric))
    return parts


def _clocks(unit: Unit, wanted: Sequence[Criteria], after: Sequence[Any] | None, limit: int) -> list[tuple[Any, ...]]:
    return unit.store.pick(Clock, _CLOCK, All(*wanted), order=(Order("due_at"),), limit=limit, after=after)


def _lines(unit: Unit, clocks: Sequence[tuple[Any, ...]], about: Sequence[Criteria]) -> list[QueueLine]:
    """The clocks whose cases fit, each with its case."""
    idents = tuple(dict.fromkeys(clock[1] for clock in clocks))
    if not idents:
        return []
    found = unit.store.pick(Feedback, _CASE, All(Is("id", "in", idents), *about))
    cases = {case[0]: case[1:] for case in found}
    return [QueueLine(*clock, *cases[clock[1]]) for clock in clocks if clock[1] in cases]


def working_left(unit: Unit, calendar_digest: str, now: datetime, due_at: datetime) -> timedelta:
    """Working time to a due time on the calendar a clock is pinned to; negative once it has passed."""
    found: timedelta = unit.get(Definitions).pinned("calendar", calendar_digest).between(now, due_at)
    return found


def left(unit: Unit, clock: Clock | QueueLine, now: datetime) -> Left | None:
    """What is left until a clock's due time, counted as its target counts; None while it stands."""
    if clock.due_at is None:
        return None
    known = unit.get(Definitions)
    target = known.pinned("policy", clock.policy_digest).rules[clock.rule].target
    return countdown(known.pinned("calendar", clock.calendar_digest), target, now, clock.due_at)


def countdown(calendar: WorkCalendar, target: Target, now: datetime, due_at: datetime) -> Left:
    """What is left of a target until a due time, counted as it counts. Pure."""
    real = isinstance(target, Elapsed | CalendarDays)
    span = due_at - now if real else calendar.between(now, due_at)
    amount: timedelta | None = getattr(target, "amount", None)
    soon = timedelta(0) <= span <= (max(amount / 5, _SOON) if amount is not None else _DAYS_SOON)
    return Left(span, not real, soon)
