"""Claims: a worker takes due rows for a while; the database's clock and a fence number say whose they are.

The servers: SELECT … ORDER BY next_at LIMIT n FOR UPDATE SKIP LOCKED, then UPDATE. SQLite: one UPDATE … RETURNING.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql import Executable

from careplug.criteria import Criteria
from careplug.errors import Invalid
from careplug_sqlalchemy.compile import Builder, Question
from careplug_sqlalchemy.errors import error
from careplug_sqlalchemy.statements import Mapper, clock
from careplug_sqlalchemy.types import Instant

if TYPE_CHECKING:
    from careplug_sqlalchemy.transaction import SqlTransaction

__all__ = ["Taking", "claim", "mark"]


@attrs.frozen
class Taking:
    """What is asked of a claim: rows due at ``now`` (business time), at most ``limit``, for ``lease`` of database time."""

    now: datetime
    limit: int
    lease: timedelta
    criteria: Criteria | None
    lane: str


def claim(unit: SqlTransaction, mapper: Mapper, taking: Taking) -> list[Any]:
    """The rows taken, oldest first, with their new fence and lease."""
    if not mapper.spec.claimable:
        raise error(Invalid, "storage.not_claimable", field=mapper.name, value=mapper.name)
    question = Question(mapper.codec)
    shape = question.shape(taking.criteria)
    lane = tuple(item.name for item in mapper.codec.resolve(taking.lane)) if taking.lane else ()
    values = {**question.values, "b_now": taking.now, "b_limit": taking.limit, "b_tenant": unit.tenant}
    sqlite = unit.bound.dialect.name == "sqlite"
    take = _take_sqlite if sqlite else _take
    statement = mapper.keep(
        ("claim", shape, lane, unit.tenant is None), lambda: _due(unit, mapper, shape, lane, returning=sqlite)
    )
    return take(unit, mapper, statement, values, taking.lease)


def mark(unit: SqlTransaction, mapper: Mapper, row: dict[str, Any]) -> bool:
    """Whether the fence was still the row's: then the row is saved and its lease freed."""
    if not mapper.spec.claimable:
        raise error(Invalid, "storage.not_claimable", field=mapper.name, value=mapper.name)
    ident = row.pop("id")
    tenant = row.pop("tenant") if mapper.has_tenant or unit.tenant is not None else None
    fence = row.pop("fence")
    row.pop("leased_until")
    statement = mapper.change(frozenset(row), tenant, guard="fence", free=True)
    values = {**mapper.stored(row, ident), "b_id": ident, "b_guard": fence}
    if tenant is not None:
        values["b_tenant"] = tenant
    return unit.run(statement, values, mapper.name).rowcount == 1


def _due(unit: SqlTransaction, mapper: Mapper, shape: Any, lane: tuple[str, ...], *, returning: bool) -> Executable:
    """The statement that chooses the rows; on SQLite it takes them at once."""
    columns, now = mapper.columns, clock(unit.bound.dialect)
    where = [
        columns["next_at"] <= bindparam("b_now", type_=Instant()),
        or_(columns["leased_until"].is_(None), columns["leased_until"] <= now),
        Builder(columns, mapper.codec).clause(shape),
        *mapper.own(unit.tenant),
    ]
    if lane:
        where.append(_oldest(mapper, lane, postgresql=unit.bound.dialect.name == "postgresql"))
    limit = bindparam("b_limit", type_=Integer())
    order = (columns["next_at"], columns["id"])
    if not returning:
        found = select(*mapper.picked, now.label("taken_at"), columns["tenant"].label("taken_tenant"))
        found = found.where(*where).order_by(*order).limit(limit).with_for_update(skip_locked=True)
        # without the index MariaDB would sort, and lock every due row on the way
        hint = f"FORCE INDEX (careplug_{mapper.name}_claim_ix)"
        return found.with_hint(mapper.table, hint, "mysql").with_hint(mapper.table, hint, "mariadb")
    key = (columns["id"], columns["tenant"])
    chosen = select(*key).where(*where).order_by(*order).limit(limit)
    until = func.strftime("%Y-%m-%dT%H:%M:%f000Z", "now", bindparam("b_lease", type_=String()), type_=Instant())
    return (
        update(mapper.table)
        .where(tuple_(*key).in_(chosen))
        .values(leased_until=until, fence=columns["fence"] + 1)
        .returning(*mapper.picked)
    )


def _oldest(mapper: Mapper, lane: tuple[str, ...], *, postgresql: bool) -> ColumnElement[bool]:
    """No unfinished row (one that still has ``next_at``) stands before it in its lane; a row without lane is free."""
    older = mapper.table.alias("older")
    same = and_(*(older.c[name] == mapper.columns[name] for name in lane))
    before = select(older.c.id).where(
        older.c.tenant == mapper.columns["tenant"],
        same,
        older.c.id < mapper.columns["id"],
        older.c.next_at.is_not(None),
    )
    if postgresql:
        # Asked for each row by itself (OFFSET) and by the lane's index (ORDER BY). As a join, before the table's first
        # ANALYZE, it would go through all messages for each one: 800 that wait took 84 ms a claim, not 2.
        before = before.order_by(older.c.id).offset(literal_column("0"))
    return ~before.exists()


def _take_sqlite(
    unit: SqlTransaction, mapper: Mapper, statement: Executable, values: dict[str, Any], lease: timedelta
) -> list[Any]:
    values["b_lease"] = f"{lease.total_seconds():+.3f} seconds"
    rows = unit.run(statement, values, mapper.name)
    found = mapper.entities(rows)
    return sorted(found, key=lambda item: (item.next_at, item.id))


def _take(
    unit: SqlTransaction, mapper: Mapper, statement: Executable, values: dict[str, Any], lease: timedelta
) -> list[Any]:
    names = mapper.codec.names
    rows = [
        dict(zip((*names, "taken_at", "taken_tenant"), row, strict=True))
        for row in unit.run(statement, values, mapper.name)
    ]
    if not rows:
        return []
    until = rows[0]["taken_at"] + lease
    keys = [{"b_id": row["id"], "b_tenant": row["taken_tenant"]} for row in rows]
    tenants = {key["b_tenant"] for key in keys}
    for tenant in tenants:
        own = [key["b_id"] for key in keys if key["b_tenant"] == tenant]
        unit.run(_lease(mapper), {"b_ids": own, "b_tenant": tenant, "b_until": until}, mapper.name)
    for row in rows:
        row["leased_until"], row["fence"] = until, row["fence"] + 1
    return mapper.entities([[row[name] for name in names] for row in rows])


def _lease(mapper: Mapper) -> Executable:
    columns = mapper.columns

    def build() -> Executable:
        """Lease the rows of these ids and raise their fences."""
        return (
            update(mapper.table)
            .where(columns["id"].in_(bindparam("b_ids", expanding=True)), columns["tenant"] == bindparam("b_tenant"))
            .values(leased_until=bindparam("b_until", type_=Instant()), fence=columns["fence"] + 1)
        )

    return mapper.keep("lease", build)
