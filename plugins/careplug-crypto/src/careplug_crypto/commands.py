"""``careplug crypto``: a new key, what is under which key, and from one key to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from careplug.cli.base import command, group, pass_session
from careplug.cli.output import Column, emit, line, progress, table
from careplug_crypto.cipher import key_id, new_key
from careplug_crypto.rewriting import How, rewrite, status

if TYPE_CHECKING:
    from careplug.cli.session import Session

__all__ = ["crypto"]

_COLUMNS = (
    Column("cli.crypto.column.entity"),
    Column("cli.crypto.column.key"),
    Column("cli.crypto.column.values", whole=True),
)


@group("crypto")
def crypto() -> None:
    """The parts of it are the commands."""


@command("generate-key", code="crypto.generate-key")
@pass_session
def generate(session: Session, /) -> None:
    """Print a new key; nothing is stored."""
    key = new_key()
    if session.as_json:
        emit({"key": key, "id": key_id(key)})
    else:
        line(key)


@command("status", code="crypto.status")
@pass_session
def show(session: Session, /) -> None:
    """Count the personal values by entity and key."""
    with session.read() as unit:
        unit.allow("crypto.status")
    found = status(session.care)
    if session.as_json:
        emit({"values": [{"entity": item.entity, "key": item.key, "values": item.values} for item in found]})
        return
    plain = session.say("cli.crypto.plain")
    table(session, _COLUMNS, [[item.entity, item.key or plain, str(item.values)] for item in found])


@command("encrypt", code="crypto.encrypt")
@pass_session
def encrypt(session: Session, /) -> None:
    """Put what is still plain under the first key."""
    _rewrite(session, "encrypt")


@command("rotate", code="crypto.rotate")
@pass_session
def rotate(session: Session, /) -> None:
    """Put what is under older keys under the first one."""
    _rewrite(session, "rotate")


@command("decrypt", code="crypto.decrypt")
@pass_session
def decrypt(session: Session, /) -> None:
    """Put everything into plain text, to leave the plugin."""
    _rewrite(session, "decrypt")


def _rewrite(session: Session, how: How) -> None:
    with session.read() as unit:
        unit.allow(f"crypto.{how}")
    with progress(session, "cli.crypto.progress") as tell:
        done = rewrite(session.care, how, progress=tell)
    if session.as_json:
        emit({"values": done.values, "retired": list(done.retired)})
        return
    line(session.say(f"cli.crypto.done.{how}", values=done.values))
    if done.retired:
        line(session.say("cli.crypto.retired", keys=", ".join(done.retired)))


for _part in (generate, show, encrypt, rotate, decrypt):
    crypto.add_command(_part)
