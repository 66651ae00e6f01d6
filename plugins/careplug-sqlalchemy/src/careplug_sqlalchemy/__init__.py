"""Storage of careplug in SQLite, PostgreSQL and MariaDB through SQLAlchemy Core."""

from __future__ import annotations

__all__: list[str] = []
