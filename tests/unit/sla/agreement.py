"""What the calendar and the oracle must agree on, and what must hold whatever they say.

Each check takes a case and gives ``(what was asked, ours, theirs)`` for every comparison. The tests run
them under Hypothesis, the proof ``calendar_oracle`` by the hundred thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from careplug.errors import Invalid
from careplug.sla.measure import consumed, due, elapsed
from careplug.sla.target import Elapsed, WorkingDays
from tests.unit.sla.oracle import ZERO, interval_minutes, time_of
from tests.unit.sla.strategies import Case, amount, instant, pauses, target

Comparison = tuple[str, Any, Any]
Check = Callable[[Case], Iterator[Comparison]]

MICROSECOND = timedelta(microseconds=1)
BEYOND = "outside the window"


def seen(case: Case, ask: Callable[..., Any], *given: Any) -> Any:
    """The answer of the calendar, where the window shows it."""
    try:
        found = ask(*given)
    except Invalid as error:
        if error.code != "calendar.no_opening":
            raise
        return BEYOND
    return inside(case, found)


def inside(case: Case, found: datetime | None) -> Any:
    """An answer of either side that the window shows; the oracle sees some days more than it can vouch for."""
    shown = found is not None and time_of(case.oracle.low) <= found < time_of(case.oracle.high)
    return found if shown else BEYOND


def adding(case: Case) -> Iterator[Comparison]:
    """``add`` with nothing, forward, forward onto an opening, and backward."""
    calendar, oracle = case.calendar, case.oracle
    for _ in range(3):
        start, more = instant(case), amount(case.pick)
        for by, roll in ((ZERO, "close"), (more, "close"), (more, "open"), (-more, "close"), (-more, "open")):
            theirs = oracle.add(start, by, roll)
            ours = seen(case, calendar.add, start, by, roll)
            yield f"add({start}, {by}, {roll})", ours, inside(case, theirs)


def counting(case: Case) -> Iterator[Comparison]:
    """``between``, ``is_open``, ``next_open`` and the open stretches."""
    calendar, oracle = case.calendar, case.oracle
    for _ in range(3):
        a, b = instant(case), instant(case)
        yield f"between({a}, {b})", calendar.between(a, b), oracle.between(a, b)
        yield f"is_open({a})", calendar.is_open(a), oracle.is_open(a)
        yield f"next_open({a})", seen(case, calendar.next_open, a), inside(case, oracle.next_open(a))
        a, b = min(a, b), min(max(a, b), min(a, b) + timedelta(days=3))
        yield f"opening_intervals({a}, {b})", list(calendar.opening_intervals(a, b)), oracle.stretches(a, b)


def days(case: Case) -> Iterator[Comparison]:
    """Working days, local dates, which dates work, what is provisional."""
    calendar, oracle = case.calendar, case.oracle
    for _ in range(2):
        start, n = instant(case), case.pick.integer(0, 4)
        for ends in ("same_time", "close", "midnight"):
            theirs = oracle.add_days(start, n, ends)
            yield (
                f"add_days({start}, {n}, {ends})",
                seen(case, calendar.add_days, start, n, ends),
                inside(case, theirs),
            )
        for ends in ("same_time", "midnight"):
            yield (
                f"add_dates({start}, {n}, {ends})",
                calendar.add_dates(start, n, ends),
                oracle.add_dates(start, n, ends),
            )
        day = calendar.local(start).date()
        number = (day - date(1970, 1, 1)).days
        works = bool(oracle.minutes(number))
        yield f"working_dates({day})", list(calendar.working_dates(day, day + timedelta(1))), [day] * works
        yield f"day_kind({day}) works", calendar.day_kind(day) in {"working", "make_up", "short"}, works
        until = calendar.published_until
        yield f"is_provisional({start})", calendar.is_provisional(start), until is not None and after(case, start)


def after(case: Case, start: Any) -> bool:
    """Whether the wall clock of every minute from the start on shows a date after the horizon."""
    until = case.calendar.published_until
    assert until is not None
    end = time_of(case.oracle.instant(((until - date(1970, 1, 1)).days + 1) * 1440))
    return start > end


def deadlines(case: Case) -> Iterator[Comparison]:
    """``due`` and ``elapsed`` with pauses, for every kind of target."""
    calendar, oracle = case.calendar, case.oracle
    for _ in range(3):
        start, end = instant(case, exact=True), instant(case, exact=True)
        stops, wanted = pauses(case), target(case.pick)
        try:
            theirs: Any = oracle.due(start, wanted, stops)
            theirs = theirs if theirs is None else inside(case, theirs)
        except LookupError:
            theirs = BEYOND
        what = f"due({start}, {wanted}, {stops})"
        try:
            found = due(calendar, start, wanted, stops)
        except Invalid as error:
            if error.code != "calendar.no_opening":
                raise
            yield f"{what} is never, and the window shows none", isinstance(theirs, datetime), False
        else:
            yield what, found if found is None else inside(case, found), theirs
        start, end = min(start, end), max(start, end)
        yield (
            f"elapsed({start}, {end}, {stops})",
            elapsed(calendar, start, end, stops),
            oracle.elapsed(start, end, stops),
        )


def identities(case: Case) -> Iterator[Comparison]:
    """What holds without an oracle: inverse, earliest, latest, additive, monotone."""
    calendar = case.calendar
    if not calendar.week or not all(week for _, week in calendar.periods):
        return  # sooner or later it never opens again: see the tests of ten years
    a, b, c = instant(case), instant(case), instant(case)
    more = amount(case.pick) + MICROSECOND
    yield "between is antisymmetric", calendar.between(a, b), -calendar.between(b, a)
    yield "between is additive", calendar.between(a, b) + calendar.between(b, c), calendar.between(a, c)
    yield "nothing leads to the next opening", calendar.add(a, ZERO), calendar.next_open(a)
    for by, roll in ((more, "close"), (more, "open"), (-more, "close")):
        found = calendar.add(a, by, roll)
        yield f"between({a}, add({by}, {roll})) is what was added", calendar.between(a, found), by
        if roll == "close" and by > ZERO:
            before = calendar.between(a, found - MICROSECOND)
            yield f"add({a}, {by}) is the earliest", before, by - MICROSECOND
        else:
            later = calendar.between(a, found + MICROSECOND)
            yield f"add({a}, {by}, {roll}) is the latest", later, by + MICROSECOND
    yield "steps add up", calendar.add(calendar.add(a, more), more), calendar.add(a, more + more)
    yield "a later start is never due earlier", calendar.add(min(a, b), more) <= calendar.add(max(a, b), more), True
    for ends in _rising(case):
        here, there = (calendar.add_days(start, 2, ends) for start in (min(a, b), max(a, b)))
        yield f"nor by days to {ends}", here <= there, True


def _rising(case: Case) -> list[str]:
    """The ends of days by which a later start is never due earlier on this calendar."""
    calendar = case.calendar
    weeks = (calendar.week, *(week for _, week in calendar.periods))
    every = [hours for week in weeks for hours in week.values()] + [*calendar.dates.values()]
    if any(interval_minutes(*item)[1] > 1440 for hours in every for item in hours):
        return ["midnight"]  # a night may end after the only shift of the next date
    last = time_of(case.oracle.high)
    jumps = calendar.local(case.first).utcoffset() != calendar.local(last).utcoffset()
    # Half past two moves to half past three, past three o'clock, where the clocks jump.
    return ["midnight", "close"] if jumps else ["midnight", "close", "same_time"]


def more_pause(case: Case) -> Iterator[Comparison]:
    """More pause never brings a deadline nearer; no pause is as without; order does not matter."""
    start, wanted, stops = instant(case, exact=True), target(case.pick), pauses(case)
    closed = [stop for stop in stops if stop[1] is not None]
    if seen(case, due, case.calendar, start, wanted, closed) is BEYOND:
        return
    plain = due(case.calendar, start, wanted)
    before = plain
    for count in range(len(closed) + 1):
        now = due(case.calendar, start, wanted, closed[:count])
        assert now is not None
        assert before is not None
        yield f"due({start}, {wanted}, {closed[:count]}) is no earlier", now >= before, True
        before = now
    yield "the order of pauses", due(case.calendar, start, wanted, closed[::-1]), before
    if plain is not None:
        yield "a pause after the end", due(case.calendar, start, wanted, [(plain, None)]), plain
    if before is not None and not isinstance(wanted, WorkingDays) and before > start and isinstance(wanted, Elapsed):
        yield "what was consumed", consumed(case.calendar, start, before, wanted, closed), wanted.amount


ALL: tuple[Check, ...] = (adding, counting, days, deadlines, identities, more_pause)
