"""The memory storage beyond the suite: its own clock, its one writer, and joining itself."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from careplug.clock import ManualClock
from careplug.criteria import Is, Order
from careplug.errors import Conflict, Invalid, Refused, Retry
from careplug.ports import Storage
from careplug.storage.memory import MemoryStorage
from careplug.testing._entities import Item, Keyed, Task
from careplug.testing._support import item, keyed, reading, task, writing
from careplug.testing.storage import SPECS

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def store():
    made = MemoryStorage(timeout=0.05)
    made.bind(SPECS)
    return made


def keys(store, tenant=""):
    with reading(store, tenant) as transaction:
        return [one.key for one in transaction.find(Keyed, order=[Order("key")])]


def test_it_is_a_storage(store):
    assert isinstance(store, Storage)


def test_leases_run_on_the_clock_it_was_given():
    clock = ManualClock(NOON)
    store = MemoryStorage(database_now=clock)
    store.bind(SPECS)
    with writing(store, "") as transaction:
        transaction.add(task("", NOON))
        assert len(transaction.claim(Task, now=NOON, limit=1, lease=timedelta(minutes=1))) == 1
        clock.move(timedelta(seconds=59))
        assert transaction.claim(Task, now=NOON, limit=1, lease=timedelta(minutes=1)) == []
        clock.move(timedelta(seconds=1))
        (found,) = transaction.claim(Task, now=NOON, limit=1, lease=timedelta(minutes=1))
    assert found.fence == 2
    assert found.leased_until == NOON + timedelta(minutes=2)


def test_a_second_writer_waits_and_is_told_to_try_again(store):
    with writing(store, ""):
        with pytest.raises(Retry) as caught:
            store.begin(tenant="", writes=True)
        assert caught.value.text("zh") != caught.value.text("en")
        with reading(store, ""):
            pass
    with writing(store, "") as transaction:
        transaction.add(keyed("", "after"))
    assert keys(store) == ["after"]


def test_nobody_sees_what_is_stored(store):
    """What was handed over or handed out may be changed by its owner; the storage keeps its own."""
    tags = {"plant": "a"}
    given = item("", custom=tags)
    with writing(store, "") as transaction:
        transaction.add(given)
        tags["plant"] = "b"
        found = transaction.get(Item, given.id)
        assert found is not None
        found.custom["plant"] = "c"
        assert transaction.find(Item)[0].custom == {"plant": "a"}


def test_readers_that_come_in_the_middle_see_what_is_committed(store):
    one = keyed("", "one")
    with writing(store, "") as transaction:
        transaction.add(one)
    early = store.begin(tenant="", writes=False)
    writer = store.begin(tenant="", writes=True)
    writer.save(attrs.evolve(one, key="two"))
    writer.add(keyed("", "one"))
    middle = store.begin(tenant="", writes=False)
    writer.remove(Keyed, None)
    late = store.begin(tenant="", writes=False)
    assert [one] == early.find(Keyed) == middle.find(Keyed) == late.find(Keyed)
    assert middle.find(Keyed, Is("key", "eq", "one")) == [one]
    writer.commit()
    assert [one] == early.find(Keyed) == middle.find(Keyed) == late.find(Keyed)
    for reader in (early, middle, late):
        reader.close()
    assert keys(store) == []


def test_joining_itself(store):
    host = store.begin(tenant="a", writes=True)
    host.add(keyed("a", "hosts"))
    kept = store.join(host, tenant="b")
    kept.add(keyed("b", "ours"))
    kept.commit()
    kept.close()
    undone = store.join(host, tenant="b")
    undone.add(keyed("b", "undone"))
    undone.rollback()
    with pytest.raises(Invalid):
        undone.find(Keyed)
    assert keys(store, "b") == []
    host.commit()
    assert (keys(store, "a"), keys(store, "b")) == (["hosts"], ["ours"])
    with pytest.raises(Invalid):
        store.join(host, tenant="a").find(Keyed)


def test_a_joined_transaction_ends_with_its_host(store):
    host = store.begin(tenant="", writes=True)
    joined = store.join(host, tenant="")
    host.close()
    with pytest.raises(Invalid):
        joined.add(keyed("", "late"))


def test_joining_a_reader_does_not_make_it_write(store):
    with reading(store, "") as host, pytest.raises(Refused):
        store.join(host, tenant="").add(keyed("", "a"))


@pytest.mark.parametrize("host", [None, object(), "sqlite://"])
def test_other_hosts_are_refused(store, host):
    with pytest.raises(Invalid) as caught:
        store.join(host, tenant="")
    assert caught.value.code == "storage.join_memory"
    other = MemoryStorage()
    other.bind(SPECS)
    with writing(other, "") as transaction, pytest.raises(Invalid):
        store.join(transaction, tenant="")


def test_bound_again_it_keeps_its_rows(store):
    with writing(store, "") as transaction:
        transaction.add(keyed("", "a"))
    store.bind([spec for spec in SPECS if spec.cls is not Keyed])
    with writing(store, "") as transaction, pytest.raises(Invalid):
        transaction.find(Keyed)
    store.bind(SPECS)
    assert keys(store) == ["a"]
    with pytest.raises(Conflict), writing(store, "") as transaction:
        transaction.add(keyed("", "a"))


def test_documents_have_no_order(store):
    with reading(store, "") as transaction, pytest.raises(Invalid) as caught:
        transaction.find(Item, order=[Order("custom")])
    assert caught.value.code == "storage.order"


def test_a_question_by_an_indexed_field_does_not_look_at_every_row(store):
    with writing(store, "") as transaction:
        for number in range(200):
            transaction.add(keyed("", f"k{number}"))
        table = transaction.tables["suite_keyed"]
        assert len(list(table.candidates(Is("key", "eq", "k7"), ""))) == 1
        assert len(list(table.candidates(Is("key", "eq", "none"), ""))) == 0
        assert len(list(table.candidates(Is("note", "eq", "k7"), ""))) == 200


def test_nothing_is_left_behind_in_the_indexes(store):
    with writing(store, "") as transaction:
        for number in range(50):
            transaction.add(keyed("", f"k{number}"))
        transaction.remove(Keyed, None)
        table = transaction.tables["suite_keyed"]
        assert table.rows == {}
        assert table._keys == {}
        assert not any(table._groups.values())


def test_readers_and_a_writer_at_once(store):
    """A reader's sum is that of one moment, however busy the writer is."""
    first, second = item("", count=500), item("", count=500)
    with writing(store, "") as transaction:
        transaction.add(first)
        transaction.add(second)
    stop = threading.Event()
    sums: set[int] = set()

    def read():
        while not stop.is_set():
            with reading(store, "") as transaction:
                sums.add(sum(one.count or 0 for one in transaction.find(Item)))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(150):
        with writing(store, "") as transaction:
            transaction.save(attrs.evolve(first, count=500 - number))
            transaction.save(attrs.evolve(second, count=500 + number))
    stop.set()
    for reader in readers:
        reader.join()
    assert sums == {1000}
