"""``careplug reply``, ``note`` and ``call``: what is said around a case."""

from __future__ import annotations

from typing import Any

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.documents import read_text
from careplug.cli.problems import Usage
from careplug.cli.session import Session
from careplug.cli.step import said
from careplug.cli.values import FILE, TIME, Choice
from careplug.feedback.conversation import DIRECTIONS

__all__ = ["call", "note", "reply"]


@command("reply")
@argument("number")
@argument("text", required=False)
@option("--file", kind=FILE)
@option("--automatic", is_flag=True)
@option("--channel")
@option("--at", kind=TIME)
@option("--because")
@pass_session
def reply(session: Session, /, number: str, text: str | None, file: str | None, at: str | None, **given: Any) -> None:
    """Say something to the other side; the service side's first one by a person meets the response target."""
    told = {name: value for name, value in given.items() if value not in (None, False)}
    if at:
        told["at"] = session.time(at, "--at")
    words = _words(text, file)
    with session.unit() as unit:
        case = session.case(unit, number)
        said(session, unit, unit.feedback.reply(case.id, words, **told))


@command("note")
@argument("number")
@argument("text", required=False)
@option("--file", kind=FILE)
@pass_session
def note(session: Session, /, number: str, text: str | None, file: str | None) -> None:
    """Write something for colleagues alone."""
    words = _words(text, file)
    with session.unit() as unit:
        case = session.case(unit, number)
        said(session, unit, unit.feedback.note(case.id, words))


@command("call")
@argument("number")
@argument("direction", kind=Choice(DIRECTIONS))
@argument("text", required=False, default="")
@option("--unanswered", is_flag=True)
@option("--phone")
@option("--at", kind=TIME)
@option("--because")
@pass_session
def call(
    session: Session, /, number: str, direction: str, text: str, unanswered: bool, at: str | None, **given: Any
) -> None:
    """Record a phone call."""
    told = {name: value for name, value in given.items() if value is not None}
    if at:
        told["at"] = session.time(at, "--at")
    with session.unit() as unit:
        case = session.case(unit, number)
        done = unit.feedback.call(case.id, direction, answered=not unanswered, body=text, **told)
        said(session, unit, done)


def _words(text: str | None, file: str | None) -> str:
    if (text is None) == (file is None):
        raise Usage("cli.text_or_file", field="--file")
    return text if text is not None else read_text(str(file), "--file")
