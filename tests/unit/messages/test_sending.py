"""The outgoing side: claimed, rendered once, sent outside transactions, marked under the fence."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careplug.errors import Invalid, Retry
from careplug.messages import sending
from careplug.messages.directory import Parties
from careplug.messages.entities import Message
from careplug.messages.sending import LEASE, Delivered, claim_and_send
from careplug.refs import Actor, Ref
from careplug.tasks import BACKOFF
from tests.unit.messages.house import CUSTOMER, ENGINEER, LI, MANAGER, START, WANG, House


@pytest.fixture
def house():
    return House()


def send(house, after=timedelta(0), limit=500):
    return claim_and_send(house.care, house.clock() + after, limit)


def test_a_message_is_rendered_for_its_reader_and_sent(house):
    made = house.submit()
    assert send(house) == Delivered(sent=1)
    (got,) = house.post.got
    message = house.message()
    assert got.address == "li street"
    assert got.language == "zh_CN"
    assert got.key == message.key
    assert got.subject == f"[{made.number}] 已收到您的反馈：打印机冒烟"
    assert "李雷，您好" in got.body
    assert "2026年3月2日 09:00（UTC+8）" in got.body
    assert "类型：故障" in got.body
    assert (message.state, message.attempts, message.reference) == ("sent", 1, "r-1")
    assert (message.sent_at, message.lane, message.next_at, message.leased_until) == (START, None, None, None)
    assert (message.title, message.body, message.address) == (got.subject, got.body, got.address)
    assert send(house) == Delivered()


def test_personal_words_come_from_the_fact_and_instants_stand_on_the_readers_clock(house):
    made = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.step(made.id, "dispatch", assignee=Ref("person", "chen"))
        unit.feedback.expect(made.id, START + timedelta(days=1), reason="等待 {number} 备件")
        unit.feedback.step(made.id, "resolve", measure="换了风扇", result="正常")
    while send(house).total:
        pass
    by_template = {house_message.template: house_message for house_message in house.messages()}
    assert "等待 {number} 备件" in by_template["expected"].body
    assert "2026年3月3日 09:00（UTC+8）" in by_template["expected"].title
    assert "换了风扇" in by_template["resolved"].body
    english = by_template["dispatched"]
    assert "Hello Chen Jing" in english.body
    assert "Customer: 李雷" in english.body
    assert "Received: 2 March 2026, 09:00 (UTC+8)" in english.body


def test_the_words_are_made_once_and_kept_with_their_revision(house):
    house.submit()
    house.post.troubles = [OSError("down")]
    assert send(house) == Delivered(postponed=1)
    before = house.message()
    assert before.template_digest
    with house.care.unit(actor=MANAGER) as unit:
        unit.definitions.put("template", "received", {"subject": {"en": "new"}, "body": {"en": "new"}})
    assert send(house, timedelta(minutes=1)) == Delivered(sent=1)
    assert house.post.got[0].body == before.body
    assert house.message().template_digest == before.template_digest
    house.submit()
    send(house)
    assert house.post.got[1].body == "new\n"


def test_it_is_sent_outside_any_transaction(house):
    house.submit()
    seen = []
    # the memory storage has one writer: this would wait for it for ever if a transaction were open
    house.storage._timeout = 0.2
    house.post.before = lambda message: seen.append(house.submit(requester=WANG))
    send(house, limit=1)
    assert len(seen) == 1
    assert house.messages()[0].state == "sent"


def test_failures_wait_longer_and_longer_and_end_as_a_dead_letter(house):
    house.submit()
    house.post.troubles = [OSError("down")] * 6
    now = START
    for attempt, wait in enumerate(BACKOFF, 1):
        assert claim_and_send(house.care, now) == Delivered(postponed=1)
        message = house.message()
        assert (message.state, message.attempts, message.last_error) == ("pending", attempt, "OSError")
        assert message.next_at == now + wait
        assert claim_and_send(house.care, now + wait - timedelta(seconds=1)) == Delivered()
        now += wait
    assert claim_and_send(house.care, now) == Delivered(dead=1)
    message = house.message()
    assert (message.state, message.attempts, message.lane, message.next_at) == ("failed", 6, None, None)
    assert claim_and_send(house.care, now + timedelta(days=365)) == Delivered()
    assert house.post.got == []


@pytest.mark.parametrize("trouble", [OSError("x"), SystemExit(3), ZeroDivisionError(), Retry("storage.busy")])
def test_whatever_a_channel_raises_stays_its_own_trouble(house, caplog, trouble):
    house.submit()
    house.submit(requester=WANG)
    house.post.troubles = [trouble]
    with caplog.at_level(logging.WARNING, "careplug.messages"):
        assert send(house) == Delivered(sent=1, postponed=1)
    assert "channel post of post_plugin" in caplog.text


def test_an_interrupt_by_a_person_is_not_swallowed(house):
    house.submit()
    house.post.troubles = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        send(house)
    assert house.message().state == "pending"


def test_an_address_that_can_never_work_is_given_up_at_once(house):
    house.submit()
    house.post.troubles = [Invalid("party.mail", field="address", value="x")]
    assert send(house) == Delivered(dead=1)
    assert (house.message().state, house.message().last_error) == ("failed", "party.mail")


def test_somebody_the_directory_does_not_know_is_a_dead_letter_until_known(house):
    stranger = Ref("person", "nobody")
    house.submit(requester=stranger)
    assert send(house) == Delivered(dead=1)
    message = house.message()
    assert (message.state, message.last_error) == ("failed", "message.no_address")
    with house.care.unit(actor=MANAGER) as unit:
        from careplug.ports import Address

        unit.get(Parties).add(stranger, name="New", addresses=[Address("post", "here")], language="en")
        unit.messages.retry(message.id)
    assert send(house) == Delivered(sent=1)
    assert (house.post.got[0].address, house.post.got[0].language) == ("here", "en")


def test_a_template_that_is_gone_and_a_channel_that_is_gone(house):
    house.submit()
    with house.care.unit(actor=MANAGER) as unit:
        message = unit.messages.find()[0]
        unit.store.save(attrs.evolve(message, template="gone"), was=message)
    assert send(house) == Delivered(dead=1)
    assert house.message().last_error == "definition.missing"
    house.submit()
    with house.care.unit(actor=MANAGER) as unit:
        message = unit.messages.find(state="pending")[0]
        unit.store.save(attrs.evolve(message, channel="fax"), was=message)
    # a plugin may come back: tried again
    assert send(house) == Delivered(postponed=1)
    assert house.message(state="pending").last_error == "channel.missing"


def test_a_directory_that_breaks_is_tried_again_and_harms_no_other_message(house, caplog):
    house.submit(requester=WANG)
    house.submit()

    class Broken:
        def __init__(self, inner):
            self.inner = inner

        def find(self, unit, ref):
            if ref == WANG:
                raise OSError("no directory")
            return self.inner.find(unit, ref)

        def members(self, unit, role):
            return self.inner.members(unit, role)

    house.care.setup = attrs.evolve(house.care.setup, directory=Broken(house.care.setup.directory))
    assert send(house) == Delivered(sent=1, postponed=1)
    assert house.message(state="pending").last_error == "OSError"
    assert "could not be rendered" in caplog.text


def test_of_one_lane_only_the_oldest_is_in_flight(house):
    made = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        for number in range(3):
            unit.feedback.reply(made.id, f"reply {number}")
    house.post.troubles = [OSError("down")]
    # the receipt failed: what came later about the same case waits behind it
    assert send(house) == Delivered(postponed=1)
    assert send(house) == Delivered()
    assert send(house, timedelta(minutes=1)) == Delivered(sent=4)
    assert [m.body.strip().splitlines()[-1] for m in house.post.got[1:]] == ["reply 0", "reply 1", "reply 2"]


def test_a_dead_letter_frees_its_lane(house):
    made = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.reply(made.id, "reply")
    house.post.troubles = [Invalid("party.mail", field="address", value="x")]
    assert send(house) == Delivered(dead=1, sent=1)


def test_a_limit_is_kept(house):
    for _ in range(5):
        house.submit()
    assert send(house, limit=2) == Delivered(sent=2)
    assert send(house, limit=0) == Delivered()
    assert send(house) == Delivered(sent=3)


def test_a_late_mark_is_refused_and_reported(house, caplog):
    house.submit()
    outcomes = []

    def stopped_past_its_lease(message):
        house.post.before = lambda message: None
        house.database.move(LEASE + timedelta(seconds=1))
        outcomes.append(send(house))

    house.post.before = stopped_past_its_lease
    outcomes.append(send(house))
    assert outcomes == [Delivered(sent=1), Delivered(late=1)]
    # at least once: twice sent, with one key
    assert len({message.key for message in house.post.got}) == 1
    assert len(house.post.got) == 2
    assert (house.message().state, house.message().attempts) == ("sent", 1)
    assert "late mark" in caplog.text


def test_a_worker_that_dies_while_sending_leaves_the_message_for_the_next(house):
    house.submit()
    house.post.troubles = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        send(house)
    assert send(house) == Delivered()
    house.database.move(LEASE + timedelta(seconds=1))
    assert send(house) == Delivered(sent=1)


def test_a_lease_lost_before_the_words_were_made_is_late(house):
    house.submit()
    batch = sending._claim(house.care, START, 10)
    house.database.move(LEASE + timedelta(seconds=1))
    assert send(house) == Delivered(sent=1)
    assert list(sending._deliver(house.care, batch, START, until=float("inf"))) == ["late"]
    assert len(house.post.got) == 1


def test_what_cannot_be_sent_within_the_lease_is_given_back(house):
    for _ in range(3):
        house.submit()
    batch = sending._claim(house.care, START, 10)
    assert list(sending._deliver(house.care, batch, START, until=0.0)) == ["sent", "returned", "returned"]
    assert send(house) == Delivered(sent=2)


def test_what_a_channel_answers_cannot_spoil_the_mark(house):
    from careplug.ports import Sent

    for receipt in (None, Sent("a\x00b\ud800c\n" + "x" * 500), Sent(7)):
        house.post.receipt = receipt
        house.submit()
        assert send(house) == Delivered(sent=1)
    assert [len(m.reference) for m in house.messages()] == [0, 200, 1]


def test_a_row_erased_while_it_is_being_sent_stays_erased(house):
    made = house.submit()

    def erased(message):
        with house.care.unit(actor=MANAGER) as unit:
            unit.feedback.erase(made.id, request="letter 7")

    house.post.before = erased
    assert send(house) == Delivered(late=1)
    message = house.message()
    assert (message.state, message.title, message.body, message.address, message.data) == ("cancelled", "", "", "", {})


def test_tenants_are_served_by_one_round(house):
    subscription = {"events": ["closed"], "to": ["requester"], "channel": "post", "template": "closed"}
    with house.care.unit(actor=Actor.engineer("zhao", "manager"), tenant="b") as unit:
        unit.definitions.put("subscription", "closed", subscription)
    with house.care.unit(actor=CUSTOMER, tenant="b") as unit:
        unit.feedback.submit("fault", "in b", requester=LI)
    with house.care.transaction(tenant="b") as store:
        (message,) = store.find(Message)
        store.save(attrs.evolve(message, channel="post"), was=message)
    house.submit()
    # nobody of tenant b has an address on the channel; the other tenant's people are not asked
    assert send(house) == Delivered(sent=1, dead=1)
    assert house.stored(message.id).last_error == "message.no_address"


def test_several_workers_send_each_message_once(house):
    for _ in range(40):
        house.submit()
    rounds = []

    def work():
        rounds.append(send(house))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(item.sent for item in rounds) == 40
    assert len({message.key for message in house.post.got}) == len(house.post.got) == 40


@settings(max_examples=15)
@given(st.lists(st.sampled_from(["ok", "fail", "bad"]), min_size=1, max_size=12), st.integers(1, 4))
def test_every_message_ends_and_a_lane_keeps_its_order(script, cases):
    house = House()
    made = [house.submit() for _ in range(cases)]
    with house.care.unit(actor=ENGINEER) as unit:
        for case in made:
            unit.feedback.reply(case.id, "one")
            unit.feedback.reply(case.id, "two")
    troubles = {"ok": None, "fail": OSError("down"), "bad": Invalid("party.mail", field="a", value="b")}
    house.post.troubles = [troubles[item] for item in script]
    now = START
    for _ in range(40):
        claim_and_send(house.care, now)
        now += timedelta(hours=13)
    messages = house.messages()
    assert {m.state for m in messages} <= {"sent", "failed"}
    assert sum(m.state == "sent" for m in messages) == len(house.post.got)
    assert len(messages) == 3 * cases
    order = [message.key for message in house.post.got]
    for case in made:
        lane = [m.key for m in messages if m.subject_id == case.id and m.state == "sent"]
        assert [key for key in order if key in lane] == lane


def test_the_console_needs_no_address(capsys):
    house = House(people=False)
    house.submit()
    assert send(house) == Delivered(sent=1)
    assert house.message().address == "person:li"
    assert "用户，您好" in capsys.readouterr().out
