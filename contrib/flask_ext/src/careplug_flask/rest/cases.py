"""Cases: taken in, found, read, edited."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs
from flask import url_for

from careplug.clock import aware
from careplug.criteria import All, Criteria, Is
from careplug_flask import guard
from careplug_flask.identity import visitor
from careplug_flask.rest.common import case_of, ident_of, once, paged, ref, shower, told
from careplug_flask.rest.cursor import key_of
from careplug_flask.rest.shapes import given, shaper
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.cases import (
    Case,
    CaseEdit,
    CaseFilter,
    CaseIn,
    CasePage,
    CaseQuery,
    Fact,
    Facts,
    PriorityIn,
    Transition,
    Transitions,
)

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.unit import CareUnit

__all__ = ["brake", "criteria_of", "submitted"]

REFS = ("requester", "organisation", "contact", "product", "system", "site")
_SAME = ("state", "category", "kind", "priority", "number")
_PEOPLE = ("requester", "organisation", "contact", "assignee", "team")


@operation("POST", "/feedback", tag="feedback", body=CaseIn, answer=Case, status=201, keyed=True)
def submit_feedback(call: Call) -> Reply:
    """Take a feedback in."""
    brake()
    made = once(call, lambda: submitted(call.unit, call.body), 201)
    return attrs.evolve(made, location=url_for("careplug_api.getFeedback", id=made.value.id))


def brake() -> None:
    """Count a submit of a customer; ``TooMany`` where they come too fast. Programs of the service side send alarms by hundreds."""
    if visitor().must().side == "customer":
        guard.limit("submit")


def submitted(unit: CareUnit, body: CaseIn) -> Feedback:
    """The case of a body that was sent."""
    values = given(body)
    values |= {name: ref(values[name], f"body.{name}") for name in REFS}
    return unit.feedback.submit(values.pop("kind"), values.pop("subject"), **values)


@operation("GET", "/feedback", tag="feedback", query=CaseQuery, answer=CasePage)
def list_feedback(call: Call) -> Reply:
    """A page of cases, newest first."""
    asked: CaseQuery = call.query
    after = key_of(given(asked).get("after"), (datetime, str))
    rows = call.unit.feedback.find(criteria_of(asked), limit=asked.limit + 1, after=after)
    items = list(map(shower(call.unit), rows[: asked.limit]))
    return paged(CasePage, items, rows, asked.limit, lambda row: (row.received_at, row.id))


def criteria_of(asked: CaseFilter) -> Criteria | None:
    """The condition of a query, None for no condition."""
    values = given(asked)
    parts: list[Criteria] = [Is(name, "eq", values[name]) for name in _SAME if name in values]
    parts += [Is(name, "eq", ref(values[name], f"query.{name}")) for name in _PEOPLE if name in values]
    for name, op in (("received_from", "ge"), ("received_before", "lt")):
        if name in values:
            parts.append(Is("received_at", op, aware(values[name], f"query.{name}")))
    return All(*parts) if parts else None


@operation("GET", "/feedback/{id}", tag="feedback", answer=Case)
def get_feedback(call: Call) -> Reply:
    """One case, by id or number."""
    return told(call.unit, case_of(call.unit, call.path["id"]))


@operation("PATCH", "/feedback/{id}", tag="feedback", body=CaseEdit, answer=Case, edits=True)
def edit_feedback(call: Call) -> Reply:
    """Change fields of a case."""
    values = given(call.body)
    values |= {name: ref(values[name], f"body.{name}") for name in REFS if name in values}
    ident = ident_of(call.unit, call.path["id"])
    return told(call.unit, call.unit.feedback.edit(ident, expected=_version(call), **values))


@operation("POST", "/feedback/{id}/priority", tag="feedback", body=PriorityIn, answer=Case, edits=True)
def prioritise_feedback(call: Call) -> Reply:
    """Change impact or urgency, and with them the priority."""
    ident = ident_of(call.unit, call.path["id"])
    return told(call.unit, call.unit.feedback.prioritise(ident, expected=_version(call), **given(call.body)))


def _version(call: Call) -> int:
    if call.expected is None:
        raise AssertionError("the operation is declared with edits=True")
    return call.expected


@operation("GET", "/feedback/{id}/facts", tag="feedback", answer=Facts)
def list_facts(call: Call) -> Reply:
    """The timeline of a case as the caller may read it, in sequence."""
    case = case_of(call.unit, call.path["id"])
    make = shaper(Fact)
    return Reply(value=Facts(items=[make(fact) for fact in call.unit.feedback.facts(case.id)]))


@operation("GET", "/feedback/{id}/steps", tag="feedback", answer=Transitions)
def list_steps(call: Call) -> Reply:
    """The steps that may be taken now, and what each demands."""
    case = case_of(call.unit, call.path["id"])
    labels = call.unit.definitions.active("transition")
    items = [
        Transition(
            name=step.name,
            label=labels[step.name].label.get(call.language) or step.name,
            target=step.target,
            requires=list(step.requires),
        )
        for step in call.unit.feedback.possible(case)
    ]
    return Reply(value=Transitions(items=items))
