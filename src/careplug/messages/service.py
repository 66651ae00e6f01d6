"""The outbox as a unit of work sees it: messages made in the transaction of their fact, found, retried, erased."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from careplug.clock import to_text
from careplug.criteria import All, Is, Order
from careplug.definitions import Definitions
from careplug.errors import CareError, Invalid, NotFound, Refused
from careplug.messages.entities import STATES, Message
from careplug.messages.subscriptions import Subscription, matching
from careplug.ports import Measure, Unit
from careplug.refs import Ref, new_id
from careplug.timeline.facts import Fact, plain

__all__ = ["Messages", "blanked", "erase", "handle", "key_of", "lane_of", "recall", "recipients"]

PAGE_LIMIT = 500
_PINNED = ("number", "kind", "state", "priority", "expected_at")
_CODE = re.compile(r"[A-Za-z0-9_.:+\-]{1,100}")
_log = logging.getLogger("careplug.messages")


class Messages:
    """The outbox of a unit's tenant. Lives as long as its unit."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.members: dict[str, tuple[Ref, ...]] = {}
        """Who has a role, asked once a unit: a sweep tells the managers of a hundred cases."""

    def enqueue(
        self,
        *,
        recipient: Ref,
        channel: str,
        template: str,
        subject: str,
        subject_id: str,
        sequence: int = 0,
        source: str,
        data: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> Message | None:
        """Put a message into the outbox; None where the same one is there already.

        The same are two with equal subject, sequence, ``source`` (who asks: a subscription, a survey) and recipient.
        ``data`` must hold no words about people. ``at``: not before this instant. Needs ``messages.send``.
        """
        self.unit.allow("messages.send")
        self.unit.get(Definitions).get("template", template)
        made = _message(
            self.unit,
            recipient=recipient,
            channel=channel,
            template=template,
            subject=subject,
            subject_id=subject_id,
            sequence=sequence,
            subscription=source,
            data=plain(dict(data or {})),
            next_at=at,
        )
        return made if self.unit.store.add_if_absent(made) else None

    def get(self, ident: str) -> Message:
        """One message; ``NotFound``. Needs ``messages.read``."""
        found = self.unit.store.get(Message, ident)
        if found is None:
            raise NotFound("message.missing", field="message.id", value=ident)
        self.unit.allow("messages.read", found)
        return found

    def find(
        self,
        *,
        subject: str = "",
        subject_id: str = "",
        state: str = "",
        after: Sequence[Any] | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """Messages, newest first; those of a subject or in a state where given. Needs ``messages.read``.

        ``after`` is ``(created_at, id)`` of the last one seen; at most 500 a page.
        """
        self.unit.allow("messages.read")
        if state and state not in STATES:
            raise Invalid("message.state", field="message.state", value=state, known=", ".join(STATES))
        if not 1 <= limit <= PAGE_LIMIT:
            raise Invalid("message.limit", field="message.limit", value=limit, most=PAGE_LIMIT)
        wanted = {"subject": subject, "subject_id": subject_id, "state": state}
        criteria = All(*(Is(name, "eq", value) for name, value in wanted.items() if value))
        order = (Order("created_at", descending=True),)
        return self.unit.store.find(Message, criteria, order=order, limit=limit, after=after)

    def counts(self) -> dict[str, int]:
        """How many messages are in each state. Needs ``messages.read``."""
        self.unit.allow("messages.read")
        found = self.unit.store.tally(Message, by=("state",), measures=(Measure("count"),))
        return dict.fromkeys(STATES, 0) | {line.key[0]: line.values[0] for line in found}

    def retry(self, ident: str) -> Message:
        """Send a dead letter again from its first attempt, its address looked up anew. Needs ``messages.manage``."""
        old = self._managed(ident, ("failed",))
        now = self.unit.now()
        lane = lane_of(old.channel, old.recipient, old.subject, old.subject_id)
        made = attrs.evolve(old, state="pending", attempts=0, address="", last_error="", lane=lane, next_at=now)
        self.unit.store.save(made, was=old)
        return made

    def cancel(self, ident: str) -> Message:
        """Never send it. One that a worker is just sending may still arrive. Needs ``messages.manage``."""
        old = self._managed(ident, ("pending", "failed"))
        made = _cancelled(old)
        self.unit.store.save(made, was=old)
        return made

    def _managed(self, ident: str, states: Sequence[str]) -> Message:
        found = self.unit.store.get(Message, ident, lock=True)
        if found is None:
            raise NotFound("message.missing", field="message.id", value=ident)
        self.unit.allow("messages.manage", found)
        if found.state not in states:
            raise Refused("message.finished", field="message.state", state=found.state, wanted=", ".join(states))
        return found


def handle(unit: Unit, fact: Fact, before: Any, after: Any) -> None:
    """Make the messages that active subscriptions ask for; runs in the fact's transaction, after every fact.

    Imported history tells nobody. Nothing is looked up where no subscription waits for the fact's type.
    """
    kind = unit.setup.fact_types.get((fact.subject, fact.type))
    if kind is not None and kind.settles:
        _leave_unsent(unit, fact)
    waiting = _waiting(unit).get((fact.subject, fact.type))
    if waiting is None or fact.origin == "import":
        return
    for subscription, roles in matching(waiting, fact, after):
        data: dict[str, Any] | None = None
        for recipient in recipients(unit, roles, fact, after):
            if subscription.except_actor and str(recipient) == fact.actor:
                continue
            data = _data_of(unit, fact, after) if data is None else data
            # `add`, not `add_if_absent`: the fact is new, so the key cannot be there, and inserts go out together.
            unit.store.add(
                _message(
                    unit,
                    recipient=recipient,
                    channel=subscription.channel,
                    template=subscription.template,
                    subject=fact.subject,
                    subject_id=fact.subject_id,
                    sequence=fact.sequence,
                    subscription=subscription.name,
                    event=fact.type,
                    data=data,
                )
            )


def erase(unit: Unit, fact: Fact, before: Any, after: Any) -> None:
    """On ``erased``: no message about that subject keeps words or an address; what was not sent never is.

    The fence goes up, so that a worker that holds the old words cannot write them back.
    """
    for old in _about(unit, fact):
        unit.store.save(blanked(old), was=old)


def blanked(old: Message) -> Message:
    """A message without words, address and values; unless it was sent it never is."""
    done = old if old.state == "sent" else _cancelled(old)
    fence = old.fence + 1
    return attrs.evolve(done, title="", body="", address="", data={}, last_error="", fence=fence, leased_until=None)


def recall(unit: Unit, fact: Fact, before: Any, after: Any) -> None:
    """On ``voided``: messages about the voided fact that nobody has sent yet stay unsent."""
    _leave_unsent(unit, fact, Is("sequence", "eq", fact.data["sequence"]))


def _leave_unsent(unit: Unit, fact: Fact, *which: Is) -> None:
    for old in _about(unit, fact, Is("state", "eq", "pending"), *which):
        unit.store.save(_cancelled(old), was=old)


def recipients(unit: Unit, roles: Iterable[str], fact: Fact, subject: Any) -> list[Ref]:
    """The people behind a subscription's roles, each once, in the order named; who is not there is left out."""
    found: dict[Ref, None] = {}
    for role in roles:
        found.update(dict.fromkeys(_people(unit, role, fact, subject)))
    return list(found)


def key_of(tenant: str, subject: str, subject_id: str, sequence: int, source: str, recipient: Ref) -> str:
    """The idempotency key of a message: the same fact, source and recipient always give the same one."""
    parts = (tenant, subject, subject_id, str(sequence), source, str(recipient))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:48]


def lane_of(channel: str, recipient: Ref, subject: str, subject_id: str) -> str:
    """What may have one message in flight: a recipient, on a channel, about a subject."""
    return hashlib.sha256("\n".join((channel, str(recipient), subject, subject_id)).encode()).hexdigest()[:32]


Waiting = Mapping[tuple[str, str], tuple[Subscription, ...]]


def _waiting(unit: Unit) -> Waiting:
    """The active subscriptions by (subject, fact type), built again only when a tenant's definitions changed."""
    definitions = unit.get(Definitions)
    found: Waiting = definitions.memo("messages.waiting", lambda: _index(definitions))
    return found


def _index(definitions: Definitions) -> Waiting:
    active = definitions.active("subscription")
    found: dict[tuple[str, str], list[Subscription]] = {}
    for name in sorted(active):
        try:
            subscription: Subscription = definitions.cache.parsed(active[name])
        except CareError:
            # Only a plugin's seed can be malformed (`put` checks the rest), and it must not stop people's cases.
            _log.exception("subscription %s is malformed and tells nobody", name)
            continue
        if subscription.active:
            for event in dict.fromkeys(subscription.events):
                found.setdefault((subscription.subject, event), []).append(subscription)
    return {key: tuple(items) for key, items in found.items()}


def _message(unit: Unit, *, next_at: datetime | None = None, **values: Any) -> Message:
    now = unit.now()
    subject, subject_id, recipient = values["subject"], values["subject_id"], values["recipient"]
    return Message(
        id=new_id(),
        tenant=unit.tenant,
        key=key_of(unit.tenant, subject, subject_id, values["sequence"], values["subscription"], recipient),
        created_at=now,
        next_at=next_at or now,
        lane=lane_of(values["channel"], recipient, subject, subject_id),
        **values,
    )


def _cancelled(old: Message) -> Message:
    return attrs.evolve(old, state="cancelled", lane=None, next_at=None, leased_until=None, fence=old.fence + 1)


def _about(unit: Unit, fact: Fact, *more: Is) -> list[Message]:
    about = All(Is("subject", "eq", fact.subject), Is("subject_id", "eq", fact.subject_id), *more)
    return unit.store.find(Message, about, order=(Order("id"),), lock=True)


def _data_of(unit: Unit, fact: Fact, subject: Any) -> dict[str, Any]:
    """What the message keeps of case and fact: numbers, codes and instants; people's words stay with the fact."""
    kept = {name: _kept(getattr(subject, name, None)) for name in _PINNED}
    kind = unit.setup.fact_types.get((fact.subject, fact.type))
    personal = kind.personal if kind is not None else tuple(fact.data)
    kept |= {name: _kept(value) for name, value in fact.data.items() if name not in personal}
    return {name: value for name, value in kept.items() if value is not None}


def _kept(value: Any) -> str | int | None:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, bool | int):
        return value
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _people(unit: Unit, role: str, fact: Fact, subject: Any) -> Iterator[Ref]:
    if role in ("requester", "contact", "assignee"):
        ref = getattr(subject, role, None)
        if ref is not None:
            yield ref
    elif role == "team":
        team = getattr(subject, "team", None)
        if team is not None:
            yield from _members(unit, str(team))
    elif role == "named":
        for named in fact.data.get("to", ()):
            if named != role:
                yield from _people(unit, str(named), fact, subject)
    elif role.startswith("role:"):
        yield from _members(unit, role[5:])
    elif ":" in role:
        yield Ref.parse(role)
    else:
        yield from _members(unit, role)


def _members(unit: Unit, role: str) -> Iterator[Ref]:
    known = unit.get(Messages).members
    if role not in known:
        known[role] = tuple(contact.ref for contact in unit.setup.directory.members(unit, role))
    yield from known[role]
