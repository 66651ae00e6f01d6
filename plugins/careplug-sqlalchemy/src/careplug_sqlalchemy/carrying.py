"""What carrying a database needs beyond its rows: the counter of people's numbers, and a copy of a SQLite file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, exc, select, text, update

from careplug.errors import Invalid, Refused
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.engine import begin
from careplug_sqlalchemy.errors import error, translate

__all__ = ["back_up", "last_number", "problems", "raise_number"]

_DUMPS = {"postgresql": "pg_dump", "mysql": "mariadb-dump", "mariadb": "mariadb-dump"}


def last_number(engine: Engine, bound: Bound) -> int:
    """The last number that may have been given: a server's cache counts as given."""
    try:
        with begin(engine, writes=False) as connection:
            return _last(connection, bound)
    except exc.SQLAlchemyError as found:
        raise translate(found, field="number") from found


def raise_number(engine: Engine, bound: Bound, value: int) -> None:
    """Let the counter go on behind ``value``, unless it is further on."""
    connection = begin(engine, writes=True)
    try:
        if _last(connection, bound) < value:
            _set(connection, bound, value)
        connection.commit()
    except exc.SQLAlchemyError as found:
        raise translate(found, field="number") from found
    finally:
        connection.close()


def _last(connection: Connection, bound: Bound) -> int:
    if isinstance(bound.counter, Table):
        return int(connection.execute(select(bound.counter.c.value)).scalar_one())
    if bound.dialect.name == "postgresql":
        last, called = connection.execute(text(f"SELECT last_value, is_called FROM {_name(bound)}")).one()  # noqa: S608
        return int(last) if called else int(last) - 1
    found = connection.execute(text(f"SELECT next_not_cached_value FROM {_name(bound)}")).scalar_one()  # noqa: S608
    return int(found) - 1


def _set(connection: Connection, bound: Bound, value: int) -> None:
    if isinstance(bound.counter, Table):
        connection.execute(update(bound.counter).values(value=value))
    elif bound.dialect.name == "postgresql":
        connection.execute(
            text("SELECT setval(CAST(:name AS regclass), :value)"), {"name": _name(bound), "value": value}
        )
    else:
        connection.execute(text(f"SELECT SETVAL({_name(bound)}, {value:d})"))


def _name(bound: Bound) -> str:
    """The counter's name as SQL says it; its words are ours, the schema's is quoted."""
    counter: Any = bound.counter
    return str(bound.dialect.identifier_preparer.format_sequence(counter))


def back_up(engine: Engine, path: Path) -> None:
    """A copy of a SQLite database in a new file, while others write: one snapshot, compact, no deleted byte in it."""
    if engine.dialect.name != "sqlite":
        tool = _DUMPS.get(engine.dialect.name, "pg_dump")
        raise error(Refused, "storage.backup_server", field="backup.database", value=engine.dialect.name, tool=tool)
    if path.exists():
        raise error(Invalid, "storage.backup_exists", field="backup.file.exists", value=str(path))
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("VACUUM INTO ?", (str(part),))
        _keep(part, path)
    except exc.SQLAlchemyError as found:
        raise translate(found, field="backup") from found
    except (OSError, _sqlite_error(engine)) as found:
        raise error(Invalid, "storage.backup_file", field="backup.file", value=str(path), reason=str(found)) from found
    finally:
        part.unlink(missing_ok=True)


def problems(engine: Engine) -> tuple[str, ...]:
    """What SQLite finds wrong with its file."""
    if engine.dialect.name != "sqlite":
        return ()
    try:
        with begin(engine, writes=False) as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    except exc.DatabaseError as broken:
        return (str(broken.orig),)
    return () if found == ["ok"] else tuple(found)


def _keep(part: Path, path: Path) -> None:
    """Force the copy to the disk, for its owner's eyes alone, and give it its name."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.replace(path)


def _sqlite_error(engine: Engine) -> type[Exception]:
    """What the driver raises."""
    found: type[Exception] = engine.dialect.loaded_dbapi.Error
    return found
