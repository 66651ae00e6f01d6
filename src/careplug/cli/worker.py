"""``careplug worker``: fire what is due, send messages, run jobs, until it is told to stop."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from types import FrameType

from careplug.cli.base import command, option, pass_session
from careplug.cli.output import data_of, emit, line
from careplug.cli.session import Session
from careplug.cli.values import Whole
from careplug.cli.wording import moment
from careplug.worker import Round, Worker

__all__ = ["worker"]


@command("worker")
@option("--once", is_flag=True)
@option("--poll", kind=Whole(1, 3600), default=5)
@option("--lease", kind=Whole(1, 86_400), default=60)
@option("--rounds", kind=Whole(1, 2**31))
@pass_session
def worker(session: Session, /, once: bool, poll: int, lease: int, rounds: int | None) -> None:
    """Rounds of work. SIGTERM and Ctrl-C end it after the round that is going on, with exit code 0."""
    care = session.care
    care.storage.check()
    done = Worker(care, lease=timedelta(seconds=lease))

    def tell(found: Round) -> None:
        """Print a round; for people only one in which something happened."""
        if session.as_json:
            emit({**data_of(found), "total": found.total})
        elif found.total or found.failed or once:
            line(_words(session, found))

    with _stopping_on_signals(done):
        done.run(poll=float(poll), rounds=1 if once else rounds, told=tell)


@contextlib.contextmanager
def _stopping_on_signals(running: Worker) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        """End after the round that runs."""
        running.stop()

    # Only the main thread may set handlers, and what stood there before comes back.
    main = threading.current_thread() is threading.main_thread()
    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT) if main}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _words(session: Session, found: Round) -> str:
    sent = found.messages
    return session.say(
        "cli.worker.round",
        at=moment(session, session.clock()),
        levels=found.levels,
        closed=found.closed,
        tasks=found.tasks,
        jobs=found.jobs,
        sent=sent.sent,
        postponed=sent.postponed,
        dead=sent.dead,
        failed=found.failed,
    )
