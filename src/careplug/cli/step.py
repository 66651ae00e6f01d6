"""``careplug step`` and ``prioritise``: move a case along, change what it is worth."""

from __future__ import annotations

from typing import Any

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.output import data_of, emit, line
from careplug.cli.session import Session
from careplug.cli.values import REF, TIME, Choice, Whole
from careplug.cli.wording import Names
from careplug.feedback.entities import Feedback
from careplug.sla.policy import CHANGES
from careplug.unit import CareUnit

__all__ = ["prioritise", "said", "step"]


@command("step")
@argument("number")
@argument("step")
@option("--measure", default=None)
@option("--result", default=None)
@option("--cause", default=None)
@option("--reason", default=None)
@option("--note", default=None)
@option("--assignee", kind=REF)
@option("--team", kind=REF)
@option("--into", default=None)
@option("--expected", kind=Whole(1, 2**31))
@option("--at", kind=TIME)
@option("--because")
@pass_session
def step(session: Session, /, number: str, step: str, at: str | None, into: str | None, **given: Any) -> None:
    """Take a transition and say where the case stands."""
    told = {name: value for name, value in given.items() if value is not None}
    if at:
        told["at"] = session.time(at, "--at")
    with session.unit() as unit:
        case = session.case(unit, number)
        if into:
            told["into"] = session.case(unit, into).id
        said(session, unit, unit.feedback.step(case.id, step, **told))


@command("prioritise")
@argument("number")
@option("--impact", kind=Whole(1, 3))
@option("--urgency", kind=Whole(1, 3))
@option("--reason", required=True)
@option("--mode", kind=Choice(CHANGES))
@option("--expected", kind=Whole(1, 2**31))
@pass_session
def prioritise(
    session: Session,
    /,
    number: str,
    impact: int | None,
    urgency: int | None,
    reason: str,
    mode: str | None,
    expected: int | None,
) -> None:
    """Change impact or urgency, and the priority with them."""
    with session.unit() as unit:
        case = session.case(unit, number)
        seen = expected if expected is not None else case.version
        done = unit.feedback.prioritise(
            case.id, expected=seen, impact=impact, urgency=urgency, reason=reason, mode=mode or ""
        )
        said(session, unit, done)


def said(session: Session, unit: CareUnit, case: Feedback) -> None:
    """Say where a case stands after something was done, and what may be done next."""
    if session.as_json:
        emit(data_of(case))
        return
    names = Names(session, unit.definitions)
    state = names.of("state", case.state)
    pauses = session.say("cli.comma").join(names.of("pause_reason", each.reason, "reason") for each in case.pauses)
    if pauses:
        line(session.say("cli.step.paused", number=case.number, state=state, priority=case.priority, reasons=pauses))
    else:
        line(session.say("cli.step.done", number=case.number, state=state, priority=case.priority))
    able = [f"{item.name} ({names.of('transition', item.name)})" for item in unit.feedback.possible(case)]
    if able:
        line(session.say("cli.step.next", steps=session.say("cli.comma").join(able)))
