"""``careplug messages``: the outbox, and what could not be sent."""

from __future__ import annotations

from careplug.cli import paging
from careplug.cli.base import argument, command, group, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import Choice, Whole
from careplug.cli.wording import Names, moment
from careplug.messages.entities import STATES, Message

__all__ = ["messages"]

_COLUMNS = (
    Column("cli.column.id", whole=True),
    Column("cli.column.created", whole=True),
    Column("cli.column.state", whole=True),
    Column("cli.column.channel"),
    Column("cli.column.recipient"),
    Column("cli.column.title"),
    Column("cli.column.attempts", right=True),
    Column("cli.column.trouble"),
)


@group("messages")
def messages() -> None:
    """The parts of it are the commands."""


@command("list", code="messages.list")
@option("--state", kind=Choice(STATES))
@option("--case", "number")
@option("--limit", kind=Whole(1, 500), default=25)
@option("--after", default="")
@pass_session
def list_(session: Session, /, state: str | None, number: str | None, limit: int, after: str) -> None:
    """Print a page of messages, newest first, and how many are in each state."""
    with session.read() as unit:
        ident = session.case(unit, number).id if number else ""
        key = paging.read(after)
        found = unit.messages.find(subject_id=ident, state=state or "", after=key, limit=limit)
        names, counts = Names(session, unit.definitions), unit.messages.counts()
    if session.as_json:
        for message in found:
            emit({**data_of(message), "after": paging.token(message.created_at, message.id)})
        return
    if found:
        table(session, _COLUMNS, [_row(session, names, message) for message in found])
    words = [f"{names.word('message', name)} {count}" for name, count in counts.items()]
    line(session.say("cli.messages.counts", counts=session.say("cli.comma").join(words)))
    if found:
        paging.more(session, len(found), limit, paging.token(found[-1].created_at, found[-1].id))


def _row(session: Session, names: Names, message: Message) -> list[str]:
    return [
        message.id,
        moment(session, message.created_at),
        names.word("message", message.state),
        message.channel,
        message.address or str(message.recipient),
        message.title or message.template,
        str(message.attempts),
        message.last_error,
    ]


@command("retry", code="messages.retry")
@argument("message")
@pass_session
def retry(session: Session, /, message: str) -> None:
    """Send a dead letter again, from its first attempt."""
    with session.unit() as unit:
        _said(session, unit.messages.retry(message), "cli.messages.retried")


@command("cancel", code="messages.cancel")
@argument("message")
@pass_session
def cancel(session: Session, /, message: str) -> None:
    """Never send it."""
    with session.unit() as unit:
        _said(session, unit.messages.cancel(message), "cli.messages.cancelled")


def _said(session: Session, done: Message, code: str) -> None:
    if session.as_json:
        emit(done)
    else:
        line(session.say(code, id=done.id))


for _each in (list_, retry, cancel):
    messages.add_command(_each)
