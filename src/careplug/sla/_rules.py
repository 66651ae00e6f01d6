"""From the rules of a calendar to the shifts of one date.

Dates are walked as local dates, never by adding 86 400 seconds. A local time that does not exist moves
forward by the gap, one that exists twice means the first: both are what ``fold=0`` means to zoneinfo.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from careplug.errors import Invalid
from careplug.sla import _parse
from careplug.sla._parse import DAY, WEEKDAYS

DayKind = Literal["working", "weekend", "holiday", "make_up", "short", "closed", "skipped"]
Shift = tuple[int, int]
"""Opening and closing in epoch microseconds."""

TEN_YEARS = timedelta(days=3653)
"""How far a walk looks for the next opening."""

SECOND = 1_000_000
UNIX_DAY = date(1970, 1, 1).toordinal()
_NAIVE_EPOCH = datetime(1970, 1, 1)
_Hours = tuple[tuple[int, int], ...]


def no_opening(field: str) -> Invalid:
    """The error of a walk that met no opening within ten years."""
    return Invalid("calendar.no_opening", field=field)


class Rules:
    """The rules in a form made for asking: seconds, ordinals, sets.

    Dates are proleptic ordinals (``date.toordinal``). Thread-safe: the caches hold what any thread would
    compute to the same value.
    """

    __slots__ = ("_closures", "_dates", "_holidays", "_offsets", "_period_starts", "_weeks", "_working", "zone")

    def __init__(
        self,
        zone: str,
        week: _parse.Week,
        holidays: Iterable[date],
        dates: Mapping[date, _parse.Intervals],
        periods: Iterable[_parse.Period],
        closures: Iterable[_parse.Closure],
    ) -> None:
        periods = tuple(periods)
        self.zone = ZoneInfo(zone)
        self._weeks = [_week(week), *(_week(hours) for _, hours in periods)]
        self._period_starts = [start.toordinal() for start, _ in periods]
        self._holidays = frozenset(day.toordinal() for day in holidays)
        self._dates = {day.toordinal(): _seconds(hours) for day, hours in dates.items()}
        self._closures = [(micros(start), micros(end)) for start, end in closures]
        self._offsets: dict[int, int] = {}
        self._working: dict[int, list[int]] = {}

    def instant(self, ordinal: int, second: int) -> int:
        """Epoch seconds of the local time ``second`` seconds after midnight of a date, by the clock on the wall."""
        ordinal, second = ordinal + second // DAY, second % DAY
        offset = self._offset(ordinal)
        if second and offset != self._offset(ordinal + 1):
            offset = self._offset_at(ordinal, second)
        return (ordinal - UNIX_DAY) * DAY + second - offset

    def skipped(self, ordinal: int) -> bool:
        """Whether the zone left this date out (Apia, 2011-12-30)."""
        return self._offset(ordinal + 1) - self._offset(ordinal) >= DAY

    def weekly(self, ordinal: int) -> _Hours:
        """The hours that week and periods give to a date."""
        return self._weeks[bisect_right(self._period_starts, ordinal)][(ordinal + 6) % 7]

    def hours(self, ordinal: int) -> _Hours:
        """The hours of a date: ``dates`` beats ``holidays`` beats the latest period beats the week."""
        found = self._dates.get(ordinal)
        if found is not None:
            return found
        return () if ordinal in self._holidays else self.weekly(ordinal)

    def shifts(self, ordinal: int) -> list[Shift]:
        """The shifts that start on a date, after gaps of the zone and closures; by opening."""
        hours = self.hours(ordinal)
        if not hours:
            return []
        offset, next_offset = self._offset(ordinal), self._offset(ordinal + 1)
        if offset == next_offset and hours[-1][1] <= DAY:  # nearly every day
            midnight = (ordinal - UNIX_DAY) * DAY - offset
            found = [((midnight + start) * SECOND, (midnight + end) * SECOND) for start, end in hours]
        elif next_offset - offset >= DAY:
            return []
        else:
            both = [(self.instant(ordinal, start), self.instant(ordinal, end)) for start, end in hours]
            found = [(start * SECOND, end * SECOND) for start, end in both if start < end]
        return list(self._cut(found)) if self._closures else found

    def kind(self, ordinal: int) -> DayKind:
        """What kind of day a date is, in the words a receipt uses."""
        if self.skipped(ordinal):
            return "skipped"
        special, week = self._dates.get(ordinal), self.weekly(ordinal)
        holiday = ordinal in self._holidays
        if special is None and holiday:
            return "holiday"
        if not (week if special is None else special):
            return "weekend" if special is None else "closed"
        if not self.shifts(ordinal):
            return "closed"
        if special is None:
            return "working"
        if holiday or not week:
            return "make_up"
        return "short" if _length(special) < _length(week) else "working"

    def working_days(self, year: int) -> list[int]:
        """The dates of a year on which a shift starts that is not wholly closed."""
        found = self._working.get(year)
        if found is None:
            days = range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
            found = self._working[year] = [day for day in days if self.shifts(day)]
        return found

    def _cut(self, shifts: list[Shift]) -> Iterator[Shift]:
        for opening, closing in shifts:
            start = opening
            for index in range(max(bisect_right(self._closures, (opening,)) - 1, 0), len(self._closures)):
                closed, until = self._closures[index]
                if closed >= closing:
                    break
                if start < closed:
                    yield start, closed
                start = max(start, until)
            if start < closing:
                yield start, closing

    def _offset(self, ordinal: int) -> int:
        found = self._offsets.get(ordinal)
        if found is None:
            found = self._offsets[ordinal] = self._offset_at(ordinal, 0)
        return found

    def _offset_at(self, ordinal: int, second: int) -> int:
        wall = _NAIVE_EPOCH + timedelta(ordinal - UNIX_DAY, second)
        offset = wall.replace(tzinfo=self.zone).utcoffset() or timedelta()
        return offset.days * DAY + offset.seconds


def micros(instant: datetime) -> int:
    """Epoch microseconds of a datetime in UTC, without a float on the way."""
    since = instant.replace(tzinfo=None) - _NAIVE_EPOCH
    return (since.days * DAY + since.seconds) * SECOND + since.microseconds


def _seconds(hours: _parse.Intervals) -> _Hours:
    return tuple(_parse.pair(*item) for item in hours)


def _week(week: _parse.Week) -> list[_Hours]:
    return [_seconds(week.get(day, ())) for day in WEEKDAYS]


def _length(hours: _Hours) -> int:
    return sum(end - start for start, end in hours)
