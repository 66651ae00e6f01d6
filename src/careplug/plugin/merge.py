"""Joining what the plugins contribute: names claimed twice, references to nothing, and the result, by name.

The result never depends on the order of the plugins: everything is sorted by rank and name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from careplug.contributions import (
    ChannelFactory,
    Command,
    EntitySpec,
    FactType,
    FieldCipher,
    FieldSpec,
    Grant,
    Handler,
    Job,
    Link,
    Messages,
    Panel,
    PolicySource,
    Resource,
    Seed,
    ServiceFactory,
    StorageFactory,
)
from careplug.errors import CareError, PluginFailed
from careplug.plugin.items import Key, keys, kind_of
from careplug.plugin.report import Owner
from careplug.plugin.surfaces import field_fault
from careplug.text import Text

__all__ = ["Bundle", "Contributions", "clashes", "dangling", "merge"]

T = TypeVar("T")


@attrs.frozen
class Bundle:
    """What one plugin contributes: its items, and by the name of another plugin's hook what it gives there."""

    owner: Owner
    items: tuple[Any, ...] = ()
    gathered: Mapping[str, tuple[Any, ...]] = attrs.field(factory=dict)

    def counts(self) -> dict[str, int]:
        """How many items of each kind, and how many things for hooks of plugins."""
        found = Counter(kind_of(item) for item in self.items)
        gathered = sum(len(part) for part in self.gathered.values())
        return {**found, **({"gathered": gathered} if gathered else {})}


@attrs.frozen(kw_only=True)
class Contributions:
    """Everything the plugins contribute, checked, without doubles, sorted by name (what has a rank by rank first).

    ``entities`` carry their plugin's name and the custom fields all plugins add to them. ``fact_types`` go by
    (subject, name), ``sentences`` by code, ``grants`` by role: the patterns of actions that plugins let it do. ``owners``
    says who brought a name; use ``owner`` for an item.
    """

    entities: tuple[EntitySpec, ...] = ()
    fact_types: Mapping[tuple[str, str], FactType] = attrs.field(factory=dict)
    seeds: tuple[Seed, ...] = ()
    storages: tuple[StorageFactory, ...] = ()
    ciphers: tuple[FieldCipher, ...] = ()
    channels: tuple[ChannelFactory, ...] = ()
    services: tuple[ServiceFactory, ...] = ()
    policy_sources: tuple[PolicySource, ...] = ()
    handlers: tuple[Handler, ...] = ()
    jobs: tuple[Job, ...] = ()
    commands: tuple[Command, ...] = ()
    resources: tuple[Resource, ...] = ()
    panels: tuple[Panel, ...] = ()
    links: tuple[Link, ...] = ()
    grants: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    sentences: Mapping[str, Text] = attrs.field(factory=dict)
    owners: Mapping[Key, Owner] = attrs.field(factory=dict, repr=False)

    def owner(self, item: object) -> Owner:
        """Who contributed an item: the plugin's name and version, for log lines and errors.

        ``KeyError`` for something that no plugin contributed.
        """
        return self.owners[keys(item)[0]]


def clashes(bundles: Iterable[Bundle]) -> dict[str, CareError]:
    """The plugins that claim a name an earlier one owns, or one name twice, each with the error that says so."""
    owned: dict[Key, Owner] = {}
    found: dict[str, CareError] = {}
    for bundle in bundles:
        own: dict[Key, Owner] = {}
        error = next((wrong for item in bundle.items for wrong in _claims(item, bundle.owner, owned, own)), None)
        if error is None:
            owned.update(own)
        else:
            found[bundle.owner.name] = error
    return found


def _claims(item: Any, owner: Owner, owned: Mapping[Key, Owner], own: dict[Key, Owner]) -> Iterator[CareError]:
    for key in _all_keys(item):
        field = f"plugins.{owner.name}.{'.'.join(key)}"
        if key in owned:
            yield PluginFailed("plugin.two_owners", field=field, owner=str(owned[key]), plugin=str(owner))
        if key in own:
            yield PluginFailed("plugin.twice", field=field, plugin=str(owner))
        own[key] = owner


def _all_keys(item: Any) -> tuple[Key, ...]:
    extra = item.extra if isinstance(item, EntitySpec) else ()
    return keys(item) + tuple(("field", item.name, field.name) for field in extra)


def dangling(bundles: Sequence[Bundle]) -> dict[str, CareError]:
    """The plugins that refer to an entity or a field nobody has, or name a custom field like a field the entity has."""
    specs = {item.name: item for bundle in bundles for item in bundle.items if isinstance(item, EntitySpec)}
    added = _by_entity(item for bundle in bundles for item in bundle.items if isinstance(item, FieldSpec))
    stored = {spec.cls: _complete(spec, added) for spec in specs.values()}
    found: dict[str, CareError] = {}
    for bundle in bundles:
        for item in bundle.items:
            error = _reference(item, bundle.owner, specs, stored)
            if error is not None:
                found.setdefault(bundle.owner.name, error)
    return found


def _reference(
    item: Any, owner: Owner, specs: Mapping[str, EntitySpec], stored: Mapping[type, EntitySpec]
) -> CareError | None:
    place = f"plugins.{owner.name}.{kind_of(item)}"
    if isinstance(item, FieldSpec):
        spec = specs.get(item.entity)
        field = f"{place}.{item.entity}.{item.name}"
        if spec is None:
            return PluginFailed("plugin.field_entity", field=field, entity=item.entity, known=", ".join(sorted(specs)))
        return _taken(item, spec, field)
    if isinstance(item, EntitySpec):
        wrong = (_taken(extra, item, f"{place}.{item.name}.{extra.name}") for extra in item.extra)
        return next((error for error in wrong if error is not None), None)
    if isinstance(item, Resource):
        if item.entity not in stored:
            return PluginFailed("plugin.resource_entity", field=f"{place}.{item.name}", entity=item.entity.__qualname__)
        return field_fault(item, stored[item.entity], f"{place}.{item.name}")
    return None


def _taken(extra: FieldSpec, spec: EntitySpec, field: str) -> CareError | None:
    if extra.name in {own.name for own in attrs.fields(spec.cls)}:
        return PluginFailed("plugin.field_taken", field=field, entity=spec.name)
    return None


def merge(bundles: Sequence[Bundle]) -> Contributions:
    """The contributions of all bundles, which ``clashes`` and ``dangling`` found nothing wrong with."""
    items = [(item, bundle.owner) for bundle in bundles for item in bundle.items]
    owners = {key: owner for item, owner in items for key in _all_keys(item)}
    fields = _by_entity(_of(items, FieldSpec))
    facts = {(fact.subject, fact.name): fact for fact in _of(items, FactType)}
    words = {code: text for part in _of(items, Messages) for code, text in part.sentences.items()}
    return Contributions(
        entities=_named(
            attrs.evolve(_complete(item, fields), plugin=owner.name)
            for item, owner in items
            if isinstance(item, EntitySpec)
        ),
        fact_types=MappingProxyType(dict(sorted(facts.items()))),
        seeds=tuple(sorted(_of(items, Seed), key=lambda seed: (seed.kind, seed.name))),
        storages=_named(_of(items, StorageFactory)),
        ciphers=_named(_of(items, FieldCipher)),
        channels=_named(_of(items, ChannelFactory)),
        services=tuple(sorted(_of(items, ServiceFactory), key=keys)),
        policy_sources=_named(_of(items, PolicySource)),
        handlers=_ranked(_of(items, Handler)),
        jobs=_named(_of(items, Job)),
        commands=_named(_of(items, Command)),
        resources=_ranked(_of(items, Resource)),
        panels=_ranked(_of(items, Panel)),
        links=_ranked(_of(items, Link)),
        grants=_joined(_of(items, Grant)),
        sentences=MappingProxyType(dict(sorted(words.items()))),
        owners=MappingProxyType(owners),
    )


def _of(items: Sequence[tuple[Any, Owner]], kind: type[T]) -> list[T]:
    return [item for item, _ in items if isinstance(item, kind)]


def _named(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(items, key=lambda item: item.name))


def _ranked(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(items, key=lambda item: (item.rank, item.name)))


def _joined(grants: Iterable[Grant]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for grant in grants:
        found.setdefault(grant.role, set()).update(grant.actions)
    return MappingProxyType({role: tuple(sorted(found[role])) for role in sorted(found)})


def _by_entity(fields: Iterable[FieldSpec]) -> Mapping[str, Sequence[FieldSpec]]:
    found: dict[str, list[FieldSpec]] = {}
    for field in fields:
        found.setdefault(field.entity, []).append(field)
    return found


def _complete(spec: EntitySpec, fields: Mapping[str, Sequence[FieldSpec]]) -> EntitySpec:
    extra = sorted((*spec.extra, *fields.get(spec.name, ())), key=lambda field: field.name)
    return attrs.evolve(spec, extra=tuple(extra))
