"""``careplug survey results``, ``actions``, ``plan``, ``done``, ``drop``, ``measure``: what answers add up to, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from careplug.cli import paging
from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.problems import Usage
from careplug.cli.session import Session
from careplug.cli.values import PAIR, REF, TIME, Choice, Whole
from careplug.cli.wording import NOTHING, moment, ref
from careplug.refs import Ref
from careplug.survey import scoring
from careplug.survey.entities import GROUPS, IMPROVEMENT_STATES, Improvement
from careplug.survey.improvement import Effect
from careplug.survey.results import PERIODS, GroupResult, QuestionResult, Results
from careplug.survey.wording import choice_said

__all__ = ["actions", "done", "drop", "measure", "plan", "results"]

_SCORES = (
    Column("cli.column.question"),
    Column("cli.column.answers", right=True),
    Column("cli.column.score", right=True),
    Column("cli.column.interval", whole=True),
    Column("cli.column.spread"),
)
_ACTIONS = (
    Column("cli.column.id", whole=True),
    Column("cli.column.due_on", whole=True),
    Column("cli.column.state", whole=True),
    Column("cli.column.title"),
    Column("cli.column.owner"),
    Column("cli.column.form"),
)


@command("results", code="survey.results")
@argument("form")
@option("--by", kind=Choice((*GROUPS, *PERIODS)))
@option("--since", kind=TIME)
@option("--until", kind=TIME)
@option("--where", "filters", kind=PAIR, multiple=True)
@pass_session
def results(
    session: Session,
    /,
    form: str,
    by: str | None,
    since: str | None,
    until: str | None,
    filters: tuple[tuple[str, str], ...],
) -> None:
    """Print what the answers to a form add up to, with 95 % intervals."""
    start, end = (session.time(each, name) if each else None for each, name in ((since, "--since"), (until, "--until")))
    with session.read() as unit:
        found = unit.surveys.scores(form, by=by or "", since=start, until=end, filters=dict(filters))
    if session.as_json:
        for each in found.groups:
            emit({"form": found.name, "digest": found.digest, "by": found.by, **_group_data(each)})
        return
    for each in found.groups:
        _print_group(session, found, each)
    if not found.groups:
        line(session.say("cli.survey.silent"))
    if found.left_out:
        line(session.say("cli.survey.left_out", count=found.left_out))


def _group_data(group: GroupResult) -> dict[str, Any]:
    questions = [
        {
            "question": each.question.key,
            "answers": each.answers,
            "left_out": each.left_out,
            "counts": each.counts,
            "score": data_of(each.score),
        }
        for each in group.questions
    ]
    told = {name: data_of(getattr(group, name)) for name in ("key", "responses", "low", "rate", "blocks")}
    return {**told, "questions": questions}


def _print_group(session: Session, found: Results, group: GroupResult) -> None:
    if found.by:
        line(f"── {NOTHING if group.key is None else group.key}")
    rate = NOTHING if group.rate.value is None else _percent(group.rate.value)
    line(session.say("cli.survey.group", responses=group.responses, low=group.low, sent=group.rate.of, rate=rate))
    rows = [_score_row(session, each) for each in group.questions if each.answers]
    if rows:
        table(session, _SCORES, rows)
    for block in group.blocks:
        if block.alpha.value is not None:
            values = {"value": f"{block.alpha.value:.2f}", "rows": block.alpha.rows}
            line(session.say("cli.survey.alpha", block=block.block, **values))


def _score_row(session: Session, each: QuestionResult) -> list[str]:
    value, interval = _said(each.score)
    order = {code: number for number, code in enumerate(each.question.codes)}
    codes = sorted(each.counts, key=lambda code: order.get(str(code), code))
    spread = session.say("cli.comma").join(
        f"{choice_said(each.question, code, session.language)}: {each.counts[code]}" for code in codes
    )
    return [each.question.text.get(session.language), str(each.answers), value, interval, spread]


def _said(score: scoring.Score | None) -> tuple[str, str]:
    """A score and its interval: shares in per cent, the NPS in points, means as they are."""
    if score is None or (isinstance(score, scoring.Share | scoring.Nps | scoring.Mean) and score.value is None):
        return "", ""
    if isinstance(score, scoring.Share):
        return _percent(score.value or Decimal(0)), f"{_percent(score.low)} – {_percent(score.high)}"
    if isinstance(score, scoring.Nps):
        return f"{score.value:+.0f}", f"{score.low:+.0f} – {score.high:+.0f}"
    inner = score.mean if isinstance(score, scoring.Ces) else score
    value = "" if inner.value is None else f"{inner.value:.2f}"
    return value, "" if inner.low is None else f"{inner.low:.2f} – {inner.high:.2f}"


def _percent(value: Decimal) -> str:
    return f"{value * 100:.1f} %"


# -- what is done about it --


@command("actions", code="survey.actions")
@option("--state", kind=Choice(IMPROVEMENT_STATES))
@option("--owner", kind=REF)
@option("--limit", kind=Whole(1, 500), default=25)
@option("--after", default="")
@pass_session
def actions(session: Session, /, state: str | None, owner: Ref | None, limit: int, after: str) -> None:
    """Print a page of what is to be improved, by due date."""
    with session.read() as unit:
        found = unit.surveys.improvements(state=state or "", owner=owner, after=_page_key(after), limit=limit)
    if session.as_json:
        for each in found:
            emit({**data_of(each), "page": _token(each)})  # `after` are counts here
    elif found:
        table(session, _ACTIONS, [_action(session, each) for each in found])
        paging.more(session, len(found), limit, _token(found[-1]))
    else:
        line(session.say("cli.survey.no_actions"))


def _token(each: Improvement) -> str:
    return paging.token(each.due_on.isoformat() if each.due_on else None, each.id)


def _page_key(after: str) -> tuple[date | None, str] | None:
    """The page key of a token; what has no due date comes last."""
    key = paging.read(after, instant=False)
    if key is None:
        return None
    value, ident = key
    try:
        return (None if value == paging.NONE else date.fromisoformat(value)), ident
    except ValueError:
        raise Usage("cli.after", field="--after", value=after) from None


def _action(session: Session, each: Improvement) -> list[str]:
    state = session.catalogue.word("improvement", each.state, session.language)
    due = each.due_on.isoformat() if each.due_on else ""
    return [each.id, due, state, each.title, ref(each.owner), each.form]


@command("plan", code="survey.plan")
@argument("title")
@option("--form", required=True)
@option("--question", default="")
@option("--plan", "words", default="")
@option("--owner", kind=REF)
@option("--due", default="")
@option("--days", kind=Whole(1, 3660), default=90)
@option("--where", "filters", kind=PAIR, multiple=True)
@pass_session
def plan(
    session: Session,
    /,
    title: str,
    form: str,
    question: str,
    words: str,
    owner: Ref | None,
    due: str,
    days: int,
    filters: tuple[tuple[str, str], ...],
) -> None:
    """Plan an improvement: what, who, until when; the score as it is now is kept."""
    with session.unit() as unit:
        made = unit.surveys.plan_improvement(
            title,
            form=form,
            question=question,
            plan=words,
            owner=owner,
            due_on=_day(due) if due else None,
            days=days,
            filters=dict(filters),
        )
    _told(session, made, "cli.survey.planned")


@command("done", code="survey.done")
@argument("improvement")
@option("--result", required=True)
@pass_session
def done(session: Session, /, improvement: str, result: str) -> None:
    """Note that an improvement was carried out."""
    with session.unit() as unit:
        was = unit.surveys.improvement(improvement)
        made = unit.surveys.improvement_done(improvement, expected=was.version, result=result)
    _told(session, made, "cli.survey.done")


@command("drop", code="survey.drop")
@argument("improvement")
@option("--result", required=True)
@pass_session
def drop(session: Session, /, improvement: str, result: str) -> None:
    """Note that an improvement is not carried out, and why."""
    with session.unit() as unit:
        was = unit.surveys.improvement(improvement)
        made = unit.surveys.drop_improvement(improvement, expected=was.version, result=result)
    _told(session, made, "cli.survey.dropped")


@command("measure", code="survey.measure")
@argument("improvement")
@pass_session
def measure(session: Session, /, improvement: str) -> None:
    """Measure whether an improvement helped."""
    with session.unit() as unit:
        was = unit.surveys.improvement(improvement)
        made, effect = unit.surveys.measure_improvement(improvement, expected=was.version)
    if session.as_json:
        emit({**data_of(made), "effect": data_of(effect)})
        return
    for text in _effect(session, effect):
        line(text)


def _effect(session: Session, effect: Effect) -> Iterator[str]:
    for name, score in (("before", effect.before), ("after", effect.after)):
        value, interval = _said(score)
        yield session.say(f"cli.survey.{name}", value=value or NOTHING, interval=interval or NOTHING)
    yield session.say(f"cli.survey.verdict.{effect.verdict}")


def _told(session: Session, made: Improvement, code: str) -> None:
    if session.as_json:
        emit(made)
    else:
        line(session.say(code, id=made.id, at=moment(session, made.last_at)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Usage("cli.survey.day", field="--due", value=text) from None
