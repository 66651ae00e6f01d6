"""What a storage knows once its entities are told: a mapper for each class, and the statements without one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Dialect, MetaData, Table, select, update
from sqlalchemy import Sequence as Counter
from sqlalchemy.sql import Executable

from careplug.entity import EntitySpec
from careplug.errors import Invalid
from careplug.rows import codecs
from careplug_sqlalchemy.errors import error
from careplug_sqlalchemy.sealing import Sealer
from careplug_sqlalchemy.searching import Shelf
from careplug_sqlalchemy.statements import Mapper, clock
from careplug_sqlalchemy.tables import bookkeeping, cipher_keys, counter, tables

__all__ = ["Bound"]


class Bound:
    """The tables and statements for the specs in one dialect. Thread-safe; made once by ``bind``."""

    def __init__(
        self, specs: Sequence[EntitySpec], dialect: Dialect, schema: str | None, sealer: Sealer | None = None
    ) -> None:
        self.specs = tuple(specs)
        self.dialect = dialect
        self.schema = schema
        self.sealer = sealer
        self.metadata = MetaData()
        known = codecs(specs, encrypted=sealer is not None)
        made = tables(specs, self.metadata, schema, known)
        self.record = bookkeeping(self.metadata, schema)
        self.shelf = Shelf(self.metadata, dialect, schema)
        # a database that nothing encrypts has no such table, and one whose cipher left keeps it
        self.cipher_keys = cipher_keys(self.metadata if sealer is not None else MetaData(), schema)
        self.counter = counter(self.metadata, dialect.name, schema)
        self.mappers: Mapping[type, Mapper] = {
            spec.cls: Mapper(known[spec.cls], made[spec.name], dialect, sealer) for spec in specs
        }
        self.keys = _keys(self.mappers.values())
        self.number: Executable = _number(self.counter)
        self.time: Executable = select(clock(dialect))

    def mapper(self, cls: type) -> Mapper:
        """The mapper of a class; ``Invalid`` for one that no plugin declared."""
        found = self.mappers.get(cls)
        if found is None:
            raise error(Invalid, "storage.unbound", field=f"entity.{cls.__name__}", value=cls.__name__)
        return found


def _keys(mappers: Iterable[Mapper]) -> dict[str, str]:
    """How errors name each unique index: ``party.kind.number``."""
    return {
        str(index.name): ".".join([mapper.name, *(column.name for column in index.columns if column.name != "tenant")])
        for mapper in mappers
        for index in mapper.table.indexes
        if index.unique
    }


def _number(source: Table | Counter) -> Executable:
    if isinstance(source, Counter):
        return select(source.next_value())
    return update(source).values(value=source.c.value + 1).returning(source.c.value)
