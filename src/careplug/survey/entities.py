"""What the survey room stores: invitations, responses, their scores, whom we reached last, what is to be improved."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import attrs

from careplug.entity import EntitySpec, Projection, column
from careplug.refs import Ref

__all__ = [
    "CHANNELS",
    "GROUPS",
    "IMPROVEMENT_STATES",
    "OPEN",
    "SPECS",
    "STATES",
    "Improvement",
    "Invitation",
    "Reach",
    "Response",
    "Score",
    "Wave",
]

STATES = ("scheduled", "sent", "reminded", "answered", "expired", "skipped", "withdrawn")
OPEN = ("scheduled", "sent", "reminded")
"""States in which an invitation can still be answered."""

CHANNELS = ("web", "paper", "mail", "phone", "api")
"""How an answer came in."""

GROUPS = ("organisation", "product", "kind", "assignee", "team")
"""What results can be grouped by: the case's fields as they were when the invitation was made."""

IMPROVEMENT_STATES = ("planned", "done", "measured", "dropped")


@attrs.frozen(kw_only=True)
class Invitation:
    """Somebody is asked to fill in a form: once a case, handling cycle and form (``id`` is made of them).

    ``feedback_id`` is empty for one that is about no case; ``number`` is what people call the case. ``next_at`` is when
    something is to be done next: sending, a reminder, the end. ``reason`` says why it was skipped or withdrawn (a code).
    ``month`` is that of ``invited_at``, in the zone of the settings. ``answered_at`` of an anonymous one is the day alone.
    """

    id: str
    tenant: str = ""
    form: str = column(length=100)
    digest: str = column(length=64)
    trigger: str = column(length=100, default="")
    feedback_id: str = column(length=36, default="")
    number: str = column(length=40, default="")
    cycle: int = 0
    contact: Ref | None = None
    organisation: Ref | None = None
    product: Ref | None = None
    kind: str = column(length=40, default="")
    assignee: Ref | None = None
    team: Ref | None = None
    anonymous: bool = False
    state: str = column(length=20, default="scheduled")
    reason: str = column(length=40, default="")
    created_at: datetime
    send_at: datetime
    expires_at: datetime
    invited_at: datetime | None = None
    month: str = column(length=7, default="")
    reminders: int = 0
    answered_at: datetime | None = None
    channel: str = column(length=20, default="")
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0
    sequence: int = 0
    head: str = column(length=64, default="")
    last_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it can still be answered."""
        return self.state in OPEN


@attrs.frozen(kw_only=True)
class Response:
    """What somebody answered, as the fact ``answered`` on its timeline says.

    ``answers`` holds what was chosen, ``texts`` what was written: open answers, the header, the signature. Texts are
    personal and can be erased. ``month`` is ``2026-03`` in the zone of the settings. ``low`` ones open a follow-up, whose
    case is ``follow_up``. An anonymous one has no invitation, case, cycle, contact, organisation, assignee or team, and its
    time is the first of its month.
    """

    id: str
    tenant: str = ""
    form: str = column(length=100)
    digest: str = column(length=64)
    invitation_id: str = column(length=36, default="")
    feedback_id: str = column(length=36, default="")
    number: str = column(length=40, default="")
    cycle: int = 0
    contact: Ref | None = None
    organisation: Ref | None = None
    product: Ref | None = None
    kind: str = column(length=40, default="")
    assignee: Ref | None = None
    team: Ref | None = None
    anonymous: bool = False
    channel: str = column(length=20, default="web")
    language: str = column(length=20, default="")
    answered_at: datetime
    month: str = column(length=7)
    low: bool = False
    commented: bool = False
    answers: dict[str, Any] = attrs.field(factory=dict)
    texts: dict[str, Any] = attrs.field(factory=dict, metadata={"personal": True})
    follow_up: str = column(length=36, default="")
    sequence: int = 0
    head: str = column(length=64, default="")
    last_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Score:
    """One counted answer: rows of numbers that the database adds up, however many they are.

    ``value`` is the point on the scale, or the place (from 0) of what was ticked. ``scale`` says what the
    values mean: answers to revisions of a form are only counted together where question and scale agree. ``block`` is the
    block of the form that the question belongs to. ``whole`` is filled where the whole block was answered, with a digest of
    what it asks: only answers that agree in it enter Cronbach's alpha together. The row with an empty ``question`` holds
    the sum of such a block.
    """

    id: str
    tenant: str = ""
    response_id: str = column(length=36)
    form: str = column(length=100)
    question: str = column(length=60, default="")
    block: str = column(length=60, default="")
    scale: str = column(length=80)
    whole: str = column(length=16, default="")
    value: int
    organisation: Ref | None = None
    product: Ref | None = None
    kind: str = column(length=40, default="")
    assignee: Ref | None = None
    team: Ref | None = None
    month: str = column(length=7)
    answered_at: datetime


@attrs.frozen(kw_only=True)
class Reach:
    """When somebody was last asked anything: its row is locked while the quiet period is judged."""

    id: str
    tenant: str = ""
    contact: Ref
    last_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Wave:
    """A period of a periodic trigger that is done: everybody who is asked in it was invited."""

    id: str
    tenant: str = ""
    trigger: str = column(length=100)
    period: int
    invited: int = 0
    done_at: datetime


@attrs.frozen(kw_only=True)
class Improvement:
    """Something that is to become better (S14, chapter 8): what, who, until when, and whether it helped.

    It is about the answers to ``question`` of ``form`` (empty: the form's first scored one), narrowed by ``filters``. ``before`` and ``after``
    are the counts of values in two periods of ``days`` days: before it was planned, after it was done. ``digest`` is the
    revision of the form then: both count the answers by its scale.
    """

    id: str
    tenant: str = ""
    title: str = column(length=200)
    plan: str = column(long=True, default="")
    result: str = column(long=True, default="")
    form: str = column(length=100)
    digest: str = column(length=64, default="")
    question: str = column(length=60, default="")
    filters: dict[str, str] = attrs.field(factory=dict)
    owner: Ref | None = None
    due_on: date | None = None
    state: str = column(length=20, default="planned")
    days: int = 90
    before: dict[str, int] = attrs.field(factory=dict)
    after: dict[str, int] = attrs.field(factory=dict)
    planned_at: datetime
    done_at: datetime | None = None
    measured_at: datetime | None = None
    version: int = 1
    sequence: int = 0
    head: str = column(length=64, default="")
    last_at: datetime | None = None


_COUNTED = ("question", "block", "scale", "whole", "value")

SPECS = (
    EntitySpec(
        name="invitation",
        cls=Invitation,
        indexes=(
            ("feedback_id", "cycle"),
            ("contact", "created_at"),
            ("state", "created_at"),
            ("created_at",),
            ("form", "invited_at"),
        ),
        claimable=True,
        about=("contact", "feedback_id"),
        projection=Projection(names=("number", "form")),
    ),
    EntitySpec(
        name="response",
        cls=Response,
        indexes=(
            ("feedback_id", "answered_at"),
            ("contact", "answered_at"),
            ("form", "answered_at"),
            ("answered_at",),
            ("commented", "form", "answered_at"),
            ("low", "answered_at"),
        ),
        about=("contact", "feedback_id"),
        projection=Projection(names=("number", "form")),
    ),
    EntitySpec(
        name="score",
        cls=Score,
        indexes=(
            # Results of all answers, by engineer and by month are read off an index alone, in its order.
            ("form", *_COUNTED),
            ("form", "assignee", *_COUNTED),
            ("form", "month", *_COUNTED),
            ("form", "answered_at"),
            ("response_id",),
        ),
    ),
    EntitySpec(name="reach", cls=Reach, unique=(("contact",),)),
    EntitySpec(name="wave", cls=Wave, unique=(("trigger", "period"),)),
    EntitySpec(
        name="improvement",
        cls=Improvement,
        indexes=(("state", "due_on"), ("owner", "state")),
        projection=Projection(names=("title",)),
    ),
)
