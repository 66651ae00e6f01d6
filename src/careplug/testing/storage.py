"""The conformance suite of storages: what careplug relies on, with the memory storage as the reference.

    import pytest
    from careplug.testing.storage import StorageSuite

    class TestMyStorage(StorageSuite):
        @pytest.fixture(scope="class")
        @classmethod
        def storage_factory(cls):
            opened = []

            def make(specs):
                store = MyStorage(...)
                store.bind(specs)
                store.upgrade()
                opened.append(store)
                return store

            yield make
            for store in opened:
                store.close()

Every test works in tenants of its own, so ``make`` may give the same storage again.
"""

from __future__ import annotations

import pytest

from careplug.errors import CareError
from careplug.ports import Counting, Recording, Storage
from careplug.testing._claims import Claims
from careplug.testing._concurrency import Concurrency
from careplug.testing._entities import SPECS
from careplug.testing._queries import Queries
from careplug.testing._round_trip import RoundTrip
from careplug.testing._search import Search
from careplug.testing._support import StorageFactory, writing
from careplug.testing._transactions import Transactions

__all__ = ["SPECS", "StorageFactory", "StorageSuite"]


class StorageSuite(RoundTrip, Transactions, Queries, Search, Claims, Concurrency):
    """Subclass it and give the fixture ``storage_factory``: specs in, a bound and upgraded storage out.

    Flags to override: ``first_year`` and ``last_year`` of the dates it can hold; ``threads`` that write at once
    and ``rounds`` of each.
    """

    def test_name_and_capabilities(self, store: Storage) -> None:
        """It says what it is and what it can do beyond the port."""
        assert isinstance(store, Storage)
        assert store.name
        assert isinstance(store.capabilities, frozenset)

    def test_a_fresh_storage_needs_nothing(self, store: Storage) -> None:
        """Bound and upgraded, it has no step left."""
        store.check()
        assert store.plan() == []
        assert store.upgrade() == []
        store.erase_traces()

    def test_what_is_recorded_names_every_entity(self, store: Storage) -> None:
        """A storage that says whose entities it holds says so of all of them: the doctor finds what a plugin left by it."""
        if not isinstance(store, Recording):
            return
        recorded = store.recorded()
        for spec in SPECS:
            assert spec.name in recorded.get(spec.plugin, ()), f"{spec.name} of {spec.plugin} is not recorded"

    def test_numbers_can_be_told_and_moved_on(self, store: Storage, tenant: str) -> None:
        """A storage whose counter can be moved never gives a number again: a restore relies on it, and telling takes none."""
        if not isinstance(store, Counting):
            return
        last = store.last_number()
        assert store.last_number() == last
        store.raise_number(last + 1_000)
        store.raise_number(last)
        with writing(store, tenant) as transaction:
            given = transaction.next_number()
        assert given > last + 1_000
        assert store.last_number() >= given

    def test_strange_hosts_are_not_joined(self, store: Storage, tenant: str) -> None:
        """A host it cannot join is refused with the remedy."""
        for host in (None, object(), "host"):
            with pytest.raises(CareError) as caught:
                store.join(host, tenant=tenant)
            assert caught.value.field
