"""The words of rows that are there already, in batches: after an upgrade, or by command."""

from __future__ import annotations

import json
from collections.abc import Iterable

import attrs
from sqlalchemy import Connection, Engine, and_, bindparam, func, or_, select

from careplug.ports import SchemaStep
from careplug_sqlalchemy import records
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.engine import begin
from careplug_sqlalchemy.records import Record
from careplug_sqlalchemy.searching import values_of
from careplug_sqlalchemy.statements import Mapper
from careplug_sqlalchemy.steps import AFTER_REWRITE, Step

__all__ = ["BATCH", "pending", "rebuild", "run"]

BATCH = 500
"""Rows of one transaction."""

MARK = "words"
"""What the progress of this begins with; that of a rewrite does not."""


@attrs.frozen
class Progress:
    """The last row whose words were written, and by which signature."""

    id: str
    tenant: str
    signature: str

    @classmethod
    def of(cls, record: Record, signature: str) -> Progress:
        """Where an earlier run was stopped; the beginning where it wrote other words."""
        told = json.loads(record.progress) if record.progress else []
        if told[:1] == [MARK] and told[3:] == [signature]:
            return cls(*told[1:])
        return cls("", "", signature)

    def text(self) -> str:
        """As it is recorded."""
        return json.dumps([MARK, self.id, self.tenant, self.signature])


def _stale(bound: Bound, known: Iterable[Record]) -> list[Mapper]:
    """The entities whose words are not those that this code would write."""
    stored = {record.entity: str(record.shape.get("search", "")) for record in known}
    return [
        mapper
        for mapper in bound.mappers.values()
        if mapper.index is not None and mapper.name in stored and stored[mapper.name] != mapper.index.signature
    ]


def pending(connection: Connection, bound: Bound) -> list[Step]:
    """What ``run`` would do, as steps to show."""
    found = []
    for mapper in _stale(bound, records.read(connection, bound).values()):
        count = connection.execute(select(func.count()).select_from(mapper.table)).scalar_one()
        note = f"-- the words of {count} rows of {mapper.table.name} are put into {bound.shelf.table.name}"
        shown = SchemaStep(f"words:{mapper.table.name}", mapper.spec.plugin, (note,))
        found.append(Step(shown, AFTER_REWRITE, lambda _: None))
    return found


def run(engine: Engine, bound: Bound) -> None:
    """Write the words that are missing or of another reading; goes on where an earlier run was stopped."""
    with begin(engine, writes=False) as connection:
        stale = _stale(bound, records.read(connection, bound).values())
    for mapper in stale:
        while _recorded(engine, bound, mapper):
            pass


def _recorded(engine: Engine, bound: Bound, mapper: Mapper) -> bool:
    """One batch, and how far it came; whether there is more to do."""
    signature = mapper.index.signature if mapper.index is not None else ""
    with begin(engine, writes=True) as connection:
        record = records.read(connection, bound)[mapper.name]
        progress = Progress.of(record, signature)
        last = _batch(connection, bound, mapper, (progress.id, progress.tenant))
        if last is not None:
            record = attrs.evolve(record, progress=Progress(*last, signature).text())
        else:
            record = attrs.evolve(record, progress="", shape={**record.shape, "search": signature})
        records.write(connection, bound, [record])
        connection.commit()
    return last is not None


def rebuild(engine: Engine, bound: Bound) -> int:
    """Write the words of every row anew and forget those of rows that are gone; how many rows were read.

    The index answers all the while. A run that was stopped is run again from the beginning.
    """
    count = 0
    if bound.dialect.name == "sqlite":
        with begin(engine, writes=True) as connection:
            connection.exec_driver_sql(bound.shelf.command("rebuild"))
            connection.commit()
    for mapper in bound.mappers.values():
        if mapper.index is None:
            continue
        last: tuple[str, str] | None = ("", "")
        while last is not None:
            with begin(engine, writes=True) as connection:
                last, done = _written(connection, bound, mapper, last)
                connection.commit()
            count += done
    _sweep(engine, bound)
    return count


def _batch(connection: Connection, bound: Bound, mapper: Mapper, after: tuple[str, str]) -> tuple[str, str] | None:
    return _written(connection, bound, mapper, after)[0]


def _written(
    connection: Connection, bound: Bound, mapper: Mapper, after: tuple[str, str]
) -> tuple[tuple[str, str] | None, int]:
    """Write the words of the next rows, locked meanwhile; the last one (None: there are no more), and how many."""
    index, columns = mapper.index, mapper.columns
    if index is None:
        return None, 0
    ident, tenant = columns["id"], columns["tenant"]
    beyond = or_(ident > bindparam("b_id"), and_(ident == bindparam("b_id"), tenant > bindparam("b_tenant")))
    found = select(ident, tenant, *mapper.picked).where(beyond).order_by(ident, tenant).limit(BATCH).with_for_update()
    rows = connection.execute(found, {"b_id": after[0], "b_tenant": after[1]}).all()
    if not rows:
        return None, 0
    entries = [index.entry(mapper.entity(row[2:]), row[1]) for row in rows]
    connection.execute(bound.shelf.put, [values_of(entry) for entry in entries])
    return (rows[-1][0], rows[-1][1]), len(rows)


def _sweep(engine: Engine, bound: Bound) -> None:
    """Forget the words of rows that are gone, in batches by serial."""
    words = bound.shelf.table
    tables = {mapper.name: mapper.table for mapper in bound.mappers.values() if mapper.index is not None}
    for name, owner in tables.items():
        gone = ~select(owner.c.id).where(owner.c.id == words.c.source_id, owner.c.tenant == words.c.tenant).exists()
        orphans = select(words.c.source_id, words.c.tenant).where(words.c.source == bindparam("b_source"), gone)
        with begin(engine, writes=True) as connection:
            rows = connection.execute(orphans.limit(BATCH), {"b_source": name}).all()
            while rows:
                for statement, values in bound.shelf.forget(name, [(row[0], row[1]) for row in rows]):
                    connection.execute(statement, values)
                rows = connection.execute(orphans.limit(BATCH), {"b_source": name}).all()
            connection.commit()
