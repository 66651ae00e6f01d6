"""The outgoing side: claim, render, send outside any transaction, mark under the fence.

At least once: a worker that dies between sending and marking leaves a message that is sent again with the same
key. Nothing here is in doubt about the time: ``now`` is the business time, leases run on the database's clock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol, TypeVar

import attrs

from careplug.errors import CareError, Invalid, NotFound, Retry
from careplug.messages.entities import Message
from careplug.messages.rendering import render
from careplug.ports import Channel, Outgoing, Transaction, Unit
from careplug.refs import SYSTEM, Actor
from careplug.tasks import BACKOFF, again

__all__ = ["BATCH", "LEASE", "Delivered", "Office", "claim_and_send"]

LEASE = timedelta(minutes=5)
"""How long a claimed message is ours. Half of it is used for sending; what is left over is given back."""

BATCH = 50
"""How many messages one claim takes."""

_log = logging.getLogger("careplug.messages")
T = TypeVar("T")


class Office(Protocol):
    """What sending needs of a ``Care``."""

    def transaction(self, *, tenant: str | None) -> AbstractContextManager[Transaction]:
        """An own writing transaction (None: all tenants): kept where the block ends, undone where it raises."""

    def unit(self, *, actor: Actor, tenant: str) -> AbstractContextManager[Unit]:
        """A unit of work of one tenant: kept where the block ends, undone where it raises."""

    def channel(self, name: str) -> Channel:
        """The open channel of a name; ``NotFound`` where no plugin brings it."""

    def channel_owner(self, name: str) -> str:
        """Name and version of the plugin a channel comes from, for the log; ``""`` where nobody brings it."""


@attrs.frozen(kw_only=True)
class Delivered:
    """What a round did. ``late`` marks were refused because the lease had passed to somebody else."""

    sent: int = 0
    postponed: int = 0
    dead: int = 0
    late: int = 0
    returned: int = 0

    @property
    def total(self) -> int:
        """All messages that were taken and dealt with."""
        return self.sent + self.postponed + self.dead + self.late


def claim_and_send(office: Office, now: datetime, limit: int = 500, *, lease: timedelta = LEASE) -> Delivered:
    """Send what is due at ``now``, oldest first, at most ``limit`` messages; says what became of them.

    Rounds go on until nothing is due: a lane gives one message a round. Raises only what the storage raises.
    """
    counts = dict.fromkeys(("sent", "postponed", "dead", "late", "returned"), 0)
    done = 0
    while done < limit:
        began = time.monotonic()
        batch = _claim(office, now, min(BATCH, limit - done), lease)
        if not batch:
            break
        for outcome in _deliver(office, batch, now, until=began + lease.total_seconds() / 2):
            counts[outcome] += 1
            done += outcome != "returned"
    return Delivered(**counts)


def _claim(office: Office, now: datetime, limit: int, lease: timedelta = LEASE) -> list[Message]:
    def work() -> list[Message]:
        """One claim over all tenants, in a transaction of its own."""
        with office.transaction(tenant=None) as store:
            return store.claim(Message, now=now, limit=limit, lease=lease, lane="lane")

    return again(work)


def _deliver(office: Office, batch: Sequence[Message], now: datetime, *, until: float) -> Iterator[str]:
    waiting: list[Message] = []
    for message, error in _rendered(office, batch):
        if message is None:
            yield "late"
        elif error is not None:
            yield _mark(office, _failed(message, error, now))
        else:
            waiting.append(message)
    # by id: the oldest first, whichever tenant it belongs to
    waiting.sort(key=lambda message: message.id)
    for number, message in enumerate(waiting):
        if number and time.monotonic() > until:
            yield from _give_back(office, waiting[number:])
            return
        yield _mark(office, _sent(office, message, now))


Prepared = tuple[Message | None, BaseException | None]


def _rendered(office: Office, batch: Iterable[Message]) -> Iterator[Prepared]:
    """Each message with its words; no message: the lease passed on; an error: it has none for that reason."""
    ready = [message for message in batch if message.template_digest and message.address]
    yield from ((message, None) for message in ready)
    rest = sorted((m for m in batch if not (m.template_digest and m.address)), key=lambda m: (m.tenant, m.id))
    for tenant, group in groupby(rest, key=lambda message: message.tenant):
        yield from _render_group(office, tenant, list(group))


def _render_group(office: Office, tenant: str, group: Sequence[Message]) -> list[Prepared]:
    addressed = {name: _needs_address(office, name) for name in {message.channel for message in group}}

    def work() -> list[Prepared]:
        """The group written out in one unit, each message in its own savepoint."""
        with office.unit(actor=SYSTEM, tenant=tenant) as unit:
            return [_render_one(unit, message, addressed=addressed[message.channel]) for message in group]

    return again(work)


def _render_one(unit: Unit, claimed: Message, *, addressed: bool) -> Prepared:
    current = unit.store.get(Message, claimed.id, lock=True)
    if current is None or current.fence != claimed.fence or current.state != "pending":
        return None, None
    try:
        with unit.store.savepoint():
            made = render(unit, current, addressed=addressed)
    except Retry:
        raise
    except Exception as error:
        if not isinstance(error, CareError):
            _log.exception("message %s could not be rendered", claimed.id)
        return current, error
    unit.store.save(made, was=current)
    return made, None


def _needs_address(office: Office, name: str) -> bool:
    """Whether a channel needs an address; the console, which has no other end, says it does not."""
    try:
        return bool(getattr(office.channel(name), "needs_address", True))
    except (Exception, SystemExit):
        return False  # the attempt to send will say what is wrong with the channel


def _sent(office: Office, message: Message, now: datetime) -> Message:
    """Send one message and give the row that says how it went. Whatever a channel raises ends here."""
    outgoing = Outgoing(
        key=message.key,
        channel=message.channel,
        address=message.address,
        subject=message.title,
        body=message.body,
        language=message.language,
        data=message.data,
    )
    try:
        receipt = office.channel(message.channel).send(outgoing)
    except (Exception, SystemExit) as error:
        _log_failure(office, message, error)
        return _failed(message, error, now)
    # The receiver's text goes into our row after the fact: it must never be what makes the mark fail.
    reference = "".join(letter for letter in str(getattr(receipt, "reference", "")) if letter.isprintable())[:200]
    return attrs.evolve(
        message,
        state="sent",
        attempts=message.attempts + 1,
        last_error="",
        reference=reference,
        sent_at=now,
        lane=None,
        next_at=None,
    )


def _log_failure(office: Office, message: Message, error: BaseException) -> None:
    """Name channel and plugin. A decision of the channel goes by its code: its sentence may hold the address."""
    owner = office.channel_owner(message.channel) or "no plugin"
    decided = isinstance(error, CareError)
    what = error.code if isinstance(error, CareError) else type(error).__name__
    told = (message.channel, owner, message.id, what)
    _log.warning("channel %s of %s failed on message %s: %s", *told, exc_info=None if decided else error)


def _failed(message: Message, error: BaseException, now: datetime) -> Message:
    """The row after a failed attempt: waiting for the next, or a dead letter."""
    code = error.code if isinstance(error, CareError) else type(error).__name__
    attempts = message.attempts + 1
    hopeless = isinstance(error, Invalid) or _is_definition(error) or attempts > len(BACKOFF)
    changed = attrs.evolve(message, attempts=attempts, last_error=code[:100])
    if hopeless:
        return attrs.evolve(changed, state="failed", lane=None, next_at=None)
    return attrs.evolve(changed, next_at=now + BACKOFF[attempts - 1])


def _is_definition(error: BaseException) -> bool:
    """Whether a template is gone: waiting does not bring it back, a person does."""
    return isinstance(error, NotFound) and error.code.startswith("definition.")


def _mark(office: Office, message: Message) -> str:
    def work() -> bool:
        """Store how it went; False where another worker has the message now."""
        with office.transaction(tenant=message.tenant) as store:
            return store.mark(message)

    if not again(work):
        _log.warning("late mark of message %s (%s) refused: its lease had passed on", message.id, message.state)
        return "late"
    return {"sent": "sent", "failed": "dead"}.get(message.state, "postponed")


def _give_back(office: Office, messages: Sequence[Message]) -> Iterator[str]:
    for message in messages:

        def work(message: Message = message) -> bool:
            """Free the lease, so that it need not run out."""
            with office.transaction(tenant=message.tenant) as store:
                return store.mark(message)

        again(work)
        yield "returned"
