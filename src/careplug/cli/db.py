"""``careplug db``: bring a database in line with what careplug and its plugins need."""

from __future__ import annotations

from careplug.cli.base import command, group, option, pass_session
from careplug.cli.output import emit, line
from careplug.cli.session import Session
from careplug.ports import SchemaStep

__all__ = ["db"]


@group("db")
def db() -> None:
    """The parts of it are the commands."""


@command("plan", code="db.plan")
@pass_session
def plan(session: Session, /) -> None:
    """Print what ``upgrade`` would do, with its SQL; nothing is changed."""
    _show(session, session.care.storage.plan(), "cli.db.nothing")


@command("upgrade", code="db.upgrade")
@option("--allow", multiple=True)
@pass_session
def upgrade(session: Session, /, allow: tuple[str, ...]) -> None:
    """Apply the steps, store the seeds that tenants lack."""
    _show(session, session.care.upgrade(allow=allow), "cli.db.nothing")
    if not session.as_json:
        line(session.say("cli.db.done"))


@command("check", code="db.check")
@pass_session
def check(session: Session, /) -> None:
    """Say whether the database fits; exit code 4 where it does not."""
    session.care.storage.check()
    if session.as_json:
        emit({"fits": True})
    else:
        line(session.say("cli.db.fits"))


def _show(session: Session, steps: list[SchemaStep], nothing: str) -> None:
    if session.as_json:
        for step in steps:
            emit(step)
        return
    for step in steps:
        code = "cli.db.destructive" if step.destructive else "cli.db.step"
        line(session.say(code, name=step.name, plugin=step.plugin))
        for statement in step.sql:
            line("    " + statement.strip().replace("\n", "\n    "))
    if not steps:
        line(session.say(nothing))


for _each in (plan, upgrade, check):
    db.add_command(_each)
