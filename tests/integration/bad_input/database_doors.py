"""Databases that careplug must not use: wrong URLs, missing and newer schemas, transactions it cannot join."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from careplug_sqlalchemy.api import sqlite_recipe
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import BOSS, World


def _missing(world: World) -> None:
    path = world.scratch / "host.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE orders (id INTEGER)")
    with world.open(f"sqlite:///{path}") as care, care.unit(actor=BOSS) as unit:
        unit.feedback.find()


def _newer(world: World) -> None:
    path = world.scratch / "newer.db"
    with world.open(f"sqlite:///{path}") as care:
        care.upgrade()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE careplug_schema SET version = 99 WHERE entity = 'feedback'")
        raw.commit()
    with world.open(f"sqlite:///{path}") as care, care.unit(actor=BOSS) as unit:
        unit.feedback.find()


def _busy(world: World) -> None:
    engine = create_engine(world.url, connect_args={"timeout": 0.01})
    with closing(sqlite3.connect(world.file)) as other, world.open(sqlite_recipe(engine)) as care:
        other.execute("BEGIN IMMEDIATE")
        try:
            care.unit(actor=BOSS)
        finally:
            other.rollback()
            engine.dispose()


def _joined(world: World, host: object) -> None:
    with world.care.unit(joined=host, actor=BOSS) as unit:
        unit.feedback.submit("fault", "x")


def _join(world: World, engine: Any) -> None:
    try:
        with engine.connect() as connection:
            _joined(world, connection)
    finally:
        engine.dispose()


def _autocommit(world: World) -> None:
    engine = sqlite_recipe(create_engine(world.url))
    _join(world, engine.execution_options(isolation_level="AUTOCOMMIT"))


def _ended(world: World) -> None:
    engine = sqlite_recipe(create_engine(world.url))
    with engine.connect() as connection, world.care.unit(joined=connection, actor=BOSS):
        connection.execute(text("SELECT 1"))
        connection.commit()


ROWS: tuple[Row, ...] = (
    Row(
        "database",
        "a scheme nobody serves",
        lambda w: w.open("frob://x"),
        "Invalid",
        "storage",
        en="storage: no storage for frob; schemes: mariadb, mysql, postgres, postgresql, sqlite. Install careplug-sqlalchemy or pass a storage object.",
        zh="storage：没有适用于 frob 的存储；可用：mariadb, mysql, postgres, postgresql, sqlite。请安装 careplug-sqlalchemy，或传入存储对象。",
    ),
    Row(
        "database",
        "a URL that is cut short",
        lambda w: w.open("sqlite"),
        "Invalid",
        "storage.url",
        en="storage.url: sqlite is no database careplug knows; give a URL that begins with sqlite, postgresql+psycopg or mariadb+pymysql.",
        zh="storage.url：sqlite 不是 careplug 支持的数据库；请使用以 sqlite、postgresql+psycopg 或 mariadb+pymysql 开头的地址。",
    ),
    Row(
        "database",
        "a driver that is not ours",
        lambda w: w.open("postgresql+asyncpg://x"),
        "Invalid",
        "storage.driver",
        en="storage.driver: the driver postgresql+asyncpg is not supported; write postgresql+psycopg in the URL.",
        zh="storage.driver：不支持驱动 postgresql+asyncpg；请在地址中写 postgresql+psycopg。",
    ),
    Row(
        "database",
        "a session factory without an engine",
        lambda w: w.open(sessionmaker()),
        "Invalid",
        "storage.engine",
        en="storage.engine: sessionmaker gives no database; pass a URL, an Engine, a sessionmaker bound to an Engine, or a function that returns an Engine.",
        zh="storage.engine：sessionmaker 得不到数据库；请传入地址、Engine、绑定了 Engine 的 sessionmaker，或返回 Engine 的函数。",
    ),
    Row(
        "database",
        "a database without our tables",
        _missing,
        "SchemaMissing",
        "database",
        en="database: the database lacks what <…> needs; run: careplug db upgrade",
        zh="database：数据库缺少 <…> 所需的内容；请运行：careplug db upgrade",
    ),
    Row(
        "database",
        "a database of a newer careplug",
        _newer,
        "SchemaNewer",
        "database.feedback",
        en="database.feedback: the database holds version 99 of feedback, this process knows 1; install the newer careplug.",
        zh="database.feedback：数据库中 feedback 的版本为 99，本进程只认识 1；请安装更新的 careplug。",
    ),
    Row(
        "database",
        "another writer in the way",
        _busy,
        "Retry",
        "begin",
        en="begin: the database file is held by another writer; run the unit again.",
        zh="begin：数据库文件正被其他写入者占用；请重新执行该操作。",
    ),
    Row(
        "database",
        "joining a connection in AUTOCOMMIT",
        _autocommit,
        "Invalid",
        "joined.autocommit",
        en="joined.autocommit: the connection is in AUTOCOMMIT, nothing could be undone; give one with a transaction (isolation level READ COMMITTED).",
        zh="joined.autocommit：连接处于 AUTOCOMMIT，无法回滚；请传入带事务的连接（隔离级别 READ COMMITTED）。",
    ),
    Row(
        "database",
        "joining SQLite without the recipe",
        lambda w: _join(w, create_engine(w.url)),
        "Invalid",
        "joined.recipe",
        en="joined.recipe: this SQLite engine does not BEGIN before SAVEPOINT, a rolled back row would stay; call careplug_sqlalchemy.api.sqlite_recipe(engine) once.",
        zh="joined.recipe：该 SQLite 引擎在 SAVEPOINT 前不执行 BEGIN，回滚后数据仍会留下；请调用一次 careplug_sqlalchemy.api.sqlite_recipe(engine)。",
    ),
    Row(
        "database",
        "joining a database without our tables",
        lambda w: _join(w, sqlite_recipe(create_engine("sqlite://"))),
        "Invalid",
        "joined.tables",
        en="joined.tables: the database of this connection lacks careplug's tables (<…>); pass a connection to the database careplug uses, or run careplug db upgrade there.",
        zh="joined.tables：该连接的数据库缺少 careplug 的表（<…>）；请传入 careplug 所用数据库的连接，或在那里运行 careplug db upgrade。",
    ),
    Row(
        "database",
        "joining a session without an engine",
        lambda w: _joined(w, Session()),
        "Invalid",
        "joined.bind",
        en="joined.bind: the session has no engine for careplug's tables; bind it to one, or pass session.connection(bind_arguments=…).",
        zh="joined.bind：该会话没有可用于 careplug 表的引擎；请绑定引擎，或传入 session.connection(bind_arguments=…)。",
    ),
    Row(
        "database",
        "joining a number",
        lambda w: _joined(w, 42),
        "Invalid",
        "joined.type",
        en="joined.type: int is no SQLAlchemy Connection or Session; pass the one your transaction runs in.",
        zh="joined.type：int 不是 SQLAlchemy 的 Connection 或 Session；请传入事务所在的那个对象。",
    ),
    Row(
        "database",
        "a host's commit inside the unit",
        _ended,
        "Invalid",
        "joined.ended",
        en="joined.ended: the host's transaction ended inside the unit; commit or roll back after the unit, not in it.",
        zh="joined.ended：宿主事务在操作单元内已结束；请在单元之后再提交或回滚。",
    ),
)
