"""Service levels as services keep them: what starts, stops, pauses, moves and voids a clock (SLA 3 to 10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from careplug import Invalid, NotFound, Ref, Worker
from careplug.contributions import PolicySource
from careplug.plugin import hookimpl
from careplug.sla.entities import Clock
from careplug.sla.policy import Candidate, Policy
from careplug.sla.receipt import Receipt
from careplug.sla.runs import Event, pauses_of
from tests.unit.feedback.desk import BOSS, LI, START, WANG, Desk

H, M = timedelta(hours=1), timedelta(minutes=1)


def rule(metric: str = "resolution", target: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One target of a policy; 24 h around the clock where none is given."""
    return {"metric": metric, "target": dict(target or {"type": "elapsed", "hours": 24}), **more}


def put(desk: Desk, *rules: Mapping[str, Any], name: str = "standard", **more: Any) -> None:
    """Make this the standard policy."""
    data = {"calendar": "office", "rank": 100, "targets": [dict(item) for item in rules], **more}
    with desk.care.unit(actor=BOSS) as unit:
        unit.changes.put("policy", name, data)


def receipt(desk: Desk, ident: str, metric: str = "resolution", number: int = -1) -> Receipt:
    """The last receipt of a metric."""
    with desk.care.read(actor=BOSS) as unit:
        return [item for item in unit.sla.explain(ident) if item.metric == metric][number]


def clocks(desk: Desk, ident: str) -> dict[str, str]:
    """The state of each metric's last clock, as stored."""
    with desk.care.read(actor=BOSS) as unit:
        return {clock.metric: clock.state for clock in unit.sla.clocks([ident])}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_thirty_working_minutes_stop_over_lunch_and_night(desk: Desk):
    desk.clock.set(START + 110 * M)
    case = desk.submit()
    assert receipt(desk, case.id, "response").due_at == datetime(2026, 1, 5, 5, 20, tzinfo=UTC)
    desk.clock.set(datetime(2026, 1, 9, 9, 50, tzinfo=UTC))
    late = desk.submit()
    assert receipt(desk, late.id, "response").due_at == datetime(2026, 1, 12, 1, 20, tzinfo=UTC)


def test_only_a_person_of_the_service_side_answers(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=LI) as unit:
        unit.feedback.reply(case.id, "还有吗")
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.reply(case.id, "已收到", automatic=True)
        unit.feedback.call(case.id, "out", answered=False)
    desk.to(case.id, "confirm", "dispatch")
    assert clocks(desk, case.id)["response"] == "running"
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.call(case.id, "out", answered=True)
    assert clocks(desk, case.id)["response"] == "met"


def test_met_means_at_or_before_the_due_time(desk: Desk):
    on_time, late = desk.submit(), desk.submit()
    desk.clock.set(START + 30 * M)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.reply(on_time.id, "x")
    desk.clock.move(timedelta(microseconds=1))
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.reply(late.id, "x")
    assert (clocks(desk, on_time.id)["response"], clocks(desk, late.id)["response"]) == ("met", "missed")


def test_a_reasoned_rejection_answers_and_voids(desk: Desk):
    case = desk.submit()
    desk.to(case.id, "reject")
    assert clocks(desk, case.id) == {"response": "met", "resolution": "void", "total": "void"}


def test_withdrawing_voids_every_clock_even_a_met_one(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.reply(case.id, "x")
    with desk.care.unit(actor=LI) as unit:
        unit.feedback.step(case.id, "withdraw")
    assert set(clocks(desk, case.id).values()) == {"void"}


def test_a_case_solved_without_an_answer_leaves_its_response(desk: Desk):
    soon, later = desk.submit(), desk.submit()
    desk.to(soon.id, "confirm", "resolve")
    desk.clock.move(2 * H)
    desk.to(later.id, "confirm", "resolve")
    assert (clocks(desk, soon.id)["response"], clocks(desk, later.id)["response"]) == ("void", "missed")


def test_a_pause_pays_back_and_an_open_one_has_no_due_time(desk: Desk):
    case = desk.submit()
    desk.clock.move(2 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_customer")
    standing = receipt(desk, case.id)
    assert (standing.state, standing.due_at) == ("standing", None)
    desk.clock.move(5 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "force_majeure")
        unit.feedback.resume(case.id, "waiting_customer")
    assert receipt(desk, case.id).state == "standing"
    desk.clock.move(1 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.resume(case.id, "force_majeure")
    going = receipt(desk, case.id)
    assert (going.state, going.due_at) == ("running", START + 30 * H)
    assert [segment.kind for segment in going.segments] == ["counting", "paused", "paused"]
    assert going.counted == 2 * H


def test_a_pause_that_the_target_does_not_listen_to_changes_nothing(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_vendor")
    assert receipt(desk, case.id).due_at == START + 24 * H
    assert receipt(desk, case.id, "response").state == "running"


@pytest.mark.parametrize(
    ("how", "cycle", "generation", "due", "before"),
    [
        ("continue", 1, 2, START + 34 * H, "superseded"),
        ("restart", 1, 2, START + 36 * H, "superseded"),
        ("new", 2, 1, START + 36 * H, "met"),
        ("none", 1, 1, START + 24 * H, "met"),
    ],
)
def test_reopening(desk: Desk, how: str, cycle: int, generation: int, due: datetime, before: str):
    put(desk, rule(reopen=how))
    case = desk.submit()
    desk.clock.move(2 * H)
    desk.to(case.id, "confirm", "resolve")
    desk.clock.move(10 * H)
    desk.to(case.id, "reopen")
    last = receipt(desk, case.id)
    assert (last.cycle, last.generation, last.due_at) == (cycle, generation, due)
    assert receipt(desk, case.id, number=0).state == before
    if how == "continue":
        assert [segment.kind for segment in last.segments] == ["counting", "solved"]
        assert last.counted == 2 * H


def test_solved_time_of_every_reopening_is_left_out(desk: Desk):
    put(desk, rule(reopen="continue"))
    case = desk.submit()
    desk.to(case.id, "confirm")
    for solved in (10 * H, 5 * H):
        desk.clock.move(2 * H)
        desk.to(case.id, "resolve")
        desk.clock.move(solved)
        desk.to(case.id, "reopen")
    last = receipt(desk, case.id)
    assert (last.generation, last.due_at, last.counted) == (3, START + 39 * H, 4 * H)


def test_the_same_pause_told_twice_began_at_the_first():
    first, again, end = (START + hours * H for hours in (1, 2, 3))
    told = {"reason": "waiting_customer", "party": "customer"}
    events = (Event(first, 2, "paused", told), Event(again, 3, "paused", told), Event(end, 4, "resumed", told))
    (span,) = pauses_of(events)
    assert (span.start, span.end, span.sequence) == (first, end, 2)


@pytest.mark.parametrize(
    ("mode", "due", "generation"),
    [("keep", START + 4 * H, 1), ("restart", START + 7 * H, 2), ("from_now", START + 4 * H, 1)],
)
def test_a_change_of_priority(desk: Desk, mode: str, due: datetime, generation: int):
    put(desk, rule(target={"type": "elapsed", "hours": 4}, priorities=[1]), rule())
    case = desk.submit()
    desk.clock.move(3 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.prioritise(case.id, expected=1, impact=1, urgency=1, reason="停产", mode=mode)
    found = receipt(desk, case.id)
    assert (found.due_at, found.generation) == (due, generation)


def test_from_now_keeps_what_the_old_calendar_counted(desk: Desk):
    hours = {"type": "working_time", "hours": 8}
    put(desk, rule(target=hours, priorities=[1], calendar="always"), rule(target=hours))
    desk.clock.set(datetime(2026, 1, 5, 8, 0, tzinfo=UTC))
    case = desk.submit()
    desk.clock.set(datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.prioritise(case.id, expected=1, impact=1, urgency=1, reason="停产", mode="from_now")
    found = receipt(desk, case.id)
    assert found.due_at == datetime(2026, 1, 6, 6, 0, tzinfo=UTC)
    assert [segment.counted for segment in found.segments] == [2 * H]
    assert len(found.legs) == 2


@pytest.mark.parametrize("hours", [1, 2, 3])
def test_from_now_with_nothing_left_is_due_at_once(desk: Desk, hours: int):
    put(desk, rule(target={"type": "elapsed", "hours": hours}, priorities=[1]), rule())
    case = desk.submit()
    desk.clock.move(3 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.prioritise(case.id, expected=1, impact=1, urgency=1, reason="停产", mode="from_now")
    assert receipt(desk, case.id).due_at == START + 3 * H


def test_priority_changed_while_paused(desk: Desk):
    put(desk, rule(target={"type": "elapsed", "hours": 4}, priorities=[1], pauses=["waiting_customer"]), rule())
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_customer")
    assert receipt(desk, case.id).due_at == START + 24 * H
    desk.clock.move(1 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.prioritise(case.id, expected=1, impact=1, urgency=1, reason="停产")
    assert receipt(desk, case.id).state == "standing"
    desk.clock.move(1 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.resume(case.id, "waiting_customer")
    assert receipt(desk, case.id).due_at == START + 6 * H


def test_a_metric_that_lost_its_rule_is_void(desk: Desk):
    put(desk, rule(priorities=[4]))
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.prioritise(case.id, expected=1, impact=1, urgency=1, reason="停产")
    assert clocks(desk, case.id)["resolution"] == "void"


def test_the_first_stored_policy_by_rank_wins_and_losers_are_kept(desk: Desk):
    put(desk, rule(target={"type": "elapsed", "hours": 2}), name="gold", rank=50)
    case = desk.submit()
    found = receipt(desk, case.id)
    assert (found.leg.choice.policy, found.due_at) == ("gold", START + 2 * H)
    assert [loser["policy"] for loser in found.leg.choice.losers] == ["standard"]


class Contract:
    """Offers two policies; the earlier due time wins over rank, and both over what is stored."""

    data = (
        {"calendar": "always", "rank": 1, "targets": [rule(target={"type": "elapsed", "hours": 9})]},
        {"calendar": "always", "rank": 9, "targets": [rule(target={"type": "elapsed", "hours": 7})]},
    )

    @classmethod
    def candidates(cls, unit: Any, feedback: Any) -> list[Candidate]:
        found = []
        for number, data in enumerate(cls.data):
            made = unit.definitions.get("policy", f"contract{number}")
            policy = Policy.parse(made.name, {**data})
            found.append(Candidate(policy=policy, digest=made.digest, source="contract K-1", reason=f"§{number}"))
        return found

    @hookimpl
    def careplug_services(self) -> tuple[PolicySource, ...]:
        return (PolicySource("contracts", self.candidates),)


NEVER = {"field": "kind", "op": "eq", "value": "-"}


def test_of_offered_policies_the_earliest_due_wins():
    desk = Desk(plugins=(Contract(),))
    with desk.care.unit(actor=BOSS) as unit:  # when the contract is signed: a customer's submit may store no policy
        for number, data in enumerate(Contract.data):
            unit.definitions.put("policy", f"contract{number}", {**data, "when": NEVER})
    case = desk.submit()
    found = receipt(desk, case.id)
    assert (found.due_at, found.leg.choice.source, found.leg.choice.reason) == (START + 7 * H, "contract K-1", "§1")
    assert receipt(desk, case.id, "response").leg.choice.policy == "standard"


def test_a_new_revision_moves_nothing_until_it_is_applied(desk: Desk):
    open_case, closed = desk.submit(), desk.submit()
    desk.to(closed.id, "confirm", "resolve")
    desk.clock.move(3 * H)
    shorter = {"calendar": "office", "rank": 100, "targets": [rule(target={"type": "elapsed", "hours": 2})]}
    with desk.care.read(actor=BOSS) as unit:
        moves = {move.metric: move for move in unit.changes.preview("policy", "standard", shorter)}
    assert {move.feedback_id for move in moves.values()} == {open_case.id}
    assert (moves["resolution"].old_due, moves["resolution"].new_due) == (START + 24 * H, START + 2 * H)
    assert moves["resolution"].flips
    put(desk, rule(target={"type": "elapsed", "hours": 2}))
    assert receipt(desk, open_case.id).due_at == START + 24 * H
    with desk.care.unit(actor=BOSS) as unit:
        assert unit.changes.apply("policy", "standard") == (1, open_case.id)
        assert unit.changes.apply("policy", "standard", after=open_case.id) == (0, "")
    with desk.care.unit(actor=BOSS) as unit:
        assert unit.changes.apply("policy", "standard") == (0, open_case.id)
    assert receipt(desk, open_case.id).due_at == START + 2 * H
    assert receipt(desk, closed.id).due_at == START + 24 * H


def test_accepting_a_proposed_calendar_that_grows_moves_them_too(desk: Desk):
    week = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    office = {"name": "office", "zone": "Asia/Shanghai", "week": week, "published_until": "2026-01-07"}
    with desk.care.unit(actor=BOSS) as unit:
        grown = unit.definitions.put("calendar", "office", {**office, "published_until": "2026-12-31"}).digest
        unit.definitions.put("calendar", "office", office)
    put(desk, rule(target={"type": "working_days", "days": 5}))
    case = desk.submit()
    assert receipt(desk, case.id).provisional
    with desk.care.unit(actor=BOSS) as unit:
        assert unit.changes.accept("calendar", "office", grown).state == "active"
        with pytest.raises(NotFound):
            unit.changes.accept("calendar", "office", "0" * 32)
    assert not receipt(desk, case.id).provisional


def test_what_there_is_no_case_for_is_not_explained(desk: Desk):
    case = desk.submit()
    with desk.care.read(actor=BOSS) as unit:
        with pytest.raises(NotFound):
            unit.sla.explain("01a2066f-928e-7001-aca8-c5d416b506e1")
        with pytest.raises(Invalid) as caught:
            unit.sla.explain(case.id, now=START.replace(tzinfo=None))
    assert caught.value.field == "explain.now"


def test_a_calendar_that_grows_moves_exactly_the_provisional_clocks(desk: Desk):
    office = {
        "name": "office",
        "zone": "Asia/Shanghai",
        "week": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "published_until": "2026-01-07",
    }
    with desk.care.unit(actor=BOSS) as unit:
        unit.changes.put("calendar", "office", office)
    put(desk, rule(target={"type": "working_days", "days": 5}), rule("total", {"type": "working_time", "hours": 1}))
    case = desk.submit()
    assert (receipt(desk, case.id).provisional, receipt(desk, case.id, "total").provisional) == (True, False)
    with desk.care.unit(actor=BOSS) as unit:
        unit.changes.put("calendar", "office", {**office, "published_until": "2026-12-31", "holidays": ["2026-01-08"]})
    moved = receipt(desk, case.id)
    assert (moved.due_at, moved.provisional) == (datetime(2026, 1, 13, 2, 0, tzinfo=UTC), False)
    with desk.care.read(actor=BOSS) as unit:
        causes = [fact.data["cause"] for fact in unit.feedback.facts(case.id) if fact.type == "policy_decided"]
        changed = next(fact for fact in unit.feedback.facts(case.id) if fact.data.get("cause") == "calendar_extended")
    assert causes == ["submitted", "calendar_extended"]
    assert list(changed.data["metrics"]) == ["resolution"]


def test_a_calendar_that_also_changes_known_dates_moves_nothing(desk: Desk):
    office = {
        "name": "office",
        "zone": "Asia/Shanghai",
        "week": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "published_until": "2026-01-07",
    }
    with desk.care.unit(actor=BOSS) as unit:
        unit.changes.put("calendar", "office", office)
    put(desk, rule(target={"type": "working_days", "days": 5}))
    case = desk.submit()
    due = receipt(desk, case.id).due_at
    with desk.care.unit(actor=BOSS) as unit:
        unit.changes.put("calendar", "office", {**office, "published_until": "2026-12-31", "holidays": ["2026-01-06"]})
    assert receipt(desk, case.id).due_at == due
    assert receipt(desk, case.id).provisional


def test_a_verdict_stands_when_a_back_dated_call_comes_later(desk: Desk):
    case = desk.submit()
    desk.clock.move(2 * H)
    desk.to(case.id, "confirm", "resolve")
    assert clocks(desk, case.id)["response"] == "missed"
    with desk.care.unit(actor=BOSS) as unit:
        unit.feedback.call(case.id, "out", at=START + 5 * M, because="电话记录")
    found = receipt(desk, case.id, "response")
    assert (found.state, found.pinned["state"] if found.pinned else "") == ("met", "missed")
    assert found.back_dated != ()
    assert clocks(desk, case.id)["response"] == "missed"


def test_a_back_dated_call_before_the_verdict_meets_the_target(desk: Desk):
    case = desk.submit()
    desk.clock.move(2 * H)
    with desk.care.unit(actor=BOSS) as unit:
        unit.feedback.call(case.id, "out", at=START + 5 * M, because="电话记录")
    assert clocks(desk, case.id)["response"] == "met"


def test_updates_run_from_one_message_to_the_next(desk: Desk):
    put(desk, rule("update", {"type": "elapsed", "hours": 4}))
    case = desk.submit()
    assert "update" not in clocks(desk, case.id)
    for hours in (1, 4, 5):
        desk.clock.move(hours * H)
        with desk.care.unit(actor=WANG) as unit:
            unit.feedback.reply(case.id, "进展")
    desk.clock.move(1 * H)
    desk.to(case.id, "confirm", "resolve")
    with desk.care.read(actor=BOSS) as unit:
        found = [(item.generation, item.state) for item in unit.sla.explain(case.id) if item.metric == "update"]
    assert found == [(1, "met"), (2, "missed"), (3, "met")]


def test_on_site_runs_from_the_agreement_to_the_arrival(desk: Desk):
    put(desk, rule("onsite", {"type": "elapsed", "hours": 4}))
    case = desk.submit()
    desk.clock.move(1 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.appoint(case.id, START + 4 * H)
    desk.clock.move(4 * H)
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.record(case.id, "arrived")
    found = receipt(desk, case.id, "onsite")
    assert (found.started_at, found.due_at, found.state) == (START + H, START + 5 * H, "met")


def test_factory_repair_takes_five_working_days_to_the_close(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.record(case.id, "factory_arrived")
    assert receipt(desk, case.id, "factory_repair").due_at == datetime(2026, 1, 12, 10, 0, tzinfo=UTC)


def test_emergencies_are_answered_in_two_hours_at_night(desk: Desk):
    desk.clock.set(datetime(2026, 1, 10, 18, 0, tzinfo=UTC))
    case = desk.submit(impact=1, urgency=1)
    assert receipt(desk, case.id, "response").due_at == datetime(2026, 1, 10, 20, 0, tzinfo=UTC)


def test_levels_fire_by_share_before_and_after(desk: Desk):
    levels = [
        {"name": "half", "share": 50, "to": ["assignee"]},
        {"name": "hour", "before": 3600, "to": ["assignee"]},
        {"name": "gone", "after": 7200, "to": ["role:manager"]},
    ]
    put(desk, rule(target={"type": "elapsed", "hours": 10}, levels=levels, pauses=["waiting_customer"]))
    case = desk.submit()
    assert [(level.name, level.at) for level in receipt(desk, case.id).levels] == [
        ("half", START + 5 * H),
        ("hour", START + 9 * H),
        ("gone", START + 12 * H),
    ]
    worker = Worker(desk.care)
    fired = []
    for hours in (4, 1, 4, 2, 2):
        desk.clock.move(hours * H)
        fired.append(worker.run_due().levels)
    assert fired == [0, 1, 1, 0, 1]


def test_a_standing_clock_has_no_levels(desk: Desk):
    put(desk, rule(levels=[{"name": "half", "share": 50}], pauses=["*"]))
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_vendor")
    desk.clock.move(100 * H)
    assert Worker(desk.care).run_due().levels == 0
    with desk.care.transaction(tenant="", writes=False) as store:
        assert [clock.next_at for clock in store.find(Clock) if clock.metric == "resolution"] == [None]


def test_a_resolved_case_closes_itself_after_three_working_days(desk: Desk):
    case = desk.submit()
    desk.to(case.id, "confirm", "resolve")
    worker = Worker(desk.care)
    desk.clock.set(datetime(2026, 1, 8, 9, 59, tzinfo=UTC))
    assert worker.run_due().closed == 0
    desk.clock.move(1 * M)
    assert worker.run_due().closed == 1
    assert desk.get(case.id).state == "closed"
    with desk.care.read(actor=BOSS) as unit:
        assert unit.feedback.facts(case.id)[-1].data["side"] == "system"


def test_replaying_another_policy_saves_nothing(desk: Desk):
    case = desk.submit()
    desk.clock.move(5 * H)
    desk.to(case.id, "confirm", "resolve")
    four = {"calendar": "always", "targets": [rule(target={"type": "elapsed", "hours": 4})]}
    before = desk.facts(case.id)
    with desk.care.read(actor=BOSS) as unit:
        (found,) = unit.changes.replay(case.id, policy=four)
    assert (found.state, found.due_at) == ("missed", START + 4 * H)
    assert desk.facts(case.id) == before
    assert receipt(desk, case.id).state == "met"


def test_attainment_counts_verdicts_and_leaves_void_ones_apart(desk: Desk):
    met, missed, void, running = (desk.submit() for _ in range(4))
    desk.to(met.id, "confirm", "resolve")
    with desk.care.unit(actor=LI) as unit:
        unit.feedback.step(void.id, "withdraw")
    desk.clock.move(25 * H)
    desk.to(missed.id, "confirm", "resolve")
    with desk.care.read(actor=BOSS) as unit:
        found = next(item for item in unit.sla.attainment() if item.metric == "resolution")
        later = [item for item in unit.sla.attainment(since=START + H) if item.metric == "resolution"]
    assert (found.met, found.missed, found.void, found.open, found.overdue, found.share) == (1, 1, 1, 1, 1, 0.5)
    assert (later[0].met, later[0].missed) == (0, 1)
    assert running.state == "received"


def test_due_lists_what_runs_out_first_and_standing_ones_last(desk: Desk):
    put(desk, rule(pauses=["waiting_customer"]))
    first, second, standing = desk.submit(), None, None
    desk.clock.move(H)
    second = desk.submit()
    standing = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(standing.id, "waiting_customer")
    with desk.care.read(actor=WANG) as unit:
        page = unit.sla.due(limit=2, metric="resolution")
        rest = unit.sla.due(limit=2, metric="resolution", after=(page[-1].due_at, page[-1].id))
    assert [clock.feedback_id for clock in (*page, *rest)] == [first.id, second.id, standing.id]


def test_sites_have_their_own_promise(desk: Desk):
    case = desk.submit(BOSS, site=Ref("site", "s1"))
    assert receipt(desk, case.id).leg.choice.policy == "onsite_repair"
