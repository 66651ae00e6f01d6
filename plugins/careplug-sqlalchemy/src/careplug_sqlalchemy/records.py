"""What was applied to a database: the bookkeeping table read, compared and written. No Alembic here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from sqlalchemy import Connection, Engine, delete, exc, insert, inspect, select

from careplug.clock import system_now
from careplug.entity import EntitySpec
from careplug.errors import SchemaMissing, SchemaNewer
from careplug.rows import Codec
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.engine import begin, connect
from careplug_sqlalchemy.errors import error, translate
from careplug_sqlalchemy.tables import COUNTER, PREFIX, shape

__all__ = [
    "Record",
    "by_plugin",
    "check",
    "covers",
    "create",
    "forget",
    "is_empty",
    "note_all",
    "note_new",
    "read",
    "refuse_newer",
    "start_counter",
    "write",
]


@attrs.frozen
class Record:
    """One row: the version of an entity the database holds, its shape, and how far a rewrite has come."""

    entity: str
    plugin: str
    version: int
    shape: Mapping[str, Any]
    progress: str = ""


def read(connection: Connection, bound: Bound) -> dict[str, Record]:
    """The records by entity; empty where the bookkeeping table is not there yet."""
    if not inspect(connection).has_table(bound.record.name, schema=bound.schema):
        return {}
    rows = connection.execute(select(bound.record)).mappings()
    return {
        row["entity"]: Record(row["entity"], row["plugin"], row["version"], json.loads(row["shape"]), row["progress"])
        for row in rows
    }


def by_plugin(engine: Engine, bound: Bound) -> dict[str, tuple[str, ...]]:
    """The names of the recorded entities, by plugin."""
    try:
        with begin(engine, writes=False) as connection:
            found = read(connection, bound)
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field="schema") from raised
    plugins = sorted({record.plugin for record in found.values()})
    return {name: tuple(sorted(each.entity for each in found.values() if each.plugin == name)) for name in plugins}


def check(engine: Engine, bound: Bound) -> None:
    """``SchemaNewer`` for an entity of a newer version, ``SchemaMissing`` for one the database does not hold."""
    try:
        with begin(engine, writes=False) as connection:
            found = read(connection, bound)
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field="schema") from raised
    refuse_newer(bound.specs, found)
    codecs = {cls: mapper.codec for cls, mapper in bound.mappers.items()}
    missing = [spec.name for spec in bound.specs if not covers(found.get(spec.name), spec, codecs[spec.cls])]
    if missing:
        raise error(SchemaMissing, "storage.schema_missing", field="database", value=", ".join(missing))


def refuse_newer(specs: Iterable[EntitySpec], found: Mapping[str, Record]) -> None:
    """``SchemaNewer`` names the first entity whose stored version this process does not know."""
    for spec in specs:
        have = found.get(spec.name)
        if have is not None and have.version > spec.version:
            raise error(
                SchemaNewer,
                "storage.schema_newer",
                field=f"database.{spec.name}",
                value=have.version,
                known=spec.version,
                entity=spec.name,
                plugin=spec.plugin,
            )


def covers(have: Record | None, spec: EntitySpec, codec: Codec) -> bool:
    """Whether the database holds all that the spec needs; more columns than that do no harm."""
    if have is None or have.version != spec.version or have.progress:
        return False
    wanted, stored = shape(codec), have.shape
    columns: Mapping[str, Any] = stored["columns"]
    fits = all(name in columns and _fits(columns[name], column) for name, column in wanted["columns"].items())
    fits = fits and wanted.get("search") == stored.get("search")
    return fits and all(set(wanted[key]) <= set(stored[key]) for key in ("indexes", "unique"))


def _fits(stored: Any, wanted: Any) -> bool:
    kind, length, nullable = stored
    return bool(kind == wanted[0] and length >= wanted[1] and (nullable or not wanted[2]))


def write(connection: Connection, bound: Bound, records: Iterable[Record]) -> None:
    """Record entities as applied, over what stood there."""
    for record in records:
        text = json.dumps(record.shape, sort_keys=True, ensure_ascii=False)
        connection.execute(delete(bound.record).where(bound.record.c.entity == record.entity))
        values = {
            "entity": record.entity,
            "plugin": record.plugin,
            "version": record.version,
            "digest": hashlib.sha256(text.encode()).hexdigest(),
            "shape": text,
            "progress": record.progress,
            "applied_at": system_now(),
        }
        connection.execute(insert(bound.record), values)


def note_new(connection: Connection, bound: Bound) -> None:
    """Record the entities whose tables were just made; the others stay as they are until their rows are rewritten."""
    known = read(connection, bound)
    write(connection, bound, [_applied(bound, spec) for spec in bound.specs if spec.name not in known])


def note_all(connection: Connection, bound: Bound) -> None:
    """Record every entity at its version, with what the database still has from before."""
    known = read(connection, bound)
    applied = [(_applied(bound, spec), known[spec.name]) for spec in bound.specs]
    write(connection, bound, [_joined(connection, bound, new, old) for new, old in applied])


def forget(connection: Connection, bound: Bound, name: str) -> None:
    """Take an entity out of the records, its table being dropped."""
    connection.execute(delete(bound.record).where(bound.record.c.entity == name))


def _applied(bound: Bound, spec: EntitySpec) -> Record:
    return Record(spec.name, spec.plugin, spec.version, shape(bound.mapper(spec.cls).codec))


def _joined(connection: Connection, bound: Bound, new: Record, old: Record) -> Record:
    there = {found["name"] for found in inspect(connection).get_columns(PREFIX + new.entity, schema=bound.schema)}
    columns = {**{name: kept for name, kept in old.shape["columns"].items() if name in there}, **new.shape["columns"]}
    return attrs.evolve(new, shape={**new.shape, "columns": columns})


def start_counter(connection: Connection, bound: Bound) -> None:
    """The one row of SQLite's counter; a sequence needs nothing."""
    table = bound.metadata.tables.get(COUNTER)
    if table is not None and connection.execute(select(table.c.id)).first() is None:
        connection.execute(insert(table), {"id": 1, "value": 0})


def is_empty(engine: Engine) -> bool:
    """Whether the database has no table at all: a new file."""
    with connect(engine) as connection:
        return not inspect(connection).get_table_names()


def create(engine: Engine, bound: Bound) -> None:
    """All tables of an embedded SQLite file in one transaction; another process may have been faster."""
    connection = begin(engine, writes=True)
    try:
        if not inspect(connection).get_table_names():
            bound.metadata.create_all(connection)
            for part in bound.shelf.beside:
                connection.execute(part)
            start_counter(connection, bound)
            write(connection, bound, [_applied(bound, spec) for spec in bound.specs])
        connection.commit()
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field="schema") from raised
    finally:
        connection.close()
