"""What a working calendar costs at least: bisects over prefix sums of one fixed week, and gathers in NumPy.

Mon–Fri 09:00–12:00 and 13:00–18:00, eleven holidays a year, 2018–2034, nothing lazy, nothing checked. Two
scalar floors answer the same: the usual one, which turns datetimes into whole microseconds and back, and
one that stays in timedeltas, which is faster; the aims are held against the faster.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = 2018, 2034
HOURS = ((9, 12), (13, 18))
HOLIDAYS = ((1, 1), (2, 16), (2, 17), (2, 18), (4, 5), (5, 1), (6, 19), (9, 25), (10, 1), (10, 2), (12, 25))
ZERO = timedelta()


def holidays() -> list[date]:
    """The same eleven dates every year."""
    return [date(year, month, day) for year in range(FIRST, LAST + 1) for month, day in HOLIDAYS]


def stretches(zone: str) -> list[tuple[datetime, datetime]]:
    """All working stretches, by a plain walk over the days."""
    info, off, found = ZoneInfo(zone), set(holidays()), []
    for ordinal in range(date(FIRST, 1, 1).toordinal(), date(LAST + 1, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        if day.weekday() < 5 and day not in off:
            for pair in HOURS:
                opening, closing = (datetime(day.year, day.month, day.day, hour, tzinfo=info) for hour in pair)
                found.append((opening.astimezone(UTC), closing.astimezone(UTC)))
    return found


class Floor(NamedTuple):
    """A pair of functions, datetimes in and out."""

    add: Callable[[datetime, timedelta], datetime]
    between: Callable[[datetime, datetime], timedelta]


def integers(zone: str) -> Floor:
    """Two bisects over prefix sums in microseconds, datetimes converted on the way in and out."""
    second = 1_000_000
    micros = [tuple((end - EPOCH) // timedelta(microseconds=1) for end in pair) for pair in stretches(zone)]
    opens, closes = [pair[0] for pair in micros], [pair[1] for pair in micros]
    sums = [0]
    for opening, closing in micros:
        sums.append(sums[-1] + closing - opening)

    def worked(t: datetime) -> int:
        since = t - EPOCH
        instant = (since.days * 86_400 + since.seconds) * second + since.microseconds
        index = bisect_right(opens, instant) - 1
        return sums[index] + min(instant, closes[index]) - opens[index]

    def add(start: datetime, amount: timedelta) -> datetime:
        more = (amount.days * 86_400 + amount.seconds) * second + amount.microseconds
        target = worked(start) + more
        index = bisect_left(sums, target) - 1
        return EPOCH + timedelta(microseconds=opens[index] + target - sums[index])

    def between(a: datetime, b: datetime) -> timedelta:
        return timedelta(microseconds=worked(b) - worked(a))

    return Floor(add, between)


def timedeltas(zone: str) -> Floor:
    """The same without any conversion: everything is a timedelta since 1970."""
    pairs = [(opening - EPOCH, closing - EPOCH) for opening, closing in stretches(zone)]
    opens, closes = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    sums = [ZERO]
    for opening, closing in pairs:
        sums.append(sums[-1] + (closing - opening))
    shifts = [opening - before for opening, before in zip(opens, sums, strict=False)]
    edges = [EPOCH + shift for shift in shifts]

    def add(start: datetime, amount: timedelta) -> datetime:
        instant = start - EPOCH
        index = bisect_right(opens, instant) - 1
        worked = (instant - shifts[index] if instant < closes[index] else sums[index + 1]) + amount
        return edges[bisect_left(sums, worked) - 1] + worked

    def between(a: datetime, b: datetime) -> timedelta:
        instant = a - EPOCH
        index = bisect_right(opens, instant) - 1
        before = instant - shifts[index] if instant < closes[index] else sums[index + 1]
        instant = b - EPOCH
        index = bisect_right(opens, instant) - 1
        return (instant - shifts[index] if instant < closes[index] else sums[index + 1]) - before

    return Floor(add, between)


class Gather(NamedTuple):
    """A pair of functions over int64 epoch seconds."""

    add: Callable[[Any, Any], Any]
    between: Callable[[Any, Any], Any]


def gathers(zone: str) -> Gather:
    """A direct table by hours: one look gives the working time up to an instant, one the way back."""
    quantum = 3600
    origin = int(datetime(FIRST, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(LAST + 1, 1, 1, tzinfo=UTC).timestamp())
    is_open = np.zeros((end - origin) // quantum, np.int64)
    for opening, closing in stretches(zone):
        first, last = ((int(t.timestamp()) - origin) // quantum for t in (opening, closing))
        is_open[first:last] = 1
    begins = origin + quantum * np.arange(len(is_open))
    codes = (np.cumsum(is_open) * quantum - is_open * quantum - is_open * begins) * 2 + is_open
    instants = begins[is_open == 1]

    def worked(t: Any) -> Any:
        found = codes.take((t - origin) // quantum)
        inside = found & 1
        inside *= t
        found >>= 1
        found += inside
        return found

    def add(starts: Any, seconds: Any) -> Any:
        target = worked(starts)
        target += seconds
        cell = (target - 1) // quantum
        found = instants.take(cell)
        cell *= quantum
        target += found
        target -= cell
        return target

    def between(starts: Any, ends: Any) -> Any:
        found = worked(ends)
        found -= worked(starts)
        return found

    return Gather(add, between)


def walked(zone: str, start: datetime, end: datetime) -> timedelta:
    """Working time by looking at every stretch: what the floors are checked against."""
    return sum((max(min(b, end) - max(a, start), ZERO) for a, b in stretches(zone)), ZERO)


def check(zone: str) -> None:
    """The floors are right: against the plain walk, and against each other."""
    one, two, many = integers(zone), timedeltas(zone), gathers(zone)
    base = datetime(2021, 3, 12, 14, 59, 59, tzinfo=UTC)
    for step in range(12):
        start = base + step * timedelta(days=3, hours=5, seconds=7)
        end = start + step * timedelta(days=11, hours=1)
        truth = walked(zone, start, end)
        amount = timedelta(hours=step * 7 + 1)
        due = two.add(start, amount)
        seconds = [int((t - EPOCH).total_seconds()) for t in (start, end)]
        assert one.between(start, end) == two.between(start, end) == truth
        assert one.add(start, amount) == due
        assert walked(zone, start, due) == amount > walked(zone, start, due - timedelta(microseconds=1))
        assert many.between(np.array(seconds[:1]), np.array(seconds[1:]))[0] == truth.total_seconds()
        assert many.add(np.array(seconds[:1]), int(amount.total_seconds()))[0] == (due - EPOCH).total_seconds()
