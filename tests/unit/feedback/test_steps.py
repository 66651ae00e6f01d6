"""The life of a case: steps, guards, pauses, reopening, merging, voiding, erasing (S6, S8, S10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from careplug import Actor, Conflict, Invalid, NotFound, Ref, Refused
from careplug.criteria import Is
from careplug.ports import StoredFile
from careplug.queue import queue
from careplug.timeline.facts import ERASED, Personal
from tests.unit.feedback.desk import BOSS, LI, MEI, START, WANG, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_eight_steps(desk: Desk):
    case = desk.submit()
    seen = [desk.to(case.id, step).state for step in ("confirm", "dispatch", "diagnose", "handle", "verify", "resolve")]
    assert seen == ["confirmed", "dispatched", "diagnosing", "handling", "verifying", "resolved"]
    with desk.care.unit(actor=LI) as unit:
        closed = unit.feedback.step(case.id, "close")
    assert (closed.state, closed.category, closed.measure, closed.result) == ("closed", "done", "重启", "恢复")
    assert closed.handled_at == closed.closed_at == START
    assert closed.version == 8


def test_a_step_fact_stores_both_states(desk: Desk):
    case = desk.submit()
    desk.to(case.id, "confirm")
    with desk.care.read(actor=BOSS) as unit:
        fact = unit.feedback.facts(case.id)[-1]
    assert (fact.data["from"], fact.data["to"], fact.data["category"]) == ("received", "confirmed", "open")


@pytest.mark.parametrize(
    ("before", "step", "given", "error", "code"),
    [
        ((), "verify", {}, Refused, "step.state"),
        ((), "nonsense", {}, Invalid, "step.unknown"),
        (("confirm",), "dispatch", {}, Invalid, "step.requires"),
        (("confirm",), "resolve", {"measure": "x"}, Invalid, "step.requires"),
        ((), "reject", {}, Invalid, "step.requires"),
        (("confirm", "resolve"), "reopen", {}, Invalid, "step.requires"),
        ((), "confirm", {"colour": "x"}, Invalid, "step.word"),
        ((), "confirm", {"expected": 7}, Conflict, "version.stale"),
    ],
)
def test_guards(
    desk: Desk, before: tuple[str, ...], step: str, given: dict[str, object], error: type[Exception], code: str
):
    case = desk.submit()
    desk.to(case.id, *before)
    was = desk.get(case.id)
    with desk.care.unit(actor=BOSS) as unit, pytest.raises(error) as caught:
        unit.feedback.step(case.id, step, **given)  # type: ignore[arg-type]
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert desk.get(case.id) == was


def test_sides_and_roles(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=LI) as unit, pytest.raises(Refused) as caught:
        unit.feedback.step(case.id, "confirm")
    assert caught.value.code == "permission.role"
    with desk.care.unit(actor=MEI) as unit, pytest.raises(NotFound):
        unit.feedback.step(case.id, "withdraw")
    with desk.care.unit(actor=WANG) as unit, pytest.raises(Refused):
        unit.feedback.override(case.id, "closed", reason="x")
    with desk.care.unit(actor=LI) as unit:
        assert unit.feedback.step(case.id, "withdraw").category == "void"


def test_customers_see_their_own_and_their_organisations_cases(desk: Desk):
    own, hers = desk.submit(LI), desk.submit(BOSS, organisation=Ref("organisation", "acme"))
    with desk.care.read(actor=LI) as unit:
        assert [case.id for case in unit.feedback.find()] == [own.id]
        assert list(unit.feedback.by_ids([own.id, hers.id])) == [own.id]
        with pytest.raises(NotFound):
            unit.feedback.by_number(hers.number)
    with desk.care.read(actor=MEI) as unit:
        assert [case.id for case in unit.feedback.find()] == [hers.id]


def test_customers_do_not_read_internal_facts(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.note(case.id, "客户脾气大")
        unit.feedback.reply(case.id, "您好")
        unit.feedback.call(case.id, "out", body="客户语气急躁")
        unit.feedback.pause(case.id, "waiting_customer", note="他总是不回")
    assert desk.facts(case.id, LI) == ["submitted", "replied", "paused"]
    with desk.care.read(actor=LI) as unit:
        assert "note" not in unit.feedback.facts(case.id)[-1].data


def test_customers_do_not_read_what_was_voided(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=BOSS) as unit:
        unit.feedback.reply(case.id, "写给别人的话")
        unit.feedback.void(case.id, 3, reason="回错了单")
    assert desk.facts(case.id) == ["submitted", "policy_decided", "replied", "voided"]
    assert desk.facts(case.id, LI) == ["submitted"]


def test_a_stale_version_says_nothing_of_a_case_that_may_not_be_seen(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=MEI) as unit, pytest.raises(NotFound):
        unit.feedback.step(case.id, "withdraw", expected=99)


def test_whoever_is_a_customer_alone_stands_on_the_customers_side(desk: Desk):
    desk.submit()
    assert Actor(MEI.ref, frozenset({"customer", "engineer"})).side == "service"
    with desk.care.read(actor=Actor(MEI.ref, frozenset({"customer"}))) as unit:
        assert unit.feedback.find() == []


@pytest.mark.parametrize("open_unit", ["unit", "read"])
def test_a_unit_is_never_for_all_tenants(desk: Desk, open_unit: str):
    with pytest.raises(Invalid) as caught:
        getattr(desk.care, open_unit)(actor=LI, tenant=None)
    assert (caught.value.code, caught.value.field) == ("care.tenant", "tenant")


def test_pauses_are_keyed_by_reason_and_name_a_party(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_customer")
        both = unit.feedback.pause(case.id, "waiting_parts", party="vendor", note="硬盘")
    assert [(pause.reason, pause.party) for pause in both.pauses] == [
        ("waiting_customer", "customer"),
        ("waiting_parts", "vendor"),
    ]
    for reason, party, error in (("waiting_parts", "", Refused), ("tea", "", Invalid), ("scheduled", "cat", Invalid)):
        with desk.care.unit(actor=WANG) as unit, pytest.raises(error):
            unit.feedback.pause(case.id, reason, party=party)
    with desk.care.unit(actor=WANG) as unit:
        left = unit.feedback.resume(case.id, "waiting_parts")
    assert [pause.reason for pause in left.pauses] == ["waiting_customer"]
    with desk.care.unit(actor=WANG) as unit, pytest.raises(Refused):
        unit.feedback.resume(case.id, "waiting_parts")


def test_the_customers_message_ends_what_waited_for_it(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_customer")
        unit.feedback.pause(case.id, "waiting_vendor")
    with desk.care.unit(actor=LI) as unit:
        answered = unit.feedback.reply(case.id, "版本 3.2")
    assert [pause.reason for pause in answered.pauses] == ["waiting_vendor"]


def test_leaving_the_open_states_ends_pauses(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_vendor")
    done = desk.to(case.id, "confirm", "resolve")
    assert done.pauses == ()
    assert desk.facts(case.id)[-3:] == ["resumed", "resolved", "verdict"]
    with desk.care.unit(actor=WANG) as unit, pytest.raises(Refused) as caught:
        unit.feedback.pause(case.id, "waiting_vendor")
    assert caught.value.code == "pause.closed"


def test_reopening_begins_the_next_cycle(desk: Desk):
    case = desk.submit()
    desk.to(case.id, "confirm", "resolve", "close", "reopen")
    again = desk.get(case.id)
    assert (again.state, again.cycle, again.reopened, again.handled_at, again.closed_at) == (
        "handling",
        2,
        1,
        None,
        None,
    )


def test_merging_links_both(desk: Desk):
    one, other = desk.submit(), desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        merged = unit.feedback.step(one.id, "merge", into=other.id)
    assert (merged.state, merged.merged_into) == ("merged", other.id)
    assert merged.links == ({"relation": "merged_into", "id": other.id},)
    assert desk.get(other.id).links == ({"relation": "merged_from", "id": one.id},)
    third = desk.submit()
    for ident, into, error in (
        (third.id, third.id, Invalid),
        (third.id, one.id, Refused),
        (third.id, "none", NotFound),
    ):
        with desk.care.unit(actor=WANG) as unit, pytest.raises(error):
            unit.feedback.step(ident, "merge", into=into)


def test_edits_carry_the_version_seen(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        edited = unit.feedback.edit(case.id, expected=1, subject="登录白屏", contact_phone="138")
    assert (edited.subject, edited.contact_phone, edited.version) == ("登录白屏", "138", 2)
    with desk.care.unit(actor=WANG) as unit, pytest.raises(Conflict):
        unit.feedback.edit(case.id, expected=1, subject="other")
    with desk.care.unit(actor=WANG) as unit, pytest.raises(Invalid):
        unit.feedback.edit(case.id, expected=2, state="closed")
    with desk.care.unit(actor=WANG) as unit:
        assert unit.feedback.edit(case.id, expected=2, subject="登录白屏").version == 2


def test_prioritising_uses_the_matrix_and_wants_a_reason(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit, pytest.raises(Invalid):
        unit.feedback.prioritise(case.id, expected=1, impact=1, urgency=1, reason="")
    with desk.care.unit(actor=WANG) as unit:
        urgent = unit.feedback.prioritise(case.id, expected=1, impact=1, urgency=1, reason="全公司停摆")
    assert urgent.priority == 1
    with desk.care.read(actor=BOSS) as unit:
        policies = {clock.metric: clock.policy for clock in unit.sla.clocks([case.id])}
    assert policies["response"] == "emergency"


def test_expected_times_and_appointments(desk: Desk):
    case = desk.submit()
    later = START + timedelta(days=1)
    with desk.care.unit(actor=WANG) as unit:
        assert unit.feedback.expect(case.id, later, reason="等原厂补丁").expected_at == later
        unit.feedback.appoint(case.id, later, until=later + timedelta(hours=2))
        unit.feedback.record(case.id, "arrived")
    clocks = {"replied": 0}
    with desk.care.unit(actor=WANG) as unit:
        for call in (
            lambda: unit.feedback.expect(case.id, START, reason="x"),
            lambda: unit.feedback.appoint(case.id, later, until=later),
            lambda: unit.feedback.appoint(case.id, later, mode="letter"),
            lambda: unit.feedback.call(case.id, "sideways"),
            lambda: unit.feedback.record(case.id, "nonsense"),
        ):
            with pytest.raises(Invalid):
                call()
            clocks["replied"] += 1
        with pytest.raises(Refused):
            unit.feedback.record(case.id, "verdict")
    assert clocks["replied"] == 5


def test_a_voided_step_is_folded_away(desk: Desk):
    case = desk.submit()
    desk.to(case.id, "confirm", "dispatch")
    with desk.care.unit(actor=BOSS) as unit:
        sequence = unit.feedback.facts(case.id)[-1].sequence
        back = unit.feedback.void(case.id, sequence, reason="派错人")
    assert (back.state, back.assignee) == ("confirmed", None)
    for number, error in ((1, Refused), (sequence, Refused), (99, NotFound)):
        with desk.care.unit(actor=BOSS) as unit, pytest.raises(error):
            unit.feedback.void(case.id, number, reason="x")


def test_files_are_kept_outside_and_named_on_the_timeline(desk: Desk):
    case = desk.submit()
    file = StoredFile(key="k", size=3, digest="d" * 64, media_type="text/plain", name="日志.txt")
    with desk.care.unit(actor=LI) as unit:
        unit.feedback.attach(case.id, file)
    with desk.care.read(actor=LI) as unit:
        assert [item.name for item in unit.feedback.attachments(case.id)] == ["日志.txt"]


def test_erasing_leaves_the_life_and_takes_the_words(desk: Desk):
    case = desk.submit(contact_name="李雷", contact_phone="13800000000")
    desk.to(case.id, "confirm")
    with desk.care.unit(actor=BOSS) as unit:
        unit.feedback.reply(case.id, "李雷您好")
        unit.feedback.erase(case.id, request="GDPR-7")
    gone = desk.get(case.id)
    assert (gone.state, gone.subject, gone.body, gone.contact_name) == ("confirmed", ERASED, ERASED, ERASED)
    with desk.care.transaction(tenant="", writes=False) as store:
        assert store.find(Personal, Is("subject_id", "eq", case.id)) == []
    with desk.care.read(actor=BOSS) as unit:
        assert next(fact for fact in unit.feedback.facts(case.id) if fact.type == "replied").data["body"] == ERASED


def test_the_record_of_s1_reads_in_pages(desk: Desk):
    made = [desk.submit() for _ in range(7)]
    desk.to(made[0].id, "confirm", "resolve")
    with desk.care.read(actor=BOSS) as unit:
        lines = list(unit.feedback.records(batch=3))
    assert [line.number for line in lines] == [case.number for case in made]
    assert (lines[0].content, lines[0].measure, lines[0].result) == ("无法登录\n登录后白屏", "重启", "恢复")
    assert lines[0].handled_at == START


def test_pages_go_on_where_the_last_one_ended(desk: Desk):
    made = {desk.submit().id for _ in range(5)}
    seen: list[str] = []
    after = None
    with desk.care.read(actor=BOSS) as unit:
        while page := unit.feedback.find(limit=2, after=after):
            seen += [case.id for case in page]
            after = (page[-1].received_at, page[-1].id)
    assert len(seen) == 5
    assert set(seen) == made


@pytest.mark.parametrize("limit", [0, -1, None, True, "5"])
@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (lambda unit, limit: unit.feedback.find(limit=limit), "find.limit"),
        (lambda unit, limit: unit.sla.due(limit=limit), "due.limit"),
        (lambda unit, limit: queue(unit, limit=limit), "queue.limit"),
    ],
)
def test_a_page_has_an_end(desk: Desk, ask: Any, field: str, limit: object):
    desk.submit()
    with desk.care.read(actor=BOSS) as unit, pytest.raises(Invalid) as caught:
        ask(unit, limit)
    assert (caught.value.code, caught.value.field) == ("page.limit", field)
