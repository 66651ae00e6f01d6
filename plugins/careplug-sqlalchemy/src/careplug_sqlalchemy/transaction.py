"""One transaction: inserts are kept back and sent together, changes touch only the columns that changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, exc
from sqlalchemy.sql import Executable

from careplug.clock import aware
from careplug.criteria import Criteria, Order
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.ports import Measure, Tally
from careplug.searching import Hit
from careplug.words import PUBLIC
from careplug_sqlalchemy import claims, finding, searching, tallies
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.ends import End
from careplug_sqlalchemy.errors import error, translate
from careplug_sqlalchemy.statements import Ask, Mapper, Where

__all__ = ["SqlTransaction"]

T = TypeVar("T")
Row = dict[str, Any]


class SqlTransaction:
    """A ``ports.Transaction`` on one connection; used by one thread, closed by whoever opened it."""

    def __init__(self, bound: Bound, connection: Connection, end: End, *, tenant: str | None, writes: bool) -> None:
        self.tenant = tenant
        self.writes = writes
        self._bound = bound
        self._connection = connection
        self._end = end
        self._open = True
        self._waiting: dict[Mapper, list[Row]] = {}
        self._notes = searching.Notes()

    # ------------------------------------------------------------------------------------------ writing

    def add(self, entity: object) -> None:
        """Store a new entity; its INSERT waits for the next read of its table, ``flush`` or the end."""
        mapper = self._writer(type(entity))
        self._waiting.setdefault(mapper, []).append(self._row(mapper, entity))
        self._notes.added(mapper, entity, self._tenant_of(entity))

    def add_if_absent(self, entity: object) -> bool:
        """Store it unless its id or a unique key is there; says whether it was stored. No error is caught for it."""
        mapper = self._writer(type(entity))
        row = self._row(mapper, entity)
        self._send(mapper)
        found = self.run(mapper.absent(), mapper.stored(row, row["id"]), mapper.name)
        stored = found.lastrowid != 1 if mapper.plain else found.rowcount == 1
        if stored:
            self._notes.added(mapper, entity, self._tenant_of(entity))
        return stored

    def save(self, entity: object, *, was: object | None = None, expected: int | None = None) -> None:
        """Overwrite: all columns, or those that differ from ``was``. ``Conflict`` where the version moved on."""
        mapper = self._writer(type(entity))
        self._overwrite(mapper, self._row(mapper, entity), was, expected)
        self._notes.saved(mapper, entity, self._tenant_of(entity), was)

    def _overwrite(self, mapper: Mapper, row: Row, was: object | None, expected: int | None) -> None:
        ident = row.pop("id")
        if self._amend(mapper, ident, row, expected):
            return
        tenant = row.pop("tenant") if self.tenant is not None or mapper.has_tenant else None
        row.pop("tenant", None)
        if was is not None:
            before = mapper.codec.to_row(was)
            row = {name: value for name, value in row.items() if before[name] != value}
        if not row and expected is None:
            return
        self._send(mapper)
        if not row:
            row = {"version": expected}
        statement = mapper.change(frozenset(row), tenant, guard="" if expected is None else "version")
        values = {**mapper.stored(row, ident), "b_id": ident}
        if tenant is not None:
            values["b_tenant"] = tenant
        if expected is not None:
            values["b_guard"] = expected
        if self.run(statement, values, mapper.name).rowcount != 1:
            self._missed(mapper, ident, expected)

    def save_all(self, changes: Sequence[tuple[Any, Any]]) -> None:
        """Overwrite several: those that change the same columns go in one statement."""
        groups: dict[tuple[Mapper, frozenset[str]], list[Row]] = {}
        for entity, was in changes:
            mapper = self._writer(type(entity))
            row, before = self._row(mapper, entity), mapper.codec.to_row(was)
            names = frozenset(name for name, value in row.items() if before[name] != value) - {"id", "tenant"}
            if names and not self._amend(mapper, row["id"], {"tenant": row["tenant"], **_only(row, names)}, None):
                values = {**mapper.stored(_only(row, names), row["id"]), "b_id": row["id"], "b_tenant": row["tenant"]}
                groups.setdefault((mapper, names), []).append(values)
        for (mapper, names), rows in groups.items():
            self._send(mapper)
            found = self.run(mapper.change(names, rows[0]["b_tenant"], guard=""), rows, mapper.name)
            if self._bound.dialect.supports_sane_multi_rowcount and found.rowcount != len(rows):
                self._missed(mapper, rows[0]["b_id"], None)
        for entity, was in changes:
            self._notes.saved(self._writer(type(entity)), entity, self._tenant_of(entity), was)

    def remove(self, cls: type, criteria: Criteria | None) -> int:
        """Delete matching rows; how many they were."""
        mapper = self._writer(cls)
        ask = mapper.removal(criteria, self.tenant)
        self._send(mapper)
        if mapper.index is not None:
            self._send_words()
            searching.forget(self, mapper, criteria)
        return self.run(ask.statement, self._values(ask), mapper.name).rowcount

    def mark(self, entity: object) -> bool:
        """Save a claimed entity and free its lease if its fence is still the row's."""
        mapper = self._writer(type(entity))
        row = self._row(mapper, entity)
        self._send(mapper)
        marked = claims.mark(self, mapper, row)
        if marked:
            self._notes.saved(mapper, entity, self._tenant_of(entity), None)
        return marked

    def next_number(self) -> int:
        """The next counter; on the servers a sequence, which no open transaction holds up."""
        self._may_write("number")
        return int(self.run(self._bound.number, {}, "number").scalar_one())

    # ------------------------------------------------------------------------------------------ reading

    def get(self, cls: type[T], id: str, *, lock: bool = False) -> T | None:  # noqa: A002  the port's name
        """The entity with this id, locked until the end with ``lock`` (SQLite: a writer holds the file anyway)."""
        mapper = self._bound.mapper(cls)
        self._send(mapper)
        statement = mapper.by_id(self.tenant, lock=lock and self.writes)
        row = self.run(statement, {"b_id": id, "b_tenant": self.tenant}, mapper.name).first()
        return None if row is None else mapper.entity(row)

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
        """Matching entities in order, NULL last; ``after`` is the page key of the last one seen."""
        mapper = self._bound.mapper(cls)
        where = Where(criteria, self.tenant, limit is not None, lock=lock and self.writes)
        return mapper.entities(self._rows(mapper, where, order, limit, after))

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
        """The values of some fields of matching rows, in order; only their columns are read."""
        mapper = self._bound.mapper(cls)
        names, read = mapper.picker(tuple(fields))
        where = Where(criteria, self.tenant, limit is not None, names=names)
        return [read(row) for row in self._rows(mapper, where, order, limit, after)]

    def _rows(
        self, mapper: Mapper, where: Where, order: Sequence[Order], limit: int | None, after: Sequence[Any] | None
    ) -> list[Any]:
        self._send(mapper)
        found: list[Any] = []
        for ask in mapper.pages(where, order, after):
            values = self._values(ask)
            if limit is not None:
                values["b_limit"] = limit - len(found)
            found.extend(self.run(ask.statement, values, mapper.name).all())
            if limit is not None and len(found) >= limit:
                break
        return found

    def tally(
        self,
        cls: type,
        criteria: Criteria | None = None,
        *,
        by: Sequence[str] = (),
        measures: Sequence[Measure] = (Measure("count"),),
    ) -> list[Tally]:
        """Counts, sums, means of groups, computed in the database with whole numbers, ordered by group."""
        mapper = self._bound.mapper(cls)
        self._send(mapper)
        return tallies.tally(self, mapper, criteria, tuple(by), tuple(measures))

    def search(
        self,
        cls: type[T],
        text: str,
        criteria: Criteria | None = None,
        *,
        access: Sequence[str] = PUBLIC,
        limit: int = 50,
    ) -> list[Hit[T]]:
        """Entities by words, what came last first; MariaDB finds only what is committed."""
        mapper = self._bound.mapper(cls)
        self.flush()
        return finding.search(self, mapper, text, criteria, access, limit)

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
        """Take due rows whose lease is free, oldest first; two workers never get the same."""
        mapper = self._writer(cls)
        self._send(mapper)
        taking = claims.Taking(aware(now, "now"), limit, lease, criteria, lane)
        return claims.claim(self, mapper, taking)

    def database_time(self) -> datetime:
        """The database's clock, aware UTC."""
        found: datetime = self.run(self._bound.time, {}, "time").scalar_one()
        return aware(found, "database_time")

    # ---------------------------------------------------------------------------------------- life cycle

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone alone where it raises."""
        self.flush()
        nested = self._finish(self._connection.begin_nested, "savepoint")
        try:
            yield
            self.flush()
        except BaseException:
            self._forget()
            # a deadlock on MariaDB, or a lost connection, has taken the savepoint with it
            with contextlib.suppress(exc.SQLAlchemyError):
                nested.rollback()
            raise
        self._finish(nested.commit, "savepoint")

    def flush(self) -> None:
        """Send what was kept back: one statement a table."""
        while self._waiting:
            self._send(next(iter(self._waiting)))
        self._send_words()

    def commit(self) -> None:
        """Keep it. Joined: leave the savepoint, the host commits."""
        self._check_open("commit")
        self.flush()
        self._finish(self._end.commit)
        self._open = False

    def rollback(self) -> None:
        """Undo it. Joined: back to the savepoint, the host's work stays."""
        self._forget()
        self._open = False
        self._finish(self._end.rollback)

    def close(self) -> None:
        """Give the connection back; rolls back what was not committed. May be called again."""
        self._forget()
        self._open = False
        self._finish(self._end.close)

    # -------------------------------------------------------------------------------------------- inside

    @property
    def bound(self) -> Bound:
        """What the storage knows of its entities; for the modules beside this one."""
        return self._bound

    def run(
        self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]], field: str
    ) -> CursorResult[Any]:
        """Execute one statement; database errors come out as careplug's, naming ``field``."""
        self._check_open(field)
        try:
            return self._connection.execute(statement, values)
        except exc.SQLAlchemyError as found:
            raise translate(found, field=field, keys=self._bound.keys) from found

    def _finish(self, work: Callable[[], T], field: str = "transaction") -> T:
        """Begin or end something of the transaction."""
        try:
            return work()
        except exc.SQLAlchemyError as found:
            raise translate(found, field=field) from found

    def _check_open(self, field: str) -> None:
        if not self._open:
            raise error(Invalid, "storage.closed", field=f"transaction.{field}")

    def _may_write(self, field: str) -> None:
        if not self.writes:
            raise error(Refused, "storage.read_only", field=field)

    def _writer(self, cls: type) -> Mapper:
        self._check_open(cls.__name__)
        mapper = self._bound.mapper(cls)
        self._may_write(mapper.name)
        return mapper

    def _row(self, mapper: Mapper, entity: object) -> Row:
        row = mapper.codec.to_row(entity)
        if self.tenant is not None:
            row["tenant"] = self.tenant
        elif not mapper.has_tenant:
            row["tenant"] = ""
        return row

    def _tenant_of(self, entity: Any) -> str:
        return self.tenant if self.tenant is not None else getattr(entity, "tenant", "")

    def _values(self, ask: Ask) -> Row:
        return {**ask.values, "b_tenant": self.tenant}

    def _send(self, mapper: Mapper) -> None:
        rows = self._waiting.pop(mapper, None)
        if rows:
            made = [mapper.stored(row, row["id"]) for row in rows]
            self.run(mapper.insert, made[0] if len(made) == 1 else made, mapper.name)

    def _send_words(self) -> None:
        """The words of what was written: one statement for all of it."""
        rows = self._notes.taken()
        if rows:
            self.run(self._bound.shelf.put, rows[0] if len(rows) == 1 else rows, "words")

    def _forget(self) -> None:
        """What was kept back is not sent any more."""
        self._waiting.clear()
        self._notes.taken()

    def _amend(self, mapper: Mapper, ident: str, row: Row, expected: int | None) -> bool:
        """Change a row that still waits to be inserted; whether there was one."""
        for waiting in self._waiting.get(mapper, ()):
            if waiting["id"] == ident and waiting["tenant"] == row["tenant"]:
                if expected is not None and waiting["version"] != expected:
                    raise error(Conflict, "storage.stale", field=f"{mapper.name}.version", id=ident, expected=expected)
                waiting.update(row)
                return True
        return False

    def _missed(self, mapper: Mapper, ident: str, expected: int | None) -> None:
        if expected is not None:
            raise error(Conflict, "storage.stale", field=f"{mapper.name}.version", id=ident, expected=expected)
        raise error(NotFound, "storage.gone", field=f"{mapper.name}.id", id=ident)


def _only(row: Row, names: frozenset[str]) -> Row:
    return {name: row[name] for name in names}
