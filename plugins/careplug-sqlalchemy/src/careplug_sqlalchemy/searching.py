"""The index of words: one table for all entities, in each database with the index that it has for texts.

Rows of it are written like any other, in the same transaction. SQLite keeps an FTS5 table beside it that triggers fill;
PostgreSQL has a GIN index over a tsvector, MariaDB a FULLTEXT index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Dialect,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    column,
    delete,
    select,
    table,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.sql import Executable

from careplug import entity
from careplug.criteria import Criteria
from careplug.searching import Entry
from careplug_sqlalchemy.compile import Builder, Question
from careplug_sqlalchemy.tables import PREFIX, options
from careplug_sqlalchemy.types import MARIADB, column_type

if TYPE_CHECKING:
    from careplug_sqlalchemy.statements import Mapper
    from careplug_sqlalchemy.transaction import SqlTransaction

__all__ = ["FTS", "WORDS", "Notes", "Shelf", "forget", "values_of", "words_table"]

WORDS = f"{PREFIX}words"
"""The table of the words of all rows."""

FTS = f"{WORDS}_fts"
"""SQLite's index over it."""

_KEY = ("source_id", "source", "tenant")
_CHUNK = 500


def words_table(metadata: MetaData, dialect: str, schema: str | None = None) -> Table:
    """A row for each row with words: where they are from (``source``), where they lead (``entity``), the tokens.

    ``serial`` says what came last. Who may find by a word is in the word (``careplug.words``).
    """
    number = BigInteger().with_variant(Integer, "sqlite")
    made = Table(
        WORDS,
        metadata,
        Column("serial", number, *(Identity(),) * (dialect == "postgresql"), primary_key=True),
        *(Column(name, _text(length), nullable=False) for name, length in _COLUMNS),
        Column("words", _words(), nullable=False),
        Index(f"{WORDS}_source_ux", *_KEY, unique=True),
        schema=schema,
        **options(),
    )
    if dialect == "postgresql":
        # every question goes through the list of what is not in the tree yet: at the usual four megabytes for 12 ms
        kept = {"gin_pending_list_limit": 256}
        Index(f"{WORDS}_words_ix", made.c.words, postgresql_using="gin", postgresql_with=kept)
    elif dialect in MARIADB:
        Index(f"{WORDS}_words_ix", made.c.words, mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT")
    return made


_COLUMNS = (("source", 40), ("source_id", 36), ("tenant", 100), ("entity", 40), ("id", 36))


def _text(length: int) -> Any:
    return column_type(entity.Column("", "text", "", length=length))


def _words() -> Any:
    return (
        Text()
        .with_variant(postgresql.TSVECTOR(), "postgresql")
        .with_variant(mysql.LONGTEXT(charset="ascii", collation="ascii_bin"), *MARIADB)
    )


def _beside(made: Table, dialect: Dialect) -> tuple[DDL, ...]:
    """SQLite: the FTS5 table and the triggers that keep it, as SQLite's manual has them for external content.

    Neither places nor lengths of words are kept, for nothing asks for them.
    """
    if dialect.name != "sqlite":
        return ()
    quote = dialect.identifier_preparer
    place = f"{quote.quote_schema(made.schema)}." if made.schema else ""
    # names of our own, nothing of what people give
    gone = f"INSERT INTO {FTS}({FTS}, rowid, words) VALUES ('delete', old.serial, old.words)"  # noqa: S608
    come = f"INSERT INTO {FTS}(rowid, words) VALUES (new.serial, new.words)"  # noqa: S608
    triggers = {"insert": come, "delete": gone, "update": f"{gone}; {come}"}
    return tuple(
        DDL(statement)  # type: ignore[no-untyped-call]
        for statement in (
            (
                f"CREATE VIRTUAL TABLE {place}{FTS} USING fts5(words, content='{WORDS}', content_rowid='serial', "
                "tokenize=\"ascii tokenchars '_'\", detail=none, columnsize=0)"
            ),
            *(
                f"CREATE TRIGGER {place}{WORDS}_{name} AFTER {name.upper()} ON {WORDS} BEGIN {body}; END"
                for name, body in triggers.items()
            ),
        )
    )


class Shelf:
    """The index in one dialect: its table and statements. Thread-safe, made at ``bind``."""

    def __init__(self, metadata: MetaData, dialect: Dialect, schema: str | None) -> None:
        self.dialect = dialect
        self.table = words_table(metadata, dialect.name, schema)
        self.fts = table(FTS, column("rowid", Integer), schema=schema)
        """SQLite's index, which goes by its rowid."""
        self.beside = _beside(self.table, dialect)
        """What is made after the table."""
        self.put: Executable = _put(self.table, dialect.name)

    def command(self, word: str) -> str:
        """SQLite: one of FTS5's commands, ``rebuild`` or ``optimize``."""
        place = f"{self.dialect.identifier_preparer.quote_schema(self.table.schema)}." if self.table.schema else ""
        return f"INSERT INTO {place}{FTS}({FTS}) VALUES ('{word}')"  # noqa: S608  words of our own

    def forget(self, source: str, keys: Sequence[tuple[str, str]]) -> Iterable[tuple[Executable, Mapping[str, Any]]]:
        """The statements that take rows (id, tenant) of an entity out of the index."""
        for start in range(0, len(keys), _CHUNK):
            some = keys[start : start + _CHUNK]
            for tenant in sorted({tenant for _, tenant in some}):
                idents = [ident for ident, owner in some if owner == tenant]
                yield self._removal, {"b_ids": idents, "b_source": source, "b_tenant": tenant}

    @property
    def _removal(self) -> Executable:
        columns = self.table.c
        return delete(self.table).where(
            columns.source_id.in_(bindparam("b_ids", expanding=True)),
            columns.source == bindparam("b_source"),
            columns.tenant == bindparam("b_tenant"),
        )


class Notes:
    """The words of rows that a transaction has written, until they are sent."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Entry] = {}

    def added(self, mapper: Mapper, entity: object, tenant: str) -> None:
        """Note a new row; one without words has nothing to be noted."""
        if mapper.index is not None:
            entry = mapper.index.entry(entity, tenant)
            if entry.words:
                self._keep(entry)

    def saved(self, mapper: Mapper, entity: object, tenant: str, was: object | None) -> None:
        """Note a row that changed from what it was, where that changes its words."""
        if mapper.index is not None and mapper.index.changed(entity, was):
            self._keep(mapper.index.entry(entity, tenant))

    def taken(self) -> list[dict[str, Any]]:
        """What was noted, as values of ``Shelf.put``; nothing is noted any more."""
        kept, self._kept = self._kept, {}
        return [values_of(entry) for entry in kept.values()]

    def _keep(self, entry: Entry) -> None:
        self._kept[entry.source, entry.source_id, entry.tenant] = entry


def forget(unit: SqlTransaction, mapper: Mapper, criteria: Criteria | None) -> None:
    """Take the rows that match out of the index, before they are removed."""
    question = Question(mapper.codec)
    shape = question.shape(criteria)

    def build() -> Executable:
        """SELECT of id and tenant."""
        clause = Builder(mapper.columns, mapper.codec).clause(shape)
        return select(mapper.columns["id"], mapper.columns["tenant"]).where(clause, *mapper.own(unit.tenant))

    statement = mapper.keep(("forget", shape, unit.tenant is None), build)
    rows = unit.run(statement, {**question.values, "b_tenant": unit.tenant}, mapper.name).all()
    for removal, values in unit.bound.shelf.forget(mapper.name, [(row.id, row.tenant) for row in rows]):
        unit.run(removal, values, "words")


def values_of(entry: Entry) -> dict[str, Any]:
    """The values of an entry for ``Shelf.put``."""
    return {
        "source": entry.source,
        "source_id": entry.source_id,
        "tenant": entry.tenant,
        "entity": entry.entity,
        "id": entry.id,
        "words": entry.words,
    }


def _put(made: Table, dialect: str) -> Executable:
    """INSERT of an entry, or its new words where the row has one."""
    words: Any = bindparam("words", type_=Text())
    if dialect == "postgresql":
        words = cast(words, postgresql.TSVECTOR)
    values = {name: bindparam(name) for name, _ in _COLUMNS} | {"words": words}
    if dialect in MARIADB:
        added = mysql.insert(made).values(values)
        return added.on_duplicate_key_update(
            words=added.inserted.words, entity=added.inserted.entity, id=added.inserted.id
        )
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    found = insert(made).values(values)
    changed = {name: found.excluded[name] for name in ("words", "entity", "id")}
    return found.on_conflict_do_update(index_elements=list(_KEY), set_=changed)
