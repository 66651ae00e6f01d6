"""Six threads on one Care: nothing is lost, sequences have no gap, the chain is whole."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from careplug import Actor, Care
from careplug.errors import Conflict, Retry
from careplug.sla.entities import Clock
from careplug.timeline.chain import check
from careplug.timeline.facts import FactRow, Personal

THREADS, TIMES = 6, 50
BOSS = Actor.engineer("zhao", "manager")
ONLY_STORE = {"CAREPLUG_PLUGINS": "sqlalchemy"}


@pytest.fixture
def care(tmp_path):
    with Care(f"sqlite:///{tmp_path / 'care.db'}", environ=ONLY_STORE) as care:
        yield care


def submit(care):
    with care.unit(actor=BOSS) as unit:
        return unit.feedback.submit("fault", "无法登录")


def together(work):
    """Run the work TIMES in each of THREADS threads that begin at once; what they gave."""
    begin = threading.Barrier(THREADS)

    def run(thread):
        begin.wait()
        return [work(thread, number) for number in range(TIMES)]

    with ThreadPoolExecutor(THREADS) as pool:
        return [each for done in [pool.submit(run, thread) for thread in range(THREADS)] for each in done.result()]


def story(care, ident):
    with care.transaction(tenant="", writes=False) as store:
        mine = [row for row in store.find(FactRow) if row.subject_id == ident]
        beside = [row for row in store.find(Personal) if row.subject_id == ident]
    return sorted(mine, key=lambda row: row.sequence), beside


def test_three_hundred_read_modify_writes_are_three_hundred(care):
    case = submit(care)
    with care.unit(actor=BOSS) as unit:
        unit.feedback.edit(case.id, expected=case.version, cause="0")
    stale = []

    def add_one(thread, number):
        while True:
            with care.read(actor=BOSS) as unit:
                seen = unit.feedback.get(case.id)
            try:
                with care.unit(actor=BOSS) as unit:
                    return unit.feedback.edit(case.id, expected=seen.version, cause=str(int(seen.cause) + 1)).cause
            except (Conflict, Retry) as error:
                stale.append(error.code)

    given = together(add_one)
    assert sorted(map(int, given)) == list(range(1, THREADS * TIMES + 1))
    with care.read(actor=BOSS) as unit:
        after = unit.feedback.get(case.id)
    assert (after.cause, after.version) == ("300", case.version + 301)
    assert set(stale) <= {"version.stale", "storage.busy"}
    rows, beside = story(care, case.id)
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert check(rows, beside) == []
    assert Counter(row.type for row in rows)["edited"] == 301


def test_three_hundred_replies_stand_in_one_whole_chain(care):
    case = submit(care)

    def reply(thread, number):
        with care.unit(actor=Actor.engineer(f"engineer-{thread}")) as unit:
            unit.feedback.reply(case.id, f"{thread}/{number}")

    together(reply)
    rows, beside = story(care, case.id)
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert check(rows, beside) == []
    with care.read(actor=BOSS) as unit:
        facts = [fact for fact in unit.feedback.facts(case.id) if fact.type == "replied"]
        after = unit.feedback.get(case.id)
    said = Counter(fact.data["body"] for fact in facts)
    assert said == Counter(f"{thread}/{number}" for thread in range(THREADS) for number in range(TIMES))
    for thread in range(THREADS):  # what one thread said stands in its order
        own = [fact.data["body"] for fact in facts if fact.actor == f"person:engineer-{thread}"]
        assert own == [f"{thread}/{number}" for number in range(TIMES)]
    assert (after.sequence, after.head) == (len(rows), rows[-1].hash)


def test_threads_that_begin_a_tenant_together_give_it_one_set_of_definitions(care):
    submit(care)
    begin = threading.Barrier(THREADS)

    def first(thread):
        begin.wait()
        with care.unit(actor=BOSS, tenant="new") as unit:
            return unit.feedback.submit("fault", f"{thread}").number

    with ThreadPoolExecutor(THREADS) as pool:
        numbers = list(pool.map(first, range(THREADS)))
    assert len(set(numbers)) == THREADS
    with care.read(actor=BOSS, tenant="new") as unit:
        assert unit.feedback.count() == THREADS
        assert len(unit.definitions.everything()) == len(care.setup.definitions.seeds)
    with care.transaction(tenant="new", writes=False) as store:
        assert {clock.state for clock in store.find(Clock)} == {"running"}


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])  # a writer on SQLite is alone anyway
def test_two_who_change_one_definition_leave_one_active(name, new_database):
    begin = threading.Barrier(2)

    def put(care, row):
        with care.unit(actor=BOSS) as unit:
            unit.definitions.get("matrix", "priority")
            begin.wait()
            unit.definitions.put("matrix", "priority", {"rows": [[1, 1, 1], [2, 2, 2], row]})

    with Care(new_database(name), environ=ONLY_STORE) as care:
        care.upgrade()
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(put, care, row) for row in ([3, 3, 3], [4, 4, 4])]:
                done.result()
        with care.read(actor=BOSS) as unit:
            found = unit.definitions.revisions("matrix", "priority")
    assert [(item.revision, item.state) for item in found] == [(1, "retired"), (2, "retired"), (3, "active")]
