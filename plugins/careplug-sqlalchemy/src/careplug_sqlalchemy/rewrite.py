"""Old rows through the upcasters, in batches: each batch and how far it came are one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from sqlalchemy import Column, Connection, Engine, MetaData, Table, and_, bindparam, func, or_, select, update

from careplug import entity
from careplug.entity import EntitySpec
from careplug.errors import Invalid
from careplug.ports import SchemaStep
from careplug_sqlalchemy import records
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.engine import begin
from careplug_sqlalchemy.errors import error
from careplug_sqlalchemy.records import Record
from careplug_sqlalchemy.searching import values_of
from careplug_sqlalchemy.statements import Mapper
from careplug_sqlalchemy.steps import AFTER_REWRITE, Step
from careplug_sqlalchemy.types import column_type

__all__ = ["BATCH", "pending", "run"]

BATCH = 500
"""Rows of one transaction."""


@attrs.frozen
class Progress:
    """The last row done and the version the rewrite goes to: a newer spec first finishes the older rewrite."""

    id: str
    tenant: str
    target: int

    @classmethod
    def of(cls, record: Record) -> Progress | None:
        """What a record says of an unfinished rewrite."""
        told = json.loads(record.progress) if record.progress else []
        # what an unfinished index of words has come to is no rewrite
        return cls(*told) if len(told) == 3 else None

    def text(self) -> str:
        """As it is recorded."""
        return json.dumps([self.id, self.tenant, self.target])


def pending(connection: Connection, bound: Bound) -> list[Step]:
    """The rewrites that an upgrade would do, as steps to show."""
    known = records.read(connection, bound)
    found = []
    for spec in bound.specs:
        have = known.get(spec.name)
        if have is not None and have.version < spec.version:
            table = bound.mapper(spec.cls).table
            count = connection.execute(select(func.count()).select_from(table)).scalar_one()
            note = f"-- {count} rows of {table.name}: version {have.version} to {spec.version}"
            shown = SchemaStep(f"rewrite:{table.name}", spec.plugin, (note,))
            found.append(Step(shown, AFTER_REWRITE - 1, lambda _: None))
    return found


def run(engine: Engine, bound: Bound) -> None:
    """Bring every entity to its version; goes on where an earlier run was stopped."""
    for spec in bound.specs:
        while _batch(engine, bound, spec):
            pass


def _batch(engine: Engine, bound: Bound, spec: EntitySpec) -> bool:
    """Rewrite some rows; whether there is more to do."""
    mapper = bound.mapper(spec.cls)
    connection = begin(engine, writes=True)
    try:
        record = records.read(connection, bound)[spec.name]
        if record.version >= spec.version:
            return False
        progress = Progress.of(record) or Progress("", "", spec.version)
        rows = _rows(connection, mapper, record, progress) if _touched(spec, record.version, progress.target) else []
        for row in rows:
            _rewrite(connection, bound, mapper, row, record.version, progress.target)
        if rows:
            done = Progress(rows[-1]["id"], rows[-1]["tenant"], progress.target)
            record = attrs.evolve(record, progress=done.text())
        else:
            record = attrs.evolve(record, version=progress.target, progress="")
        records.write(connection, bound, [record])
        connection.commit()
        return True
    finally:
        connection.close()


def _touched(spec: EntitySpec, version: int, target: int) -> bool:
    return any(version <= step < target for step in spec.upcasters)


def _rows(connection: Connection, mapper: Mapper, record: Record, progress: Progress) -> list[dict[str, Any]]:
    """The next rows with every column the database has, also those the spec no longer knows."""
    stored: Mapping[str, Any] = record.shape["columns"]
    known = {item.name: item for item in mapper.codec.columns}
    items = [*known.values(), *(entity.Column(n, k[0], n, length=k[1]) for n, k in stored.items() if n not in known)]
    table = Table(
        mapper.table.name, MetaData(), *(Column(i.name, column_type(i)) for i in items), schema=mapper.table.schema
    )
    beyond = or_(
        table.c.id > bindparam("b_id"), and_(table.c.id == bindparam("b_id"), table.c.tenant > bindparam("b_tenant"))
    )
    found = select(table).where(beyond).order_by(table.c.id, table.c.tenant).limit(BATCH)
    values = {"b_id": progress.id, "b_tenant": progress.tenant}
    rows = [dict(row) for row in connection.execute(found, values).mappings()]
    return rows if mapper.seal is None else [mapper.seal.plain(row) for row in rows]


def _rewrite(
    connection: Connection, bound: Bound, mapper: Mapper, row: dict[str, Any], version: int, target: int
) -> None:
    new = _upcast(mapper, row, version, target)
    changed = {name: value for name, value in new.items() if row[name] != value and name not in ("id", "tenant")}
    if changed and mapper.index is not None and target == mapper.spec.version:
        entry = mapper.index.entry(mapper.codec.from_row(new), row["tenant"])
        connection.execute(bound.shelf.put, values_of(entry))
    if changed:
        table = mapper.table
        where = and_(table.c.id == bindparam("b_id"), table.c.tenant == bindparam("b_tenant"))
        written = mapper.stored(changed, row["id"])
        connection.execute(update(table).where(where).values(written), {"b_id": row["id"], "b_tenant": row["tenant"]})


def _upcast(mapper: Mapper, row: Mapping[str, Any], version: int, target: int) -> dict[str, Any]:
    """The row after each upcaster in turn, read and written once by the codec so that it is one of ours."""
    current = dict(row)
    for step in range(version, target):
        upcaster = mapper.spec.upcasters.get(step)
        try:
            current = current if upcaster is None else dict(upcaster(dict(current)))
        except Exception as found:
            raise _failed(mapper, row, step, found) from found
    if target != mapper.spec.version:
        return {name: current[name] for name in _own(mapper, current)}
    try:
        return mapper.codec.to_row(mapper.codec.from_row(current))
    except Exception as found:
        raise _failed(mapper, row, target, found) from found


def _own(mapper: Mapper, row: Mapping[str, Any]) -> Iterator[str]:
    return (name for name in mapper.codec.names if name in row)


def _failed(mapper: Mapper, row: Mapping[str, Any], version: int, found: Exception) -> Exception:
    reason = str(found) or type(found).__name__
    return error(
        Invalid,
        "storage.upcast",
        field=f"{mapper.name}.upcasters.{version}",
        value=version,
        id=row["id"],
        reason=reason,
    )
