"""The bench of imports measures what it says: the bare loader writes the same rows, and without data it says so."""

from __future__ import annotations

import sqlite3

import pytest

from tests.benchmarks import bench_import_log as bench
from tests.proof import _logs


def test_without_data_it_says_so(monkeypatch):
    monkeypatch.delenv("CAREPLUG_DATA", raising=False)
    (row,) = bench.run()
    assert row["skipped"]


@pytest.mark.skipif(_logs.data() is None, reason="CAREPLUG_DATA names no folder")
def test_part_of_the_log_gives_a_row_and_the_memory():
    time, memory = bench.run(scale=0.01, rounds=1)
    assert time["ours_us"] > time["floor_us"] > 0
    assert time["megabytes"] > time["floor_megabytes"] > 1
    assert memory["ratio"] > 0


def test_a_loader_that_leaves_rows_out_is_noticed(tmp_path):
    paths = tmp_path / "ours.db", tmp_path / "bare.db"
    for number, path in enumerate(paths):
        connection = sqlite3.connect(path)
        for name in bench.floor.TABLES:
            connection.execute(f"CREATE TABLE careplug_{name} (received_at, closed_at, subject, channel, flags)")
        for name in bench.floor.TABLES[number:]:
            connection.execute(f"INSERT INTO careplug_{name} VALUES ('1', NULL, 's', 'c', '[]')")
        connection.commit()
        connection.close()
    bench.check(paths[0], paths[0])
    with pytest.raises(AssertionError, match="other rows"):
        bench.check(*paths)
