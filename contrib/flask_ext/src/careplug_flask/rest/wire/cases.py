"""Cases and what is done with them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from careplug_flask.rest.wire.base import (
    Cursor,
    In,
    Instant,
    Kind,
    Level,
    Limit,
    Line,
    PartyWord,
    Problem,
    Ref,
    Said,
    Text,
    Wire,
    Words,
)


class Pause(Wire):
    """An open pause: why, for whom, since when."""

    reason: str
    party: str
    since: datetime
    until: datetime | None


class Case(Wire):
    """A feedback as its timeline left it. `version` moves with edits, `sequence` with every fact."""

    id: str
    number: str
    kind: str
    state: str
    category: str
    priority: int
    impact: int
    urgency: int
    requester: str | None
    organisation: str | None
    contact: str | None
    product: str | None
    system: str | None
    site: str | None
    subject: str
    body: str
    contact_name: str
    contact_phone: str
    contact_mail: str
    channel: str
    source: str
    assignee: str | None
    team: str | None
    cause: str
    measure: str
    result: str
    received_at: datetime
    handled_at: datetime | None
    closed_at: datetime | None
    expected_at: datetime | None
    cycle: int
    reopened: int
    merged_into: str | None
    custom: dict[str, Any]
    pauses: list[Pause]
    links: list[dict[str, Any]]
    flags: list[str]
    version: int
    sequence: int


class CaseIn(In):
    """A feedback to take in."""

    kind: Kind
    subject: Line
    body: Words = ""
    requester: Ref | None = None
    organisation: Ref | None = None
    contact: Ref | None = None
    contact_name: Text = ""
    contact_phone: Annotated[str, Meta(max_length=60)] = ""
    contact_mail: Annotated[str, Meta(max_length=254)] = ""
    product: Ref | None = None
    system: Ref | None = None
    site: Ref | None = None
    impact: Level = 3
    urgency: Level = 3
    channel: Annotated[str, Meta(max_length=40)] = "api"
    source: Annotated[str, Meta(max_length=60)] = ""
    custom: dict[str, Any] = {}
    answered: bool = False
    at: Instant | None = None
    because: Words = ""


class CaseEdit(In):
    """Fields to change; those left out stay as they are. The version goes into If-Match."""

    kind: Kind | UnsetType = UNSET
    subject: Line | UnsetType = UNSET
    body: Words | UnsetType = UNSET
    requester: Ref | None | UnsetType = UNSET
    organisation: Ref | None | UnsetType = UNSET
    contact: Ref | None | UnsetType = UNSET
    contact_name: Text | UnsetType = UNSET
    contact_phone: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    contact_mail: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    product: Ref | None | UnsetType = UNSET
    system: Ref | None | UnsetType = UNSET
    site: Ref | None | UnsetType = UNSET
    channel: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    cause: Words | UnsetType = UNSET
    measure: Words | UnsetType = UNSET
    result: Words | UnsetType = UNSET
    custom: dict[str, Any] | UnsetType = UNSET


class CaseFilter(In):
    """Which cases."""

    state: Text | UnsetType = UNSET
    category: Literal["open", "done", "void"] | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    priority: Annotated[int, Meta(ge=1, le=4)] | UnsetType = UNSET
    number: Text | UnsetType = UNSET
    requester: Ref | UnsetType = UNSET
    organisation: Ref | UnsetType = UNSET
    contact: Ref | UnsetType = UNSET
    assignee: Ref | UnsetType = UNSET
    team: Ref | UnsetType = UNSET
    received_from: Instant | UnsetType = UNSET
    received_before: Instant | UnsetType = UNSET


class CaseQuery(CaseFilter):
    """Which cases: a page, newest first."""

    limit: Limit = 25
    after: Cursor | UnsetType = UNSET


class CasePage(Wire):
    """A page of cases; `next` is null on the last one."""

    items: list[Case]
    next: str | None


class Fact(Wire):
    """One fact of a timeline; `data` is by its type."""

    sequence: int
    type: str
    at: datetime
    recorded_at: datetime
    actor: str
    origin: str
    data: dict[str, Any]
    hash: str


class ReplyIn(In):
    """Words to the other side."""

    body: Said
    channel: Annotated[str, Meta(max_length=40)] = ""
    at: Instant | None = None
    because: Words = ""


class NoteIn(In):
    """Words for colleagues alone."""

    body: Said


class CallIn(In):
    """A phone call: `in` from the customer, `out` to them."""

    direction: Literal["in", "out"]
    answered: bool = True
    body: Words = ""
    phone: Annotated[str, Meta(max_length=60)] = ""
    at: Instant | None = None
    because: Words = ""


class AppointmentIn(In):
    """An appointment that was agreed."""

    start: Instant
    until: Instant | None = None
    mode: Literal["onsite", "remote"] = "onsite"
    body: Words = ""


class RecordIn(In):
    """A plain fact: arrived, left, factory_arrived, factory_returned, or one of a plugin's types."""

    type: Annotated[str, Meta(max_length=60, min_length=1)]
    data: dict[str, Any] = {}
    at: Instant | None = None
    because: Words = ""


class StepIn(In):
    """A transition to take, with what it demands."""

    step: Annotated[str, Meta(max_length=100, min_length=1)]
    reason: Words = ""
    note: Words = ""
    measure: Words = ""
    result: Words = ""
    cause: Words = ""
    assignee: Ref | None = None
    team: Ref | None = None
    into: Annotated[str, Meta(max_length=40)] = ""
    at: Instant | None = None
    because: Words = ""


class PauseIn(In):
    """A reason for which clocks stand, and whom the case waits for."""

    reason: Annotated[str, Meta(max_length=100, min_length=1)]
    party: PartyWord | None = None
    note: Words = ""
    until: Instant | None = None
    at: Instant | None = None
    because: Words = ""


class AssignmentIn(In):
    """Whom a case is given to: a person, a team, or both."""

    assignee: Ref | None = None
    team: Ref | None = None


class ExpectationIn(In):
    """Why it cannot be solved at once, and when it will be."""

    expected_at: Instant
    reason: Said


class PriorityIn(In):
    """Impact or urgency to change, and why. The version goes into If-Match."""

    reason: Said
    impact: Level | None = None
    urgency: Level | None = None
    mode: Literal["", "keep", "restart", "from_now"] = ""


class VoidIn(In):
    """A fact to cancel, and why."""

    sequence: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    reason: Said


class OverrideIn(In):
    """A state to put the case into by permission, and why."""

    state: Annotated[str, Meta(max_length=40, min_length=1)]
    reason: Said


class LinkIn(In):
    """Another case to link this one with."""

    other: Annotated[str, Meta(max_length=40, min_length=1, description="api.value.other")]
    relation: Annotated[str, Meta(max_length=40, min_length=1)] = "related"


class Transition(Wire):
    """A step that may be taken now, and what it demands."""

    name: str
    label: str
    target: str
    requires: list[str]


class Attachment(Wire):
    """A file of a case."""

    id: str
    name: str
    media_type: str
    size: int
    digest: str
    sequence: int


class BulkLine(Wire, omit_defaults=True):
    """The answer to one line: the case, or the problem; the others are stored all the same."""

    line: int
    status: int
    id: str = ""
    number: str = ""
    problem: Problem | None = None


class Facts(Wire):
    """The timeline of a case, in sequence."""

    items: list[Fact]


class Transitions(Wire):
    """The steps that may be taken now."""

    items: list[Transition]


class Attachments(Wire):
    """The files of a case."""

    items: list[Attachment]
