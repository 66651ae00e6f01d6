"""Joining the host's transaction: what is taken, and what is refused at the door with its remedy."""

from __future__ import annotations

import sys
import weakref
from typing import Any

from sqlalchemy import Connection, NestedTransaction, exc, inspect
from sqlalchemy.pool import Pool

from careplug.errors import Invalid
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.errors import error, translate
from careplug_sqlalchemy.types import MARIADB

__all__ = ["connection_of", "enter"]


def connection_of(host: object) -> Connection:
    """The Connection the host's transaction runs on; a Session gives its own, and nothing else of it is touched.

    ``Invalid`` with the remedy for anything else.
    """
    if isinstance(host, Connection):
        return host
    orm = sys.modules.get("sqlalchemy.orm")
    if orm is not None and isinstance(host, orm.scoped_session):
        host = host()
    if orm is not None and isinstance(host, orm.Session):
        try:
            connection: Connection = host.connection()
            return connection
        except exc.UnboundExecutionError:
            raise error(Invalid, "storage.join_bind", field="joined.bind") from None
    name = type(host).__name__
    if hasattr(host, "sync_session") or hasattr(host, "sync_connection") or name.startswith("async_"):
        raise error(Invalid, "storage.join_async", field="joined.async", value=name)
    raise error(Invalid, "storage.join_type", field="joined.type", value=name)


def enter(host: object, bound: Bound, known: weakref.WeakSet[Pool]) -> tuple[Connection, NestedTransaction]:
    """The host's connection with our SAVEPOINT on it. ``known`` remembers the pools whose database has our tables."""
    connection = connection_of(host)
    try:
        if not connection.in_transaction():
            connection.begin()
        _refuse_autocommit(connection)
        _refuse_foreign(connection, bound, known)
        return connection, connection.begin_nested()
    except exc.SQLAlchemyError as found:
        raise translate(found, field="joined") from found


def _refuse_autocommit(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    name = connection.dialect.name
    if name == "sqlite":
        _refuse_without_recipe(raw, connection)
    elif raw.get_autocommit() if name in MARIADB else raw.autocommit:
        raise error(Invalid, "storage.join_autocommit", field="joined.autocommit")


def _refuse_without_recipe(raw: Any, connection: Connection) -> None:
    """Without the recipe pysqlite begins only at the first change, and a SAVEPOINT before it is the transaction."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        raise error(Invalid, "storage.join_autocommit", field="joined.autocommit")
    # Python 3.12 can do without the recipe: autocommit=False always has a transaction open
    always_begun = getattr(raw, "autocommit", None) is False
    if not always_begun and (raw.isolation_level is not None or not raw.in_transaction):
        raise error(Invalid, "storage.join_recipe", field="joined.recipe")


def _refuse_foreign(connection: Connection, bound: Bound, known: weakref.WeakSet[Pool]) -> None:
    """Look into the catalogue, for a failed SELECT would abort the host's transaction on PostgreSQL."""
    pool = connection.engine.pool
    if pool in known:
        return
    have = set(inspect(connection).get_table_names(schema=bound.schema))
    missing = sorted(mapper.table.name for mapper in bound.mappers.values() if mapper.table.name not in have)
    if missing:
        raise error(Invalid, "storage.join_tables", field="joined.tables", value=", ".join(missing[:3]))
    known.add(pool)
