"""What the sla room does for imports: nothing counts before the intake, and cases can be bound to a set of policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.sla.service import Sla

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # a Wednesday, 12:00 in Shanghai
BOSS = Actor.engineer("zhao", "manager")


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def care(clock):
    with Care(clock=clock, plugins=()) as made:
        yield made


def states(unit, ident):
    return {item.metric: item.state for item in unit.sla.explain(ident)}


def test_a_call_before_the_case_was_written_down_answers_it(care, clock):
    with care.unit(actor=BOSS) as unit:
        case = unit.feedback.submit("fault", "printer")
        earlier = NOON - timedelta(minutes=20)
        unit.feedback.call(case.id, "in", at=earlier, because="noted on paper")
    clock.move(timedelta(days=3))
    with care.read(actor=BOSS) as unit:
        found = {item.metric: item for item in unit.sla.explain(case.id)}
        assert found["response"].state == "met"
        assert found["response"].stopped_at == found["response"].started_at == NOON
        assert found["response"].counted == timedelta(0)


def test_a_case_bound_to_a_set_gets_its_policies_only_and_keeps_to_it(care):
    policy = {
        "rank": 500,
        "calendar": "always",
        "targets": [
            {"metric": "resolution", "priorities": [1], "target": {"type": "elapsed", "hours": 1}},
            {"metric": "resolution", "target": {"type": "elapsed", "hours": 7}},
        ],
    }
    with care.unit(actor=BOSS) as unit:
        unit.definitions.put("policy", "seven", policy)
        bound = unit.definitions.put("policy_set", "one", {"policies": ["seven"]}).digest
    with care.unit(actor=BOSS) as unit:
        unit.get(Sla).policy_set = bound
        case = unit.feedback.submit("fault", "printer")
        free = unit.get(Sla)
        free.policy_set = None
        other = unit.feedback.submit("fault", "printer")
    with care.unit(actor=BOSS) as unit:
        assert list(states(unit, case.id)) == ["resolution"]
        assert "response" in states(unit, other.id)
        unit.feedback.prioritise(case.id, expected=case.version, impact=1, urgency=1, reason="worse")
        (found,) = unit.sla.explain(case.id)
        assert (found.leg.choice.policy, found.leg.choice.index) == ("seven", 0)
        assert [item.metric for item in unit.changes.replay(case.id)] == ["resolution"]
        assert list(unit.changes.preview("policy", "seven", policy)) == []


def test_a_set_without_policies_gives_no_clocks_now_or_later(care):
    with care.unit(actor=BOSS) as unit:
        unit.get(Sla).policy_set = unit.definitions.put("policy_set", "none", {"policies": []}).digest
        case = unit.feedback.submit("fault", "printer")
        unit.feedback.prioritise(case.id, expected=case.version, impact=1, urgency=1, reason="worse")
        assert states(unit, case.id) == {}
