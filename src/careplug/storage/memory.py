"""The reference storage: everything in this process's memory, gone when it ends.

What it answers is right by definition; the conformance suite compares every other storage with it. One
writer at a time, readers see the moment they began, and nobody sees what is not committed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from careplug.clock import Now, aware, system_now
from careplug.criteria import Criteria, Is, Order
from careplug.entity import EntitySpec
from careplug.errors import Conflict, Invalid, NotFound, Refused, Retry
from careplug.ports import Measure, SchemaStep, Tally
from careplug.rows import Codec
from careplug.searching import Entry, Hit, asked_of
from careplug.storage._claims import due
from careplug.storage._query import Row, Sorting, on_columns, select
from careplug.storage._search import found
from careplug.storage._state import State
from careplug.storage._table import Key, Table
from careplug.storage._tally import tally
from careplug.words import PUBLIC

__all__ = ["MemoryStorage", "MemoryTransaction"]

T = TypeVar("T")


class MemoryStorage:
    """A ``ports.Storage`` in memory; thread-safe.

    ``database_now`` is its own clock, for leases. A second writer waits ``timeout`` seconds for the first,
    then gets ``Retry``.
    """

    name = "memory"
    capabilities = frozenset({"search"})

    def __init__(self, *, database_now: Now = system_now, timeout: float = 30.0) -> None:
        self.database_now = database_now
        self.state = State()
        self._timeout = timeout

    def bind(self, specs: Sequence[EntitySpec]) -> None:
        """Tell it the entities; rows of an entity it has already are kept."""
        self.state.bind(specs)

    def begin(self, *, tenant: str | None, writes: bool) -> MemoryTransaction:
        """An own transaction; ``writes=False`` gives the committed state of this moment."""
        if not writes:
            return MemoryTransaction(self, self.state.pin(), tenant=tenant, writes=False)
        if not self.state.writer.acquire(timeout=self._timeout):
            raise Retry("storage.busy", field="storage.writer", value=self._timeout)
        return MemoryTransaction(self, self.state.tables, tenant=tenant, writes=True)

    def join(self, host: object, *, tenant: str | None) -> MemoryTransaction:
        """A transaction inside another one of this storage; any other host is ``Invalid``."""
        if not isinstance(host, MemoryTransaction) or host.storage is not self:
            raise Invalid("storage.join_memory", field="joined.memory", value=type(host).__name__)
        return MemoryTransaction(self, host.tables, tenant=tenant, writes=host.writes, host=host)

    def check(self) -> None:
        """Nothing to check: the schema is the specs."""

    def plan(self) -> list[SchemaStep]:
        """Nothing to do."""
        return []

    def upgrade(self, *, allow: Sequence[str] = ()) -> list[SchemaStep]:
        """Nothing to do."""
        del allow
        return []

    def recorded(self) -> Mapping[str, tuple[str, ...]]:
        """The entities there are rows for, or were bound, by plugin: also those of an earlier ``Care`` on this memory."""
        found: dict[str, list[str]] = {}
        for name, table in sorted(self.state.tables.items()):
            found.setdefault(table.codec.spec.plugin, []).append(name)
        return {plugin: tuple(names) for plugin, names in found.items()}

    def erase_traces(self) -> None:
        """Nothing to do: what is removed is gone."""

    def last_number(self) -> int:
        """The last number given, 0 for none."""
        return self.state.last_number

    def raise_number(self, value: int) -> None:
        """Go on behind this number, unless the counter is further on."""
        self.state.raise_number(value)

    def close(self) -> None:
        """Nothing was opened."""


class MemoryTransaction:
    """A ``ports.Transaction``: the writer works on the state itself and remembers how to go back."""

    def __init__(
        self,
        storage: MemoryStorage,
        tables: dict[str, Table],
        *,
        tenant: str | None,
        writes: bool,
        host: MemoryTransaction | None = None,
    ) -> None:
        self.storage = storage
        self.state = storage.state
        self.tables = tables
        self.tenant = tenant
        self.writes = writes
        self._host = host
        self._start = self.state.mark() if writes else 0
        self._open = True

    def add(self, entity: object) -> None:
        """Store a new entity; ``Conflict`` for a broken unique key comes at once."""
        codec = self._writing(type(entity))
        key, row = self._row(codec, entity)
        self.state.write(codec, key, self._unused(codec, key, row))

    def add_if_absent(self, entity: object) -> bool:
        """Store it unless its id or a unique key is there; says whether it was stored."""
        codec = self._writing(type(entity))
        key, row = self._row(codec, entity)
        table = self.tables[codec.name]
        if key in table.rows or table.broken(row):
            return False
        self.state.write(codec, key, row)
        return True

    def get(self, cls: type[T], id: str, *, lock: bool = False) -> T | None:  # noqa: A002  the port's name
        """The entity with this id; a writer is alone, so there is nothing to lock."""
        del lock
        codec = self._reading(cls)
        found = self._stored(codec, id)
        return None if found is None else codec.from_row(found[1])

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
        """Matching entities in order; ``after`` is the page key (order values…, id) of the last one seen."""
        del lock
        codec = self._reading(cls)
        page = Sorting(codec, order).page(self._matching(codec, criteria), after=after, limit=limit)
        return [codec.from_row(row) for row in page]

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
        """The values of some fields of matching rows, in order."""
        codec = self._reading(cls)
        columns, read = codec.picker(fields)
        page = Sorting(codec, order).page(self._matching(codec, criteria), after=after, limit=limit)
        return [read([row[column.name] for column in columns]) for row in page]

    def save(self, entity: object, *, was: object | None = None, expected: int | None = None) -> None:
        """Overwrite: all columns, or those that differ from ``was``. ``Conflict`` where the version moved on."""
        codec = self._writing(type(entity))
        key, row = self._row(codec, entity)
        found = self._stored(codec, key[1], key[0])
        if expected is not None and (found is None or found[1]["version"] != expected):
            raise Conflict("storage.stale", field=f"{codec.name}.version", id=key[1], expected=expected)
        if found is None:
            raise NotFound("storage.gone", field=f"{codec.name}.id", id=key[1])
        place, stored = found
        changed = {**stored, **codec.changes(was, entity)} if was is not None else row
        self.state.write(codec, place, {**changed, "tenant": place[0]})

    def save_all(self, changes: Sequence[tuple[Any, Any]]) -> None:
        """Overwrite several: pairs of (entity, what it was)."""
        for entity, was in changes:
            self.save(entity, was=was)

    def remove(self, cls: type, criteria: Criteria | None) -> int:
        """Delete matching rows; how many they were."""
        codec = self._writing(cls)
        rows = self._matching(codec, criteria)
        for row in rows:
            self.state.write(codec, (row["tenant"], row["id"]), None)
        return len(rows)

    def tally(
        self,
        cls: type,
        criteria: Criteria | None = None,
        *,
        by: Sequence[str] = (),
        measures: Sequence[Measure] = (Measure("count"),),
    ) -> list[Tally]:
        """Counts, sums, means, least and greatest of groups, ordered by group."""
        codec = self._reading(cls)
        return tally(codec, self._matching(codec, criteria), by, measures)

    def search(
        self,
        cls: type[T],
        text: str,
        criteria: Criteria | None = None,
        *,
        access: Sequence[str] = PUBLIC,
        limit: int = 50,
    ) -> list[Hit[T]]:
        """Entities by words; the newest id first, before it those where all words come first."""
        codec = self._reading(cls)
        asked = asked_of(codec.spec, text, self.tenant, access)
        rows = {row["id"]: row for row in self._matching(codec, criteria)}
        hits: dict[str, Hit[T]] = {}
        for entry, head in found(self._entries(codec.name), asked):
            if len(hits) >= limit:
                break
            if entry.id in rows and entry.id not in hits:
                hits[entry.id] = Hit(codec.from_row(rows[entry.id]), head, entry.source, entry.source_id)
        return list(hits.values())

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
        """Take due rows whose lease is free, oldest first."""
        codec = self._claiming(cls)
        at = self.database_time()
        rows = list(self.tables[codec.name].candidates(None, self.tenant))
        taken = []
        for row in due(codec, rows, on_columns(codec, criteria), now=aware(now, "now"), at=at, lane=lane)[:limit]:
            leased = {**row, "leased_until": at + lease, "fence": row["fence"] + 1}
            self.state.write(codec, (row["tenant"], row["id"]), leased)
            taken.append(codec.from_row(leased))
        return taken

    def mark(self, entity: object) -> bool:
        """Save a claimed entity and free its lease if its fence is still the row's."""
        codec = self._claiming(type(entity))
        key, row = self._row(codec, entity)
        found = self._stored(codec, key[1], key[0])
        if found is None or found[1]["fence"] != row["fence"]:
            return False
        place = found[0]
        self.state.write(codec, place, {**row, "tenant": place[0], "leased_until": None})
        return True

    def next_number(self) -> int:
        """The next counter."""
        self._refuse_reader("number")
        return self.state.next_number()

    def database_time(self) -> datetime:
        """The storage's own clock, aware UTC."""
        return aware(self.storage.database_now(), "database_time")

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone alone where it raises."""
        mark = self.state.mark()
        try:
            yield
        except BaseException:
            if self.writes:
                self.state.undo(mark)
            raise

    def flush(self) -> None:
        """Nothing is kept back here."""
        self._check_open("flush")

    def commit(self) -> None:
        """Keep it; a joined one leaves that to its host."""
        self._check_open("commit")
        self._end()

    def rollback(self) -> None:
        """Undo it; a joined one goes back to where it began."""
        self._check_open("rollback")
        self.close()

    def close(self) -> None:
        """End it; what was not committed is undone. May be called again."""
        if self._open:
            if self.writes:
                self.state.undo(self._start)
            self._end()

    # -------------------------------------------------------------------------------------------- inside

    def _end(self) -> None:
        self._open = False
        if self._host is None:
            self.state.end(self.tables, wrote=self.writes)

    def _check_open(self, field: str) -> None:
        if not self._open or (self._host is not None and not self._host._open):  # noqa: SLF001  one of our own
            raise Invalid("storage.closed", field=f"transaction.{field}")

    def _reading(self, cls: type) -> Codec:
        self._check_open(cls.__name__)
        return self.state.codec(cls)

    def _refuse_reader(self, field: str) -> None:
        if not self.writes:
            raise Refused("storage.read_only", field=field)

    def _writing(self, cls: type) -> Codec:
        codec = self._reading(cls)
        self._refuse_reader(codec.name)
        return codec

    def _claiming(self, cls: type) -> Codec:
        codec = self._writing(cls)
        if not codec.spec.claimable:
            raise Invalid("storage.not_claimable", field=codec.name, value=codec.name)
        return codec

    def _row(self, codec: Codec, entity: object) -> tuple[Key, Row]:
        row = codec.to_row(entity)
        tenant = self.tenant if self.tenant is not None else row.get("tenant", "")
        row["tenant"] = tenant
        return (tenant, row["id"]), row

    def _unused(self, codec: Codec, key: Key, row: Row) -> Row:
        if key in self.tables[codec.name].rows:
            raise Conflict("storage.unique", field=f"{codec.name}.id")
        return row

    def _stored(self, codec: Codec, ident: str, tenant: str | None = None) -> tuple[Key, Row] | None:
        """The row of an id in this tenant; asked for all tenants, in the one that the entity names, else in any."""
        rows = self.tables[codec.name].rows
        known = "tenant" in codec.names
        if self.tenant is not None or (tenant is not None and known):
            key = (self.tenant if self.tenant is not None else tenant or "", ident)
            return (key, rows[key]) if key in rows else None
        for row in self.tables[codec.name].candidates(Is("id", "eq", ident), None):
            if row["id"] == ident:
                return (row["tenant"], ident), row
        return None

    def _entries(self, name: str) -> Iterator[Entry]:
        """What would stand in an index of this entity."""
        tenant = self.tenant or ""
        for codec, index in self.state.indexes():
            for row in self.tables[codec.name].candidates(None, tenant):
                entry = index.entry(codec.from_row(row), tenant)
                if entry.entity == name:
                    yield entry

    def _matching(self, codec: Codec, criteria: Criteria | None) -> list[Row]:
        wanted = on_columns(codec, criteria)
        return select(self.tables[codec.name].candidates(wanted, self.tenant), wanted)
