"""Database servers and data folders for tests: taken where they are, or said to be missing.

A test asks for `database_urls["postgresql"]` (one throw-away database for this xdist worker, for as long as the
worker lives) or for `new_database("mariadb")` (one of its own, dropped when the test ends). Without a server the
test is skipped with the reason, or fails when CAREPLUG_TEST_SERVICES=required, as in CI.

Another server than the one on this machine: CAREPLUG_TEST_POSTGRESQL or CAREPLUG_TEST_MARIADB, as
`user:password@host:port/database`, where the database is one that may be connected to for CREATE DATABASE.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import attrs
import pytest

DATABASES = ("sqlite", "postgresql", "mariadb")
"""The databases that careplug supports and every storage test runs on."""

_DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}
_DEFAULTS = {"postgresql": "postgres@127.0.0.1:5432/test", "mariadb": "root@127.0.0.1:3306/test"}


@attrs.frozen
class Server:
    """Where a database server listens and who we are there."""

    name: str
    host: str
    port: int
    user: str
    password: str
    database: str

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        login = quote(self.user) + (f":{quote(self.password)}" if self.password else "")
        return f"{_DRIVERS[self.name]}://{login}@{self.host}:{self.port}/{database}"


def server(name: str) -> Server:
    """The server of that name as the environment gives it, else the usual one on this machine."""
    parts = urlsplit("//" + os.environ.get(f"CAREPLUG_TEST_{name.upper()}", _DEFAULTS[name]))
    return Server(
        name,
        parts.hostname or "127.0.0.1",
        parts.port or int(_DEFAULTS[name].rpartition(":")[2].partition("/")[0]),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.path.lstrip("/") or "test",
    )


@functools.cache
def _trouble(name: str) -> str:
    found = server(name)
    try:
        socket.create_connection((found.host, found.port), timeout=3).close()
    except OSError as error:
        return f"no {name} on {found.host}:{found.port} ({error})"
    return ""


def service(name: str) -> Server:
    """The server of that name; where it does not answer the test is skipped, or fails if services are required."""
    trouble = _trouble(name)
    if trouble and os.environ.get("CAREPLUG_TEST_SERVICES") == "required":
        pytest.fail(f"{trouble}, and CAREPLUG_TEST_SERVICES=required")
    if trouble:
        pytest.skip(trouble)
    return server(name)


def _execute(found: Server, *statements: str) -> list[tuple[object, ...]]:
    """Run the statements on the server, each by itself; the rows of the last one."""
    if found.name == "postgresql":
        import psycopg

        with psycopg.connect(
            host=found.host,
            port=found.port,
            user=found.user,
            password=found.password,
            dbname=found.database,
            autocommit=True,
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())
        return []
    import pymysql

    with (
        contextlib.closing(
            pymysql.connect(host=found.host, port=found.port, user=found.user, password=found.password)
        ) as connection,
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def _create(found: Server, database: str) -> None:
    # MariaDB keeps its default character set and collation on purpose: our tables must say their own.
    if found.name == "postgresql":
        _execute(found, f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
    else:
        _execute(found, f"CREATE DATABASE {database}")


def kept(name: str, label: str, folder: Path) -> str:
    """The URL of a database that stays for the next run: made where it is not there; for SQLite a file in the folder."""
    if name == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{folder / label}.db"
    found = service(name)
    if name == "mariadb":
        _execute(found, f"CREATE DATABASE IF NOT EXISTS {label}")
    else:
        import psycopg

        with contextlib.suppress(psycopg.errors.DuplicateDatabase):
            _create(found, label)
    return found.url(label)


def _drop(found: Server, database: str) -> None:
    """Drop it even where a test left a connection open: the drop would wait for its locks for good."""
    if found.name == "postgresql":
        _execute(found, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        return
    for (connection,) in _execute(found, f"SELECT id FROM information_schema.processlist WHERE db = '{database}'"):
        with contextlib.suppress(Exception):  # it may have ended by itself meanwhile
            _execute(found, f"KILL {connection}")
    _execute(found, f"DROP DATABASE IF EXISTS {database}")


@contextlib.contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """The URL of a new, empty database, gone afterwards; for SQLite a file in the folder."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    label = f"careplug_test_{worker}_{secrets.token_hex(4)}"
    if name == "sqlite":
        yield f"sqlite:///{folder / label}.db"
        return
    found = service(name)
    _create(found, label)
    try:
        yield found.url(label)
    finally:
        _drop(found, label)


class _Urls(Mapping[str, str]):
    """URL by name; a database is made when it is first asked for."""

    def __init__(self, make: Callable[[str], str]) -> None:
        self._make = functools.cache(make)

    def __getitem__(self, name: str) -> str:
        if name not in DATABASES:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(DATABASES)

    def __len__(self) -> int:
        return len(DATABASES)


@pytest.fixture(scope="session")
def database_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """One throw-away database a worker: `database_urls["sqlite" | "postgresql" | "mariadb"]`, made on first use."""
    folder = tmp_path_factory.mktemp("databases")
    with contextlib.ExitStack() as stack:
        yield _Urls(lambda name: stack.enter_context(database(name, folder)))


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A function that makes an empty database of its own for this test and returns its URL."""
    with contextlib.ExitStack() as stack:
        yield lambda name: stack.enter_context(database(name, tmp_path))


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """The test runs three times, each time on an empty database of its own."""
    return new_database(request.param)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data to run on (CAREPLUG_DATA); the data is not part of the project."""
    named = os.environ.get("CAREPLUG_DATA", "")
    if not named:
        pytest.skip("CAREPLUG_DATA names no folder with the sample data")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"CAREPLUG_DATA={named} is no folder")
    return folder
