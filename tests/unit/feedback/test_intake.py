"""Submitting: what is stored, what is refused, and what a repeated submit does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from careplug import Conflict, Invalid, Ref, Refused, Text
from careplug.contributions import FieldSpec
from careplug.feedback.entities import Feedback, RequestKey
from careplug.feedback.intake import KEY_KEPT, purge_keys
from careplug.plugin import hookimpl
from tests.unit.feedback.desk import BOSS, LI, MEI, START, WANG, Desk


def test_a_submitted_case_holds_what_was_said():
    desk = Desk()
    case = desk.submit(impact=1, urgency=2, contact_name="李雷", product=Ref("product", "erp"))
    stored = desk.get(case.id)
    assert stored == case
    assert (stored.state, stored.category, stored.priority, stored.cycle) == ("received", "open", 2, 1)
    assert (stored.subject, stored.body, stored.contact_name) == ("无法登录", "登录后白屏", "李雷")
    assert (stored.requester, stored.received_at) == (LI.ref, START)
    assert stored.number == "CP-2026-000001"
    assert desk.facts(case.id) == ["submitted", "policy_decided"]


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 2), (2, 2, 3), (2, 3, 4), (3, 1, 3), (3, 2, 4), (3, 3, 4)],
)
def test_priority_comes_from_the_matrix(impact: int, urgency: int, priority: int):
    assert Desk().submit(impact=impact, urgency=urgency).priority == priority


def test_an_edited_matrix_decides_for_later_cases():
    desk = Desk()
    first = desk.submit(impact=3, urgency=3)
    with desk.care.unit(actor=BOSS) as unit:
        unit.definitions.put("matrix", "priority", {"rows": [[1, 1, 4], [1, 1, 1], [3, 1, 2]]})
    assert (first.priority, desk.submit(impact=3, urgency=3).priority) == (4, 2)
    assert (desk.submit(impact=1, urgency=3).priority, desk.submit(impact=3, urgency=1).priority) == (4, 3)


def test_a_customer_cannot_say_that_the_service_answered():
    desk = Desk()
    with pytest.raises(Refused) as caught:
        desk.submit(LI, answered=True)
    assert caught.value.field == "permission.feedback.call"
    assert desk.submit(WANG, answered=True, requester=LI.ref).number == "CP-2026-000001"


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"impact": 4}, "feedback.level", "impact"),
        ({"urgency": True}, "feedback.level", "urgency"),
        ({"urgency": "1"}, "feedback.level", "urgency"),
        ({"requester": "person:1"}, "ref.type", "requester"),
        ({"contact_phone": "1" * 61}, "text.long", "contact_phone.length"),
        ({"channel": None}, "text.type", "channel.type"),
        ({"custom": {"colour": "red"}}, "custom.unknown", "custom.colour"),
        ({"at": datetime(2026, 1, 5)}, "clock.naive", "at"),
        ({"at": START + timedelta(hours=1)}, "fact.future", "at.future"),
    ],
)
def test_bad_input_names_the_field_and_stores_nothing(given: dict[str, object], code: str, field: str):
    desk = Desk()
    with pytest.raises(Invalid) as caught:
        desk.submit(BOSS, **given)
    assert (caught.value.code, caught.value.field) == (code, field)
    with desk.care.read(actor=BOSS) as unit:
        assert unit.feedback.count() == 0


@pytest.mark.parametrize(
    ("kind", "subject", "code"), [("nonsense", "x", "feedback.kind"), ("fault", " ", "text.required")]
)
def test_kind_and_subject_are_checked(kind: str, subject: str, code: str):
    with Desk().care.unit(actor=LI) as unit, pytest.raises(Invalid) as caught:
        unit.feedback.submit(kind, subject)
    assert caught.value.code == code


def test_back_dating_needs_permission_and_reason():
    desk, at = Desk(), START - timedelta(hours=2)
    with pytest.raises(Refused):
        desk.submit(WANG, at=at, because="电话受理")
    with pytest.raises(Invalid) as caught:
        desk.submit(BOSS, at=at)
    assert caught.value.field == "because"
    case = desk.submit(BOSS, at=at, because="电话受理")
    assert case.received_at == at
    with desk.care.read(actor=BOSS) as unit:
        fact = unit.feedback.facts(case.id)[0]
        assert (fact.at, fact.recorded_at, fact.data["back_dated"], fact.data["because"]) == (
            at,
            START,
            True,
            "电话受理",
        )


def test_a_customer_submits_in_the_own_name():
    desk = Desk()
    for given, code in (
        ({"requester": MEI.ref}, "submit.requester"),
        ({"organisation": Ref("organisation", "acme")}, "submit.organisation"),
    ):
        with pytest.raises(Refused) as caught:
            desk.submit(LI, **given)
        assert caught.value.code == code
    assert desk.submit(MEI, organisation=Ref("organisation", "acme")).organisation == Ref("organisation", "acme")
    assert desk.submit(BOSS, requester=LI.ref).requester == LI.ref


def test_the_same_key_gives_the_first_case():
    desk = Desk()
    first, second = desk.submit(key="k1"), desk.submit(key="k1")
    assert second.id == first.id
    assert desk.submit(key="k1", source="mail").id != first.id
    with pytest.raises(Conflict):
        desk.submit(key="k1", impact=1)
    with desk.care.read(actor=BOSS) as unit:
        assert unit.feedback.count() == 2


def test_a_key_is_forgotten_after_its_time():
    desk = Desk()
    first = desk.submit(key="k1")
    desk.clock.move(KEY_KEPT)
    second = desk.submit(key="k1", impact=1)
    assert second.id != first.id
    assert desk.submit(key="k1", impact=1).id == second.id
    desk.clock.move(KEY_KEPT + timedelta(seconds=1))
    assert purge_keys(desk.care, desk.clock()) == 1
    with desk.care.transaction(tenant=None, writes=False) as store:
        assert store.find(RequestKey) == []


class Fields:
    """Two custom fields: one indexed choice, one personal."""

    @staticmethod
    @hookimpl
    def careplug_entities() -> tuple[FieldSpec, ...]:
        return (
            FieldSpec(name="region", type="choice", choices=("north", "south"), indexed=True, required=True),
            FieldSpec(name="plate", personal=True, label=Text("Plate", "车牌")),
        )


def test_custom_fields_are_declared_checked_and_kept():
    desk = Desk(plugins=(Fields,))
    case = desk.submit(custom={"region": "north", "plate": "京A12345"})
    assert desk.get(case.id).custom == {"region": "north", "plate": "京A12345"}
    for custom, code in (
        ({}, "custom.required"),
        ({"region": "east"}, "custom.choice"),
        ({"region": 1}, "custom.type"),
    ):
        with pytest.raises(Invalid) as caught:
            desk.submit(custom=custom)
        assert caught.value.code == code
    with desk.care.transaction(tenant="", writes=False) as store:
        rows = store.find(Feedback)
    assert len(rows) == 1


def test_an_answered_call_meets_the_response_at_intake():
    desk = Desk()
    case = desk.submit(WANG, channel="phone", answered=True)
    with desk.care.read(actor=BOSS) as unit:
        clocks = {clock.metric: clock.state for clock in unit.sla.clocks([case.id])}
    assert clocks == {"response": "met", "resolution": "running", "total": "running"}


def test_utc_and_local_times_are_the_same_instant():
    desk = Desk()
    case = desk.submit(BOSS, at=datetime.fromisoformat("2026-01-05T09:30:00+08:00"), because="x")
    assert case.received_at == datetime(2026, 1, 5, 1, 30, tzinfo=UTC)
