"""What the databases say, in careplug's words: real deadlocks, real locks, real lost connections."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy_kit import SPECS, Ticket, opened

from careplug.errors import Conflict, Invalid, Retry, SchemaMissing
from careplug.refs import new_id
from careplug_sqlalchemy.api import SqlAlchemyStorage, sqlite_recipe
from careplug_sqlalchemy.engine import normal_url
from careplug_sqlalchemy.errors import SENTENCES


@pytest.fixture
def storage(database_url):
    made = opened(database_url)
    yield made
    made.close()


def one(storage, *tickets):
    unit = storage.begin(tenant="", writes=True)
    for ticket in tickets:
        unit.add(ticket)
    unit.commit()
    unit.close()


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_one_of_two_that_deadlock_is_told_to_retry(name, new_database):
    storage = opened(new_database(name))
    left, right = Ticket(id=new_id()), Ticket(id=new_id())
    one(storage, left, right)
    both = threading.Barrier(2)

    def cross(first, second):
        unit = storage.begin(tenant="", writes=True)
        try:
            unit.get(Ticket, first.id, lock=True)
            both.wait()
            unit.get(Ticket, second.id, lock=True)
            unit.commit()
        except Retry as found:
            return found.code
        finally:
            unit.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(cross, left, right), pool.submit(cross, right, left)]
        assert sorted(result.result() for result in results) == ["done", "storage.deadlock"]
    storage.close()


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_joined_unit_that_deadlocks_is_told_so_and_not_about_its_savepoint(name, new_database):
    url = new_database(name)
    storage = opened(url)
    left, right = Ticket(id=new_id()), Ticket(id=new_id())
    one(storage, left, right)
    both = threading.Barrier(2)
    host = create_engine(url)

    def cross(first, second):
        with host.connect() as connection:
            unit = storage.join(connection, tenant="")
            try:
                unit.get(Ticket, first.id, lock=True)
                both.wait()
                unit.get(Ticket, second.id, lock=True)
                unit.commit()
            except Retry as found:
                unit.rollback()
                return found.code
            finally:
                unit.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(cross, left, right), pool.submit(cross, right, left)]
        assert sorted(result.result() for result in results) == ["done", "storage.deadlock"]
    host.dispose()
    storage.close()


def test_a_stale_snapshot_of_postgresql_is_a_retry(new_database):
    storage = opened(new_database("postgresql"))
    ticket = Ticket(id=new_id())
    one(storage, ticket)
    host = create_engine(storage.engine.url, isolation_level="REPEATABLE READ")
    with host.connect() as connection:
        late = storage.join(connection, tenant="")
        read = late.get(Ticket, ticket.id)
        quick = storage.begin(tenant="", writes=True)
        quick.save(attrs.evolve(ticket, count=1), was=ticket)
        quick.commit()
        quick.close()
        with pytest.raises(Retry) as found:
            late.save(attrs.evolve(read, count=2), was=read)
        assert found.value.code == "storage.deadlock"
        late.close()
    host.dispose()
    storage.close()


def test_a_busy_file_and_a_stale_snapshot_of_sqlite_are_retries(tmp_path):
    url = f"sqlite:///{tmp_path / 'care.db'}"
    storage = opened(url, connect_args={"timeout": 0.05, "check_same_thread": False})
    ticket = Ticket(id=new_id())
    one(storage, ticket)
    writer = storage.begin(tenant="", writes=True)
    with pytest.raises(Retry) as busy:
        storage.begin(tenant="", writes=True)
    assert busy.value.code == "storage.busy"
    writer.close()
    host = sqlite_recipe(create_engine(url))
    with host.connect() as connection:
        late = storage.join(connection, tenant="")
        read = late.get(Ticket, ticket.id)
        one(storage, Ticket(id=new_id()))
        with pytest.raises(Retry) as stale:
            late.save(attrs.evolve(read, count=2), was=read)
        assert stale.value.code == "storage.busy"
        late.close()
    host.dispose()
    storage.close()


def savepoint(unit):
    with unit.savepoint():
        unit.find(Ticket)


@pytest.mark.parametrize("asks", [lambda unit: unit.find(Ticket), savepoint], ids=["statement", "savepoint"])
def test_a_lost_connection_is_a_retry_of_its_own_and_the_next_unit_works(new_database, asks):
    for name, end, own in (
        ("postgresql", "SELECT pg_terminate_backend({})", "SELECT pg_backend_pid()"),
        ("mariadb", "KILL {}", "SELECT connection_id()"),
    ):
        storage = opened(new_database(name))
        unit = storage.begin(tenant="", writes=True)
        number = unit._connection.execute(text(own)).scalar_one()
        killer = create_engine(storage.engine.url)
        with killer.connect() as connection:
            connection.execute(text(end.format(number)))
        killer.dispose()
        with pytest.raises(Retry) as lost:
            asks(unit)
        assert lost.value.code == "storage.connection_lost"
        unit.rollback()
        unit.close()
        one(storage, Ticket(id=new_id()))
        storage.close()


def test_no_connection_in_time_is_a_retry(tmp_path):
    storage = opened(f"sqlite:///{tmp_path / 'care.db'}", pool_size=1, max_overflow=0, pool_timeout=0.05)
    unit = storage.begin(tenant="", writes=False)
    with pytest.raises(Retry) as found:
        storage.begin(tenant="", writes=False)
    assert found.value.code == "storage.pool"
    unit.close()
    storage.close()


def test_a_key_that_is_there_is_named(storage):
    one(storage, Ticket(id=new_id(), key="a"))
    for ticket in (Ticket(id=new_id(), key="b"), Ticket(id=new_id(), key="a")):
        unit = storage.begin(tenant="", writes=True)
        unit.add(ticket)
        if ticket.key == "b":
            unit.add(attrs.evolve(ticket, key="c"))
        with pytest.raises(Conflict) as twice:
            unit.flush()
        assert twice.value.field == ("ticket.id" if ticket.key == "b" else "ticket.key")
        unit.close()


def test_a_column_shorter_than_the_declaration_refuses_and_cuts_nothing(new_database):
    for name, change in (
        ("postgresql", "ALTER TABLE careplug_ticket ALTER COLUMN title TYPE varchar(3)"),
        ("mariadb", "ALTER TABLE careplug_ticket MODIFY title varchar(3)"),
    ):
        storage = opened(new_database(name))
        with storage.engine.begin() as connection:
            connection.execute(text(change))
        for add in ("add", "add_if_absent"):
            unit = storage.begin(tenant="", writes=True)
            with pytest.raises(Invalid) as refused:
                getattr(unit, add)(Ticket(id=new_id(), title="longer"))
                unit.flush()
            assert refused.value.code == "storage.too_long"
            unit.close()
        assert [step.name for step in storage.plan()] == ["widen:careplug_ticket.title"]
        storage.upgrade()
        one(storage, Ticket(id=new_id(), title="longer"))
        storage.close()


def test_a_table_that_vanished_asks_for_the_command(storage):
    with storage.engine.begin() as connection:
        connection.execute(text("DROP TABLE careplug_ticket"))
    unit = storage.begin(tenant="", writes=True)
    with pytest.raises(SchemaMissing) as missing:
        unit.find(Ticket)
    assert "careplug db upgrade" in missing.value.text("zh")
    unit.close()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql+psycopg2://localhost/x", "storage.driver"),
        ("mysql+mysqldb://localhost/x", "storage.driver"),
        ("oracle://localhost/x", "storage.url"),
        ("not a url", "storage.url"),
    ],
)
def test_other_drivers_are_refused_with_the_one_to_write(url, code):
    with pytest.raises(Invalid) as refused:
        SqlAlchemyStorage(url)
    assert refused.value.code == code


def test_the_driver_is_always_written_out():
    names = {
        url: normal_url(url).drivername
        for url in ("sqlite://", "postgresql://h/x", "postgres://h/x", "mysql://h/x", "mariadb://h/x")
    }
    assert list(names.values()) == [
        "sqlite+pysqlite",
        "postgresql+psycopg",
        "postgresql+psycopg",
        "mariadb+pymysql",
        "mariadb+pymysql",
    ]


def test_what_gives_no_engine_is_refused():
    from sqlalchemy.orm import sessionmaker

    for source in (sessionmaker(), 3):
        with pytest.raises(Invalid) as refused:
            SqlAlchemyStorage(source)
        assert refused.value.code == "storage.engine"
    later = SqlAlchemyStorage(lambda: 3)
    later.bind(SPECS)
    with pytest.raises(Invalid):
        later.check()


def test_every_sentence_stands_in_both_languages_and_says_the_field():
    for code, sentence in SENTENCES.items():
        assert sentence.en.startswith("{field}: "), code
        assert sentence.zh.startswith("{field}："), code
        assert sentence.en.endswith((".", "upgrade")), code
