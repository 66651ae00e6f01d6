"""``careplug accounts``: the local accounts of a house that ``careplug serve`` serves alone."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Any

from careplug.cli import paging
from careplug.cli.base import argument, command, group, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import REF, Choice, Whole
from careplug.errors import Invalid
from careplug.messages.directory import Parties
from careplug.refs import Ref
from careplug_flask.commands.house import open_house
from careplug_flask.errors import error
from careplug_flask.standalone.accounts import ROLES, Account, Accounts

if TYPE_CHECKING:
    from careplug.unit import CareUnit

__all__ = ["accounts"]

_COLUMNS = (
    Column("cli.accounts.column.login"),
    Column("cli.column.reference"),
    Column("cli.column.roles"),
    Column("cli.column.organisation"),
    Column("cli.column.language"),
    Column("cli.accounts.column.active", whole=True),
)


@group("accounts")
def accounts() -> None:
    """The parts of it are the commands."""


@command("add", code="accounts.add")
@argument("login")
@option("--is", "roles", kind=Choice(ROLES), multiple=True, required=True)
@option("--for", "person", kind=REF)
@option("--organisation", kind=REF, multiple=True)
@option("--name", default="")
@option("--speaks", default="zh_CN")
@pass_session
def add(session: Session, /, login: str, roles: tuple[str, ...], person: Ref | None, name: str, **given: Any) -> None:
    """Store an account; the password is asked for."""
    care = open_house(session)
    password = _password(session)
    with care.unit(actor=session.actor) as unit:
        made = unit.get(Accounts).add(
            login,
            password,
            person=person or Ref("person", login.strip()),
            roles=roles,
            organisations=given["organisation"],
            language=given["speaks"],
        )
        if name:
            _introduce(unit, made, name)
    if session.as_json:
        emit(_data(made))
    else:
        line(session.say("cli.accounts.added", login=made.login, person=made.person))


@command("list", code="accounts.list")
@option("--limit", kind=Whole(1, 500), default=50)
@option("--after", default="")
@pass_session
def list_(session: Session, /, limit: int, after: str) -> None:
    """Print a page of accounts by login."""
    with open_house(session).read(actor=session.actor) as unit:
        found = unit.get(Accounts).find(limit=limit, after=paging.read(after, instant=False))
    if session.as_json:
        for each in found:
            emit({**_data(each), "after": paging.token(each.login, each.id)})
        return
    if not found:
        line(session.say("cli.list.none"))
        return
    table(session, _COLUMNS, [_row(session, each) for each in found])
    paging.more(session, len(found), limit, paging.token(found[-1].login, found[-1].id))


@command("passwd", code="accounts.passwd")
@argument("login")
@pass_session
def passwd(session: Session, /, login: str) -> None:
    """Give an account a new password, which is asked for."""
    care = open_house(session)
    with care.read(actor=session.actor) as unit:
        unit.get(Accounts).get(login)  # nobody types a password for an account that is not there
    password = _password(session)
    with care.unit(actor=session.actor) as unit:
        made = unit.get(Accounts).set_password(login, password)
    _told(session, made, "cli.accounts.password")


@command("deactivate", code="accounts.deactivate")
@argument("login")
@pass_session
def deactivate(session: Session, /, login: str) -> None:
    """Switch an account off."""
    _switch(session, login, active=False)


@command("activate", code="accounts.activate")
@argument("login")
@pass_session
def activate(session: Session, /, login: str) -> None:
    """Switch an account on again."""
    _switch(session, login, active=True)


def _switch(session: Session, login: str, *, active: bool) -> None:
    with open_house(session).unit(actor=session.actor) as unit:
        made = unit.get(Accounts).switch(login, active=active)
    _told(session, made, f"cli.accounts.{'on' if active else 'off'}")


def _told(session: Session, account: Account, code: str) -> None:
    if session.as_json:
        emit(_data(account))
    else:
        line(session.say(code, login=account.login))


def _introduce(unit: CareUnit, account: Account, name: str) -> None:
    """Put the person into the directory, unless somebody did."""
    if unit.setup.directory.find(unit, account.person) is not None:
        return
    organisation = Ref.parse(account.organisations[0]) if account.organisations else None
    roles = ("manager",) if "manager" in account.roles else ()
    parties = unit.get(Parties)
    parties.add(account.person, name=name, organisation=organisation, roles=roles, language=account.language)


def _password(session: Session) -> str:
    """The password: typed two times without being shown, or a line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    found = getpass.getpass(f"{session.say('cli.accounts.ask')}: ")
    if getpass.getpass(f"{session.say('cli.accounts.again')}: ") != found:
        raise error(Invalid, "flask.account_again", field="account.password.again")
    return found


def _data(account: Account) -> dict[str, Any]:
    """An account for programs: without its hash and stamp."""
    return {name: value for name, value in data_of(account).items() if name not in ("hash", "stamp")}


def _row(session: Session, account: Account) -> list[str]:
    active = session.say(f"cli.accounts.{'active' if account.active else 'inactive'}")
    organisations = ", ".join(account.organisations)
    return [account.login, str(account.person), ", ".join(account.roles), organisations, account.language, active]


for _each in (add, list_, passwd, deactivate, activate):
    accounts.add_command(_each)
