"""The worker: fires what is due, runs durable handlers, sends messages, runs jobs.

Any number may run. Each round claims rows under a lease of the database's clock; what a worker does with a row
it no longer holds is refused. ``run_due(now)`` moves business time only: facts written by that round carry it.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from careplug.contributions import Handler, Job
from careplug.criteria import Is
from careplug.errors import CareError, Conflict, SchemaMissing, SchemaNewer
from careplug.feedback.entities import Feedback
from careplug.feedback.service import FeedbackService
from careplug.messages.sending import Delivered, claim_and_send
from careplug.refs import SYSTEM, new_id
from careplug.sla.entities import Clock, FiredLevel
from careplug.sla.policy import Level
from careplug.sla.receipt import LevelTime, Receipt
from careplug.sla.service import Sla
from careplug.tasks import BACKOFF, JobRow, Task, again, job_row
from careplug.timeline.story import Timeline

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.ports import Transaction
    from careplug.unit import CareUnit

__all__ = ["LEASE", "Round", "Worker"]

LEASE = timedelta(seconds=60)
"""How long a claimed clock or task is a worker's own; a message, whose sending may take long, five times as long."""

BATCH = 100
_MESSAGES = 5
_AWAY = timedelta(hours=1)
"""How often a task is looked at again whose handler is not installed: its plugin may come back."""

_log = logging.getLogger("careplug.worker")
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Round:
    """What one round did. ``late`` rows had passed to another worker; ``failed`` will be tried again or seen by a person."""

    levels: int = 0
    closed: int = 0
    tasks: int = 0
    jobs: int = 0
    late: int = 0
    failed: int = 0
    messages: Delivered = attrs.field(factory=Delivered)

    @property
    def total(self) -> int:
        """Everything that was done."""
        return self.levels + self.closed + self.tasks + self.jobs + self.messages.total


class Worker:
    """Does a Care's background work, in one thread. ``lease`` is how long a claimed row is ours, in database time."""

    def __init__(self, care: Care, *, lease: timedelta = LEASE, batch: int = BATCH) -> None:
        self.care = care
        self.lease = lease
        self.batch = batch
        # Not an Event: `stop` is called by signal handlers, and an Event's lock is not made to be taken twice.
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopped = False
        self._business: datetime | None = None

    def run_due(self, now: datetime | None = None) -> Round:
        """Everything due at ``now`` (the Care's clock where none is given), once.

        With ``now`` it is that instant for all that is done: facts and verdicts carry it. Leases do not.
        """
        self._business = now
        moment = now if now is not None else self.care.clock()
        counts: dict[str, int] = {"levels": 0, "closed": 0, "tasks": 0, "jobs": 0, "late": 0, "failed": 0}
        self._clocks(moment, counts)
        self._tasks(moment, counts)
        self._jobs(moment, counts)
        return Round(**counts, messages=claim_and_send(self.care, moment, lease=_MESSAGES * self.lease))

    def run(self, *, poll: float = 5.0, rounds: int | None = None, told: Callable[[Round], None] | None = None) -> None:
        """Rounds until ``stop``; between two that found nothing it waits ``poll`` seconds.

        A round that fails is logged and tried again, whatever the database said. A schema that does not fit ends
        the worker: ``SchemaMissing``, ``SchemaNewer``.
        """
        while not self._stopped and rounds != 0:
            try:
                done = self.run_due()
            except (SchemaMissing, SchemaNewer):
                raise
            except Exception:
                _log.exception("a round of the worker failed and will be tried again")
                done = Round(failed=1)
            if told is not None:
                told(done)
            rounds = None if rounds is None else rounds - 1
            if not done.total and rounds != 0:
                self._pause(poll)

    def stop(self) -> None:
        """End after the round that is going on. May be called from a signal handler or another thread."""
        self._stopped = True
        self._wake.put(None)

    def _pause(self, seconds: float) -> None:
        with contextlib.suppress(queue.Empty):
            self._wake.get(timeout=seconds)

    # -- clocks --

    def _clocks(self, now: datetime, counts: dict[str, int]) -> None:
        while True:
            claimed = again(lambda: self._claim(Clock, now))
            for tenant, group in groupby(sorted(claimed, key=lambda c: (c.tenant, c.id)), key=lambda c: c.tenant):
                self._fire_group(tenant, list(group), now, counts)
            if len(claimed) < self.batch or self._stopped:
                return

    def _fire_group(self, tenant: str, group: list[Clock], now: datetime, counts: dict[str, int]) -> None:
        """Fire a batch in one transaction; where that fails each clock alone, so that one cannot hold up the rest."""
        try:
            _add(counts, again(lambda: self._fire(tenant, group, now)))
        except (Exception, SystemExit):
            for clock in group:
                try:
                    _add(counts, again(lambda clock=clock: self._fire(tenant, [clock], now)))  # type: ignore[misc]
                except (Exception, SystemExit):  # a plugin's handler in the transaction may raise anything
                    counts["failed"] += 1
                    _log.exception("clock %s of feedback %s could not be dealt with", clock.id, clock.feedback_id)

    def _fire(self, tenant: str, group: Sequence[Clock], now: datetime) -> dict[str, int]:
        counts = {"levels": 0, "closed": 0, "late": 0}
        idents = sorted({clock.feedback_id for clock in group})
        with self._unit(tenant) as unit:
            timeline, sla = unit.get(Timeline), unit.get(Sla)
            timeline.hold_many("feedback", Feedback, idents)
            sla.load(idents)
            wanted = Is("clock_id", "in", tuple(clock.id for clock in group))
            known = {(level.clock_id, level.level): level for level in unit.store.find(FiredLevel, wanted)}
            for clock in group:
                held = sla.held_clock(clock.feedback_id, clock.id)
                if held is None or held.fence != clock.fence:
                    counts["late"] += 1
                    continue
                _add(counts, _fire_one(unit, sla, held, known, now))
        return counts

    # -- durable handlers --

    def _tasks(self, now: datetime, counts: dict[str, int]) -> None:
        handlers = {item.name: item for item in self.care.plugins.contributions.handlers if item.durable}
        while True:
            began = time.monotonic()
            claimed = again(lambda: self._claim(Task, now))
            for number, task in enumerate(claimed):
                # what would not be done within the lease is somebody else's at once, not when the lease runs out
                if number and time.monotonic() - began > self.lease.total_seconds() / 2:
                    self._give_back(claimed[number:])
                    break
                self._task(task, handlers.get(task.handler), now, counts)
            if len(claimed) < self.batch or self._stopped:
                return

    def _task(self, task: Task, handler: Handler | None, now: datetime, counts: dict[str, int]) -> None:
        if handler is None:
            # no attempt: a plugin that is away for a week must find its work when it is back
            self._put_off(attrs.evolve(task, last_error="handler not installed", next_at=now + _AWAY), counts)
            return
        try:
            again(lambda: self._handle(task, handler))
            counts["tasks"] += 1
        except _Late:
            counts["late"] += 1
            _log.warning("late mark of task %s (%s) refused: its lease had passed on", task.id, task.handler)
        except (Exception, SystemExit) as error:
            owner = self.care.plugins.contributions.owner(handler)
            _log.exception("handler %s of %s %s failed", handler.name, owner.name, owner.version)
            self._put_off(_failed(task, error, now), counts)

    def _handle(self, task: Task, handler: Handler) -> None:
        with self._unit(task.tenant) as unit:
            facts = unit.get(Timeline).facts(task.subject, task.subject_id)
            fact = next((item for item in facts if item.sequence == task.sequence), None)
            if fact is not None:
                handler.run(unit, fact)
            done = attrs.evolve(task, state="done", attempts=task.attempts + 1, next_at=None, last_error="")
            if not (_pending(unit.store, task) and unit.store.mark(done)):
                raise _Late

    def _put_off(self, later: Task, counts: dict[str, int]) -> None:
        def work() -> bool:
            """Mark it, unless it is done already: by another worker, or by us, who did not learn it."""
            with self.care.transaction(tenant=later.tenant) as store:
                return _pending(store, later) and store.mark(later)

        counts["failed" if again(work) else "late"] += 1

    def _give_back(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            again(lambda task=task: self._mark(task))  # type: ignore[misc]

    def _mark(self, row: Task | JobRow) -> bool:
        with self.care.transaction(tenant=row.tenant) as store:
            return store.mark(row)

    # -- jobs --

    def _jobs(self, now: datetime, counts: dict[str, int]) -> None:
        jobs = {job.name: job for job in self.care.plugins.contributions.jobs}
        if not jobs:
            return
        for row in again(lambda: self._due_jobs(jobs, now)):
            result = self._run_job(jobs[row.name], now, counts)
            done = attrs.evolve(row, result=_printable(result)[:500])
            counts["late"] += not again(lambda done=done: self._mark(done))  # type: ignore[misc]

    def _due_jobs(self, jobs: dict[str, Job], now: datetime) -> list[JobRow]:
        """Take the jobs whose time has come and put their next time down at once.

        So a job that runs longer than any lease, or dies, is not begun again before its ``every`` is over. Jobs of
        plugins that this process lacks are left to the processes that have them.
        """
        with self.care.transaction(tenant="") as store:
            mine = Is("name", "in", tuple(sorted(jobs)))
            for name in set(jobs) - {row.name for row in store.find(JobRow, mine)}:
                job_row(store, name, now)
            store.flush()
            claimed = store.claim(JobRow, now=now, limit=self.batch, lease=self.lease, criteria=mine)
            begun = [attrs.evolve(row, last_at=now, next_at=now + jobs[row.name].every) for row in claimed]
            return [row for row in begun if store.mark(row)]

    def _run_job(self, job: Job, now: datetime, counts: dict[str, int]) -> str:
        try:
            counts["jobs"] += 1
            return str(job.run(self.care, now))
        except (Exception, SystemExit) as error:
            counts["failed"] += 1
            owner = self.care.plugins.contributions.owner(job)
            _log.exception("job %s of %s %s failed", job.name, owner.name, owner.version)
            return _name(error)

    # -- shared --

    def _unit(self, tenant: str) -> CareUnit:
        unit = self.care.unit(actor=SYSTEM, tenant=tenant)
        unit.moment = self._business
        return unit

    def _claim(self, cls: type[T], now: datetime) -> list[T]:
        with self.care.transaction(tenant=None) as store:
            return store.claim(cls, now=now, limit=self.batch, lease=self.lease)


def _pending(store: Transaction, task: Task) -> bool:
    """Whether a claimed task is still ours to mark.

    Nobody else claimed it, and it is not done: that it would be under our own claim, where a COMMIT was kept whose answer
    we never got. Asked last, for whoever stands still in a handler must not hold the row.
    """
    held = store.get(Task, task.id, lock=True)
    return held is not None and held.fence == task.fence and held.state == "pending"


class _Late(Conflict):
    def __init__(self) -> None:
        super().__init__("lease.lost", field="lease")


def _failed(task: Task, error: BaseException, now: datetime) -> Task:
    """The task after a failed try: waiting for the next, or given up until a person looks."""
    wait = BACKOFF[task.attempts] if task.attempts < len(BACKOFF) else None
    return attrs.evolve(
        task,
        attempts=task.attempts + 1,
        last_error=_name(error)[:500],
        state="pending" if wait is not None else "failed",
        next_at=now + wait if wait is not None else None,
    )


def _name(error: BaseException) -> str:
    """What is stored of an error. Its words stay in the log: they may hold what an erasure must find."""
    return error.code if isinstance(error, CareError) else type(error).__name__


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _fire_one(
    unit: Any, sla: Sla, clock: Clock, known: Mapping[tuple[str, str], FiredLevel], now: datetime
) -> dict[str, int]:
    """Measure anew under the case's lock, and fire the levels whose time has come.

    ``known`` are the levels that fired before. Nobody else can add one while we hold the case's row; the unique key
    stands behind it. One that the timeline does not count as fired was a run's that a voided fact undid.
    """
    found = next((item for item in sla.project(clock.feedback_id) if _same(item, clock)), None)
    counts = {"levels": 0, "closed": 0}
    if found is not None and found.state == "running":
        rules = {level.name: level for level in found.leg.choice.rule.levels}
        missed = [level for level in found.levels if not level.fired and level.at <= now]
        for level in missed:
            old, loud = known.get((clock.id, level.name)), level is missed[-1]
            counts[_fire_level(unit, clock, found, level, rules[level.name], old=old, loud=loud, now=now)] += 1
        if missed and not counts["closed"]:
            sla.advance(clock, found, [level.name for level in missed])
    sla.free(clock)
    return counts


def _fire_level(
    unit: Any,
    clock: Clock,
    receipt: Receipt,
    time: LevelTime,
    level: Level,
    *,
    old: FiredLevel | None,
    loud: bool,
    now: datetime,
) -> str:
    """Record a level at its due time; only the highest of several missed ones tells people (SLA 9)."""
    fired = FiredLevel(
        id=new_id(), tenant=unit.tenant, clock_id=clock.id, level=level.name, due_at=time.at, fired_at=now
    )
    if old is None:
        unit.store.add(fired)
    else:
        unit.store.save(attrs.evolve(fired, id=old.id), was=old)
    data = {
        "metric": clock.metric,
        "cycle": clock.cycle,
        "generation": clock.generation,
        "level": level.name,
        "level_at": time.at,
        "due_at": receipt.due_at,
        "late": receipt.due_at is not None and time.at >= receipt.due_at,
        "to": list(level.to) if loud else [],
    }
    unit.get(Timeline).append("feedback", clock.feedback_id, "escalated", data)
    return "closed" if level.action == "close" and _close(unit, clock.feedback_id) else "levels"


def _close(unit: Any, feedback_id: str) -> bool:
    """Close a case for want of objections, if it is still one that can be closed."""
    service = unit.get(FeedbackService)
    case = unit.get(Timeline).current("feedback", feedback_id)
    if not any(step.name == "close" for step in service.possible(case)):
        return False
    service.step(feedback_id, "close", note="")
    return True


def _same(item: Receipt, clock: Clock) -> bool:
    return (item.metric, item.cycle, item.generation) == (clock.metric, clock.cycle, clock.generation)


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for key, value in more.items():
        counts[key] += value
