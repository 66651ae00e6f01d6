"""Storage of careplug in SQLite, PostgreSQL and MariaDB through SQLAlchemy Core."""

from __future__ import annotations

import sys
from typing import Any

from careplug.contributions import StorageFactory
from careplug.plugin import hookimpl
from careplug.ports import Storage

__all__ = ["careplug_storage"]


def _open(source: object, **options: Any) -> Storage:
    from careplug_sqlalchemy.storage import SqlAlchemyStorage

    return SqlAlchemyStorage(source, **options)


def _accepts(source: object) -> bool:
    """Engines, session factories and URLs of SQLAlchemy; none of them exists before SQLAlchemy was imported."""
    core, orm = sys.modules.get("sqlalchemy"), sys.modules.get("sqlalchemy.orm")
    if core is not None and isinstance(source, core.Engine | core.URL):
        return True
    return orm is not None and isinstance(source, orm.sessionmaker | orm.scoped_session)


@hookimpl
def careplug_storage() -> tuple[StorageFactory, ...]:
    """SQLAlchemy as a storage: by URL, Engine, sessionmaker or scoped_session."""
    schemes = ("sqlite", "postgresql", "postgres", "mysql", "mariadb")
    return (StorageFactory("sqlalchemy", schemes, _open, _accepts),)
