"""Improvement actions: what is to become better, who does it, until when, and whether it helped (S14, chapter 8)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError, Invalid
from careplug.refs import new_id
from careplug.survey import scoring
from careplug.survey.entities import IMPROVEMENT_STATES, Improvement
from careplug_flask import work
from careplug_flask.errors import error
from careplug_flask.rest.cursor import cursor, key_of
from careplug_flask.state import state
from careplug_flask.web.context import Words, words
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import Form as Typed
from careplug_flask.web.forms import posted
from careplug_flask.web.once import once
from careplug_flask.web.people import staff
from careplug_flask.web.surveys import figures
from careplug_flask.web.views import attempt, show

if TYPE_CHECKING:
    from careplug.survey.questions import Question
    from careplug.unit import CareUnit

__all__ = ["ACTIONS", "act", "listed", "new", "one"]

ACTIONS = "any(change,done,drop,measure)"
"""What the forms of an improvement's page do, as a converter of its address."""

SIZE = 25
_RIGHT = "survey.improvements"
_DAYS = 90


def listed() -> Response:
    """All improvements, the one due first on top."""
    insist(_RIGHT)
    asked = Typed(request.args.to_dict())
    with work.reading() as unit:
        said = words(state(), unit)
        after = key_of(asked.text("after"), (date, str))
        found = unit.surveys.improvements(state=asked.text("state"), after=after, limit=SIZE + 1)
        said.know(row.owner for row in found)
        following = None
        if len(found) > SIZE:
            last = found[SIZE - 1]
            following = url_for("careplug.improvements", **asked.filled("state"), after=cursor((last.due_on, last.id)))
        return show(
            "surveys/improvements.html",
            unit,
            rows=found[:SIZE],
            today=unit.now().astimezone(said.zone).date(),
            form=asked,
            states=[(each, said.say(f"surveys.improvement.{each}")) for each in IMPROVEMENT_STATES],
            following=following,
            first=url_for("careplug.improvements", **asked.filled("state")) if asked["after"] else None,
            addable=work.may(unit, "survey.improve"),
        )


def new() -> AnyResponse:
    """Plan one."""
    insist("survey.improve")
    if request.method != "POST":
        with work.reading() as unit:
            unit.allow("survey.improve")
            begin = Typed({"form": request.args.get("form", ""), "days": str(_DAYS)})
            return _form(unit, begin)
    form = posted()

    def deed(unit: CareUnit) -> str:
        """Plan it, once however often the form is sent."""
        made = once(unit, form["key"], "improvement", lambda: _plan(unit, form))
        return made.id if made is not None else ""

    def done(ident: str) -> str:
        """To the improvement."""
        return url_for("careplug.improvement", ident=ident) if ident else url_for("careplug.improvements")

    return attempt(deed, done=done, again=lambda unit, problem: _form(unit, form, problem), limit="act")


def _plan(unit: CareUnit, form: Typed) -> Improvement:
    name, _, question = form.text("form").partition("/")
    return unit.surveys.plan_improvement(
        form.text("title"),
        form=name,
        question=question,
        plan=form.text("plan"),
        owner=form.ref("owner"),
        due_on=_day(form, "due_on"),
        days=form.whole("days"),
    )


def _day(form: Typed, name: str) -> date | None:
    text = form.text(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise error(Invalid, "flask.moment", field=name, value=text[:40]) from None


def _form(unit: CareUnit, form: Typed, problem: CareError | None = None) -> Response:
    said = words(state(), unit)
    people, _ = staff(unit, said)
    return show(
        "surveys/improvement_new.html",
        unit,
        form=form,
        people=people,
        aims=_aims(unit, said),
        page_key=new_id(),
        problem=problem,
    )


def _aims(unit: CareUnit, said: Words) -> list[tuple[str, str]]:
    """What can be measured: each form's leading score, and its single questions."""
    found = []
    for line in unit.surveys.forms():
        title = said.text(line.form.title)
        able = [each for each in line.form.questions if each.measure or each.scaled]
        if able:
            found.append((line.name, title))
        if len(able) > 1:
            found += [(f"{line.name}/{each.key}", f"{title} · {said.text(each.text)}") for each in able]
    return found


def one(ident: str) -> Response:
    """An improvement with its effect."""
    insist(_RIGHT)
    with work.reading() as unit:
        return _page(unit, ident)


def act(ident: str, action: str) -> AnyResponse:
    """Change it, say that it is done or dropped, measure it."""
    if request.method != "POST":
        return redirect(url_for("careplug.improvement", ident=ident))
    insist("survey.improve")
    form = posted()

    def deed(unit: CareUnit) -> None:
        """The deed on the version that was shown."""
        service, expected = unit.surveys, form.whole("version")
        if action == "change":
            service.change_improvement(
                ident,
                expected=expected,
                title=form.text("title"),
                plan=form.text("plan"),
                owner=form.ref("owner"),
                due_on=_day(form, "due_on"),
            )
        elif action == "done":
            service.improvement_done(ident, expected=expected, result=form.text("result"))
        elif action == "drop":
            service.drop_improvement(ident, expected=expected, result=form.text("result"))
        else:
            service.measure_improvement(ident, expected=expected)

    def again(unit: CareUnit, problem: CareError) -> Response:
        """The page with the form open."""
        return _page(unit, ident, form=form, problem=problem, opened=action)

    return attempt(deed, done=lambda _: url_for("careplug.improvement", ident=ident), again=again, limit="act")


def _page(
    unit: CareUnit, ident: str, *, form: Typed | None = None, problem: CareError | None = None, opened: str = ""
) -> Response:
    said = words(state(), unit)
    row = unit.surveys.improvement(ident)
    line = unit.surveys.form(row.form)
    question = line.form.question(row.question)
    people, _ = staff(unit, said, row.owner)
    had = {"title": row.title, "plan": row.plan, "owner": str(row.owner or ""), "due_on": str(row.due_on or "")}
    return show(
        "surveys/improvement.html",
        unit,
        row=row,
        state_said=said.say(f"surveys.improvement.{row.state}"),
        form_title=said.text(line.form.title),
        asked_as=said.text(question.text) if question is not None else row.question,
        effect=_effect(unit, said, row, question) if question is not None else None,
        filters=[
            (name, said.person(value) if name != "kind" else said.word("kind", value))
            for name, value in row.filters.items()
        ],
        able=work.may(unit, "survey.improve"),
        people=people,
        form=form if form is not None else Typed(),
        blank=Typed(had),
        page_key=new_id(),
        problem=problem,
        opened=opened,
    )


def _effect(unit: CareUnit, said: Words, row: Improvement, question: Question) -> dict[str, Any]:
    """The figures before and after, side by side, and what the difference says."""
    found = unit.surveys.effect(row)
    return {
        "verdict": found.verdict,
        "words": said.say(f"surveys.verdict.{found.verdict}"),
        "sides": [
            (said.say(f"surveys.{side}"), figures.figure_of_score(said, question, score))
            for side, score in (("before", found.before), ("after", found.after))
            if score is not None and _answers(score)
        ],
    }


def _answers(score: scoring.Score) -> int:
    return score.mean.of if isinstance(score, scoring.Ces) else score.of
