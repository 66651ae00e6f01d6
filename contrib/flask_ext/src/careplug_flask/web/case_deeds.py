"""What the forms on the page of a case do: each a POST below ``/cases/<number>``, in one transaction.

Whoever asks for such an address without a form (a reload after a failure) is shown the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError, Invalid
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback
from careplug_flask import guard, work
from careplug_flask.errors import error, status_of
from careplug_flask.identity import link_url, visitor
from careplug_flask.state import state
from careplug_flask.web.case_page import case_response
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import Form, typed
from careplug_flask.web.once import once
from careplug_flask.web.uploads import keep_files, sent_files
from careplug_flask.web.views import answer

if TYPE_CHECKING:
    from careplug.unit import CareUnit

__all__ = ["mount_deeds"]

View = Callable[..., AnyResponse]
Deed = Callable[..., Feedback]
_REFS = ("requester", "organisation", "contact", "product", "system", "site")
_TEXTS = ("subject", "body", "contact_name", "contact_phone", "contact_mail", "cause", "measure", "result", "kind")
_WORDS = ("reason", "measure", "result", "cause")


def mount_deeds(pages: Blueprint) -> None:
    """Put every form on its path."""
    for path, deed in _DEEDS.items():
        key = path.partition("/")[0]
        pages.add_url_rule(f"/cases/<number>/{path}", view_func=_view(key, deed), methods=["GET", "POST"])
    pages.add_url_rule("/cases/<number>/link", "case_link", _link, methods=["GET", "POST"])


def _view(key: str, deed: Deed) -> View:
    """The view of a form. It has a name: Flask and what hosts put beside it (Flask-WTF) know views by theirs."""

    def view(number: str, **told: str) -> AnyResponse:
        if request.method != "POST":
            return redirect(url_for("careplug.case", number=number))
        return _answer(key, deed, number, **told)

    view.__name__ = view.__qualname__ = f"case_{key}"
    return view


def _answer(key: str, deed: Deed, number: str, **told: str) -> AnyResponse:
    """Do it, and show the case; where it fails, show the form again with what was typed and why."""
    insist(f"feedback.{key}")
    form = typed()
    opened = f"step-{told['name']}" if key == "step" else key

    def run(unit: CareUnit) -> None:
        """The deed on the case of that number, once however often the form is sent."""
        case = unit.feedback.by_number(number)
        once(unit, form["key"], case.id, lambda: deed(unit, case, form, **told))

    def act() -> None:
        """The deed in its transaction, then the files that were sent with it."""
        guard.fits()
        work.changing(run)
        keep_files(number, tell=True)

    def again(unit: CareUnit, problem: CareError) -> Response:
        """The page with the form open."""
        return case_response(unit, number, problem=problem, form=form, opened=opened)

    return answer(act, done=lambda _: url_for("careplug.case", number=number), again=again, limit="act")


def _step(unit: CareUnit, case: Feedback, form: Form, name: str) -> Feedback:
    told: dict[str, Any] = form.filled(*_WORDS)
    told |= {key: ref for key in ("assignee", "team") if (ref := form.ref(key)) is not None}
    if form.text("into"):
        told["into"] = unit.feedback.by_number(form.text("into")).id
    expected = form.whole("version")
    moment = form.moment("expected_at")
    if moment is not None:
        # The expected time is a fact of its own, told first; the version is compared before it moves on.
        unit.feedback.timeline.hold(FEEDBACK, Feedback, case.id, expected=expected)
        expected = unit.feedback.expect(case.id, moment, reason=form.text("reason")).version
    return unit.feedback.step(case.id, name, expected=expected, **told)


def _say(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    kind, body = form.text("as"), form.text("body")
    if not body and sent_files():
        return case  # files alone
    if kind == "note":
        return unit.feedback.note(case.id, body)
    if kind in ("call_in", "call_out"):
        answered = not form.text("unanswered")
        return unit.feedback.call(case.id, kind.removeprefix("call_"), answered=answered, body=body)
    return unit.feedback.reply(case.id, body, channel="web")


def _pause(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.pause(
        case.id,
        form.text("reason"),
        party=form.text("party"),
        note=form.text("note"),
        until=form.moment("until"),
    )


def _resume(unit: CareUnit, case: Feedback, form: Form, reason: str) -> Feedback:
    return unit.feedback.resume(case.id, reason, note=form.text("note"))


def _assign(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.assign(case.id, assignee=form.ref("assignee"), team=form.ref("team"))


def _expect(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    moment = form.moment("expected_at")
    if moment is None:
        raise error(Invalid, "flask.empty", field="expected_at")
    return unit.feedback.expect(case.id, moment, reason=form.text("reason"))


def _prioritise(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.prioritise(
        case.id,
        expected=form.whole("version"),
        impact=form.whole("impact"),
        urgency=form.whole("urgency"),
        reason=form.text("reason"),
        mode=form.text("mode"),
    )


def _edit(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    values: dict[str, Any] = {name: form.text(name) for name in _TEXTS if name in form.values}
    values |= {name: form.ref(name) for name in _REFS if name in form.values}
    return unit.feedback.edit(case.id, expected=form.whole("version"), **values)


def _appoint(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    start = form.moment("start")
    if start is None:
        raise error(Invalid, "flask.empty", field="start")
    return unit.feedback.appoint(
        case.id, start, until=form.moment("until"), mode=form.text("mode"), body=form.text("body")
    )


def _record(unit: CareUnit, case: Feedback, form: Form, kind: str) -> Feedback:
    return unit.feedback.record(case.id, kind, form.filled("body"))


def _override(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    reason = form.text("reason")
    return unit.feedback.override(case.id, form.text("state"), reason=reason, expected=form.whole("version"))


def _void(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.void(case.id, form.whole("sequence"), reason=form.text("reason"))


_DEEDS: Mapping[str, Deed] = {
    "step/<name>": _step,
    "say": _say,
    "pause": _pause,
    "resume/<reason>": _resume,
    "assign": _assign,
    "expect": _expect,
    "prioritise": _prioritise,
    "edit": _edit,
    "appoint": _appoint,
    "record/<kind>": _record,
    "override": _override,
    "void": _void,
}


def _link(number: str) -> AnyResponse:
    """Make a link for the customer and show it, once: it is kept nowhere."""
    if request.method != "POST":
        return redirect(url_for("careplug.case", number=number))
    insist("feedback.reply")
    visitor().must()
    with work.reading() as unit:
        try:
            guard.check_csrf()
            guard.limit("act")
            case = unit.feedback.by_number(number)
            unit.allow("feedback.reply", case)
            made = link_url(state(), case)
        except CareError as problem:
            response = case_response(unit, number, problem=problem, opened="link")
            response.status_code = status_of(problem)
            return response
        return case_response(unit, number, link=made)
