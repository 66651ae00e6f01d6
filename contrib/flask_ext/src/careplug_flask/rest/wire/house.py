"""Definitions, parties, messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from careplug_flask.rest.wire.base import Cursor, In, Limit, Ref, Text, Wire


class Definition(Wire):
    """A revision of a definition; `digest` names it for good."""

    kind: str
    name: str
    digest: str
    revision: int
    state: str
    label_en: str
    label_zh: str
    data: dict[str, Any]
    source: str
    created_at: datetime


class DefinitionIn(In):
    """The content of a new revision."""

    data: dict[str, Any]
    label_en: Text = ""
    label_zh: Text = ""


class Address(Wire):
    """Where somebody is reached: a channel and the address there."""

    channel: str
    value: str


class AddressIn(In):
    """Where somebody is reached."""

    channel: Annotated[str, Meta(max_length=40, min_length=1)]
    value: Annotated[str, Meta(max_length=300, min_length=1)]


class Party(Wire):
    """A person, team or organisation of the stored directory."""

    id: str
    ref: str
    name: str
    organisation: str | None
    roles: list[str]
    addresses: list[Address]
    language: str
    zone: str
    active: bool
    version: int


class PartyIn(In):
    """A party to add."""

    ref: Ref
    name: Annotated[str, Meta(max_length=200, min_length=1)]
    organisation: Ref | None = None
    roles: Annotated[list[Annotated[str, Meta(max_length=100, min_length=1)]], Meta(max_length=50)] = []
    addresses: Annotated[list[AddressIn], Meta(max_length=50)] = []
    language: Annotated[str, Meta(max_length=20)] = "zh_CN"
    zone: Annotated[str, Meta(max_length=60)] = "Asia/Shanghai"


class PartyEdit(In):
    """Fields of a party to change. The version goes into If-Match."""

    name: Annotated[str, Meta(max_length=200, min_length=1)] | UnsetType = UNSET
    organisation: Ref | None | UnsetType = UNSET
    roles: Annotated[list[Annotated[str, Meta(max_length=100, min_length=1)]], Meta(max_length=50)] | UnsetType = UNSET
    addresses: Annotated[list[AddressIn], Meta(max_length=50)] | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET
    zone: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class PartyQuery(In):
    """Which parties, by name."""

    organisation: Ref | UnsetType = UNSET
    role: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    limit: Limit = 25
    after: Cursor | UnsetType = UNSET


class PartyPage(Wire):
    """A page of parties."""

    items: list[Party]
    next: str | None


class Message(Wire):
    """A message of the outbox."""

    id: str
    subject: str
    subject_id: str
    sequence: int
    event: str
    subscription: str
    recipient: str
    channel: str
    template: str
    language: str
    title: str
    body: str
    state: str
    attempts: int
    last_error: str
    created_at: datetime
    sent_at: datetime | None


class MessageQuery(In):
    """Which messages, newest first."""

    state: Literal["pending", "sent", "failed", "cancelled"] | UnsetType = UNSET
    feedback_id: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    limit: Limit = 25
    after: Cursor | UnsetType = UNSET


class MessagePage(Wire):
    """A page of messages."""

    items: list[Message]
    next: str | None


class Definitions(Wire):
    """Revisions."""

    items: list[Definition]
