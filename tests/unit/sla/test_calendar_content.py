"""What a calendar is made of: canonical content, data and back, and every kind of bad input by its spot."""

from __future__ import annotations

import copy
import json
import pickle
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from careplug.errors import Invalid
from careplug.sla import WorkCalendar
from careplug.text import catalogue
from tests.unit.sla.strategies import anchored

HOURS = [("09:00", "12:00"), ("13:00", "18:00")]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAIVE = datetime(2026, 1, 1, 12)


def office(**changes: Any) -> WorkCalendar:
    return WorkCalendar(**{"name": "Office", "zone": "Asia/Shanghai", "week": WEEK, **changes})


FULL = office(
    holidays=[date(2026, 1, 1), date(2026, 1, 2)],
    dates={date(2026, 1, 4): [("09:00", "18:00")], date(2026, 2, 16): []},
    periods=[(date(2026, 7, 1), {"mon": [("08:00", "24:00")], "sat": [("22:00:30", "06:00")]})],
    closures=[(NOON, NOON + timedelta(hours=1, microseconds=5))],
    published_until=date(2026, 12, 31),
)

BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": " "}, "calendar.name", "calendar.name"),
    ({"name": 7}, "calendar.name", "calendar.name"),
    ({"zone": "Mars/Olympus"}, "calendar.zone", "calendar.zone"),
    ({"zone": "../etc/passwd"}, "calendar.zone", "calendar.zone"),
    ({"zone": "America"}, "calendar.zone", "calendar.zone"),
    ({"zone": ""}, "calendar.zone", "calendar.zone"),
    ({"zone": UTC}, "calendar.zone_type", "calendar.zone.type"),
    ({"week": HOURS}, "calendar.mapping", "calendar.week"),
    ({"week": {"monday": HOURS}}, "calendar.weekday", "calendar.week.monday"),
    ({"week": {0: HOURS}}, "calendar.weekday", "calendar.week.0"),
    ({"week": {"mon": "09:00-12:00"}}, "calendar.intervals", "calendar.week.mon"),
    ({"week": {"mon": 9}}, "calendar.intervals", "calendar.week.mon"),
    ({"week": {"mon": ["09:00", "12:00"]}}, "calendar.interval", "calendar.week.mon.0"),
    ({"week": {"mon": [("09:00", "12:00", "13:00")]}}, "calendar.interval", "calendar.week.mon.0"),
    ({"week": {"mon": [("9:00", "12:00")]}}, "calendar.time", "calendar.week.mon.0.open"),
    ({"week": {"mon": [("24:00", "12:00")]}}, "calendar.time", "calendar.week.mon.0.open"),
    ({"week": {"mon": [("09:00", "24:01")]}}, "calendar.time", "calendar.week.mon.0.close"),
    ({"week": {"mon": [("09:00", "12:60")]}}, "calendar.time", "calendar.week.mon.0.close"),
    ({"week": {"mon": [("09:00", "1२:00")]}}, "calendar.time", "calendar.week.mon.0.close"),
    ({"week": {"mon": [("09:00", 12)]}}, "calendar.time", "calendar.week.mon.0.close"),
    ({"week": {"mon": [("09:00", "12:00"), ("11:59", "13:00")]}}, "calendar.overlap", "calendar.week.mon"),
    ({"week": {"tue": [("22:00", "06:00"), ("23:00", "23:30")]}}, "calendar.overlap", "calendar.week.tue"),
    ({"holidays": "2026-01-01"}, "calendar.holidays", "calendar.holidays"),
    ({"holidays": 1}, "calendar.holidays", "calendar.holidays"),
    ({"holidays": ["2026-01-01"]}, "calendar.date", "calendar.holidays.0"),
    ({"holidays": [date(2026, 1, 1), NOON]}, "calendar.date_is_datetime", "calendar.holidays.1"),
    ({"dates": [date(2026, 1, 1)]}, "calendar.mapping", "calendar.dates"),
    ({"dates": {"2026-01-01": []}}, "calendar.date", "calendar.dates.2026-01-01"),
    ({"dates": {NOON: []}}, "calendar.date_is_datetime", "calendar.dates.2026-01-01 12:00:00+00:00"),
    ({"dates": {date(2026, 1, 4): [("a", "b")]}}, "calendar.time", "calendar.dates.2026-01-04.0.open"),
    ({"periods": {date(2026, 1, 1): WEEK}}, "calendar.periods", "calendar.periods"),
    ({"periods": [date(2026, 1, 1)]}, "calendar.period", "calendar.periods.0"),
    ({"periods": [("2026-01-01", WEEK)]}, "calendar.date", "calendar.periods.0.from_date"),
    ({"periods": [(date(2026, 1, 1), {"x": []})]}, "calendar.weekday", "calendar.periods.0.week.x"),
    ({"periods": [(date(2026, 1, 2), WEEK), (date(2026, 1, 1), WEEK)]}, "calendar.period_order", "calendar.periods.1.from_date"),
    ({"periods": [(date(2026, 1, 2), WEEK), (date(2026, 1, 2), WEEK)]}, "calendar.period_order", "calendar.periods.1.from_date"),
    ({"closures": "always"}, "calendar.closures", "calendar.closures"),
    ({"closures": [NOON]}, "calendar.closure", "calendar.closures.0"),
    ({"closures": [(NAIVE, NOON)]}, "calendar.naive", "calendar.closures.0.start"),
    ({"closures": [(NOON, NAIVE)]}, "calendar.naive", "calendar.closures.0.end"),
    ({"closures": [(date(2026, 1, 1), NOON)]}, "calendar.not_datetime", "calendar.closures.0.start"),
    ({"closures": [(NOON, NOON)]}, "calendar.closure_order", "calendar.closures.0"),
    ({"closures": [(NOON, NOON - timedelta(1))]}, "calendar.closure_order", "calendar.closures.0"),
    ({"published_until": "2026-12-31"}, "calendar.date", "calendar.published_until"),
    ({"published_until": NOON}, "calendar.date_is_datetime", "calendar.published_until"),
    ({"published_until": date(9999, 12, 31)}, "calendar.range", "calendar.published_until"),
]  # fmt: skip

BAD_DATA: list[tuple[Any, str, str]] = [
    ([], "calendar.data", "calendar.data"),
    ({"zone": "UTC", "week": {}}, "calendar.missing_key", "calendar.name"),
    ({"name": "a", "week": {}}, "calendar.missing_key", "calendar.zone"),
    ({"name": "a", "zone": "UTC"}, "calendar.missing_key", "calendar.week"),
    ({**FULL.to_data(), "holiday": []}, "calendar.unknown_key", "calendar.holiday"),
    ({**FULL.to_data(), "holidays": ["20260101"]}, "calendar.date_text", "calendar.holidays.0"),
    ({**FULL.to_data(), "holidays": ["2026-02-29"]}, "calendar.date_text", "calendar.holidays.0"),
    ({**FULL.to_data(), "holidays": None}, "calendar.holidays", "calendar.holidays"),
    ({**FULL.to_data(), "dates": {"1 Jan": []}}, "calendar.date_text", "calendar.dates.1 Jan"),
    ({**FULL.to_data(), "periods": [["x", {}]]}, "calendar.date_text", "calendar.periods.0.from_date"),
    ({**FULL.to_data(), "periods": [["2026-01-01"]]}, "calendar.period", "calendar.periods.0"),
    ({**FULL.to_data(), "closures": [["noon", "later"]]}, "calendar.instant_text", "calendar.closures.0.start"),
    ({**FULL.to_data(), "closures": [["2026-01-01T00:00:00", "2026-01-02T00:00:00Z"]]}, "calendar.naive", "calendar.closures.0.start"),
    ({**FULL.to_data(), "closures": ["2026-01-01"]}, "calendar.closure", "calendar.closures.0"),
    ({**FULL.to_data(), "published_until": "soon"}, "calendar.date_text", "calendar.published_until"),
    ({**FULL.to_data(), "published_until": 2026}, "calendar.date", "calendar.published_until"),
]  # fmt: skip

BAD_CALLS: list[tuple[str, tuple[Any, ...], str, str]] = [
    ("add", (NAIVE, timedelta(1)), "calendar.naive", "calendar.add.start"),
    ("add", (date(2026, 1, 1), timedelta(1)), "calendar.not_datetime", "calendar.add.start"),
    ("add", ("now", timedelta(1)), "calendar.not_datetime", "calendar.add.start"),
    ("add", (NOON, 3600), "calendar.amount", "calendar.add.amount"),
    ("add", (NOON, NOON), "calendar.amount", "calendar.add.amount"),
    ("add", (NOON, timedelta(1), "shut"), "calendar.choice", "calendar.add.roll"),
    ("add", (NOON, timedelta(0), "shut"), "calendar.choice", "calendar.add.roll"),
    ("add", (datetime(9999, 12, 31, tzinfo=UTC), timedelta(1)), "calendar.range", "calendar.add.start"),
    ("add", (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9))), timedelta(1)), "calendar.range", "calendar.add.start"),
    ("add", (NOON, timedelta.max), "calendar.range", "calendar.add.amount"),
    ("add", (NOON, timedelta.min), "calendar.range", "calendar.add.amount"),
    ("add", (NOON, timedelta(days=200_000)), "calendar.range", "calendar.add.amount"),
    ("between", (NAIVE, NOON), "calendar.naive", "calendar.between.a"),
    ("between", (NOON, NAIVE), "calendar.naive", "calendar.between.b"),
    ("between", (NOON, None), "calendar.not_datetime", "calendar.between.b"),
    ("between", (NOON, datetime(3000, 1, 1, tzinfo=UTC)), "calendar.range", "calendar.between.b"),
    ("next_open", (NAIVE,), "calendar.naive", "calendar.next_open.t"),
    ("is_open", (NAIVE,), "calendar.naive", "calendar.is_open.t"),
    ("is_provisional", (NAIVE,), "calendar.naive", "calendar.is_provisional.t"),
    ("local", (NAIVE,), "calendar.naive", "calendar.local.t"),
    ("add_days", (NAIVE, 1), "calendar.naive", "calendar.add_days.start"),
    ("add_days", (NOON, -1), "calendar.days_negative", "calendar.add_days.n"),
    ("add_days", (NOON, 1.0), "calendar.days_type", "calendar.add_days.n"),
    ("add_days", (NOON, True), "calendar.days_type", "calendar.add_days.n"),
    ("add_days", (NOON, 1, "noon"), "calendar.choice", "calendar.add_days.ends"),
    ("add_days", (NOON, 100_000), "calendar.range", "calendar.add_days.n"),
    ("add_dates", (NOON, -1), "calendar.days_negative", "calendar.add_dates.n"),
    ("add_dates", (NOON, 1, "close"), "calendar.choice", "calendar.add_dates.ends"),
    ("add_dates", (NOON, 200_000), "calendar.range", "calendar.add_dates.n"),
    ("working_dates", (NOON, date(2026, 1, 1)), "calendar.date_is_datetime", "calendar.working_dates.a"),
    ("working_dates", (date(2026, 1, 1), "x"), "calendar.date", "calendar.working_dates.b"),
    ("day_kind", (date(1, 1, 1),), "calendar.range", "calendar.day_kind.day"),
    ("shifts", (NOON,), "calendar.date_is_datetime", "calendar.shifts.day"),
]  # fmt: skip


def refused(error: Invalid, code: str, field: str) -> None:
    assert (error.code, error.field) == (code, field)
    words = catalogue()[f"error.{code}"]
    for language in ("en", "zh_CN"):
        said = error.text(language)
        assert said.startswith(field)
        assert not re.search(r"\{[a-z_]+\}", said), said
        assert len(said) < 300
    assert words.en
    assert words.zh


@pytest.mark.parametrize(("changes", "code", "field"), BAD)
def test_bad_content_is_refused_at_its_spot(changes: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        office(**changes)
    refused(caught.value, code, field)


@pytest.mark.parametrize(("data", "code", "field"), BAD_DATA)
def test_bad_data_is_refused_at_its_key(data: Any, code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        WorkCalendar.from_data(data)
    refused(caught.value, code, field)


@pytest.mark.parametrize(("method", "given", "code", "field"), BAD_CALLS)
def test_bad_questions_are_refused(method: str, given: tuple[Any, ...], code: str, field: str) -> None:
    for calendar in (office(), FULL):  # one with an empty table, one that was asked before
        with pytest.raises(Invalid) as caught:
            getattr(calendar, method)(*given)
        refused(caught.value, code, field)


def test_equal_content_is_equal_however_it_was_written() -> None:
    same = WorkCalendar(
        "Office",
        ZoneInfo("Asia/Shanghai"),  # type: ignore[arg-type]
        {**{day: [["13:00:00", "18:00"], ["09:00", "12:00"]] for day in WEEK}, "sun": []},  # type: ignore[dict-item]
        (date(2026, 1, 2), date(2026, 1, 1), date(2026, 1, 1)),
        {date(2026, 2, 16): (), date(2026, 1, 4): [("09:00", "18:00")]},
        periods=iter(FULL.periods),  # type: ignore[arg-type]
        closures=[
            (NOON.astimezone(ZoneInfo("Europe/Berlin")), NOON + timedelta(minutes=30)),
            (NOON + timedelta(minutes=20), NOON + timedelta(hours=1, microseconds=5)),
        ],
        published_until=date(2026, 12, 31),
    )
    assert same == FULL
    assert hash(same) == hash(FULL)
    assert same.digest == FULL.digest
    assert len({same, FULL, office()}) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Other"},
        {"zone": "Asia/Urumqi"},
        {"week": {**WEEK, "fri": [("09:00", "12:00")]}},
        {"holidays": [date(2026, 1, 1)]},
        {"dates": {date(2026, 1, 4): []}},
        {"periods": [(date(2026, 7, 1), {})]},
        {"closures": [(NOON, NOON + timedelta(microseconds=1))]},
        {"published_until": date(2026, 12, 30)},
    ],
)
def test_other_content_has_another_name(changes: dict[str, Any]) -> None:
    assert office(**changes) != office()
    assert office(**changes).digest != office().digest


def test_intervals_and_closures_may_touch() -> None:
    assert office(week={"mon": [("12:00", "18:00"), ("09:00", "12:00")]}).week["mon"] == (
        ("09:00", "12:00"),
        ("12:00", "18:00"),
    )
    later, last = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    assert office(closures=[(later, last), (NOON, later)]) == office(closures=[(NOON, last)])


def test_a_calendar_is_no_other_thing() -> None:
    assert office() != "Office"
    assert office() != office().to_data()


def test_the_digest_stays_what_it_was() -> None:
    """A stored clock names its calendar by this: it must not change with the code."""
    assert office().digest == "e687dceb257c798310ef73b8d522bfd087d2dea54e5248b4ba8afcffd06a524d"


def test_content_cannot_be_changed() -> None:
    calendar = office()
    with pytest.raises(AttributeError):
        calendar.name = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        calendar.week["mon"] = ()  # type: ignore[index]
    with pytest.raises(TypeError):
        calendar.dates[date(2026, 1, 1)] = ()  # type: ignore[index]


def test_the_data_given_may_change_afterwards() -> None:
    week = {"mon": [("09:00", "12:00")]}
    calendar = office(week=week)
    week["mon"].append(("13:00", "18:00"))
    assert calendar == office(week={"mon": [("09:00", "12:00")]})


def test_data_is_json_and_comes_back() -> None:
    data = json.loads(json.dumps(FULL.to_data()))
    assert WorkCalendar.from_data(data) == FULL
    assert data["closures"] == [["2026-01-01T12:00:00.000000Z", "2026-01-01T13:00:00.000005Z"]]
    assert data["periods"][0][1] == {"mon": [["08:00", "24:00"]], "sat": [["22:00:30", "06:00"]]}


def test_what_may_be_empty_may_be_left_out_and_dates_may_be_dates() -> None:
    assert WorkCalendar.from_data({"name": "Office", "zone": "Asia/Shanghai", "week": WEEK}) == office()
    data = {"name": "Office", "zone": "Asia/Shanghai", "week": WEEK, "holidays": [date(2026, 1, 1)]}
    assert WorkCalendar.from_data(data) == office(holidays=[date(2026, 1, 1)])


@settings(max_examples=50)
@given(pair=anchored())
def test_random_content_comes_back(pair: tuple[WorkCalendar, date]) -> None:
    calendar, _ = pair
    back = WorkCalendar.from_data(json.loads(json.dumps(calendar.to_data())))
    assert back == calendar
    assert back.digest == calendar.digest


def test_pickles_and_copies() -> None:
    FULL.next_open(NOON)
    for other in (pickle.loads(pickle.dumps(FULL)), copy.copy(FULL), copy.deepcopy(FULL)):
        assert other == FULL
        assert other.next_open(NOON) == FULL.next_open(NOON)


def test_its_name_can_be_read() -> None:
    assert repr(office()).startswith("WorkCalendar('Office', 'Asia/Shanghai', digest='")


def test_the_room_gives_its_names_when_asked() -> None:
    import careplug.sla as room

    for name in room.__all__:
        assert getattr(room, name).__name__ == name
    assert set(room.__all__) <= set(dir(room))
    with pytest.raises(AttributeError, match="no attribute 'Calendar'"):
        _ = room.Calendar
