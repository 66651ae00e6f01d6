"""What the proofs about real logs share: the folder of data, parts and copies of a log, the clocks that came of it."""

from __future__ import annotations

import csv
import lzma
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from careplug import Care
from careplug.imports import ImportReport, fields_of, read_map, run_import
from careplug.refs import SYSTEM
from careplug.sla.entities import Clock

Rows = list[dict[str, str]]


def data() -> Path | None:
    """The folder of real data, None where there is none."""
    named = os.environ.get("CAREPLUG_DATA", "")
    return Path(named) if named and Path(named).is_dir() else None


def rows_of(path: Path) -> Rows:
    """Every row of a packed log."""
    with lzma.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def part(rows: Rows, scale: float, key: str) -> Rows:
    """The rows of part of the cases, spread over the log."""
    if scale >= 1:
        return rows
    cases = list(dict.fromkeys(row[key] for row in rows))
    kept = set(cases[:: max(1, round(1 / scale))])
    return [row for row in rows if row[key] in kept]


def write(rows: Rows, path: Path, *blank: str) -> Path:
    """A log of these rows, with some columns blanked."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows({**row, **dict.fromkeys(blank, "")} for row in rows)
    return path


@contextmanager
def imported(name: str, log: Path, tables: Path, url: str = "") -> Iterator[tuple[Care, ImportReport]]:
    """A packaged map's import into a new SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        found = read_map(name, folders=(tables,))
        with Care(url or f"sqlite:///{folder}/log.db", plugins=[fields_of(found)]) as care:
            yield care, run_import(care, log, found)


def clocks(care: Care, source: str, value: Callable[[Clock], object]) -> dict[str, object]:
    """A value of each case's clock, by the log's key."""
    from careplug.feedback.entities import RequestKey

    with care.read(actor=SYSTEM) as unit:
        by_case = {key.result: key.key for key in unit.store.find(RequestKey) if key.source == source}
        return {by_case[clock.feedback_id]: value(clock) for clock in unit.store.find(Clock)}


def peak() -> int:
    """Megabytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
