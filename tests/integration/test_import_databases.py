"""Imports on every database: the same timelines, and two imports of one log at once store each row once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from careplug import Care
from careplug.imports import run_import
from careplug.refs import SYSTEM
from careplug.timeline.facts import FactRow
from tests.unit.imports import logs
from tests.unit.imports.test_runs import EVENTS

CASES = [f"C-{number}" for number in range(12)]
ROWS = [(case, *row[1:]) for case in CASES for row in EVENTS]


@pytest.fixture
def care(database_url):
    with Care(database_url) as made:
        made.upgrade()
        yield made


def stories(care):
    with care.read(actor=SYSTEM) as unit:
        found = {}
        for row in sorted(unit.store.find(FactRow), key=lambda row: (row.subject_id, row.sequence)):
            found.setdefault(row.subject_id, []).append((row.type, row.at))
        return sorted(found.values())


@pytest.mark.service
def test_two_imports_at_once_store_each_row_once(care, tmp_path):
    found = logs.map_of(logs.EVENTS)
    log = logs.write(tmp_path / "log.csv", logs.HEAD, ROWS)
    memory, _ = logs.imported(found, log)
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: run_import(care, log, found, batch=20), range(2)))
    assert [report.rows_rejected for report in reports] == [0, 0]
    assert sum(report.counts["cases"] for report in reports) == len(CASES)
    assert stories(care) == stories(memory)
    assert run_import(care, log, found).counts == {"known": len(ROWS)}
