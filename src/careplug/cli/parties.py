"""``careplug parties``: people, teams and organisations where the host has no directory of its own."""

from __future__ import annotations

from typing import Any

from careplug.cli import paging
from careplug.cli.base import argument, command, group, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import PAIR, REF, Whole
from careplug.cli.wording import ref
from careplug.messages.directory import Parties
from careplug.messages.entities import Party
from careplug.ports import Address
from careplug.refs import Ref

__all__ = ["parties"]

_COLUMNS = (
    Column("cli.column.reference", whole=True),
    Column("cli.column.name"),
    Column("cli.column.organisation"),
    Column("cli.column.roles"),
    Column("cli.column.addresses"),
    Column("cli.column.language"),
)


@group("parties")
def parties() -> None:
    """The parts of it are the commands."""


@command("add", code="parties.add")
@argument("reference", kind=REF)
@option("--name", required=True)
@option("--organisation", kind=REF)
@option("--is", "roles", multiple=True)
@option("--address", kind=PAIR, multiple=True)
@option("--speaks", default="zh_CN")
@option("--in-zone", default="Asia/Shanghai")
@pass_session
def add(session: Session, /, reference: Ref, name: str, **given: Any) -> None:
    """Store a party."""
    addresses = [Address(channel, value) for channel, value in given["address"]]
    with session.unit() as unit:
        made = unit.get(Parties).add(
            reference,
            name=name,
            organisation=given["organisation"],
            roles=given["roles"],
            addresses=addresses,
            language=given["speaks"],
            zone=given["in_zone"],
        )
    if session.as_json:
        emit(made)
    else:
        line(session.say("cli.parties.added", reference=reference, name=made.name))


@command("list", code="parties.list")
@option("--organisation", kind=REF)
@option("--is", "role", default="")
@option("--inactive", is_flag=True)
@option("--limit", kind=Whole(1, 500), default=50)
@option("--after", default="")
@pass_session
def list_(session: Session, /, organisation: Ref | None, role: str, inactive: bool, limit: int, after: str) -> None:
    """Print a page of parties by name."""
    with session.read() as unit:
        found = unit.get(Parties).find(
            organisation=organisation,
            role=role,
            active=None if inactive else True,
            limit=limit,
            after=paging.read(after, instant=False),
        )
    if session.as_json:
        for party in found:
            emit({**data_of(party), "after": paging.token(party.name, party.id)})
        return
    if not found:
        line(session.say("cli.list.none"))
        return
    table(session, _COLUMNS, [_row(party) for party in found])
    paging.more(session, len(found), limit, paging.token(found[-1].name, found[-1].id))


def _row(party: Party) -> list[str]:
    addresses = "\n".join(f"{each.channel} {each.value}" for each in party.addresses)
    roles = ", ".join(party.roles)
    return [str(party.ref), party.name, ref(party.organisation), roles, addresses, party.language]


for _each in (add, list_):
    parties.add_command(_each)
