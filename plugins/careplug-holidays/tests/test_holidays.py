"""Holidays and make-up workdays against the notices of the State Council, and what is known until when."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest

import careplug_holidays
from careplug.definitions import digest_of
from careplug.errors import Invalid
from careplug.sla import WorkCalendar, due
from careplug.timeline.facts import canonical
from careplug_holidays.api import announced_until, holiday_calendar, holiday_names

HOURS = (("09:00", "12:00"), ("13:00", "18:00"))
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)
DAY = timedelta(days=1)

# What the State Council announced (国务院办公厅关于部分节假日安排的通知): first and last day off of each holiday,
# and the weekend days worked for them.
NOTICES = {
    2024: (
        ["01-01/01-01", "02-10/02-17", "04-04/04-06", "05-01/05-05", "06-10/06-10", "09-15/09-17", "10-01/10-07"],
        ["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"],
    ),
    2025: (
        ["01-01/01-01", "01-28/02-04", "04-04/04-06", "05-01/05-05", "05-31/06-02", "10-01/10-08"],
        ["01-26", "02-08", "04-27", "09-28", "10-11"],
    ),
    2026: (
        ["01-01/01-03", "02-15/02-23", "04-04/04-06", "05-01/05-05", "06-19/06-21", "09-25/09-27", "10-01/10-07"],
        ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
    ),
}


def day(year: int, text: str) -> date:
    return date.fromisoformat(f"{year}-{text}")


@pytest.fixture(scope="module")
def china() -> WorkCalendar:
    return holiday_calendar("CN", name="CN", zone="Asia/Shanghai", week=WEEK)


@pytest.mark.parametrize("year", NOTICES)
def test_every_day_of_the_year_is_as_announced(china, year):
    ranges, worked = NOTICES[year]
    off = set()
    for first, last in (text.split("/") for text in ranges):
        here = day(year, first)
        while here <= day(year, last):
            off.add(here)
            here += DAY
    made_up = {day(year, text) for text in worked}
    whole = [date(year, 1, 1) + n * DAY for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    expected = [here for here in whole if here in made_up or (here.weekday() < 5 and here not in off)]
    assert [*china.working_dates(date(year, 1, 1), date(year + 1, 1, 1))] == expected
    assert {here for here in whole if china.day_kind(here) == "make_up"} == made_up


def test_a_make_up_day_has_ordinary_hours(china):
    assert {china.dates[day(2026, text)] for text in NOTICES[2026][1]} == {HOURS}
    short = holiday_calendar(
        "CN", name="s", zone="Asia/Shanghai", week=WEEK, years=[2026], workday_hours=[("10:00", "12:00")]
    )
    assert short.dates[date(2026, 1, 4)] == (("10:00", "12:00"),)
    mixed = {**WEEK, "mon": [("08:00", "10:00")], "sat": [("10:00", "11:00")]}
    assert holiday_calendar("CN", name="m", zone="UTC", week=mixed, years=[2026]).dates[date(2026, 2, 14)] == HOURS


def test_the_deadline_over_spring_festival(china):
    start = datetime(2026, 2, 13, 17, tzinfo=ZoneInfo("Asia/Shanghai"))
    # Friday one hour, Saturday the 14th is worked for the 20th; then nine days off.
    assert due(china, start, timedelta(hours=10)) == datetime(2026, 2, 24, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_2027_is_not_announced_and_says_so(china):
    assert china.published_until == announced_until("CN") == date(2026, 12, 31)
    assert china.is_provisional(datetime(2027, 1, 4, tzinfo=UTC))
    assert not china.is_provisional(datetime(2026, 12, 31, 15, tzinfo=UTC))
    assert china.day_kind(date(2027, 10, 1)) == "holiday"  # what the law says already counts


@pytest.mark.parametrize(("country", "until"), [("US", None), ("DE", None), ("JP", None)])
def test_where_a_law_fixes_them_the_years_asked_for_are_the_horizon(country, until):
    assert announced_until(country) is until
    calendar = holiday_calendar(country, name="x", zone="UTC", week=WEEK, years=range(2024, 2028))
    assert calendar.published_until == date(2027, 12, 31)


def test_what_waits_for_the_moon_is_not_settled():
    until = announced_until("AE")
    assert until is not None
    assert date(2024, 12, 31) <= until < date(2040, 1, 1)


def test_who_knows_better_may_say_so():
    calendar = holiday_calendar("CN", name="x", zone="UTC", week=WEEK, published_until=date(2027, 12, 31))
    assert calendar.published_until == date(2027, 12, 31)
    assert attrs.evolve(calendar, published_until=None).published_until is None


def test_regions():
    both = [
        holiday_calendar("DE", region, name="x", zone="Europe/Berlin", week=WEEK, years=[2026])
        for region in ("BY", "BE")
    ]
    assert [item.day_kind(date(2026, 1, 6)) for item in both] == ["holiday", "working"]  # Epiphany


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"country": "XX"}, "holidays.country", "holidays.country"),
        ({"country": "holidays"}, "holidays.country", "holidays.country"),
        ({"subdivision": "BY"}, "holidays.subdivision", "holidays.subdivision"),
        ({"years": []}, "holidays.years", "holidays.years"),
        ({"years": 2026}, "holidays.years", "holidays.years"),
        ({"years": ["2026"]}, "holidays.years", "holidays.years"),
        ({"years": [2026, 2500]}, "holidays.range", "holidays.years.range"),
        ({"week": {"mon": [("9", "10")]}}, "calendar.time", "calendar.week.mon.0.open"),
        ({"week": []}, "calendar.mapping", "calendar.week"),
    ],
)
def test_bad_input_is_refused(changes, code, field):
    given = {"country": "CN", "subdivision": None, "name": "x", "zone": "UTC", "week": WEEK, **changes}
    with pytest.raises(Invalid) as caught:
        holiday_calendar(given.pop("country"), given.pop("subdivision"), **given)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.text("en").startswith(field)
    assert caught.value.text("zh") != caught.value.text("en")


def test_names():
    assert holiday_names("CN", years=[2026])[date(2026, 5, 1)] == "Labor Day"
    assert holiday_names("CN", years=[2026], language="zh")[date(2026, 5, 1)] == "劳动节"
    assert holiday_names("DE", years=[2026], language="de")[date(2026, 1, 1)] == "Neujahr"
    assert holiday_names("DE", years=[2026], language="zh")[date(2026, 1, 1)]


def test_the_seed_is_a_calendar(china):
    (seed,) = careplug_holidays.careplug_definitions()
    assert (seed.kind, seed.name) == ("calendar", "cn_standard")
    calendar = WorkCalendar.from_data(seed.data)
    first, last = date(2024, 1, 1), date(2027, 1, 1)
    assert [*calendar.working_dates(first, last)] == [*china.working_dates(first, last)]
    assert calendar.published_until == date(2026, 12, 31)
    assert json.loads(canonical(seed.data)) == dict(seed.data)
    assert digest_of(seed.kind, seed.name, seed.data) == digest_of(seed.kind, seed.name, dict(seed.data))


def test_the_plugin_loads_without_the_library():
    code = "import sys, careplug_holidays as p; s = p.careplug_definitions(); print('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
