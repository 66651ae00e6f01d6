"""Many at once, and how many statements a piece of work takes."""

from __future__ import annotations

import multiprocessing
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from sqlalchemy import event
from sqlalchemy_kit import SPECS, Counted, Task, Ticket, opened

from careplug.criteria import Is, Order
from careplug.errors import Retry
from careplug.refs import Ref, new_id
from careplug_sqlalchemy.api import SqlAlchemyStorage

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
CLAIMS = 500


def test_of_six_threads_that_read_change_and_write_fifty_times_nothing_is_lost_on_sqlite(tmp_path):
    storage = opened(f"sqlite:///{tmp_path / 'care.db'}")
    ticket = Ticket(id=new_id())
    unit = storage.begin(tenant="", writes=True)
    unit.add(ticket)
    unit.commit()
    unit.close()
    together = threading.Barrier(6)

    def work():
        together.wait()
        for _ in range(50):
            unit = storage.begin(tenant="", writes=True)
            read = unit.get(Ticket, ticket.id)
            unit.save(attrs.evolve(read, count=read.count + 1), was=read)
            unit.commit()
            unit.close()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work) for _ in range(6)]:
            done.result()
    reader = storage.begin(tenant="", writes=False)
    assert reader.get(Ticket, ticket.id).count == 300
    reader.close()
    storage.close()


def worker(url, results):
    storage = SqlAlchemyStorage(url)
    storage.bind(SPECS)
    while True:
        unit = storage.begin(tenant=None, writes=True)
        try:
            found = unit.claim(Task, now=NOON, limit=25, lease=timedelta(minutes=5))
            for task in found:
                assert unit.mark(attrs.evolve(task, done=task.done + 1, next_at=None))
            unit.commit()
        except Retry:
            continue
        finally:
            unit.close()
        if not found:
            break
        results.put([task.id for task in found])
    results.put(None)
    storage.close()


def test_four_processes_claim_each_row_once(database_url):
    storage = opened(database_url)
    unit = storage.begin(tenant="", writes=True)
    for number in range(CLAIMS):
        unit.add(Task(id=new_id(), next_at=NOON - timedelta(seconds=number)))
    unit.commit()
    unit.close()
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=worker, args=(database_url, results)) for _ in range(4)]
    for process in processes:
        process.start()
    claimed, running = [], 4
    while running:
        try:
            got = results.get(timeout=60)
        except queue.Empty:
            pytest.fail(f"{len(claimed)} rows, then nothing for a minute")
        claimed += got or []
        running -= got is None
    for process in processes:
        process.join()
    assert len(claimed) == len(set(claimed)) == CLAIMS
    reader = storage.begin(tenant="", writes=False)
    assert {(task.done, task.fence, task.leased_until) for task in reader.find(Task)} == {(1, 1, None)}
    reader.close()
    storage.close()


def test_new_rows_take_one_statement_a_table(database_url):
    storage = opened(database_url)
    known = Ticket(id=new_id(), key="k")
    unit = storage.begin(tenant="", writes=True)
    unit.add(known)
    unit.commit()
    unit.close()
    with Counted(storage.engine) as counted:
        unit = storage.begin(tenant="", writes=True)
        read = unit.get(Ticket, known.id, lock=True)
        for number in range(4):
            unit.add(Ticket(id=new_id(), key=str(number)))
            unit.add(Task(id=new_id()))
        fresh = Ticket(id=new_id(), key="fresh")
        unit.add(fresh)
        unit.save(attrs.evolve(fresh, title="changed before it was sent"), was=fresh)
        unit.save(attrs.evolve(read, title="changed"), was=read)
        unit.commit()
        unit.close()
    # SELECT, INSERT tickets, UPDATE, INSERT tasks
    assert len(counted.statements) == 4
    assert sum(text.startswith("UPDATE") for text in counted.statements) == 1
    update = next(text for text in counted.statements if text.startswith("UPDATE"))
    assert "title" in update
    assert "body" not in update
    storage.close()


def test_a_page_takes_one_statement_or_two(database_url):
    storage = opened(database_url)
    unit = storage.begin(tenant="", writes=True)
    for number in range(30):
        unit.add(Ticket(id=new_id(), at=NOON + timedelta(minutes=number), owner=Ref("p", str(number % 3))))
    unit.flush()
    with Counted(storage.engine) as counted:
        found = unit.find(Ticket, order=[Order("at")], limit=25)
        more = unit.find(Ticket, order=[Order("at")], limit=25, after=(found[-1].at, found[-1].id))
    assert len(found) == 25
    assert len(more) == 5
    assert len(counted.statements) <= 3
    unit.close()
    storage.close()


def test_the_queue_page_reads_its_index_and_does_not_sort(database_url):
    storage = opened(database_url)
    unit = storage.begin(tenant="", writes=True)
    for number in range(2000):
        unit.add(Ticket(id=new_id(), at=NOON + timedelta(minutes=number)))
    unit.commit()
    unit.close()
    name = storage.engine.dialect.name
    with storage.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE" if name != "mariadb" else "ANALYZE TABLE careplug_ticket")
    unit = storage.begin(tenant="", writes=False)
    shown = []
    explain = "EXPLAIN QUERY PLAN " if name == "sqlite" else "EXPLAIN "
    event.listen(
        storage.engine,
        "before_cursor_execute",
        lambda _c, cursor, statement, values, *_: (
            (cursor.execute(explain + statement, values), shown.extend(cursor.fetchall()))
            if statement.startswith("SELECT")
            else None
        ),
    )
    unit.find(Ticket, Is("at", "gt", NOON + timedelta(minutes=900)), order=[Order("at")], limit=25)
    words = " ".join(map(str, shown))
    assert "careplug_ticket_at_ix" in words
    assert "TEMP B-TREE" not in words
    assert "filesort" not in words
    assert "Sort" not in words
    unit.close()
    storage.close()
