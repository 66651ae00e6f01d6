"""The least that answers the same questions: hand-written SQL on the tables that careplug filled, in one transaction each.

A floor reads the columns that careplug reads, knows no permissions and makes no objects; ``same`` in `measures.py`
compares what both gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, select

from careplug import Care
from careplug_sqlalchemy.types import Instant
from tests.benchmarks import store_floors
from tests.proof.scale.places import tables

__all__ = ["Floors"]

_QUEUE = """
SELECT c.id, c.feedback_id, c.metric, c.state, c.due_at, c.provisional, c.calendar_digest, c.policy_digest, c.rule,
  f.number, f.subject, f.kind, f.priority, f.state, f.assignee_kind, f.assignee_id
FROM careplug_clock c JOIN careplug_feedback f ON f.id = c.feedback_id
WHERE c.tenant = '' AND c.open = TRUE AND {after} ORDER BY c.due_at, c.id LIMIT 25
"""
_DUE = """
SELECT c.id, c.feedback_id, c.due_at, f.sequence FROM careplug_clock c JOIN careplug_feedback f ON f.id = c.feedback_id
WHERE c.next_at <= {} ORDER BY c.next_at, c.id LIMIT 100
"""
_REPORT = """
SELECT metric, state, COUNT(*), SUM(CASE WHEN open = TRUE AND due_at < {} THEN 1 ELSE 0 END)
FROM careplug_clock WHERE tenant = '' AND counted = TRUE GROUP BY metric, state
"""
_PERIOD = """
SELECT metric, state, COUNT(*) FROM careplug_clock
WHERE tenant = '' AND counted = TRUE AND open = FALSE AND stopped_at >= {} AND stopped_at < {} GROUP BY metric, state
"""
_LIVE = """
SELECT metric, COUNT(*), SUM(CASE WHEN due_at < {} THEN 1 ELSE 0 END) FROM careplug_clock
WHERE tenant = '' AND counted = TRUE AND open = TRUE GROUP BY metric
"""
_SCORES = """
SELECT question, value, COUNT(*) FROM careplug_score WHERE tenant = '' AND form = {} GROUP BY question, value
"""
_RESPONSES = "SELECT low, COUNT(*) FROM careplug_response WHERE tenant = '' AND form = {} GROUP BY low"
_BY_ENGINEER = """
SELECT assignee_id, question, value, COUNT(*) FROM careplug_score
WHERE tenant = '' AND form = {} AND assignee_kind = 'person' GROUP BY assignee_id, question, value
"""
_FOUND = """
SELECT w.serial, w.source, w.source_id, {columns} FROM {words}
JOIN careplug_feedback f ON f.id = w.id AND f.tenant = w.tenant
WHERE {match} AND w.entity = 'feedback' AND w.tenant = '' ORDER BY {order} DESC LIMIT 30
"""
_MATCH = {
    "sqlite": (
        "careplug_words_fts JOIN careplug_words w ON w.serial = careplug_words_fts.rowid",
        "careplug_words_fts MATCH {}",
        "careplug_words_fts.rowid",
    ),
    "postgresql": ("careplug_words w", "w.words @@ CAST({} AS tsquery)", "w.serial"),
    "mariadb": ("careplug_words w", "MATCH (w.words) AGAINST ({} IN BOOLEAN MODE)", "w.serial"),
}
_CATEGORIES = "SELECT category, COUNT(*) FROM careplug_feedback WHERE tenant = '' GROUP BY category"

_PAGE = 25
_FIRED = ("fact", "fired_level", "message", "clock", "feedback")
_CHANGED = {"clock": ("next_at", "level", "fence"), "feedback": ("sequence", "head", "last_at")}

Key = tuple[datetime, str]
Written = dict[str, list[dict[str, Any]]]
Rows = list[tuple[Any, ...]]


class Floors:
    """Every question of the proof in plain SQL, on the connections of the Care's own engine."""

    def __init__(self, care: Care) -> None:
        self.engine: Engine = care.storage.engine  # type: ignore[attr-defined]
        self._tables = tables(care)
        self._mark = "?" if self.engine.dialect.name == "sqlite" else "%s"
        self._columns = ", ".join(f"{column.name}" for column in self._tables["feedback"].columns)
        self._instant = Instant().bind_processor(self.engine.dialect) or (lambda at: at)

    def ask(self, text: str, *values: object) -> Rows:
        """One question in a transaction of its own; ``{}`` stand for the values."""
        told = tuple(self._instant(item) if isinstance(item, datetime) else item for item in values)
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(text.replace("{}", self._mark), told)
            rows = [tuple(row) for row in found]
            connection.rollback()
        return rows

    def newest(self, after: Key | None = None) -> Rows:
        """The 25 newest open cases, whole rows; before a page key."""
        where = "AND received_at <= {} AND (received_at < {} OR id < {})" if after else ""
        text = f"SELECT {self._columns} FROM careplug_feedback WHERE tenant = '' AND category = 'open' {where}"
        return self.ask(f"{text} ORDER BY received_at DESC, id DESC LIMIT 25", *(after[:1] + after if after else ()))

    def queue(self, after: Key | None = None) -> Rows:
        """The 25 open clocks that run out first, with what the queue shows of their cases; after a page key."""
        if after is None:
            return self.ask(_QUEUE.format(after="c.due_at IS NOT NULL"))
        if self.engine.dialect.name in ("mysql", "mariadb"):
            return self.ask(_QUEUE.format(after="(c.due_at > {} OR (c.due_at = {} AND c.id > {}))"), after[0], *after)
        return self.ask(_QUEUE.format(after="(c.due_at, c.id) > ({}, {})"), *after)

    def due(self, now: datetime) -> Rows:
        """The first hundred clocks that are due, with their cases."""
        return self.ask(_DUE, now)

    def report(self, now: datetime) -> tuple[Rows, Rows]:
        """Clocks by metric and state with those that are late, and cases by category."""
        return self.ask(_REPORT, now), self.ask(_CATEGORIES)

    def scores(self, form: str, *, by_engineer: bool = False) -> tuple[Rows, Rows]:
        """How often each value was answered to each question of a form; responses, and how many are low."""
        return self.ask(_BY_ENGINEER if by_engineer else _SCORES, form), self.ask(_RESPONSES, form)

    def search(self, *rounds: str) -> list[str]:
        """The first 25 cases that a text leads to: each round's hits that came last, until there are enough."""
        words, match, order = _MATCH[{"mysql": "mariadb"}.get(self.engine.dialect.name, self.engine.dialect.name)]
        columns = ", ".join(f"f.{column.name}" for column in self._tables["feedback"].columns)
        text = _FOUND.replace("{columns}", columns).replace("{words}", words).replace("{match}", match)
        place = self._tables["feedback"].columns.keys().index("id") + 3
        found: dict[str, None] = {}
        for asked in rounds:
            if len(found) < _PAGE:
                found |= dict.fromkeys(row[place] for row in self.ask(text.replace("{order}", order), asked))
        return list(found)[:_PAGE]

    def due_about(self, number: int) -> tuple[datetime, int]:
        """A time at which about this many levels are due, and how many are: many fall due at one instant of a morning."""
        read = Instant().result_processor(self.engine.dialect, None) or (lambda at: at)
        text = (
            "SELECT next_at, COUNT(*) FROM careplug_clock WHERE next_at IS NOT NULL GROUP BY next_at ORDER BY next_at"
        )
        found: list[tuple[datetime, int]] = []
        due = 0
        for at, count in self.ask(f"{text} LIMIT {{}}", number):
            due += count
            found.append((read(at), due))
        return min(found, key=lambda each: abs(each[1] - number))

    def run(self, *statements: str, values: Sequence[object] = ()) -> None:
        """Statements that write, in one transaction."""
        told = tuple(self._instant(item) if isinstance(item, datetime) else item for item in values)
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            for text in statements:
                given = told[: text.count("{}")]
                connection.exec_driver_sql(text.replace("{}", self._mark), given)
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("COMMIT")

    def keys(self, text: str) -> list[Key]:
        """Every (instant, id) that a question gives, the last first."""
        read = Instant().result_processor(self.engine.dialect, None) or (lambda at: at)
        return sorted(((read(at), ident) for at, ident in self.ask(text)), reverse=True)

    def report_between(self, since: datetime, until: datetime, now: datetime) -> tuple[Rows, Rows]:
        """Verdicts of a period by metric and state; open clocks now, with those that are late."""
        return self.ask(_PERIOD, since, until), self.ask(_LIVE, now)

    def fired(self) -> dict[str, Written]:
        """What a sweep left of the cases it dealt with, by case: the rows it wrote and those it changed, as they are now."""
        fact, level, message, clock, feedback = (self._tables[name] for name in _FIRED)
        cases = select(fact.c.subject_id).where(fact.c.tenant == "", fact.c.type == "escalated")
        wanted = {
            "fact": (fact.c.subject_id, fact.c.type == "escalated"),
            "fired_level": (level.c.clock_id, None),
            "message": (message.c.subject_id, message.c.state == "pending"),
            "clock": (clock.c.feedback_id, clock.c.feedback_id.in_(cases)),
            "feedback": (feedback.c.id, feedback.c.id.in_(cases)),
        }
        found: dict[str, Written] = {}
        with self.engine.connect() as connection:
            owner: dict[str, str] = {}
            for name in ("clock", "feedback", "fact", "message", "fired_level"):
                key, where = wanted[name]
                asked = self._tables[name].select()
                for row in connection.execute(asked if where is None else asked.where(where)).mappings():
                    case = row[key.name]
                    if name == "clock":
                        owner[row["id"]] = case
                    found.setdefault(owner.get(case, case), {}).setdefault(name, []).append(dict(row))
            connection.rollback()
        return found

    def sweep(self, now: datetime, fired: Mapping[str, Written]) -> None:
        """Write what a sweep wrote: a hundred due clocks to a transaction, rows in one statement a table."""
        while True:
            with store_floors.begin(self.engine) as connection:
                due = connection.exec_driver_sql(_DUE.replace("{}", self._mark), (self._instant(now),)).all()
                if not due:
                    return
                cases = sorted({row[1] for row in due})
                for name in ("fact", "fired_level", "message"):
                    rows = [row for case in cases for row in fired[case].get(name, ())]
                    if rows:
                        connection.execute(self._tables[name].insert(), rows)
                for name, columns in _CHANGED.items():
                    table = self._tables[name]
                    values = {column: bindparam(f"n_{column}") for column in columns}
                    rows = [row for case in cases for row in fired[case][name]]
                    connection.execute(
                        table.update().where(table.c.id == bindparam("n_id")).values(values),
                        [{f"n_{column}": row[column] for column in ("id", *columns)} for row in rows],
                    )

    def written(self) -> tuple[int, ...]:
        """How many levels, facts and messages a sweep wrote."""
        texts = (
            "SELECT COUNT(*) FROM careplug_fired_level",
            "SELECT COUNT(*) FROM careplug_fact WHERE tenant = '' AND type = 'escalated'",
            "SELECT COUNT(*) FROM careplug_message WHERE state = 'pending'",
        )
        return tuple(self.ask(text)[0][0] for text in texts)
