"""All cases: the feedback and handling record (S1) as a list, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask import Response, request, url_for

from careplug.criteria import All, Criteria, Is
from careplug.feedback.entities import KINDS
from careplug.feedback.reading import record_of
from careplug.feedback.transitions import CATEGORIES
from careplug_flask import work
from careplug_flask.rest.cursor import cursor, key_of
from careplug_flask.state import state
from careplug_flask.web.context import words
from careplug_flask.web.desk import insist, priority_of
from careplug_flask.web.forms import Form
from careplug_flask.web.people import staff
from careplug_flask.web.views import show

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback

__all__ = ["all_cases_view"]

SIZE = 25
FILTERS = ("number", "state", "category", "kind", "priority", "assignee")


def all_cases_view() -> Response:
    """The page."""
    insist("feedback.list")
    asked = Form(request.args.to_dict())
    with work.reading() as unit:
        said = words(state(), unit)
        found = unit.feedback.find(_criteria(asked), limit=SIZE + 1, after=key_of(asked.text("after"), (datetime, str)))
        people, _ = staff(unit, said, asked.ref("assignee"), *(case.assignee for case in found))
        return show(
            "desk/cases.html",
            unit,
            rows=[(case, record_of(case)) for case in found[:SIZE]],
            form=asked,
            person=said.person,
            people=people,
            states=[(name, said.name("state", name)) for name in unit.definitions.active("state")],
            categories=[(name, said.say(f"cases.category.{name}")) for name in CATEGORIES],
            kinds=[(kind, said.word("kind", kind)) for kind in KINDS],
            following=_following(asked, found),
            first=url_for("careplug.all_cases", **asked.filled(*FILTERS)) if asked["after"] else None,
            narrowed=bool(asked.filled(*FILTERS)),
        )


def _criteria(asked: Form) -> Criteria | None:
    parts: list[Criteria] = [
        Is(name, "eq", asked.text(name)) for name in ("state", "category", "kind") if asked.text(name)
    ]
    priority, assignee = priority_of(asked), asked.ref("assignee")
    if priority is not None:
        parts.append(Is("priority", "eq", priority))
    if assignee is not None:
        parts.append(Is("assignee", "eq", assignee))
    if asked.text("number"):
        parts.append(Is("number", "prefix", asked.text("number")))
    return All(*parts) if parts else None


def _following(asked: Form, found: list[Feedback]) -> str | None:
    if len(found) <= SIZE:
        return None
    last = found[SIZE - 1]
    return url_for("careplug.all_cases", **asked.filled(*FILTERS), after=cursor((last.received_at, last.id)))
