"""What the parts of the storage suite share: the fixtures, and transactions as context managers."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import HealthCheck, settings

from careplug.entity import EntitySpec
from careplug.errors import Conflict, Retry
from careplug.money import Money
from careplug.ports import Storage, Transaction
from careplug.refs import Ref, new_id
from careplug.testing._entities import SPECS, Item, Keyed, Task, Thing

__all__ = [
    "NOON",
    "Base",
    "StorageFactory",
    "item",
    "keyed",
    "new_tenant",
    "random_tests",
    "reading",
    "same",
    "task",
    "thing",
    "until_done",
    "writing",
]

T = TypeVar("T")
StorageFactory = Callable[[Sequence[EntitySpec]], Storage]

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
"""An instant that tests count from."""

_SCALE = float(os.environ.get("CAREPLUG_PROOF_SCALE", "0.01"))

random_tests = settings(
    max_examples=max(25, int(2500 * _SCALE)),
    deadline=None,
    # the store is shared by all examples on purpose, each works in a tenant of its own; vendors subclass the tests
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
"""How often a random test runs: 25 times, more with CAREPLUG_PROOF_SCALE."""


class Base:
    """The fixtures and flags every part of the suite uses; see ``StorageSuite``."""

    first_year = 1
    last_year = 9999

    @pytest.fixture
    def storage_factory(self) -> StorageFactory:
        """The one fixture a vendor gives: a function from specs to a storage that is bound and upgraded."""
        raise NotImplementedError("give the fixture storage_factory in your subclass of StorageSuite")

    @pytest.fixture
    def store(self, storage_factory: StorageFactory) -> Storage:
        """The storage under test, holding the suite's entities."""
        return storage_factory(SPECS)

    @pytest.fixture
    def tenant(self) -> str:
        """A tenant no other test has."""
        return new_tenant()


def new_tenant() -> str:
    """A tenant nobody has."""
    return f"t-{secrets.token_hex(6)}"


@contextlib.contextmanager
def writing(store: Storage, tenant: str | None) -> Iterator[Transaction]:
    """A writing transaction, committed where nothing raises."""
    transaction = store.begin(tenant=tenant, writes=True)
    try:
        yield transaction
        transaction.commit()
    finally:
        transaction.close()


@contextlib.contextmanager
def reading(store: Storage, tenant: str | None) -> Iterator[Transaction]:
    """A reading transaction."""
    transaction = store.begin(tenant=tenant, writes=False)
    try:
        yield transaction
    finally:
        transaction.close()


def until_done(work: Callable[[], T]) -> T:
    """Run a unit again as long as somebody else was faster."""
    for _ in range(1000):
        try:
            return work()
        except (Retry, Conflict):
            continue
    raise AssertionError("a thousand tries were not enough")


def same(found: Any, given: Any) -> None:
    """Equal, and of the same types: 1 is not True, a datetime is UTC."""
    assert found == given
    for field in attrs.fields(type(given)):
        left, right = getattr(found, field.name), getattr(given, field.name)
        assert type(left) is type(right), field.name
        if isinstance(left, datetime):
            assert left.tzinfo is not None, field.name
            assert left.utcoffset() == UTC.utcoffset(None), field.name


def thing(tenant: str, **values: Any) -> Thing:
    """A ``Thing`` with something in all fields that need it."""
    usual: dict[str, Any] = {
        "at": NOON,
        "day": date(2026, 1, 2),
        "owner": Ref("person", "1"),
        "price": Money(Decimal(0), "CNY"),
    }
    return Thing(id=new_id(), tenant=tenant, **{**usual, **values})


def keyed(tenant: str, key: str, **values: Any) -> Keyed:
    """A ``Keyed``."""
    return Keyed(id=new_id(), tenant=tenant, key=key, **values)


def item(tenant: str, **values: Any) -> Item:
    """An ``Item``."""
    return Item(id=new_id(), tenant=tenant, **values)


def task(tenant: str, next_at: datetime | None = NOON, **values: Any) -> Task:
    """A ``Task`` that is due at noon unless said otherwise."""
    return Task(id=new_id(), tenant=tenant, next_at=next_at, **values)
