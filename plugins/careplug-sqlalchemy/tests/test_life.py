"""What a storage opens and closes, leaves behind, and refuses at the start."""

from __future__ import annotations

import attrs
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy_kit import PRICE, SPECS, Ticket, opened

from careplug.criteria import Is
from careplug.errors import Invalid, Retry
from careplug.refs import new_id
from careplug_sqlalchemy.api import SqlAlchemyStorage

SECRET = "Zhang-Wei-13800000000"


def stored(storage, ticket):
    unit = storage.begin(tenant="", writes=True)
    unit.add(ticket)
    unit.commit()
    unit.close()


def everything(folder):
    return b"".join(file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize("vacuum", [False, True])
def test_what_was_erased_is_nowhere_in_the_file(tmp_path, vacuum):
    storage = opened(f"sqlite:///{tmp_path / 'care.db'}")
    ticket = Ticket(id=new_id(), key=SECRET, title=SECRET, body=SECRET * 1000)
    stored(storage, ticket)
    stored(storage, Ticket(id=new_id(), key="stays"))
    assert SECRET.encode() in everything(tmp_path)
    unit = storage.begin(tenant="", writes=True)
    unit.save(attrs.evolve(ticket, key=None, title="", body=""), was=ticket)
    unit.commit()
    unit.close()
    storage.erase_traces(vacuum=vacuum)
    assert SECRET.encode() not in everything(tmp_path)
    assert b"stays" in everything(tmp_path)
    storage.close()


def test_traces_cannot_be_erased_under_a_reader(tmp_path):
    storage = opened(f"sqlite:///{tmp_path / 'care.db'}", connect_args={"timeout": 0.05, "check_same_thread": False})
    reader = storage.begin(tenant="", writes=False)
    reader.find(Ticket)
    stored(storage, Ticket(id=new_id()))
    with pytest.raises(Retry):
        storage.erase_traces()
    reader.close()
    storage.erase_traces()
    storage.close()


def test_a_hosts_engine_is_never_closed(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'host.db'}")
    pool = engine.pool
    for source in (engine, sessionmaker(engine), lambda: engine):
        storage = SqlAlchemyStorage(source)
        storage.bind(SPECS)
        storage.upgrade()
        storage.close()
        assert engine.pool is pool
    own = opened(f"sqlite:///{tmp_path / 'own.db'}")
    mine = own.engine.pool
    own.close()
    assert own.engine.pool is not mine
    engine.dispose()


def test_a_database_in_memory_is_one_connection(tmp_path):
    storage = SqlAlchemyStorage("sqlite://", pool_timeout=0.05)
    storage.bind(SPECS)
    ticket = Ticket(id=new_id(), price=PRICE)
    stored(storage, ticket)
    unit = storage.begin(tenant="", writes=False)
    assert unit.find(Ticket, Is("price", "eq", PRICE)) == [ticket]
    with pytest.raises(Retry):
        storage.begin(tenant="", writes=False)
    unit.close()
    storage.erase_traces()
    storage.close()


def test_an_older_mariadb_is_refused(new_database):
    storage = SqlAlchemyStorage(new_database("mariadb"))
    storage.bind(SPECS)
    with storage.engine.connect():
        storage.engine.dialect.server_version_info = (10, 5, 29)
    with pytest.raises(Invalid) as refused:
        storage.check()
    assert refused.value.code == "storage.mysql"
    storage.close()


def test_what_has_ended_is_not_used(database_url):
    storage = opened(database_url)
    for end in ("commit", "rollback", "close"):
        unit = storage.begin(tenant="", writes=True)
        getattr(unit, end)()
        with pytest.raises(Invalid) as ended:
            unit.find(Ticket)
        assert ended.value.code == "storage.closed"
        unit.close()
    storage.close()
