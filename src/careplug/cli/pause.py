"""``careplug pause`` and ``resume``: stop clocks with a reason, let them run again."""

from __future__ import annotations

from typing import Any

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.session import Session
from careplug.cli.step import said
from careplug.cli.values import TIME, Choice
from careplug.feedback.entities import PARTIES

__all__ = ["pause", "resume"]


@command("pause")
@argument("number")
@argument("reason")
@option("--party", kind=Choice(PARTIES))
@option("--note")
@option("--until", kind=TIME)
@option("--at", kind=TIME)
@option("--because")
@pass_session
def pause(session: Session, /, number: str, reason: str, until: str | None, at: str | None, **given: Any) -> None:
    """Open a pause; the reasons are definitions of the kind pause_reason."""
    told = {name: value for name, value in given.items() if value is not None}
    if until:
        told["until"] = session.time(until, "--until")
    if at:
        told["at"] = session.time(at, "--at")
    with session.unit() as unit:
        case = session.case(unit, number)
        said(session, unit, unit.feedback.pause(case.id, reason, **told))


@command("resume")
@argument("number")
@argument("reason", required=False)
@option("--note")
@option("--at", kind=TIME)
@option("--because")
@pass_session
def resume(session: Session, /, number: str, reason: str | None, at: str | None, **given: Any) -> None:
    """End the open pause with this reason; without one the only open pause there is."""
    told = {name: value for name, value in given.items() if value is not None}
    if at:
        told["at"] = session.time(at, "--at")
    with session.unit() as unit:
        case = session.case(unit, number)
        if reason is None:
            reason = case.pauses[0].reason if len(case.pauses) == 1 else ""
        said(session, unit, unit.feedback.resume(case.id, reason, **told))
