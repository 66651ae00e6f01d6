"""A calendar that walks minute by minute: slow, and written without a look at how the real one does it.

It knows time zones in one direction only, from the instant to the wall clock. Where a shift begins is
found by watching the wall clock of a whole window, minute after minute: the first minute that shows the
time; where the clock jumps over it, the same distance after the jump. Everything in a window must fall on
whole minutes, except the instants that are asked about; answers that lie outside it are None.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from careplug.sla.calendar import WorkCalendar
from careplug.sla.measure import Pause
from careplug.sla.target import CalendarDays, Elapsed, Target, WorkingDays, WorkingTime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta()
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MARGIN = 3 * 1440


def minute_of(instant: datetime) -> int:
    """The minute of the epoch in which an instant lies."""
    return (instant - EPOCH) // MINUTE


def time_of(minute: int) -> datetime:
    """The instant at which a minute of the epoch begins."""
    return EPOCH + minute * MINUTE


class Walls(NamedTuple):
    """What a zone's wall clock shows, minute after minute; all in minutes."""

    low: int
    shown: array[int]
    begin: int
    first: array[int]
    days: frozenset[int]

    def find(self, wall: int) -> int | None:
        """The first minute that shows ``wall``."""
        index = wall - self.begin
        found = self.first[index] if 0 <= index < len(self.first) else -1
        return None if found < 0 else self.low + found


@functools.lru_cache(maxsize=160)
def walls(zone: str, low: int, high: int) -> Walls:
    """Watch the wall clock from one minute to another."""
    info = ZoneInfo(zone)
    shown = array("q")
    for minute in range(low, high):
        naive = time_of(minute).astimezone(info).replace(tzinfo=UTC)
        assert naive.second == 0, f"{zone} is not on whole minutes in {naive.year}"
        shown.append(minute_of(naive))
    begin = min(shown)
    first = array("q", [-1]) * (max(shown) - begin + 1)
    for index, wall in enumerate(shown):
        if first[wall - begin] < 0:
            first[wall - begin] = index
    return Walls(low, shown, begin, first, frozenset(wall // 1440 for wall in shown))


class Oracle:
    """The calendar over ``days`` days from ``first``, a midnight in UTC."""

    def __init__(self, calendar: WorkCalendar, first: datetime, days: int) -> None:
        self.calendar = calendar
        self.low = minute_of(first)
        self.high = self.low + days * 1440
        self._clock = walls(calendar.zone, self.low - MARGIN, self.high + MARGIN)
        self._walls = self._clock.shown
        self._closed = [(minute_of(a), minute_of(b)) for a, b in calendar.closures]
        assert all(time_of(minute_of(t)) == t for closure in calendar.closures for t in closure)
        self._days: dict[int, frozenset[int]] = {}
        open_minutes = bytearray(self.high - self.low)
        for day in range(self._walls[0] // 1440 + 1, self._walls[-1] // 1440 - 2):
            for minute in self.minutes(day):
                if self.low <= minute < self.high:
                    open_minutes[minute - self.low] = 1
        self._open = open_minutes
        self._counts = [0, *accumulate(open_minutes)]

    # ------------------------------------------------------------------ the wall clock

    def instant(self, wall: int) -> int:
        """The minute at which the wall clock first shows ``wall``; after a jump as far on as it lay inside."""
        found = self._clock.find(wall)
        if found is not None:
            return found
        for index in range(1, len(self._walls)):
            before, after = self._walls[index - 1], self._walls[index]
            if before < wall < after:
                return self.instant(wall + after - before - 1)
        raise IndexError(wall)

    def exists(self, day: int) -> bool:
        """Whether any minute of the window shows this date."""
        return day in self._clock.days

    def hours(self, day: int) -> list[tuple[int, int]]:
        """The hours of a date as the rules give them, in minutes after midnight."""
        calendar, here = self.calendar, date(1970, 1, 1) + timedelta(days=day)
        week = calendar.week
        for start, other in calendar.periods:
            if start <= here:
                week = other
        given = () if here in calendar.holidays else week.get(WEEKDAYS[here.weekday()], ())
        return [interval_minutes(*item) for item in calendar.dates.get(here, given)]

    def minutes(self, day: int) -> frozenset[int]:
        """The minutes worked in the shifts that start on a date."""
        if day not in self._days:
            found: set[int] = set()
            if self.exists(day):
                for start, end in self.hours(day):
                    found.update(range(self.instant(day * 1440 + start), self.instant(day * 1440 + end)))
            for start, end in self._closed:
                found = {minute for minute in found if not start <= minute < end}
            self._days[day] = frozenset(found)
        return self._days[day]

    def wall_of(self, instant: datetime) -> int:
        """What the wall clock shows, in minutes."""
        return self._walls[minute_of(instant) - self.low + MARGIN]

    # ------------------------------------------------------------------ working time

    def is_open(self, t: datetime) -> bool:
        return bool(self._open[minute_of(t) - self.low])

    def worked(self, t: datetime) -> timedelta:
        """Working time since the window began."""
        index = minute_of(t) - self.low
        if index == len(self._open):
            return self._counts[index] * MINUTE
        return self._counts[index] * MINUTE + (t - time_of(minute_of(t)) if self._open[index] else ZERO)

    def between(self, a: datetime, b: datetime) -> timedelta:
        return self.worked(b) - self.worked(a)

    def next_open(self, t: datetime) -> datetime | None:
        if self.is_open(t):
            return t
        later = (minute for minute in range(minute_of(t) + 1, self.high) if self._open[minute - self.low])
        return next((time_of(minute) for minute in later), None)

    def add(self, start: datetime, amount: timedelta, roll: str = "close") -> datetime | None:
        """Walk until the amount is used up, forward or backward."""
        if amount < ZERO:
            return self._back(start, -amount)
        found = self._forward(start, amount) if amount else self.next_open(start)
        return found if found is None or roll == "close" else self.next_open(found)

    def _forward(self, start: datetime, left: timedelta) -> datetime | None:
        here = start
        for minute in range(minute_of(start), self.high):
            after = time_of(minute + 1)
            if self._open[minute - self.low]:
                if after - here >= left:
                    return here + left
                left -= after - here
            here = after
        return None

    def _back(self, start: datetime, left: timedelta) -> datetime | None:
        here = start
        for minute in range(minute_of(start), self.low - 1, -1):
            begin = time_of(minute)
            if self._open[minute - self.low]:
                if here - begin >= left:
                    return here - left
                left -= here - begin
            here = begin
        return None

    def stretches(self, a: datetime, b: datetime) -> list[tuple[datetime, datetime]]:
        """The open stretches of ``[a, b)``."""
        found: list[tuple[datetime, datetime]] = []
        for minute in range(minute_of(a), minute_of(b) + 1):
            start, end = max(a, time_of(minute)), min(b, time_of(minute + 1))
            if start >= end or not self._open[minute - self.low]:
                continue
            if found and found[-1][1] == start:
                start = found.pop()[0]
            found.append((start, end))
        return found

    # ------------------------------------------------------------------ days

    def add_days(self, start: datetime, n: int, ends: str = "same_time") -> datetime | None:
        if ends == "same_time":
            opening = self.next_open(start)
            return self._same_time(opening, n) if n and opening else opening
        day = self._walk(self.wall_of(start) // 1440, n)
        if ends == "close" and day is not None and not self.minutes(day):
            day = self._walk(day, 1)
        if day is None:
            return None
        return time_of(self.instant(day * 1440 + 1440) if ends == "midnight" else max(self.minutes(day)) + 1)

    def _same_time(self, opening: datetime, n: int) -> datetime | None:
        minute, wall = minute_of(opening), self.wall_of(opening)
        existing = [day for day in range(wall // 1440 - 4, wall // 1440 + 1) if self.exists(day)]
        began = next(day for day in existing if minute in self.minutes(day))
        overnight = len(existing) - 1 - existing.index(began)
        day = self._walk(began, n)
        if day is None or (day + 3) * 1440 > self._walls[-1]:
            return None
        wanted = time_of(self.instant((day + overnight) * 1440 + wall % 1440)) + (opening - time_of(minute))
        minutes = self.minutes(day)
        if minute_of(wanted) in minutes:
            return wanted
        closings = [one + 1 for one in minutes if one + 1 not in minutes and time_of(one + 1) <= wanted]
        return time_of(max(closings) if closings else min(minutes))

    def _walk(self, day: int, n: int) -> int | None:
        """The n-th date after ``day`` on which a shift starts."""
        while n:
            day += 1
            if (day + 3) * 1440 > self._walls[-1]:
                return None
            n -= bool(self.minutes(day))
        return day

    def add_dates(self, start: datetime, n: int, ends: str = "same_time") -> datetime:
        wall = self.wall_of(start)
        if ends == "midnight":
            return time_of(self.instant((wall // 1440 + n + 1) * 1440))
        if not n:
            return start
        return time_of(self.instant(wall + n * 1440)) + (start - time_of(minute_of(start)))

    # ------------------------------------------------------------------ targets and pauses

    def due(self, start: datetime, target: Target, pauses: Iterable[Pause]) -> datetime | None:
        """The deadline; start and pauses on whole minutes. ``LookupError`` where it lies outside the window."""
        stopped = self._stopped(start, pauses)
        if isinstance(target, WorkingTime):
            return self._use_up(start, target.amount, stopped, self._open)
        if isinstance(target, Elapsed):
            return self._use_up(start, target.amount, stopped, None)
        if isinstance(target, WorkingDays):
            found = self.add_days(start, target.n, target.ends)
        else:
            found = self.add_dates(start, target.n, target.ends)
        for first, last in runs(stopped):
            if found is not None and time_of(first) >= found:
                break
            if last + 1 >= self.high:
                return None
            if found is None:
                continue  # out of sight already, and an open pause may still come before it
            if isinstance(target, CalendarDays):
                found += (last + 1 - first) * MINUTE
            elif taken := sum(self._open[minute - self.low] for minute in range(first, last + 1)):
                found = self.add(found, taken * MINUTE)
        if found is None or found > time_of(self.high):
            raise LookupError
        return found

    def _use_up(
        self, start: datetime, left: timedelta, stopped: Sequence[int], counted: bytearray | None
    ) -> datetime | None:
        if not left:
            found = self.next_open(start) if counted is not None else start
            if found is None:
                raise LookupError
            return found
        halted = set(stopped)
        for minute in range(minute_of(start), self.high):
            if minute not in halted and (counted is None or counted[minute - self.low]):
                if left <= MINUTE:
                    return time_of(minute) + left
                left -= MINUTE
        if self.high - 1 in halted:
            return None
        raise LookupError

    def elapsed(self, start: datetime, end: datetime, pauses: Iterable[Pause]) -> timedelta:
        """Working minutes outside the pauses; start, end and pauses on whole minutes."""
        halted = set(self._stopped(start, pauses))
        span = range(minute_of(start), minute_of(end))
        return sum(self._open[minute - self.low] for minute in span if minute not in halted) * MINUTE

    def _stopped(self, start: datetime, pauses: Iterable[Pause]) -> list[int]:
        """Every minute from the start on that lies in a pause; an open one lasts to the end of the window."""
        found: set[int] = set()
        for a, b in pauses:
            found.update(range(max(minute_of(a), minute_of(start)), self.high if b is None else minute_of(b)))
        return sorted(found)


def interval_minutes(start: str, end: str) -> tuple[int, int]:
    """An interval in minutes after midnight; past 1440 where it crosses midnight."""
    opening, closing = (int(text[:2]) * 60 + int(text[3:5]) for text in (start, end))
    return opening, closing if closing > opening else closing + 1440


def runs(minutes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each unbroken run."""
    start = None
    for index, minute in enumerate(minutes):
        start = minute if start is None else start
        if index + 1 == len(minutes) or minutes[index + 1] != minute + 1:
            yield start, minute
            start = None
