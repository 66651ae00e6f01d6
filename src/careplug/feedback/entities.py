"""Feedback: one case of a customer, as projected from its timeline (`S1`). Every field changes by a fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from careplug.entity import EntitySpec, Searched, column
from careplug.refs import Ref

__all__ = ["KINDS", "PARTIES", "SPECS", "Attachment", "Feedback", "Pause", "RequestKey"]

KINDS = (
    "fault",
    "question",
    "complaint",
    "suggestion",
    "change",
    "data_fix",
    "alarm",
    "inquiry",
    "installation",
    "training",
    "security",
)
"""What a feedback can be (the catalogue's word list)."""

PARTIES = ("customer", "third_party", "vendor", "own", "force_majeure")
"""Whom a pause waits for (SLA 5)."""


@attrs.frozen
class Pause:
    """An open pause: why, for whom, since when, and the fact that opened it."""

    reason: str
    party: str
    since: datetime
    sequence: int
    until: datetime | None = None


@attrs.frozen(kw_only=True)
class Feedback:
    """One feedback.

    ``number`` is what people say on the phone. ``category`` is open, done or void, whatever the state is called.
    ``cycle`` counts handling cycles from 1: a reopening begins the next. ``version`` changes when a field
    that a person edits changes. ``sequence``, ``head`` and ``last_at`` are the end of the timeline. ``system`` is the
    installed item, ``subject`` and ``body`` the customer's words (personal, as the ``contact_*`` fields are).
    """

    id: str
    tenant: str = ""
    number: str = column(length=40)
    kind: str = column(length=40)
    state: str = column(length=40)
    category: str = column(length=10, default="open")
    priority: int = 4
    impact: int = 3
    urgency: int = 3
    requester: Ref | None = None
    organisation: Ref | None = None
    contact: Ref | None = None
    product: Ref | None = None
    system: Ref | None = None
    site: Ref | None = None
    subject: str = column(length=500, personal=True, default="")
    body: str = column(long=True, personal=True, default="")
    contact_name: str = column(length=200, personal=True, default="")
    contact_phone: str = column(length=60, personal=True, default="")
    contact_mail: str = column(length=254, personal=True, default="")
    channel: str = column(length=40, default="")
    source: str = column(length=60, default="")
    assignee: Ref | None = None
    team: Ref | None = None
    cause: str = column(long=True, personal=True, default="")
    measure: str = column(long=True, personal=True, default="")
    result: str = column(long=True, personal=True, default="")
    received_at: datetime
    handled_at: datetime | None = None
    closed_at: datetime | None = None
    expected_at: datetime | None = None
    cycle: int = 1
    reopened: int = 0
    merged_into: str | None = column(length=36, default=None)
    custom: dict[str, Any] = attrs.field(factory=dict)
    pauses: tuple[Pause, ...] = ()
    links: tuple[dict[str, Any], ...] = ()
    flags: tuple[str, ...] = ()
    version: int = 1
    sequence: int = 0
    head: str = column(length=64, default="")
    last_at: datetime | None = None

    @property
    def waiting(self) -> bool:
        """Whether a pause is open: shown as a badge, not a state."""
        return bool(self.pauses)


@attrs.frozen(kw_only=True)
class Attachment:
    """A file that belongs to a feedback: where ``Files`` keeps it, and its name (personal)."""

    id: str
    tenant: str = ""
    feedback_id: str = column(length=36)
    sequence: int
    key: str = column(length=200)
    name: str = column(length=255, personal=True)
    media_type: str = column(length=100)
    size: int
    digest: str = column(length=64)


@attrs.frozen(kw_only=True)
class RequestKey:
    """An idempotency key: the same key and payload get the first result, another payload ``Conflict``."""

    id: str
    tenant: str = ""
    source: str = column(length=60)
    key: str = column(length=200)
    payload: str = column(length=64)
    result: str = column(length=60)
    made_at: datetime
    expires_at: datetime | None = None


SPECS = (
    EntitySpec(
        name="feedback",
        cls=Feedback,
        unique=(("number",),),
        search=(
            *(Searched(name, "head") for name in ("number", "subject")),
            *("body", "measure", "result"),
            Searched("cause", "internal"),
            *(Searched(name, "contact") for name in ("contact_name", "contact_phone", "contact_mail")),
        ),
        indexes=(
            ("category", "received_at"),
            ("state", "handled_at"),
            ("received_at",),
            ("requester", "received_at"),
            ("organisation", "received_at"),
            ("assignee", "category", "priority"),
            ("contact", "received_at"),
        ),
        about=("requester", "contact"),
    ),
    EntitySpec(name="attachment", cls=Attachment, indexes=(("feedback_id", "sequence"),), about=("feedback_id",)),
    EntitySpec(name="request_key", cls=RequestKey, unique=(("source", "key"),), indexes=(("expires_at",),)),
)
