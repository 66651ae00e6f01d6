"""``careplug plugins`` and ``doctor``: what is installed, what is wrong and what will be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from careplug.cli.base import command, pass_session
from careplug.cli.left import traces
from careplug.cli.output import emit, line
from careplug.cli.problems import BROKEN
from careplug.cli.session import Session
from careplug.errors import CareError
from careplug.plugin.diagnosis import ERROR, WARNING
from careplug.plugin.diagnosis import doctor as plugin_findings
from careplug.plugin.report import Owner
from careplug.text import say

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
    found += [*_hidden(session), *_database(session)]
    if session.as_json:
        for each in found:
            emit(each)
    else:
        for each in found:
            line(session.say(f"cli.doctor.{each.level}", text=each.text))
        line(session.say("cli.doctor.well" if not found else "cli.doctor.count", count=len(found)))
    return BROKEN if any(each.level == ERROR for each in found) else 0


def _hidden(session: Session) -> Iterator[Found]:
    """Commands and resources of plugins that a command of the core hides."""
    from careplug.cli.root import COMMANDS

    given = session.care.plugins.contributions
    brought = {item.name: item for item in given.resources} | {item.name: item for item in given.commands}
    for name in sorted(brought.keys() & COMMANDS.keys()):
        yield _found(session, "command", given.owner(brought[name]), command=name)


def _database(session: Session) -> Iterator[Found]:
    """What the rows say: a schema that does not fit, what plugins left that are gone, dead letters."""
    try:
        session.care.storage.check()
        left = traces(session)
        with session.read() as unit:
            dead = unit.messages.counts()["failed"]
            unsent, lacking = unit.surveys.unsent(), unit.surveys.settings.lacking
    except CareError as error:
        yield Found(ERROR, error.code, error.text(session.language, session.catalogue))
        return
    for code, params in left:
        yield _found(session, code, **params)
    if dead:
        yield _found(session, "dead_letters", count=dead)
    if unsent is not None:
        yield _found(session, "surveys", count=unsent, lacking=", ".join(lacking))


def _found(session: Session, code: str, owner: Owner | None = None, **params: Any) -> Found:
    who = str(owner or "")
    return Found(WARNING, code, say(f"cli.doctor.found.{code}", session.language, plugin=who, **params), who)
