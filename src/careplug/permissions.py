"""Who may do what, by role: the defaults every unit asks before a plugin can deny more."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

from careplug.errors import Refused
from careplug.refs import Actor

__all__ = ["ROLES", "WORDS", "check", "may"]

_CUSTOMER = (
    "feedback.submit",
    "feedback.read",
    "feedback.list",
    "feedback.search",
    "feedback.reply",
    "feedback.attach",
    "feedback.step.close",
    "feedback.step.reopen",
    "feedback.step.withdraw",
)
_ENGINEER = (
    "feedback.submit",
    "feedback.read",
    "feedback.list",
    "feedback.search",
    "feedback.search.*",
    "feedback.reply",
    "feedback.note",
    "feedback.call",
    "feedback.appoint",
    "feedback.record.*",
    "feedback.attach",
    "feedback.link",
    "feedback.pause",
    "feedback.assign",
    "feedback.expect",
    "feedback.edit",
    "feedback.prioritise",
    "feedback.step.*",
    "sla.explain",
    "sla.due",
    "messages.read",
    "parties.read",
    "definitions.read",
    "survey.forms",
    "survey.read",
    "survey.enter",
    "survey.scores.own",
)
_MANAGER = (
    *_ENGINEER,
    "feedback.*",
    "sla.*",
    "report.*",
    "messages.*",
    "parties.*",
    "definitions.*",
    "privacy.*",
    "survey.*",
)

ROLES: Mapping[str, tuple[str, ...]] = {
    "customer": _CUSTOMER,
    "engineer": _ENGINEER,
    "manager": _MANAGER,
    "admin": ("*",),
    "system": ("*",),
    "import": ("*",),
}
"""Actions by role, as patterns. Back-dating, overriding, voiding and erasing are the manager's."""

WORDS = frozenset(
    {
        *(pattern.partition(".")[0] for role in (_CUSTOMER, _ENGINEER, _MANAGER) for pattern in role),
        *("audit", "import", "transfer"),  # of the admin alone
    }
)
"""The first words of the core's own actions: no plugin can grant what begins with one of them."""

Grants = Mapping[str, tuple[str, ...]]


@cache
def _may(roles: frozenset[str], action: str) -> bool:
    return any(fnmatchcase(action, pattern) for role in roles for pattern in ROLES.get(role, ()))


@cache
def _named(scopes: tuple[str, ...], action: str) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in scopes)


def may(actor: Actor, action: str, grants: Grants | None = None) -> bool:
    """Whether one of the actor's roles may do it, by the core's rules or by ``grants`` (what plugins let a role do)."""
    if _may(actor.roles, action):
        return True
    return any(_named((grants or {}).get(role, ()), action) for role in actor.roles)


def check(actor: Actor, action: str, grants: Grants | None = None) -> None:
    """``Refused`` unless one of the actor's roles may do it, and the key the actor acts with is not confined to less."""
    if not may(actor, action, grants):
        raise Refused("permission.role", field=f"permission.{action}", actor=actor.key, action=action)
    if actor.scopes is not None and not _named(actor.scopes, action):
        raise Refused("permission.scope", field=f"permission.{action}.scope", scopes=", ".join(actor.scopes) or "–")
