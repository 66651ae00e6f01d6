"""The least code that loads the Boston log into careplug's tables: no rules, no calendar, no hashes, no permissions.

It reads the log, turns its times into UTC and writes, in transactions of 250 cases, as many rows into the same tables as
careplug did: a row of each *shape* that careplug wrote for some case is copied with the new case's own values. Nothing but
the standard library, so that its peak memory is a floor too. ``bench_import_log`` checks what came of it.

    python -m tests.benchmarks.log_floor LOG SHAPES DATABASE
"""

from __future__ import annotations

import csv
import json
import resource
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

TABLES = ("feedback", "fact", "personal", "clock", "request_key")
BATCH = 250
ZONE = ZoneInfo("America/New_York")

Row = dict[str, Any]
Shape = dict[str, list[Row]]


def load(log: Path, shapes: list[Shape], which: bytes, database: Path) -> int:
    """Write every row of the log as the shape that ``which`` names for it; how many there were."""
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    inserts = {name: _insert(connection, name) for name in TABLES}
    count = 0
    with log.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        for batch in _batches(lines):
            rows: dict[str, list[Row]] = {name: [] for name in TABLES}
            for line in batch:
                _case(line, shapes[which[count]], count, rows)
                count += 1
            connection.execute("BEGIN IMMEDIATE")
            for name in TABLES:
                connection.executemany(inserts[name], rows[name])
            connection.execute("COMMIT")
    connection.close()
    return count


def _batches(lines: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def _case(line: Row, shape: Shape, count: int, rows: dict[str, list[Row]]) -> None:
    case, begun, ended = _id(count, 0), _utc(line["open_dt"]), _utc(line["closed_dt"])
    custom = {"department_reason": line["reason"], "neighborhood": line["neighborhood"], "request_type": line["type"]}
    told = {"subject": line["type"], "channel": line["source"], "received_at": begun, "closed_at": ended}
    last = {"custom": json.dumps(custom), "last_at": ended or begun, "handled_at": ended}
    rows["feedback"].append({**shape["feedback"][0], **told, **last, "id": case, "number": f"CP-{count:09}"})
    for row in shape["fact"]:
        at = begun if row["sequence"] <= 2 else last["last_at"]
        rows["fact"].append({**row, "id": _id(count, row["sequence"]), "subject_id": case, "at": at})
    values = json.dumps({"subject": [uuid.uuid4().hex, line["type"]]})
    for row in shape["personal"]:
        rows["personal"].append({**row, "id": _id(count, row["sequence"]), "subject_id": case, "values": values})
    for row in shape["clock"]:
        own = {"id": str(uuid.uuid4()), "feedback_id": case, "started_at": begun, "stopped_at": ended}
        rows["clock"].append({**row, **own})
    rows["request_key"].append(
        {**shape["request_key"][0], "id": _id(count, 99), "key": line["case_enquiry_id"], "result": case}
    )


def _id(count: int, place: int) -> str:
    """As long as careplug's ids, and rising as they do."""
    return f"00000000-{count:09}-{place:017}"


def _utc(said: str) -> str | None:
    if not said:
        return None
    found = datetime.fromisoformat(said).replace(tzinfo=ZONE).astimezone(UTC)
    return found.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _insert(connection: sqlite3.Connection, name: str) -> str:
    names = [row[1] for row in connection.execute(f'PRAGMA table_info("careplug_{name}")')]
    columns = ", ".join(f'"{column}"' for column in names)
    return f'INSERT INTO "careplug_{name}" ({columns}) VALUES ({", ".join(f":{column}" for column in names)})'


def peak() -> float:
    """Megabytes this process ever held.

    What getrusage says includes what the parent held when it started this process, so Linux is asked for better.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(found.split()[1]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(log: str, shapes: str, database: str) -> None:
    """Load, and print rows, seconds, the processor's seconds and megabytes as JSON."""
    told = json.loads(Path(shapes).read_text(encoding="utf-8"))
    which = bytes(told["which"])
    begun, busy = time.perf_counter(), time.process_time()
    rows = load(Path(log), told["shapes"], which, Path(database))
    taken = {"seconds": time.perf_counter() - begun, "busy": time.process_time() - busy}
    print(json.dumps({"rows": rows, **taken, "megabytes": peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
