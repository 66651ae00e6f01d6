"""What each hook may return, what a right item looks like, and the names it claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    HookSpecs,
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
from careplug.plugin.rules import COMMON, RULES
from careplug.plugin.surfaces import surface_fault

__all__ = ["HOOKS", "Key", "fault", "keys", "kind_of"]

Key = tuple[str, ...]
"""A name that somebody owns: its kind, then what tells it apart within that kind."""

HOOKS: Mapping[str, tuple[type, ...]] = {
    "careplug_entities": (EntitySpec, FactType, FieldSpec),
    "careplug_definitions": (Seed,),
    "careplug_storage": (StorageFactory, FieldCipher),
    "careplug_channels": (ChannelFactory,),
    "careplug_services": (ServiceFactory, PolicySource),
    "careplug_handlers": (Handler,),
    "careplug_jobs": (Job,),
    "careplug_surfaces": (Command, Resource, Panel, Link, Messages, Grant),
    "careplug_hooks": (HookSpecs,),
}
"""The hooks that return objects, and the types each may return."""

_KINDS: Mapping[type, str] = {
    EntitySpec: "entity",
    FactType: "fact",
    FieldSpec: "field",
    Seed: "seed",
    StorageFactory: "storage",
    FieldCipher: "cipher",
    ChannelFactory: "channel",
    ServiceFactory: "service",
    PolicySource: "policy_source",
    Handler: "handler",
    Job: "job",
    Command: "command",
    Resource: "resource",
    Panel: "panel",
    Link: "link",
    Grant: "grant",
    Messages: "messages",
    HookSpecs: "hooks",
}


def kind_of(item: object) -> str:
    """The kind of an item (``"handler"``), as it is counted and named; ``KeyError`` for what is none."""
    return _KINDS[_base(item)]


def keys(item: Any) -> tuple[Key, ...]:
    """The names an item claims; two plugins claiming one of them are refused."""
    kind = kind_of(item)
    if isinstance(item, EntitySpec):
        return (kind, item.name), ("class", _qualified(item.cls))
    if isinstance(item, FactType):
        return ((kind, item.subject, item.name),)
    if isinstance(item, FieldSpec):
        return ((kind, item.entity, item.name),)
    if isinstance(item, Seed):
        return ((kind, item.kind, item.name),)
    if isinstance(item, StorageFactory):
        return (kind, item.name), *(("scheme", scheme) for scheme in item.schemes)
    if isinstance(item, FieldCipher):
        return ((kind,),)  # one for all
    if isinstance(item, ServiceFactory):
        return ((kind, _qualified(item.type)),)
    if isinstance(item, Messages):
        return tuple(("sentence", code) for code in item.sentences)
    if isinstance(item, (HookSpecs, Grant)):
        return ()
    return ((kind, item.name),)


def fault(item: Any, where: str) -> CareError | None:
    """What is wrong with the values of an item, None where nothing is; ``where`` is the dotted place so far.

    Values, not only types: ``facts=("submitted")`` is a text and would be taken for nine fact types.
    """
    name = getattr(item, "role" if isinstance(item, Grant) else "name", "")
    place = ".".join(part for part in (where, kind_of(item), name if isinstance(name, str) else "") if part)
    base = _base(item)
    for field in attrs.fields(base):
        rule = RULES.get((base, field.name)) or COMMON.get(field.name)
        value = getattr(item, field.name)
        if rule is not None and not rule[1](value):
            return PluginFailed(f"plugin.item.{rule[0]}", field=f"{place}.{field.name}", value=_short(value))
    try:
        return _deep_fault(item, place)
    except CareError as error:
        problem = error.field or error.code
        return PluginFailed("plugin.item.storable", field=f"{place}.{problem}", error=error)
    except Exception as error:
        return PluginFailed("plugin.item.broken", field=place, error=f"{type(error).__name__}: {error}")


def _deep_fault(item: Any, place: str) -> CareError | None:
    """Rules that look at more than one field, or into one."""
    if isinstance(item, EntitySpec):
        known = {field.name for field in attrs.fields(item.cls)}
        known.update(column.name for column in item.columns())
        told = item.projection and (item.projection.by, *item.projection.names)
        for fields in (*item.indexes, *item.unique, item.about, told or ()):
            unknown = [name for name in fields if name not in known and not name.startswith("custom.")]
            if unknown:
                return PluginFailed("plugin.item.index", field=f"{place}.indexes", value=unknown[0])
        for extra in item.extra:
            wrong = fault(extra, place)
            if wrong is not None:
                return wrong
    if isinstance(item, FieldSpec) and item.type == "choice" and not item.choices:
        return PluginFailed("plugin.item.choices", field=f"{place}.choices")
    if isinstance(item, Seed) and isinstance(item.data, dict):
        # Another Mapping may be dear to make (a country's holidays): it is read when it is stored, not at every start.
        from careplug.timeline.facts import canonical

        canonical(item.data)
    if isinstance(item, (Resource, Panel, Link, Grant)):
        found = surface_fault(item, place)
        actions = item.actions if isinstance(item, Resource) else ()
        of_fields = (fault(field, f"{place}.{action.name}") for action in actions for field in action.fields)
        return found or next((wrong for wrong in of_fields if wrong is not None), None)
    return None


def _base(item: object) -> type:
    """The type of ours that an item is of, or derives from."""
    return next((cls for cls in type(item).__mro__ if cls in _KINDS), type(item))


def _qualified(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
