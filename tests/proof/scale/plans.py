"""How a database goes about the hot questions: the statements of a job, and what EXPLAIN says of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs
from sqlalchemy import Connection, Engine, event

__all__ = ["Plan", "plans"]

_BIG = ("feedback", "clock", "fact", "personal", "response", "score")
"""Tables that grow with the cases: nobody may read one from end to end."""


@attrs.frozen
class Plan:
    """One statement and the lines of its plan."""

    statement: str
    lines: tuple[str, ...]
    database: str

    @property
    def scanned(self) -> list[str]:
        """The big tables that are read row by row."""
        return [name for name in _BIG if any(self._scans(line, f"careplug_{name}") for line in self.lines)]

    def uses(self, index: str) -> bool:
        """Whether an index is used."""
        return any(re.search(rf"\b{index}\b", line) for line in self.lines)

    @property
    def sorts(self) -> bool:
        """Whether rows are sorted before the first is given; a sort of those alike in the first columns is none."""
        words = {"sqlite": "USE TEMP B-TREE FOR ORDER BY", "postgresql": "Sort ", "mariadb": "filesort"}
        return any(words[self.database] in line and "Incremental" not in line for line in self.lines)

    def _scans(self, line: str, table: str) -> bool:
        if self.database == "sqlite":
            return re.search(rf"SCAN {table}\b(?!.* INDEX)", line) is not None
        if self.database == "postgresql":
            return re.search(rf"Seq Scan on {table}\b", line) is not None
        return re.search(rf"\b{table} ALL\b", line) is not None


def plans(engine: Engine, job: Callable[[], Any]) -> list[Plan]:
    """The plans of everything that a job asks of the database."""
    asked: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        if given[2].startswith(("SELECT", "UPDATE", "WITH")) and "careplug_stamp" not in given[2]:
            asked.append((given[2], given[3]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        job()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    database = {"mysql": "mariadb"}.get(engine.dialect.name, engine.dialect.name)
    with engine.connect() as connection:
        if database == "postgresql":
            # A few thousand rows are read and sorted faster whole: what is asked here is whether the index serves.
            for way in ("seqscan", "bitmapscan", "sort"):
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        found = [Plan(text, _explained(connection, database, text, values), database) for text, values in asked]
        connection.rollback()
    return found


def _explained(connection: Connection, database: str, statement: str, values: Any) -> tuple[str, ...]:
    if database == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return tuple(row[3] for row in rows)
    if database == "postgresql":
        return tuple(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
    rows = connection.exec_driver_sql(f"EXPLAIN {statement}", values).mappings()
    return tuple(f"{row['table']} {row['type']} {row['key']} {row['Extra']}" for row in rows)
