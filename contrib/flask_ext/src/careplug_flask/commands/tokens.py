"""``careplug tokens``: keys to the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from careplug.cli import paging
from careplug.cli.base import argument, command, group, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import REF, Choice, Whole
from careplug.cli.wording import moment
from careplug.permissions import ROLES
from careplug.refs import Ref
from careplug_flask.tokens import ApiToken, Tokens

__all__ = ["tokens"]

_COLUMNS = (
    Column("cli.column.id", whole=True),
    Column("cli.column.name"),
    Column("cli.tokens.column.actor"),
    Column("cli.column.roles"),
    Column("cli.tokens.column.scopes"),
    Column("cli.tokens.column.until", whole=True),
    Column("cli.tokens.column.state", whole=True),
)


@group("tokens")
def tokens() -> None:
    """The parts of it are the commands."""


@command("issue", code="tokens.issue")
@option("--name", required=True)
@option("--for", "person", kind=REF, required=True)
@option("--is", "roles", kind=Choice(sorted(ROLES)), multiple=True, required=True)
@option("--scope", multiple=True)
@option("--days", kind=Whole(1, 36_500))
@option("--organisation", kind=REF, multiple=True)
@pass_session
def issue(session: Session, /, name: str, person: Ref, roles: tuple[str, ...], days: int | None, **given: Any) -> None:
    """Make a key and print it."""
    with session.unit() as unit:
        end = unit.now() + timedelta(days=days) if days is not None else None
        made, key = unit.get(Tokens).issue(
            name,
            person,
            roles=roles,
            scopes=given["scope"] or ("*",),
            organisations=given["organisation"],
            expires_at=end,
        )
    if session.as_json:
        emit({**_data(session, made), "key": key})
        return
    line(session.say("cli.tokens.issued", name=made.name, actor=made.actor, id=made.id))
    line(key)
    line(session.say("cli.tokens.once"))


@command("list", code="tokens.list")
@option("--limit", kind=Whole(1, 500), default=50)
@option("--after", default="")
@pass_session
def list_(session: Session, /, limit: int, after: str) -> None:
    """Print a page of keys, newest first."""
    with session.read() as unit:
        found = unit.get(Tokens).find(limit=limit, after=paging.read(after, instant=True))
        now = unit.now()
    if session.as_json:
        for each in found:
            emit({**_data(session, each), "after": paging.token(each.created_at, each.id)})
        return
    if not found:
        line(session.say("cli.list.none"))
        return
    table(session, _COLUMNS, [_row(session, each, now) for each in found])
    paging.more(session, len(found), limit, paging.token(found[-1].created_at, found[-1].id))


@command("revoke", code="tokens.revoke")
@argument("ident")
@pass_session
def revoke(session: Session, /, ident: str) -> None:
    """End a key."""
    with session.unit() as unit:
        found = unit.get(Tokens).revoke(ident)
    if session.as_json:
        emit(_data(session, found))
    else:
        line(session.say("cli.tokens.revoked", name=found.name, id=found.id))


def _data(session: Session, token: ApiToken) -> dict[str, Any]:
    """A key for programs: without the digest of its secret."""
    state = _state(token, session.care.clock())
    return {**{name: value for name, value in data_of(token).items() if name != "digest"}, "state": state}


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "ended" if token.expires_at is not None and token.expires_at <= now else "valid"


def _row(session: Session, token: ApiToken, now: datetime) -> list[str]:
    state = session.say(f"cli.tokens.state.{_state(token, now)}")
    until = moment(session, token.expires_at) if token.expires_at is not None else ""
    roles, scopes = ", ".join(token.roles), ", ".join(token.scopes)
    return [token.id, token.name, str(token.actor), roles, scopes, until, state]


for _each in (issue, list_, revoke):
    tokens.add_command(_each)
