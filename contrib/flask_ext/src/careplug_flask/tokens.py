"""Keys to the API: whom they act as, how far they reach, until when. Only a digest of the secret is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from careplug.clock import aware
from careplug.criteria import Order
from careplug.entity import EntitySpec, column
from careplug.errors import Invalid, NotFound, Refused
from careplug.permissions import ROLES
from careplug.refs import Actor, Ref, new_id
from careplug_flask.errors import Unauthorised, error

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.ports import Unit

__all__ = ["SPECS", "ApiToken", "Tokens", "actor_of"]

PREFIX = "cpt_"
_HIGH = frozenset({"admin", "import", "system"})
"""Roles that may do everything: only who has one of them hands one out."""


@attrs.frozen(kw_only=True)
class ApiToken:
    """A key. It acts as ``actor`` with these ``roles``, confined to ``scopes`` (patterns of actions).

    ``digest`` is the SHA-256 of the secret, which has 256 random bits, so that no salt is needed.
    """

    id: str
    tenant: str = ""
    name: str = column(length=100)
    digest: str = column(length=64)
    actor: Ref
    roles: tuple[str, ...]
    organisations: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("*",)
    created_at: datetime
    created_by: str = column(length=170, default="")
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    version: int = 1


SPECS = (EntitySpec(name="api_token", cls=ApiToken, plugin="flask"),)


class Tokens:
    """The keys of a unit's tenant. Needs ``tokens.manage``, which managers and administrators have."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def issue(
        self,
        name: str,
        actor: Ref,
        *,
        roles: Sequence[str],
        scopes: Sequence[str] = ("*",),
        organisations: Sequence[Ref] = (),
        expires_at: datetime | None = None,
    ) -> tuple[ApiToken, str]:
        """Make a key; the text that goes into ``Authorization: Bearer …`` is told here and never again.

        ``Invalid`` for an unknown role, no name, no scope, or an end that has passed; ``Refused`` for a key that may do
        more than whoever issues it.
        """
        self.unit.allow("tokens.manage")
        unknown = sorted(set(roles) - set(ROLES))
        if unknown or not roles:
            value = unknown[0] if unknown else "–"
            raise error(Invalid, "flask.token_role", field="token.roles", value=value, known=", ".join(sorted(ROLES)))
        if not name.strip() or len(name) > 100:
            raise error(Invalid, "flask.token_name", field="token.name")
        if not scopes or not all(scopes):
            raise error(Invalid, "flask.token_scope", field="token.scopes")
        _below(self.unit.actor, roles, scopes)
        end = aware(expires_at, "token.expires_at") if expires_at is not None else None
        if end is not None and end <= self.unit.now():
            raise error(Invalid, "flask.token_end", field="token.expires_at.past", value=end.isoformat())
        secret = secrets.token_urlsafe(32)
        made = ApiToken(
            id=new_id(),
            tenant=self.unit.tenant,
            name=name.strip(),
            digest=_digest(secret),
            actor=actor,
            roles=tuple(roles),
            organisations=tuple(str(ref) for ref in organisations),
            scopes=tuple(scopes),
            created_at=self.unit.now(),
            created_by=self.unit.actor.key,
            expires_at=end,
        )
        self.unit.store.add(made)
        return made, f"{PREFIX}{made.id.replace('-', '')}_{secret}"

    def find(self, *, limit: int = 50, after: Sequence[object] | None = None) -> list[ApiToken]:
        """Keys, newest first; ``after`` is ``(created_at, id)`` of the last one seen."""
        self.unit.allow("tokens.manage")
        order = (Order("created_at", descending=True),)
        return self.unit.store.find(ApiToken, order=order, limit=limit, after=after)

    def revoke(self, ident: str) -> ApiToken:
        """End a key now. Again changes nothing."""
        self.unit.allow("tokens.manage")
        found = self.unit.store.get(ApiToken, ident, lock=True)
        if found is None:
            raise error(NotFound, "flask.token_missing", field="token.id", value=ident)
        if found.revoked_at is not None:
            return found
        made = attrs.evolve(found, revoked_at=self.unit.now(), version=found.version + 1)
        self.unit.store.save(made, was=found)
        return made


def actor_of(care: Care, text: str) -> tuple[Actor, str]:
    """Whom a key acts as, and of which tenant; ``Unauthorised`` for a key that is unknown, ended or wrong.

    All these look alike from outside, and the comparison takes the same time.
    """
    ident, underscore, secret = text.removeprefix(PREFIX).partition("_")
    found = None
    if text.startswith(PREFIX) and underscore and len(ident) == 32 and ident.isascii():
        dashed = f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:]}"
        with care.transaction(tenant=None, writes=False) as store:
            found = store.get(ApiToken, dashed)
    known = found.digest if found is not None else _digest("")
    same = hmac.compare_digest(known, _digest(secret))
    now = care.clock()
    if found is None or not same or found.revoked_at is not None or (found.expires_at and found.expires_at <= now):
        raise error(Unauthorised, "flask.token_wrong", field="header.Authorization")
    organisations = tuple(Ref.parse(ref) for ref in found.organisations)
    actor = Actor(found.actor, frozenset(found.roles), organisations=organisations, scopes=found.scopes)
    return actor, found.tenant


def _below(actor: Actor, roles: Sequence[str], scopes: Sequence[str]) -> None:
    """``Refused`` for roles that an administrator alone hands out, and for scopes beyond those of the issuer's own key."""
    high = sorted(set(roles) & _HIGH) if not actor.roles & _HIGH else []
    if high:
        raise error(Refused, "flask.token_above", field="token.roles.above", value=high[0])
    wide = sorted(set(scopes) - set(actor.scopes)) if actor.scopes is not None and "*" not in actor.scopes else []
    if wide:
        raise error(Refused, "flask.token_above", field="token.scopes.above", value=wide[0])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
