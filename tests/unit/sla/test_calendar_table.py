"""The table behind a calendar: lazy, thread-safe, and never seen in an answer."""

from __future__ import annotations

import random
import sys
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from careplug.errors import Invalid
from careplug.sla import WorkCalendar

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = {day: [("09:00", "12:00"), ("22:00", "05:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
SPARSE = {date(2000, 1, 1): [("09:00", "17:00")], date(2020, 1, 1): [("09:00", "17:00")]}


def moment(year: int, month: int = 1, day: int = 1, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    dice = random.Random(7)
    old = WorkCalendar("a", "Europe/Berlin", WEEK)
    for _ in range(20):
        start = moment(1990) + timedelta(seconds=dice.randrange(40 * 365 * 86_400))
        other = start + timedelta(seconds=dice.randrange(-(10**9), 10**9))
        amount = timedelta(seconds=dice.randrange(-(10**7), 10**7))
        fresh = WorkCalendar("a", "Europe/Berlin", WEEK)
        assert fresh.between(start, other) == old.between(start, other)
        assert WorkCalendar("a", "Europe/Berlin", WEEK).add(start, amount) == old.add(start, amount)


def test_sums_do_not_move_when_earlier_years_come_in() -> None:
    calendar = WorkCalendar("a", "UTC", WEEK)
    whole = WorkCalendar("a", "UTC", WEEK).between(moment(2010, 3), moment(2030, 3))
    assert calendar.between(moment(2030, 3), moment(2010, 3)) == -whole  # backwards: the second look grows the table
    parts = [calendar.between(moment(year, 3), moment(year + 1, 3)) for year in range(2010, 2030)]
    assert sum(parts, timedelta()) == whole


def test_many_threads_on_a_new_calendar() -> None:
    asked = [(moment(2005 + 2 * n, 5), timedelta(hours=1000 * n)) for n in range(9)]
    reference = WorkCalendar("a", "America/New_York", WEEK)
    expected = [(reference.add(*pair), reference.between(pair[0], moment(2015))) for pair in asked]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            calendar = WorkCalendar("a", "America/New_York", WEEK)
            gate, found = threading.Barrier(6), []

            def work(number: int) -> None:
                order = asked[number:] + asked[:number]
                gate.wait()  # noqa: B023
                got = {pair: (calendar.add(*pair), calendar.between(pair[0], moment(2015))) for pair in order}  # noqa: B023
                found.append([got[pair] for pair in asked])  # noqa: B023

            threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [expected] * 6
    finally:
        sys.setswitchinterval(interval)


def test_no_opening_within_ten_years() -> None:
    never = WorkCalendar("never", "UTC", {})
    for ask in (
        lambda: never.next_open(moment(2026)),
        lambda: never.add(moment(2026), HOUR),
        lambda: never.add(moment(2026), -HOUR),
        lambda: never.add_days(moment(2026), 1),
        lambda: never.add_days(moment(2026), 1, "close"),
    ):
        with pytest.raises(Invalid) as caught:
            ask()
        assert caught.value.code == "calendar.no_opening"
    assert never.between(moment(2026), moment(2040)) == timedelta()
    assert not never.is_open(moment(2026))
    assert never.add_days(moment(2026), 0, "midnight") == moment(2026, 1, 2)


@pytest.mark.parametrize("before", [(), (2000, 2020), (2010,)])
def test_a_gap_of_ten_years_is_met_whatever_the_table_knows(before: tuple[int, ...]) -> None:
    calendar = WorkCalendar("sparse", "UTC", {}, (), SPARSE)
    for year in before:
        calendar.is_open(moment(year))
    assert calendar.add(moment(2000), 8 * HOUR) == moment(2000, 1, 1, 17)
    assert calendar.between(moment(1999), moment(2021)) == 16 * HOUR
    assert calendar.next_open(moment(2012)) == moment(2020, 1, 1, 9)
    for start, amount in (
        (moment(2000), 9 * HOUR),
        (moment(2000, 1, 2), timedelta()),
        (moment(2021), -9 * HOUR),
        (moment(2012), -HOUR),
        (moment(2035), -HOUR),
        (moment(1985), HOUR),
    ):
        with pytest.raises(Invalid) as caught:
            calendar.add(start, amount)
        assert (caught.value.code, start, amount) == ("calendar.no_opening", start, amount)


def test_ten_years_to_the_day() -> None:
    calendar = WorkCalendar("late", "UTC", {}, (), {date(2026, 1, 1): [("00:00", "01:00")]})
    assert calendar.next_open(moment(2026) - timedelta(days=3653)) == moment(2026)
    with pytest.raises(Invalid):
        calendar.next_open(moment(2026) - timedelta(days=3653, microseconds=1))
    assert calendar.add_days(moment(2026) - timedelta(days=3653), 1, "close") == moment(2026, 1, 1, 1)
    with pytest.raises(Invalid):
        calendar.add_days(moment(2026) - timedelta(days=3654), 1, "close")


def test_a_closure_of_years() -> None:
    calendar = WorkCalendar("pause", "UTC", WEEK, closures=[(moment(2020), moment(2029))])
    assert calendar.next_open(moment(2021)) == moment(2029, 1, 1, 9)
    assert calendar.between(moment(2020), moment(2029)) == timedelta()


def test_the_ends_of_the_years_it_answers_for() -> None:
    calendar = WorkCalendar(
        "all", "UTC", dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), (("00:00", "24:00"),))
    )
    last = moment(2299, 12, 31, 23)
    assert calendar.is_open(last)
    assert calendar.add(last, HOUR) == moment(2300)
    assert calendar.next_open(moment(1900)) == moment(1900)
    for start, amount in ((last, HOUR + timedelta(microseconds=1)), (moment(1900), -HOUR)):
        with pytest.raises(Invalid) as caught:
            calendar.add(start, amount)
        assert caught.value.code == "calendar.range"
