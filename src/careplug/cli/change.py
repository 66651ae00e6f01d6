"""``careplug preview`` and ``apply``: change a promise with open eyes (SLA 7)."""

from __future__ import annotations

from itertools import islice

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.documents import load
from careplug.cli.output import Column, data_of, emit, line, progress, table
from careplug.cli.session import Session
from careplug.cli.values import DOCUMENT, Choice, Whole
from careplug.cli.wording import Names, moment
from careplug.sla.changes import KINDS, Move
from careplug.sla.policy import CHANGES

__all__ = ["apply", "preview"]

_COLUMNS = (
    Column("cli.column.number", whole=True),
    Column("cli.column.metric"),
    Column("cli.column.old_due", whole=True),
    Column("cli.column.new_due", whole=True),
    Column("cli.column.flips"),
    Column("cli.column.subject"),
)


@command("preview")
@argument("kind", kind=Choice(KINDS))
@argument("name")
@argument("document", kind=DOCUMENT)
@option("--mode", kind=Choice(CHANGES), default="keep")
@option("--limit", kind=Whole(1, 100_000), default=100)
@pass_session
def preview(session: Session, /, kind: str, name: str, document: str, mode: str, limit: int) -> None:
    """Print what a new revision would move; nothing is stored."""
    content = load(document, "document")
    with session.read() as unit:
        # One more than is shown, to know whether there are more.
        found = list(islice(unit.changes.preview(kind, name, content, mode=mode), limit + 1))
        cases = unit.feedback.by_ids(sorted({move.feedback_id for move in found}))
        if session.as_json:
            for move in found[:limit]:
                emit({**data_of(move), "number": cases[move.feedback_id].number})
            return
        if not found:
            line(session.say("cli.preview.none"))
            return
        names = Names(session, unit.definitions)

        def row(move: Move) -> list[str]:
            """A move as the cells of the table."""
            case = cases[move.feedback_id]
            sides = ((move.old_due, move.old_state), (move.new_due, move.new_state))
            # without a due time the clock stands, or the new rules have no such promise any more
            times = [moment(session, due) or names.word("state", state) for due, state in sides]
            flips = session.say("cli.preview.flips") if move.flips else ""
            return [case.number, names.of("metric", move.metric), *times, flips, case.subject]

        table(session, _COLUMNS, [row(move) for move in found[:limit]])
        more = len(found) > limit
        line(session.say("cli.preview.more" if more else "cli.preview.count", count=min(len(found), limit)))


@command("apply")
@argument("kind", kind=Choice(KINDS))
@argument("name")
@argument("document", kind=DOCUMENT, required=False)
@option("--mode", kind=Choice(CHANGES), default="keep")
@pass_session
def apply(session: Session, /, kind: str, name: str, document: str | None, mode: str) -> None:
    """Store a revision where one is given, and bring the open cases under the active one."""
    if document:
        content = load(document, "document")
        with session.unit() as unit:
            unit.changes.put(kind, name, content)
    moved, after = 0, ""
    with progress(session, "cli.apply.progress") as tell:
        while True:
            with session.unit() as unit:
                digest = unit.definitions.get(kind, name).digest
                part, after = unit.changes.apply(kind, name, mode=mode, after=after)
            moved += part
            tell(moved, None)
            if not after:
                break
    if session.as_json:
        emit({"kind": kind, "name": name, "digest": digest, "mode": mode, "moved": moved})
    else:
        line(session.say("cli.apply.done", name=name, digest=digest[:12], count=moved))
