"""Random calendars, instants, targets and pauses around the days on which calendars go wrong.

Each recipe draws through a ``Pick``, so that Hypothesis (which shrinks) and a seeded run of a million
cases (which counts) make the same kind of thing from the same lines.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from careplug.sla.calendar import WorkCalendar
from careplug.sla.measure import Pause
from careplug.sla.target import CalendarDays, Elapsed, Target, WorkingDays, WorkingTime
from tests.unit.sla.oracle import WEEKDAYS, Oracle

T = TypeVar("T")

BEFORE, AFTER = 9, 13
"""Days of a window on either side of its anchor."""

ZONES = {
    "UTC": (2024, 2026),
    "Asia/Shanghai": (1987, 2024),
    "Asia/Kathmandu": (2023, 2024),
    "America/New_York": (2006, 2025),
    "America/Sao_Paulo": (2016, 2019),  # summer time began and ended at midnight
    "America/St_Johns": (2008, 2010),  # and here at one minute past
    "America/Havana": (2022, 2024),
    "Europe/London": (1970, 2024),
    "Europe/Berlin": (2024, 2025),
    "Africa/Casablanca": (2023, 2025),  # back for Ramadan
    "Australia/Lord_Howe": (2024, 2025),  # by half an hour
    "Antarctica/Troll": (2022, 2023),  # by two hours
    "Pacific/Apia": (2011, 2012),  # without 30 December 2011
}


class Pick(Protocol):
    """Something that decides."""

    def integer(self, low: int, high: int) -> int:
        """A number from low to high, both included."""

    def one(self, choices: Sequence[T]) -> T:
        """One of the choices."""


class Drawn:
    """Decisions by Hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def one(self, choices: Sequence[T]) -> T:
        return self._draw(st.sampled_from(choices))


class Seeded:
    """Decisions by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)


class Case(NamedTuple):
    """A calendar, the oracle over a window, and the pick that goes on deciding."""

    calendar: WorkCalendar
    oracle: Oracle
    first: datetime
    pick: Pick


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Random cases for Hypothesis; what a test draws further goes through ``case.pick``."""
    return case(Drawn(draw))


@st.composite
def anchored(draw: st.DrawFn) -> tuple[WorkCalendar, date]:
    """Random calendars without an oracle, each with the date around which its oddities lie."""
    pick = Drawn(draw)
    zone = pick.one(sorted(ZONES))
    anchor = pick.one(anchors(zone))
    return make_calendar(pick, zone, anchor), anchor


@functools.cache
def anchors(zone: str) -> tuple[date, ...]:
    """Dates worth a look in a zone: its changes of offset, turns of year and month, 29 February."""
    first, last = ZONES[zone]
    found: list[date] = []
    for year in sorted({first, last}):
        found += [date(year, 12, 31), date(year, 2, 28), date(year, 7, 31)]
        for number in range(365):
            day = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number)
            offsets = {(day + timedelta(days=more)).astimezone(ZoneInfo(zone)).utcoffset() for more in (0, 1)}
            if len(offsets) == 2:
                found.append(day.date())
    return tuple(found)


def case(pick: Pick) -> Case:
    """A random calendar with its oracle."""
    zone = pick.one(sorted(ZONES))
    anchor = pick.one(anchors(zone))
    first = datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC) - timedelta(days=BEFORE)
    calendar = make_calendar(pick, zone, anchor)
    return Case(calendar, Oracle(calendar, first, BEFORE + AFTER), first, pick)


def make_calendar(pick: Pick, zone: str, anchor: date) -> WorkCalendar:
    """A random calendar whose oddities lie around a date."""

    def near() -> date:
        return anchor + timedelta(days=pick.integer(-6, 6))

    special = [near() for _ in range(pick.integer(0, 3))]
    changes = sorted({near() for _ in range(pick.one((0, 0, 1, 2)))})
    closures = []
    for _ in range(pick.one((0, 0, 1, 3))):
        start = datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC) + timedelta(
            minutes=pick.integer(-8 * 1440, 8 * 1440)
        )
        closures.append((start, start + timedelta(minutes=pick.one((1, 30, 60, 480, 1440, 3000)))))
    return WorkCalendar(
        "random",
        zone,
        make_week(pick),
        [near() for _ in range(pick.integer(0, 3))],
        {day: make_hours(pick) for day in special},
        periods=[(day, make_week(pick)) for day in changes],
        closures=closures,
        published_until=pick.one((None, near())),
    )


def make_week(pick: Pick) -> dict[str, Sequence[tuple[str, str]]]:
    """Usual weeks as often as odd ones."""
    kind = pick.integer(0, 5)
    office = (("09:00", "12:00"), ("13:00", "18:00"))
    if kind == 0:
        return dict.fromkeys(WEEKDAYS[:5], office)
    if kind == 1:
        return dict.fromkeys(WEEKDAYS, (("00:00", "24:00"),))
    if kind == 2:
        return dict.fromkeys(WEEKDAYS, (("22:00", "06:00"),))
    if kind == 3:
        return dict.fromkeys(WEEKDAYS[: pick.integer(1, 7)], tuple(make_hours(pick)))
    return {day: make_hours(pick) for day in WEEKDAYS}


def make_hours(pick: Pick) -> list[tuple[str, str]]:
    """Intervals of one day: none to three, sometimes across midnight, often near the hours that clocks jump over."""
    edges = sorted({_minute(pick) for _ in range(2 * pick.integer(0, 3))})
    pairs = [(edges[index], edges[index + 1]) for index in range(0, len(edges) - 1, 2)]
    found = [(_text(start), _text(end)) for start, end in pairs if start < 1440]
    if pairs and pick.integer(0, 3) == 0:
        begin, limit = pairs[-1][0], pairs[0][0]
        end = pick.integer(0, limit) if len(pairs) > 1 else pick.integer(0, begin)
        found[-1:] = [(_text(begin), _text(end))] if begin < 1440 else []
    return found


def _minute(pick: Pick) -> int:
    if pick.integer(0, 1):
        return pick.one((0, 1, 30, 59, 60, 61, 90, 119, 120, 121, 150, 179, 180, 240, 1380, 1410, 1439, 1440))
    return pick.integer(0, 1440)


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def instant(case: Case, *, exact: bool = False) -> datetime:
    """An instant in the middle of the window, to the microsecond or on a whole minute."""
    pick = case.pick
    found = case.first + timedelta(minutes=pick.integer((BEFORE - 6) * 1440, (BEFORE + 6) * 1440))
    if exact or pick.integer(0, 2) == 0:
        return found
    return found + timedelta(microseconds=pick.one((1, 1_000_000, pick.integer(0, 59_999_999), 59_999_999)))


def amount(pick: Pick) -> timedelta:
    """Up to some days of working time, on odd microseconds or on the hour."""
    kind = pick.integer(0, 4)
    if kind == 0:
        return timedelta(hours=pick.integer(0, 48))
    if kind == 1:
        return timedelta(minutes=pick.integer(0, 600))
    return timedelta(microseconds=pick.integer(0, 40 * 3600 * 1_000_000))


def target(pick: Pick) -> Target:
    """A target of any kind that usually ends inside a window."""
    kind = pick.integer(0, 3)
    if kind == 0:
        return WorkingTime(amount(pick))
    if kind == 1:
        return WorkingDays(pick.integer(0, 4), pick.one(("same_time", "close", "midnight")))
    if kind == 2:
        return Elapsed(timedelta(microseconds=pick.integer(0, 4 * 86_400 * 1_000_000)))
    return CalendarDays(pick.integer(0, 4), pick.one(("same_time", "midnight")))


def pauses(case: Case) -> list[Pause]:
    """Up to four pauses on whole minutes, overlapping, touching, before the start, sometimes open."""
    found: list[Pause] = []
    for _ in range(case.pick.integer(0, 4)):
        start = instant(case, exact=True)
        length = case.pick.one((0, 1, 60, 600, 1440, 3000))
        found.append((start, start + timedelta(minutes=length) if case.pick.integer(0, 9) else None))
    return found
