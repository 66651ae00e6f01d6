"""What the worker promises: levels in their time, handlers apart from each other, jobs once, leases kept or refused."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from careplug import Actor, Care, Worker
from careplug.clock import ManualClock
from careplug.contributions import Handler, Job
from careplug.errors import SchemaNewer
from careplug.messages.entities import Message
from careplug.refs import new_id
from careplug.sla.entities import Clock, FiredLevel
from careplug.storage.memory import MemoryStorage
from careplug.tasks import BACKOFF, JobRow, Task
from tests.integration import fleet
from tests.services import DATABASES
from tests.unit.plugin.tiny import module

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
"""A Monday, 10:00 in Shanghai."""

H, M, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
LI, WANG, BOSS = Actor.customer("li"), Actor.engineer("wang"), Actor.engineer("zhao", "manager")
ONLY_STORE = {"CAREPLUG_PLUGINS": "sqlalchemy"}


class Desk:
    """A Care in memory; ``clock`` is the business time, ``database`` that of the leases."""

    def __init__(self, *plugins):
        self.clock, self.database = ManualClock(START), ManualClock(START)
        self.storage = MemoryStorage(database_now=self.database)
        self.care = self.beside(*plugins)
        self.worker = Worker(self.care)

    def beside(self, *plugins):
        """Another process's Care on the same data."""
        return Care(self.storage, plugins=plugins, environ={"CAREPLUG_PLUGINS": ""}, clock=self.clock)

    def submit(self, **given):
        return submit(self.care, **given)

    def do(self, work):
        with self.care.unit(actor=BOSS) as unit:
            return work(unit.feedback)

    def facts(self, case, kind):
        with self.care.read(actor=BOSS) as unit:
            return [fact for fact in unit.feedback.facts(case.id) if fact.type == kind]

    def rows(self, cls):
        return rows(self.care, cls)


def submit(care, **given):
    with care.unit(actor=LI) as unit:
        case = unit.feedback.submit("fault", "无法登录", **given)
    with care.unit(actor=BOSS) as unit:
        return unit.feedback.step(case.id, "dispatch", assignee=WANG.ref)


def rows(care, cls):
    with care.transaction(tenant=None, writes=False) as store:
        return store.find(cls)


def resolve(feedback, case):
    feedback.step(case.id, "resolve", measure="重启", result="恢复")


# -- levels --


def test_after_an_outage_every_missed_level_is_recorded_at_its_time_and_only_the_highest_tells_people():
    desk = Desk()
    case = desk.submit()
    desk.clock.move(3 * DAY)
    assert desk.worker.run_due().levels == 4
    found = {(f.data["metric"], f.data["level"]): f for f in desk.facts(case, "escalated")}
    times = {
        ("response", "warn"): START + 24 * M,
        ("response", "breach"): START + 30 * M,
        ("resolution", "warn"): START + 24 * H * 0.8,
        ("resolution", "breach"): START + 24 * H,
    }
    assert {key: datetime.fromisoformat(fact.data["level_at"]) for key, fact in found.items()} == times
    assert {fact.at for fact in found.values()} == {START + 3 * DAY}
    assert sorted(level.due_at for level in desk.rows(FiredLevel)) == sorted(times.values())
    assert {key for key, fact in found.items() if fact.data["to"]} == {("response", "breach"), ("resolution", "breach")}
    told = [m for m in desk.rows(Message) if m.event == "escalated"]
    assert sorted((m.sequence, str(m.recipient)) for m in told) == sorted(
        (found[metric, "breach"].sequence, "person:wang") for metric in ("response", "resolution")
    )
    assert desk.worker.run_due().total == 0


def test_a_level_does_not_fire_while_its_clock_stands():
    desk = Desk()
    case = desk.submit()
    desk.clock.move(10 * M)
    desk.do(lambda feedback: feedback.pause(case.id, "force_majeure"))
    desk.clock.move(10 * DAY)
    assert desk.worker.run_due().levels == 0
    desk.do(lambda feedback: feedback.resume(case.id, "force_majeure"))
    assert desk.worker.run_due().levels == 0
    desk.clock.move(20 * M)
    assert desk.worker.run_due().levels == 2
    assert {fact.data["metric"] for fact in desk.facts(case, "escalated")} == {"response"}


class Interrupted(Worker):
    """Something happens between its claim and its transaction, once."""

    def __init__(self, care, happens, *, at="_fire", **more):
        super().__init__(care, **more)
        inner = getattr(self, at)

        def interrupted(*given):
            setattr(self, at, inner)
            happens()
            return inner(*given)

        setattr(self, at, interrupted)


def test_a_pause_between_claim_and_transaction_is_seen():
    desk = Desk()
    case = desk.submit()
    desk.clock.move(25 * M)
    worker = Interrupted(desk.care, lambda: desk.do(lambda feedback: feedback.pause(case.id, "force_majeure")))
    assert worker.run_due().levels == 0
    assert desk.facts(case, "escalated") == []


def test_a_case_closes_itself_after_three_working_days_and_the_fact_says_who():
    desk = Desk()
    desk.clock.set(datetime(2026, 1, 9, 3, 0, tzinfo=UTC))  # Friday
    case = desk.submit()
    desk.do(lambda feedback: resolve(feedback, case))
    desk.worker.run_due()
    closing = datetime(2026, 1, 14, 10, 0, tzinfo=UTC)  # Wednesday, 18:00 in Shanghai
    desk.clock.set(closing - timedelta(microseconds=1))
    assert desk.worker.run_due().closed == 0
    desk.clock.set(closing)
    assert desk.worker.run_due().closed == 1
    (closed,) = desk.facts(case, "closed")
    assert (closed.actor, closed.data["side"], closed.data["person"]) == ("system:careplug", "system", False)
    assert desk.worker.run_due().total == 0


def test_an_objection_keeps_a_case_from_closing_itself():
    desk = Desk()
    case = desk.submit()
    desk.do(lambda feedback: resolve(feedback, case))
    desk.clock.move(2 * DAY)
    with desk.care.unit(actor=LI) as unit:
        unit.feedback.step(case.id, "reopen", reason="又坏了")
    desk.clock.move(10 * DAY)
    assert desk.worker.run_due().closed == 0


@pytest.mark.parametrize("url", [None, *DATABASES])
def test_a_clock_that_no_fact_explains_goes_and_holds_nothing_up(url, new_database):
    clock = ManualClock(START)
    care = Care(url and new_database(url), environ=ONLY_STORE, clock=clock)
    care.upgrade()
    case = submit(care)
    with care.transaction(tenant="") as store:
        known = store.find(Clock)[0]
        store.add(attrs.evolve(known, id=new_id(), metric="ghost", next_at=START))
    clock.move(3 * DAY)
    found = Worker(care).run_due()
    assert (found.levels, found.failed) == (4, 0)
    assert "ghost" not in {row.metric for row in rows(care, Clock)}
    with care.read(actor=BOSS) as unit:
        assert sum(fact.type == "escalated" for fact in unit.feedback.facts(case.id)) == 4
    care.close()


# -- business time and the database's --


def test_a_round_at_another_time_moves_business_time_only():
    desk = Desk()
    case = desk.submit()
    later = START + 2 * DAY
    assert Worker(desk.care).run_due(later).levels == 4
    fact = desk.facts(case, "escalated")[0]
    assert (fact.at, fact.recorded_at) == (later, later)
    assert {level.fired_at for level in desk.rows(FiredLevel)} == {later}
    assert {m.sent_at for m in desk.rows(Message) if m.state == "sent"} <= {later}


def test_a_lease_runs_on_the_databases_clock():
    desk = Desk()
    desk.submit()
    dead = Worker(desk.care, lease=60 * timedelta(seconds=1))
    with desk.care.transaction(tenant=None) as store:
        assert store.claim(Clock, now=START + 2 * DAY, limit=100, lease=dead.lease)
    assert desk.worker.run_due(START + 9 * DAY).levels == 0
    desk.database.move(timedelta(seconds=61))
    assert desk.worker.run_due(START + 2 * DAY).levels == 4


def test_whoever_lost_the_lease_fires_nothing_and_says_so(database_url):
    clock = ManualClock(START)
    care = Care(database_url, clock=clock, environ=ONLY_STORE)
    care.upgrade()
    cases = [submit(care) for _ in range(3)]
    clock.move(3 * DAY)
    # a lease of nothing is over when it begins: what a worker that was stopped finds when it goes on
    slow = Interrupted(care, lambda: done.append(Worker(care).run_due()), lease=timedelta(0))
    done = []
    found = slow.run_due()
    assert (done[0].levels, done[0].late) == (12, 0)
    assert (found.levels, found.late, found.failed) == (0, 6, 0)
    fired = [(level.clock_id, level.level) for level in rows(care, FiredLevel)]
    assert len(fired) == len(set(fired)) == 12
    with care.read(actor=BOSS) as unit:
        for case in cases:
            assert sum(fact.type == "escalated" for fact in unit.feedback.facts(case.id)) == 4
    care.close()


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_who_waits_for_a_worker_held_in_its_transaction_finds_everything_fired(name, new_database):
    inside, goes_on, claimed = threading.Event(), threading.Event(), threading.Event()

    def hold(unit, fact, before, after):
        inside.set()
        assert goes_on.wait(60)

    clock = ManualClock(START)
    holding = plugin("holding", hold, "escalated", durable=False)
    care = Care(new_database(name), plugins=[holding], environ=ONLY_STORE, clock=clock)
    care.upgrade()
    cases = [submit(care) for _ in range(3)]
    clock.move(3 * DAY)
    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(Worker(care, lease=timedelta(0)).run_due)
        assert inside.wait(60)
        waits = pool.submit(Interrupted(care, claimed.set).run_due)
        assert claimed.wait(60)
        goes_on.set()
        first, second = held.result(), waits.result()
    assert (first.levels, first.failed) == (12, 0)
    assert (second.levels, second.failed) == (0, 0)
    assert len(rows(care, FiredLevel)) == 12
    with care.read(actor=BOSS) as unit:
        for case in cases:
            assert sum(fact.type == "escalated" for fact in unit.feedback.facts(case.id)) == 4
    assert {row.leased_until for row in rows(care, Clock)} == {None}
    care.close()


# -- durable handlers --


def plugin(name, run, *facts, durable=True):
    return module(
        name, careplug_handlers=lambda: (Handler(f"{name}.do", run, facts or ("submitted",), durable=durable),)
    )


def raising(error):
    def run(*_):
        raise error

    return run


def test_a_handler_that_raises_is_tried_again_with_back_off_and_given_up_and_the_others_work_goes_on():
    seen = []
    # words that no database takes, and that an erasure would have to find
    bad = plugin("bad", raising(RuntimeError("李雷\x00")))
    desk = Desk(bad, plugin("good", lambda unit, fact: seen.append(fact.type)))
    desk.submit()
    first = desk.worker.run_due()
    assert (first.tasks, first.failed, seen) == (1, 1, ["submitted"])
    for attempt, wait in enumerate(BACKOFF, 1):
        (task,) = [task for task in desk.rows(Task) if task.handler == "bad.do"]
        assert (task.state, task.attempts, task.next_at) == ("pending", attempt, desk.clock() + wait)
        desk.clock.move(wait - timedelta(seconds=1))
        assert desk.worker.run_due().failed == 0
        desk.clock.move(timedelta(seconds=1))
        assert desk.worker.run_due().failed == 1
    (task,) = [task for task in desk.rows(Task) if task.handler == "bad.do"]
    assert (task.state, task.attempts, task.next_at, task.last_error) == ("failed", 6, None, "RuntimeError")
    assert seen == ["submitted"]
    desk.clock.move(100 * DAY)
    assert desk.worker.run_due().failed == 0


def test_what_a_failing_handler_wrote_is_undone():
    def run(unit, fact):
        unit.feedback.note(fact.subject_id, "half")
        raise ValueError

    desk = Desk(plugin("half", run))
    case = desk.submit()
    assert desk.worker.run_due().failed == 1
    assert desk.facts(case, "noted") == []


def test_a_handler_that_wants_to_end_the_process_is_contained():
    desk = Desk(plugin("ends", raising(SystemExit(3))), plugin("stays", lambda *_: None))
    desk.submit()
    found = desk.worker.run_due()
    assert (found.tasks, found.failed) == (1, 1)
    assert {task.last_error for task in desk.rows(Task)} == {"", "SystemExit"}


def test_a_handler_in_the_transaction_that_breaks_holds_up_its_own_case_alone():
    wrong = []

    def run(unit, fact, before, after):
        if fact.subject_id in wrong:
            raise SystemExit

    desk = Desk(plugin("breaks", run, "escalated", durable=False))
    first, second = desk.submit(), desk.submit()
    wrong.append(first.id)
    desk.clock.move(3 * DAY)
    found = desk.worker.run_due()
    assert (found.levels, found.failed) == (4, 2)
    assert len(desk.facts(second, "escalated")) == 4
    assert desk.facts(first, "escalated") == []
    wrong.clear()
    desk.database.move(2 * M)
    assert desk.worker.run_due().levels == 4


def test_an_error_in_a_transaction_names_the_handler():
    desk = Desk(plugin("breaks", raising(ZeroDivisionError()), durable=False))
    with pytest.raises(ZeroDivisionError) as found:
        desk.submit()
    assert "breaks.do" in found.value.__notes__[0]
    assert desk.rows(Task) == []


def test_the_work_of_a_plugin_that_left_waits_for_it():
    seen = []
    desk = Desk(plugin("gone", lambda unit, fact: seen.append(fact.type)))
    desk.submit()
    without = Worker(desk.beside())
    for _ in range(10):
        assert (without.run_due().failed, without.run_due().failed) == (1, 0)
        desk.clock.move(H)
    (task,) = desk.rows(Task)
    assert (task.state, task.attempts) == ("pending", 0)
    assert desk.worker.run_due().tasks == 1
    assert seen == ["submitted"]


def note(unit, fact):
    unit.feedback.note(fact.subject_id, "done")


def test_a_handler_that_outlives_its_lease_changes_nothing_and_is_late(database_url):
    care = Care(database_url, plugins=[plugin("noting", note)], environ=ONLY_STORE, clock=ManualClock(START))
    care.upgrade()
    cases = [submit(care) for _ in range(3)]
    slow = Interrupted(care, lambda: done.append(Worker(care).run_due()), at="_task", lease=timedelta(seconds=-1))
    done = []
    found = slow.run_due()
    assert (done[0].tasks, done[0].late) == (3, 0)
    assert (found.tasks, found.late, found.failed) == (0, 1, 0)
    with care.read(actor=BOSS) as unit:
        for case in cases:
            assert sum(fact.type == "noted" for fact in unit.feedback.facts(case.id)) == 1
    care.close()


def test_what_would_not_be_done_within_the_lease_is_given_back():
    desk = Desk(plugin("noting", note))
    cases = [desk.submit() for _ in range(3)]
    worker = Worker(desk.care, lease=timedelta(0))
    assert [worker.run_due().tasks for _ in range(4)] == [1, 1, 1, 0]
    assert all(len(desk.facts(case, "noted")) == 1 for case in cases)
    desk = Desk(plugin("noting", note))
    [desk.submit() for _ in range(3)]
    assert Worker(desk.care, batch=2).run_due().tasks == 3


# -- jobs --


def job(run, every=H, name="tidy"):
    return module(name, careplug_jobs=lambda: (Job(f"{name}.do", run, every),))


def test_a_job_runs_once_in_its_time_whatever_the_number_of_workers():
    ran = []
    tidy = job(lambda care, now: ran.append(now) or 7)
    desk = Desk(tidy)
    workers = [desk.worker, Worker(desk.beside(tidy))]
    for _ in range(3):
        for worker in workers:
            worker.run_due()
    desk.clock.move(H - timedelta(seconds=1))
    desk.worker.run_due()
    assert ran == [START]
    desk.clock.move(timedelta(seconds=1))
    for worker in workers:
        worker.run_due()
    assert ran == [START, START + H]
    (row,) = [row for row in desk.rows(JobRow) if row.name == "tidy.do"]
    assert (row.last_at, row.next_at, row.result) == (START + H, START + 2 * H, "7")


def test_a_job_that_outlives_its_lease_is_not_begun_again():
    ran = []

    def run(care, now):
        ran.append(now)
        if len(ran) == 1:
            desk.database.move(H)
            Worker(desk.beside(tidy)).run_due()
        return 0

    tidy = job(run, DAY)
    desk = Desk(tidy)
    desk.worker.run_due()
    assert ran == [START]


def test_a_job_is_left_to_the_processes_that_have_it():
    ran = []
    desk = Desk(job(lambda care, now: ran.append(now)))
    without = Worker(desk.beside())
    desk.worker.run_due()
    desk.clock.move(H)
    without.run_due()
    desk.worker.run_due()
    assert ran == [START, START + H]


@pytest.mark.parametrize("error", [ValueError("李雷\x00"), SystemExit(1)])
def test_a_job_that_breaks_is_named_and_the_others_run(error):
    ran = []
    desk = Desk(job(raising(error), name="bad"), job(lambda care, now: ran.append(now), name="good"))
    assert desk.worker.run_due().failed == 1
    assert ran == [START]
    assert {row.result for row in desk.rows(JobRow) if row.name == "bad.do"} == {type(error).__name__}


# -- the loop --


class Ill(Worker):
    """Its rounds fail in turn with these errors."""

    def __init__(self, care, *errors):
        super().__init__(care)
        self.errors = list(errors)

    def run_due(self, now=None):
        if self.errors:
            raise self.errors.pop(0)
        return super().run_due(now)


def test_a_round_that_fails_does_not_end_the_worker():
    desk = Desk()
    desk.submit()
    told = []
    Ill(desk.care, OSError("the cable"), RuntimeError()).run(poll=0, rounds=4, told=told.append)
    assert [each.failed for each in told] == [1, 1, 0, 0]
    assert told[2].messages.total >= 1


def test_a_newer_schema_ends_the_worker():
    with pytest.raises(SchemaNewer):
        Ill(Desk().care, SchemaNewer("storage.schema_newer", field="schema")).run(poll=0, rounds=2)


def test_a_signal_ends_the_wait_between_two_rounds():
    worker, rounds = Desk().worker, []
    before = signal.signal(signal.SIGUSR1, lambda *_: worker.stop())
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        worker.run(poll=600, told=rounds.append)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert 1 <= len(rounds) <= 2
    worker.run(poll=600)


# -- real processes --


@pytest.mark.slow
def test_four_processes_on_one_file_do_everything_once(new_database, tmp_path):
    # the servers have their turn in the proof, and the stores' own claims in the plugin's tests
    found = fleet.all_at_once(new_database("sqlite"), tmp_path, cases=80)
    assert (found["levels"], found["messages"], found["sent_twice"]) == (320, 320, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_workers_stopped_past_their_leases_fire_and_mark_nothing_when_they_go_on(name, new_database, tmp_path):
    found = fleet.stopped_at_gates(new_database(name), tmp_path, cases=60)
    assert found["levels"] == 240
    # the clocks the first one had claimed, the task the second one was in, the message the third one was sending
    assert found["late_marks"] >= 2
    assert found["late_messages"] == 1
    # at least once: what was being sent when its worker was stopped was sent by another meanwhile, under the same key
    assert found["sent_twice"] == 1
