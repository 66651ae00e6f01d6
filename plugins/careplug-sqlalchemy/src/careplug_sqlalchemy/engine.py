"""Engines: which driver a URL means, how each database is set up, and how our own transactions begin."""

from __future__ import annotations

import os
import sys
import weakref
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, exc, make_url
from sqlalchemy.pool import QueuePool

from careplug.errors import Invalid
from careplug_sqlalchemy.errors import error, translate, unreached

__all__ = ["begin", "connect", "engine_of", "is_file", "normal_url", "open_engine", "sqlite_recipe"]

_DRIVERS = {
    "sqlite": ("sqlite+pysqlite", {"sqlite", "sqlite+pysqlite"}),
    "postgresql": ("postgresql+psycopg", {"postgresql", "postgres", "postgresql+psycopg"}),
    # mariadb and not mysql: SQLAlchemy then refuses the other server at the first connection
    "mysql": ("mariadb+pymysql", {"mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"}),
}
_EXTRAS = {"psycopg": "careplug-sqlalchemy[postgresql]", "pymysql": "careplug-sqlalchemy[mysql]"}
"""What brings a driver that is not installed."""

_BUSY_SECONDS = 30.0
_OWN = "careplug_read_committed"


def normal_url(value: str | URL) -> URL:
    """The URL with the driver we mean, written out; ``Invalid`` for another driver or database.

    ``postgresql://`` means psycopg 3 (SQLAlchemy 2.0 would take psycopg 2), ``mysql://`` and ``mariadb://`` PyMySQL.
    """
    try:
        url = make_url(value)
    except exc.ArgumentError:
        raise error(Invalid, "storage.url", field="storage.url", value=str(value)[:80]) from None
    for wanted, names in _DRIVERS.values():
        if url.drivername in names:
            return url.set(drivername=wanted)
    base = url.drivername.partition("+")[0]
    found = _DRIVERS.get({"postgres": "postgresql", "mariadb": "mysql"}.get(base, base))
    if found is None:
        raise error(Invalid, "storage.url", field="storage.url", value=url.drivername)
    raise error(Invalid, "storage.driver", field="storage.driver", value=url.drivername, wanted=found[0])


def is_file(url: URL) -> bool:
    """Whether a SQLite URL names a file and not memory."""
    return url.database not in (None, "", ":memory:") and "mode=memory" not in str(url.query)


def open_engine(value: str | URL, **options: Any) -> Engine:
    """An engine of our own, set up as the page ``explanation/storage`` says; ``options`` go to ``create_engine``."""
    url = normal_url(value)
    # our transactions always end themselves, so the pool need not send a ROLLBACK more
    settings: dict[str, Any] = {"pool_reset_on_return": None, "pool_recycle": 1800}
    if url.drivername.startswith("sqlite"):
        settings |= {"poolclass": QueuePool, "connect_args": {"timeout": _BUSY_SECONDS, "check_same_thread": False}}
        # a database in memory lives in its one connection; a file may have one for every thread
        settings |= {"pool_size": 16, "max_overflow": 48} if is_file(url) else {"pool_size": 1, "max_overflow": 0}
    elif url.drivername.startswith("mariadb"):
        settings |= {"isolation_level": "READ COMMITTED", "connect_args": {"charset": "utf8mb4"}}
        settings["execution_options"] = {_OWN: True}
    try:
        engine = create_engine(url, **(settings | options))
    except ModuleNotFoundError as missing:
        wanted = _EXTRAS.get((missing.name or "").partition(".")[0])
        if wanted is None:
            raise
        raise error(
            Invalid, "storage.driver_missing", field="storage.driver", value=missing.name, wanted=wanted
        ) from None
    if is_file(url):
        _opened.add(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_file if is_file(url) else _sqlite_memory)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _postgresql)
    return engine


_opened: weakref.WeakSet[Engine] = weakref.WeakSet()


def _forget() -> None:
    """In a process that was forked off: its parent's connections stay the parent's, it opens its own."""
    for engine in list(_opened):
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _sqlite_memory(raw: Any, record: object) -> None:
    del record
    raw.isolation_level = None
    raw.execute("PRAGMA foreign_keys=ON")


def _sqlite_file(raw: Any, record: object) -> None:
    _sqlite_memory(raw, record)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        raw.execute(f"PRAGMA {pragma}").fetchall()


def _postgresql(raw: Any, record: object) -> None:
    # Dates near the year 10,000 cannot be read in a zone east of Greenwich. Our statements read a page: where the planner
    # takes one for dear, compiling it (150 ms) costs a hundred times what it saves.
    del record
    raw.execute("SET TIME ZONE 'UTC'; SET jit = off")
    raw.commit()


def sqlite_recipe(engine: Engine) -> Engine:
    """Make a host's SQLite engine BEGIN by itself, so that a unit can join its transactions; returns the engine.

    It is the recipe of SQLAlchemy's own documentation. Call it once, before the first connection.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _no_implicit_begin)
        event.listen(engine, "begin", _explicit_begin)
    return engine


def _no_implicit_begin(raw: Any, record: object) -> None:
    del record
    raw.isolation_level = None


def _explicit_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def engine_of(source: object) -> Engine:
    """The engine behind a host's object: Engine, sessionmaker, scoped_session, Session, or a function of no arguments."""
    if isinstance(source, Engine):
        return source
    bound = getattr(source, "kw", {}).get("bind")
    if isinstance(bound, Engine):
        return bound
    orm = sys.modules.get("sqlalchemy.orm")
    if orm is not None and isinstance(source, orm.scoped_session | orm.Session):
        found: object = source.get_bind()
    elif callable(source) and bound is None:
        found = source()
    else:
        found = None
    if isinstance(found, Engine):
        return found
    raise error(Invalid, "storage.engine", field="storage.engine", value=type(source).__name__)


def begin(engine: Engine, *, writes: bool) -> Connection:
    """A connection of the engine with our transaction begun: a writer, or a snapshot that cannot write.

    SQLite: BEGIN IMMEDIATE or BEGIN. PostgreSQL: READ COMMITTED, or REPEATABLE READ READ ONLY. MariaDB: the same,
    with a consistent snapshot.
    """
    name = engine.dialect.name
    start = _begin_sqlite if name == "sqlite" else _begin_postgresql if name == "postgresql" else _begin_mariadb
    connection = connect(engine)
    try:
        start(connection, writes=writes)
    except exc.SQLAlchemyError as found:
        connection.close()
        raise translate(found, field="begin") from found
    except BaseException:
        connection.close()
        raise
    return connection


def connect(engine: Engine) -> Connection:
    """A connection of the engine; ``Unavailable`` where the server does not answer or does not let us in."""
    try:
        return engine.connect()
    except exc.SQLAlchemyError as found:
        raise unreached(found, field="database") from found


def _begin_sqlite(connection: Connection, *, writes: bool) -> None:
    """BEGIN, a writer at once with the lock: a reader that turned writer would lose updates."""
    connection.begin()
    raw: Any = connection.connection.dbapi_connection
    if raw.in_transaction:  # a host's engine with the recipe has begun already, but not for writing
        connection.exec_driver_sql("ROLLBACK")
    if writes:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        raw.execute("BEGIN")  # takes no lock and cannot fail, and every page begins with it


def _begin_postgresql(connection: Connection, *, writes: bool) -> None:
    """Say at which level; psycopg sends that with its BEGIN: no round trip."""
    level = "READ COMMITTED" if writes else "REPEATABLE READ"
    connection.execution_options(isolation_level=level, postgresql_readonly=not writes)


def _begin_mariadb(connection: Connection, *, writes: bool) -> None:
    """START TRANSACTION at the level it needs; a reader takes its snapshot now."""
    _refuse_other_servers(connection.dialect)
    connection.begin()
    if writes and connection.get_execution_options().get(_OWN):
        return  # every connection of our own engine is READ COMMITTED already
    level = "READ COMMITTED" if writes else "REPEATABLE READ"
    connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
    connection.exec_driver_sql(
        "START TRANSACTION" if writes else "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
    )


def _refuse_other_servers(dialect: Dialect) -> None:
    """MySQL lacks the collation and sequences, MariaDB before 10.6 SKIP LOCKED; known from the first connection on."""
    version = dialect.server_version_info or (0,)
    if not getattr(dialect, "is_mariadb", False) or version < (10, 6):
        value = ".".join(map(str, version))
        raise error(Invalid, "storage.mysql", field="storage.server", value=value)
