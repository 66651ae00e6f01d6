"""The benches of careplug-flask compare like with like: floor and API answer the same rows and write the same rows."""

from __future__ import annotations

import pytest

from tests.benchmarks import bench_flask as bench


@pytest.fixture
def host(new_database, request):
    made = bench.Host(new_database(getattr(request, "param", "sqlite")))
    yield made
    made.close()


@pytest.mark.parametrize("host", ["sqlite", "postgresql"], indirect=True)
def test_floor_and_api_answer_the_same_cases(host):
    host.fill(30)
    assert bench.same_list(host) == 25
    newest = [item["received_at"] for item in bench.said(host.list)["items"]]
    assert newest == sorted(newest, reverse=True)
    assert len(set(newest)) == 25


@pytest.mark.parametrize("host", ["sqlite", "postgresql"], indirect=True)
def test_floor_and_api_write_the_same_rows(host):
    written = bench.same_submit(host)
    assert written["feedback"] == 1
    assert written["fact"] >= 1
    assert written["clock"] >= 1


def test_a_floor_that_leaves_a_field_out_is_noticed(host, monkeypatch):
    whole = bench.flask_floors.case
    bench.same_list(host)
    monkeypatch.setattr(bench.flask_floors, "case", lambda row: {**whole(row), "subject": ""})
    with pytest.raises(AssertionError, match="other rows or fields"):
        bench.same_list(host)


def test_a_floor_that_writes_less_is_noticed(host):
    bench.same_submit(host)
    host.pattern.rows["clock"].pop()
    with pytest.raises(AssertionError, match="writes other rows"):
        bench.same_submit(host)


def test_a_few_rounds_give_all_rows_of_the_table(host):
    host.fill(30)
    (listed,) = bench.listing(host, 30, "here", rounds=1, each=1)
    assert listed["ours_us"] > 0 < listed["floor_us"]
    assert listed["ratio_with_key"] > 0
    (submitted,) = bench.submitting(host, "here", rounds=1, each=1)
    assert submitted["ratio"] > 0
    queue, case = bench.pages(host, 30, "here", rounds=1, each=1)
    assert queue["met"], f"{queue['statements']} statements"
    assert case["statements"] > 1
