"""What is wrong with a resource, a panel, a link or a grant: rules that look at more than one field, or into one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs

from careplug import permissions
from careplug.contributions import Action, EntitySpec, Grant, Link, Panel, Resource
from careplug.errors import CareError, PluginFailed
from careplug.plugin.rules import COMMON, RULES
from careplug.resources import FieldInfo, describe

__all__ = ["field_fault", "surface_fault"]

SIDES = ("service", "customer")
"""Whose pages there are."""

RESERVED = ("add", "edit", "list", "read", "show")
"""Names that no action of a resource may have: they are what every resource can do."""

FIXED = ("id", "tenant", "version", "custom")
"""Fields that no form sets: who stores the entity does."""


def surface_fault(item: Any, place: str) -> CareError | None:
    """What is wrong with the values of a surface, None where nothing is."""
    if isinstance(item, Grant):
        return _of_grant(item, place)
    if isinstance(item, Resource):
        return _of_actions(item, place)
    if isinstance(item, (Panel, Link)):
        unknown = [side for side in item.sides if side not in SIDES]
        if unknown or not item.sides:
            value = unknown[0] if unknown else "()"
            return PluginFailed("plugin.item.sides", field=f"{place}.sides", value=value, known=", ".join(SIDES))
    return None


def _of_grant(grant: Grant, place: str) -> CareError | None:
    if grant.role not in permissions.ROLES:
        known = ", ".join(sorted(permissions.ROLES))
        return PluginFailed("plugin.grant.role", field=f"{place}.role", value=grant.role, known=known)
    for number, action in enumerate(grant.actions):
        field, first = f"{place}.actions[{number}]", action.partition(".")[0]
        if first in permissions.WORDS:
            return PluginFailed("plugin.grant.core", field=field, value=action, word=first)
        if not first or not first.replace("_", "").replace("-", "").isalnum():
            # a pattern in the first word would reach the core's actions too
            return PluginFailed("plugin.grant.word", field=field, value=action)
    return None


def _of_actions(resource: Resource, place: str) -> CareError | None:
    for number, action in enumerate(resource.actions):
        for field in attrs.fields(Action):
            rule = RULES.get((Action, field.name)) or COMMON.get(field.name)
            value = getattr(action, field.name)
            if rule is not None and not rule[1](value):
                where = f"{place}.actions[{number}].{field.name}"
                return PluginFailed(f"plugin.item.{rule[0]}", field=where, value=repr(value)[:80])
        if action.name in RESERVED:
            known = ", ".join(RESERVED)
            return PluginFailed(
                "plugin.action.reserved", field=f"{place}.actions.{action.name}", value=action.name, known=known
            )
    doubles = [name for name, times in Counter(action.name for action in resource.actions).items() if times > 1]
    if doubles:
        return PluginFailed("plugin.action.twice", field=f"{place}.actions.{doubles[0]}", value=doubles[0])
    return None


def field_fault(resource: Resource, spec: EntitySpec, place: str) -> CareError | None:
    """What is wrong with the fields a resource names, ``spec`` being its entity with the custom fields of all plugins."""
    found = {info.name: info for info in describe(attrs.evolve(resource, columns=(), filters=(), fields=()), spec)}
    named = {
        "columns": resource.columns,
        "filters": resource.filters,
        "fields": resource.fields,
        "labels": tuple(resource.labels),
        "order": (resource.order,) if resource.order else (),
    }
    for key, names in named.items():
        for name in names:
            field, info = f"{place}.{key}.{name}", found.get(name)
            if info is None:
                known = ", ".join(found)
                return PluginFailed(
                    "plugin.resource.field", field=field, value=name, entity=resource.entity.__qualname__, known=known
                )
            if not _fits(key, info, spec):
                return PluginFailed(f"plugin.resource.{key}", field=field, value=name)
    return None


def _fits(key: str, info: FieldInfo, spec: EntitySpec) -> bool:
    """Whether a field can be filtered, sorted by or set in a form; any may be a column."""
    if key == "fields":
        return info.name not in FIXED
    if key not in ("filters", "order"):
        return True
    stored = not info.custom or any(each.indexed for each in spec.extra if f"custom.{each.name}" == info.name)
    apart = ("json",) if key == "filters" else ("json", "money", "ref", "text2", "long")
    return stored and info.type not in apart
