"""The difference between specs and database, by Alembic's comparison, as steps in the order they run."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
from alembic.autogenerate import produce_migrations
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Dialect, MetaData, Table, inspect
from sqlalchemy import Sequence as Counter
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable, DropTable, ExecutableDDLElement

from careplug.errors import Invalid
from careplug.ports import SchemaStep
from careplug.rows import Codec
from careplug_sqlalchemy import records
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.errors import error
from careplug_sqlalchemy.records import Record
from careplug_sqlalchemy.tables import PREFIX, shape

__all__ = ["AFTER_REWRITE", "Step", "differences"]

BEFORE_REWRITE, AFTER_REWRITE, LAST = 0, 1, 2
"""When a step runs: tables and columns, then the upcasters, then unique keys and what takes something away."""


@attrs.frozen
class Step:
    """A step as a person sees it, when it runs, and what runs it."""

    shown: SchemaStep
    phase: int
    run: Callable[[Connection], None]


def differences(connection: Connection, bound: Bound) -> list[Step]:
    """Every step between this database and the specs; nothing is changed."""
    known = records.read(connection, bound)
    records.refuse_newer(bound.specs, known)
    for spec in bound.specs:
        _refuse_other_kinds(bound.mapper(spec.cls).codec, known.get(spec.name))
    found = [*_counter(connection, bound), *_compared(connection, bound), *_left(bound, known)]
    return sorted(found, key=lambda step: (step.phase, step.shown.destructive, _rank(step)))


def _rank(step: Step) -> int:
    """An index goes before the column in it grows, and comes when it has its length."""
    return {"drop-index": 0, "widen": 1, "fit": 1}.get(step.shown.name.partition(":")[0], 2)


def _refuse_other_kinds(codec: Codec, have: Record | None) -> None:
    stored = {} if have is None else have.shape["columns"]
    personal = {item.name for item in codec.columns if item.personal}
    for name, (kind, _, _) in shape(codec)["columns"].items():
        old = stored.get(name, [kind])[0]
        # what a cipher had made long may be short again without one
        if old != kind and (old, kind) != ("text", "long") and not (name in personal and old == "long"):
            raise error(Invalid, "storage.kind_changed", field=f"{codec.name}.{name}", value=old, wanted=kind)


def _counter(connection: Connection, bound: Bound) -> Iterator[Step]:
    source = bound.counter
    if isinstance(source, Counter) and not inspect(connection).has_sequence(source.name, schema=bound.schema):
        yield _ddl(bound, "careplug", f"create:{source.name}", [CreateSequence(source)])


def _left(bound: Bound, known: Mapping[str, Record]) -> Iterator[Step]:
    """Tables of entities that a plugin still loaded no longer has. Those of an absent plugin are left in peace."""
    loaded, entities = {spec.plugin for spec in bound.specs}, {spec.name for spec in bound.specs}
    for record in known.values():
        if record.plugin in loaded and record.entity not in entities:
            yield _drop_table(bound, record)


def _drop_table(bound: Bound, record: Record) -> Step:
    table = Table(PREFIX + record.entity, MetaData(), schema=bound.schema)
    step = _ddl(bound, record.plugin, f"drop-table:{table.name}", [DropTable(table, if_exists=True)], LAST)

    def run(connection: Connection) -> None:
        """Drop the table and what is recorded of it."""
        step.run(connection)
        records.forget(connection, bound, record.entity)

    return Step(attrs.evolve(step.shown, destructive=True), LAST, run)


def _compared(connection: Connection, bound: Bound) -> Iterator[Step]:
    tables = {table.name: table for table in bound.metadata.tables.values()}
    owners = {PREFIX + spec.name: spec for spec in bound.specs}
    context = MigrationContext.configure(connection, opts=_options(bound, tables))
    script = produce_migrations(context, bound.metadata)
    made: set[str] = set()
    for table_name, op in _flat(script.upgrade_ops or ops.UpgradeOps(())):
        spec = owners.get(table_name)
        plugin = spec.plugin if spec is not None else "careplug"
        table = tables[table_name]
        if isinstance(op, ops.CreateTableOp):
            made.add(table_name)
            parts: list[ExecutableDDLElement] = [CreateTable(table), *map(CreateIndex, _sorted_indexes(table))]
            parts += bound.shelf.beside if table is bound.shelf.table else ()
            yield _ddl(bound, plugin, f"create:{table_name}", parts)
        elif table_name not in made:
            yield from _change(bound, plugin, table, op)


def _options(bound: Bound, tables: Mapping[str, Table]) -> dict[str, Any]:
    def ours(name: str | None, type_: str, _parents: Any) -> bool:
        """Whether a table of the database belongs to careplug: a host's own are left alone."""
        if type_ == "table":
            return name in tables
        return name == bound.schema if type_ == "schema" else True

    def wider(_context: Any, _inspected: Any, wanted: Any, have: Any, want: Any) -> bool:
        """Whether the column must grow; it shrinks where MariaDB could not index what a cipher had made long."""
        if type(have).__name__ == "LONGTEXT" and getattr(want, "length", None):
            return (wanted.table.name, wanted.name) in _personal(bound)
        length, needed = getattr(have, "length", None), getattr(want, "length", None)
        # SQLite keeps any length; nothing is ever narrowed, for the codec watches over lengths
        if bound.dialect.name == "sqlite" or length is None or type(have).__name__ not in _TEXTS:
            return False
        return needed is None or needed > length

    return {
        "include_name": ours,
        "include_schemas": bound.schema is not None,
        "compare_type": wider,
        "compare_server_default": False,
    }


_TEXTS = ("VARCHAR", "String")


def _personal(bound: Bound) -> set[tuple[str, str]]:
    return {(PREFIX + spec.name, item.name) for spec in bound.specs for item in spec.columns() if item.personal}


def _flat(found: Any) -> Iterator[tuple[str, Any]]:
    for op in found.ops:
        if isinstance(op, ops.OpContainer):
            yield from _flat(op)
        else:
            yield op.table_name, op


def _sorted_indexes(table: Table) -> list[Any]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _change(bound: Bound, plugin: str, table: Table, op: Any) -> Iterator[Step]:
    """The step of one difference within a table; differences that are none of ours give no step."""
    match op:
        case ops.AddColumnOp():
            yield _operation(bound, plugin, f"add:{table.name}.{op.column.name}", op)
        case ops.CreateIndexOp():
            index = next(item for item in table.indexes if item.name == op.index_name)
            phase = AFTER_REWRITE if index.unique else BEFORE_REWRITE
            yield _ddl(bound, plugin, f"index:{index.name}", [CreateIndex(index)], phase)
        case ops.AlterColumnOp():
            yield from _altered(bound, plugin, table, op)
        case ops.DropColumnOp():
            yield _operation(bound, plugin, f"drop-column:{table.name}.{op.column_name}", op, LAST)
        case ops.DropIndexOp() if {str(item.name) for item in op.to_index().columns} & _sealed(bound, table):
            yield _operation(bound, plugin, f"drop-index:{op.index_name}", op)
        case ops.DropIndexOp() if str(op.index_name).startswith(PREFIX):
            yield _operation(bound, plugin, f"drop-index:{op.index_name}", op, LAST)


def _sealed(bound: Bound, table: Table) -> frozenset[str]:
    return next((item.codec.sealed for item in bound.mappers.values() if item.table is table), frozenset())


def _altered(bound: Bound, plugin: str, table: Table, op: ops.AlterColumnOp) -> Iterator[Step]:
    where = f"{table.name}.{op.column_name}"
    if op.modify_type is not None:
        name = (
            "fit" if getattr(op.modify_type, "length", None) and not getattr(op.existing_type, "length", 0) else "widen"
        )
        yield _operation(bound, plugin, f"{name}:{where}", _only(op, type_=op.modify_type))
    if op.modify_nullable:
        relaxed = _only(op, nullable=True)
        if bound.dialect.name == "sqlite":
            yield _rebuilt(bound, plugin, f"relax:{where}", relaxed)
        else:
            yield _operation(bound, plugin, f"relax:{where}", relaxed)
    # a column that may no longer be missing is filled by the codec and upcasters; the constraint is not added


def _only(op: ops.AlterColumnOp, *, type_: Any = None, nullable: bool | None = None) -> ops.AlterColumnOp:
    return ops.AlterColumnOp(
        op.table_name,
        op.column_name,
        schema=op.schema,
        existing_type=op.existing_type,
        existing_server_default=op.existing_server_default,
        existing_nullable=op.existing_nullable,
        modify_nullable=nullable,
        modify_type=type_,
    )


def _operation(bound: Bound, plugin: str, name: str, op: Any, phase: int = BEFORE_REWRITE) -> Step:
    buffer = io.StringIO()
    shown = MigrationContext.configure(dialect=bound.dialect, opts={"as_sql": True, "output_buffer": buffer})
    Operations(shown).invoke(op)
    sql = tuple(part.strip() for part in buffer.getvalue().split(";\n") if part.strip())

    def run(connection: Connection) -> None:
        """Do it on this connection."""
        Operations(MigrationContext.configure(connection)).invoke(op)

    return Step(SchemaStep(name, plugin, sql, destructive=phase == LAST), phase, run)


def _rebuilt(bound: Bound, plugin: str, name: str, op: ops.AlterColumnOp) -> Step:
    """SQLite changes a column only by copying its table, inside the transaction."""

    def run(connection: Connection) -> None:
        """Copy the table."""
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table(op.table_name, schema=bound.schema, recreate="always") as batch:
            batch.alter_column(op.column_name, nullable=True)

    sql = (f"-- {op.table_name} is copied into a table where {op.column_name} may be NULL",)
    return Step(SchemaStep(name, plugin, sql), BEFORE_REWRITE, run)


def _ddl(bound: Bound, plugin: str, name: str, parts: list[ExecutableDDLElement], phase: int = BEFORE_REWRITE) -> Step:
    def run(connection: Connection) -> None:
        """Send the statements in order."""
        for part in parts:
            connection.execute(part)

    return Step(SchemaStep(name, plugin, tuple(_sql(part, bound.dialect) for part in parts)), phase, run)


def _sql(part: ExecutableDDLElement, dialect: Dialect) -> str:
    return str(part.compile(dialect=dialect)).strip()
