"""A Care inside the host's transaction: kept with it, undone with it, and its own errors undo its own work alone."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, func, insert, inspect, select, text
from sqlalchemy.orm import Session, registry
from sqlalchemy.pool import NullPool, QueuePool

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.contributions import Handler
from careplug.errors import Conflict, Invalid, Refused, Retry
from careplug.sla.entities import Clock
from careplug_sqlalchemy.api import sqlite_recipe
from tests.services import DATABASES, database
from tests.unit.plugin.tiny import module

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
LI, BOSS = Actor.customer("li"), Actor.engineer("zhao", "manager")
HOST = Table("host_row", MetaData(), Column("id", Integer, primary_key=True), Column("word", String(20)))
ONLY_STORE = {"CAREPLUG_PLUGINS": "sqlalchemy"}
_tenants = itertools.count(1)


def breaks(unit, fact, before, after):
    if fact.data.get("subject") == "break":
        raise ZeroDivisionError


PLUGIN = module("breaking", careplug_handlers=lambda: (Handler("breaking.do", breaks, ("submitted",), rank=200),))


class House:
    """A host with one connection and no more, and a Care on its engine; ``side`` is somebody who looks on."""

    def __init__(self, url):
        with Care(url, plugins=[PLUGIN], environ=ONLY_STORE) as care:
            care.upgrade()
        self.side = sqlite_recipe(create_engine(url, poolclass=NullPool))
        HOST.metadata.create_all(self.side)
        self.engine = sqlite_recipe(
            create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=5)
        )
        self.clock = ManualClock(START)
        self.care = Care(self.engine, plugins=[PLUGIN], environ=ONLY_STORE, clock=self.clock)
        self.care.storage.check()
        self.sqlite = self.engine.dialect.name == "sqlite"
        self.tenant = ""

    def close(self):
        self.care.close()
        self.engine.dispose()

    def counts(self):
        """How many rows every table has, the host's too; the counter of SQLite's numbers and what its index of words is made
        of count nothing.
        """
        with self.side.connect() as connection:
            return {
                name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
                for name in inspect(connection).get_table_names()
                if name != "careplug_number" and not name.startswith("careplug_words_fts")
            }

    def submit(self, host, subject="无法登录", **given):
        given = {"requester": LI.ref, "key": subject, "source": "test", **given}
        with self.care.unit(joined=host, actor=LI, tenant=self.tenant) as unit:
            return unit.feedback.submit("fault", subject, **given)

    def read(self, actor=BOSS):
        return self.care.read(actor=actor, tenant=self.tenant)


@pytest.fixture(scope="module", params=DATABASES)
def prepared(request, tmp_path_factory):
    with database(request.param, tmp_path_factory.mktemp("joined")) as url:
        house = House(url)
        yield house
        house.close()


@pytest.fixture
def house(prepared):
    """The house with a tenant nobody has heard of."""
    prepared.tenant = f"tenant-{next(_tenants)}"
    return prepared


@pytest.fixture(params=["connection", "session"])
def host(request, house):
    """The host's transaction; it has the only connection there is until it ended."""
    with house.engine.connect() if request.param == "connection" else Session(house.engine) as host:
        yield host


def grown(before, after):
    """The tables that have more or fewer rows, and by how many."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


WHOLE = {"feedback", "fact", "personal", "clock", "message", "request_key", "words"}
"""What a submit writes, a row or more each, beside the definitions of a new tenant."""


def add(host, word="theirs"):
    host.execute(insert(HOST), {"word": word})


def ended(host, how):
    getattr(host, how)()
    host.close()


def test_the_host_rolls_back_and_nothing_is_there(house, host):
    before = house.counts()
    add(host)
    case = house.submit(host)
    assert case.number
    ended(host, "rollback")
    assert grown(before, house.counts()) == {}


def test_the_host_commits_and_all_is_there(house, host):
    before = house.counts()
    add(host)
    case = house.submit(host)
    ended(host, "commit")
    more = grown(before, house.counts())
    assert {f"careplug_{name}" for name in WHOLE} | {"careplug_definition", "careplug_stamp", "host_row"} == set(more)
    assert more["careplug_feedback"] == more["careplug_request_key"] == more["careplug_stamp"] == 1
    with house.read() as unit:
        assert unit.feedback.get(case.id).number == case.number


def test_a_number_of_a_rolled_back_case_is_in_nobodys_use(house, host):
    lost = house.submit(host)
    ended(host, "rollback")
    with house.care.unit(actor=LI, tenant=house.tenant) as unit:
        kept = unit.feedback.submit("fault", "kept")
    with house.read() as unit:
        assert unit.feedback.by_number(kept.number).id == kept.id
        assert unit.feedback.count() == 1
    assert lost.id != kept.id


def test_the_first_unit_of_a_tenant_is_undone_with_its_definitions_and_the_next_does_not_believe_in_them(house, host):
    before = house.counts()
    house.submit(host)
    ended(host, "rollback")
    assert grown(before, house.counts()) == {}
    with house.read() as unit:
        assert {item.source for item in unit.definitions.everything()} == {"seed"}
    assert grown(before, house.counts()) == {}
    with house.care.unit(actor=LI, tenant=house.tenant) as unit:
        unit.feedback.submit("fault", "now")
    more = grown(before, house.counts())
    assert (more["careplug_stamp"], more["careplug_feedback"]) == (1, 1)
    assert more["careplug_definition"] == len(house.care.setup.definitions.seeds)


def test_a_definition_put_in_a_rolled_back_transaction_is_forgotten(house):
    with house.care.unit(actor=BOSS, tenant=house.tenant) as unit:
        unit.feedback.submit("fault", "kept")
    with house.engine.connect() as host, house.care.unit(joined=host, actor=BOSS, tenant=house.tenant) as unit:
        old = unit.definitions.get("matrix", "priority")
        new = unit.definitions.put("matrix", "priority", {"rows": [[1, 1, 1], [2, 2, 2], [3, 3, 3]]})
        assert unit.definitions.get("matrix", "priority").digest == new.digest
    with house.care.unit(actor=BOSS, tenant=house.tenant) as unit:
        assert unit.definitions.get("matrix", "priority").digest == old.digest


def invalid(house, host):
    with house.care.unit(joined=host, actor=LI, tenant=house.tenant) as unit:
        unit.feedback.submit("fault", "stored and undone", requester=LI.ref)
        unit.feedback.submit("nonsense", "x")


def refused(house, host):
    with house.care.unit(joined=host, actor=LI, tenant=house.tenant) as unit:
        case = unit.feedback.submit("fault", "stored and undone", requester=LI.ref)
        unit.feedback.step(case.id, "confirm")


def broken(house, host):
    with house.care.unit(joined=host, actor=LI, tenant=house.tenant) as unit:
        unit.feedback.submit("fault", "stored and undone", requester=LI.ref)
        unit.feedback.submit("fault", "break", requester=LI.ref)


def used(house, host):
    house.submit(host, "stored and undone", body="one", key="k")
    house.submit(host, "stored and undone", body="two", key="k")


@pytest.mark.parametrize(
    ("fault", "error"), [(invalid, Invalid), (refused, Refused), (broken, ZeroDivisionError)], ids=lambda x: x.__name__
)
def test_our_error_undoes_ours_and_the_hosts_row_is_kept(house, host, fault, error):
    before = house.counts()
    add(host, "before")
    with pytest.raises(error):
        fault(house, host)
    add(host, "after")
    ended(host, "commit")
    assert grown(before, house.counts()) == {"host_row": 2}


def test_a_used_key_undoes_its_own_unit_alone(house, host):
    before = house.counts()
    add(host)
    with pytest.raises(Conflict):
        used(house, host)
    ended(host, "commit")
    more = grown(before, house.counts())
    assert (more["host_row"], more["careplug_feedback"], more["careplug_request_key"]) == (1, 1, 1)


def test_two_units_in_one_transaction_are_kept_or_undone_each_by_itself(house, host):
    before = house.counts()
    case = house.submit(host, "first")
    with pytest.raises(ZeroDivisionError):
        house.submit(host, "break")
    with house.care.unit(joined=host, actor=BOSS, tenant=house.tenant) as unit:
        unit.feedback.reply(case.id, "马上处理")
    assert house.submit(host, "first").id == case.id, "the key finds what the same transaction stored"
    ended(host, "commit")
    more = grown(before, house.counts())
    assert more["careplug_feedback"] == 1
    with house.read() as unit:
        types = [fact.type for fact in unit.feedback.facts(case.id)]
    assert (types[0], types[-1]) == ("submitted", "replied")


def test_a_session_with_pending_objects_keeps_them_to_itself(house):
    class Row:
        pass

    mapper = registry()
    mapper.map_imperatively(Row, HOST)
    before = house.counts()
    with Session(house.engine) as session:
        row = Row()
        row.word = "pending"
        session.add(row)
        with pytest.raises(ZeroDivisionError):
            house.submit(session, "break")
        house.submit(session, "kept")
        assert row in session.new
        session.commit()
    more = grown(before, house.counts())
    assert (more["host_row"], more["careplug_feedback"]) == (1, 1)
    mapper.dispose()


def test_our_error_after_the_hosts_flush_leaves_what_was_flushed(house):
    before = house.counts()
    with Session(house.engine) as session:
        session.execute(insert(HOST), {"word": "flushed"})
        session.flush()
        with pytest.raises(Invalid):
            invalid(house, session)
        assert session.scalar(select(func.count()).select_from(HOST)) == before["host_row"] + 1
        session.commit()
    assert grown(before, house.counts()) == {"host_row": 1}


def test_a_joined_unit_sees_the_time_and_the_permissions_of_its_care(house, host):
    with house.care.unit(joined=host, actor=LI, tenant=house.tenant) as unit:
        assert unit.joined
        assert unit.now() == START
        with pytest.raises(Refused):
            unit.sla.due()
    ended(host, "rollback")


def test_the_hosts_old_snapshot_does_not_make_clocks_of_half_a_story(prepared):
    """MariaDB reads at REPEATABLE READ unless told otherwise: what others wrote meanwhile must still count."""
    tenant, clock = f"tenant-{next(_tenants)}", prepared.clock
    with prepared.care.unit(actor=LI, tenant=tenant) as unit:
        case = unit.feedback.submit("fault", "无法登录")
    host = create_engine(prepared.engine.url, isolation_level=None if prepared.sqlite else "REPEATABLE READ")
    begun, retried = clock(), False
    with sqlite_recipe(host).connect() as connection:
        connection.execute(select(HOST)).all()
        with prepared.care.unit(actor=BOSS, tenant=tenant) as unit:
            unit.feedback.pause(case.id, "waiting_customer")
        clock.move(timedelta(hours=5))
        try:
            with prepared.care.unit(joined=connection, actor=LI, tenant=tenant) as unit:
                unit.feedback.reply(case.id, "型号是 X")
            connection.commit()
        except Retry:
            # PostgreSQL and SQLite say so: the whole transaction again
            retried = True
            connection.rollback()
            with prepared.care.unit(joined=connection, actor=LI, tenant=tenant) as unit:
                unit.feedback.reply(case.id, "型号是 X")
            connection.commit()
    host.dispose()
    with prepared.care.transaction(tenant=tenant, writes=False) as store:
        (found,) = [one for one in store.find(Clock) if one.metric == "resolution"]
    assert (found.state, found.due_at) == ("running", begun + timedelta(hours=24 + 5))
    assert retried == (prepared.engine.dialect.name != "mysql" and prepared.engine.dialect.name != "mariadb")


# -- at the door --


def test_sqlite_without_the_recipe_is_refused_at_entry_and_the_host_is_unharmed(tmp_path):
    url = f"sqlite:///{tmp_path / 'host.db'}"
    House(url).close()
    engine = create_engine(url)
    care = Care(engine, environ=ONLY_STORE)
    for make in (engine.connect, lambda: Session(engine)):
        with make() as host:
            add(host)
            with pytest.raises(Invalid) as found:
                care.unit(joined=host, actor=LI)
            assert (found.value.code, found.value.field) == ("storage.join_recipe", "joined.recipe")
            assert "sqlite_recipe" in str(found.value)
            add(host)
            host.commit()
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(HOST)).scalar_one() == 4
    care.close()
    engine.dispose()


def test_what_is_no_transaction_is_refused_at_entry(house):
    for strange in (house.engine, object(), "session"):
        with pytest.raises(Invalid):
            house.care.unit(joined=strange, actor=LI)


def test_a_care_on_memory_cannot_join_a_database(house, host):
    care = Care(environ={"CAREPLUG_PLUGINS": ""})
    with pytest.raises(Invalid):
        care.unit(joined=host, actor=LI)
    care.close()
