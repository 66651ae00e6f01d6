"""The demo story as a house one can log in to: played once, then its clock runs on from where the story ends."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from careplug.care import Care
from careplug.clock import ManualClock
from careplug.criteria import Is
from careplug.demo.cast import ACTORS, PEOPLE
from careplug.demo.opinions import Opinions
from careplug.demo.stage import END, START, play
from careplug.errors import Refused
from careplug.feedback.entities import Feedback
from careplug.ports import Measure
from careplug.refs import SYSTEM, Actor
from careplug.timeline.facts import FactRow
from careplug_flask.errors import error
from careplug_flask.standalone.accounts import Account, Accounts
from careplug_flask.standalone.clock import running_from
from careplug_flask.standalone.passwords import LETTERS, right

__all__ = ["Login", "cast", "password_of", "stage"]


@attrs.frozen
class Login:
    """Somebody of the story: login, name, roles."""

    login: str
    name: str
    roles: tuple[str, ...]


class _Nowhere(io.TextIOBase):
    """Where the messages of the story go: nobody is there to read them."""

    def write(self, text: str) -> int:
        """Forget it."""
        return len(text)


def cast() -> tuple[Login, ...]:
    """The people of the story who can log in."""
    names = {person.ref.id: person.name for person in PEOPLE}
    return tuple(Login(login, names[login], _roles(actor)) for login, actor in ACTORS.items())


def password_of(secret: str) -> str:
    """The password of the cast: another one in each folder, the same at each start, stored nowhere."""
    digest = hmac.digest(secret.encode(), b"careplug demo password", hashlib.sha256)
    return "-".join("".join(LETTERS[byte % len(LETTERS)] for byte in digest[at : at + 4]) for at in (0, 4, 8))


def stage(open_care: Callable[..., Care], database: str, password: str, *, told: Callable[[], None]) -> Care:
    """A ``Care`` on a database that holds the story, and accounts for its people with this password.

    ``told`` is called before the story is played, which takes some seconds. A database that was played on before goes on
    at the last thing that happened there, so that no time is lost or made up: while nobody serves it, its time stands.
    ``Refused`` for a database that holds anything else.
    """
    clock, channels = ManualClock(START), {"console": {"stream": _Nowhere()}}
    with open_care(database, clock=clock, channels=channels) as care:
        if _is_empty(care, database):
            told()
            opinions = Opinions(care)
            play(care, clock, told=opinions)
            opinions.end()
        now = max(clock(), END, _latest(care))
        clock.set(now)
        _accounts(care, password)
    return open_care(database, clock=running_from(now), channels=channels)


def _is_empty(care: Care, database: str) -> bool:
    """Whether nothing is there yet; the accounts come last, so that a story without them was broken off."""
    with care.transaction(tenant="", writes=False) as store:
        cases = store.tally(Feedback)
        accounts = {account.login for account in store.find(Account, limit=1_000)}
    if not (cases and cases[0].values[0]) and not accounts:
        return True
    if not accounts >= set(ACTORS):
        raise error(Refused, "flask.serve_demo", field="--database", value=database)
    return False


def _latest(care: Care) -> datetime:
    with care.transaction(tenant="", writes=False) as store:
        found: datetime = store.tally(FactRow, measures=(Measure("max", "recorded_at"),))[0].values[0]
    return found


def _accounts(care: Care, password: str) -> None:
    with care.unit(actor=SYSTEM) as unit:
        accounts = unit.get(Accounts)
        for login, actor in ACTORS.items():
            known: list[Account] = unit.store.find(Account, Is("login", "eq", login), limit=1)
            if not known:
                accounts.add(login, password, **_as(actor))
            elif not right(known[0].hash, password):
                accounts.set_password(login, password)


def _as(actor: Actor) -> dict[str, Any]:
    return {
        "person": actor.ref,
        "roles": _roles(actor),
        "organisations": actor.organisations,
        "language": actor.language,
    }


def _roles(actor: Actor) -> tuple[str, ...]:
    return tuple(sorted(actor.roles))
