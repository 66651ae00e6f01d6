"""The least code that does what careplug's store-bound work does: reviewed here, checked by ``check``.

A floor has no rules, no permissions, no validation: it copies rows that careplug wrote for a real case, under new
ids, into the same tables in one transaction; or it asks one hand-written question.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from careplug.refs import new_id
from careplug.sla.entities import clock_id

Row = dict[str, Any]
ORDER = ("feedback", "fact", "personal", "clock", "message")
OWN_IDS = ("fact", "message")


class Pattern:
    """The rows of one real case, by entity, to be copied under new ids."""

    def __init__(self, connection: sa.Connection, tables: Mapping[str, sa.Table], ident: str) -> None:
        self.ident = ident
        self.rows: dict[str, list[Row]] = {}
        for name in ORDER:
            table = tables[name]
            key = table.c.id if name == "feedback" else table.c.get("subject_id", table.c.get("feedback_id"))
            found = connection.execute(sa.select(table).where(key == ident))
            self.rows[name] = [dict(row) for row in found.mappings()]
        self._numbers = itertools.count(1)

    def copy(self, due: datetime | None = None) -> dict[str, list[Row]]:
        """The rows for a new case; ``due`` moves its open clocks' deadline and next level there."""
        ident = new_id()
        made: dict[str, list[Row]] = {}
        facts: dict[str, str] = {}
        for name, rows in self.rows.items():
            made[name] = copies = []
            for row in rows:
                new = {key: ident if value == self.ident else value for key, value in row.items()}
                if name == "feedback":
                    new["number"] = f"F-{ident}"
                elif name == "personal":
                    new["id"] = facts[row["id"]]
                elif name == "clock":
                    new["id"] = clock_id(ident, row["metric"], row["cycle"], row["generation"])
                else:
                    new["id"] = new_id()
                    facts[row["id"]] = new["id"]
                if name == "message":
                    new["key"] = new["lane"] = new["id"][:32]
                if name == "clock" and due is not None:
                    new |= {"due_at": due, "next_at": due if new["next_at"] is not None else None}
                copies.append(new)
        return made


def submit_core(engine: sa.Engine, tables: Mapping[str, sa.Table], counter: Any, pattern: Pattern) -> Row:
    """The rows of a submit, in one transaction, with SQLAlchemy Core; the row of the case."""
    rows = pattern.copy()
    with begin(engine) as connection:
        connection.execute(counter)
        for name in ORDER:
            if rows[name]:
                connection.execute(tables[name].insert(), rows[name])
    return rows["feedback"][0]


def step_core(engine: sa.Engine, tables: Mapping[str, sa.Table], ident: str, fact: Row) -> None:
    """Read a case, write one fact and the changed columns, in one transaction, with SQLAlchemy Core."""
    table = tables["feedback"]
    with begin(engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.id == ident)).mappings().one()
        sequence = row["sequence"] + 1
        new = fact | {"id": new_id(), "subject_id": ident, "sequence": sequence}
        connection.execute(tables["fact"].insert(), new)
        values = {"state": "confirmed", "version": row["version"] + 1, "sequence": sequence, "head": new["hash"]}
        connection.execute(table.update().where(table.c.id == ident).values(last_at=new["at"], **values))


class Raw:
    """The same with the bare driver: prepared texts, tuples."""

    def __init__(self, path: str, engine: sa.Engine, tables: Mapping[str, sa.Table]) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("PRAGMA foreign_keys=ON")
        self.columns: dict[str, list[str]] = {}
        self.inserts: dict[str, str] = {}
        self._binds: dict[str, dict[str, Any]] = {}
        for name in ORDER:
            table = tables[name]
            self.columns[name] = [column.name for column in table.columns]
            names = ", ".join(f'"{column}"' for column in self.columns[name])
            marks = ", ".join("?" for _ in self.columns[name])
            self.inserts[name] = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'
            self._binds[name] = {
                column.name: column.type.dialect_impl(engine.dialect).bind_processor(engine.dialect)
                for column in table.columns
            }

    def submit(self, pattern: Pattern) -> None:
        """The rows of a submit in one transaction."""
        rows = pattern.copy()
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        run("UPDATE careplug_number SET value = value + 1").close()
        for name in ORDER:
            for row in rows[name]:
                run(self.inserts[name], self._values(name, row))
        run("COMMIT")

    def _values(self, name: str, row: Row) -> list[Any]:
        binds = self._binds[name]
        return [binds[key](row[key]) if binds[key] else row[key] for key in self.columns[name]]


class begin:  # noqa: N801  reads as a function
    """A writing transaction of an engine set up as the storage sets it up."""

    def __init__(self, engine: sa.Engine) -> None:
        self.connection = engine.connect()

    def __enter__(self) -> sa.Connection:
        if self.connection.dialect.name == "sqlite":
            self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        return self.connection

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self.connection.commit()
            if self.connection.dialect.name == "sqlite":
                self.connection.connection.driver_connection.commit()
        self.connection.close()


def fill(engine: sa.Engine, tables: Mapping[str, sa.Table], pattern: Pattern, count: int, due: int) -> None:
    """Add ``count`` cases: ``due`` of them run out before 2026-03-01, the others in the years after."""
    past, future = datetime(2026, 2, 20, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    for batch in _batches(range(count), 1000):
        rows: dict[str, list[Row]] = {name: [] for name in ORDER}
        for number in batch:
            at = past + timedelta(minutes=number) if number < due else future + timedelta(minutes=number)
            for name, part in pattern.copy(at).items():
                rows[name].extend(part)
        with begin(engine) as connection:
            for name in ORDER:
                if name != "message" and rows[name]:
                    connection.execute(tables[name].insert(), rows[name])


QUEUE = """
SELECT c.id, c.metric, c.state, c.due_at, f.id, f.number, f.subject, f.kind, f.priority, f.state, f.assignee_id
FROM careplug_clock c JOIN careplug_feedback f ON f.id = c.feedback_id
WHERE c.tenant = '' AND c.open = 1 AND c.due_at IS NOT NULL
ORDER BY c.due_at, c.id LIMIT 25
"""


def queue(connection: sa.Connection) -> list[Any]:
    """The 25 open clocks that run out first, with what a queue page shows of their cases."""
    return list(connection.exec_driver_sql(QUEUE))


def sweep(engine: sa.Engine, tables: Mapping[str, sa.Table], now: datetime, patterns: Mapping[str, Row]) -> int:
    """Fire what is due at ``now``: level, fact and message rows, clocks and cases moved on, 100 to a transaction."""
    clock, feedback, done = tables["clock"], tables["feedback"], 0
    while True:
        with begin(engine) as connection:
            due = connection.execute(
                sa.select(clock.c.id, clock.c.feedback_id, clock.c.due_at, feedback.c.sequence)
                .join(feedback, feedback.c.id == clock.c.feedback_id)
                .where(clock.c.next_at <= now)
                .order_by(clock.c.next_at)
                .limit(100)
            ).all()
            if not due:
                return done
            _fire(connection, tables, due, now, patterns)
            done += len(due)


def _fire(
    connection: sa.Connection,
    tables: Mapping[str, sa.Table],
    due: Sequence[Any],
    now: datetime,
    patterns: Mapping[str, Row],
) -> None:
    clock, feedback = tables["clock"], tables["feedback"]
    levels, facts, messages, cases = [], [], [], []
    for row in due:
        sequence = row.sequence + 1
        level = {"id": new_id(), "tenant": "", "clock_id": row.id, "level": "breach", "due_at": row.due_at}
        levels.append(level | {"fired_at": now})
        own = {"id": new_id(), "subject_id": row.feedback_id, "sequence": sequence}
        facts.append(patterns["fact"] | own)
        mail = new_id()
        messages.append(patterns["message"] | own | {"id": mail, "key": mail, "lane": mail[:32]})
        cases.append({"i": row.feedback_id, "s": sequence, "h": patterns["fact"]["hash"], "l": now})
    connection.execute(tables["fired_level"].insert(), levels)
    connection.execute(tables["fact"].insert(), facts)
    connection.execute(tables["message"].insert(), messages)
    connection.execute(
        clock.update().where(clock.c.id == sa.bindparam("i")).values(next_at=None, level=""),
        [{"i": row.id} for row in due],
    )
    bind = sa.bindparam
    connection.execute(
        feedback.update()
        .where(feedback.c.id == bind("i"))
        .values(sequence=bind("s"), head=bind("h"), last_at=bind("l")),
        cases,
    )


def _batches(numbers: range, size: int) -> Iterator[range]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
