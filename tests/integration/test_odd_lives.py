"""Lives that go back on themselves, one by one: what the state machine found, and what was suspected before it ran."""

from __future__ import annotations

from datetime import timedelta

import pytest

from careplug.errors import Conflict
from careplug.sla.entities import FiredLevel
from tests.integration.lives import BOSS, MINUTE, START, House, hours, standard

HOUR = timedelta(hours=1)


@pytest.fixture
def house():
    house = House()
    house.submit(impact=3, urgency=3, site=False, answered=False)
    yield house
    house.check_all()
    house.close()


def clocks(house, metric, *, index=0):
    found = [c for c in house.clocks().values() if c.metric == metric and c.feedback_id == house.cases[index]]
    return sorted(found, key=lambda clock: (clock.cycle, clock.generation))


def states(house, metric):
    return [(clock.cycle, clock.generation, clock.state) for clock in clocks(house, metric)]


def facts(house, kind=""):
    with house.care.read(actor=BOSS) as unit:
        return [fact for fact in unit.feedback.facts(house.cases[0]) if kind in ("", fact.type)]


def void(house, kind):
    """Cancel the last fact of a kind."""
    sequence = facts(house, kind)[-1].sequence
    with house.care.unit(actor=BOSS) as unit:
        return unit.feedback.void(house.cases[0], sequence, reason="记错了")


def give(house, **policy):
    with house.care.unit(actor=BOSS) as unit:
        unit.changes.put("policy", "standard", {**standard(), **policy})
        unit.changes.apply("policy", "standard")


def test_a_voided_change_of_priority_takes_its_decision_with_it(house):
    before = clocks(house, "resolution")
    house.wait(60)
    house.prioritise(0, 1, 1, "restart")
    assert states(house, "resolution") == [(1, 1, "superseded"), (1, 2, "running")]
    assert void(house, "prioritised").priority == 4
    assert clocks(house, "resolution") == before
    assert len(facts(house, "policy_decided")) == 2, "nothing new had to be decided"


def test_what_was_decided_since_is_decided_anew(house):
    house.prioritise(0, 1, 1, "")
    house.edit(0, "question")
    assert not any(clock.open for clock in clocks(house, "total"))
    void(house, "prioritised")
    case = house.read(house.cases[0])
    assert (case.priority, case.kind) == (4, "question")
    running = [clock for clock in clocks(house, "resolution") if clock.open]
    assert [clock.due_at for clock in running] == [START + 24 * HOUR]
    void(house, "edited")
    assert [clock.state for clock in clocks(house, "total")] == ["running"]


def test_a_case_that_was_voided_back_is_a_new_version(house):
    house.prioritise(0, 1, 1, "")
    version = house.read(house.cases[0]).version
    void(house, "prioritised")
    with pytest.raises(Conflict), house.care.unit(actor=BOSS) as unit:
        unit.feedback.edit(house.cases[0], expected=version, subject="anders")


def test_a_dropped_metric_that_comes_back_counts_from_its_start(house):
    total = clocks(house, "total")[0]
    house.wait(30)
    house.edit(0, "question")
    assert states(house, "total") == [(1, 1, "void")]
    house.wait(30)
    house.edit(0, "fault")
    back = clocks(house, "total")[-1]
    assert (back.state, back.generation, back.due_at) == ("running", 2, total.due_at)


def test_a_dropped_metric_that_was_stopped_meanwhile_does_not_run(house):
    house.edit(0, "question")
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    house.step(0, "reopen", 0)
    house.edit(0, "fault")
    assert not any(clock.state == "running" for clock in clocks(house, "total"))


def test_what_was_decided_while_solved_holds_after_the_reopening(house):
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    house.wait(60)
    house.prioritise(0, 1, 1, "")
    house.step(0, "reopen", 0)
    clock = clocks(house, "resolution")[-1]
    # 4 working hours from 10:00 local, the solved hour 10:00–11:00 not among them: lunch is from 12:00 to 13:00
    assert (clock.state, clock.due_at) == ("running", START + 6 * HOUR)


def test_overriding_into_a_closed_state_ends_the_pauses(house):
    house.pause(0, "waiting_parts", 0)
    house.pause(0, "force_majeure", 0)
    house.override(0, "resolved")
    assert house.read(house.cases[0]).pauses == ()
    house.step(0, "reopen", 0)
    assert all(clock.state != "standing" for clock in house.clocks().values())


def test_a_resumption_dated_before_its_pause_ends_it(house):
    house.wait(60)
    house.pause(0, "waiting_customer", 0)
    assert clocks(house, "resolution")[0].state == "standing"
    house.resume(0, "waiting_customer", 45)
    clock = clocks(house, "resolution")[0]
    assert (clock.state, clock.due_at) == ("running", START + 24 * HOUR)


def test_a_pause_written_down_late_over_an_earlier_one_counts_once(house):
    house.wait(60)
    house.pause(0, "waiting_customer", 0)
    house.wait(60)
    house.resume(0, "waiting_customer", 0)
    house.pause(0, "waiting_customer", 90)
    house.resume(0, "waiting_customer", 30)
    assert clocks(house, "resolution")[0].due_at == START + 25.5 * HOUR


def test_a_reopening_dated_before_the_closing_still_reopens(house):
    house.step(0, "confirm", 0)
    house.wait(60)
    house.step(0, "resolve", 0)
    house.wait(10)
    house.step(0, "reopen", 45)
    assert house.read(house.cases[0]).state == "handling"
    assert [clock.open for clock in clocks(house, "resolution")] == [False, True]


def test_a_call_from_before_the_intake_meets_the_response_at_the_intake(house):
    house.call(0, 45)
    clock = clocks(house, "response")[0]
    assert (clock.state, clock.stopped_at) == ("met", START)


def test_an_automatic_closing_that_was_voided_is_not_done_again(house):
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    house.wait(9 * 1440)
    house.work()
    assert house.read(house.cases[0]).state == "closed"
    assert [fact.data["level"] for fact in facts(house, "escalated") if fact.data["metric"] == "acceptance"] == [
        "close"
    ]
    void(house, "closed")
    house.work()
    assert house.read(house.cases[0]).state == "resolved"


def test_nobody_closes_a_case_that_was_withdrawn_after_a_reopening_that_was_voided(house):
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    house.step(0, "reopen", 0)
    house.step(0, "withdraw", 0)
    void(house, "reopened")
    assert clocks(house, "acceptance")[0].state == "void"
    house.wait(9 * 1440)
    house.work()
    assert house.read(house.cases[0]).state == "withdrawn"


def test_a_closing_that_is_not_possible_any_more_is_left():
    house = House()
    with house.care.unit(actor=BOSS) as unit:
        metric = unit.definitions.get("metric", "acceptance").data
        unit.definitions.put("metric", "acceptance", {key: metric[key] for key in metric if key != "voided_by"})
    house.submit(impact=3, urgency=3, site=False, answered=False)
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    house.step(0, "reopen", 0)
    house.step(0, "withdraw", 0)
    void(house, "reopened")
    assert clocks(house, "acceptance")[0].state == "running"
    house.wait(9 * 1440)
    house.work()
    assert house.read(house.cases[0]).state == "withdrawn"


def test_the_levels_of_a_new_appointment_are_its_own(house):
    house.appoint(0)
    house.wait(1440)
    house.work()
    fired = [fact.data["level"] for fact in facts(house, "escalated") if fact.data["metric"] == "onsite"]
    assert fired == ["warn", "breach"]
    void(house, "appointed")
    assert clocks(house, "onsite") == []
    house.appoint(0)
    house.wait(1440)
    house.work()
    fired = [fact.data["level"] for fact in facts(house, "escalated") if fact.data["metric"] == "onsite"]
    assert fired == ["warn", "breach"] * 2
    with house.care.transaction(tenant="", writes=False) as store:
        onsite = clocks(house, "onsite")[0].id
        assert sorted(row.level for row in store.find(FiredLevel) if row.clock_id == onsite) == ["breach", "warn"]


def test_withdrawing_after_a_reopening_voids_what_runs(house):
    give(house, **standard(reopen="restart"))
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    house.step(0, "reopen", 0)
    house.prioritise(0, 1, 1, "restart")
    house.step(0, "withdraw", 0)
    assert [state for _, _, state in states(house, "resolution")] == ["superseded", "superseded", "void"]


def test_a_run_that_stays_open_over_a_reopening_is_voided_with_the_case(house):
    starts = {"starts": [{"fact": "submitted"}], "stops": [{"fact": "left"}], "voided_by": [{"fact": "withdrawn"}]}
    with house.care.unit(actor=BOSS) as unit:
        unit.definitions.put("metric", "visit", starts)
    policy = standard()
    policy["targets"] = [*policy["targets"], {"metric": "visit", "target": hours(5)}]
    give(house, **policy)
    with house.care.unit(actor=BOSS) as unit:
        unit.feedback.step(house.cases[0], "reject", reason="不属实")
        unit.feedback.step(house.cases[0], "reopen", reason="属实")
    assert states(house, "visit") == [(1, 1, "running")]
    house.step(0, "withdraw", 0)
    assert states(house, "visit") == [(1, 1, "void")]


def test_a_voided_closing_takes_its_verdict_with_it(house):
    house.reply(0, customer=False)
    house.step(0, "withdraw", 0)
    assert states(house, "response") == [(1, 1, "void")]
    void(house, "withdrawn")
    assert states(house, "response") == [(1, 1, "met")]
    assert states(house, "resolution") == [(1, 1, "running")]
    house.step(0, "confirm", 0)
    house.wait(2 * 1440)
    house.step(0, "resolve", 0)
    assert states(house, "resolution") == [(1, 1, "missed")]
    assert len(facts(house, "verdict")) == 2


def test_a_case_left_closed_by_a_voided_fact_has_a_verdict(house):
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    house.step(0, "close", 0)
    void(house, "resolved")
    assert house.read(house.cases[0]).state == "closed"
    verdict = facts(house, "verdict")[-1]
    assert verdict.data["fact"] == facts(house, "closed")[0].sequence


def test_a_verdict_stands_against_a_call_written_down_later(house):
    house.wait(120)
    house.step(0, "confirm", 0)
    house.reply(0, customer=False)
    house.step(0, "resolve", 0)
    assert states(house, "response") == [(1, 1, "missed")]
    before = clocks(house, "response")
    house.call(0, 110)
    assert clocks(house, "response") == before
    with house.care.read(actor=BOSS) as unit:
        receipt = next(r for r in unit.sla.explain(house.cases[0]) if r.metric == "response")
    assert (receipt.state, receipt.pinned["state"]) == ("met", "missed")


def test_the_second_verdict_on_a_cycle_is_the_one_that_counts(house):
    house.appoint(0)
    house.override(0, "closed")
    house.override(0, "handling")
    house.step(0, "withdraw", 0)
    assert all(clock.state == "void" for clock in house.clocks().values() if clock.counted)


def test_nothing_starts_in_a_closed_case(house):
    house.step(0, "confirm", 0)
    house.step(0, "resolve", 0)
    for _ in range(2):
        house.reply(0, customer=False)
        house.appoint(0)
        house.record(0, "factory_arrived")
    assert {clock.metric for clock in house.clocks().values() if clock.open} == {"acceptance"}


def test_a_preview_names_clocks_that_lose_their_rule(house):
    policy = standard()
    policy["targets"] = [target for target in policy["targets"] if target["metric"] != "total"]
    with house.care.read(actor=BOSS) as unit:
        moves = list(unit.changes.preview("policy", "standard", policy))
    assert [(move.metric, move.old_state, move.new_state, move.new_due) for move in moves] == [
        ("total", "running", "void", None)
    ]


def test_a_receipt_asked_for_before_its_leg_began_is_empty(house):
    with house.care.unit(actor=BOSS) as unit:
        unit.feedback.call(house.cases[0], "out", at=house.clock() + 4 * MINUTE)
        unit.feedback.prioritise(
            house.cases[0],
            expected=house.read(house.cases[0]).version,
            impact=1,
            urgency=1,
            reason="急",
            mode="from_now",
        )
    with house.care.read(actor=BOSS) as unit:
        receipt = next(r for r in unit.sla.explain(house.cases[0]) if r.metric == "total")
    assert receipt.counted <= 4 * MINUTE


def test_a_customers_answer_ends_one_of_two_pauses(house):
    house.pause(0, "waiting_customer", 0)
    house.pause(0, "scheduled", 0)
    house.reply(0, customer=True)
    assert [pause.reason for pause in house.read(house.cases[0]).pauses] == ["scheduled"]
    assert clocks(house, "resolution")[0].state == "standing"


def test_two_merged_cases_void_one(house):
    house.submit(impact=3, urgency=3, site=False, answered=False)
    house.step(0, "merge", 0)
    assert house.read(house.cases[0]).merged_into == house.cases[1]
    assert {clock.state for clock in clocks(house, "resolution")} == {"void"}
    assert {clock.state for clock in clocks(house, "resolution", index=1)} == {"running"}
