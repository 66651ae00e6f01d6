"""The table behind a calendar: openings, closings and prefix sums, grown by whole years when needed.

Everything is a timedelta since 1970 (UTC), so that a lookup is one subtraction, two bisects and one
addition, all in C, and no instant is ever turned into a number and back.

Years are added on both sides of what is there; sums of earlier years are negative. So the sum at an
instant never changes, and two lookups may see two different states of the table.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, cast

from careplug.sla._parse import FIRST_YEAR, LAST_YEAR, out_of_range
from careplug.sla._rules import SECOND, TEN_YEARS, Rules, no_opening

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO = timedelta()
MICROSECOND = timedelta(microseconds=1)

Fast = tuple[list[timedelta], list[timedelta], list[timedelta], list[timedelta], list[datetime]]
"""Openings, closings, sums, offsets and edges as the fast path of ``WorkCalendar`` reads them.

Index ``i`` is the number of openings at or before an instant, so interval ``i`` is the one that began
last. ``offsets[i]`` is opening minus sum, ``edges[i]`` the same as a datetime; place 0 holds None and
the closing of the last interval is left out: whatever the table does not cover breaks with a TypeError
or IndexError and is answered by the careful way below.
"""

_NOTHING: Fast = ([], [cast("timedelta", None)], [], [cast("timedelta", None)], [cast("datetime", None)])


class Span(NamedTuple):
    """What is known of years ``first`` to ``stop`` (without ``stop``); never changed, only replaced."""

    first: int
    stop: int
    opens: list[timedelta]
    closes: list[timedelta]
    sums: list[timedelta]
    offsets: list[timedelta]
    gaps: list[tuple[timedelta, timedelta]]

    @property
    def start(self) -> timedelta:
        """The first instant that is known."""
        return year_start(self.first)

    @property
    def end(self) -> timedelta:
        """The first instant that is no longer known."""
        return year_start(self.stop)


def year_start(year: int) -> timedelta:
    """Midnight of 1 January in UTC, since 1970."""
    return datetime(year, 1, 1, tzinfo=UTC) - EPOCH


class Table:
    """Lazily grown prefix sums of one calendar; thread-safe."""

    __slots__ = ("_lock", "_span", "fast", "grid", "rules")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.fast: Fast = _NOTHING
        self.grid: Any = None  # what _bulk keeps here; NumPy may be missing
        self._span: Span | None = None
        self._lock = threading.Lock()

    def cover(self, instant: timedelta, field: str) -> Span:
        """A span that knows the year of an instant, and where it can an interval on either side of it."""
        if not year_start(FIRST_YEAR) <= instant < year_start(LAST_YEAR + 1):
            raise out_of_range(field)
        year = (EPOCH + instant).year
        span = self.years(year, year + 1)
        if not span.opens or instant < span.opens[0]:
            span = self.years(year - 1, year + 1)
        return self.years(year, year + 2) if not span.opens or instant >= span.opens[-1] else span

    def years(self, first: int, stop: int) -> Span:
        """A span that knows at least these years, cut to the years a calendar answers for."""
        first, stop = max(first, FIRST_YEAR), min(stop, LAST_YEAR + 1)
        span = self._span
        if span is not None and span.first <= first and stop <= span.stop:
            return span
        with self._lock:
            span = self._span = self._grown(self._span, first, stop)
            # Across a gap of ten years the fast path would answer where a fresh table refuses.
            self.fast = _NOTHING if span.gaps else _fast(span)
            return span

    def worked(self, instant: timedelta, field: str) -> timedelta:
        """Working time up to an instant, from a zero that is fixed for this table."""
        span = self.cover(instant, field)
        index = bisect_right(span.opens, instant)
        return min(instant, span.closes[index - 1]) - span.offsets[index] if index else span.sums[0]

    def walk(self, start: timedelta, amount: timedelta, fields: tuple[str, str], *, latest: bool) -> timedelta:
        """The earliest or the latest instant that lies ``amount`` of working time after ``start``.

        ``fields`` name start and amount in errors.
        """
        worked = self.worked(start, fields[0])
        try:
            in_reach = year_start(FIRST_YEAR) <= start + amount <= year_start(LAST_YEAR + 1)
        except OverflowError:
            in_reach = False
        if not in_reach:  # working time takes at least as long by the clock: no table is needed to see it
            raise out_of_range(fields[1])
        return self._find(start, worked + amount, fields[1], latest=latest)

    def _find(self, start: timedelta, worked: timedelta, field: str, *, latest: bool) -> timedelta:
        search = bisect_right if latest else bisect_left
        span, step = self.cover(start, field), 1
        while not 1 <= (index := search(span.sums, worked)) < len(span.sums):
            span = self._further(span, start, step if index else -step, field)
            step *= 2
        found = span.offsets[index] + worked
        low, high = sorted((start, found))
        outside = ((low, span.opens[0]), (span.closes[-1], high))
        if any(min(high, gap_end) - max(low, gap_start) > TEN_YEARS for gap_start, gap_end in (*span.gaps, *outside)):
            raise no_opening(field)
        return found

    def _further(self, span: Span, start: timedelta, step: int, field: str) -> Span:
        """The span with more years after it, or before it for a negative step."""
        if step > 0:
            barren = span.end - max([start, *span.closes[-1:]])
        else:
            barren = min([start, *span.opens[:1]]) - span.start
        if barren > TEN_YEARS:
            raise no_opening(field)
        grown = self.years(span.first + min(step, 0), span.stop + max(step, 0))
        if grown is span:
            raise out_of_range(field)
        return grown

    def _grown(self, span: Span | None, first: int, stop: int) -> Span:
        if span is None:
            return _span(first, stop, [i for year in range(first, stop) for i in _year(self.rules, year)], [], ZERO)
        first, stop = min(first, span.first), max(stop, span.stop)
        before = [i for year in range(first, span.first) for i in _year(self.rules, year)]
        after = [i for year in range(span.stop, stop) for i in _year(self.rules, year)]
        known = list(zip(span.opens, span.closes, strict=True))
        return _span(first, stop, before, known + after, span.sums[0])


def _year(rules: Rules, year: int) -> list[tuple[timedelta, timedelta]]:
    """The open stretches of one UTC year, merged and cut at its ends.

    Shifts of the days around it are looked at too: a night shift of 31 December, a zone that is a day
    ahead. What is cut at the turn of the year goes on in the next table without a gap.
    """
    low = year_start(year) // MICROSECOND
    high = year_start(year + 1) // MICROSECOND
    days = range(date(year, 1, 1).toordinal() - 3, date(year, 12, 31).toordinal() + 4)
    merged: list[list[int]] = []
    for opening, closing in sorted(shift for day in days for shift in rules.shifts(day)):
        if merged and opening <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], closing)
        else:
            merged.append([opening, closing])
    cut = ((max(opening, low), min(closing, high)) for opening, closing in merged)
    return [(_delta(opening), _delta(closing)) for opening, closing in cut if opening < closing]


def _delta(microseconds: int) -> timedelta:
    return timedelta(0, *divmod(microseconds, SECOND))


def _span(
    first: int,
    stop: int,
    before: list[tuple[timedelta, timedelta]],
    after: list[tuple[timedelta, timedelta]],
    zero: timedelta,
) -> Span:
    """A span whose sum is ``zero`` where ``after`` begins."""
    stretches = before + after
    total = zero - sum((closing - opening for opening, closing in before), ZERO)
    sums, offsets = [total], [cast("timedelta", None)]
    for opening, closing in stretches:
        offsets.append(opening - total)
        total += closing - opening
        sums.append(total)
    gaps = [(one[1], two[0]) for one, two in pairwise(stretches) if two[0] - one[1] > TEN_YEARS]
    opens, closes = [opening for opening, _ in stretches], [closing for _, closing in stretches]
    return Span(first, stop, opens, closes, sums, offsets, gaps)


def _fast(span: Span) -> Fast:
    edges = [cast("datetime", None), *(EPOCH + offset for offset in span.offsets[1:])]
    return span.opens, [cast("timedelta", None), *span.closes[:-1]], span.sums, span.offsets, edges
