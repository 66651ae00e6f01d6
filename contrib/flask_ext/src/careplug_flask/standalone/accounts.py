"""Local accounts: who may log in, as whom. Stored where careplug stores, by its own port."""

from __future__ import annotations

import contextlib
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from careplug.criteria import Is, Order
from careplug.entity import EntitySpec, column
from careplug.errors import Conflict, Invalid, NotFound, Retry
from careplug.refs import Actor, Ref, new_id
from careplug.text import language_of
from careplug_flask.errors import error
from careplug_flask.standalone.passwords import hashed, outdated, renewed, right

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.ports import Unit

__all__ = ["ROLES", "SPECS", "Account", "Accounts", "by_id", "checked"]

ROLES = ("admin", "customer", "engineer", "manager")
"""What a person can be."""

LENGTH = 100


@attrs.frozen(kw_only=True)
class Account:
    """Somebody who logs in: acts as ``person`` with these ``roles``, sees the cases of ``organisations``.

    ``stamp`` is random and new whenever the password changes or the account is switched off or on: sessions carry it, and
    one with an old stamp is over. ``hash`` is Argon2id with salt and cost.
    """

    id: str
    tenant: str = ""
    login: str = column(length=LENGTH)
    hash: str = column(length=300, repr=False)
    person: Ref
    roles: tuple[str, ...]
    organisations: tuple[str, ...] = ()
    language: str = column(length=20, default="zh_CN")
    active: bool = True
    stamp: str = column(length=32, repr=False)
    created_at: datetime
    changed_at: datetime
    version: int = 1

    @property
    def actor(self) -> Actor:
        """Whom it acts as."""
        organisations = tuple(Ref.parse(each) for each in self.organisations)
        return Actor(self.person, frozenset(self.roles), organisations=organisations, language=self.language)


SPECS = (EntitySpec(name="account", cls=Account, unique=(("login",),)),)


class Accounts:
    """The accounts of a unit's tenant. All of it needs ``accounts.manage``, which administrators alone have."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def add(
        self,
        login: str,
        password: str,
        *,
        person: Ref,
        roles: Sequence[str],
        organisations: Sequence[Ref] = (),
        language: str = "zh_CN",
    ) -> Account:
        """Store an account; ``Invalid`` names what does not fit, ``Conflict`` where the login is taken."""
        self.unit.allow("accounts.manage")
        unknown = sorted(set(roles) - set(ROLES))
        if unknown or not roles:
            value, known = unknown[0] if unknown else "–", ", ".join(ROLES)
            raise error(Invalid, "flask.account_role", field="account.roles", value=value, known=known)
        now = self.unit.now()
        made = Account(
            id=new_id(),
            tenant=self.unit.tenant,
            login=_login(login),
            hash=hashed(password),
            person=person,
            roles=tuple(dict.fromkeys(roles)),
            organisations=tuple(str(each) for each in organisations),
            language=language_of(language),
            stamp=secrets.token_hex(16),
            created_at=now,
            changed_at=now,
        )
        if not self.unit.store.add_if_absent(made):
            raise error(Conflict, "flask.account_taken", field="account.login", value=made.login)
        return made

    def get(self, login: str) -> Account:
        """The account of a login; ``NotFound``."""
        self.unit.allow("accounts.manage")
        found = self.unit.store.find(Account, Is("login", "eq", _normal(login)), limit=1, lock=self.unit.store.writes)
        if not found:
            raise error(NotFound, "flask.account_missing", field="account.login", value=login[:LENGTH])
        return found[0]

    def find(self, *, limit: int = 50, after: Sequence[object] | None = None) -> list[Account]:
        """Accounts by login; ``after`` is ``(login, id)`` of the last one seen."""
        self.unit.allow("accounts.manage")
        return self.unit.store.find(Account, order=(Order("login"),), limit=limit, after=after)

    def set_password(self, login: str, password: str) -> Account:
        """Give it a new password; whoever is logged in with the old one no longer is."""
        return self._changed(self.get(login), hash=hashed(password))

    def switch(self, login: str, *, active: bool) -> Account:
        """Switch an account off, which ends its sessions, or on again. Again changes nothing."""
        found = self.get(login)
        return found if found.active == active else self._changed(found, active=active)

    def _changed(self, found: Account, **values: object) -> Account:
        stamp = secrets.token_hex(16)
        made = attrs.evolve(found, **values, stamp=stamp, changed_at=self.unit.now(), version=found.version + 1)  # type: ignore[arg-type]
        self.unit.store.save(made, was=found, expected=found.version)
        return made


def checked(care: Care, login: str, password: str) -> Account | None:
    """The account these belong to; None for an unknown login, a wrong password, an account that is switched off.

    All three take the same time. A hash of a lower cost than is usual now is made anew.
    """
    with care.transaction(tenant="", writes=False) as store:
        found = next(iter(store.find(Account, Is("login", "eq", _normal(login)), limit=1)), None)
    if not right(found.hash if found is not None else "", password) or found is None or not found.active:
        return None
    if outdated(found.hash):
        made = attrs.evolve(found, hash=renewed(password), version=found.version + 1)
        with contextlib.suppress(Conflict, Retry), care.transaction(tenant="") as store:  # the next login does it
            store.save(made, was=found, expected=found.version)
    return found


def by_id(care: Care, ident: str) -> Account | None:
    """The account of an id, None where there is none."""
    with care.transaction(tenant="", writes=False) as store:
        return store.get(Account, ident)


def _login(text: str) -> str:
    found = _normal(text)
    if not found or len(found) > LENGTH or not found.isprintable() or " " in found:
        raise error(Invalid, "flask.account_login", field="account.login.form", value=text[:LENGTH])
    return found


def _normal(text: str) -> str:
    """One form for what people type: no blanks around it, no capitals."""
    return unicodedata.normalize("NFKC", text).strip().casefold()[: LENGTH + 1]
