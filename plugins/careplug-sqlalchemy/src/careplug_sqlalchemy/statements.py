"""The statements of one entity: built once for each shape, then only given values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs
from sqlalchemy import (
    ColumnElement,
    Dialect,
    Integer,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.sql import Executable
from sqlalchemy.sql.schema import Column

from careplug.criteria import Criteria, Order
from careplug.rows import Codec
from careplug.searching import Index
from careplug_sqlalchemy.compile import (
    Builder,
    Question,
    Sorted,
    after_clause,
    after_values,
    implied,
    order_clause,
    order_columns,
    page_key,
)
from careplug_sqlalchemy.sealing import RowSeal, Sealer
from careplug_sqlalchemy.types import MARIADB, Instant

__all__ = ["Ask", "Mapper", "Where", "clock"]

S = TypeVar("S")
_KEPT = 512


def clock(dialect: Dialect) -> ColumnElement[Any]:
    """The database's clock as an expression: the time of this statement, not of the transaction's begin."""
    if dialect.name == "postgresql":
        return func.clock_timestamp(type_=Instant())
    if dialect.name in MARIADB:
        return func.utc_timestamp(literal_column("6"), type_=Instant())
    return func.strftime("%Y-%m-%dT%H:%M:%f000Z", "now", type_=Instant())


@attrs.frozen
class Ask:
    """One SELECT: a statement and its values."""

    statement: Executable
    values: Mapping[str, Any]


@attrs.frozen
class Where:
    """What a question of pages is about: rows, tenant, whether there is a limit, locked rows, some columns only."""

    criteria: Criteria | None
    tenant: str | None
    limited: bool
    lock: bool = False
    names: tuple[str, ...] | None = None


class Mapper:
    """What the storage knows of one entity class: codec, table and statements. Thread-safe, made at ``bind``."""

    def __init__(self, codec: Codec, table: Table, dialect: Dialect, sealer: Sealer | None = None) -> None:
        self.codec = codec
        self.seal = RowSeal(codec, sealer) if sealer is not None and codec.sealed else None
        self.spec = codec.spec
        self.name = codec.name
        self.table = table
        self.index = Index(codec) if codec.spec.search else None
        self.columns: Mapping[str, Column[Any]] = dict(table.c)
        self.has_tenant = "tenant" in codec.names
        self.versioned = "version" in codec.names
        self.picked = [table.c[name] for name in codec.names]
        self.insert = insert(table).values({column.name: bindparam(column.name) for column in table.c})
        self.plain = dialect.name in MARIADB
        self._dialect = dialect
        self._kept: dict[Any, Any] = {}

    def stored(self, row: Mapping[str, Any], ident: str) -> Mapping[str, Any]:
        """A row, or changed columns of it, as the database gets them."""
        return row if self.seal is None else self.seal.sealed(row, ident)

    def entity(self, row: Sequence[Any]) -> Any:
        """The entity of a row as the database gave it."""
        return self.codec.from_values(row if self.seal is None else self.seal.opened(row))

    def entities(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """The entities of several rows."""
        return self.codec.from_rows(rows if self.seal is None else map(self.seal.opened, rows))

    def keep(self, key: Any, build: Callable[[], S]) -> S:
        """The statement of a shape, built at its first use. Shapes are few; should they not be, all are forgotten."""
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[key] = build()
        return found

    def own(self, tenant: str | None) -> list[ColumnElement[bool]]:
        """The filter that keeps tenants apart; nothing where all are asked for."""
        return [] if tenant is None else [self.columns["tenant"] == bindparam("b_tenant")]

    def by_id(self, tenant: str | None, *, lock: bool) -> Executable:
        """SELECT of one row by ``b_id``."""

        def build() -> Executable:
            """SELECT by id."""
            found = select(*self.picked).where(self.columns["id"] == bindparam("b_id"), *self.own(tenant))
            return found.with_for_update() if lock else found

        return self.keep(("get", tenant is None, lock), build)

    def change(self, names: frozenset[str], tenant: str | None, *, guard: str = "", free: bool = False) -> Executable:
        """UPDATE of some columns of the row ``b_id``; only where ``guard`` (version, fence) is ``b_guard``.

        ``free`` gives the lease back.
        """

        def build() -> Executable:
            """UPDATE by id, guarded where it must be."""
            where = [self.columns["id"] == bindparam("b_id"), *self.own(tenant)]
            if guard:
                where.append(self.columns[guard] == bindparam("b_guard"))
            values: dict[str, Any] = {name: bindparam(name) for name in names}
            if free:
                values["leased_until"] = None
            return update(self.table).where(*where).values(values)

        return self.keep(("change", names, tenant is None, guard, free), build)

    def absent(self) -> Executable:
        """INSERT that does nothing where the id or a unique key is there, and nothing else is let pass."""
        return self.keep("absent", lambda: _ABSENT.get(self._dialect.name, _absent_mariadb)(self))

    def removal(self, criteria: Criteria | None, tenant: str | None) -> Ask:
        """DELETE of matching rows."""
        question = Question(self.codec)
        shape = question.shape(criteria)
        key = ("remove", shape, tenant is None)
        found = self.keep(key, lambda: delete(self.table).where(self._clause(shape), *self.own(tenant)))
        return Ask(found, question.values)

    def picker(self, fields: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
        """The columns of some fields, and how a row of them becomes the fields' values."""

        def build() -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
            """Names of the columns, and their reader."""
            columns, read = self.codec.picker(fields)
            names = tuple(column.name for column in columns)
            return (names, read) if self.seal is None else self.seal.picker(names, read)

        return self.keep(("picker", fields), build)

    def pages(self, where: Where, order: Sequence[Order], after: Sequence[Any] | None) -> list[Ask]:
        """The SELECTs that together give the matching rows in order; the next is asked only if rows are missing.

        There are two where the first column may be NULL and one index range cannot give both parts.
        """
        sort = order_columns(self.codec, order)
        key = None if after is None else page_key(self.codec, order, after)
        first, descending = sort[0]
        if not first.nullable or first.attribute in implied(where.criteria):
            sort[0] = (attrs.evolve(first, nullable=False), descending)
            return [self._page(where, sort, key, "")]
        if key is not None and key[0] is None:
            return [self._page(where, sort[1:], key[1:], f"-{first.name}")]
        if not where.limited or (key is None and not self.plain):
            return [self._page(where, sort, key, "")]
        filled = [(attrs.evolve(first, nullable=False), descending), *sort[1:]]
        return [self._page(where, filled, key, f"+{first.name}"), self._page(where, sort[1:], None, f"-{first.name}")]

    def _page(self, where: Where, sort: Sequence[Sorted], key: Any, part: str) -> Ask:
        question = Question(self.codec)
        shape = question.shape(where.criteria)
        missing = None if key is None else tuple(value is None for value in key)
        if key is not None:
            after_values(question, sort, key)
        sorted_by = tuple((item.name, item.nullable, descending) for item, descending in sort)

        def build() -> Executable:
            """SELECT of one part of a page."""
            builder = Builder(self.columns, self.codec)
            clauses = [builder.clause(shape), *self.own(where.tenant)]
            if missing is not None:
                clauses.append(after_clause(builder, sort, missing))
            if part:
                column = self.columns[part[1:]]
                clauses.append(column.is_(None) if part[0] == "-" else column.is_not(None))
            picked = self.picked if where.names is None else [self.columns[name] for name in where.names]
            found = select(*picked).where(*clauses).order_by(*order_clause(self.columns, sort, plain=self.plain))
            if where.limited:
                found = found.limit(bindparam("b_limit", type_=Integer()))
            return found.with_for_update() if where.lock else found

        asked = (where.limited, where.lock, where.tenant is None, where.names)
        statement = self.keep(("page", shape, sorted_by, missing, part, asked), build)
        return Ask(statement, question.values)

    def _clause(self, shape: Any) -> ColumnElement[bool]:
        return Builder(self.columns, self.codec).clause(shape)


def _absent_sqlite(mapper: Mapper) -> Executable:
    return (
        sqlite.insert(mapper.table)
        .values(_all(mapper))
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )


def _absent_postgresql(mapper: Mapper) -> Executable:
    return (
        postgresql.insert(mapper.table)
        .values(_all(mapper))
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )


def _absent_mariadb(mapper: Mapper) -> Executable:
    # INSERT IGNORE would also let cut values pass, and the count of changed rows says 1 either way (FOUND_ROWS):
    # LAST_INSERT_ID(1) tells us through the driver's lastrowid that the row was there.
    found = mysql.insert(mapper.table).values(_all(mapper))
    return found.on_duplicate_key_update(id=text("if(last_insert_id(1) = 1, id, id)"))


def _all(mapper: Mapper) -> dict[str, Any]:
    return {column.name: bindparam(column.name) for column in mapper.table.c}


_ABSENT: Mapping[str, Callable[[Mapper], Executable]] = {
    "sqlite": _absent_sqlite,
    "postgresql": _absent_postgresql,
}
