"""Durable work: a handler's task for one fact, the row that says when a job runs next, and trying again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import attrs

from careplug.criteria import Is
from careplug.entity import EntitySpec, column
from careplug.errors import InDoubt, Retry
from careplug.refs import new_id
from careplug.timeline.facts import Fact

if TYPE_CHECKING:
    from careplug.ports import Transaction, Unit

__all__ = ["BACKOFF", "SPECS", "JobRow", "Task", "again", "enqueue", "job_row"]

T = TypeVar("T")

_TRIES = 5

BACKOFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""Waits after each failed try of a task or a message; after one more it is ``failed`` and a person sees it."""


@attrs.frozen(kw_only=True)
class Task:
    """One durable handler's work on one fact. ``state`` is pending, done or failed."""

    id: str
    tenant: str = ""
    handler: str = column(length=100)
    subject: str = column(length=60)
    subject_id: str = column(length=36)
    sequence: int
    state: str = column(length=20, default="pending")
    attempts: int = 0
    last_error: str = column(length=500, personal=True, default="")
    made_at: datetime
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0


@attrs.frozen(kw_only=True)
class JobRow:
    """When a recurring job runs next; one row a job, whatever the number of workers."""

    id: str
    tenant: str = ""
    name: str = column(length=100)
    last_at: datetime | None = None
    result: str = column(length=500, default="")
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0


SPECS = (
    EntitySpec(
        name="task",
        cls=Task,
        unique=(("subject", "subject_id", "sequence", "handler"),),
        indexes=(("state", "made_at"),),
        claimable=True,
        about=("subject_id",),
    ),
    EntitySpec(name="job", cls=JobRow, unique=(("name",),), claimable=True),
)


def again(work: Callable[[], T]) -> T:
    """Run a short unit of work again where the database says that it was unlucky (deadlock, busy), a few times.

    The work must find what it did: a COMMIT whose connection was lost may have been kept, and it is run again after that.
    """
    for attempt in range(1, _TRIES):
        try:
            return work()
        except (Retry, InDoubt):
            time.sleep(0.01 * attempt)
    return work()


def enqueue(unit: Unit, handler: str, fact: Fact) -> None:
    """Put a durable handler's work on a fact beside the fact, in its transaction."""
    now = unit.now()
    unit.store.add(
        Task(
            id=new_id(),
            tenant=unit.tenant,
            handler=handler,
            subject=fact.subject,
            subject_id=fact.subject_id,
            sequence=fact.sequence,
            made_at=now,
            next_at=now,
        )
    )


def job_row(store: Transaction, name: str, now: datetime) -> None:
    """Make the row of a job where it is missing: due at once."""
    if not store.find(JobRow, Is("name", "eq", name), limit=1):
        store.add_if_absent(JobRow(id=new_id(), name=name, next_at=now))
