"""Counting in days: working days and local dates (SLA semantics, point 2).

Instants are epoch microseconds, dates are ordinals, as in ``_rules``.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from careplug.sla._parse import LAST_YEAR, out_of_range
from careplug.sla._rules import SECOND, TEN_YEARS, Rules, Shift, no_opening

Ends = Literal["same_time", "close", "midnight"]

DAY_MICROS = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local(rules: Rules, instant: int) -> tuple[int, int]:
    """The local date of an instant and the microseconds its wall clock shows after midnight."""
    moment = (_EPOCH + timedelta(0, *divmod(instant, SECOND))).astimezone(rules.zone)
    clock = (moment.hour * 3600 + moment.minute * 60 + moment.second) * SECOND + moment.microsecond
    return moment.toordinal(), clock


def at(rules: Rules, day: int, clock: int) -> int:
    """The instant at which the wall clock of a date shows ``clock`` microseconds after midnight."""
    second, rest = divmod(clock, SECOND)
    return rules.instant(day, second) * SECOND + rest


def nth(rules: Rules, day: int, count: int, field: str) -> int:
    """The ``count``-th working day after a date; the date itself for zero."""
    last, year = day, date.fromordinal(day).year
    while count:
        if year > LAST_YEAR:
            raise out_of_range(field)
        days = rules.working_days(year)
        start = bisect_right(days, last)
        ahead = days[start] if start < len(days) else date(year, 12, 31).toordinal()
        if ahead - last > TEN_YEARS.days:
            raise no_opening(field)
        taken = min(count, len(days) - start)
        if taken:
            last = days[start + taken - 1]
            count -= taken
        year += 1
    return last


def add_working(rules: Rules, start: int, opening: int, count: int, ends: Ends, field: str) -> int:
    """``count`` working days on from ``start``; ``opening`` is ``start`` or, when closed, the next opening."""
    if ends == "same_time":
        return _same_time(rules, opening, count, field) if count else opening
    day = nth(rules, local(rules, start)[0], count, field)
    if ends == "midnight":
        return at(rules, day, DAY_MICROS)
    # Without a shift on day 0 the day has no closing: the next working day's is the first there is.
    shifts = rules.shifts(day) or rules.shifts(nth(rules, day, 1, field))
    return max(closing for _, closing in shifts)


def _same_time(rules: Rules, opening: int, count: int, field: str) -> int:
    wall, clock = local(rules, opening)
    # A shift reaches into the next date; where the zone skips one, that is two ordinals on.
    began = next(day for day in (wall - 2, wall - 1, wall) if _during(rules.shifts(day), opening))
    day = nth(rules, began, count, field)
    shifts = rules.shifts(day)
    wanted = at(rules, day + min(wall - began, 1), clock)
    if _during(shifts, wanted):
        return wanted
    return max((closing for _, closing in shifts if closing <= wanted), default=min(shifts)[0])


def _during(shifts: list[Shift], instant: int) -> bool:
    return any(opening <= instant < closing for opening, closing in shifts)


def add_dates(rules: Rules, start: int, count: int, ends: Ends, field: str) -> int:
    """``count`` local dates on, by date arithmetic."""
    day, clock = local(rules, start)
    if day + count > date(LAST_YEAR, 12, 31).toordinal():
        raise out_of_range(field)
    if ends == "midnight":
        return at(rules, day + count, DAY_MICROS)
    return at(rules, day + count, clock) if count else start
