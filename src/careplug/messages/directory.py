"""The stored default of the Directory port: people, teams and organisations where the host has no own list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from careplug.criteria import All, Is, Order
from careplug.errors import Conflict, Invalid, NotFound
from careplug.messages.entities import Party, PartyRole
from careplug.messages.service import Messages
from careplug.ports import Address, Contact, Unit
from careplug.refs import Ref, new_id

__all__ = ["Parties", "StoredDirectory"]

PAGE_LIMIT = 500
_EDITABLE = ("name", "organisation", "roles", "addresses", "language", "zone", "active")
_LANGUAGE = re.compile(r"(?P<head>en|zh|qps)([-_.][A-Za-z0-9_.@-]{1,15})?", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z0-9_.\-]{0,39}")
_FORMS: Mapping[str, re.Pattern[str]] = {
    "mail": re.compile(r"[^@\s<>,;:\"]{1,64}@[^@\s<>,;:\"]{1,189}"),
    "sms": re.compile(r"\+?[0-9][0-9 \-]{2,28}[0-9]"),
    "phone": re.compile(r"\+?[0-9][0-9 \-]{2,28}[0-9]"),
    "webhook": re.compile(r"https?://[^\s]{1,290}"),
}
"""What an address must look like, by channel; any other channel checks its own when it sends."""


class StoredDirectory:
    """``ports.Directory`` over stored parties. Holds nothing, so one serves every unit and thread."""

    def find(self, unit: Unit, ref: Ref) -> Contact | None:
        """The party behind a reference; an inactive one without addresses, so that its name can still be read."""
        found = unit.store.find(Party, Is("ref", "eq", ref), limit=1)
        return _contact(found[0]) if found else None

    def members(self, unit: Unit, role: str) -> Sequence[Contact]:
        """The active parties with a role (``"manager"``) or in a team (``"team:hotline"``), by reference."""
        ids = _with_role(unit, role)
        if not ids:
            return []
        found = unit.store.find(Party, All(Is("id", "in", ids), Is("active", "eq", value=True)))
        return [_contact(party) for party in sorted(found, key=lambda party: str(party.ref))]


class Parties:
    """Adds, edits and finds parties of a unit's tenant; reading needs ``parties.read``, writing ``parties.manage``."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def add(
        self,
        ref: Ref,
        *,
        name: str,
        organisation: Ref | None = None,
        roles: Iterable[str] = (),
        addresses: Iterable[Address] = (),
        language: str = "zh_CN",
        zone: str = "Asia/Shanghai",
    ) -> Party:
        """Store a new party; ``Invalid`` names the field, ``Conflict`` where the reference has a party already."""
        self.unit.allow("parties.manage", ref)
        party = Party(
            id=new_id(),
            tenant=self.unit.tenant,
            ref=ref,
            **_checked(
                name=name, organisation=organisation, roles=roles, addresses=addresses, language=language, zone=zone
            ),
        )
        if not self.unit.store.add_if_absent(party):
            raise Conflict("party.exists", field="party.ref", value=ref)
        self._set_roles(party, ())
        self._members_changed()
        return party

    def edit(self, ident: str, *, expected: int, **changes: Any) -> Party:
        """Change fields of a party (name, organisation, roles, addresses, language, zone, active).

        ``Conflict`` where its version is not ``expected`` any more, ``NotFound``, ``Invalid`` naming the field.
        """
        unknown = sorted(set(changes) - set(_EDITABLE))
        if unknown:
            raise Invalid("party.field", field=f"party.{unknown[0]}", known=", ".join(_EDITABLE))
        old = self._stored(ident, lock=True)
        self.unit.allow("parties.manage", old.ref)
        if old.version != expected:
            raise Conflict("party.stale", field="party.version", expected=expected, found=old.version)
        made = attrs.evolve(old, version=old.version + 1, **_checked(**changes))
        self.unit.store.save(made, was=old, expected=expected)
        if made.roles != old.roles:
            self._set_roles(made, old.roles)
        self._members_changed()
        return made

    def get(self, ident: str) -> Party:
        """One party by its id; ``NotFound``."""
        found = self._stored(ident)
        self.unit.allow("parties.read", found.ref)
        return found

    def of(self, ref: Ref) -> Party | None:
        """The party behind a reference, None where there is none."""
        self.unit.allow("parties.read", ref)
        found = self.unit.store.find(Party, Is("ref", "eq", ref), limit=1)
        return found[0] if found else None

    def find(
        self,
        *,
        organisation: Ref | None = None,
        role: str = "",
        active: bool | None = True,
        after: Sequence[Any] | None = None,
        limit: int = 50,
    ) -> list[Party]:
        """Parties by name; of an organisation, with a role (roles are for staff: hundreds, not customers).

        ``active`` None gives both. ``after`` is ``(name, id)`` of the last one seen; at most 500 a page. Names that are
        stored encrypted cannot be sorted by: then in the order in which the parties were added.
        """
        self.unit.allow("parties.read")
        if not 1 <= limit <= PAGE_LIMIT:
            raise Invalid("party.limit", field="party.limit", value=limit, most=PAGE_LIMIT)
        parts: list[Is] = []
        if organisation is not None:
            parts.append(Is("organisation", "eq", organisation))
        if active is not None:
            parts.append(Is("active", "eq", active))
        if role:
            ids = _with_role(self.unit, role)
            if not ids:
                return []
            parts.append(Is("id", "in", ids))
        if self.unit.setup.encrypted:
            last = None if after is None else tuple(after)[-1:]
            return self.unit.store.find(Party, All(*parts), order=(Order("id"),), limit=limit, after=last)
        return self.unit.store.find(Party, All(*parts), order=(Order("name"),), limit=limit, after=after)

    def forget(self, ident: str) -> Party:
        """Erase what is personal: name and addresses. The reference stays, inactive; it says nothing by itself."""
        old = self._stored(ident, lock=True)
        self.unit.allow("parties.manage", old.ref)
        made = attrs.evolve(old, name="", addresses=(), roles=(), active=False, version=old.version + 1)
        self.unit.store.save(made, was=old, expected=old.version)
        self._set_roles(made, old.roles)
        self._members_changed()
        return made

    def _members_changed(self) -> None:
        self.unit.get(Messages).members.clear()

    def _stored(self, ident: str, *, lock: bool = False) -> Party:
        found = self.unit.store.get(Party, ident, lock=lock)
        if found is None:
            raise NotFound("party.missing", field="party.id", value=ident)
        return found

    def _set_roles(self, party: Party, had: Sequence[str]) -> None:
        gone = tuple(role for role in had if role not in party.roles)
        if gone:
            self.unit.store.remove(PartyRole, All(Is("party_id", "eq", party.id), Is("role", "in", gone)))
        for role in party.roles:
            if role not in had:
                row = PartyRole(id=new_id(), tenant=self.unit.tenant, role=role, party_id=party.id)
                self.unit.store.add(row)


def _with_role(unit: Unit, role: str) -> tuple[str, ...]:
    return tuple(row.party_id for row in unit.store.find(PartyRole, Is("role", "eq", role)))


def _contact(party: Party) -> Contact:
    return Contact(
        ref=party.ref,
        name=party.name,
        organisation=party.organisation,
        roles=party.roles,
        addresses=party.addresses if party.active else (),
        language=party.language,
        zone=party.zone,
    )


def _checked(**changes: Any) -> dict[str, Any]:
    """The given fields of a party as they are stored; ``Invalid`` names the one that is wrong."""
    return {key: _CHECKS[key](value) if key in _CHECKS else value for key, value in changes.items()}


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise Invalid("party.name", field="party.name", value=repr(value)[:60])
    return value.strip()


def _roles(value: Iterable[str]) -> tuple[str, ...]:
    roles = () if isinstance(value, str) else tuple(dict.fromkeys(value))
    wrong = [value] if isinstance(value, str) else [role for role in roles if not _is_role(role)]
    if wrong:
        raise Invalid("party.role", field="party.roles", value=repr(wrong[0])[:60])
    return roles


def _is_role(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100 and value.isprintable() and " " not in value


def _addresses(value: Iterable[Any]) -> tuple[Address, ...]:
    found = tuple(value)
    for address in found:
        if not isinstance(address, Address) or not _WORD.fullmatch(str(address.channel)):
            raise Invalid("party.channel", field="party.addresses.channel", value=repr(address)[:60])
        form = _FORMS.get(address.channel)
        text: object = address.value
        usable = isinstance(text, str) and 0 < len(text) <= 300 and text.isprintable()
        if not usable or (form is not None and not form.fullmatch(str(text))):
            code = f"party.{address.channel}" if form is not None else "party.address"
            raise Invalid(code, field=f"party.addresses.{address.channel}", value=repr(text)[:60])
    return found


def _language(value: object) -> str:
    found = _LANGUAGE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Invalid("party.language", field="party.language", value=repr(value)[:60])
    head = found["head"].lower()
    return "zh_CN" if head == "zh" else head


def _zone(value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (OSError, ValueError, LookupError):
        raise Invalid("party.zone", field="party.zone", value=repr(value)[:60]) from None


_CHECKS: Mapping[str, Any] = {
    "name": _name,
    "roles": _roles,
    "addresses": _addresses,
    "language": _language,
    "zone": _zone,
}
