"""The form behind the link of an invitation: no login, no navigation, nothing but this form (S13, S17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError, Conflict, Invalid, NotFound, Refused
from careplug.survey.checking import from_form_fields, problems, visible
from careplug_flask import guard, work
from careplug_flask.errors import HostError, Unauthorised, status_of
from careplug_flask.identity import LANGUAGE_COOKIE, become, reading_language, survey_guest, visitor
from careplug_flask.state import state
from careplug_flask.web.context import words
from careplug_flask.web.surveys.questions import ANONYMOUS, PREFIX, SHOWN, Typed, sections, typed_of, wrong_of
from careplug_flask.web.views import show

if TYPE_CHECKING:
    from careplug.survey.forms import Form
    from careplug.unit import CareUnit

__all__ = ["Filled", "filled", "form_page", "page"]

_GONE = {"survey.token_expired": "expired", "survey.token_withdrawn": "withdrawn", "survey.answered": "answered"}
_CLOSED_STATUS = {"wrong": 404}


@attrs.frozen
class Filled:
    """What a sent form holds: the answers, whether its sender stays anonymous, what was typed, what the page showed."""

    answers: Mapping[str, object]
    anonymous: bool
    typed: Typed
    shown: frozenset[str]


def filled(form: Form) -> Filled:
    """The form of this request, read by the questions of a survey.

    Who stays anonymous leaves what is personal behind: without scripts it is still in the fields.
    """
    anonymous = form.anonymous == "choice" and request.form.get(ANONYMOUS) == "1"

    def typed(name: str) -> list[str]:
        """The values of a field."""
        return request.form.getlist(f"{PREFIX}{name}")

    return Filled(
        from_form_fields(form, typed, anonymous=anonymous), anonymous, typed, frozenset(request.form.getlist(SHOWN))
    )


def unseen(form: Form, sent: Filled) -> frozenset[str]:
    """The dependent questions that belong to these answers and were not on the page: without scripts they come now."""
    asked = visible(form, sent.answers, anonymous=sent.anonymous)
    return frozenset(question.key for question in asked if question.when is not None and question.key not in sent.shown)


def page(token: str) -> AnyResponse:
    """The form of a link: shown, or taken in."""
    guard.limit("link")
    try:
        become(survey_guest(state(), token))
        response: AnyResponse = _taken(token) if request.method == "POST" else _shown(token)
    except CareError as problem:
        response = _closed(problem)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _speak(language: str) -> None:
    """Where neither address, cookie nor browser says a language: that of whoever was invited."""
    if request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE) or "Accept-Language" in request.headers:
        return
    become(attrs.evolve(visitor(), language=language))


def _shown(token: str) -> AnyResponse:
    with work.reading() as unit:
        opened = unit.surveys.open(token)
        _speak(opened.language)
        return form_page(unit, opened.form, action=_here(token), answers=opened.prefill, about=_about(unit, opened))


def _here(token: str) -> str:
    return url_for("careplug.survey", token=token)


def _about(unit: CareUnit, opened: Any) -> str:
    """Which case a form is about, in words; nothing of it where the form is always anonymous."""
    invitation = opened.invitation
    if not invitation.number or opened.anonymous == "always":
        return ""
    return words(state(), unit).say("surveys.about", number=invitation.number)


def _taken(token: str) -> AnyResponse:
    """Take the answers in; else the form again, with everything that was typed and what is wrong with it."""
    with work.reading() as unit:
        opened = unit.surveys.open(token)
        _speak(opened.language)
        sent = filled(opened.form)
        again = _again(unit, opened, sent, token)
    if again is not None:
        return again

    def deed(unit: CareUnit) -> Any:
        """Store the response."""
        return unit.surveys.answer(token, sent.answers, anonymous=sent.anonymous, language=reading_language())

    work.changing(deed)
    with work.reading() as unit:
        said = words(state(), unit)
        return show("surveys/thanks.html", unit, thanks=said.text(opened.form.thanks))


def _again(unit: CareUnit, opened: Any, sent: Filled, token: str) -> Response | None:
    """The page once more where something is wrong or missing, None where all is well."""
    found = _wrong_token() or checked(opened.form, sent)
    more = unseen(opened.form, sent)
    if not found and not more:
        return None
    problem = found[0] if found and not found[0].field.startswith((PREFIX, ANONYMOUS)) else None
    response = form_page(
        unit,
        opened.form,
        action=_here(token),
        sent=sent,
        found=found,
        problem=problem,
        more=len(more),
        about=_about(unit, opened),
    )
    response.status_code = status_of(found[0]) if found else 200
    return response


def _wrong_token() -> list[CareError]:
    """What is wrong with the form itself: sent from elsewhere, or after its session was over."""
    try:
        guard.check_csrf()
    except HostError:
        raise
    except CareError as problem:
        return [problem]
    return []


def checked(form: Form, sent: Filled) -> list[CareError]:
    """What is wrong with the answers; a question that the page had not shown is not missing yet."""
    later = {f"{PREFIX}{key}" for key in unseen(form, sent)}
    return [found for found in problems(form, sent.answers, anonymous=sent.anonymous) if found.field not in later]


def form_page(
    unit: CareUnit,
    form: Form,
    *,
    action: str,
    template: str = "surveys/fill.html",
    answers: Mapping[str, object] | None = None,
    sent: Filled | None = None,
    found: Sequence[CareError] = (),
    **values: Any,
) -> Response:
    """A form to be filled in: with what is known already, or with what was sent and what is wrong with it."""
    said = words(state(), unit)
    wrong = wrong_of(said, found)
    typed, known = (sent.typed, sent.answers) if sent is not None else (typed_of(answers or {}), answers or {})
    anonymous = sent is not None and sent.anonymous
    shown = sections(said, form, typed, known, wrong=wrong, anonymous=anonymous)
    return show(
        template,
        unit,
        **{"problem": None, "more": 0, "about": "", "preview": False, "good": False, "back": "", **values},
        action=action,
        title=said.text(form.title),
        intro=said.text(form.intro),
        anonymous=form.anonymous,
        stays_anonymous=anonymous,
        sections=shown,
        wrong=[asked for section in shown for asked in section.asked if asked.wrong],
    )


def _closed(problem: CareError) -> AnyResponse:
    """Why a link opens nothing: its time is over, it was used, it was taken back, or nobody here made it."""
    if isinstance(problem, Unauthorised | HostError) or not isinstance(
        problem, Refused | Conflict | NotFound | Invalid
    ):
        raise problem
    why = _GONE.get(problem.code, "wrong" if problem.code.startswith(("survey.token", "invitation.")) else "")
    if not why:
        raise problem
    response = show("surveys/closed.html", None, why=why)
    response.status_code = _CLOSED_STATUS.get(why, 410)
    return response
