"""``careplug plugins`` and ``doctor``: what is installed, what is wrong and what will be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from careplug.cli.base import command, pass_session
from careplug.cli.output import emit, line
from careplug.cli.problems import BROKEN
from careplug.cli.session import Session
from careplug.errors import CareError
from careplug.feedback.entities import Feedback
from careplug.plugin.diagnosis import ERROR, WARNING
from careplug.plugin.diagnosis import doctor as plugin_findings
from careplug.ports import Measure
from careplug.text import say
from careplug.timeline.facts import FactRow

__all__ = ["doctor", "plugins"]


@command("plugins")
@pass_session
def plugins(session: Session, /) -> None:
    """Print a line a plugin: what it brings, how long it took, why it failed."""
    report = session.care.plugins.report
    if session.as_json:
        for each in report.data():
            emit(each)
    else:
        line(report.text(session.language))


@attrs.frozen
class Found:
    """Something the doctor says: how bad, its code, its words."""

    level: str
    code: str
    text: str
    plugin: str = ""


@command("doctor")
@pass_session
def doctor(session: Session, /) -> int:
    """Print what is wrong now and what will break; exit code 6 where something is wrong now."""
    found = [
        Found(each.level, each.code, each.text(session.language), each.plugin)
        for each in plugin_findings(session.care.plugins)
    ]
    found += list(_database(session))
    if session.as_json:
        for each in found:
            emit(each)
    else:
        for each in found:
            line(session.say(f"cli.doctor.{each.level}", text=each.text))
        line(session.say("cli.doctor.well" if not found else "cli.doctor.count", count=len(found)))
    return BROKEN if any(each.level == ERROR for each in found) else 0


def _database(session: Session) -> Iterator[Found]:
    """What the rows say: a schema that does not fit, states and facts of plugins that left, dead letters."""
    try:
        session.care.storage.check()
        with session.read() as unit:
            states = set(unit.definitions.active("state"))
            by_state = unit.store.tally(Feedback, by=("state",), measures=(Measure("count"),))
            by_fact = unit.store.tally(FactRow, by=("subject", "type"), measures=(Measure("count"),))
            dead = unit.messages.counts()["failed"]
            known = unit.setup.fact_types
    except CareError as error:
        yield Found(ERROR, error.code, error.text(session.language))
        return
    for group in by_state:
        if group.key[0] not in states:
            yield _found(session, "state", state=group.key[0], count=group.values[0])
    for group in by_fact:
        if tuple(group.key) not in known:
            yield _found(session, "fact", fact=group.key[1], subject=group.key[0], count=group.values[0])
    if dead:
        yield _found(session, "dead_letters", count=dead)


def _found(session: Session, code: str, **params: Any) -> Found:
    return Found(WARNING, code, say(f"cli.doctor.found.{code}", session.language, **params))
