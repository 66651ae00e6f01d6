"""Several at once: no number twice, no update lost, no row claimed by two."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import attrs

from careplug.errors import Conflict, Retry
from careplug.ports import Storage
from careplug.testing._entities import Keyed, Task
from careplug.testing._support import NOON, Base, keyed, reading, task, until_done, writing

__all__ = ["Concurrency"]

T = TypeVar("T")


class Concurrency(Base):
    """Threads against each other. ``threads`` may be lowered for a storage with few connections."""

    threads = 4
    rounds = 15

    def _together(self, work: Callable[[], T]) -> list[T]:
        """The results of one call in every thread, begun at the same moment."""
        gate = threading.Barrier(self.threads)

        def run() -> T:
            """Wait for the others, then work."""
            gate.wait()
            return work()

        with ThreadPoolExecutor(self.threads) as pool:
            return [future.result() for future in [pool.submit(run) for _ in range(self.threads)]]

    def test_a_number_is_given_once(self, store: Storage, tenant: str) -> None:
        """``next_number`` gives no number to two transactions, however they interleave; numbers begin above 0."""

        def work() -> list[int]:
            """The numbers of one thread."""
            found = []
            for _ in range(self.rounds):

                def take() -> int:
                    """One number in a transaction of its own."""
                    with writing(store, tenant) as transaction:
                        return transaction.next_number()

                found.append(until_done(take))
            return found

        numbers = [number for some in self._together(work) for number in some]
        assert len(set(numbers)) == len(numbers) == self.threads * self.rounds
        assert min(numbers) > 0

    def test_a_number_is_not_given_again_after_a_rollback(self, store: Storage, tenant: str) -> None:
        """Gaps are allowed; where the counter is part of the transaction, the number was in nobody's hands."""
        with writing(store, tenant) as transaction:
            first = transaction.next_number()
        with writing(store, tenant) as transaction:
            assert transaction.next_number() > first

    def test_no_update_is_lost_with_a_lock(self, store: Storage, tenant: str) -> None:
        """``get(lock=True)`` makes read, change and write one step: every increment of every thread counts."""
        counter = keyed(tenant, "counter", place=0)
        with writing(store, tenant) as transaction:
            transaction.add(counter)

        def add_one() -> None:
            """Read with a lock, write one more."""
            with writing(store, tenant) as transaction:
                read = transaction.get(Keyed, counter.id, lock=True)
                assert read is not None
                assert read.place is not None
                transaction.save(attrs.evolve(read, place=read.place + 1), was=read)

        self._together(lambda: [until_done(add_one) for _ in range(self.rounds)])
        self._counted(store, tenant, counter.id)

    def test_no_update_is_lost_with_versions(self, store: Storage, tenant: str) -> None:
        """Of those who read one version just one saves; the rest get ``Conflict`` and, trying again, lose nothing."""
        counter = keyed(tenant, "counter", place=0)
        with writing(store, tenant) as transaction:
            transaction.add(counter)
        gate = threading.Barrier(self.threads)

        def add_one(*, together: bool) -> None:
            """Read, and save one more expecting the version that was read."""
            with reading(store, tenant) as transaction:
                read = transaction.get(Keyed, counter.id)
            assert read is not None
            assert read.place is not None
            if together:
                gate.wait()  # all have read the same version: one of them may save
            changed = attrs.evolve(read, place=read.place + 1, version=read.version + 1)
            with writing(store, tenant) as transaction:
                transaction.save(changed, was=read, expected=read.version)

        def work() -> None:
            """Once against all others, then until each round is through."""
            with contextlib.suppress(Conflict, Retry):
                add_one(together=True)
                winners.append(1)
            for _ in range(self.rounds):
                until_done(functools.partial(add_one, together=False))

        winners: list[int] = []
        self._together(work)
        assert len(winners) == 1
        self._counted(store, tenant, counter.id, more=1)

    def _counted(self, store: Storage, tenant: str, ident: str, *, more: int = 0) -> None:
        with reading(store, tenant) as transaction:
            found = transaction.get(Keyed, ident)
        assert found is not None
        assert found.place == self.threads * self.rounds + more

    def test_of_many_who_add_a_key_one_does(self, store: Storage, tenant: str) -> None:
        """``add_if_absent`` is True for one thread and False for the rest, never an error of the database."""

        def work() -> bool:
            """Whether this thread stored the key."""

            def add() -> bool:
                """One try in a transaction of its own."""
                with writing(store, tenant) as transaction:
                    return transaction.add_if_absent(keyed(tenant, "same"))

            return until_done(add)

        assert sorted(self._together(work)) == [False] * (self.threads - 1) + [True]

    def test_a_row_is_claimed_once(self, store: Storage, tenant: str) -> None:
        """Claims of several threads share no row and leave none over; each fence is 1."""
        count = self.threads * self.rounds
        with writing(store, tenant) as transaction:
            for _ in range(count):
                transaction.add(task(tenant))

        def work() -> list[str]:
            """The ids one thread claimed until nothing was left."""
            mine: list[str] = []

            def take() -> list[Task]:
                """One claim of three."""
                with writing(store, tenant) as transaction:
                    return transaction.claim(Task, now=NOON, limit=3, lease=timedelta(hours=1))

            while found := until_done(take):
                mine += [one.id for one in found]
            return mine

        claimed = [ident for some in self._together(work) for ident in some]
        assert len(claimed) == len(set(claimed))
        with reading(store, tenant) as transaction:
            assert {one.fence for one in transaction.find(Task)} == {1}
