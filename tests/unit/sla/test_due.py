"""Deadlines and what was used, with pauses: the semantics of the SLA page, point 5, by example."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from careplug.errors import Invalid
from careplug.sla import CalendarDays, Elapsed, WorkCalendar, WorkingDays, WorkingTime, due, elapsed
from careplug.sla.measure import consumed, merge

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFICE = WorkCalendar(
    "office",
    "Asia/Shanghai",
    {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")},
)


def at(text: str) -> datetime:
    """March 2026 in Shanghai: the 2nd is a Monday."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))


MONDAY = at("02T09:00")


def test_without_pauses() -> None:
    assert due(OFFICE, MONDAY, 8 * HOUR) == due(OFFICE, MONDAY, WorkingTime(8 * HOUR)) == at("02T18:00")
    assert due(OFFICE, at("02T20:00"), timedelta(minutes=30)) == at("03T09:30")  # S5
    assert due(OFFICE, at("06T17:00"), Elapsed(2 * HOUR)) == at("06T19:00")  # S6: by day and night
    assert due(OFFICE, at("06T17:00"), WorkingDays(5, "close")) == at("13T18:00")  # S11
    assert due(OFFICE, at("06T17:00"), CalendarDays(2)) == at("08T17:00")
    assert due(OFFICE, at("07T17:00"), timedelta(0)) == at("09T09:00")
    assert due(OFFICE, at("07T17:00"), Elapsed(timedelta(0))) == at("07T17:00")


def test_the_deadline_is_utc_whatever_the_target() -> None:
    for target in (HOUR, Elapsed(HOUR), WorkingDays(1), CalendarDays(1), CalendarDays(0), WorkingDays(0, "midnight")):
        found = due(OFFICE, MONDAY, target)
        assert found is not None
        assert found.tzinfo is UTC


def test_a_pause_pays_back_what_the_target_counts() -> None:
    over_lunch = [(at("02T11:00"), at("02T14:00"))]
    assert due(OFFICE, MONDAY, 4 * HOUR, over_lunch) == at("02T16:00")  # two hours of work
    assert due(OFFICE, MONDAY, Elapsed(4 * HOUR), over_lunch) == at("02T16:00")  # three hours of the clock
    assert due(OFFICE, MONDAY, WorkingDays(1), over_lunch) == at("03T11:00")
    assert due(OFFICE, MONDAY, CalendarDays(1), over_lunch) == at("03T12:00")


def test_a_pause_without_work_moves_no_working_target() -> None:
    weekend = [(at("06T18:00"), at("09T09:00"))]
    assert due(OFFICE, at("06T17:00"), 2 * HOUR, weekend) == at("09T10:00")
    assert due(OFFICE, at("06T17:00"), WorkingDays(1, "close"), weekend) == at("09T18:00")
    # Not rolled on from the closing it stands at, either.
    night = [(at("03T18:00"), at("04T09:00"))]
    assert due(OFFICE, at("02T17:00"), WorkingDays(2, "close"), night) == at("04T18:00")
    assert due(OFFICE, at("06T17:00"), Elapsed(2 * HOUR), weekend) == at("09T10:00")


def test_it_runs_out_before_the_pause() -> None:
    later = [(at("02T12:00"), None)]
    assert due(OFFICE, MONDAY, 2 * HOUR, later) == at("02T11:00")
    assert due(OFFICE, MONDAY, 3 * HOUR, later) == at("02T12:00")  # exactly when the pause begins
    assert due(OFFICE, MONDAY, 3 * HOUR + timedelta(microseconds=1), later) is None
    assert due(OFFICE, MONDAY, Elapsed(3 * HOUR), later) == at("02T12:00")
    assert due(OFFICE, MONDAY, Elapsed(4 * HOUR), later) is None
    assert due(OFFICE, MONDAY, WorkingDays(1), later) is None
    assert due(OFFICE, MONDAY, WorkingDays(0), later) == MONDAY
    assert due(OFFICE, MONDAY, CalendarDays(1), [(at("03T09:00"), None)]) == at("03T09:00")


def test_an_earlier_pause_may_let_a_later_one_count() -> None:
    two = [(at("02T10:00"), at("02T11:00")), (at("02T12:00"), at("03T12:00"))]
    assert due(OFFICE, MONDAY, 3 * HOUR, two[1:]) == at("02T12:00")
    assert due(OFFICE, MONDAY, 3 * HOUR, two) == at("03T14:00")
    assert due(OFFICE, MONDAY, CalendarDays(0), two) == MONDAY


def test_pauses_before_the_start() -> None:
    before = [(at("01T00:00"), MONDAY), (at("01T00:00"), at("02T10:00"))]
    assert due(OFFICE, MONDAY, HOUR, before[:1]) == at("02T10:00")
    assert due(OFFICE, MONDAY, HOUR, before) == at("02T11:00")
    assert due(OFFICE, MONDAY, HOUR, [(at("01T00:00"), None)]) is None
    assert due(OFFICE, MONDAY, CalendarDays(1), before) == at("03T10:00")


def test_overlapping_pauses_pay_back_once() -> None:
    pauses = [(at("02T10:00"), at("02T12:00")), (at("02T11:00"), at("02T15:00")), (at("02T10:30"), at("02T11:30"))]
    assert due(OFFICE, MONDAY, 2 * HOUR, pauses) == at("02T16:00")
    assert elapsed(OFFICE, MONDAY, at("02T18:00"), pauses) == 4 * HOUR
    assert consumed(OFFICE, MONDAY, at("02T18:00"), Elapsed, pauses) == 4 * HOUR


def test_merging() -> None:
    a, b, c, d = (at(f"02T1{hour}:00").astimezone(UTC) for hour in range(4))
    assert merge([(c, d), (a, b)]) == [(a, b), (c, d)]
    assert merge([(b, c), (a, b)]) == [(a, c)]
    assert merge([(a, a), (b, b)]) == []
    assert merge([(a, d), (b, c)]) == [(a, d)]
    assert merge([(b, None), (a, c), (d, d + HOUR)]) == [(a, None)]
    assert merge([(a, b), (c, None), (d, None)]) == [(a, b), (c, None)]
    assert merge([(a, b), (a, c)], since=b) == [(b, c)]
    assert merge([(a, b)], since=b) == []
    assert merge([(a, None)], since=b) == [(b, None)]
    assert merge([(at("02T10:00"), at("02T11:00"))]) == [(a, b)]
    assert merge([(a, b)])[0][0].tzinfo is UTC


def test_what_was_used() -> None:
    end = at("03T10:00")
    assert elapsed(OFFICE, MONDAY, end) == 9 * HOUR
    assert elapsed(OFFICE, MONDAY, end, [(at("02T17:00"), None)]) == 7 * HOUR
    assert (
        elapsed(OFFICE, MONDAY, end, [(at("01T00:00"), at("02T10:00")), (at("03T09:30"), at("09T00:00"))]) == 7.5 * HOUR
    )
    assert elapsed(OFFICE, end, MONDAY) == -9 * HOUR
    assert elapsed(OFFICE, end, MONDAY, [(at("02T10:00"), at("02T11:00"))]) == -9 * HOUR


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        (WorkingTime, 8),
        (WorkingDays, 8),
        (WorkingDays(3), 8),
        (HOUR, 8),
        (Elapsed, 22),
        (CalendarDays, 22),
        (Elapsed(HOUR), 22),
        (CalendarDays(1), 22),
    ],
)
def test_each_target_counts_its_own(kind: Any, hours: int) -> None:
    pauses = [(at("02T11:00"), at("02T14:00"))]
    assert consumed(OFFICE, MONDAY, at("03T10:00"), kind, pauses) == (hours if hours == 22 else 7) * HOUR


def test_work_never_done_while_paused_for_good() -> None:
    assert consumed(OFFICE, MONDAY, at("03T10:00"), Elapsed, [(MONDAY, None)]) == timedelta()
    assert elapsed(OFFICE, MONDAY, at("03T10:00"), [(MONDAY, None)]) == timedelta()


NAIVE = datetime(2026, 3, 2, 9)


@pytest.mark.parametrize(
    ("ask", "code", "field"),
    [
        (lambda: due(OFFICE, NAIVE, HOUR), "calendar.naive", "due.start"),
        (lambda: due(OFFICE, date(2026, 3, 2), HOUR), "calendar.not_datetime", "due.start"),
        (lambda: due(OFFICE, MONDAY, -HOUR), "target.negative", "working_time.amount"),
        (lambda: due(OFFICE, MONDAY, 8), "target.unknown", "target"),
        (lambda: due(OFFICE, MONDAY, Elapsed(timedelta.max)), "target.too_long", "due.target"),
        (lambda: due(OFFICE, MONDAY, HOUR, [MONDAY]), "pause.pair", "pauses.0"),
        (lambda: due(OFFICE, MONDAY, HOUR, [(MONDAY, MONDAY, MONDAY)]), "pause.pair", "pauses.0"),
        (lambda: due(OFFICE, MONDAY, HOUR, [(MONDAY, None), (MONDAY, MONDAY - HOUR)]), "pause.reversed", "pauses.1"),
        (lambda: due(OFFICE, MONDAY, HOUR, [(NAIVE, None)]), "calendar.naive", "pauses.0.start"),
        (lambda: due(OFFICE, MONDAY, HOUR, [(MONDAY, NAIVE)]), "calendar.naive", "pauses.0.end"),
        (lambda: due(OFFICE, MONDAY, HOUR, [(MONDAY, 5)]), "calendar.not_datetime", "pauses.0.end"),
        (lambda: elapsed(OFFICE, NAIVE, MONDAY), "calendar.naive", "elapsed.start"),
        (lambda: elapsed(OFFICE, MONDAY, NAIVE), "calendar.naive", "elapsed.end"),
        (lambda: consumed(OFFICE, NAIVE, MONDAY, Elapsed), "calendar.naive", "consumed.start"),
        (lambda: consumed(OFFICE, MONDAY, MONDAY, "all"), "target.unknown", "target"),
    ],
)
def test_bad_questions_are_refused(ask: Any, code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        ask()
    assert (caught.value.code, caught.value.field) == (code, field)
    for language in ("en", "zh"):
        assert not re.search(r"\{[a-z_]+\}", caught.value.text(language))
