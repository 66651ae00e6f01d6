"""The outbox as a person sees it: lists, dead letters, erasure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from careplug.errors import Invalid, NotFound, Refused
from careplug.messages.entities import STATES
from careplug.messages.sending import Delivered, claim_and_send
from careplug.messages.service import PAGE_LIMIT
from tests.unit.messages.house import CUSTOMER, ENGINEER, LI, MANAGER, START, WANG, House


@pytest.fixture
def house():
    return House()


def dead(house):
    made = house.submit()
    house.post.troubles = [Invalid("party.mail", field="address", value="x")]
    assert claim_and_send(house.care, house.clock()) == Delivered(dead=1)
    return made, house.message(state="failed")


def test_pages_have_no_gap_and_no_repeat(house):
    for number in range(7):
        house.submit()
        if number % 3 == 0:
            house.clock.move(timedelta(seconds=1))
    with house.care.read(actor=MANAGER) as unit:
        whole = unit.messages.find()
        assert [m.created_at for m in whole] == sorted((m.created_at for m in whole), reverse=True)
        seen, after = [], None
        while page := unit.messages.find(limit=2, after=after):
            seen += page
            after = (page[-1].created_at, page[-1].id)
        assert seen == whole
        assert len(seen) == 7


def test_messages_are_found_by_subject_and_state(house):
    first, message = dead(house)
    second = house.submit()
    with house.care.read(actor=ENGINEER) as unit:
        assert [m.subject_id for m in unit.messages.find(subject="feedback", subject_id=second.id)] == [second.id]
        assert [m.id for m in unit.messages.find(state="failed")] == [message.id]
        assert unit.messages.find(subject="contract", subject_id=first.id) == []
        assert unit.messages.get(message.id) == message
        assert unit.messages.counts() == {"pending": 1, "sent": 0, "failed": 1, "cancelled": 0}
        assert set(unit.messages.counts()) == set(STATES)


@pytest.mark.parametrize(
    ("call", "error", "code", "field"),
    [
        (lambda found: found.find(state="lost"), Invalid, "message.state", "message.state"),
        (lambda found: found.find(limit=0), Invalid, "message.limit", "message.limit"),
        (lambda found: found.find(limit=PAGE_LIMIT + 1), Invalid, "message.limit", "message.limit"),
        (lambda found: found.get("nope"), NotFound, "message.missing", "message.id"),
        (lambda found: found.retry("nope"), NotFound, "message.missing", "message.id"),
        (lambda found: found.cancel("nope"), NotFound, "message.missing", "message.id"),
    ],
)
def test_what_cannot_be_done_is_said(house, call, error, code, field):
    with pytest.raises(error) as caught, house.care.unit(actor=MANAGER) as unit:
        call(unit.messages)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.text("zh") != caught.value.text("en")


def test_a_dead_letter_is_tried_again_from_the_start(house):
    _, message = dead(house)
    house.clock.move(timedelta(hours=1))
    with house.care.unit(actor=MANAGER) as unit:
        again = unit.messages.retry(message.id)
    assert (again.state, again.attempts, again.last_error, again.address) == ("pending", 0, "", "")
    assert again.next_at == START + timedelta(hours=1)
    assert again.body == message.body
    assert claim_and_send(house.care, house.clock()) == Delivered(sent=1)
    assert house.post.got[0].key == message.key
    with pytest.raises(Refused) as caught, house.care.unit(actor=MANAGER) as unit:
        unit.messages.retry(message.id)
    assert caught.value.code == "message.finished"


def test_a_cancelled_message_is_never_sent(house):
    house.submit()
    _, message = house.submit(), house.messages()[1]
    with house.care.unit(actor=MANAGER) as unit:
        unit.messages.cancel(message.id)
    assert claim_and_send(house.care, house.clock()) == Delivered(sent=1)
    with pytest.raises(Refused), house.care.unit(actor=MANAGER) as unit:
        unit.messages.cancel(message.id)


def test_only_managers_touch_the_outbox_and_customers_do_not_see_it(house):
    _, message = dead(house)
    for actor, calls in (
        (ENGINEER, ("retry", "cancel")),
        (CUSTOMER, ("retry", "cancel", "get")),
    ):
        for call in calls:
            with pytest.raises(Refused), house.care.unit(actor=actor) as unit:
                getattr(unit.messages, call)(message.id)
    with pytest.raises(Refused), house.care.read(actor=CUSTOMER) as unit:
        unit.messages.find()
    assert house.message().state == "failed"


def test_the_same_message_is_put_in_once(house):
    wanted = {
        "recipient": LI,
        "channel": "post",
        "template": "closed",
        "subject": "survey",
        "subject_id": "s-1",
        "source": "survey.invite",
        "data": {"number": "S-1", "kind": "fault"},
    }
    with house.care.unit(actor=MANAGER) as unit:
        made = unit.messages.enqueue(**wanted, at=START + timedelta(hours=1))
        assert made is not None
        assert unit.messages.enqueue(**wanted) is None
        assert unit.messages.enqueue(**{**wanted, "recipient": WANG}) is not None
    with house.care.unit(actor=MANAGER) as unit:
        assert unit.messages.enqueue(**wanted) is None
    assert claim_and_send(house.care, START) == Delivered(sent=1)
    assert claim_and_send(house.care, START + timedelta(hours=1)) == Delivered(sent=1)
    # no fact and no entity of that name: what the message brings itself is said, the rest is a dash
    assert house.post.got[1].subject == "[S-1] 已归档：—"


def test_a_template_that_is_not_there_is_noticed_when_the_message_is_made(house):
    with pytest.raises(NotFound), house.care.unit(actor=MANAGER) as unit:
        unit.messages.enqueue(recipient=LI, channel="post", template="gone", subject="x", subject_id="y", source="test")


def test_erasing_a_case_leaves_no_words_in_the_outbox(house):
    made = house.submit(subject="王芳的打印机")
    other = house.submit(subject="另一个")
    claim_and_send(house.care, house.clock())
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.reply(made.id, "王芳，您好")
    assert "王芳" in repr(house.messages(subject_id=made.id))
    with house.care.unit(actor=MANAGER) as unit:
        unit.feedback.erase(made.id, request="letter 7")
    sent, waiting = house.messages(subject_id=made.id)
    assert (sent.state, waiting.state) == ("sent", "cancelled")
    for message in (sent, waiting):
        assert (message.title, message.body, message.address, message.data) == ("", "", "", {})
    assert house.message(subject_id=other.id).body
    assert claim_and_send(house.care, house.clock()) == Delivered()


def test_a_voided_fact_is_not_told_any_more(house):
    made = house.submit()
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.reply(made.id, "wrong case, sorry")
        unit.feedback.reply(made.id, "right")
    first, second = house.messages(template="replied")
    with house.care.unit(actor=MANAGER) as unit:
        unit.feedback.void(made.id, first.sequence, reason="wrong case")
    assert [m.state for m in house.messages(template="replied")] == ["cancelled", "pending"]
    assert claim_and_send(house.care, house.clock()) == Delivered(sent=2)
    assert second.key in {m.key for m in house.post.got}
    assert first.key not in {m.key for m in house.post.got}
