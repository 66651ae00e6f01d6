"""Transactions: what is seen when, what is undone, who is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from careplug.criteria import Is
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.ports import Storage, Transaction
from careplug.testing._entities import Item, Keyed, Task
from careplug.testing._support import NOON, Base, item, keyed, new_tenant, reading, task, writing

__all__ = ["Transactions"]

WRITES: dict[str, Callable[[Transaction, str], Any]] = {
    "add": lambda transaction, tenant: transaction.add(keyed(tenant, "k")),
    "add_if_absent": lambda transaction, tenant: transaction.add_if_absent(keyed(tenant, "k")),
    "save": lambda transaction, tenant: transaction.save(keyed(tenant, "k")),
    "remove": lambda transaction, _: transaction.remove(Keyed, None),
    "claim": lambda transaction, _: transaction.claim(Task, now=NOON, limit=1, lease=timedelta(0)),
    "mark": lambda transaction, tenant: transaction.mark(task(tenant)),
    "next_number": lambda transaction, _: transaction.next_number(),
}


def _keys(store: Storage, tenant: str | None) -> list[str]:
    with reading(store, tenant) as transaction:
        return sorted(one.key for one in transaction.find(Keyed))


class Transactions(Base):
    """Transactions, savepoints, versions, tenants."""

    def test_committed_is_kept_and_the_rest_is_not(self, store: Storage, tenant: str) -> None:
        """Only ``commit`` keeps: what was flushed and then rolled back or closed is gone."""
        with writing(store, tenant) as transaction:
            transaction.add(keyed(tenant, "kept"))
        undone = store.begin(tenant=tenant, writes=True)
        undone.add(keyed(tenant, "rolled back"))
        undone.flush()
        undone.rollback()
        undone.close()
        closed = store.begin(tenant=tenant, writes=True)
        closed.add(keyed(tenant, "only closed"))
        closed.flush()
        closed.close()
        assert _keys(store, tenant) == ["kept"]

    def test_own_writes_are_seen_before_the_flush(self, store: Storage, tenant: str) -> None:
        """A transaction reads its own additions, changes and removals at once, in every kind of question."""
        one = keyed(tenant, "one")
        with writing(store, tenant) as transaction:
            transaction.add(one)
            assert transaction.get(Keyed, one.id) == one
            transaction.save(attrs.evolve(one, note="changed"), was=one)
            assert transaction.find(Keyed, Is("note", "eq", "changed")) != []
            assert transaction.tally(Keyed)[0].values == (1,)
            assert transaction.remove(Keyed, Is("id", "eq", one.id)) == 1
            assert transaction.get(Keyed, one.id) is None

    def test_a_reader_sees_one_moment(self, store: Storage, tenant: str) -> None:
        """A reader sees the state of its first question to its end, and never what is not committed."""
        old = keyed(tenant, "old")
        with writing(store, tenant) as transaction:
            transaction.add(old)
        with reading(store, tenant) as before:
            assert before.get(Keyed, old.id) == old
            writer = store.begin(tenant=tenant, writes=True)
            try:
                writer.save(attrs.evolve(old, key="new"))
                writer.add(keyed(tenant, "more"))
                writer.flush()
                with reading(store, tenant) as meanwhile:
                    assert meanwhile.find(Keyed) == [old]
                writer.commit()
            finally:
                writer.close()
            assert before.find(Keyed) == [old]
        assert _keys(store, tenant) == ["more", "new"]

    @pytest.mark.parametrize("write", WRITES)
    def test_a_reader_refuses_to_write(self, store: Storage, tenant: str, write: str) -> None:
        """``writes=False`` is kept: each way of writing is ``Refused`` with the remedy."""
        with reading(store, tenant) as transaction, pytest.raises(Refused) as caught:
            WRITES[write](transaction, tenant)
            transaction.flush()
        assert "writes=True" in caught.value.text("zh")
        assert _keys(store, tenant) == []

    def test_what_has_ended_is_not_used(self, store: Storage, tenant: str) -> None:
        """A closed transaction may be closed again; using it is ``Invalid``."""
        transaction = store.begin(tenant=tenant, writes=True)
        transaction.close()
        transaction.close()
        with pytest.raises(Invalid):
            transaction.add(keyed(tenant, "late"))
        with pytest.raises(Invalid):
            transaction.find(Keyed)

    def test_unknown_classes_are_refused(self, store: Storage, tenant: str) -> None:
        """A class that was not bound is ``Invalid``, to write and to ask."""
        with writing(store, tenant) as transaction:
            with pytest.raises(Invalid):
                transaction.add(object())
            with pytest.raises(Invalid):
                transaction.find(object)

    def test_stale_versions_conflict(self, store: Storage, tenant: str) -> None:
        """``save(expected=…)`` after somebody else's is ``Conflict`` and changes nothing, with and without ``was``."""
        first = keyed(tenant, "k")
        with writing(store, tenant) as transaction:
            transaction.add(first)
        with writing(store, tenant) as transaction:
            transaction.save(attrs.evolve(first, version=2, note="faster"), was=first, expected=1)
        for was in (first, None):
            with pytest.raises(Conflict), writing(store, tenant) as transaction:
                transaction.save(attrs.evolve(first, version=2, note="slower"), was=was, expected=1)
        with reading(store, tenant) as transaction:
            assert transaction.get(Keyed, first.id) == attrs.evolve(first, version=2, note="faster")

    def test_several_are_saved_at_once(self, store: Storage, tenant: str) -> None:
        """``save_all`` writes each pair's differences; a pair without any is left alone."""
        read = [keyed(tenant, f"k{number}") for number in range(5)]
        with writing(store, tenant) as transaction:
            for entity in read:
                transaction.add(entity)
        changed = [attrs.evolve(entity, note=f"n{number}") for number, entity in enumerate(read[:3])]
        changed.append(attrs.evolve(read[3], version=2))
        with writing(store, tenant) as transaction:
            transaction.save_all([*zip(changed, read, strict=False), (read[4], read[4])])
        with reading(store, tenant) as transaction:
            found = [transaction.get(Keyed, entity.id) for entity in read]
        assert found == [*changed, read[4]]

    def test_one_that_is_gone_fails_several(self, store: Storage, tenant: str) -> None:
        """One missing row makes ``save_all`` ``NotFound``, and none of it is kept."""
        here, gone = keyed(tenant, "here"), keyed(tenant, "gone")
        with writing(store, tenant) as transaction:
            transaction.add(here)
        with pytest.raises(NotFound), writing(store, tenant) as transaction:
            transaction.save_all([(attrs.evolve(entity, note="x"), entity) for entity in (here, gone)])
        with reading(store, tenant) as transaction:
            assert transaction.get(Keyed, here.id) == here

    def test_only_what_differs_is_written(self, store: Storage, tenant: str) -> None:
        """With ``was`` two who change different columns of one read do not undo each other."""
        read = keyed(tenant, "k")
        with writing(store, tenant) as transaction:
            transaction.add(read)
        with writing(store, tenant) as transaction:
            transaction.save(attrs.evolve(read, note="mine"), was=read)
        with writing(store, tenant) as transaction:
            transaction.save(attrs.evolve(read, remark="yours"), was=read)
            transaction.save(read, was=read)
        with reading(store, tenant) as transaction:
            assert transaction.get(Keyed, read.id) == attrs.evolve(read, note="mine", remark="yours")

    def test_saving_what_is_not_there(self, store: Storage, tenant: str) -> None:
        """``NotFound``; with an expected version ``Conflict``: somebody removed it."""
        with pytest.raises(NotFound), writing(store, tenant) as transaction:
            transaction.save(keyed(tenant, "never added"))
            transaction.flush()
        with pytest.raises(Conflict), writing(store, tenant) as transaction:
            transaction.save(keyed(tenant, "never added"), expected=1)
            transaction.flush()

    def test_unique_keys(self, store: Storage, tenant: str) -> None:
        """A second row of a unique key is ``Conflict``; a key with NULL in it equals nothing."""
        with writing(store, tenant) as transaction:
            transaction.add(keyed(tenant, "a", part="p", place=1))
            transaction.add(keyed(tenant, "b", part="p", place=None))
            transaction.add(keyed(tenant, "c", part="p", place=None))  # a missing value equals nothing
            transaction.add(keyed(tenant, "d", part="p", place=2))
        for bad in (keyed(tenant, "a"), keyed(tenant, "e", part="p", place=2)):
            with pytest.raises(Conflict), writing(store, tenant) as transaction:
                transaction.add(bad)
                transaction.flush()
        assert _keys(store, tenant) == ["a", "b", "c", "d"]

    def test_an_id_is_used_once(self, store: Storage, tenant: str) -> None:
        """A second row of an id is ``Conflict``."""
        first = keyed(tenant, "a")
        with writing(store, tenant) as transaction:
            transaction.add(first)
        with pytest.raises(Conflict), writing(store, tenant) as transaction:
            transaction.add(attrs.evolve(first, key="b"))
            transaction.flush()

    def test_a_saved_key_may_break_too(self, store: Storage, tenant: str) -> None:
        """Unique keys hold for ``save`` as for ``add``."""
        first, second = keyed(tenant, "a"), keyed(tenant, "b")
        with writing(store, tenant) as transaction:
            transaction.add(first)
            transaction.add(second)
        with pytest.raises(Conflict), writing(store, tenant) as transaction:
            transaction.save(attrs.evolve(second, key="a"), was=second)
            transaction.flush()

    def test_writes_happen_in_the_order_they_were_made(self, store: Storage, tenant: str) -> None:
        """A key that was freed can be taken in the same transaction, whatever is kept back."""
        first = keyed(tenant, "a")
        with writing(store, tenant) as transaction:
            transaction.add(first)
            transaction.save(attrs.evolve(first, key="moved"), was=first)
            transaction.add(keyed(tenant, "a"))
            transaction.remove(Keyed, Is("key", "eq", "moved"))
            transaction.add(keyed(tenant, "moved"))
            transaction.save(attrs.evolve(transaction.find(Keyed, Is("key", "eq", "a"))[0], note="last"))
        with reading(store, tenant) as transaction:
            assert sorted((one.key, one.note) for one in transaction.find(Keyed)) == [("a", "last"), ("moved", "")]

    def test_add_if_absent(self, store: Storage, tenant: str) -> None:
        """False, and nothing written, where the id or a unique key is there, be it only among rows not yet flushed."""
        first = keyed(tenant, "a", part="p", place=1, note="first")
        with writing(store, tenant) as transaction:
            assert transaction.add_if_absent(first)
            assert not transaction.add_if_absent(first)
        with writing(store, tenant) as transaction:
            transaction.add(keyed(tenant, "waiting"))
            assert not transaction.add_if_absent(keyed(tenant, "a"))
            assert not transaction.add_if_absent(keyed(tenant, "x", part="p", place=1))
            assert not transaction.add_if_absent(attrs.evolve(first, key="y", part=None))
            assert not transaction.add_if_absent(keyed(tenant, "waiting"))
            with transaction.savepoint():
                assert not transaction.add_if_absent(keyed(tenant, "a"))
                assert transaction.add_if_absent(keyed(tenant, "b"))
            assert transaction.get(Keyed, first.id) == first
        assert _keys(store, tenant) == ["a", "b", "waiting"]

    def test_savepoints_are_undone_alone(self, store: Storage, tenant: str) -> None:
        """What a failed savepoint did is undone, nested ones too; what stands around it is kept."""
        with writing(store, tenant) as transaction:
            transaction.add(keyed(tenant, "before"))
            with pytest.raises(ZeroDivisionError), transaction.savepoint():
                transaction.add(keyed(tenant, "undone"))
                with transaction.savepoint():
                    transaction.add(keyed(tenant, "inner"))
                raise ZeroDivisionError
            with transaction.savepoint():
                transaction.add(keyed(tenant, "kept"))
                with pytest.raises(ZeroDivisionError), transaction.savepoint():
                    transaction.remove(Keyed, None)
                    raise ZeroDivisionError
            transaction.add(keyed(tenant, "after"))
        assert _keys(store, tenant) == ["after", "before", "kept"]

    def test_a_broken_key_in_a_savepoint_leaves_the_rest(self, store: Storage, tenant: str) -> None:
        """After ``Conflict`` in a savepoint the transaction goes on."""
        with writing(store, tenant) as transaction:
            transaction.add(keyed(tenant, "a"))
            with pytest.raises(Conflict), transaction.savepoint():
                transaction.add(keyed(tenant, "b"))
                transaction.add(keyed(tenant, "a"))
            transaction.add(keyed(tenant, "c"))
        assert _keys(store, tenant) == ["a", "c"]

    def test_tenants_see_nothing_of_each_other(self, store: Storage, tenant: str) -> None:
        """Nobody finds, counts, claims, marks, changes or removes another tenant's rows, nor meets their keys."""
        other = new_tenant()
        mine = keyed("", "k", note="mine")
        due = task(tenant)
        with writing(store, tenant) as transaction:
            transaction.add(mine)
            transaction.add(due)
        with writing(store, other) as transaction:
            transaction.add(keyed("ignored", "k", note="theirs"))
            assert transaction.get(Keyed, mine.id) is None
            assert [one.note for one in transaction.find(Keyed)] == ["theirs"]
            assert transaction.find(Keyed, Is("id", "eq", mine.id)) == []
            assert transaction.find(Keyed, Is("tenant", "eq", tenant)) == []
            assert transaction.tally(Keyed)[0].values == (1,)
            assert transaction.claim(Task, now=NOON, limit=9, lease=timedelta(0)) == []
            assert not transaction.mark(due)
            assert transaction.remove(Keyed, Is("note", "eq", "mine")) == 0
        with pytest.raises(NotFound), writing(store, other) as transaction:
            transaction.save(attrs.evolve(mine, note="stolen"))
            transaction.flush()
        with reading(store, tenant) as transaction:
            assert transaction.find(Keyed) == [attrs.evolve(mine, tenant=tenant)]

    def test_all_tenants_at_once(self, store: Storage, tenant: str) -> None:
        """The worker and the export see every tenant, and write where the entity belongs."""
        other = new_tenant()
        mark = new_tenant()
        with writing(store, None) as transaction:
            transaction.add(item(tenant, name=mark))
            transaction.add(item(other, name=mark))
        with writing(store, None) as transaction:
            found = transaction.find(Item, Is("name", "eq", mark))
            assert {one.tenant for one in found} == {tenant, other}
            for one in found:
                assert transaction.get(Item, one.id) == one
                transaction.save(attrs.evolve(one, level=5), was=one)
        with reading(store, tenant) as transaction:
            assert [(one.tenant, one.level) for one in transaction.find(Item)] == [(tenant, 5)]

    def test_the_clock_of_the_database(self, store: Storage, tenant: str) -> None:
        """``database_time`` is aware UTC."""
        with reading(store, tenant) as transaction:
            found = transaction.database_time()
        assert found.utcoffset() == timedelta(0)

    def test_close_gives_the_connection_back(self, store: Storage, tenant: str) -> None:
        """Sixty transactions that end in every way: a storage that keeps one of them runs dry."""
        for number in range(20):
            with writing(store, tenant) as transaction:
                transaction.add(keyed(tenant, str(number)))
            with pytest.raises(Conflict), writing(store, tenant) as transaction:
                transaction.add(keyed(tenant, "0"))
                transaction.flush()
            with reading(store, tenant) as transaction:
                transaction.find(Keyed, limit=1)
        assert len(_keys(store, tenant)) == 20
