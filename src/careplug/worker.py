"""The worker: fires what is due, runs durable handlers, sends messages, runs jobs.

Any number may run. Each round claims rows under a lease of the database's clock; what a worker does with a row
it no longer holds is refused. ``run_due(now)`` moves business time only.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from careplug.contributions import Job
from careplug.criteria import Is
from careplug.errors import CareError, Conflict, Retry
from careplug.feedback.entities import Feedback
from careplug.feedback.service import FeedbackService
from careplug.messages.sending import Delivered, claim_and_send
from careplug.refs import SYSTEM, new_id
from careplug.sla.entities import Clock, FiredLevel
from careplug.sla.policy import Level
from careplug.sla.receipt import LevelTime, Receipt
from careplug.sla.service import Sla
from careplug.tasks import BACKOFF, JobRow, Task, job_row
from careplug.timeline.story import Timeline

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["LEASE", "Round", "Worker"]

LEASE = timedelta(seconds=60)
BATCH = 100
_TRIES = 5
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
    """Does a Care's background work. ``lease`` is how long a claimed row is ours."""

    def __init__(self, care: Care, *, lease: timedelta = LEASE, batch: int = BATCH) -> None:
        self.care = care
        self.lease = lease
        self.batch = batch
        self._stop = threading.Event()

    def run_due(self, now: datetime | None = None) -> Round:
        """Everything due at ``now`` (the Care's clock where none is given), once."""
        moment = now if now is not None else self.care.clock()
        counts: dict[str, int] = {"levels": 0, "closed": 0, "tasks": 0, "jobs": 0, "late": 0, "failed": 0}
        self._clocks(moment, counts)
        self._tasks(moment, counts)
        self._jobs(moment, counts)
        return Round(**counts, messages=claim_and_send(self.care, moment))

    def run(self, *, poll: float = 5.0, rounds: int | None = None, told: Callable[[Round], None] | None = None) -> None:
        """Rounds until ``stop``; between two that found nothing it waits ``poll`` seconds."""
        while not self._stop.is_set() and rounds != 0:
            try:
                done = self.run_due()
            except CareError:
                _log.exception("a round of the worker failed and will be tried again")
                done = Round(failed=1)
            if told is not None:
                told(done)
            rounds = None if rounds is None else rounds - 1
            if not done.total and rounds != 0:
                self._stop.wait(poll)

    def stop(self) -> None:
        """End after the round that is going on."""
        self._stop.set()

    # -- clocks --

    def _clocks(self, now: datetime, counts: dict[str, int]) -> None:
        while True:
            claimed = again(lambda: self._claim(Clock, now))
            for tenant, group in groupby(sorted(claimed, key=lambda c: (c.tenant, c.id)), key=lambda c: c.tenant):
                self._fire_group(tenant, list(group), now, counts)
            if len(claimed) < self.batch or self._stop.is_set():
                return

    def _fire_group(self, tenant: str, group: list[Clock], now: datetime, counts: dict[str, int]) -> None:
        """Fire a batch in one transaction; where that fails each clock alone, so that one cannot hold up the rest."""
        try:
            _add(counts, again(lambda: self._fire(tenant, group, now)))
        except Exception:
            for clock in group:
                try:
                    _add(counts, again(lambda clock=clock: self._fire(tenant, [clock], now)))  # type: ignore[misc]
                except Exception:
                    counts["failed"] += 1
                    _log.exception("clock %s of feedback %s could not be dealt with", clock.id, clock.feedback_id)

    def _fire(self, tenant: str, group: Sequence[Clock], now: datetime) -> dict[str, int]:
        counts = {"levels": 0, "closed": 0, "late": 0}
        idents = sorted({clock.feedback_id for clock in group})
        with self.care.unit(actor=SYSTEM, tenant=tenant) as unit:
            timeline, sla = unit.get(Timeline), unit.get(Sla)
            timeline.hold_many("feedback", Feedback, idents)
            sla.load(idents)
            wanted = Is("clock_id", "in", tuple(clock.id for clock in group))
            known = {(level.clock_id, level.level) for level in unit.store.find(FiredLevel, wanted)}
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
        for task in again(lambda: self._claim(Task, now)):
            handler = handlers.get(task.handler)
            if handler is None:
                self._put_off(task, now, "handler not installed", counts)
                continue
            try:
                done = again(lambda task=task, handler=handler: self._handle(task, handler))  # type: ignore[misc]
                counts["tasks" if done else "late"] += 1
            except (Exception, SystemExit) as error:
                owner = self.care.plugins.contributions.owner(handler)
                _log.exception("handler %s of %s %s failed", handler.name, owner.name, owner.version)
                self._put_off(task, now, f"{type(error).__name__}: {error}", counts)

    def _handle(self, task: Task, handler: Any) -> bool:
        with self.care.unit(actor=SYSTEM, tenant=task.tenant) as unit:
            facts = unit.get(Timeline).facts(task.subject, task.subject_id)
            fact = next((item for item in facts if item.sequence == task.sequence), None)
            if fact is not None:
                handler.run(unit, fact)
            done = attrs.evolve(task, state="done", attempts=task.attempts + 1, next_at=None, last_error="")
            if not unit.store.mark(done):
                raise _Late
            return True

    def _put_off(self, task: Task, now: datetime, error: str, counts: dict[str, int]) -> None:
        counts["failed"] += 1
        wait = BACKOFF[task.attempts] if task.attempts < len(BACKOFF) else None
        later = attrs.evolve(
            task,
            attempts=task.attempts + 1,
            last_error=error[:500],
            state="pending" if wait is not None else "failed",
            next_at=now + wait if wait is not None else None,
        )
        with self.care.transaction(tenant=task.tenant) as store:
            store.mark(later)

    # -- jobs --

    def _jobs(self, now: datetime, counts: dict[str, int]) -> None:
        jobs = {job.name: job for job in self.care.plugins.contributions.jobs}
        if not jobs:
            return
        for row in again(lambda: self._due_jobs(jobs, now)):
            job = jobs.get(row.name)
            result = "job not installed" if job is None else self._run_job(job, now, counts)
            pause = job.every if job is not None else timedelta(days=1)
            done = attrs.evolve(row, last_at=now, result=result[:500], next_at=now + pause)
            with self.care.transaction(tenant="") as store:
                store.mark(done)

    def _due_jobs(self, jobs: dict[str, Job], now: datetime) -> list[JobRow]:
        with self.care.transaction(tenant="") as store:
            for name in jobs:
                job_row(store, name, now)
            store.flush()
            return store.claim(JobRow, now=now, limit=self.batch, lease=self.lease)

    def _run_job(self, job: Job, now: datetime, counts: dict[str, int]) -> str:
        try:
            counts["jobs"] += 1
            return str(job.run(self.care, now))
        except (Exception, SystemExit) as error:
            counts["failed"] += 1
            _log.exception("job %s failed", job.name)
            return f"{type(error).__name__}: {error}"

    def _claim(self, cls: type[T], now: datetime) -> list[T]:
        with self.care.transaction(tenant=None) as store:
            return store.claim(cls, now=now, limit=self.batch, lease=self.lease)


class _Late(Conflict):
    def __init__(self) -> None:
        super().__init__("lease.lost", field="lease")


def _fire_one(unit: Any, sla: Sla, clock: Clock, known: set[tuple[str, str]], now: datetime) -> dict[str, int]:
    """Measure anew under the case's lock, and fire the levels whose time has come.

    ``known`` are the levels that fired before. Nobody else can add one while we hold the case's row; the unique key
    stands behind it.
    """
    found = next((item for item in sla.project(clock.feedback_id) if _same(item, clock)), None)
    counts = {"levels": 0, "closed": 0}
    if found is not None and found.state == "running":
        rules = {level.name: level for level in found.leg.choice.rule.levels}
        missed = [level for level in found.levels if not level.fired and level.at <= now]
        for level in missed:
            if (clock.id, level.name) not in known:
                counts[
                    _fire_level(unit, clock, found, level, rules[level.name], loud=level is missed[-1], now=now)
                ] += 1
        if missed and not counts["closed"]:
            sla.advance(clock, found, [level.name for level in missed])
    sla.free(clock)
    return counts


def _fire_level(
    unit: Any, clock: Clock, receipt: Receipt, time: LevelTime, level: Level, *, loud: bool, now: datetime
) -> str:
    """Record a level at its due time; only the highest of several missed ones tells people (SLA 9)."""
    fired = FiredLevel(
        id=new_id(), tenant=unit.tenant, clock_id=clock.id, level=level.name, due_at=time.at, fired_at=now
    )
    unit.store.add(fired)
    if level.action == "close":
        unit.get(FeedbackService).step(clock.feedback_id, "close", note="")
        return "closed"
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
    return "levels"


def _same(item: Receipt, clock: Clock) -> bool:
    return (item.metric, item.cycle, item.generation) == (clock.metric, clock.cycle, clock.generation)


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for key, value in more.items():
        counts[key] += value


def again(work: Callable[[], T]) -> T:
    """Run a unit's work again where the database asks for it (deadlock, busy), a few times."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except Retry:
            continue
    return work()
