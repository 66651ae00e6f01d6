"""``careplug list``: cases, newest first, a page at a time."""

from __future__ import annotations

from typing import Any

from careplug.cli import paging
from careplug.cli.base import command, option, pass_session
from careplug.cli.filters import criteria_of, filters
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import Whole
from careplug.cli.wording import Names, clock_zone, moment, ref

__all__ = ["list_"]

_COLUMNS = (
    Column("cli.column.number", whole=True),
    Column("cli.column.received", whole=True),
    Column("cli.column.kind"),
    Column("cli.column.priority", right=True),
    Column("cli.column.state"),
    Column("cli.column.assignee"),
    Column("cli.column.customer"),
    Column("cli.column.subject"),
)


@command("list")
@filters
@option("--limit", kind=Whole(1, 1000), default=25)
@option("--after", default="")
@pass_session
def list_(session: Session, /, limit: int, after: str, **chosen: Any) -> None:
    """Print a page and the token of the next one."""
    with session.read() as unit:
        found = unit.feedback.find(criteria_of(session, chosen), limit=limit, after=paging.read(after))
        names = Names(session, unit.definitions)
        if session.as_json:
            for case in found:
                emit({**data_of(case), "after": paging.token(case.received_at, case.id)})
            return
        rows = [
            (
                case.number,
                moment(session, case.received_at),
                names.word("kind", case.kind),
                str(case.priority),
                names.of("state", case.state) + (session.say("cli.waiting_mark") if case.waiting else ""),
                case.assignee.id if case.assignee else "",
                case.contact_name or ref(case.requester or case.organisation),
                case.subject,
            )
            for case in found
        ]
        if not rows:
            line(session.say("cli.list.none"))
            return
        table(session, _COLUMNS, rows)
        line(session.say("cli.times_in", zone=clock_zone(session, unit.now())))
        paging.more(session, len(found), limit, paging.token(found[-1].received_at, found[-1].id))
