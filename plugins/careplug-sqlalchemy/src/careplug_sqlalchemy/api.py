"""What hosts and other plugins may import of careplug-sqlalchemy."""

from __future__ import annotations

from careplug_sqlalchemy.engine import sqlite_recipe
from careplug_sqlalchemy.include import include_object
from careplug_sqlalchemy.storage import SqlAlchemyStorage
from careplug_sqlalchemy.tables import tables

__all__ = ["SqlAlchemyStorage", "include_object", "sqlite_recipe", "tables"]
