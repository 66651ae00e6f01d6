"""Submit, step, queue page and due sweep on SQLite (WAL, synchronous=FULL) beside hand-written SQL.

The floors stand in `tests/benchmarks/store_floors.py`: the same rows in the same tables in one transaction, no rules.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from careplug import Actor, Care, Ref, Worker
from careplug.clock import ManualClock
from careplug.queue import queue
from tests.benchmarks import store_floors as floors

CUSTOMER, ENGINEER = Actor.customer("li"), Actor.engineer("wang", "manager")
NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 1, tzinfo=UTC)


class Desk:
    """A careplug on a SQLite file, and the floor's view of the same tables."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock(NOW)
        self.care = Care(f"sqlite:///{path}", clock=self.clock, block=("holidays",))
        self.submit()
        bound = self.care.storage._prepared()
        self.tables = {mapper.codec.spec.name: mapper.table for mapper in bound.mappers.values()}
        self.number = bound.number
        self.engine = self.care.storage.engine
        case = self.submit()
        with self.engine.connect() as connection:
            self.pattern = floors.Pattern(connection, self.tables, case.id)

    def submit(self) -> Any:
        with self.care.unit(actor=CUSTOMER) as unit:
            return unit.feedback.submit("fault", "打印机坏了", "无法打印", contact_name="李雷", impact=2, urgency=2)

    def confirm(self, ident: str) -> None:
        with self.care.unit(actor=ENGINEER) as unit:
            unit.feedback.step(ident, "confirm")

    def queue(self) -> Any:
        with self.care.read(actor=ENGINEER) as unit:
            return queue(unit)

    def bare_queue(self) -> Any:
        with self.engine.connect() as connection:
            return floors.queue(connection)

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM careplug_{table}").scalar_one())


def turns(pairs: dict[str, Callable[[], object]], rounds: int, each: int) -> dict[str, float]:
    """Median microseconds of each job, in turns, so that a slow moment hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in pairs}
    for _ in range(rounds):
        for name, job in pairs.items():
            began = time.perf_counter()
            for _ in range(each):
                job()
            times[name].append((time.perf_counter() - began) / each * 1e6)
    return {name: statistics.median(found) for name, found in times.items()}


def row(name: str, ours: float, floor: float, aim: float, **more: object) -> dict[str, object]:
    ratio = ours / floor
    return {
        "name": name,
        "ours_us": ours,
        "floor_us": floor,
        "ratio": round(ratio, 2),
        "aim": f"≤ {aim:.2f}",
        "met": ratio <= aim,
        **more,
    }


def writing(folder: Path) -> list[dict[str, object]]:
    desk = Desk(folder / "write.db")
    raw = floors.Raw(str(desk.path), desk.engine, desk.tables)
    before = desk.count("fact")
    jobs: dict[str, Callable[[], object]] = {
        "ours": desk.submit,
        "core": lambda: floors.submit_core(desk.engine, desk.tables, desk.number, desk.pattern),
        "raw": lambda: raw.submit(desk.pattern),
    }
    found = turns(jobs, 15, 20)
    facts = len(desk.pattern.rows["fact"])
    assert desk.count("fact") - before == 3 * 15 * 20 * facts, "a floor wrote other rows than careplug"
    rows = [
        row("submit, beside Core", found["ours"], found["core"], 1 / 0.6),
        {
            "name": "submit, beside the bare driver",
            "ours_us": found["ours"],
            "floor_us": found["raw"],
            "ratio": found["ours"] / found["raw"],
        },
    ]
    cases = iter([desk.submit().id for _ in range(15 * 20)])
    others = iter([desk.submit().id for _ in range(15 * 20)])
    fact = desk.pattern.rows["fact"][0]
    found = turns(
        {
            "ours": lambda: desk.confirm(next(cases)),
            "core": lambda: floors.step_core(desk.engine, desk.tables, next(others), fact),
        },
        15,
        20,
    )
    raw.connection.close()
    desk.care.close()
    return [*rows, row("step, beside Core", found["ours"], found["core"], 1 / 0.6)]


def reading(folder: Path) -> list[dict[str, object]]:
    rows, seen = [], {}
    for size in (10_000, 100_000):
        desk = Desk(folder / f"read{size}.db")
        floors.fill(desk.engine, desk.tables, desk.pattern, size, 500)
        assert [item[0] for item in desk.bare_queue()] == [line.clock_id for line in desk.queue()], "other rows"
        found = turns({"ours": desk.queue, "bare": desk.bare_queue}, 21, 10)
        seen[size] = found["ours"]
        rows.append(row(f"queue page of 25 over {size:,}", found["ours"], found["bare"], 1.5))
        desk.care.close()
    rows.append(row("queue page, 100,000 beside 10,000", seen[100_000], seen[10_000], 1.3))
    return rows


POLICY = {
    "calendar": "always",
    "targets": [
        {
            "metric": "resolution",
            "target": {"type": "elapsed", "hours": 24},
            "levels": [{"name": "breach", "share": 100, "to": ["assignee"]}],
        }
    ],
}


def sweep_desk(path: Path, size: int) -> Desk:
    """A desk whose cases have one clock with one level, and an assignee who is told."""
    desk = Desk(path)
    with desk.care.unit(actor=ENGINEER) as unit:
        unit.definitions.put("policy", "standard", POLICY)
    case = desk.submit()
    with desk.care.unit(actor=ENGINEER) as unit:
        unit.feedback.step(case.id, "dispatch", assignee=Ref("person", "zhao"))
    with desk.engine.connect() as connection:
        desk.pattern = floors.Pattern(connection, desk.tables, case.id)
        connection.exec_driver_sql("UPDATE careplug_clock SET next_at = NULL")
        connection.commit()
    floors.fill(desk.engine, desk.tables, desk.pattern, size, 500)
    return desk


def sweeping(folder: Path) -> list[dict[str, object]]:
    rows, seen = [], {}
    for size in (10_000, 100_000):
        desk, bare = (sweep_desk(folder / f"{kind}{size}.db", size) for kind in ("sweep", "bare"))
        desk.clock.set(LATER)
        worker, counts = Worker(desk.care), dict.fromkeys(("levels", "closed", "late", "failed"), 0)
        with bare.engine.connect() as connection:
            patterns = {
                name: dict(connection.execute(bare.tables[name].select().limit(1)).mappings().one())
                for name in ("fact", "message")
            }
        jobs: dict[str, Callable[[], object]] = {
            "ours": lambda: worker._clocks(LATER, counts),  # noqa: B023
            "bare": lambda: floors.sweep(bare.engine, bare.tables, LATER, patterns),  # noqa: B023
        }
        before = [(d.count("fact"), d.count("message"), d.count("fired_level")) for d in (desk, bare)]
        found = turns(jobs, 1, 1)
        after = [(d.count("fact"), d.count("message"), d.count("fired_level")) for d in (desk, bare)]
        written = [tuple(b - a for a, b in zip(*pair, strict=True)) for pair in zip(before, after, strict=True)]
        assert written == [(500, 500, 500)] * 2, f"not the same rows: {written}"
        seen[size] = found["ours"]
        rows.append(row(f"sweep, 500 due of {size:,}", found["ours"], found["bare"], 2.0))
        desk.care.close()
        bare.care.close()
    rows.append(row("sweep, 100,000 beside 10,000", seen[100_000], seen[10_000], 1.3))
    return rows


def run() -> list[dict[str, object]]:
    """All rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*writing(place), *reading(place), *sweeping(place)]
