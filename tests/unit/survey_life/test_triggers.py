"""Triggers: what they may say, whom they fit, when they ask."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug import Ref
from careplug.errors import Invalid
from careplug.plugin.builtin import PARSERS
from careplug.sla.calendar import WorkCalendar
from careplug.sla.seeds import SEEDS
from careplug.survey.triggers import Every, chosen

OFFICE = WorkCalendar.from_data(next(seed.data for seed in SEEDS if (seed.kind, seed.name) == ("calendar", "office")))
PLAIN = {"event": "closed", "form": "csat"}
FRIDAY = datetime(2026, 3, 6, 9, 30, tzinfo=UTC)  # 17:30 in Shanghai


@attrs.frozen
class Case:
    kind: str = "fault"
    organisation: Ref | None = None
    priority: int = 3
    custom: dict = attrs.field(factory=dict)


def parse(**data):
    return PARSERS["survey_trigger"]("t", {**PLAIN, **data})


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({"event": "someday"}, "definition.choice", "event"),
        ({"form": ""}, "definition.text", "form"),
        ({"form": None}, "definition.text", "form"),
        ({"colour": "red"}, "definition.keys", "colour"),
        ({"active": 1}, "definition.bool", "active"),
        ({"sample": 0}, "survey.trigger_number", "sample"),
        ({"sample": 101}, "survey.trigger_number", "sample"),
        ({"sample": True}, "survey.trigger_number", "sample"),
        ({"quiet_days": -1}, "survey.trigger_number", "quiet_days"),
        ({"delay": {"type": "soon"}}, "target.type", "delay.type"),
        ({"reminders": {"days": 3}}, "definition.list", "reminders"),
        ({"reminders": [{"type": "elapsed"}]}, "target.missing_key", "reminders[0].microseconds"),
        ({"every": {"days": 3}}, "survey.trigger_useless", "every.useless"),
        ({"event": "periodic"}, "survey.trigger_every", "every"),
        ({"event": "periodic", "every": {"weeks": 3}}, "survey.trigger_every", "every"),
        ({"event": "periodic", "every": {"days": 0}}, "survey.trigger_number", "every.days"),
        ({"event": "periodic", "every": {"days": 3}, "when": None}, "survey.trigger_useless", "when.useless"),
        ({"when": {"field": "colour", "op": "eq", "value": 1}}, "subscription.field", "when.colour"),
        ({"customers": ["acme"]}, "ref.form", "customers"),
        ({"on_reopen": "dunno"}, "definition.choice", "on_reopen"),
    ],
)
def test_a_wrong_trigger_says_which_key(data, code, field):
    with pytest.raises(Invalid) as refused:
        parse(**data)
    assert (refused.value.code, refused.value.field) == (code, f"survey_trigger.t.{field}")


def test_it_fits_kinds_customers_and_conditions():
    acme = Ref("organisation", "acme")
    assert parse().fits(Case())
    assert parse(kinds=["fault"]).fits(Case())
    assert not parse(kinds=["question"]).fits(Case())
    assert parse(customers=["organisation:acme"]).fits(Case(organisation=acme))
    assert not parse(customers=["organisation:acme"]).fits(Case())
    urgent = {"field": "priority", "op": "le", "value": 2}
    assert parse(when=urgent).fits(Case(priority=1))
    assert not parse(when=urgent).fits(Case(priority=3))
    vip = {"field": "custom.vip", "op": "eq", "value": True}
    assert parse(when=vip).fits(Case(custom={"vip": True}))
    assert not parse(when=vip).fits(Case())


def test_a_condition_that_cannot_be_compared_asks_nobody():
    assert not parse(when={"field": "priority", "op": "le", "value": "two"}).fits(Case())


def test_invitations_and_reminders_go_out_in_office_hours():
    trigger = parse(
        delay={"type": "elapsed", "hours": 3},
        reminders=[
            {"type": "working_days", "days": 5},
            {"type": "elapsed", "hours": 24},
            {"type": "calendar_days", "days": 99},
        ],
    )
    sent = trigger.send_at(OFFICE, FRIDAY)
    assert sent == datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # Monday, 9:00
    end = sent + timedelta(days=14)
    assert trigger.reminder_times(OFFICE, sent, end) == (
        datetime(2026, 3, 10, 1, 0, tzinfo=UTC),
        datetime(2026, 3, 16, 1, 0, tzinfo=UTC),
    )


def test_a_sample_is_the_same_each_time_and_about_as_large_as_it_says():
    names = [str(number) for number in range(4000)]
    drawn = [name for name in names if chosen(25, "tenant", "trigger", name)]
    assert drawn == [name for name in names if chosen(25, "tenant", "trigger", name)]
    assert 900 <= len(drawn) <= 1100
    assert all(chosen(100, name) for name in names)
    assert {name for name in names if chosen(5, name)} <= {name for name in names if chosen(50, name)}


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 400), st.booleans())
def test_every_day_lies_in_exactly_one_period(day, count, months):
    every = Every(months=min(count, 120)) if months else Every(days=count)
    period = every.period(day)
    assert every.first(period) <= day < every.first(period + 1)
