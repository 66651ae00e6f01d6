"""Surveys: forms, invitations, responses, answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from careplug_flask.rest.wire.base import Cursor, In, Instant, Limit, Ref, Text, Wire

Token = Annotated[str, Meta(min_length=1, max_length=1000, description="api.value.survey_token")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Ident = Annotated[str, Meta(min_length=1, max_length=40)]
State = Literal["scheduled", "sent", "reminded", "answered", "expired", "skipped", "withdrawn"]
ChannelWord = Literal["web", "paper", "mail", "phone", "api"]


class SurveyForm(Wire):
    """A form that can be asked: its active revision."""

    name: str
    label_en: str
    label_zh: str
    digest: str
    revision: int
    data: dict[str, Any]


class SurveyForms(Wire):
    """The forms that can be asked, by name."""

    items: list[SurveyForm]


class SurveyFormIn(In):
    """The content of a form's next revision."""

    data: dict[str, Any]
    label_en: Text = ""
    label_zh: Text = ""


class Invitation(Wire):
    """Somebody is asked to fill in a form, once a case, handling cycle and form."""

    id: str
    form: str
    digest: str
    trigger: str
    feedback_id: str
    number: str
    cycle: int
    contact: str | None
    anonymous: bool
    state: str
    reason: str
    created_at: datetime
    send_at: datetime
    expires_at: datetime
    invited_at: datetime | None
    reminders: int
    answered_at: datetime | None


class InvitationIn(In):
    """Whom to ask: the contact of a case, or somebody about none. The trigger says form, delay, end and reminders."""

    feedback_id: Ident | UnsetType = UNSET
    contact: Ref | UnsetType = UNSET
    trigger: Name | UnsetType = UNSET
    form: Name | UnsetType = UNSET
    anyway: bool = False


class InvitationQuery(In):
    """Which invitations, newest first."""

    feedback_id: Ident | UnsetType = UNSET
    contact: Ref | UnsetType = UNSET
    form: Name | UnsetType = UNSET
    state: State | UnsetType = UNSET
    limit: Limit = 25
    after: Cursor | UnsetType = UNSET


class InvitationPage(Wire):
    """A page of invitations."""

    items: list[Invitation]
    next: str | None


class InvitationLink(Wire):
    """The address at which an invitation is answered, without a login."""

    url: str


class SurveyResponse(Wire):
    """What somebody answered. Of an anonymous one neither person nor case is known, and of its time the month alone."""

    id: str
    form: str
    digest: str
    invitation_id: str
    feedback_id: str
    number: str
    cycle: int
    contact: str | None
    organisation: str | None
    product: str | None
    kind: str
    assignee: str | None
    team: str | None
    anonymous: bool
    channel: str
    language: str
    answered_at: datetime
    month: str
    low: bool
    follow_up: str
    answers: dict[str, Any]


class ResponseIn(In):
    """A response on paper or by telephone, typed in: about a case, or about none."""

    form: Name
    answers: dict[str, Any]
    feedback_id: Ident | UnsetType = UNSET
    contact: Ref | UnsetType = UNSET
    channel: ChannelWord = "paper"
    digest: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    anonymous: bool = False
    at: Instant | UnsetType = UNSET


class ResponseQuery(In):
    """Which responses, newest first."""

    form: Name | UnsetType = UNSET
    feedback_id: Ident | UnsetType = UNSET
    contact: Ref | UnsetType = UNSET
    low: bool | UnsetType = UNSET
    since: Instant | UnsetType = UNSET
    until: Instant | UnsetType = UNSET
    limit: Limit = 25
    after: Cursor | UnsetType = UNSET


class ResponsePage(Wire):
    """A page of responses."""

    items: list[SurveyResponse]
    next: str | None


class TokenIn(In):
    """The token of an invitation's link."""

    token: Token


class OpenedForm(Wire):
    """A form ready to be filled in by whoever holds the link, with what is known already."""

    form: str
    digest: str
    data: dict[str, Any]
    prefill: dict[str, Any]
    anonymous: str
    language: str
    expires_at: datetime


class AnswerIn(In):
    """The answers of whoever holds the link, by the keys of the questions."""

    token: Token
    answers: dict[str, Any]
    digest: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    anonymous: bool = False
    language: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET


class Taken(Wire):
    """That answers were taken in, with the form's words of thanks."""

    form: str
    digest: str
    thanks: str
