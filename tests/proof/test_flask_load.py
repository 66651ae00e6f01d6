"""The proof of the load can fail: each thing it looks for is noticed when it is there."""

from __future__ import annotations

import contextlib
import copy
import shutil
import sqlite3

import pytest

from careplug import Actor, Ref
from careplug.messages.entities import Message
from tests.proof import _load
from tests.proof._load_clients import Heard

WANG = Actor.engineer("wang")
PLAN = _load.Plan(workers=1, clients=1, seconds=1, most=1, steady=False)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A database with two cases, one answered, all messages sent, and what a client was told; nothing runs."""
    folder = tmp_path_factory.mktemp("load")
    house, heard = _load.House(f"sqlite:///{folder / 'care.db'}", folder, PLAN), Heard()
    with contextlib.closing(house.care()) as care:
        for key in ("submit 0 0", "submit 0 1"):
            with care.unit(actor=WANG) as unit:
                ident = unit.feedback.submit("fault", key, requester=Ref("person", "customer-0")).id
            heard.tried.add(key)
            heard.submits[key] = ident
        with care.unit(actor=WANG) as unit:
            unit.feedback.reply(ident, "reply 0 0")
        heard.replies["reply 0 0"] = ident
        with care.transaction(tenant=None, writes=False) as store:
            keys = [message.key for message in store.find(Message)]
    (folder / "sent.txt").write_text("".join(f"{key}\n" for key in keys))
    run(folder, "UPDATE careplug_message SET state = 'sent'", "PRAGMA wal_checkpoint(TRUNCATE)")
    yield house, heard
    house.close()


def run(folder, *statements):
    with contextlib.closing(sqlite3.connect(folder / "care.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


@pytest.fixture
def other(scene, tmp_path):
    """The same, to be damaged."""
    house, heard = copy.copy(scene[0]), copy.deepcopy(scene[1])
    house.folder = shutil.copytree(house.folder, tmp_path / "load")
    house.url = f"sqlite:///{house.folder / 'care.db'}"
    return house, heard


def test_what_is_right_is_right(other):
    assert _load._wrong(*other) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM careplug_feedback WHERE subject = 'submit 0 0'", "stored None"),
        ("UPDATE careplug_feedback SET subject = 'submit 0 0'", "submit 0 0: 2 cases"),
        ("UPDATE careplug_feedback SET subject = 'nobody said' WHERE subject = 'submit 0 0'", "nobody said: 1 cases"),
        ("DELETE FROM careplug_personal WHERE \"values\" LIKE '%reply 0 0%'", "reply 0 0: 0 times"),
        ("UPDATE careplug_fact SET data = '{}' WHERE type = 'replied'", "chain"),
        ("UPDATE careplug_message SET state = 'pending'", "is pending"),
        ("DELETE FROM careplug_message", "no messages"),
    ],
)
def test_damage_in_the_database_is_noticed(other, statement, words):
    house, heard = other
    run(house.folder, statement)
    assert words in "\n".join(_load._wrong(house, heard))


def test_a_message_that_came_twice_or_never_is_noticed(other):
    house, heard = other
    path = house.folder / "sent.txt"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([first, first, *rest[1:]]))
    wrong = "\n".join(_load._wrong(house, heard))
    assert f"{first} sent 2 times" in wrong
    assert f"{rest[0]} sent 0 times" in wrong


def test_a_reply_that_is_there_twice_is_noticed(other):
    house, heard = other
    with contextlib.closing(house.care()) as care, care.unit(actor=WANG) as unit:
        unit.feedback.reply(heard.replies["reply 0 0"], "reply 0 0")
    assert "reply 0 0: 2 times" in "\n".join(_load._wrong(house, heard))


def test_growth_is_by_process_and_leaves_out_who_lived_through_one_half_only():
    watch = _load.Watch.__new__(_load.Watch)
    watch.memory = [{1: 100, 2: 50}] * 6 + [{1: 108, 3: 70}] * 6
    watch.house = type("House", (), {"processes": lambda self: {1: "app", 3: "app"}})()
    assert watch.growth(6) == {"app 1": 1.08}


def test_the_memory_of_a_process_is_read_and_that_of_none_is_0():
    import os

    assert _load.rss(os.getpid()) > 10_000
    assert _load.rss(2**22 + 1) == 0
