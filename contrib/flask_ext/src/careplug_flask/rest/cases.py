"""Cases: taken in, found, read, edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from careplug.clock import aware
from careplug.criteria import All, Criteria, Is
from careplug.refs import Ref
from careplug_flask import guard
from careplug_flask.rest.common import case_of, etag, ident_of, paged, ref, told
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

__all__ = ["criteria_of", "submitted"]

REFS = ("requester", "organisation", "contact", "product", "system", "site")
_SAME = ("state", "category", "kind", "priority", "number")
_PEOPLE = ("requester", "organisation", "contact", "assignee", "team")


@operation("POST", "/feedback", tag="feedback", body=CaseIn, answer=Case, status=201, keyed=True)
def submit_feedback(call: Call) -> Reply:
    """Take a feedback in."""
    guard.limit("submit")
    case = submitted(call, call.body)
    made = told(case, 201)
    from flask import url_for

    location = url_for("careplug_api.getFeedback", id=case.id)
    return Reply(value=made.value, etag=made.etag, status=201, location=location)


def submitted(call: Call, body: CaseIn) -> Any:
    """The case of a body that was sent; a repeated idempotency key gives the first one."""
    values = given(body)
    values |= {name: ref(values[name], f"body.{name}") for name in REFS}
    kind, subject = values.pop("kind"), values.pop("subject")
    if call.key:
        values["key"] = call.key
    return call.unit.feedback.submit(kind, subject, **values)


@operation("GET", "/feedback", tag="feedback", query=CaseQuery, answer=CasePage)
def list_feedback(call: Call) -> Reply:
    """A page of cases, newest first."""
    asked: CaseQuery = call.query
    after = key_of(asked.after, (datetime, str))
    rows = call.unit.feedback.find(criteria_of(asked), limit=asked.limit + 1, after=after)
    make = shaper(Case)
    items = [make(row) for row in rows[: asked.limit]]
    return paged(CasePage, items, rows, asked.limit, lambda row: (row.received_at, row.id))


def criteria_of(asked: CaseFilter) -> Criteria | None:
    """The condition of a query, None for no condition."""
    parts: list[Criteria] = [
        Is(name, "eq", getattr(asked, name)) for name in _SAME if getattr(asked, name) not in (None, "")
    ]
    parts += [
        Is(name, "eq", Ref.parse(getattr(asked, name), field=f"query.{name}"))
        for name in _PEOPLE
        if getattr(asked, name) is not None
    ]
    if asked.received_from is not None:
        parts.append(Is("received_at", "ge", aware(asked.received_from, "query.received_from")))
    if asked.received_before is not None:
        parts.append(Is("received_at", "lt", aware(asked.received_before, "query.received_before")))
    return All(*parts) if parts else None


@operation("GET", "/feedback/{id}", tag="feedback", answer=Case)
def get_feedback(call: Call) -> Reply:
    """One case, by id or number."""
    return told(case_of(call.unit, call.path["id"]))


@operation("PATCH", "/feedback/{id}", tag="feedback", body=CaseEdit, answer=Case, edits=True)
def edit_feedback(call: Call) -> Reply:
    """Change fields of a case."""
    values = given(call.body)
    values |= {name: ref(values[name], f"body.{name}") for name in REFS if name in values}
    ident = ident_of(call.unit, call.path["id"])
    return told(call.unit.feedback.edit(ident, expected=_version(call), **values))


@operation("POST", "/feedback/{id}/priority", tag="feedback", body=PriorityIn, answer=Case, edits=True)
def prioritise_feedback(call: Call) -> Reply:
    """Change impact or urgency, and with them the priority."""
    ident = ident_of(call.unit, call.path["id"])
    return told(call.unit.feedback.prioritise(ident, expected=_version(call), **given(call.body)))


def _version(call: Call) -> int:
    if call.expected is None:
        raise AssertionError("the operation is declared with edits=True")
    return call.expected


@operation("GET", "/feedback/{id}/facts", tag="feedback", answer=Facts)
def list_facts(call: Call) -> Reply:
    """The timeline of a case as the caller may read it, in sequence."""
    case = case_of(call.unit, call.path["id"])
    make = shaper(Fact)
    return Reply(value=Facts(items=[make(fact) for fact in call.unit.feedback.facts(case.id)]), etag=etag(case))


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
    return Reply(value=Transitions(items=items), etag=etag(case))
