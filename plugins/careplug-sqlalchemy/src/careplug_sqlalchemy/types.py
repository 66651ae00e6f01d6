"""The column types: one kind of ``careplug.entity`` is the same value in all three databases.

Rows of a ``Codec`` hold what drivers take as it is, so only instants need work on the way; everything
else is a matter of the right type and collation in the DDL.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import UTC, datetime
from typing import Any

import attrs
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Dialect, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.types import TypeEngine

from careplug.clock import to_text
from careplug.entity import Column

__all__ = ["MARIADB", "Instant", "Zero", "column_type", "key_bytes", "stored"]

MARIADB = ("mysql", "mariadb")
"""SQLAlchemy's names of the dialect."""

_COLLATION = "utf8mb4_nopad_bin"


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime to the microsecond: timestamptz, DATETIME(6) in UTC, or SQLite text of fixed width.

    The text is that of ``careplug.clock.to_text``: it sorts as the instants do.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the dialect."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        if dialect.name in MARIADB:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(String(27))

    # The processors are given directly: process_bind_param would cost a call more for every value.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """From aware UTC to what the driver takes."""
        if dialect.name == "postgresql":
            return None
        return _naive if dialect.name in MARIADB else _text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """From what the driver gives to aware UTC."""
        del coltype
        if dialect.name == "postgresql":
            return _utc
        return _aware if dialect.name in MARIADB else _instant


def _naive(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=None)


def _text(value: datetime | None) -> str | None:
    # isoformat is three times as fast as strftime; the last six characters are +00:00
    if value is None:
        return None
    return value.isoformat(timespec="microseconds")[:26] + "Z" if value.tzinfo is UTC else to_text(value)


def _utc(value: datetime | None) -> datetime | None:
    # the session's zone is the host's business
    return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


def _aware(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


def _instant(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _short(length: int) -> TypeEngine[Any]:
    return (
        String(length)
        .with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation=_COLLATION), *MARIADB)
    )


def _long() -> TypeEngine[Any]:
    return (
        Text()
        .with_variant(postgresql.TEXT(collation="C"), "postgresql")
        .with_variant(mysql.LONGTEXT(charset="utf8mb4", collation=_COLLATION), *MARIADB)
    )


def column_type(column: Column) -> TypeEngine[Any]:
    """The type a column of an entity has in every dialect. JSON is canonical text, so that its bytes come back."""
    match column.kind:
        case "id" | "text":
            return _short(column.length)
        case "long" | "json":
            return _long()
        case "int" | "duration" | "decimal":
            return BigInteger()
        case "bool":
            return Boolean()
        case "time":
            return Instant()
        case "date":
            return Date()
    return LargeBinary().with_variant(mysql.LONGBLOB(), *MARIADB)


def stored(column: Column, sealed: Container[str]) -> Column:
    """The column as it is stored: an encrypted text is longer than the plain one, so it gets all the room."""
    return attrs.evolve(column, kind="long", length=0) if column.kind == "text" and column.name in sealed else column


_BYTES = {"int": 8, "duration": 8, "decimal": 8, "bool": 1, "time": 8, "date": 3}


def key_bytes(column: Column) -> int:
    """What the column takes in an index of MariaDB at most, in bytes; 0 for a kind that cannot be indexed."""
    if column.kind in ("id", "text"):
        return column.length * 4 + 2 + column.nullable
    fixed = _BYTES.get(column.kind, 0)
    return fixed + column.nullable if fixed else 0


class Zero(ClauseElement):
    """The server default of a kind whose literal differs from database to database."""

    inherit_cache = True

    def __init__(self, kind: str) -> None:
        self.kind = kind


_ZEROS = {
    "time": {"postgresql": "'1970-01-01 00:00:00+00'", "mariadb": "'1970-01-01 00:00:00.000000'"},
    "bytes": {"postgresql": "''", "mariadb": "x''"},
}
_SQLITE_ZEROS = {"time": "'1970-01-01T00:00:00.000000Z'", "bytes": "x''"}


@compiles(Zero)
def _zero(element: Zero, compiler: Any, **_: Any) -> str:
    name = "mariadb" if compiler.dialect.name in MARIADB else compiler.dialect.name
    return _ZEROS[element.kind].get(name, _SQLITE_ZEROS[element.kind])
