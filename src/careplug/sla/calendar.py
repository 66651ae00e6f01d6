"""The working calendar: a value that knows when somebody works, and counts in that time.

Intervals are half-open, ``[open, close)``. Any aware datetime is taken, in any zone and to the
microsecond; what comes back is an aware UTC datetime or a timedelta of working time. The rules stand in
``docs/explanation/calendars.md``. This module imports nothing of careplug but its errors, so that it can
be taken along alone.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import attrs

from careplug.errors import Invalid
from careplug.sla import _data, _days, _parse
from careplug.sla._days import Ends
from careplug.sla._rules import DayKind, Rules, micros
from careplug.sla._table import EPOCH, MICROSECOND, ZERO, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["DayKind", "Ends", "Roll", "WorkCalendar"]

Roll = Literal["close", "open"]
"""Where ``add`` ends when the time runs out exactly at a closing: there, or at the next opening."""

_ROLLS = ("close", "open")
_UNCOVERED = (TypeError, IndexError, OverflowError)


@attrs.frozen(eq=False, repr=False)
class WorkCalendar:
    """Working hours of one place: a value, compared and hashed by its content.

    ``week`` maps ``"mon"`` … ``"sun"`` to intervals of local time, ``("09:00", "12:00")``; ``"24:00"`` may
    end one, and an end at or before the start lies on the next day. ``dates`` gives single dates their own
    hours (a make-up workday, a short day, ``[]`` for a closed one) and beats ``holidays``, which beats the
    latest of ``periods`` (``(from_date, week)``, rising), which beats ``week``. ``closures`` are stretches
    of time, pairs of aware datetimes, cut out last. ``published_until`` is the last date whose holidays are
    known; None means that there is no such horizon.

    A shift belongs to the date it starts on. Raises ``Invalid`` naming the spot
    (``calendar.week.mon.0.open``). Immutable, picklable and safe to share between threads; the table
    behind it grows by the year, when a year is first asked for.
    """

    name: str = attrs.field(converter=_parse.name)
    zone: str = attrs.field(converter=_parse.zone)
    week: _parse.Week = attrs.field(converter=_parse.week)
    holidays: tuple[date, ...] = attrs.field(default=(), converter=_parse.holidays)
    dates: Mapping[date, _parse.Intervals] = attrs.field(factory=dict, converter=_parse.dates)
    periods: tuple[_parse.Period, ...] = attrs.field(default=(), converter=_parse.periods, kw_only=True)
    closures: tuple[_parse.Closure, ...] = attrs.field(default=(), converter=_parse.closures, kw_only=True)
    published_until: date | None = attrs.field(default=None, converter=_parse.horizon, kw_only=True)
    digest: str = attrs.field(init=False)
    """The name of this content: SHA-256 in hex of the canonical JSON of ``to_data()``."""
    _table: Table = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        rules = Rules(self.zone, self.week, self.holidays, self.dates, self.periods, self.closures)
        object.__setattr__(self, "_table", Table(rules))
        text = json.dumps(self.to_data(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, WorkCalendar) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"WorkCalendar({self.name!r}, {self.zone!r}, digest={self.digest[:12]!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return WorkCalendar.from_data, (self.to_data(),)

    def to_data(self) -> dict[str, Any]:
        """The content as JSON data: dates and instants as ISO 8601 text, no floats."""
        return _data.dump(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> WorkCalendar:
        """The calendar that ``to_data`` wrote. ``Invalid`` names a key that is missing, unknown or wrong."""
        return cls(**_data.load(data))

    # ------------------------------------------------------------------ counting in working time

    def add(self, start: datetime, amount: timedelta, roll: Roll = "close") -> datetime:
        """The instant at which ``amount`` of working time after ``start`` has run out (SLA 1).

        Zero gives the next opening. A positive amount gives the earliest instant with ``between(start, it)
        == amount``, so a closing where it ends exactly there, or with ``roll="open"`` the opening after
        it; a negative one the latest such instant. Raises ``Invalid`` when ten years bring no opening.
        """
        opens, closes, sums, offsets, edges = self._table.fast
        try:
            instant = start - EPOCH
            index = bisect_right(opens, instant)
            worked = (instant - offsets[index] if instant < closes[index] else sums[index]) + amount
            if roll == "close" and amount > ZERO:
                return edges[bisect_left(sums, worked)] + worked
            if roll in _ROLLS:
                return edges[bisect_right(sums, worked)] + worked
        except _UNCOVERED:
            pass
        return self._add(start, amount, roll)

    def between(self, a: datetime, b: datetime) -> timedelta:
        """The working time from ``a`` to ``b``; negative when ``b`` comes first."""
        opens, closes, sums, offsets, _ = self._table.fast
        try:
            instant = a - EPOCH
            index = bisect_right(opens, instant)
            worked = instant - offsets[index] if instant < closes[index] else sums[index]
            instant = b - EPOCH
            index = bisect_right(opens, instant)
            return (instant - offsets[index] if instant < closes[index] else sums[index]) - worked
        except _UNCOVERED:
            start, end = _since(a, "calendar.between.a"), _since(b, "calendar.between.b")
            table = self._table
            return table.worked(end, "calendar.between.b") - table.worked(start, "calendar.between.a")

    def next_open(self, t: datetime) -> datetime:
        """``t`` itself while open, else the next opening."""
        opens, closes, _, _, _ = self._table.fast
        try:
            instant = t - EPOCH
            index = bisect_right(opens, instant)
            return EPOCH + (instant if instant < closes[index] else opens[index])
        except _UNCOVERED:
            fields = ("calendar.next_open.t", "calendar.next_open.t")
            return EPOCH + self._table.walk(_since(t, fields[0]), ZERO, fields, latest=True)

    def is_open(self, t: datetime) -> bool:
        """Whether somebody works at ``t``; at a closing nobody does."""
        since = _since(t, "calendar.is_open.t")
        span = self._table.cover(since, "calendar.is_open.t")
        index = bisect_right(span.opens, since)
        return bool(index) and since < span.closes[index - 1]

    def opening_intervals(self, a: datetime, b: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open stretches in ``[a, b)`` in UTC, cut at its ends, each as long as it goes on."""
        start, end = _since(a, "calendar.opening_intervals.a"), _since(b, "calendar.opening_intervals.b")
        if start >= end:
            return
        self._table.cover(start, "calendar.opening_intervals.a")
        span = self._table.cover(end, "calendar.opening_intervals.b")
        held: tuple[timedelta, timedelta] | None = None
        for index in range(max(bisect_right(span.opens, start) - 1, 0), bisect_left(span.opens, end)):
            opening, closing = max(span.opens[index], start), min(span.closes[index], end)
            if opening >= closing:
                continue
            if held and held[1] == opening:  # the table is cut at the turn of the year
                opening = held[0]
            elif held:
                yield EPOCH + held[0], EPOCH + held[1]
            held = opening, closing
        if held:
            yield EPOCH + held[0], EPOCH + held[1]

    # ------------------------------------------------------------------ counting in days

    def add_days(self, start: datetime, n: int, ends: Ends = "same_time") -> datetime:
        """``n`` working days on from ``start``, ``n >= 0`` (SLA 2).

        ``"same_time"`` counts from the next opening and keeps its clock time: outside the hours of the last
        day it is that day's last closing at or before, else its first opening. For ``"close"`` and
        ``"midnight"`` the local date of the start is day 0, working or not; they end with the last shift
        that starts on day n, or at 24:00 of day n.
        """
        field = "calendar.add_days.start"
        since = _since(start, field)
        count = _parse.count(n, "calendar.add_days.n")
        _parse.choice(ends, "calendar.add_days.ends", ("same_time", "close", "midnight"))
        self._table.cover(since, field)
        opening = self.next_open(start) - EPOCH if ends == "same_time" else since
        rules, start_at, opening_at = self._table.rules, since // MICROSECOND, opening // MICROSECOND
        return _instant(_days.add_working(rules, start_at, opening_at, count, ends, "calendar.add_days.n"))

    def add_dates(self, start: datetime, n: int, ends: Literal["same_time", "midnight"] = "same_time") -> datetime:
        """``n`` local dates on from ``start``, ``n >= 0``, working or not: at the same clock time or at 24:00."""
        since = _since(start, "calendar.add_dates.start")
        self._table.cover(since, "calendar.add_dates.start")
        count = _parse.count(n, "calendar.add_dates.n")
        _parse.choice(ends, "calendar.add_dates.ends", ("same_time", "midnight"))
        found = _days.add_dates(self._table.rules, since // MICROSECOND, count, ends, "calendar.add_dates.n")
        return _instant(found)

    def working_dates(self, a: date, b: date) -> Iterator[date]:
        """The dates from ``a`` to before ``b`` on which a shift starts that is not wholly closed."""
        first = _parse.known_day(a, "calendar.working_dates.a").toordinal()
        stop = _parse.known_day(b, "calendar.working_dates.b").toordinal()
        return (date.fromordinal(day) for day in range(first, stop) if self._table.rules.shifts(day))

    def shifts(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The shifts that start on a local date, in UTC, after closures; empty on a day off."""
        found = self._table.rules.shifts(_parse.known_day(day, "calendar.shifts.day").toordinal())
        return tuple((_instant(opening), _instant(closing)) for opening, closing in found)

    def day_kind(self, day: date) -> DayKind:
        """Why a local date has the hours it has.

        ``"make_up"`` works although week or holidays say no, ``"short"`` has fewer hours than its week
        gives it, ``"closed"`` was emptied by ``dates`` or closures, ``"skipped"`` does not exist in the zone.
        """
        return self._table.rules.kind(_parse.known_day(day, "calendar.day_kind.day").toordinal())

    def is_provisional(self, t: datetime) -> bool:
        """Whether ``t`` lies after 24:00 of ``published_until``, where holidays are not yet announced."""
        since = _since(t, "calendar.is_provisional.t")
        if self.published_until is None:
            return False
        return since // MICROSECOND > _days.at(self._table.rules, self.published_until.toordinal() + 1, 0)

    def local(self, t: datetime) -> datetime:
        """The same instant on the wall clock of this calendar's zone."""
        return _parse.utc(t, "calendar.local.t").astimezone(ZoneInfo(self.zone))

    # ------------------------------------------------------------------ many at once, and plain numbers

    def add_many(self, starts: ArrayLike, seconds: ArrayLike, roll: Roll = "close") -> NDArray[np.int64]:
        """``add`` over int64 epoch seconds and seconds of working time; needs the extra ``numpy``."""
        from careplug.sla import _bulk

        _parse.choice(roll, "calendar.add_many.roll", _ROLLS)
        return _bulk.add(self._table, starts, seconds, latest=roll == "open")

    def between_many(self, starts: ArrayLike, ends: ArrayLike) -> NDArray[np.int64]:
        """``between`` over int64 epoch seconds, in seconds of working time; needs the extra ``numpy``."""
        from careplug.sla import _bulk

        return _bulk.between(self._table, starts, ends)

    def add_micros(self, start: int, amount: int, roll: Roll = "close") -> int:
        """``add`` over epoch microseconds and microseconds of working time."""
        found = self.add(EPOCH + timedelta(0, 0, start), timedelta(0, 0, amount), roll)
        return micros(found)

    def between_micros(self, a: int, b: int) -> int:
        """``between`` over epoch microseconds, in microseconds."""
        return self.between(EPOCH + timedelta(0, 0, a), EPOCH + timedelta(0, 0, b)) // MICROSECOND

    def _add(self, start: datetime, amount: timedelta, roll: Roll) -> datetime:
        """``add`` the careful way: checks every argument and grows the table."""
        fields = ("calendar.add.start", "calendar.add.amount")
        since = _since(start, fields[0])
        if not isinstance(amount, timedelta):
            raise Invalid("calendar.amount", field=fields[1], value=_parse.shown(amount))
        _parse.choice(roll, "calendar.add.roll", _ROLLS)
        latest = roll == "open" or amount <= ZERO
        return EPOCH + self._table.walk(since, amount, fields, latest=latest)


def _since(value: datetime, field: str) -> timedelta:
    return _parse.aware(value, field) - EPOCH


def _instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(0, 0, microseconds)
