"""Definitions: calendars, policies, metrics, transitions, templates … as stored rows with immutable revisions.

A revision is named by the digest of its canonical text. What a plugin hands over is a *seed*: stored as
the first revision of a tenant, later, when its digest changed, as a proposed one that a person accepts.
Nothing at run time reads a definition from code.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from careplug.contributions import Seed
from careplug.criteria import Is
from careplug.entity import EntitySpec, column
from careplug.errors import Conflict, NotFound, Retry
from careplug.ports import Transaction, Unit
from careplug.refs import new_id
from careplug.text import Text
from careplug.timeline.facts import canonical

__all__ = ["SPECS", "Definition", "DefinitionCache", "Definitions", "digest_of", "install", "restamp"]

DIGEST_LENGTH = 32


@attrs.frozen(kw_only=True)
class Definition:
    """One revision of a definition. ``data`` never changes; ``state`` is active, proposed or retired.

    Facts and clocks pin a revision by ``digest``. ``source`` is who brought it: a plugin or a person.
    """

    id: str
    tenant: str = ""
    kind: str = column(length=40)
    name: str = column(length=100)
    digest: str = column(length=64)
    revision: int = 1
    state: str = column(length=20, default="active")
    data: dict[str, Any]
    label: Text = Text()
    source: str = column(length=170, default="")
    created_at: datetime


@attrs.frozen(kw_only=True)
class Stamp:
    """Names the content of a tenant's definitions: a new token with every change, so that caches cannot mistake
    what a rolled-back unit saw for what another one committed.
    """

    id: str
    tenant: str = ""
    token: str = column(length=36)


SPECS = (
    EntitySpec(name="definition", cls=Definition, unique=(("kind", "name", "digest"),)),
    EntitySpec(name="stamp", cls=Stamp),
)


def digest_of(kind: str, name: str, data: Mapping[str, Any]) -> str:
    """The digest of a revision: the first 32 hex digits of SHA-256 over kind, name and canonical text.

    The name is part of it, so that two definitions that say the same are still two: what pins one names it.
    """
    return hashlib.sha256(f"{kind}\n{name}\n{canonical(data)}".encode()).hexdigest()[:DIGEST_LENGTH]


def stamp_id(tenant: str) -> str:
    """The id of a tenant's stamp row."""
    return f"stamp-{hashlib.sha256(tenant.encode()).hexdigest()[:30]}"


@attrs.define
class _Known:
    token: str
    active: dict[str, dict[str, Definition]]
    by_digest: dict[tuple[str, str], Definition]
    rows: list[Definition]  # two names of one content share a digest, so `by_digest` alone would lose one
    memo: dict[str, Any] = attrs.field(factory=dict)


class DefinitionCache:
    """What is known of every tenant's definitions, and what was parsed of them. Thread-safe, one per Care.

    ``parsers`` turn a kind's data into its value (a calendar, a policy); parsed values are kept by digest for
    as long as the Care lives, which is safe because a revision never changes.
    """

    def __init__(self, seeds: Iterable[Seed], parsers: Mapping[str, Callable[[str, Mapping[str, Any]], Any]]) -> None:
        self.seeds = tuple(seeds)
        self.parsers = parsers
        self._lock = threading.Lock()
        self._tenants: dict[str, _Known] = {}
        self._parsed: dict[tuple[str, str, str], Any] = {}

    def known(self, tenant: str) -> _Known | None:
        """What was read last for a tenant."""
        return self._tenants.get(tenant)

    def keep(self, tenant: str, known: _Known) -> None:
        """Remember what was read."""
        with self._lock:
            self._tenants[tenant] = known

    def parsed(self, definition: Definition) -> Any:
        """The value of a definition: by its kind's parser, or the data itself."""
        key = (definition.kind, definition.name, definition.digest)
        found = self._parsed.get(key)
        if found is None:
            parse = self.parsers.get(definition.kind)
            found = definition.data if parse is None else parse(definition.name, definition.data)
            with self._lock:
                self._parsed[key] = found
        return found


class Definitions:
    """The definitions of a unit's tenant. Reads one small row a unit, and the rest only when that changed."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.cache: DefinitionCache = unit.setup.definitions
        self._seen: _Known | None = None

    def memo(self, key: str, make: Callable[[], Any]) -> Any:
        """Something worked out of these definitions, kept for as long as they do not change."""
        known = self._known()
        if key not in known.memo:
            known.memo[key] = make()
        return known.memo[key]

    def active(self, kind: str) -> Mapping[str, Definition]:
        """The active revisions of a kind, by name."""
        return self._known().active.get(kind, {})

    def values(self, kind: str) -> dict[str, Any]:
        """The active revisions of a kind as values, by name."""
        return {name: self.cache.parsed(found) for name, found in self.active(kind).items()}

    def get(self, kind: str, name: str) -> Definition:
        """The active revision of a name; ``NotFound`` where there is none."""
        found = self.active(kind).get(name)
        if found is None:
            known = ", ".join(sorted(self.active(kind)))
            raise NotFound("definition.missing", field=f"definition.{kind}", value=name, known=known)
        return found

    def value(self, kind: str, name: str) -> Any:
        """The active revision of a name as a value."""
        return self.cache.parsed(self.get(kind, name))

    def pinned(self, kind: str, digest: str) -> Any:
        """The value of one revision, whether active or long retired."""
        found = self._known().by_digest.get((kind, digest))
        if found is None:
            raise NotFound("definition.digest", field=f"definition.{kind}.digest", value=digest)
        return self.cache.parsed(found)

    def put(
        self, kind: str, name: str, data: Mapping[str, Any], *, label: Text = Text(), expected: int | None = None
    ) -> Definition:
        """Make ``data`` the active revision of a name. The same digest changes nothing.

        ``expected`` is the revision that was edited, 0 for a name that is new: another active one is ``Conflict``. Clocks
        pinned to the old revision stay with it until a person applies the new one. Needs ``definitions.put``.
        """
        self.unit.allow("definitions.put", name)
        parse = self.cache.parsers.get(kind)
        if parse is not None:
            parse(name, data)
        digest = digest_of(kind, name, data)
        self._hold()
        old = self.active(kind).get(name)
        _check_expected(f"definition.{kind}.{name}.revision", old, expected)
        if old is not None and old.digest == digest:
            return old
        store = self.unit.store
        if old is not None:
            store.save(attrs.evolve(old, state="retired"), was=old)
        revisions = self.revisions(kind, name)
        again = next((found for found in revisions if found.digest == digest), None)
        if again is not None:
            made = attrs.evolve(again, state="active")
            store.save(made, was=again)
        else:
            made = Definition(
                id=new_id(),
                tenant=self.unit.tenant,
                kind=kind,
                name=name,
                digest=digest,
                revision=1 + max((found.revision for found in revisions), default=0),
                data=dict(data),
                label=label or (old.label if old else Text()),
                source=self.unit.actor.key,
                created_at=self.unit.now(),
            )
            store.add(made)
        self._touch()
        return made

    def accept(self, kind: str, name: str, digest: str) -> Definition:
        """Make a proposed revision (a plugin's newer seed) the active one."""
        found = next((item for item in self.revisions(kind, name) if item.digest == digest), None)
        if found is None:
            raise NotFound("definition.proposal", field=f"definition.{kind}.{name}", value=digest)
        return self.put(kind, name, found.data)

    def everything(self) -> list[Definition]:
        """Every revision of every definition, by kind, name and revision."""
        return sorted(self._known().rows, key=lambda item: (item.kind, item.name, item.revision))

    def revisions(self, kind: str, name: str) -> list[Definition]:
        """Every revision of a name, oldest first."""
        found = [item for item in self._known().rows if (item.kind, item.name) == (kind, name)]
        return sorted(found, key=lambda item: item.revision)

    def _hold(self) -> None:
        """Be the only one to change this tenant's definitions: two revisions of a name must not both end up active."""
        store, ident = self.unit.store, stamp_id(self.unit.tenant)
        self._known()  # stores the seeds, and with them the stamp, where the tenant has none
        stamp = store.get(Stamp, ident, lock=True)
        if stamp is None or stamp.token == self._known().token:
            return
        self._seen = None
        if stamp.token != self._known().token:  # a host's snapshot from before: it cannot see what it would replace
            raise Retry("definition.busy", field="definition.stamp")

    def _touch(self) -> None:
        store, tenant = self.unit.store, self.unit.tenant
        restamp(store, tenant)
        store.flush()
        self._seen = None

    def _known(self) -> _Known:
        if self._seen is not None:
            return self._seen
        store, tenant = self.unit.store, self.unit.tenant
        stamp = store.get(Stamp, stamp_id(tenant))
        if stamp is None and store.writes:
            install(store, tenant, self.cache.seeds, self.unit.now())
            stamp = store.get(Stamp, stamp_id(tenant))
        token = stamp.token if stamp is not None else ""
        known = self.cache.known(tenant)
        if known is None or known.token != token:
            found = store.find(Definition) if token else _from_seeds(self.cache.seeds, tenant, self.unit.now())
            known = _collect(token, found)
            self.cache.keep(tenant, known)
        self._seen = known
        return known


def install(store: Transaction, tenant: str, seeds: Iterable[Seed], now: datetime) -> list[Definition]:
    """Store the seeds a tenant lacks: as active first revisions, or as proposals beside an older one."""
    stored = store.find(Definition, Is("tenant", "eq", tenant)) if store.tenant is None else store.find(Definition)
    have = {(item.kind, item.name) for item in stored}
    digests = {(item.kind, item.name, item.digest) for item in stored}
    made: list[Definition] = []
    for item in _from_seeds(seeds, tenant, now):
        if (item.kind, item.name, item.digest) in digests:
            continue
        if (item.kind, item.name) in have:
            item = attrs.evolve(item, state="proposed", revision=1 + _newest(stored, item))  # noqa: PLW2901
        if store.add_if_absent(item):
            made.append(item)
    if made:
        restamp(store, tenant)
    store.flush()
    return made


def restamp(store: Transaction, tenant: str) -> None:
    """Name the content of a tenant's definitions anew: caches of every process see that it changed."""
    fresh = Stamp(id=stamp_id(tenant), tenant=tenant, token=new_id())
    if not store.add_if_absent(fresh):
        old = store.get(Stamp, fresh.id, lock=True)
        store.save(fresh, was=old)


def _check_expected(field: str, old: Definition | None, expected: int | None) -> None:
    """``Conflict`` where somebody edited another revision than the one that is active."""
    current = old.revision if old is not None else 0
    if expected is not None and expected != current:
        raise Conflict("definition.stale", field=field, wanted=expected, current=current)


def _newest(stored: Iterable[Definition], like: Definition) -> int:
    return max(item.revision for item in stored if (item.kind, item.name) == (like.kind, like.name))


def _from_seeds(seeds: Iterable[Seed], tenant: str, now: datetime) -> list[Definition]:
    return [
        Definition(
            id=new_id(),
            tenant=tenant,
            kind=seed.kind,
            name=seed.name,
            digest=digest_of(seed.kind, seed.name, seed.data),
            data=dict(seed.data),
            label=seed.label,
            source="seed",
            created_at=now,
        )
        for seed in seeds
    ]


def _collect(token: str, found: Iterable[Definition]) -> _Known:
    known = _Known(token, {}, {}, list(found))
    for item in known.rows:
        known.by_digest[item.kind, item.digest] = item
        if item.state == "active":
            known.active.setdefault(item.kind, {})[item.name] = item
    return known
