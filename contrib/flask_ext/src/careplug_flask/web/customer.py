"""The customer's pages: the own cases, one case and what can be done with it, a new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.criteria import Any as AnyOf
from careplug.criteria import Is
from careplug.errors import CareError, Invalid, NotFound
from careplug_flask import guard, work
from careplug_flask.errors import error
from careplug_flask.identity import visitor
from careplug_flask.rest.cursor import cursor, key_of
from careplug_flask.rest.files import download
from careplug_flask.state import state
from careplug_flask.web import link, submit
from careplug_flask.web.case import Place, case_file, customer_case, tone_of
from careplug_flask.web.context import words
from careplug_flask.web.forms import Form, typed
from careplug_flask.web.once import once
from careplug_flask.web.promised import next_said
from careplug_flask.web.uploads import keep_files, sent_files
from careplug_flask.web.views import answer, show

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.unit import CareUnit
    from careplug_flask.state import State

__all__ = ["ACTIONS", "act", "mount"]

ACTIONS = "any(reply,accept,refuse,withdraw,attach)"
"""What the forms of a case's page do, as a converter of its address."""

_PAGE = 20
_SHOWN = ("open", "all")

Deed = Callable[["CareUnit", "Feedback", Form], "Feedback"]


def mount(pages: Blueprint, found: State) -> None:
    """Put the pages on their paths."""
    pages.add_url_rule("/my", "my_cases", _my_cases)
    pages.add_url_rule("/submit", "submit", submit.page, methods=["GET", "POST"])
    pages.add_url_rule("/cases/<number>", "case", _case)
    pages.add_url_rule(f"/cases/<number>/<{ACTIONS}:action>", "case_act", _act, methods=["GET", "POST"])
    pages.add_url_rule("/cases/<number>/files/<ident>", "case_file", _file)
    pages.add_url_rule("/link/<token>", "link", link.page)
    pages.add_url_rule(f"/link/<token>/<{ACTIONS}:action>", "link_act", link.act, methods=["GET", "POST"])
    pages.add_url_rule("/link/<token>/files/<ident>", "link_file", link.file)


def _my_cases() -> Response:
    """A page of the visitor's cases, the newest first."""
    shown = request.args.get("show", _SHOWN[0])
    if shown not in _SHOWN:
        raise error(NotFound, "flask.page", field="query.show", value=shown[:40])
    after = key_of(request.args.get("after"), (datetime, str))
    # what is solved waits for the customer's word, so it is not over yet
    unsettled = AnyOf(Is("category", "eq", "open"), Is("state", "eq", "resolved"))
    with work.reading() as unit:
        rows = unit.feedback.find(unsettled if shown == "open" else None, limit=_PAGE + 1, after=after)
        cases, said = rows[:_PAGE], words(state(), unit)
        promises, now = unit.sla.promises(*cases), unit.now()
        never = not rows and after is None and not (shown == "open" and unit.feedback.find(limit=1))
        older = cursor((cases[-1].received_at, cases[-1].id)) if len(rows) > _PAGE else ""
        return show(
            "customer_cases.html",
            unit,
            rows=[(case, tone_of(case), next_said(said, case, promises[case.id], now)) for case in cases],
            shown=shown,
            never=never,
            first=after is None,
            older=url_for("careplug.my_cases", show=shown, after=older) if older else "",
        )


def _case(number: str) -> AnyResponse:
    if visitor().must().side != "customer":
        from careplug_flask.web.engineer import case_page

        return case_page(number)
    with work.reading() as unit:
        return customer_case(unit, Place(number))


def _file(number: str, ident: str) -> Response:
    with work.reading() as unit:
        row = case_file(unit, number, ident)
    return download(row)


def _act(number: str, action: str) -> AnyResponse:
    return act(Place(number), action)


# -- what the forms do --


def act(place: Place, action: str) -> AnyResponse:
    """Do what a form of a case's page says, then show the page again.

    Whoever reloads the page of a form that failed asks for this address without a form, and is shown the case.
    """
    visitor().must()
    if request.method != "POST":
        return redirect(place.url)
    form = typed()

    def again(unit: Any, problem: CareError) -> Response:
        """The page once more, with what was typed."""
        if isinstance(problem, NotFound):
            raise problem
        return customer_case(unit, place, form=form, problem=problem, failed=action)

    def done(trouble: str) -> str:
        """Back to the page, which says what was done."""
        return f"{place.url}?done={trouble or action}{'#story-end' if action in ('reply', 'attach') else ''}"

    if action == "attach":
        return answer(lambda: _attach(place), done=done, again=again, limit="act")
    deed = _DEEDS[action]
    return answer(lambda: _do(place, form, deed), done=done, again=again, limit="act")


def _do(place: Place, form: Form, deed: Deed) -> str:
    """One deed, once for the key of its form, then its files; the code of what went wrong with these."""
    guard.fits()

    def doing(unit: CareUnit) -> bool:
        """The deed in its transaction: whether it was done now."""
        case = unit.feedback.by_number(place.number)
        return once(unit, form["key"], case.id, lambda: deed(unit, case, form)) is not None

    return keep_files(place.number) if work.changing(doing) else ""


def _attach(place: Place) -> str:
    guard.fits()
    if not sent_files():
        raise error(Invalid, "flask.file", field="file")
    return keep_files(place.number, tell=True)


def _reply(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.reply(case.id, form.text("body"), channel="web")


def _accept(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.step(case.id, "close")


def _refuse(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.step(case.id, "reopen", reason=form.text("reason"))


def _withdraw(unit: CareUnit, case: Feedback, form: Form) -> Feedback:
    return unit.feedback.step(case.id, "withdraw", **form.filled("reason"))


_DEEDS: dict[str, Deed] = {"reply": _reply, "accept": _accept, "refuse": _refuse, "withdraw": _withdraw}
