"""Messages on their way out, and the people they go to where the host has no directory of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from careplug.entity import EntitySpec, column
from careplug.ports import Address
from careplug.refs import Ref

__all__ = ["SPECS", "STATES", "Message", "Party", "PartyRole"]

STATES = ("pending", "sent", "failed", "cancelled")
"""``failed`` is the dead-letter state: given up, until a person looks. Being sent shows as a lease on ``pending``."""


@attrs.frozen(kw_only=True)
class Message:
    """One message of the outbox.

    ``subject``, ``subject_id`` and ``sequence`` name the fact it tells about (sequence 0: none). ``key`` is unique:
    the same fact, subscription and recipient never make two. ``data`` holds ids, numbers, codes and instants for
    the template, never words about people. ``address``, ``title`` and ``body`` are filled at the first claim and
    kept, with the template's revision; they are personal and can be erased. ``lane`` is set while the message waits:
    of one lane only the oldest is ever in flight.
    """

    id: str
    tenant: str = ""
    key: str = column(length=64)
    subject: str = column(length=60)
    subject_id: str = column(length=36)
    sequence: int = 0
    event: str = column(length=60, default="")
    subscription: str = column(length=100, default="")
    recipient: Ref
    channel: str = column(length=40)
    address: str = column(length=300, personal=True, default="")
    language: str = column(length=20, default="")
    template: str = column(length=100)
    template_digest: str = column(length=64, default="")
    title: str = column(length=300, personal=True, default="")
    body: str = column(long=True, personal=True, default="")
    data: dict[str, Any] = attrs.field(factory=dict)
    state: str = column(length=20, default="pending")
    attempts: int = 0
    last_error: str = column(length=100, personal=True, default="")
    reference: str = column(length=200, default="")
    created_at: datetime
    sent_at: datetime | None = None
    lane: str | None = column(length=40, default=None)
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0


@attrs.frozen(kw_only=True)
class Party:
    """A person, team or organisation of the stored directory; ``ref`` is what feedback refers to.

    ``roles`` are the words ``Directory.members`` is asked for: ``"manager"``, ``"team:hotline"``. Name and addresses
    are personal. An inactive party keeps its name and gets no messages.
    """

    id: str
    tenant: str = ""
    ref: Ref
    name: str = column(length=200, personal=True, default="")
    organisation: Ref | None = None
    roles: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = attrs.field(default=(), metadata={"personal": True})
    language: str = column(length=20, default="zh_CN")
    zone: str = column(length=60, default="Asia/Shanghai")
    active: bool = True
    version: int = 1


@attrs.frozen(kw_only=True)
class PartyRole:
    """One role of one party: what an index can find, where the list on the party cannot be searched."""

    id: str
    tenant: str = ""
    role: str = column(length=100)
    party_id: str = column(length=36)


SPECS = (
    EntitySpec(
        name="message",
        cls=Message,
        unique=(("key",),),
        indexes=(("subject_id", "subject", "created_at"), ("state", "created_at"), ("created_at",), ("lane",)),
        claimable=True,
        about=("recipient", "subject_id"),
    ),
    EntitySpec(
        name="party", cls=Party, unique=(("ref",),), indexes=(("organisation", "name"), ("name",)), about=("ref",)
    ),
    EntitySpec(name="party_role", cls=PartyRole, unique=(("role", "party_id"),), indexes=(("party_id",),)),
)
