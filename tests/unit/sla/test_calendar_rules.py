"""The rules one by one, on days that can be looked up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from careplug.sla import WorkCalendar

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFICE = {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
ALWAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), (("00:00", "24:00"),))
NIGHTS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), (("22:00", "06:00"),))
CHINA = WorkCalendar(
    "CN",
    "Asia/Shanghai",
    OFFICE,
    [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)],
    {date(2026, 1, 4): [("09:00", "12:00"), ("13:00", "18:00")]},
    published_until=date(2026, 12, 31),
)


def at(zone: str, text: str) -> datetime:
    """A time on the wall clock of a zone."""
    # In UTC, because Python holds a time that exists twice unequal to the same instant in another zone.
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def china(text: str) -> datetime:
    return at("Asia/Shanghai", text)


def only(**week: Any) -> dict[str, Any]:
    return week


def test_a_deadline_over_new_year_and_a_make_up_sunday() -> None:
    # Wed 31 December 17:00: one hour that day, three days off, and the Sunday that makes up for Friday.
    assert CHINA.add(china("2025-12-31T17:00"), 3 * HOUR) == china("2026-01-04T11:00")
    assert CHINA.add_days(china("2025-12-31T17:00"), 1) == china("2026-01-04T17:00")
    assert CHINA.add_days(china("2025-12-31T17:00"), 2, "close") == china("2026-01-05T18:00")


def test_results_are_utc() -> None:
    start = china("2026-01-05T10:00")
    for found in (CHINA.add(start, HOUR), CHINA.next_open(start), CHINA.add_days(start, 1), CHINA.add_dates(start, 1)):
        assert found.tzinfo is UTC


def test_exactly_at_closing() -> None:
    morning, noon, after = china("2026-01-05T09:00"), china("2026-01-05T12:00"), china("2026-01-05T13:00")
    assert CHINA.add(morning, 3 * HOUR) == noon
    assert CHINA.add(morning, 3 * HOUR, roll="open") == after
    assert CHINA.add(after, -HOUR) == china("2026-01-05T11:00")
    assert CHINA.add(china("2026-01-05T14:00"), -HOUR) == after  # the latest instant with that much before it
    assert CHINA.is_open(morning)
    assert not CHINA.is_open(noon)
    assert CHINA.next_open(noon) == after


def test_between_counts_backwards_too() -> None:
    a, b = china("2026-01-05T11:00"), china("2026-01-06T10:00")
    assert CHINA.between(a, b) == 7 * HOUR
    assert CHINA.between(b, a) == -7 * HOUR


def test_kinds_of_days() -> None:
    calendar = WorkCalendar(
        "kinds",
        "Asia/Shanghai",
        OFFICE,
        [date(2026, 1, 1), date(2026, 1, 3), date(2026, 1, 8)],
        {
            date(2026, 1, 4): [("09:00", "12:00")],
            date(2026, 1, 5): [("09:00", "16:59")],
            date(2026, 1, 6): [("08:00", "20:00")],
            date(2026, 1, 7): [],
            date(2026, 1, 8): [("10:00", "11:00")],
        },
        closures=[(china("2026-01-09T00:00"), china("2026-01-10T00:00")), (china("2026-01-12T00:00"), china("2026-01-12T10:00"))],
    )  # fmt: skip
    kinds = [calendar.day_kind(date(2026, 1, 1) + n * DAY) for n in range(12)]
    assert kinds == [
        "holiday", "working", "holiday", "make_up", "short", "working",
        "closed", "make_up", "closed", "weekend", "weekend", "working",
    ]  # fmt: skip
    assert [*calendar.working_dates(date(2026, 1, 1), date(2026, 1, 13))] == [
        date(2026, 1, day) for day in (2, 4, 5, 6, 8, 12)
    ]
    assert calendar.shifts(date(2026, 1, 12))[0] == (china("2026-01-12T10:00"), china("2026-01-12T12:00"))


def test_dates_beat_holidays_beat_the_latest_period_beats_the_week() -> None:
    calendar = WorkCalendar(
        "order",
        "UTC",
        only(mon=[("01:00", "02:00")]),
        [date(2026, 1, 12), date(2026, 1, 19)],
        {date(2026, 1, 19): [("04:00", "05:00")]},
        periods=[(date(2026, 1, 12), only(mon=[("02:00", "03:00")])), (date(2026, 1, 26), only(mon=[("03:00", "04:00")]))],
    )  # fmt: skip
    start = datetime(2026, 1, 5, tzinfo=UTC)
    found = [opening for opening, _ in calendar.opening_intervals(start, start + 28 * DAY)]
    assert found == [start + HOUR, start + 14 * DAY + 4 * HOUR, start + 21 * DAY + 3 * HOUR]


def test_a_period_holds_from_its_first_date_on() -> None:
    calendar = WorkCalendar("p", "UTC", OFFICE, periods=[(date(2026, 1, 6), {})])
    assert calendar.day_kind(date(2026, 1, 5)) == "working"
    assert calendar.day_kind(date(2026, 1, 6)) == "weekend"


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    calendar = WorkCalendar("nights", "UTC", NIGHTS, [date(2026, 1, 1)])
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    # The shift of the 31st works into the holiday; the holiday's own does not take place.
    assert calendar.between(new_year, new_year + DAY) == 6 * HOUR
    assert calendar.between(new_year + DAY, new_year + 2 * DAY) == 2 * HOUR
    # Three in the morning of the 1st counts as the 31st: two working days on is the night of the 3rd.
    assert calendar.add_days(new_year + 3 * HOUR, 2) == datetime(2026, 1, 4, 3, tzinfo=UTC)
    # By local date it is the 1st.
    assert calendar.add_days(new_year + 3 * HOUR, 2, "close") == datetime(2026, 1, 4, 6, tzinfo=UTC)


def test_a_night_shift_ends_by_the_clock_of_its_morning() -> None:
    # Nothing changes on the Saturday itself; by its end on Sunday the clocks have jumped.
    calendar = WorkCalendar("n", "America/New_York", only(sat=[("22:00", "06:00")]))
    for saturday, hours in (("2026-03-07", 7), ("2026-10-31", 9), ("2026-11-07", 8)):
        start = at("America/New_York", f"{saturday}T12:00")
        assert calendar.between(start, start + DAY) == hours * HOUR
        assert (
            calendar.add_days(start, 0, "close")
            == at("America/New_York", f"{saturday}T06:00") + DAY + (8 - hours) * -HOUR
        )


def test_the_night_before_reaches_into_the_morning_shift() -> None:
    calendar = WorkCalendar("n", "UTC", only(mon=[("22:00", "06:00")], tue=[("05:00", "09:00")]))
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    assert calendar.between(monday, monday + 2 * DAY) == 11 * HOUR
    # 05:30 lies in both; it counts as Monday's night, which ends before 22:00 of the Tuesday that follows.
    assert calendar.add_days(monday + 29.5 * HOUR, 1) == monday + 33 * HOUR


@pytest.mark.parametrize(("end", "whole"), [("24:00", 24), ("00:00", 24), ("23:59:59", 24 - 1 / 3600)])
def test_a_whole_day(end: str, whole: float) -> None:
    calendar = WorkCalendar("d", "UTC", only(mon=[("00:00", end)]))
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    assert calendar.between(monday, monday + 7 * DAY) == timedelta(hours=whole)


def test_days_of_23_and_25_hours() -> None:
    calendar = WorkCalendar("always", "America/New_York", ALWAYS)
    for day, hours in (("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)):
        start = at("America/New_York", f"{day}T00:00")
        assert calendar.between(start, calendar.add_dates(start, 1)) == hours * HOUR
        assert calendar.add_days(start, 0, "midnight") == calendar.add_dates(start, 1)


def test_a_time_that_does_not_exist_moves_by_the_gap() -> None:
    calendar = WorkCalendar("gap", "America/New_York", only(sun=[("02:30", "05:00")]))
    assert calendar.next_open(at("America/New_York", "2026-03-08T00:00")) == at("America/New_York", "2026-03-08T03:30")
    dropped = WorkCalendar("gap", "America/New_York", only(sun=[("02:30", "03:15")]))
    assert dropped.next_open(at("America/New_York", "2026-03-08T00:00")) == at("America/New_York", "2026-03-15T02:30")
    assert dropped.day_kind(date(2026, 3, 8)) == "closed"


def test_a_time_that_exists_twice_means_the_first() -> None:
    calendar = WorkCalendar("fold", "America/New_York", only(sun=[("01:30", "02:30")]))
    start = at("America/New_York", "2026-11-01T00:00")
    assert calendar.next_open(start) == at("America/New_York", "2026-11-01T01:30")
    assert calendar.between(start, start + DAY) == 2 * HOUR
    second = at("America/New_York", "2026-11-01T01:45") + HOUR
    assert calendar.add_days(second, 0) == second
    assert calendar.add_dates(second, 0) == second


def test_half_an_hour_in_lord_howe() -> None:
    calendar = WorkCalendar("lhi", "Australia/Lord_Howe", ALWAYS)
    start = at("Australia/Lord_Howe", "2025-04-06T00:00")
    assert calendar.between(start, calendar.add_dates(start, 1)) == 24.5 * HOUR


def test_apia_had_no_30_december() -> None:
    calendar = WorkCalendar("apia", "Pacific/Apia", ALWAYS)
    skipped = date(2011, 12, 30)
    assert calendar.day_kind(skipped) == "skipped"
    assert calendar.shifts(skipped) == ()
    start = at("Pacific/Apia", "2011-12-29T12:00")
    assert calendar.add_days(start, 1) == at("Pacific/Apia", "2011-12-31T12:00")
    assert calendar.add(start, 24 * HOUR) == at("Pacific/Apia", "2011-12-31T12:00")
    assert calendar.add_days(start, 0, "midnight") == at("Pacific/Apia", "2011-12-31T00:00")
    assert [*calendar.working_dates(date(2011, 12, 29), date(2012, 1, 1))] == [date(2011, 12, 29), date(2011, 12, 31)]


def test_the_shifts_of_a_skipped_date_do_not_move_to_the_next() -> None:
    calendar = WorkCalendar("apia", "Pacific/Apia", OFFICE)  # the 30th would have been a Friday
    start = at("Pacific/Apia", "2011-12-29T00:00")
    assert calendar.between(start, at("Pacific/Apia", "2012-01-02T00:00")) == 8 * HOUR
    assert calendar.next_open(at("Pacific/Apia", "2011-12-29T18:00")) == at("Pacific/Apia", "2012-01-02T09:00")


def test_a_night_over_a_skipped_date() -> None:
    calendar = WorkCalendar("apia", "Pacific/Apia", NIGHTS)
    # The night of the 29th ends on the 31st at six: its morning does not exist and moves on by the gap.
    small_hours = at("Pacific/Apia", "2011-12-31T02:00")
    assert calendar.is_open(small_hours)
    assert not calendar.is_open(at("Pacific/Apia", "2011-12-31T06:00"))
    # It counts as the 29th; one working day on is the night of the 31st, at the same time after midnight.
    assert calendar.add_days(small_hours, 1) == at("Pacific/Apia", "2012-01-01T02:00")


def test_same_time_stays_inside_the_hours_of_the_last_day() -> None:
    calendar = WorkCalendar(
        "short", "UTC", OFFICE, (), {date(2026, 1, 6): [("09:00", "11:00")], date(2026, 1, 7): [("17:00", "20:00")]}
    )
    at_three = datetime(2026, 1, 5, 15, tzinfo=UTC)
    assert calendar.add_days(at_three, 1) == datetime(2026, 1, 6, 11, tzinfo=UTC)  # the last closing at or before
    at_eleven = datetime(2026, 1, 5, 11, tzinfo=UTC)
    assert calendar.add_days(at_eleven, 1) == datetime(2026, 1, 6, 11, tzinfo=UTC)  # exactly when that day closes
    assert calendar.add_days(at_three, 2) == datetime(2026, 1, 7, 17, tzinfo=UTC)  # else the first opening
    assert calendar.add_days(at_three, 3) == datetime(2026, 1, 8, 15, tzinfo=UTC)
    # Saturday counts from the opening on Monday.
    assert calendar.add_days(datetime(2026, 1, 3, 10, tzinfo=UTC), 0) == datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_day_zero_is_the_date_of_the_start_working_or_not() -> None:
    saturday = china("2026-01-10T20:00")
    assert CHINA.add_days(saturday, 1, "close") == china("2026-01-12T18:00")
    assert CHINA.add_days(saturday, 0, "midnight") == china("2026-01-11T00:00")
    assert CHINA.add_days(saturday, 0, "close") == china("2026-01-12T18:00")  # no closing on a Saturday
    assert CHINA.add_days(china("2026-01-09T20:00"), 1, "close") == china("2026-01-12T18:00")


def test_calendar_dates_need_no_work() -> None:
    start = china("2026-01-10T20:00")
    assert CHINA.add_dates(start, 3) == china("2026-01-13T20:00")
    assert CHINA.add_dates(start, 3, "midnight") == china("2026-01-14T00:00")
    assert CHINA.add_dates(start, 0) == start


def test_closures_are_cut_last_to_the_microsecond() -> None:
    begin, end = china("2026-01-05T10:00") + timedelta(microseconds=1), china("2026-01-05T11:00")
    calendar = WorkCalendar("c", "Asia/Shanghai", OFFICE, closures=[(begin, end)])
    assert calendar.between(china("2026-01-05T00:00"), china("2026-01-06T00:00")) == 7 * HOUR + timedelta(
        microseconds=1
    )
    assert calendar.add(china("2026-01-05T10:00"), timedelta(microseconds=2)) == end + timedelta(microseconds=1)


def test_the_horizon() -> None:
    last = china("2027-01-01T00:00")
    assert not CHINA.is_provisional(last)
    assert CHINA.is_provisional(last + timedelta(microseconds=1))
    assert not WorkCalendar("none", "UTC", OFFICE).is_provisional(last)


def test_the_wall_clock() -> None:
    assert CHINA.local(datetime(2026, 1, 1, tzinfo=UTC)).isoformat() == "2026-01-01T08:00:00+08:00"


def test_stretches_go_on_over_the_turn_of_the_year() -> None:
    calendar = WorkCalendar("always", "UTC", ALWAYS)
    a, b = datetime(2025, 6, 1, tzinfo=UTC), datetime(2028, 6, 1, 0, 0, 7, tzinfo=UTC)
    assert [*calendar.opening_intervals(a, b)] == [(a, b)]
    assert [*calendar.opening_intervals(b, a)] == []


def test_plain_numbers() -> None:
    start, day = 1_767_571_200_000_001, 86_400_000_000
    assert CHINA.add_micros(start, 5) == start + 3_600_000_004  # 08:00 and a microsecond: opens at nine
    assert CHINA.between_micros(start, start + day) == 8 * 3_600_000_000
