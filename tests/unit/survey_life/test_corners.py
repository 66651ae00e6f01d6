"""Rare turns of a survey's life, on the memory storage."""

from __future__ import annotations

import logging

import pytest

from careplug.audit import rebuild
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.feedback.entities import Feedback
from careplug.survey import jobs
from careplug.survey.entities import Score
from tests.unit.survey_life.bureau import BOSS, DAY, HAN, HOUR, LI, TEAM, Bureau

WIDER = {
    "title": {"en": "The team"},
    "questions": [{"key": "a", "type": "scale", "low": 1, "high": 10, "text": {"en": "a"}}],
}


@pytest.fixture
def bureau():
    made = Bureau()
    yield made
    report = rebuild(made.care, write=False)
    assert report.whole, report.text()
    made.care.close()


def put_form(bureau, name, data):
    with bureau.unit() as unit:
        return unit.surveys.put_form(name, data).digest


def test_a_sheet_of_another_revision_than_the_invitation_is_kept_by_its_own(bureau):
    asked = put_form(bureau, "team", TEAM)
    case = bureau.submit()
    with bureau.unit() as unit:
        assert unit.surveys.invite(case.id, form="team").digest == asked
    newer = put_form(bureau, "team", WIDER)
    made = bureau.enter("team", {"a": 9}, feedback_id=case.id)
    assert made.digest == newer
    with bureau.unit() as unit:
        assert unit.surveys.form_of(made).question("a").high == 10
    assert [row.scale for row in bureau.rows(Score)] == ["1..10"]


def test_the_revision_of_another_form_is_not_found(bureau):
    other = put_form(bureau, "team", TEAM)
    with pytest.raises(NotFound) as caught:
        bureau.enter("csat", {"a": 1, "b": 1, "c": 1}, digest=other)
    assert caught.value.field == "survey.digest.form"
    with pytest.raises(NotFound), bureau.unit() as unit:
        unit.surveys.form("csat", digest=other)
    with bureau.unit() as unit:
        assert unit.surveys.form("team", digest=other).digest == other


def test_an_end_that_was_a_mistake_does_not_keep_the_case_from_being_asked_about(bureau):
    bureau.ask(event="resolved")
    case = bureau.submit()
    with bureau.unit() as unit:
        unit.feedback.step(case.id, "handle")
        unit.feedback.step(case.id, "resolve", measure="Password reset", result="Works")
        unit.feedback.override(case.id, "rejected", reason="Wrong button")
    assert bureau.only().state == "withdrawn"
    with bureau.unit() as unit:
        last = unit.feedback.facts(case.id)
        wrong = next(each.sequence for each in last if each.type == "overridden")
        unit.feedback.void(case.id, wrong, reason="Wrong button")
    assert bureau.only().state == "scheduled"


def test_who_answered_in_time_reads_so_however_late(bureau):
    case = bureau.submit()
    with bureau.unit() as unit:
        unit.surveys.invite(case.id)
    token = bureau.token()
    bureau.answer(token, {"satisfaction": 4})
    bureau.later(60 * DAY)
    with pytest.raises(Conflict) as caught:
        bureau.open(token)
    assert caught.value.code == "survey.answered"


def test_the_link_of_an_invitation_that_was_planned_anew_does_not_outlive_its_own_end(bureau):
    bureau.ask(event="resolved", quiet_days=0, expiry={"type": "calendar_days", "days": 3})
    case = bureau.submit()
    with bureau.unit() as unit:
        unit.feedback.step(case.id, "handle")
        unit.feedback.step(case.id, "resolve", measure="Password reset", result="Works")
    bureau.later(DAY)
    first = bureau.token()
    bureau.clock.move(DAY)
    with bureau.unit() as unit:
        facts = unit.feedback.facts(case.id)
        unit.feedback.void(
            case.id, next(each.sequence for each in facts if each.type == "resolved"), reason="Too early"
        )
        unit.feedback.step(case.id, "resolve", measure="Password reset", result="Works")
    bureau.later(DAY)
    assert bureau.only().state == "sent"
    bureau.clock.move(2 * DAY)
    bureau.open(bureau.token())
    with pytest.raises(Refused) as caught:
        bureau.open(first)
    assert caught.value.code == "survey.token_expired"


def test_whoever_asks_by_hand_draws_no_sample(bureau):
    bureau.put("asked", sample=1)
    for number in range(20):
        case = bureau.submit(LI if number % 2 else HAN)
        with bureau.unit() as unit:
            assert unit.surveys.invite(case.id).state == "sent"


def test_a_trigger_that_is_off_asks_nobody_by_hand(bureau):
    bureau.put("asked", active=False)
    case = bureau.submit()
    with pytest.raises(Refused) as caught, bureau.unit() as unit:
        unit.surveys.invite(case.id)
    assert caught.value.field == "survey.trigger.active"
    assert bureau.invitations() == []


def test_who_is_asked_anyway_is_asked_also_later(bureau):
    bureau.put("asked", quiet_days=30, delay={"type": "elapsed", "hours": 5})
    first, second = bureau.submit(), bureau.submit()
    with bureau.unit() as unit:
        unit.surveys.invite(first.id)
    bureau.later(6 * HOUR)
    with pytest.raises(Refused), bureau.unit() as unit:
        unit.surveys.invite(second.id)
    with bureau.unit() as unit:
        assert unit.surveys.invite(second.id, anyway=True).state == "scheduled"
    bureau.later(6 * HOUR)
    assert [each.state for each in bureau.invitations()] == ["sent", "sent"]


def test_a_trigger_that_breaks_holds_up_no_other(bureau, caplog):
    caplog.set_level(logging.CRITICAL, "careplug.survey")
    bureau.done()
    bureau.later(200 * DAY)
    with bureau.unit() as unit:
        unit.definitions.put("survey_trigger", "a_broken", half_yearly(unit, form="gone"))
        unit.definitions.put("survey_trigger", "b_broken", half_yearly(unit, calendar="gone"))
        unit.definitions.put("survey_trigger", "half_yearly", half_yearly(unit, every={"days": 150}))
    assert jobs.begin_periods(bureau.care, bureau.clock()) == 1
    assert [each.form for each in bureau.invitations()] == ["nps"]


def half_yearly(unit, **changes):
    data = unit.definitions.active("survey_trigger")["half_yearly"].data
    return {**data, "active": True, "every": {"days": 150}, **changes}


@pytest.mark.parametrize(("key", "value"), [("follow_up", "complain"), ("kinds", ["faults"])])
def test_a_kind_of_case_that_does_not_exist_is_refused(bureau, key, value):
    with pytest.raises(Invalid) as caught:
        bureau.ask(**{key: value})
    assert caught.value.field.startswith(f"survey_trigger.after_closing.{key}")


def test_an_improvement_is_measured_by_the_scale_it_was_planned_with(bureau):
    put_form(bureau, "team", TEAM)
    for point in (1, 2, 1, 2):
        bureau.enter("team", {"a": point, "b": 1, "c": 1}, contact=LI.ref)
    bureau.later(HOUR)
    with bureau.unit() as unit:
        made = unit.surveys.plan_improvement("Two on duty", form="team", question="a")
        unit.surveys.improvement_done(made.id, expected=made.version, result="Done")
    put_form(bureau, "team", WIDER)
    for point in (8, 9, 8, 9):
        bureau.enter("team", {"a": point}, contact=LI.ref)
    bureau.later(HOUR)
    with bureau.unit() as unit:
        _, effect = unit.surveys.measure_improvement(made.id, expected=made.version + 1)
    assert (effect.before.of, effect.after.of, effect.verdict) == (4, 0, "unclear")


def test_a_low_answer_of_nobody_known_is_followed_up_too(bureau):
    made = bureau.enter("csat", {"satisfaction": 1})
    bureau.later(HOUR)
    with bureau.unit(BOSS) as unit:
        followed = unit.surveys.response(made.id).follow_up
    assert [row.id for row in bureau.rows(Feedback)] == [followed]
