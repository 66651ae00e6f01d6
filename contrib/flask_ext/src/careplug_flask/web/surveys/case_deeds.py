"""What the forms of surveys on the page of a case do: ask the contact now, take an invitation back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug_flask import work
from careplug_flask.web.case_page import case_response
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import typed
from careplug_flask.web.once import once
from careplug_flask.web.views import answer

if TYPE_CHECKING:
    from careplug.unit import CareUnit

__all__ = ["invite", "withdraw"]


def invite(number: str) -> AnyResponse:
    """Ask the contact of a case now."""
    if request.method != "POST":
        return redirect(url_for("careplug.case", number=number))
    insist("survey.invite")
    form = typed()

    def deed(unit: CareUnit) -> None:
        """The invitation, once however often the form is sent."""
        case = unit.feedback.by_number(number)
        anyway = bool(form["anyway"])
        once(unit, form["key"], case.id, lambda: unit.surveys.invite(case.id, form=form.text("form"), anyway=anyway))

    return answer(
        lambda: work.changing(deed),
        done=lambda _: _back(number),
        again=lambda unit, problem: case_response(unit, number, problem=problem, form=form, opened="survey"),
        limit="act",
    )


def withdraw(number: str, ident: str) -> AnyResponse:
    """Take an invitation of a case back."""
    if request.method != "POST":
        return redirect(url_for("careplug.case", number=number))
    insist("survey.withdraw")

    def deed(unit: CareUnit) -> None:
        """Withdraw it."""
        unit.feedback.by_number(number)
        unit.surveys.withdraw(ident)

    return answer(
        lambda: work.changing(deed),
        done=lambda _: _back(number),
        again=lambda unit, problem: case_response(unit, number, problem=problem),
        limit="act",
    )


def _back(number: str) -> str:
    return f"{url_for('careplug.case', number=number)}#surveys"
