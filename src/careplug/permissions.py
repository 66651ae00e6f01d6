"""Who may do what, by role: the defaults every unit asks before a plugin can deny more."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

from careplug.errors import Refused
from careplug.refs import Actor

__all__ = ["ROLES", "check"]

_CUSTOMER = (
    "feedback.submit",
    "feedback.read",
    "feedback.list",
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
)
_MANAGER = (*_ENGINEER, "feedback.*", "sla.*", "report.*", "messages.*", "parties.*", "definitions.*", "privacy.*")

ROLES: Mapping[str, tuple[str, ...]] = {
    "customer": _CUSTOMER,
    "engineer": _ENGINEER,
    "manager": _MANAGER,
    "admin": ("*",),
    "system": ("*",),
    "import": ("*",),
}
"""Actions by role, as patterns. Back-dating, overriding, voiding and erasing are the manager's."""


@cache
def _may(roles: frozenset[str], action: str) -> bool:
    return any(fnmatchcase(action, pattern) for role in roles for pattern in ROLES.get(role, ()))


@cache
def _named(scopes: tuple[str, ...], action: str) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in scopes)


def check(actor: Actor, action: str) -> None:
    """``Refused`` unless one of the actor's roles may do it, and the key the actor acts with is not confined to less."""
    if not _may(actor.roles, action):
        raise Refused("permission.role", field=f"permission.{action}", actor=actor.key, action=action)
    if actor.scopes is not None and not _named(actor.scopes, action):
        raise Refused("permission.scope", field=f"permission.{action}.scope", scopes=", ".join(actor.scopes) or "–")
