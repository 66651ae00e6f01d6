"""The outbox on every database: made, claimed, rendered and marked in short transactions of its own."""

from __future__ import annotations

import threading
from datetime import timedelta

import attrs
import pytest

from careplug.care import Care
from careplug.messages.directory import Parties
from careplug.messages.entities import Message
from careplug.messages.sending import LEASE, Delivered, claim_and_send
from careplug.refs import Ref
from tests.services import DATABASES, database
from tests.unit.messages.house import CUSTOMER, ENGINEER, LI, MANAGER, START, WANG, ZHOU, House, Post, plugin


class Stored(House):
    """A house on a database; its leases run on the database's clock, so they are ended by hand."""

    def __init__(self, url):
        super().__init__(people=False)
        self.care.close()
        self.post = Post()
        environ = {"CAREPLUG_PLUGINS": "sqlalchemy"}
        self.care = Care(url, plugins=[plugin(self.post)], require=["sqlalchemy"], environ=environ, clock=self.clock)
        self.care.upgrade()
        self.people()
        self.by_post()

    def end_leases(self):
        with self.care.transaction(tenant=None) as store:
            for message in store.find(Message):
                if message.leased_until is not None:
                    ended = attrs.evolve(message, leased_until=message.leased_until - LEASE - timedelta(minutes=1))
                    store.save(ended, was=message)


@pytest.fixture(scope="module", params=DATABASES)
def stored(request, tmp_path_factory):
    """One database for the module: making the tables takes longer than all tests."""
    with database(request.param, tmp_path_factory.mktemp("outbox")) as url:
        made = Stored(url)
        yield made
        made.care.close()


@pytest.fixture
def house(stored):
    with stored.care.transaction(tenant=None) as store:
        store.remove(Message, None)
    stored.post.got.clear()
    return stored


def test_a_case_from_receipt_to_erasure(house):
    made = house.submit(subject="打印机 🖨 冒烟")
    with house.care.unit(actor=MANAGER) as unit:
        unit.feedback.assign(made.id, assignee=WANG, team=Ref("team", "hotline"))
        unit.feedback.reply(made.id, "王芳，您好 👋")
    house.post.troubles = [OSError("down")]
    assert claim_and_send(house.care, START) == Delivered(postponed=1, sent=1)
    assert claim_and_send(house.care, START + timedelta(minutes=1)) == Delivered(sent=2)
    assert [m.address for m in house.post.got] == ["wang street", "li street", "li street"]
    assert "王芳，您好 👋" in house.post.got[-1].body
    with house.care.read(actor=MANAGER) as unit:
        assert unit.messages.counts()["sent"] == 3
        assert {p.ref for p in unit.get(Parties).find(role="team:hotline")} == {WANG, ZHOU}
    with house.care.unit(actor=CUSTOMER) as unit:
        unit.feedback.reply(made.id, "谢谢")
    with house.care.unit(actor=MANAGER) as unit:
        unit.feedback.erase(made.id, request="letter 7")
    assert {(m.title, m.body, m.address) for m in house.messages()} == {("", "", "")}
    assert sorted(m.state for m in house.messages()) == ["cancelled", "sent", "sent", "sent"]
    assert claim_and_send(house.care, START + timedelta(days=1)) == Delivered()


def test_a_worker_stopped_past_its_lease_does_not_mark(house):
    house.submit()
    outcomes = []

    def stopped(message):
        house.post.before = lambda message: None
        house.end_leases()
        outcomes.append(claim_and_send(house.care, START))

    house.post.before = stopped
    outcomes.append(claim_and_send(house.care, START))
    assert outcomes == [Delivered(sent=1), Delivered(late=1)]
    assert (house.message().state, house.message().attempts) == ("sent", 1)


def test_four_workers_send_each_message_once_and_keep_lanes_in_order(house):
    made = [house.submit(requester=LI) for _ in range(8)]
    with house.care.unit(actor=ENGINEER) as unit:
        for case in made:
            unit.feedback.reply(case.id, "one")
            unit.feedback.reply(case.id, "two")
    rounds = []

    def work():
        for _ in range(3):
            rounds.append(claim_and_send(house.care, START))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(item.sent for item in rounds) == 24
    assert sum(item.late for item in rounds) == 0
    order = [message.key for message in house.post.got]
    assert len(set(order)) == len(order) == 24
    for case in made:
        lane = [m.key for m in house.messages(subject_id=case.id)]
        assert [key for key in order if key in lane] == lane
