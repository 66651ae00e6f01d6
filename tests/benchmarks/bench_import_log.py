"""An import of the Boston 2015 sample (20,000 rows) into a SQLite file, beside a bare loader of the same tables.

Both run in processes of their own and read the same CSV; times are a row of the log. The loader stands in
`tests/benchmarks/log_floor.py`: it writes as many rows into each table, in transactions of as many cases, but decides,
measures, hashes and checks nothing. The ratio of processor time leaves out waiting for the disk and for other programs.
Memory is the most that the process ever held, interpreter and libraries included; that it is bounded shows in the last row.
Needs the log in the folder that `CAREPLUG_DATA` names.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import log_floor as floor
from tests.housekeeping import ROOT
from tests.proof import _logs

ROUNDS = 3
KEY = "case_enquiry_id"
_TOLD = "SELECT received_at, closed_at, subject, channel FROM careplug_feedback WHERE flags = '[]' ORDER BY 1, 2, 3, 4"


def run(scale: float = 1.0, rounds: int = ROUNDS) -> list[dict[str, object]]:
    """Rows of the table; one that says why where there is no data."""
    source = _logs.data()
    if source is None:
        return [{"name": "import of a log", "skipped": "CAREPLUG_DATA names no folder"}]
    rows = _logs.rows_of(source / "boston311_2015_20k.csv.xz")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = _logs.write(_logs.part(rows, scale, KEY), folder / "log.csv")
        short = _logs.write(_logs.part(rows, scale / 10, KEY), folder / "short.csv")
        del rows
        return _measured(log, short, source, folder, rounds)


def _measured(log: Path, short: Path, source: Path, folder: Path, rounds: int) -> list[dict[str, object]]:
    ours, floors = [], []
    shapes = folder / "shapes.json"
    for number in range(rounds):
        mine, bare = folder / f"ours{number}.db", folder / f"floor{number}.db"
        ours.append(_run("bench_import_log", log, source, mine))
        if not shapes.exists():
            shapes.write_text(json.dumps(shapes_of(mine, log)), encoding="utf-8")
        empty_copy(mine, bare)
        floors.append(_run("log_floor", log, shapes, bare))
        check(mine, bare)
    few = _run("bench_import_log", short, source, folder / "short.db")
    mine, bare = _median(ours), _median(floors)
    return [
        {
            "name": f"import, a row of {mine['rows']:,}",
            "ours_us": mine["us"],
            "floor_us": bare["us"],
            "ratio": mine["us"] / bare["us"],
            "rows_a_second": round(1e6 / mine["us"]),
            "floor_rows_a_second": round(1e6 / bare["us"]),
            "processor_ratio": mine["busy"] / bare["busy"],
            "megabytes": round(mine["megabytes"]),
            "floor_megabytes": round(bare["megabytes"]),
        },
        {
            "name": f"memory, {mine['rows']:,} rows beside {few['rows']:,}",
            "ratio": mine["megabytes"] / few["megabytes"],
            "aim": "≤ 1.25",
            "met": mine["megabytes"] <= 1.25 * few["megabytes"],
            "megabytes": f"{mine['megabytes']:.0f} and {few['megabytes']:.0f}",
        },
    ]


def _median(found: list[dict[str, Any]]) -> dict[str, Any]:
    rows = found[0]["rows"]
    wall, busy = (statistics.median(one[key] / rows * 1e6 for one in found) for key in ("seconds", "busy"))
    return {"rows": rows, "us": wall, "busy": busy, "megabytes": max(one["megabytes"] for one in found)}


def _run(module: str, *arguments: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shapes_of(database: Path, log: Path) -> dict[str, Any]:
    """One case of each shape (its fact types and number of clocks) with all its rows, and the shape of each row."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    cases = dict(connection.execute("SELECT key, result FROM careplug_request_key"))
    types, clocks = (
        dict(connection.execute(f"SELECT {key}, {what} FROM careplug_{table} GROUP BY {key}"))
        for table, key, what in (
            ("fact", "subject_id", "group_concat(type)"),
            ("clock", "feedback_id", "count(*)"),
        )
    )
    shapes: list[floor.Shape] = []
    known: dict[tuple[Any, ...], int] = {}
    which = []
    with log.open(encoding="utf-8", newline="") as file:
        for line in floor.csv.DictReader(file):
            case = cases[line[KEY]]
            shape = (*sorted(types[case].split(",")), clocks.get(case, 0))
            if shape not in known:
                known[shape] = len(shapes)
                shapes.append(_rows(connection, case))
            which.append(known[shape])
    connection.close()
    return {"shapes": shapes, "which": which}


def _rows(connection: sqlite3.Connection, case: str) -> floor.Shape:
    columns = {"feedback": "id", "clock": "feedback_id", "request_key": "result"}
    return {
        name: [
            dict(row)
            for row in connection.execute(
                f"SELECT * FROM careplug_{name} WHERE {columns.get(name, 'subject_id')} = ? ORDER BY id", (case,)
            )
        ]
        for name in floor.TABLES
    }


def empty_copy(database: Path, target: Path) -> None:
    """The same tables and indexes, without a row; the floor keeps no index of words."""
    there, here = sqlite3.connect(database), sqlite3.connect(target)
    wanted = (
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
        "AND tbl_name NOT LIKE 'careplug_words%' ORDER BY type DESC"
    )
    for (sql,) in there.execute(wanted):
        here.execute(sql)
    here.commit()
    there.close()
    here.close()


def check(ours: Path, bare: Path) -> None:
    """The loader is a floor only if it wrote as many rows into each table, and what the log says about each case."""
    counts, told = [], []
    for path in (ours, bare):
        connection = sqlite3.connect(path)
        counts.append([connection.execute(f"SELECT count(*) FROM careplug_{name}").fetchone() for name in floor.TABLES])
        told.append(connection.execute(_TOLD).fetchall())
        connection.close()
    assert counts[0] == counts[1], f"the loader wrote other rows than careplug: {counts}"
    assert told[0], "no case to compare"
    assert told[0] == told[1], "the loader understood the log otherwise than careplug"


def main(log: str, tables: str, database: str) -> None:
    """Import, and print rows, seconds, the processor's seconds and megabytes as JSON."""
    busy = time.process_time()
    with _logs.imported("boston311", Path(log), Path(tables), f"sqlite:///{database}") as (_, report):
        taken = {"seconds": report.seconds, "busy": time.process_time() - busy}
        print(json.dumps({"rows": report.rows, **taken, "megabytes": floor.peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
