"""What customers answered, for the service side: the list, one response, a sheet of paper typed in."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError, Invalid
from careplug_flask import guard, work
from careplug_flask.errors import error, status_of
from careplug_flask.identity import visitor
from careplug_flask.rest.cursor import cursor, key_of
from careplug_flask.state import state
from careplug_flask.web.context import Words, words
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import Form as Typed
from careplug_flask.web.surveys.answers import headline, lines
from careplug_flask.web.surveys.fill import Filled, checked, filled, form_page, unseen
from careplug_flask.web.views import show

if TYPE_CHECKING:
    from careplug.survey.entities import Response as Answered
    from careplug.survey.forms import Form
    from careplug.unit import CareUnit

__all__ = ["listed", "one", "paper", "row_of"]

SIZE = 25
_FILTERS = ("form", "low")
_PAPER_CHANNELS = ("paper", "phone", "mail")


def listed() -> Response:
    """Responses, newest first."""
    insist("survey.responses")
    asked = Typed(request.args.to_dict())
    with work.reading() as unit:
        said = words(state(), unit)
        found = unit.surveys.responses(
            form=asked.text("form"),
            low=True if asked.text("low") else None,
            after=key_of(asked.text("after"), (datetime, str)),
            limit=SIZE + 1,
        )
        said.know(row.contact for row in found)
        following = None
        if len(found) > SIZE:
            after = cursor((found[SIZE - 1].answered_at, found[SIZE - 1].id))
            following = url_for("careplug.survey_responses", **asked.filled(*_FILTERS), after=after)
        first = url_for("careplug.survey_responses", **asked.filled(*_FILTERS)) if asked["after"] else None
        return show(
            "surveys/responses.html",
            unit,
            rows=[row_of(unit, said, row) for row in found[:SIZE]],
            forms=titles(unit, said),
            form=asked,
            narrowed=bool(asked.filled(*_FILTERS)),
            following=following,
            first=first,
            enterable=work.may(unit, "survey.enter"),
        )


def titles(unit: CareUnit, said: Words) -> list[tuple[str, str]]:
    """The forms by name, with their titles."""
    return [(line.name, said.text(line.form.title)) for line in unit.surveys.forms()]


def row_of(unit: CareUnit, said: Words, row: Answered) -> dict[str, Any]:
    """What a list shows of a response."""
    form = unit.surveys.form_of(row)
    return {
        "response": row,
        "title": said.text(form.title),
        "headline": headline(said, form, row.answers),
        "channel": said.say(f"surveys.channel.{row.channel}"),
    }


def one(ident: str) -> Response:
    """One response with everything it says."""
    insist("survey.responses")
    with work.reading() as unit:
        said = words(state(), unit)
        row = unit.surveys.response(ident)
        form = unit.surveys.form_of(row)
        cases = unit.feedback.by_ids([each for each in (row.feedback_id, row.follow_up) if each])
        return show(
            "surveys/response.html",
            unit,
            row=row,
            title=said.text(form.title),
            lines=lines(said, form, unit.surveys.answers_of(row)),
            channel=said.say(f"surveys.channel.{row.channel}"),
            case=cases.get(row.feedback_id),
            follow_up=cases.get(row.follow_up),
        )


# -- a sheet of paper --


def paper() -> AnyResponse:
    """Type in what somebody wrote on paper or said on the telephone: choose the form first, then fill it in."""
    insist("survey.enter")
    name = request.args.get("form", "")
    with work.reading() as unit:
        unit.allow("survey.enter")
        if not name:
            number = request.args.get("case", "")
            return show(
                "surveys/paper_choose.html",
                unit,
                forms=titles(unit, words(state(), unit)),
                number=number,
                entered=request.args.get("done") == "entered",
            )
        form = unit.surveys.form(name).form
        if request.method != "POST":
            return _sheet(unit, name, form, about=Typed({"number": request.args.get("case", ""), "channel": "paper"}))
        sent, about = filled(form), _about()
        found, more = _problems(form, sent), unseen(form, sent)
    ident = ""
    if not found and not more:
        try:
            ident = work.changing(lambda unit: _entered(unit, name, sent, about))
        except CareError as problem:
            found = [problem]
    if ident:
        return redirect(_on(ident, about.text("number")), code=303)
    with work.reading() as unit:
        made = _sheet(unit, name, form, about=about, sent=sent, found=found, more=len(more))
        made.status_code = status_of(found[0]) if found else 200
        return made


def _on(ident: str, number: str) -> str:
    """Where to go on: to the response for who may read it, else to the case, else to the next sheet."""
    with work.reading() as unit:
        if work.may(unit, "survey.responses"):
            return url_for("careplug.survey_response", ident=ident)
    if number:
        return url_for("careplug.case", number=number) + "#surveys"
    return url_for("careplug.survey_paper", done="entered")


def _about() -> Typed:
    """What stands above the questions: the case, the day, how it came in."""
    names = ("number", "day", "channel")
    return Typed({name: request.form.get(f"about.{name}", "") for name in names})


def _problems(form: Form, sent: Filled) -> list[CareError]:
    try:
        guard.check_csrf()
        guard.limit("act")
    except CareError as problem:
        return [problem]
    return checked(form, sent)


def _entered(unit: CareUnit, name: str, sent: Filled, about: Typed) -> str:
    """Store the response; about a case where a number is given."""
    number = about.text("number")
    channel = about.text("channel") or "paper"
    case = unit.feedback.by_number(number) if number else None
    made = unit.surveys.enter(
        name,
        sent.answers,
        feedback_id=case.id if case is not None else "",
        channel=channel if channel in _PAPER_CHANNELS else "paper",
        anonymous=sent.anonymous,
        at=_day(unit, about.text("day")),
    )
    return made.id


def _day(unit: CareUnit, text: str) -> datetime | None:
    """Noon of the day on the sheet on the reader's clock, or now where that is not over yet; None where no day is given."""
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise error(Invalid, "flask.moment", field="day", value=text[:40]) from None
    return min(datetime.combine(day, time(12), visitor().zone), unit.now())


def _sheet(unit: CareUnit, name: str, form: Form, *, about: Typed, **values: Any) -> Response:
    said = words(state(), unit)
    problem = next((each for each in values.get("found", ()) if not each.field.startswith("answers.")), None)
    return form_page(
        unit,
        form,
        action=url_for("careplug.survey_paper", form=name),
        template="surveys/paper.html",
        about=about,
        channels=[(code, said.say(f"surveys.channel.{code}")) for code in _PAPER_CHANNELS],
        problem=problem,
        **values,
    )
