"""``careplug survey``: forms, who was asked, answers that come in, what they add up to."""

from __future__ import annotations

from careplug.cli import paging
from careplug.cli.base import argument, command, group, option, pass_session
from careplug.cli.documents import load
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.survey_results import actions, done, drop, measure, plan, results
from careplug.cli.values import DOCUMENT, REF, TIME, Choice, Whole
from careplug.cli.wording import Names, moment, ref
from careplug.refs import Ref
from careplug.survey.entities import CHANNELS, STATES, Invitation, Response
from careplug.survey.tokens import tenant_of
from careplug.survey.wording import answer_said
from careplug.unit import CareUnit

__all__ = ["survey"]

_FORMS = (
    Column("cli.column.name", whole=True),
    Column("cli.column.label"),
    Column("cli.column.questions", right=True),
    Column("cli.column.revision", right=True),
    Column("cli.column.digest", whole=True),
)
_INVITATIONS = (
    Column("cli.column.id", whole=True),
    Column("cli.column.created", whole=True),
    Column("cli.column.state", whole=True),
    Column("cli.column.number", whole=True),
    Column("cli.column.form"),
    Column("cli.column.contact"),
    Column("cli.column.reason"),
    Column("cli.column.until", whole=True),
)
_RESPONSES = (
    Column("cli.column.answered", whole=True),
    Column("cli.column.number", whole=True),
    Column("cli.column.form"),
    Column("cli.column.contact"),
    Column("cli.column.answers"),
)


@group("survey")
def survey() -> None:
    """The parts of it are the commands."""


@command("forms", code="survey.forms")
@pass_session
def forms(session: Session, /) -> None:
    """Print the forms that can be asked."""
    with session.read() as unit:
        found = unit.surveys.forms()
    if session.as_json:
        for each in found:
            data = {name: getattr(each, name) for name in ("name", "label", "digest", "revision")}
            emit({**data, "form": each.form.to_data()})
        return
    rows = [
        (
            each.name,
            each.label.get(session.language),
            str(len(each.form.questions)),
            str(each.revision),
            each.digest[:12],
        )
        for each in found
    ]
    table(session, _FORMS, rows)


@command("invite", code="survey.invite")
@argument("number", required=False, default="")
@option("--contact", kind=REF)
@option("--form", default="")
@option("--trigger", default="asked")
@option("--anyway", is_flag=True)
@pass_session
def invite(session: Session, /, number: str, contact: Ref | None, form: str, trigger: str, anyway: bool) -> None:
    """Ask about a case, or a contact about none, and print the link."""
    with session.unit() as unit:
        ident = session.case(unit, number).id if number else ""
        made = unit.surveys.invite(ident, contact=contact, form=form, trigger=trigger, anyway=anyway)
        unit.flush()
        link = unit.surveys.link(made.id)
    if session.as_json:
        emit({**data_of(made), "link": link})
        return
    line(session.say("cli.survey.invited", id=made.id, contact=ref(made.contact), link=link))


@command("withdraw", code="survey.withdraw")
@argument("invitation")
@pass_session
def withdraw(session: Session, /, invitation: str) -> None:
    """Take an invitation back."""
    with session.unit() as unit:
        made = unit.surveys.withdraw(invitation)
    if session.as_json:
        emit(made)
    else:
        line(session.say("cli.survey.withdrawn", id=made.id))


@command("answer", code="survey.answer")
@argument("token")
@argument("document", kind=DOCUMENT)
@option("--anonymous", is_flag=True)
@pass_session
def answer(session: Session, /, token: str, document: str, anonymous: bool) -> None:
    """Take in the answers of whoever holds a link."""
    answers = load(document, "document")
    said = token.strip().rstrip("/").rpartition("/")[2]
    with session.care.unit(actor=session.actor, tenant=tenant_of(said)) as unit:
        made = unit.surveys.answer(said, answers, anonymous=anonymous, language=session.language, channel="api")
    _taken(session, made)


@command("paper", code="survey.paper")
@argument("form")
@argument("document", kind=DOCUMENT)
@option("--case", "number", default="")
@option("--contact", kind=REF)
@option("--channel", kind=Choice(CHANNELS), default="paper")
@option("--at", kind=TIME)
@option("--anonymous", is_flag=True)
@pass_session
def paper(
    session: Session,
    /,
    form: str,
    document: str,
    number: str,
    contact: Ref | None,
    channel: str,
    at: str | None,
    anonymous: bool,
) -> None:
    """Type in a form that was filled in on paper, or on the telephone."""
    answers = load(document, "document")
    when = session.time(at, "--at") if at else None
    with session.unit() as unit:
        ident = session.case(unit, number).id if number else ""
        made = unit.surveys.enter(
            form, answers, feedback_id=ident, contact=contact, channel=channel, at=when, anonymous=anonymous
        )
    _taken(session, made)


def _taken(session: Session, made: Response) -> None:
    if session.as_json:
        emit(made)
        return
    line(session.say("cli.survey.low" if made.low else "cli.survey.taken", id=made.id))


@command("invitations", code="survey.invitations")
@option("--case", "number", default="")
@option("--form", default="")
@option("--state", kind=Choice(STATES))
@option("--limit", kind=Whole(1, 500), default=25)
@option("--after", default="")
@pass_session
def invitations(session: Session, /, number: str, form: str, state: str | None, limit: int, after: str) -> None:
    """Print a page of invitations, newest first."""
    key = paging.read(after)
    with session.read() as unit:
        ident = session.case(unit, number).id if number else ""
        found = unit.surveys.invitations(feedback_id=ident, form=form, state=state or "", after=key, limit=limit)
        names, waiting = Names(session, unit.definitions), unit.surveys.waiting()
        ready = unit.surveys.settings.ready
    if session.as_json:
        for each in found:
            emit({**data_of(each), "after": paging.token(each.created_at, each.id)})
        return
    if found:
        table(session, _INVITATIONS, [_invited(session, names, each) for each in found])
        paging.more(session, len(found), limit, paging.token(found[-1].created_at, found[-1].id))
    else:
        line(session.say("cli.survey.nobody"))
    if waiting and not ready:
        line(session.say("cli.survey.waiting", count=waiting))


def _invited(session: Session, names: Names, each: Invitation) -> list[str]:
    return [
        each.id,
        moment(session, each.created_at),
        names.word("invitation", each.state),
        each.number,
        each.form,
        ref(each.contact),
        names.word("invitation_reason", each.reason) if each.reason else "",
        moment(session, each.expires_at),
    ]


@command("responses", code="survey.responses")
@option("--form", default="")
@option("--case", "number", default="")
@option("--low", is_flag=True)
@option("--since", kind=TIME)
@option("--until", kind=TIME)
@option("--limit", kind=Whole(1, 500), default=25)
@option("--after", default="")
@pass_session
def responses(
    session: Session,
    /,
    form: str,
    number: str,
    low: bool,
    since: str | None,
    until: str | None,
    limit: int,
    after: str,
) -> None:
    """Print a page of responses, newest first, with what was answered."""
    start, end = (session.time(each, name) if each else None for each, name in ((since, "--since"), (until, "--until")))
    with session.read() as unit:
        ident = session.case(unit, number).id if number else ""
        found = unit.surveys.responses(
            form=form,
            feedback_id=ident,
            low=True if low else None,
            since=start,
            until=end,
            after=paging.read(after),
            limit=limit,
        )
        rows = [] if session.as_json else [_answered(session, unit, each) for each in found]
    if session.as_json:
        for each in found:
            emit({**data_of(each), "after": paging.token(each.answered_at, each.id)})
        return
    if found:
        table(session, _RESPONSES, rows)
        paging.more(session, len(found), limit, paging.token(found[-1].answered_at, found[-1].id))
    else:
        line(session.say("cli.survey.silent"))


def _answered(session: Session, unit: CareUnit, each: Response) -> list[str]:
    form, answers = unit.surveys.form_of(each), unit.surveys.answers_of(each)
    said = [
        f"{question.text.get(session.language)} {answer_said(question, answers[question.key], session.language)}"
        for question in form.questions
        if question.key in answers
    ]
    when = each.month if each.anonymous else moment(session, each.answered_at)
    return [when, each.number, each.form, ref(each.contact), "\n".join(said)]


for _each in (
    forms,
    invite,
    withdraw,
    answer,
    paper,
    invitations,
    responses,
    results,
    actions,
    plan,
    done,
    drop,
    measure,
):
    survey.add_command(_each)
