"""The memory storage passes the suite that it is the reference of."""

from __future__ import annotations

import pytest

from careplug.storage.memory import MemoryStorage
from careplug.testing.storage import StorageSuite


class TestMemory(StorageSuite):
    @pytest.fixture
    def storage_factory(self):
        def make(specs):
            store = MemoryStorage()
            store.bind(specs)
            return store

        return make
