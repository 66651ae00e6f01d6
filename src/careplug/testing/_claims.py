"""Claims: oldest first, one at a time, on the database's clock, and a late worker is told so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from careplug.criteria import Is
from careplug.errors import Invalid
from careplug.ports import Storage
from careplug.testing._entities import Keyed, Task
from careplug.testing._support import NOON, Base, new_tenant, reading, task, writing

__all__ = ["Claims"]

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OVER = timedelta(0)
"""A lease that is over when it begins: a worker that was stopped, without the waiting."""


def _add(store: Storage, *tasks: Task) -> None:
    with writing(store, None) as transaction:
        for one in tasks:
            transaction.add(one)


def _claim(store: Storage, tenant: str | None, limit: int = 10, lease: timedelta = HOUR, **more: Any) -> list[Task]:
    with writing(store, tenant) as transaction:
        return transaction.claim(Task, now=more.pop("now", NOON), limit=limit, lease=lease, **more)


def _notes(tasks: Sequence[Task]) -> list[str]:
    return [one.note for one in tasks]


class Claims(Base):
    """Claims with leases and fences."""

    def test_the_oldest_due_come_first(self, store: Storage, tenant: str) -> None:
        """Due means ``next_at`` ≤ now to the microsecond; NULL is never due; ``limit`` takes the oldest."""
        _add(
            store,
            task(tenant, NOON - MINUTE, note="second"),
            task(tenant, NOON, note="third"),
            task(tenant, NOON - HOUR, note="first"),
            task(tenant, NOON + timedelta(microseconds=1), note="not yet"),
            task(tenant, None, note="never"),
        )
        assert _notes(_claim(store, tenant, limit=2)) == ["first", "second"]
        assert _notes(_claim(store, tenant)) == ["third"]
        assert _claim(store, tenant) == []
        assert _notes(_claim(store, tenant, now=NOON + MINUTE)) == ["not yet"]

    def test_ties_go_by_id(self, store: Storage, tenant: str) -> None:
        """Rows due at one moment come by id, so two runs take them in one order."""
        tasks = [task(tenant, note=str(number)) for number in range(9)]
        _add(store, *reversed(tasks))
        assert _notes(_claim(store, tenant)) == [str(number) for number in range(9)]

    def test_a_claim_is_stored(self, store: Storage, tenant: str) -> None:
        """Lease (on the database's clock) and fence are in the row that others read, not only in what is returned."""
        _add(store, task(tenant))
        with writing(store, tenant) as transaction:
            before = transaction.database_time()
            (found,) = transaction.claim(Task, now=NOON, limit=1, lease=HOUR)
        assert found.fence == 1
        assert found.leased_until is not None
        assert abs(found.leased_until - before - HOUR) < MINUTE
        with reading(store, tenant) as transaction:
            assert transaction.get(Task, found.id) == found

    def test_leases_run_on_the_clock_of_the_database(self, store: Storage, tenant: str) -> None:
        """Business time may stand anywhere; it frees nothing."""
        _add(store, task(tenant))
        assert len(_claim(store, tenant, lease=MINUTE)) == 1
        assert _claim(store, tenant, now=NOON + timedelta(days=3650)) == []

    def test_a_lease_that_is_over_is_taken_with_a_higher_fence(self, store: Storage, tenant: str) -> None:
        """A worker that died holds nothing for good, and each claim raises the fence by one."""
        _add(store, task(tenant))
        (first,) = _claim(store, tenant, lease=OVER)
        (second,) = _claim(store, tenant, lease=OVER)
        assert (first.fence, second.fence) == (1, 2)

    def test_the_late_mark_is_refused(self, store: Storage, tenant: str) -> None:
        """A worker stopped past its lease must not overwrite what the next one did: ``mark`` says False."""
        _add(store, task(tenant, note="new"))
        (stopped,) = _claim(store, tenant, lease=OVER)
        (quick,) = _claim(store, tenant)
        with writing(store, tenant) as transaction:
            assert not transaction.mark(attrs.evolve(stopped, note="late", next_at=None))
        with writing(store, tenant) as transaction:
            assert transaction.mark(attrs.evolve(quick, note="done", next_at=NOON + HOUR))
        with reading(store, tenant) as transaction:
            found = transaction.get(Task, quick.id)
        assert found == attrs.evolve(quick, note="done", next_at=NOON + HOUR, leased_until=None)
        with writing(store, tenant) as transaction:
            assert not transaction.mark(attrs.evolve(stopped, note="later still"))

    def test_a_mark_after_the_lease_counts_if_nobody_else_came(self, store: Storage, tenant: str) -> None:
        """Being late harms nobody as long as the fence is still one's own."""
        _add(store, task(tenant))
        (slow,) = _claim(store, tenant, lease=OVER)
        with writing(store, tenant) as transaction:
            assert transaction.mark(attrs.evolve(slow, note="slow", next_at=None))
        assert _claim(store, tenant) == []

    def test_a_mark_of_what_is_gone(self, store: Storage, tenant: str) -> None:
        """Marking a row that was removed meanwhile is False, no error."""
        _add(store, task(tenant))
        (found,) = _claim(store, tenant)
        with writing(store, tenant) as transaction:
            transaction.remove(Task, None)
            assert not transaction.mark(found)

    def test_a_rolled_back_claim_is_free_again(self, store: Storage, tenant: str) -> None:
        """A claim belongs to its transaction: undone, neither lease nor fence remains."""
        _add(store, task(tenant))
        transaction = store.begin(tenant=tenant, writes=True)
        assert len(transaction.claim(Task, now=NOON, limit=1, lease=HOUR)) == 1
        transaction.close()
        assert [one.fence for one in _claim(store, tenant)] == [1]

    def test_criteria(self, store: Storage, tenant: str) -> None:
        """Only matching rows are taken; the others stay free."""
        _add(store, task(tenant, note="a"), task(tenant, note="b"))
        assert _notes(_claim(store, tenant, criteria=Is("note", "eq", "b"))) == ["b"]

    def test_of_a_lane_only_the_oldest(self, store: Storage, tenant: str) -> None:
        """Of a lane one row at a time, in order, also while the first waits to be tried again; no lane, no queue."""
        first, second = task(tenant, NOON, note="first", lane="L"), task(tenant, NOON - HOUR, note="second", lane="L")
        _add(store, first, second, task(tenant, note="other", lane="l"), task(tenant, NOON - HOUR, note="free"),
             task(tenant, NOON - MINUTE, note="free too"))  # fmt: skip
        found = _claim(store, tenant, lane="lane")
        assert _notes(found) == ["free", "free too", "first", "other"]
        assert _claim(store, tenant, lane="lane") == []
        taken = next(one for one in found if one.note == "first")
        with writing(store, tenant) as transaction:  # tried again later: the second waits on
            assert transaction.mark(attrs.evolve(taken, next_at=NOON + HOUR))
        assert _claim(store, tenant, lane="lane") == []
        with writing(store, tenant) as transaction:
            (again,) = transaction.claim(Task, now=NOON + HOUR, limit=9, lease=HOUR, lane="lane")
            assert transaction.mark(attrs.evolve(again, next_at=None, lane=None))
        assert _notes(_claim(store, tenant, lane="lane")) == ["second"]

    def test_lanes_of_tenants_are_apart(self, store: Storage, tenant: str) -> None:
        """Equal lanes of two tenants do not wait for each other."""
        other, lane = new_tenant(), new_tenant()
        _add(store, task(tenant, note="mine", lane=lane), task(other, note="theirs", lane=lane))
        found = _claim(store, None, criteria=Is("lane", "eq", lane), lane="lane")
        assert sorted(_notes(found)) == ["mine", "theirs"]
        with writing(store, None) as transaction:
            for one in found:
                assert transaction.mark(attrs.evolve(one, next_at=None))
        with reading(store, other) as transaction:
            assert [one.next_at for one in transaction.find(Task)] == [None]

    def test_what_is_not_claimable(self, store: Storage, tenant: str) -> None:
        """An entity without lease columns is ``Invalid``, not an error of the database."""
        with pytest.raises(Invalid), writing(store, tenant) as transaction:
            transaction.claim(Keyed, now=NOON, limit=1, lease=HOUR)
