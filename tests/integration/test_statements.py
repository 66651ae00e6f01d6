"""How many statements the usual work takes, counted on SQLite: a growth is noticed here, before anybody waits for it.

The numbers are today's. One that is smaller may be put down; a bigger one needs a reason. None may pass its limit.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from careplug import Actor, Care, Ref, Worker
from careplug.clock import ManualClock
from careplug.messages.directory import Parties

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
LI, WANG, BOSS = Actor.customer("li"), Actor.engineer("wang"), Actor.engineer("zhao", "manager")
ADMIN = Actor.engineer("qian", "admin")
_ENDS = ("BEGIN", "COMMIT", "ROLLBACK")


class Counted:
    """The statements while this is active, without the ends of transactions."""

    def __init__(self, engine):
        self.engine, self.statements = engine, []

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_):
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, connection, cursor, statement, *_):
        if not statement.startswith(_ENDS):
            self.statements.append(statement)

    def __len__(self):
        return len(self.statements)

    @property
    def writes(self):
        return [text for text in self.statements if not text.startswith(("SELECT", "PRAGMA"))]


class Desk:
    def __init__(self, url):
        self.clock = ManualClock(START)
        self.care = Care(url, environ={"CAREPLUG_PLUGINS": "sqlalchemy"}, clock=self.clock)
        self.engine = self.care.storage.engine
        self.cases = [self.submit() for _ in range(30)]  # the first one fills the caches

    def submit(self, **given):
        with self.care.unit(actor=LI) as unit:
            return unit.feedback.submit("fault", "无法登录", "登录后白屏", **given)

    def counted(self):
        return Counted(self.engine)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = Desk(f"sqlite:///{tmp_path_factory.mktemp('statements') / 'care.db'}")
    yield made
    made.care.close()


def within(counted, today, limit):
    """Exactly today's number, and below the limit for good."""
    shown = "\n".join(text.replace("\n", " ")[:150] for text in counted.statements)
    assert len(counted) <= limit, shown
    assert len(counted) == today, shown


def test_a_submit(desk):
    with desk.counted() as counted:
        desk.submit()
    within(counted, 8, 9)


def test_a_submit_with_a_key(desk):
    with desk.counted() as counted:
        desk.submit(key="k1", source="web")
    within(counted, 9, 10)


def test_a_repeated_submit(desk):
    desk.submit(key="k2", source="web")
    with desk.counted() as counted:
        desk.submit(key="k2", source="web")
    within(counted, 3, 4)


def test_a_confirm(desk):
    with desk.counted() as counted, desk.care.unit(actor=WANG) as unit:
        unit.feedback.step(desk.cases[0].id, "confirm")
    within(counted, 4, 6)


def test_a_reply_that_meets_its_target(desk):
    with desk.counted() as counted, desk.care.unit(actor=WANG) as unit:
        unit.feedback.reply(desk.cases[1].id, "马上处理")
    within(counted, 10, 10)


def test_a_resolve(desk):
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.step(desk.cases[2].id, "confirm")
    with desk.counted() as counted, desk.care.unit(actor=WANG) as unit:
        unit.feedback.step(desk.cases[2].id, "resolve", measure="重启", result="恢复")
    within(counted, 13, 13)


def test_a_list_page(desk):
    with desk.counted() as counted, desk.care.read(actor=WANG) as unit:
        page = unit.feedback.find(limit=25)
        unit.sla.clocks([case.id for case in page])
    assert len(page) == 25
    within(counted, 2, 3)


def test_a_customers_list_page(desk):
    with desk.counted() as counted, desk.care.read(actor=LI) as unit:
        assert len(unit.feedback.find(limit=25)) == 25
    within(counted, 1, 3)


def test_a_queue_page(desk):
    with desk.counted() as counted, desk.care.read(actor=WANG) as unit:
        due = unit.sla.due(limit=25)
        cases = unit.feedback.by_ids([clock.feedback_id for clock in due])
    assert len(due) == 25
    assert cases
    within(counted, 2, 4)


def test_a_case_page(desk):
    with desk.counted() as counted, desk.care.read(actor=WANG) as unit:
        case = unit.feedback.get(desk.cases[3].id)
        unit.feedback.facts(case.id)
        unit.sla.explain(case.id)
        unit.sla.clocks([case.id])
    within(counted, 7, 9)


def test_reading_writes_nothing(desk):
    with desk.counted() as counted:
        with desk.care.read(actor=BOSS) as unit:
            case = unit.feedback.find(limit=1)[0]
            unit.feedback.facts(case.id)
            unit.sla.explain(case.id)
            unit.sla.due()
            unit.sla.attainment()
            unit.messages.counts()
            list(unit.feedback.records())
        with desk.care.read(actor=BOSS, tenant="nobody has heard of") as unit:
            assert unit.feedback.count() == 0
            assert unit.definitions.active("policy")
    assert counted.writes == []


def test_a_sweep_of_a_hundred_due_clocks(tmp_path):
    desk = Desk(f"sqlite:///{tmp_path / 'care.db'}")
    for _ in range(70):
        desk.submit()
    with desk.care.unit(actor=BOSS) as unit:
        for case in unit.feedback.find(limit=100):
            unit.feedback.assign(case.id, assignee=Ref("person", "wang"))
    worker = Worker(desk.care)
    worker.run_due()  # tells customers, runs jobs
    desk.clock.move(timedelta(minutes=31))
    counts = dict.fromkeys(("levels", "closed", "late", "failed"), 0)
    with desk.counted() as counted:
        worker._clocks(desk.clock(), counts)
    assert counts == {"levels": 200, "closed": 0, "late": 0, "failed": 0}
    within(counted, 13, 40)
    desk.care.close()


def test_a_round_with_nothing_due(desk):
    worker = Worker(desk.care)
    while worker.run_due().total:
        pass
    with desk.counted() as counted:
        assert worker.run_due().total == 0
    within(counted, 5, 6)


def test_definitions_are_not_read_again(desk):
    """A unit reads its tenant's stamp and not the definitions again."""
    with desk.counted() as counted:
        desk.submit()
    assert not [text for text in counted.statements if "careplug_definition" in text]


def test_who_has_a_role_is_asked_once_a_unit_and_again_when_it_changes(desk):
    def told():
        return {str(message.recipient) for message in unit.messages.find(subject_id=case.id)}

    with desk.care.unit(actor=BOSS, tenant="roles") as unit:
        definition = unit.definitions.get("subscription", "received")
        unit.definitions.put("subscription", "received", {**definition.data, "to": ["role:manager"]})
        for name in ("first", "second"):
            unit.get(Parties).add(Ref("person", name), name=name, roles=["manager"])
            case = unit.feedback.submit("fault", "无法登录")
            assert f"person:{name}" in told()
        with desk.counted() as counted:
            unit.feedback.submit("fault", "无法登录")
            unit.flush()
    assert not [text for text in counted.statements if "FROM careplug_party" in text]


def test_a_changed_calendar_is_previewed_and_applied_by_the_batch(desk):
    with desk.care.unit(actor=ADMIN) as unit:
        office = {**unit.definitions.active("calendar")["office"].data, "holidays": ["2026-01-05"]}
    with desk.counted() as counted, desk.care.read(actor=ADMIN) as unit:
        assert len({move.feedback_id for move in unit.changes.preview("calendar", "office", office)}) >= 25
    within(counted, 6, 8)
    with desk.care.unit(actor=ADMIN) as unit:
        unit.changes.put("calendar", "office", office)
    with desk.counted() as counted, desk.care.unit(actor=ADMIN) as unit:
        moved, _ = unit.changes.apply("calendar", "office")
    assert moved >= 25
    within(counted, 10, 12)
