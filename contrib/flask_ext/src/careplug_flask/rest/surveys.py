"""Surveys: forms, invitations, responses, and answering by the token of a link, which needs no key and no login."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import url_for

from careplug.text import Text
from careplug_flask.identity import become, survey_guest
from careplug_flask.rest.common import ident_of, paged, ref
from careplug_flask.rest.cursor import key_of
from careplug_flask.rest.shapes import given, plain, shape, shaper
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.surveys import (
    AnswerIn,
    Invitation,
    InvitationIn,
    InvitationLink,
    InvitationPage,
    InvitationQuery,
    OpenedForm,
    ResponseIn,
    ResponsePage,
    ResponseQuery,
    SurveyForm,
    SurveyFormIn,
    SurveyForms,
    SurveyResponse,
    Taken,
    TokenIn,
)
from careplug_flask.state import state

if TYPE_CHECKING:
    from careplug.survey.asking import FormLine
    from careplug.survey.entities import Response
    from careplug.unit import CareUnit

__all__: list[str] = []

_TAG = "surveys"


# -- forms --


@operation("GET", "/surveys/forms", tag=_TAG, answer=SurveyForms)
def list_survey_forms(call: Call) -> Reply:
    """The forms that can be asked."""
    return Reply(value=SurveyForms(items=[_form(line) for line in call.unit.surveys.forms()]))


@operation("GET", "/surveys/forms/{name}", tag=_TAG, answer=SurveyForm)
def get_survey_form(call: Call) -> Reply:
    """A form as it is asked now."""
    return _told(call.unit.surveys.form(call.path["name"]))


@operation("PUT", "/surveys/forms/{name}", tag=_TAG, body=SurveyFormIn, answer=SurveyForm, compares=True)
def put_survey_form(call: Call) -> Reply:
    """Store the next revision of a form, or a new one."""
    body: SurveyFormIn = call.body
    label = Text(en=body.label_en, zh=body.label_zh)
    return _told(call.unit.surveys.put_form(call.path["name"], body.data, label=label, expected=call.expected))


def _told(line: FormLine) -> Reply:
    return Reply(value=_form(line), etag=str(line.revision))


def _form(line: FormLine) -> SurveyForm:
    return SurveyForm(
        name=line.name,
        label_en=line.label.en,
        label_zh=line.label.zh,
        digest=line.digest,
        revision=line.revision,
        data=line.form.to_data(),
    )


# -- invitations --


@operation("GET", "/surveys/invitations", tag=_TAG, query=InvitationQuery, answer=InvitationPage, problems=(404,))
def list_survey_invitations(call: Call) -> Reply:
    """Invitations, newest first."""
    asked: InvitationQuery = call.query
    values = _about(call.unit, {**given(asked), "limit": asked.limit + 1}, "query")
    values["after"] = key_of(values.get("after"), (datetime, str))
    rows = call.unit.surveys.invitations(**values)
    make = shaper(Invitation)
    items = [make(row) for row in rows[: asked.limit]]
    return paged(InvitationPage, items, rows, asked.limit, lambda row: (row.created_at, row.id))


def _about(unit: CareUnit, values: dict[str, Any], where: str) -> dict[str, Any]:
    """Case and contact as the service takes them."""
    if "feedback_id" in values:
        values["feedback_id"] = ident_of(unit, values["feedback_id"])
    if "contact" in values:
        values["contact"] = ref(values["contact"], f"{where}.contact")
    return values


@operation("POST", "/surveys/invitations", tag=_TAG, body=InvitationIn, answer=Invitation, status=201)
def invite_to_survey(call: Call) -> Reply:
    """Ask somebody now."""
    made = call.unit.surveys.invite(**_about(call.unit, given(call.body), "body"))
    location = url_for("careplug_api.getSurveyInvitation", id=made.id)
    return Reply(value=shape(Invitation, made), status=201, location=location)


@operation("GET", "/surveys/invitations/{id}", tag=_TAG, answer=Invitation)
def get_survey_invitation(call: Call) -> Reply:
    """One invitation."""
    return Reply(value=shape(Invitation, call.unit.surveys.invitation(call.path["id"])))


@operation("GET", "/surveys/invitations/{id}/link", tag=_TAG, answer=InvitationLink)
def get_survey_link(call: Call) -> Reply:
    """The address at which an invitation is answered, to be handed over in person."""
    return Reply(value=InvitationLink(url=call.unit.surveys.link(call.path["id"])))


@operation("POST", "/surveys/invitations/{id}/withdraw", tag=_TAG, answer=Invitation)
def withdraw_survey_invitation(call: Call) -> Reply:
    """Take an invitation back that is not answered."""
    return Reply(value=shape(Invitation, call.unit.surveys.withdraw(call.path["id"])))


# -- responses --


@operation("GET", "/surveys/responses", tag=_TAG, query=ResponseQuery, answer=ResponsePage, problems=(404,))
def list_survey_responses(call: Call) -> Reply:
    """Responses, newest first."""
    asked: ResponseQuery = call.query
    values = _about(call.unit, {**given(asked), "limit": asked.limit + 1}, "query")
    values["after"] = key_of(values.get("after"), (datetime, str))
    rows = call.unit.surveys.responses(**values)
    items = [_response(call.unit, row) for row in rows[: asked.limit]]
    return paged(ResponsePage, items, rows, asked.limit, lambda row: (row.answered_at, row.id))


@operation("GET", "/surveys/responses/{id}", tag=_TAG, answer=SurveyResponse)
def get_survey_response(call: Call) -> Reply:
    """One response."""
    return Reply(value=_response(call.unit, call.unit.surveys.response(call.path["id"])))


@operation("POST", "/surveys/responses", tag=_TAG, body=ResponseIn, answer=SurveyResponse, status=201)
def enter_survey_response(call: Call) -> Reply:
    """Type in a response on paper or by telephone."""
    values = _about(call.unit, given(call.body), "body")
    made = call.unit.surveys.enter(values.pop("form"), values.pop("answers"), **values)
    location = url_for("careplug_api.getSurveyResponse", id=made.id)
    return Reply(value=_response(call.unit, made), status=201, location=location)


def _response(unit: CareUnit, row: Response) -> SurveyResponse:
    made = shape(SurveyResponse, row)
    made.answers = plain(unit.surveys.answers_of(row))
    return made


# -- by the token of a link --


def _by_token(body: TokenIn | AnswerIn) -> None:
    """Let whoever holds a link in, for this request alone."""
    become(survey_guest(state(), body.token))


@operation("POST", "/surveys/open", tag=_TAG, body=TokenIn, answer=OpenedForm, enter=_by_token)
def open_survey(call: Call) -> Reply:
    """The form behind a link, to be filled in."""
    opened = call.unit.surveys.open(call.body.token)
    return Reply(
        value=OpenedForm(
            form=opened.form.name,
            digest=opened.digest,
            data=opened.form.to_data(),
            prefill=plain(opened.prefill),
            anonymous=opened.anonymous,
            language=opened.language,
            expires_at=opened.expires_at,
        )
    )


@operation("POST", "/surveys/answers", tag=_TAG, body=AnswerIn, answer=Taken, enter=_by_token)
def answer_survey(call: Call) -> Reply:
    """Take the answers of whoever holds a link, once."""
    values = given(call.body)
    form = call.unit.surveys.open(values["token"]).form
    made = call.unit.surveys.answer(values.pop("token"), values.pop("answers"), channel="api", **values)
    return Reply(value=Taken(form=form.name, digest=made.digest, thanks=form.thanks.get(call.language)))
