"""The index of words: made and filled by an upgrade, compared and left alone, asked without going through all rows."""

from __future__ import annotations

import contextlib

import attrs
import pytest
from sqlalchemy import create_engine, event, func, select
from sqlalchemy_kit import SPECS, TICKET, Ticket, opened

from careplug.criteria import Is
from careplug.entity import Searched
from careplug.errors import Invalid, SchemaMissing
from careplug.refs import new_id
from careplug.words import PUBLIC
from careplug_sqlalchemy import finding, reindex
from careplug_sqlalchemy.api import SqlAlchemyStorage

SEARCHED = attrs.evolve(TICKET, search=("title", Searched("body", "internal")))


def filled(url, specs=SPECS, rows=25, title="pump 漏水"):
    storage = opened(url, specs)
    unit = storage.begin(tenant="t", writes=True)
    for number in range(rows):
        unit.add(Ticket(id=new_id(), key=f"k{number}", title=f"{title} {number}", body="秘密"))
    unit.commit()
    unit.close()
    return storage


def found(storage, text, access=PUBLIC, **more):
    unit = storage.begin(tenant="t", writes=False)
    try:
        return [hit.entity for hit in unit.search(Ticket, text, access=access, limit=1_000, **more)]
    finally:
        unit.close()


def entries(storage):
    with storage.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(storage._prepared().shelf.table)).scalar_one()


def test_an_upgrade_makes_and_fills_the_index_of_a_database_without_one(database_url):
    filled(database_url).close()
    storage = SqlAlchemyStorage(database_url)
    storage.bind((SEARCHED, *SPECS[1:]))
    with pytest.raises(SchemaMissing):
        storage.check()
    (step,) = storage.plan()
    assert step.name == "words:careplug_ticket"
    assert "25 rows" in step.sql[0]
    assert [done.name for done in storage.upgrade()] == ["words:careplug_ticket"]
    storage.check()
    assert storage.plan() == []
    assert len(found(storage, "漏水")) == 25
    assert found(storage, "秘密") == []
    assert len(found(storage, "秘密", ("internal",))) == 25
    storage.close()


def test_the_table_itself_is_made_where_it_is_missing(database_url):
    filled(database_url).close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TABLE careplug_words_fts")
        connection.exec_driver_sql("DROP TABLE careplug_words")
    engine.dispose()
    storage = SqlAlchemyStorage(database_url)
    storage.bind((SEARCHED, *SPECS[1:]))
    names = [step.name for step in storage.upgrade()]
    assert names == ["create:careplug_words", "words:careplug_ticket"]
    assert storage.plan() == []
    assert len(found(storage, "漏水")) == 25
    storage.close()


def test_an_upgrade_that_was_stopped_goes_on(database_url, monkeypatch):
    filled(database_url).close()
    monkeypatch.setattr(reindex, "BATCH", 10)
    storage = SqlAlchemyStorage(database_url)
    storage.bind((SEARCHED, *SPECS[1:]))
    bound = storage._entities()
    mapper = bound.mapper(Ticket)
    assert reindex._recorded(storage.engine, bound, mapper)
    with pytest.raises(SchemaMissing):
        storage.check()
    written = []
    event.listen(
        storage.engine,
        "before_cursor_execute",
        lambda *given: written.append(given[2]) if "INSERT INTO careplug_words" in given[2] else None,
    )
    storage.upgrade()
    assert len(written) == 2  # the other 15 rows, in batches of ten
    storage.check()
    assert len(found(storage, "漏水")) == 25
    storage.close()


def test_other_fields_are_read_anew(database_url):
    filled(database_url, (SEARCHED, *SPECS[1:])).close()
    other = attrs.evolve(TICKET, search=("title", "body"))
    storage = SqlAlchemyStorage(database_url)
    storage.bind((other, *SPECS[1:]))
    with pytest.raises(SchemaMissing):
        storage.check()
    storage.upgrade()
    assert len(found(storage, "秘密")) == 25
    assert entries(storage) == 25
    storage.close()


def test_a_field_that_holds_no_words_is_refused(database_url):
    for field in ("count", "owner", "nothing"):
        with pytest.raises(Invalid) as caught:
            opened(database_url, (attrs.evolve(TICKET, search=(field,)),))
        assert caught.value.field == f"ticket.search.{field}"
    with pytest.raises(Invalid) as caught:
        opened(database_url, (attrs.evolve(TICKET, search=(Searched("title", "secret"),)),))
    assert caught.value.field == "ticket.search.title.access"


def test_a_joined_unit_writes_the_words_and_its_savepoint_takes_them_back(database_url):
    from careplug_sqlalchemy.api import sqlite_recipe

    filled(database_url, (SEARCHED, *SPECS[1:]), rows=0).close()
    engine = sqlite_recipe(create_engine(database_url))
    storage = SqlAlchemyStorage(engine)
    storage.bind((SEARCHED, *SPECS[1:]))
    with engine.begin() as host:
        for title, kept in (("alpha", True), ("beta", False)):
            unit = storage.join(host, tenant="t")
            unit.add(Ticket(id=new_id(), key=title, title=title))
            unit.flush()
            unit.commit() if kept else unit.rollback()
            unit.close()
    assert [len(found(storage, word)) for word in ("alpha", "beta")] == [1, 0]
    with engine.connect() as host:
        unit = storage.join(host, tenant="t")
        unit.remove(Ticket, Is("title", "eq", "alpha"))
        unit.commit()
        unit.close()
        host.rollback()
    assert len(found(storage, "alpha")) == 1
    engine.dispose()


def test_sqlite_reads_the_index_backwards_and_stops(new_database):
    """However common a word is, a page is read from the end of the index, without sorting what was found."""
    storage = filled(new_database("sqlite"), (SEARCHED, *SPECS[1:]))
    asked = []
    event.listen(storage.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    assert len(found(storage, "pump", criteria=Is("count", "eq", 0))) == 25
    ((statement, values),) = [each for each in asked if "MATCH" in each[0]][-1:]
    with storage.engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert sum(line.startswith("SCAN careplug_words_fts VIRTUAL TABLE INDEX") for line in plan) == 2, plan
    assert not any(line.startswith(("SCAN careplug_words ", "SCAN careplug_ticket")) for line in plan), plan
    assert not any("B-TREE" in line for line in plan), plan
    storage.close()


def test_a_page_is_the_same_by_whatever_way_it_is_read(database_url, monkeypatch):
    """The last rows, more of them, the few rows of a word, all rows backwards, page by page: newest first, heads before others."""
    monkeypatch.setattr(finding, "_LAST", 12)
    monkeypatch.setattr(finding, "_DEEP", 30)
    monkeypatch.setattr(finding, "_FEW", 8)
    monkeypatch.setattr(finding, "_SPARE", 1)
    spec = attrs.evolve(TICKET, search=(Searched("title", "head"), Searched("body", "public")))
    storage = opened(database_url, (spec, *SPECS[1:]))
    with contextlib.closing(storage.begin(tenant="t", writes=True)) as unit:
        tickets = [
            Ticket(
                id=new_id(),
                tenant="t",
                key=f"k{number}",
                title=f"pump {'水阀' if number % 7 == 0 else ''}",
                body=" ".join(word for word, share in SHARES.items() if number % share == 0),
                count=number % 2,
            )
            for number in range(60)
        ]
        for ticket in tickets:
            unit.add(ticket)
        unit.commit()

    def expected(word, criteria, limit):
        newest = [each for each in reversed(tickets) if criteria is None or each.count == 0]
        heads = [each for each in newest if word in each.title]
        return [*heads, *(each for each in newest if word in each.body and each not in heads)][:limit]

    with contextlib.closing(storage.begin(tenant="t", writes=False)) as unit:
        for word in ("pump", "水阀", *SHARES):
            for criteria in (None, Is("count", "eq", 0)):
                for limit in (1, 3, 10, 100):
                    hits = unit.search(Ticket, word, criteria, limit=limit)
                    assert [hit.entity for hit in hits] == expected(word, criteria, limit), (word, criteria, limit)
                    assert all(hit.head == (word in hit.entity.title) for hit in hits)
    storage.close()


SHARES = {"漏水": 1, "水阀": 2, "异响": 5, "顿挫": 20, "生锈": 59}
"""Words of bodies, and of how many rows one has them."""
