"""What is said and done around a case: replies, notes, calls, steps, pauses, assignments, appointments, links."""

from __future__ import annotations

from typing import Any

from careplug_flask.rest.common import ident_of, once, ref
from careplug_flask.rest.shapes import given
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.cases import (
    AppointmentIn,
    AssignmentIn,
    CallIn,
    Case,
    ExpectationIn,
    LinkIn,
    NoteIn,
    OverrideIn,
    PauseIn,
    RecordIn,
    ReplyIn,
    StepIn,
    VoidIn,
)

_TAG: dict[str, Any] = {"tag": "conversation", "answer": Case, "keyed": True}


def _do(call: Call, method: str, *leading: Any, **values: Any) -> Reply:
    """Call a method of the feedback service on the case of the path, once for its idempotency key."""
    ident = ident_of(call.unit, call.path["id"])
    return once(call, lambda: getattr(call.unit.feedback, method)(ident, *leading, **values))


@operation("POST", "/feedback/{id}/replies", body=ReplyIn, **_TAG)
def reply_to_feedback(call: Call) -> Reply:
    """Say something to the other side."""
    return _do(call, "reply", **given(call.body))


@operation("POST", "/feedback/{id}/notes", body=NoteIn, **_TAG)
def note_feedback(call: Call) -> Reply:
    """Write something for colleagues alone."""
    return _do(call, "note", **given(call.body))


@operation("POST", "/feedback/{id}/calls", body=CallIn, **_TAG)
def record_call(call: Call) -> Reply:
    """Record a phone call."""
    return _do(call, "call", **given(call.body))


@operation("POST", "/feedback/{id}/appointments", body=AppointmentIn, **_TAG)
def appoint(call: Call) -> Reply:
    """Agree an appointment."""
    return _do(call, "appoint", **given(call.body))


@operation("POST", "/feedback/{id}/facts", body=RecordIn, **_TAG)
def record_fact(call: Call) -> Reply:
    """Record a plain fact: arrived, left, or one of a plugin's types."""
    values = given(call.body)
    return _do(call, "record", values.pop("type"), values.pop("data"), **values)


@operation("POST", "/feedback/{id}/steps", body=StepIn, compares=True, **_TAG)
def take_step(call: Call) -> Reply:
    """Take a transition; If-Match, where it is sent, is the version that was seen."""
    values = {name: value for name, value in given(call.body).items() if value not in ("", None)}
    values |= {name: ref(values[name], f"body.{name}") for name in ("assignee", "team") if name in values}
    if "into" in values:
        values["into"] = ident_of(call.unit, values["into"])
    return _do(call, "step", values.pop("step"), expected=call.expected, **values)


@operation("POST", "/feedback/{id}/pauses", body=PauseIn, **_TAG)
def pause_feedback(call: Call) -> Reply:
    """Pause the clocks that listen to a reason."""
    values = given(call.body)
    return _do(call, "pause", values.pop("reason"), **{**values, "party": values["party"] or ""})


@operation("DELETE", "/feedback/{id}/pauses/{reason}", **_TAG)
def resume_feedback(call: Call) -> Reply:
    """End the open pause with a reason."""
    return _do(call, "resume", call.path["reason"])


@operation("POST", "/feedback/{id}/assignment", body=AssignmentIn, **_TAG)
def assign_feedback(call: Call) -> Reply:
    """Give a case to a person, a team, or both."""
    return _do(call, "assign", **{name: ref(text, f"body.{name}") for name, text in given(call.body).items()})


@operation("POST", "/feedback/{id}/expectation", body=ExpectationIn, **_TAG)
def expect_feedback(call: Call) -> Reply:
    """Tell why a case cannot be solved at once and when it will be."""
    body: ExpectationIn = call.body
    return _do(call, "expect", body.expected_at, reason=body.reason)


@operation("POST", "/feedback/{id}/void", body=VoidIn, **_TAG)
def void_fact(call: Call) -> Reply:
    """Cancel an earlier fact."""
    body: VoidIn = call.body
    return _do(call, "void", body.sequence, reason=body.reason)


@operation("POST", "/feedback/{id}/override", body=OverrideIn, compares=True, **_TAG)
def override_state(call: Call) -> Reply:
    """Put a case into any state."""
    body: OverrideIn = call.body
    return _do(call, "override", body.state, reason=body.reason, expected=call.expected)


@operation("POST", "/feedback/{id}/links", body=LinkIn, **_TAG)
def link_feedback(call: Call) -> Reply:
    """Link two cases, seen from both."""
    body: LinkIn = call.body
    return _do(call, "link", ident_of(call.unit, body.other), body.relation)
