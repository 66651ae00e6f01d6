"""Surveys on every database: many workers, two at once, erasing, reopening, and how many statements results take."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from careplug import audit
from careplug.criteria import All, Is
from careplug.errors import Conflict
from careplug.ports import Measure
from careplug.survey import jobs
from careplug.survey.entities import Invitation, Response, Score
from careplug.tasks import again
from tests.integration.test_statements import Counted
from tests.unit.survey_life.bureau import DAY, HAN, HOUR, LI, WANG, Bureau

SAD = {"satisfaction": 1, "comment": "拖了三天"}


@pytest.fixture
def bureau(database_url):
    made = Bureau(database_url, plugins="sqlalchemy")
    yield made
    made.care.close()


def at_once(works):
    """The results of all, or what they raised, done at the same time."""

    def safely(work):
        try:
            return again(work)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(safely, works))


def test_a_life_with_a_reopening_and_an_erasure(bureau):
    bureau.ask(quiet_days=0)
    case = bureau.done()
    bureau.later()
    first = bureau.answer(bureau.token(), SAD)
    bureau.later(HOUR)
    bureau.reopen(case)
    bureau.close(case)
    bureau.later()
    states = {each.cycle: each for each in bureau.invitations(feedback_id=case.id)}
    assert {cycle: each.state for cycle, each in states.items()} == {1: "answered", 2: "sent"}
    bureau.answer(bureau.token(states[2]), {"satisfaction": 5})
    assert len(bureau.rows(Response)) == 2
    with bureau.unit() as unit:
        assert unit.surveys.response(first.id).follow_up
        unit.feedback.erase(case.id, request="letter 7")
    with bureau.unit() as unit:
        (group,) = unit.surveys.scores("csat").groups
    assert (group.responses, group.low, group.questions[0].counts) == (2, 1, {1: 1, 5: 1})
    assert "拖了三天" not in repr(bureau.rows(Response))
    assert audit.verify(bureau.care).whole


def test_many_workers_send_each_invitation_once(bureau):
    bureau.ask(quiet_days=0)
    for _ in range(12):
        bureau.done()
    bureau.clock.move(2 * DAY)
    now = bureau.clock()
    sent = at_once([lambda: jobs.send_due(bureau.care, now)] * 4)
    assert [each for each in sent if isinstance(each, Exception)] == []
    assert sum(sent) == 12
    assert {each.state for each in bureau.rows(Invitation)} == {"sent"}
    assert bureau.messages() == ["survey_invited"] * 12


def test_workers_that_race_respect_the_quiet_period(bureau):
    bureau.ask(quiet_days=30)
    for _ in range(6):
        bureau.done()
    bureau.done(HAN)
    bureau.clock.move(2 * DAY)
    now = bureau.clock()
    at_once([lambda: jobs.send_due(bureau.care, now)] * 4)
    bureau.clock.move(HOUR)
    jobs.send_due(bureau.care, bureau.clock())  # what a deadlock left for later
    found = bureau.rows(Invitation)
    assert sorted(each.contact.id for each in found if each.state == "sent") == ["han", "li"]
    assert {each.reason for each in found if each.state == "skipped"} == {"quiet"}
    assert len(found) == 7


def test_of_two_that_answer_at_once_one_is_told_that_it_was_answered(bureau):
    bureau.ask()
    bureau.done()
    bureau.later()
    token = bureau.token()
    found = at_once([lambda: bureau.answer(token, {"satisfaction": 5})] * 4)
    assert sum(isinstance(each, Response) for each in found) == 1
    assert {type(each) for each in found} == {Response, Conflict}
    assert len(bureau.rows(Response)) == len(bureau.rows(Score)) == 1


def test_two_that_ask_by_hand_at_once_ask_once(bureau):
    case = bureau.submit()

    def ask():
        with bureau.unit() as unit:
            return unit.surveys.invite(case.id, anyway=True)

    found = at_once([ask] * 4)
    assert sum(isinstance(each, Invitation) for each in found) == 1
    assert len(bureau.rows(Invitation)) == 1


def test_a_period_begun_by_two_asks_everybody_once(bureau):
    bureau.put("monthly", event="periodic", form="nps", every={"months": 1})
    for who in (LI, HAN):
        bureau.submit(who)
    bureau.clock.move(32 * DAY)
    now = bureau.clock()
    at_once([lambda: jobs.begin_periods(bureau.care, now)] * 3)
    jobs.begin_periods(bureau.care, now)
    assert sorted(each.contact.id for each in bureau.rows(Invitation)) == ["han", "li"]


def test_results_take_three_grouped_queries_whatever_their_number(new_database):
    bureau = Bureau(new_database("sqlite"), plugins="sqlalchemy")
    engine = bureau.care.storage.engine
    counts = []
    for _ in range(2):
        for value in (1, 5, 4):
            with bureau.unit(WANG) as unit:
                unit.surveys.enter("csat", {"satisfaction": value})
        with bureau.unit() as unit:
            unit.definitions.active("survey")
            with Counted(engine) as counted:
                unit.surveys.scores("csat", by="assignee")
        counts.append(len(counted))
    assert counts == [3, 3]
    with bureau.care.transaction(tenant="", writes=False) as store, Counted(engine) as counted:
        where = All(Is("form", "eq", "csat"))
        by = ("question", "block", "scale", "whole", "value")
        store.tally(Score, where, by=by, measures=(Measure("count"),))
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {counted.statements[0]}", ("csat", "")).fetchall()
    assert "COVERING INDEX" in str(plan)
    assert "TEMP B-TREE FOR GROUP BY" not in str(plan)
    bureau.care.close()


def test_closing_a_case_that_asks_nobody_costs_nothing_more(new_database):
    bureau = Bureau(new_database("sqlite"), plugins="sqlalchemy")
    case = bureau.done()
    with bureau.unit() as unit:
        unit.feedback.step(case.id, "reopen", reason="x")
        unit.feedback.step(case.id, "handle")
        unit.feedback.step(case.id, "resolve", measure="x", result="x")
        unit.flush()
        with Counted(bureau.care.storage.engine) as counted:
            unit.feedback.step(case.id, "close")
            unit.flush()
    assert [text for text in counted.statements if "invitation" in text or "reach" in text] == []
    bureau.care.close()
