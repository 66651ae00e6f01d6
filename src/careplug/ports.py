"""The doors to the world outside: what a storage, a channel, a directory, a file store must do.

Protocols only; ``careplug.testing`` has the suites that say whether an implementation is right, with
``careplug.storage.memory`` as the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar, runtime_checkable

import attrs

from careplug.criteria import Criteria, Order
from careplug.entity import EntitySpec
from careplug.refs import Actor, Ref
from careplug.searching import Hit
from careplug.words import PUBLIC

__all__ = [
    "Address",
    "Channel",
    "Contact",
    "Directory",
    "Files",
    "Indexing",
    "Measure",
    "Outgoing",
    "Recording",
    "Restorable",
    "SchemaStep",
    "Sent",
    "Storage",
    "StoredFile",
    "Tally",
    "Transaction",
    "Unit",
]

T = TypeVar("T")


@attrs.frozen
class Measure:
    """What a tally computes over a group: ``op`` is count, sum, mean, min or max, of ``field``."""

    op: str
    field: str = ""


@attrs.frozen
class Tally:
    """One group: the values of the ``by`` fields and of the measures, in the order asked."""

    key: tuple[Any, ...]
    values: tuple[Any, ...]


@attrs.frozen
class SchemaStep:
    """One step that brings the database nearer to the specs.

    ``sql`` are the statements as shown to a person; ``destructive`` steps run only when named.
    """

    name: str
    plugin: str
    sql: tuple[str, ...]
    destructive: bool = False


class Transaction(Protocol):
    """One transaction of a storage, for one tenant (None: all tenants; worker and export only).

    Writes may be kept back until the next read of the storage or ``flush``. Every row written carries
    the transaction's tenant.
    """

    tenant: str | None
    writes: bool

    def add(self, entity: object) -> None:
        """Store a new entity. A broken unique key raises ``Conflict`` at the flush."""

    def add_if_absent(self, entity: object) -> bool:
        """Store it unless a row with its unique key or id is there; says whether it was stored."""

    def get(self, cls: type[T], id: str, *, lock: bool = False) -> T | None:  # noqa: A002
        """The entity with this id, None where there is none; ``lock`` holds its row until the end."""

    def find(
        self,
        cls: type[T],
        criteria: Criteria | None = None,
        *,
        order: Sequence[Order] = (),
        limit: int | None = None,
        after: Sequence[Any] | None = None,
        lock: bool = False,
    ) -> list[T]:
        """Matching entities in order. ``after`` is the page key (order values…, id) of the last one seen."""

    def pick(
        self,
        cls: type,
        fields: Sequence[str],
        criteria: Criteria | None = None,
        *,
        order: Sequence[Order] = (),
        limit: int | None = None,
        after: Sequence[Any] | None = None,
    ) -> list[tuple[Any, ...]]:
        """As ``find``, but only the values of some fields, for pages that show a few of many. No JSON fields."""

    def save(self, entity: object, *, was: object | None = None, expected: int | None = None) -> None:
        """Overwrite a stored entity. With ``expected`` only where its ``version`` is still that one,
        else ``Conflict``. ``was`` is the entity as it was read: only what differs is written.
        """

    def save_all(self, changes: Sequence[tuple[Any, Any]]) -> None:
        """Overwrite several stored entities at once: pairs of (entity, what it was), only what differs."""

    def remove(self, cls: type, criteria: Criteria | None) -> int:
        """Delete matching rows; how many they were."""

    def tally(
        self,
        cls: type,
        criteria: Criteria | None = None,
        *,
        by: Sequence[str] = (),
        measures: Sequence[Measure] = (Measure("count"),),
    ) -> list[Tally]:
        """Counts, sums, means of groups, computed in the database, ordered by group."""

    def search(
        self,
        cls: type[T],
        text: str,
        criteria: Criteria | None = None,
        *,
        access: Sequence[str] = PUBLIC,
        limit: int = 50,
    ) -> list[Hit[T]]:
        """Entities in whose words (of these kinds of ``access``) every word of the text is, and that match; what came last
        first, before it where all words are ``head``. For one tenant, and only with the capability ``search``. What this
        transaction wrote itself may be missing. ``Invalid`` for a text without a word (``careplug.words.read_query``).
        """

    def claim(
        self,
        cls: type[T],
        *,
        now: datetime,
        limit: int,
        lease: timedelta,
        criteria: Criteria | None = None,
        lane: str = "",
    ) -> list[T]:
        """Take rows with ``next_at <= now`` whose lease is free, oldest first, for ``lease`` of database time.

        Each gets a higher ``fence``. With ``lane`` only a row that is the oldest with that field's value.
        """

    def mark(self, entity: object) -> bool:
        """Save a claimed entity and free its lease if its ``fence`` is still the row's; False where it is not."""

    def next_number(self) -> int:
        """The next counter for people's numbers; gaps are allowed, nobody queues behind it."""

    def database_time(self) -> datetime:
        """The database's clock, aware UTC."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that is undone alone where it raises."""

    def flush(self) -> None:
        """Send what was kept back."""

    def commit(self) -> None:
        """End an own transaction, keeping it. A joined one is only flushed: the host commits."""

    def rollback(self) -> None:
        """End an own transaction, undoing it; a joined one goes back to its savepoint."""

    def close(self) -> None:
        """Give the connection back; rolls back what was not committed."""


@runtime_checkable
class Storage(Protocol):
    """Where entities are kept. Thread-safe; one per ``Care``."""

    name: str
    capabilities: frozenset[str]

    def bind(self, specs: Sequence[EntitySpec]) -> None:
        """Tell it the entities; called once, before anything else."""

    def begin(self, *, tenant: str | None, writes: bool) -> Transaction:
        """An own transaction; ``writes=False`` gives a snapshot that refuses to write."""

    def join(self, host: object, *, tenant: str | None) -> Transaction:
        """A transaction inside the host's: never commits, never closes, undone alone where it fails."""

    def check(self) -> None:
        """``SchemaMissing`` or ``SchemaNewer`` where the database does not fit the specs."""

    def plan(self) -> list[SchemaStep]:
        """What ``upgrade`` would do."""

    def upgrade(self, *, allow: Sequence[str] = ()) -> list[SchemaStep]:
        """Apply additive steps and those destructive ones that are named; rewrites old rows; resumable."""

    def erase_traces(self) -> None:
        """After an erasure: leave no deleted bytes in the files it owns, where it can."""

    def close(self) -> None:
        """Close what this storage opened itself."""


@runtime_checkable
class Indexing(Protocol):
    """A storage whose text search has an index that can be built anew. A storage need not be one."""

    def rebuild_index(self) -> int:
        """Read the words of every row anew, of all tenants; how many rows. What is there answers meanwhile."""


@runtime_checkable
class Recording(Protocol):
    """A storage that knows whose entities it holds, those of plugins that are gone too. A storage need not be one."""

    def recorded(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the entities the database holds, by the plugin that brought them; at least all that are bound
        and have tables.
        """


@runtime_checkable
class Backup(Protocol):
    """A storage whose database is a file that can be copied while others write. A storage need not be one."""

    def back_up(self, path: Path) -> None:
        """Write all that is committed at one moment to a new file, without a byte of what was deleted.

        ``Refused`` with the remedy where the database is a server.
        """

    def problems(self) -> tuple[str, ...]:
        """What the database itself finds wrong with its file, in its own words; nothing for a sound one."""


@runtime_checkable
class Counting(Protocol):
    """A storage whose counter of people's numbers can be read and moved on. A storage need not be one."""

    def last_number(self) -> int:
        """The last number it may have given, 0 for none yet; nothing is changed."""

    def raise_number(self, value: int) -> None:
        """Let ``next_number`` begin behind ``value``; a counter that is further on stays where it is."""


class Unit(Protocol):
    """A unit of work as services and handlers see it: one transaction, one actor, one tenant."""

    store: Transaction
    actor: Actor
    tenant: str
    joined: bool

    def now(self) -> datetime:
        """The time of this unit, aware UTC."""

    def get(self, service: type[T]) -> T:
        """The service of a type, built once per unit."""

    def allow(self, action: str, subject: object | None = None) -> None:
        """``Refused`` unless the actor may; asks the roles, then every plugin; any denial wins."""

    def flush(self) -> None:
        """Write what is held back, so that a query sees it."""

    def dispatch(self, fact: Any, before: Any, after: Any) -> None:
        """Hand an appended fact to the handlers, in this transaction."""

    @property
    def setup(self) -> Any:
        """What does not change while a Care lives: fact types, definitions, directory, files, settings."""


@attrs.frozen
class Address:
    """Where somebody can be reached: a channel's name and the address there."""

    channel: str
    value: str


@attrs.frozen(kw_only=True)
class Contact:
    """What the Directory knows about somebody: name, addresses, language, zone, organisation."""

    ref: Ref
    name: str = ""
    organisation: Ref | None = None
    roles: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    language: str = "zh_CN"
    zone: str = "Asia/Shanghai"


class Directory(Protocol):
    """The host's people and organisations."""

    def find(self, unit: Unit, ref: Ref) -> Contact | None:
        """What is known about a reference, None where nothing is."""

    def members(self, unit: Unit, role: str) -> Sequence[Contact]:
        """The people with a role or in a team."""


@attrs.frozen(kw_only=True)
class Outgoing:
    """A rendered message handed to a channel. ``key`` is the same at every try: the receiver's idempotency key."""

    key: str
    channel: str
    address: str
    subject: str
    body: str
    language: str
    data: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Sent:
    """What a channel answers: the receiver's own id of the message, where it tells one."""

    reference: str = ""


class Channel(Protocol):
    """A way to reach people. ``send`` raises ``Invalid`` for an address that can never work (given up at once);
    any other exception means: try again later.

    One with the attribute ``needs_address = False`` (a log, the console) is also handed messages to people who have
    no address for it; to any other channel such a message is never given and becomes a dead letter.
    """

    name: str

    def send(self, message: Outgoing) -> Sent:
        """Send one message; may be called again with the same key."""

    def close(self) -> None:
        """Close what the channel opened."""


@attrs.frozen
class StoredFile:
    """A file that ``Files`` keeps: its key there, size in bytes, SHA-256, media type and the name people gave it."""

    key: str
    size: int
    digest: str
    media_type: str
    name: str


class Files(Protocol):
    """Where attachments are kept. Called outside transactions. A key of another tenant is as one that is gone."""

    def put(self, stream: IO[bytes], *, name: str, media_type: str, tenant: str) -> StoredFile:
        """Keep a stream."""

    def open(self, key: str, *, tenant: str) -> IO[bytes]:
        """Read one; ``NotFound`` where this tenant has none of that key."""

    def delete(self, key: str, *, tenant: str) -> None:
        """Forget one; silently where this tenant has none of that key."""

    def keys(self) -> Iterator[str]:
        """Every key, to find orphans."""


@runtime_checkable
class Restorable(Protocol):
    """A ``Files`` that takes a file back under the key it had, for restores. A ``Files`` need not be one."""

    def put_back(self, key: str, stream: IO[bytes], *, tenant: str) -> None:
        """Keep a stream under this key; again changes nothing. ``Invalid`` for a key that is not this tenant's or not
        of these bytes.
        """
