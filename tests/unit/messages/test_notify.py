"""From a fact to the outbox: who gets a message, in the transaction of the fact."""

from __future__ import annotations

import time
from datetime import timedelta

import attrs
import pytest

from careplug.errors import Refused
from careplug.messages.service import handle, key_of, lane_of, recipients
from careplug.refs import SYSTEM, Ref
from careplug.timeline.story import Timeline
from tests.unit.messages.house import ACME, CHEN, CUSTOMER, ENGINEER, LI, MANAGER, START, WANG, ZHOU, House


@pytest.fixture
def house():
    return House()


def told(house, **wanted):
    return [(m.template, m.recipient) for m in house.messages(**wanted)]


def test_a_submitted_case_makes_one_receipt_in_the_same_transaction(house):
    made = house.submit(contact=LI)
    message = house.message()
    assert (message.subject, message.subject_id, message.event) == ("feedback", made.id, "submitted")
    assert (message.recipient, message.template, message.state, message.channel) == (LI, "received", "pending", "post")
    assert (message.address, message.title, message.body) == ("", "", "")
    assert message.next_at == START


def test_what_is_rolled_back_tells_nobody(house):
    with pytest.raises(RuntimeError), house.care.unit(actor=CUSTOMER) as unit:
        unit.feedback.submit("fault", "x", requester=LI)
        raise RuntimeError
    assert house.messages() == []


def test_the_row_keeps_numbers_and_codes_and_no_words(house):
    made = house.submit(subject="王芳的电话 13912345678", contact_name="王芳", contact_phone="13912345678")
    message = house.message()
    assert message.data["number"] == made.number
    assert message.data["kind"] == "fault"
    assert message.data["priority"] == made.priority
    assert "13912345678" not in repr(message)
    assert "王芳" not in repr(message)
    assert "打印机" not in repr(message)


def test_the_other_side_hears_of_a_reply_and_not_who_wrote_it(house):
    made = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.assign(made.id, assignee=WANG)
        unit.feedback.reply(made.id, "on my way")
    assert told(house) == [("received", LI), ("replied", LI)]
    with house.care.unit(actor=CUSTOMER) as unit:
        unit.feedback.reply(made.id, "thank you")
    assert told(house)[2:] == [("replied", WANG)]
    with house.care.unit(actor=MANAGER) as unit:
        unit.feedback.assign(made.id, assignee=CHEN)
        unit.feedback.assign(made.id, assignee=WANG)
    assert told(house)[3:] == [("dispatched", WANG)]


def test_the_team_hears_where_nobody_is_assigned(house):
    made = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.assign(made.id, team=Ref("team", "hotline"))
    with house.care.unit(actor=CUSTOMER) as unit:
        unit.feedback.reply(made.id, "hello?")
    assert told(house)[1:] == [("replied", WANG), ("replied", ZHOU)]


def test_the_whole_life_tells_the_customer_what_s6_and_s10_ask_for(house):
    made = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.step(made.id, "confirm")
        unit.feedback.step(made.id, "dispatch", assignee=ZHOU)
        unit.feedback.note(made.id, "internal")
        unit.feedback.expect(made.id, START + timedelta(days=1), reason="spare part")
        unit.feedback.step(made.id, "handle")
        unit.feedback.step(made.id, "resolve", measure="replaced", result="works")
    with house.care.unit(actor=CUSTOMER) as unit:
        unit.feedback.step(made.id, "reopen", reason="smokes again")
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.step(made.id, "resolve", measure="replaced", result="works")
        unit.feedback.step(made.id, "close")
    assert told(house) == [
        ("received", LI),
        ("dispatched", ZHOU),
        ("expected", LI),
        ("resolved", LI),
        ("reopened", ZHOU),
        ("resolved", LI),
        ("closed", LI),
    ]
    other = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.step(other.id, "reject", reason="not ours")
    assert told(house)[-1] == ("rejected", LI)


@pytest.mark.parametrize(("hours", "template"), [(1, "escalated_warn"), (-1, "escalated_breach")])
def test_an_escalation_goes_to_those_it_names(house, hours, template):
    made = house.submit()
    with house.care.unit(actor=SYSTEM) as unit:
        timeline = unit.get(Timeline)
        timeline.hold("feedback", type(made), made.id)
        data = {"metric": "response", "level": "warn", "due_at": START + timedelta(hours=hours)}
        timeline.append("feedback", made.id, "escalated", {**data, "to": ["assignee", "manager", "person:wang"]})
        timeline.append("feedback", made.id, "escalated", {**data, "to": []})
    assert told(house)[1:] == [(template, CHEN), (template, ZHOU), (template, WANG)]


def test_roles_become_people_once_each(house):
    made = attrs.evolve(house.submit(), requester=LI, contact=CHEN, assignee=None, team=Ref("team", "hotline"))
    with house.care.read(actor=MANAGER) as unit:
        fact = unit.get(Timeline).facts("feedback", made.id)[0]
        named = attrs.evolve(fact, data={"to": ["requester", "manager", "named", "person:x:y"]})

        def found(*roles):
            return recipients(unit, roles, named, made)

        assert found("requester", "contact", "requester") == [LI, CHEN]
        assert found("assignee") == []
        assert found("team") == [WANG, ZHOU]
        assert found("manager", "contact") == [CHEN, ZHOU]
        assert found("role:engineer", "role:none") == [WANG]
        assert found("named") == [LI, CHEN, ZHOU, Ref("person", "x:y")]
        assert found("organisation:acme") == [ACME]


def test_imported_history_tells_nobody(house):
    made = house.submit()
    with house.care.unit(actor=SYSTEM) as unit:
        fact = unit.get(Timeline).facts("feedback", made.id)[0]
        handle(unit, attrs.evolve(fact, origin="import", sequence=77), made, made)
        assert len(unit.messages.find()) == 1
        handle(unit, attrs.evolve(fact, sequence=77), made, made)
        unit.flush()
        assert len(unit.messages.find()) == 2


def test_a_subscription_switched_off_or_changed_counts_from_the_next_fact(house):
    with house.care.unit(actor=MANAGER) as unit:
        definition = unit.definitions.get("subscription", "received")
        unit.definitions.put("subscription", "received", {**definition.data, "active": False})
    house.submit()
    assert house.messages() == []
    with house.care.unit(actor=MANAGER) as unit:
        unit.definitions.put("subscription", "received", {**definition.data, "priorities": [4]})
    house.submit()
    assert len(house.messages()) == 1


def test_tenants_have_their_own_subscriptions_and_messages(house):
    with house.care.unit(actor=CUSTOMER, tenant="b") as unit:
        unit.feedback.submit("fault", "x", requester=LI)
    assert house.messages() == []
    (found,) = house.messages(tenant="b")
    assert (found.tenant, found.channel) == ("b", "console")


def test_keys_and_lanes_differ_in_every_part():
    keys = {
        key_of(*parts)
        for parts in (
            ("", "feedback", "1", 1, "s", LI),
            ("t", "feedback", "1", 1, "s", LI),
            ("", "contract", "1", 1, "s", LI),
            ("", "feedback", "2", 1, "s", LI),
            ("", "feedback", "1", 2, "s", LI),
            ("", "feedback", "1", 1, "r", LI),
            ("", "feedback", "1", 1, "s", WANG),
        )
    }
    assert len(keys) == 7
    lanes = [("mail", LI, "f", "1"), ("post", LI, "f", "1"), ("mail", WANG, "f", "1"), ("mail", LI, "f", "2")]
    assert len({lane_of(*parts) for parts in lanes}) == 4


def test_a_fact_nobody_waits_for_costs_microseconds(house):
    made = house.submit()
    with house.care.read(actor=SYSTEM) as unit:
        fact = attrs.evolve(unit.get(Timeline).facts("feedback", made.id)[0], type="noted")
        best = 1.0
        for _ in range(20):
            start = time.perf_counter()
            for _ in range(200):
                handle(unit, fact, made, made)
            best = min(best, (time.perf_counter() - start) / 200)
    assert best < 10e-6, best


def test_a_read_unit_lists_and_refuses_to_write(house):
    house.submit()
    message = house.message()
    with house.care.read(actor=MANAGER) as unit, pytest.raises(Refused):
        unit.messages.cancel(message.id)
