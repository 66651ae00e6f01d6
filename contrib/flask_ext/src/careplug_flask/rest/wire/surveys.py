"""Surveys: forms, invitations, responses, answers, results, improvements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from careplug_flask.rest.wire.base import Cursor, In, Instant, Limit, Ref, Text, Wire

Token = Annotated[str, Meta(min_length=1, max_length=1000, description="api.value.survey_token")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Ident = Annotated[str, Meta(min_length=1, max_length=40)]
State = Literal["scheduled", "sent", "reminded", "answered", "expired", "skipped", "withdrawn"]
Plan = Annotated[str, Meta(max_length=20_000)]
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


Group = Literal["organisation", "product", "kind", "assignee", "team", "month", "quarter", "year"]


class ScoreQuery(In):
    """Which answers, and by what they are grouped."""

    by: Group | UnsetType = UNSET
    since: Instant | UnsetType = UNSET
    until: Instant | UnsetType = UNSET
    organisation: Ref | UnsetType = UNSET
    product: Ref | UnsetType = UNSET
    kind: Name | UnsetType = UNSET
    assignee: Ref | UnsetType = UNSET
    team: Ref | UnsetType = UNSET
    confidence: Annotated[int, Meta(ge=90, le=99)] = 95


class Estimate(Wire):
    """A figure with its interval, as Decimals, of how many answers; null where there is none."""

    measure: str
    value: str | None
    low: str | None
    high: str | None
    of: int


class SurveyQuestion(Wire):
    """The answers to a question by what was answered, and what they add up to."""

    key: str
    answers: int
    left_out: int
    counts: dict[str, int]
    score: Estimate | None


class SurveyBlock(Wire):
    """How far the questions of a block measure one thing: Cronbach's alpha."""

    block: str
    alpha: str | None
    items: int
    rows: int
    incomplete: int


class SurveyGroup(Wire):
    """The results of one group; `key` is null where the group has none."""

    key: str | None
    responses: int
    low: int
    rate: Estimate
    questions: list[SurveyQuestion]
    blocks: list[SurveyBlock]


class SurveyScores(Wire):
    """The results of a form, by its revision that is asked now."""

    form: str
    digest: str
    by: str
    left_out: int
    groups: list[SurveyGroup]


class Improvement(Wire):
    """Something that is to become better, with the figures before and after."""

    id: str
    title: str
    plan: str
    result: str
    form: str
    question: str
    filters: dict[str, str]
    owner: str | None
    due_on: date | None
    state: str
    days: int
    planned_at: datetime
    done_at: datetime | None
    measured_at: datetime | None
    version: int
    before: Estimate | None
    after: Estimate | None
    verdict: str


class ImprovementIn(In):
    """An improvement to plan; the answers of so many days before now are kept to be compared."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    form: Name
    question: Name | UnsetType = UNSET
    plan: Plan | UnsetType = UNSET
    filters: dict[str, str] | UnsetType = UNSET
    owner: Ref | UnsetType = UNSET
    due_on: date | UnsetType = UNSET
    days: Annotated[int, Meta(ge=1, le=3660)] = 90


class ImprovementEdit(In):
    """What is planned, to be changed; the version goes into If-Match."""

    title: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    plan: Plan | UnsetType = UNSET
    owner: Ref | UnsetType = UNSET
    due_on: date | UnsetType = UNSET


class OutcomeIn(In):
    """How an improvement was carried out, or why it was given up. The version goes into If-Match."""

    result: Annotated[str, Meta(min_length=1, max_length=20_000)]


class ImprovementQuery(In):
    """Which improvements, by due date."""

    state: Literal["planned", "done", "measured", "dropped"] | UnsetType = UNSET
    owner: Ref | UnsetType = UNSET
    limit: Limit = 25
    after: Cursor | UnsetType = UNSET


class ImprovementPage(Wire):
    """A page of improvements."""

    items: list[Improvement]
    next: str | None
