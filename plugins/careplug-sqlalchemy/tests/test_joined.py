"""A unit inside the host's transaction: the host decides, our errors undo ours alone."""

from __future__ import annotations

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy_kit import SPECS, Ticket, opened

from careplug.errors import Conflict, Invalid
from careplug.refs import new_id
from careplug_sqlalchemy.api import SqlAlchemyStorage, sqlite_recipe
from tests.services import DATABASES, database

HOST = Table("host_row", MetaData(), Column("id", Integer, primary_key=True), Column("word", String(20)))


@pytest.fixture(scope="module", params=DATABASES)
def prepared(request, tmp_path_factory):
    """The host's engine, with its own table and ours."""
    with database(request.param, tmp_path_factory.mktemp("joined")) as url:
        opened(url).close()
        engine = sqlite_recipe(create_engine(url))
        HOST.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def host(prepared):
    """The same engine, both tables empty."""
    with prepared.begin() as connection:
        connection.execute(delete(HOST))
        connection.execute(text("DELETE FROM careplug_ticket"))
    return prepared


@pytest.fixture
def storage(host):
    made = SqlAlchemyStorage(host)
    made.bind(SPECS)
    return made


@pytest.fixture(params=["connection", "session", "scoped_session"])
def transaction(request, host):
    """The host's transaction as a Connection, Session or scoped_session."""
    with host.connect() as connection:
        if request.param == "connection":
            yield connection
        elif request.param == "session":
            with Session(connection.engine) as session:
                yield session
        else:
            scoped = scoped_session(sessionmaker(host))
            yield scoped
            scoped.remove()


def ticket(key):
    return Ticket(id=new_id(), key=key)


def kept(host):
    storage = SqlAlchemyStorage(host)
    storage.bind(SPECS)
    unit = storage.begin(tenant="", writes=False)
    ours = sorted(one.key for one in unit.find(Ticket))
    unit.close()
    with host.connect() as connection:
        return ours, connection.execute(select(func.count()).select_from(HOST)).scalar_one()


def joined(storage, transaction, *keys):
    unit = storage.join(transaction, tenant="")
    for key in keys:
        unit.add(ticket(key))
    unit.commit()
    unit.close()


def test_the_host_commits_both(host, storage, transaction):
    transaction.execute(insert(HOST), {"word": "theirs"})
    joined(storage, transaction, "ours")
    transaction.commit()
    assert kept(host) == (["ours"], 1)


def test_the_host_rolls_both_back(host, storage, transaction):
    joined(storage, transaction, "ours")
    transaction.execute(insert(HOST), {"word": "theirs"})
    transaction.rollback()
    assert kept(host) == ([], 0)


def test_nothing_of_ours_stays_when_the_host_rolls_back_although_we_came_first(host, storage, transaction):
    joined(storage, transaction, "first")
    joined(storage, transaction, "second")
    transaction.rollback()
    joined(storage, transaction, "third")
    transaction.commit()
    assert kept(host) == (["third"], 0)


def test_our_error_undoes_ours_and_the_host_goes_on(host, storage, transaction):
    joined(storage, transaction, "before")
    transaction.execute(insert(HOST), {"word": "theirs"})
    unit = storage.join(transaction, tenant="")
    unit.add(ticket("undone"))
    unit.flush()
    unit.add(ticket("before"))
    with pytest.raises(Conflict) as twice:
        unit.flush()
    assert twice.value.field == "ticket.key"
    unit.rollback()
    unit.close()
    transaction.execute(insert(HOST), {"word": "afterwards"})
    transaction.commit()
    assert kept(host) == (["before"], 2)


def test_what_is_closed_without_commit_is_undone(host, storage, transaction):
    unit = storage.join(transaction, tenant="")
    unit.add(ticket("undone"))
    unit.flush()
    unit.close()
    transaction.commit()
    assert kept(host) == ([], 0)


def test_no_second_connection_is_opened(host, storage, transaction):
    transaction.execute(select(HOST))
    taken = []
    event.listen(host, "checkout", lambda *_: taken.append(1))
    joined(storage, transaction, "ours")
    unit = storage.join(transaction, tenant="")
    unit.find(Ticket)
    unit.next_number()
    unit.close()
    assert taken == []
    transaction.rollback()


def test_a_number_taken_in_a_rolled_back_transaction_is_in_nobodys_use(host, storage, transaction):
    unit = storage.join(transaction, tenant="")
    taken = unit.next_number()
    unit.commit()
    transaction.rollback()
    own = storage.begin(tenant="", writes=True)
    # on SQLite the counter is part of the transaction, so the number is given again
    assert own.next_number() in {taken, taken + 1}
    own.close()


def test_the_hosts_end_inside_the_unit_is_said(host, storage, transaction):
    unit = storage.join(transaction, tenant="")
    unit.add(ticket("lost"))
    unit.flush()
    transaction.rollback()
    with pytest.raises(Invalid) as ended:
        unit.commit()
    assert ended.value.code == "storage.host_ended"
    unit.close()


def test_a_session_keeps_its_pending_objects_to_itself(host, storage):
    with Session(host) as session:
        joined(storage, session, "ours")
        assert not session.new
        session.commit()
    assert kept(host) == (["ours"], 0)


def test_sqlite_without_the_recipe_is_refused_with_the_remedy(tmp_path):
    url = f"sqlite:///{tmp_path / 'host.db'}"
    opened(url).close()
    for settings in ({}, {"isolation_level": "AUTOCOMMIT"}, {"connect_args": {"isolation_level": "IMMEDIATE"}}):
        host = create_engine(url, **settings)
        storage = SqlAlchemyStorage(host)
        storage.bind(SPECS)
        with host.connect() as connection, pytest.raises(Invalid) as refused:
            storage.join(connection, tenant="")
        assert "sqlite_recipe" in refused.value.text("zh")
        host.dispose()


def test_an_own_unit_works_on_a_hosts_engine_with_and_without_the_recipe(tmp_path):
    url = f"sqlite:///{tmp_path / 'host.db'}"
    opened(url).close()
    for number, engine in enumerate((create_engine(url), sqlite_recipe(create_engine(url)))):
        storage = SqlAlchemyStorage(engine)
        storage.bind(SPECS)
        unit = storage.begin(tenant="", writes=True)
        unit.add(ticket(f"kept {number}"))
        with pytest.raises(ZeroDivisionError), unit.savepoint():
            unit.add(ticket("undone"))
            raise ZeroDivisionError
        unit.commit()
        unit.close()
        undone = storage.begin(tenant="", writes=True)
        undone.add(ticket("closed without commit"))
        undone.flush()
        undone.close()
        reader = storage.begin(tenant="", writes=False)
        assert len(reader.find(Ticket)) == number + 1
        reader.close()
        engine.dispose()


def test_autocommit_is_refused(host, storage):
    if host.dialect.name == "sqlite":
        # the recipe's BEGIN is emitted in AUTOCOMMIT too, yet SQLAlchemy would never end it
        connection = host.connect().execution_options(isolation_level="AUTOCOMMIT")
    else:
        connection = create_engine(host.url, isolation_level="AUTOCOMMIT").connect()
    with connection, pytest.raises(Invalid) as refused:
        storage.join(connection, tenant="")
    assert refused.value.code == "storage.join_autocommit"
    connection.engine.dispose()


def test_another_database_is_refused_and_its_transaction_survives(new_database, storage):
    other = sqlite_recipe(create_engine(new_database(storage.engine.dialect.name)))
    HOST.metadata.create_all(other)
    with other.connect() as connection:
        connection.execute(insert(HOST), {"word": "theirs"})
        with pytest.raises(Invalid) as refused:
            storage.join(connection, tenant="")
        assert refused.value.code == "storage.join_tables"
        connection.commit()
        assert connection.execute(select(func.count()).select_from(HOST)).scalar_one() == 1
    other.dispose()


class AsyncSession:
    """As SQLAlchemy's, which needs greenlet to be imported: the plain session is an attribute."""

    sync_session = Session()


def test_what_is_no_connection_is_refused(storage):
    with pytest.raises(Invalid) as unbound:
        storage.join(Session(), tenant="")
    assert unbound.value.code == "storage.join_bind"
    with pytest.raises(Invalid) as later:
        storage.join(AsyncSession(), tenant="")
    assert later.value.code == "storage.join_async"
    for strange in (storage.engine, "session", object()):
        with pytest.raises(Invalid) as refused:
            storage.join(strange, tenant="")
        assert refused.value.code == "storage.join_type"
