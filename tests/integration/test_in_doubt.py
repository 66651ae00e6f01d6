"""A COMMIT that was kept while its connection was lost: told as what it is, and nothing done twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from careplug import Actor, Care, Worker
from careplug.clock import ManualClock
from careplug.contributions import Handler
from careplug.errors import InDoubt, Unavailable
from careplug.feedback.entities import Feedback
from careplug.messages.entities import Message
from careplug.sla.entities import FiredLevel
from careplug.tasks import Task
from tests.integration.wire import through
from tests.unit.plugin.tiny import module

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
WANG = Actor.engineer("wang")
SERVERS = pytest.mark.parametrize("name", ["postgresql", "mariadb"])


def note(unit, fact):
    unit.feedback.note(fact.subject_id, "looked at")


NOTING = module("noting", careplug_handlers=lambda: (Handler("noting.do", note, ("submitted",), durable=True),))


@pytest.fixture
def house(name, new_database):
    """A Care whose wire to its database can be cut."""
    with through(new_database(name)) as (wire, url):
        clock = ManualClock(START)
        care = Care(url, plugins=[NOTING], environ={"CAREPLUG_PLUGINS": "sqlalchemy"}, clock=clock)
        care.upgrade()
        yield care, wire, clock
        care.close()


def submit(care, **more):
    with care.unit(actor=WANG) as unit:
        return unit.feedback.submit("fault", "The pump drips", **more)


def rows(care, cls):
    with care.transaction(tenant=None, writes=False) as store:
        return store.find(cls)


@SERVERS
def test_a_commit_without_answer_is_in_doubt_and_the_same_key_finds_what_was_kept(house):
    care, wire, _ = house
    submit(care)
    wire.cut()
    with pytest.raises(InDoubt) as found:
        submit(care, key="42")
    assert (found.value.code, found.value.field) == ("storage.in_doubt", "transaction")
    assert "idempotency key" in found.value.text("en")
    assert "幂等键" in found.value.text("zh")
    kept = submit(care, key="42")
    assert len(rows(care, Feedback)) == 2
    assert submit(care, key="42").id == kept.id


@SERVERS
def test_what_a_durable_handler_wrote_is_there_once_though_its_commit_got_no_answer(house):
    care, wire, _ = house
    case = submit(care)
    worker = Worker(care)
    inner = worker._handle

    def cut_first(task, handler):
        worker._handle = inner
        wire.cut()
        return inner(task, handler)

    worker._handle = cut_first
    done = worker.run_due()
    assert (done.tasks, done.late, done.failed) == (0, 1, 0)
    with care.read(actor=WANG) as unit:
        assert [fact.type for fact in unit.feedback.facts(case.id)].count("noted") == 1
    assert [task.state for task in rows(care, Task)] == ["done"]


@SERVERS
def test_levels_fire_once_though_the_commit_of_their_sweep_got_no_answer(house):
    care, wire, clock = house
    case = submit(care)
    worker = Worker(care)
    worker.run_due()
    clock.move(timedelta(days=3))
    inner = worker._fire

    def cut_first(tenant, group, now):
        worker._fire = inner
        wire.cut()
        return inner(tenant, group, now)

    worker._fire = cut_first
    assert worker.run_due().failed == 0
    with care.read(actor=WANG) as unit:
        assert [fact.type for fact in unit.feedback.facts(case.id)].count("escalated") == 4
    assert len(rows(care, FiredLevel)) == 4
    assert len({message.key for message in rows(care, Message)}) == len(rows(care, Message))


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/x", "mariadb://nobody@127.0.0.1:1/x"])
def test_a_server_that_is_not_there_is_unavailable_in_both_languages(url):
    care = Care(url, environ={"CAREPLUG_PLUGINS": "sqlalchemy"})
    with pytest.raises(Unavailable) as found:
        care.read(actor=WANG)
    assert found.value.code == "storage.unreachable"
    assert "see that the server runs" in found.value.text("en")
    assert "请确认服务器正在运行" in found.value.text("zh")
    care.close()


@SERVERS
def test_a_login_that_is_refused_is_unavailable_and_the_password_is_not_told(name, new_database):
    url = new_database(name).replace("//", "//nobody:secret-word@").replace("root@", "").replace("postgres@", "")
    care = Care(url, environ={"CAREPLUG_PLUGINS": "sqlalchemy"})
    with pytest.raises(Unavailable) as found:
        care.unit(actor=WANG)
    assert "nobody" in str(found.value)
    assert "secret-word" not in str(found.value)
    care.close()
