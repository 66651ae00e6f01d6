"""Targets: values, data, words."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.errors import Invalid
from careplug.sla import CalendarDays, Elapsed, WorkingDays, WorkingTime
from careplug.sla.target import Target, from_data, of

HOUR = timedelta(hours=1)
AMOUNTS = st.timedeltas(min_value=timedelta(0))
COUNTS = st.integers(min_value=0)
TARGETS = st.one_of(
    st.builds(WorkingTime, AMOUNTS),
    st.builds(Elapsed, AMOUNTS),
    st.builds(WorkingDays, COUNTS, st.sampled_from(("same_time", "close", "midnight"))),
    st.builds(CalendarDays, COUNTS, st.sampled_from(("same_time", "midnight"))),
)


@given(TARGETS)
def test_data_is_json_and_comes_back(target: Target) -> None:
    data = json.loads(json.dumps(target.to_data()), parse_float=pytest.fail)
    assert from_data(data) == target


def test_the_form_of_the_data() -> None:
    assert WorkingTime(HOUR).to_data() == {"type": "working_time", "microseconds": 3_600_000_000}
    assert Elapsed(HOUR).to_data() == {"type": "elapsed", "microseconds": 3_600_000_000}
    assert WorkingDays(5, "close").to_data() == {"type": "working_days", "days": 5, "ends": "close"}
    assert CalendarDays(5).to_data() == {"type": "calendar_days", "days": 5, "ends": "same_time"}


def test_people_may_write_hours_and_leave_out_ends() -> None:
    assert from_data({"type": "working_time", "hours": 1, "minutes": 30}) == WorkingTime(1.5 * HOUR)
    assert from_data({"type": "elapsed", "seconds": 7, "microseconds": 1}) == Elapsed(timedelta(0, 7, 1))
    assert from_data({"type": "working_days", "days": 5}) == WorkingDays(5)


@pytest.mark.parametrize(
    ("make", "code", "field"),
    [
        (lambda: WorkingTime(-HOUR), "target.negative", "working_time.amount"),
        (lambda: Elapsed(timedelta(microseconds=-1)), "target.negative", "elapsed.amount"),
        (lambda: WorkingDays(-1), "target.negative", "working_days.n"),
        (lambda: CalendarDays(-1), "target.negative", "calendar_days.n"),
        (lambda: WorkingTime(3600), "target.amount", "working_time.amount"),
        (lambda: Elapsed("1h"), "target.amount", "elapsed.amount"),
        (lambda: WorkingDays(1.5), "target.days", "working_days.n"),
        (lambda: CalendarDays(True), "target.days", "calendar_days.n"),
        (lambda: WorkingDays(1, "noon"), "target.ends", "working_days.ends"),
        (lambda: CalendarDays(1, "close"), "target.ends", "calendar_days.ends"),
        (lambda: of(3600), "target.unknown", "target"),
    ],
)
def test_bad_targets_are_refused(make: Any, code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        make()
    assert (caught.value.code, caught.value.field) == (code, field)
    for language in ("en", "zh"):
        assert not re.search(r"\{[a-z_]+\}", caught.value.text(language))


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (None, "target.type", "rule.type"),
        ({}, "target.type", "rule.type"),
        ({"type": "hours"}, "target.type", "rule.type"),
        ({"type": ["elapsed"]}, "target.type", "rule.type"),
        ({"type": "elapsed"}, "target.missing_key", "rule.microseconds"),
        ({"type": "working_days"}, "target.missing_key", "rule.days"),
        ({"type": "elapsed", "days": 1}, "target.unknown_key", "rule.days"),
        ({"type": "working_days", "days": 1, "hours": 1}, "target.unknown_key", "rule.hours"),
        ({"type": "elapsed", "hours": 1.5}, "target.whole", "rule.hours"),
        ({"type": "elapsed", "microseconds": "5"}, "target.whole", "rule.microseconds"),
        ({"type": "elapsed", "minutes": True}, "target.whole", "rule.minutes"),
        ({"type": "elapsed", "hours": -1}, "target.negative", "rule.amount"),
        ({"type": "elapsed", "seconds": 10**20}, "target.too_long", "rule.seconds"),
        ({"type": "working_days", "days": "5"}, "target.days", "rule.days"),
        ({"type": "working_days", "days": -5}, "target.negative", "rule.days"),
        ({"type": "calendar_days", "days": 5, "ends": "close"}, "target.ends", "rule.ends"),
    ],
)
def test_bad_data_is_refused_below_the_given_field(data: Any, code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        from_data(data, "rule")
    assert (caught.value.code, caught.value.field) == (code, field)
    for language in ("en", "zh"):
        assert not re.search(r"\{[a-z_]+\}", caught.value.text(language))


def test_a_timedelta_means_working_time() -> None:
    assert of(HOUR) == WorkingTime(HOUR)
    assert of(WorkingDays(1)) == WorkingDays(1)


@pytest.mark.parametrize(
    ("target", "en", "zh"),
    [
        (WorkingTime(timedelta(minutes=30)), "30 min of working time", "30 分钟（工作时间）"),
        (Elapsed(timedelta(hours=24)), "24 h around the clock", "24 小时（自然时间）"),
        (Elapsed(timedelta(0, 3723, 500_000)), "1 h 2 min 3.5 s around the clock", "1 小时 2 分钟 3.5 秒（自然时间）"),
        (WorkingTime(timedelta(0)), "0 min of working time", "0 分钟（工作时间）"),
        (WorkingDays(5, "close"), "5 working days, to the close of the last", "5 个工作日（至末日下班）"),
        (WorkingDays(5), "5 working days, at the same time of day", "5 个工作日（同一时刻）"),
        (WorkingDays(5, "midnight"), "5 working days, to the end of the last", "5 个工作日（至末日 24:00）"),
        (WorkingDays(1, "close"), "1 working day, to the close of the last", "1 个工作日（至末日下班）"),
        (CalendarDays(1), "1 day, at the same time of day", "1 天（同一时刻）"),
        (CalendarDays(1, "midnight"), "1 day, to the end of the last", "1 天（至末日 24:00）"),
    ],
)
def test_words(target: Target, en: str, zh: str) -> None:
    assert target.describe() == en
    assert target.describe("zh_CN") == zh
