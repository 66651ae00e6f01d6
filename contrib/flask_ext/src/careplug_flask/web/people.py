"""Whom a case can be given to: the people and teams of the service side that the directory knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from careplug.criteria import All, Is
from careplug.errors import Invalid
from careplug.messages.directory import StoredDirectory
from careplug.messages.entities import Party, PartyRole
from careplug.refs import Ref
from careplug_flask.identity import visitor

if TYPE_CHECKING:
    from careplug.unit import CareUnit
    from careplug_flask.web.context import Words

__all__ = ["staff"]

_ROLES = ("engineer", "manager")
_MOST = 500

Choices = list[tuple[str, str]]
"""Values of a select with their words."""


def staff(unit: CareUnit, words: Words, *keep: Ref | None) -> tuple[Choices, Choices]:
    """The people and the teams as choices. Whoever asks is the first of the people; ``keep`` are always among them.

    The stored directory tells everybody with a role of the service side; a host's is asked for engineers and managers.
    """
    people, teams = _stored(unit) if isinstance(unit.setup.directory, StoredDirectory) else _members(unit)
    me = visitor().must().ref
    words.know((me, *(ref for ref in keep if ref is not None), *(Ref.parse(team) for team in teams)))
    for ref in (me, *keep):
        if ref is not None and ref.kind != "team":
            people.setdefault(ref, words.person(ref))
    named = sorted(people.items(), key=lambda each: (each[0] != me, each[1]))
    mine = words.say("desk.me", name=people[me])
    shown = [(str(ref), mine if ref == me else name) for ref, name in named]
    for ref in keep:
        if ref is not None and ref.kind == "team":
            teams.add(str(ref))
    return shown, [(team, words.person(team)) for team in sorted(teams)]


def _stored(unit: CareUnit) -> tuple[dict[Ref, str], set[str]]:
    roles = unit.store.pick(PartyRole, ("role", "party_id"), limit=_MOST)
    teams = {role for role, _ in roles if role.startswith("team:") and _is_ref(role)}
    idents = tuple({ident for role, ident in roles if role in _ROLES or role.startswith("team:")})
    if not idents:
        return {}, teams
    found = unit.store.pick(Party, ("ref", "name"), All(Is("id", "in", idents), Is("active", "eq", value=True)))
    return {ref: name or ref.id for ref, name in found}, teams


def _members(unit: CareUnit) -> tuple[dict[Ref, str], set[str]]:
    found = (contact for role in _ROLES for contact in unit.setup.directory.members(unit, role))
    return {contact.ref: contact.name or contact.ref.id for contact in found}, set()


def _is_ref(text: str) -> bool:
    try:
        Ref.parse(text)
    except Invalid:
        return False
    return True
