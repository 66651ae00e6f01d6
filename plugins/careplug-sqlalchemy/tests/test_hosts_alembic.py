"""The host's own Alembic leaves careplug's tables alone, or owns them if the host wants it."""

from __future__ import annotations

from alembic.autogenerate import produce_migrations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
from sqlalchemy_kit import SPECS, opened

from careplug_sqlalchemy.api import SqlAlchemyStorage, include_object, tables


def generated(engine, metadata, **options):
    with engine.connect() as connection:
        script = produce_migrations(MigrationContext.configure(connection, opts=options), metadata)
        return [type(op).__name__ for op in script.upgrade_ops.ops]


def test_autogenerate_drops_none_of_our_tables(database_url):
    opened(database_url).close()
    engine = create_engine(database_url)
    theirs = MetaData()
    Table("orders", theirs, Column("id", Integer, primary_key=True))
    assert "DropTableOp" in generated(engine, theirs)
    assert generated(engine, theirs, include_object=include_object) == ["CreateTableOp"]
    engine.dispose()


def test_a_host_may_make_our_tables_in_its_own_migration(database_url):
    engine = create_engine(database_url)
    theirs = MetaData()
    tables(SPECS, theirs)
    theirs.create_all(engine)
    storage = SqlAlchemyStorage(engine)
    storage.bind(SPECS)
    done = {step.name for step in storage.upgrade()}
    assert not any("ticket" in name or "task" in name for name in done)
    storage.check()
    assert (
        generated(
            engine, theirs, include_object=lambda item, name, type_, *_: type_ != "table" or name in theirs.tables
        )
        == []
    )
    engine.dispose()
