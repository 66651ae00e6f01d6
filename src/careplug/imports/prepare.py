"""Before the first row: is everything there that the map names; its definitions stored; its custom fields declared."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from careplug.definitions import Definitions, digest_of
from careplug.errors import Conflict, Invalid
from careplug.feedback.base import FEEDBACK
from careplug.imports.map import ImportMap
from careplug.plugin import hookimpl
from careplug.refs import IMPORT, Actor
from careplug.sla.changes import Changes

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.entity import FieldSpec

__all__ = ["fields_of", "prepare"]

POLICY_SET = "policy_set"
"""Kind of the definition that names which policies may apply to the cases of an import."""


def fields_of(found: ImportMap) -> ModuleType:
    """A plugin that declares the custom fields of a map: ``Care(plugins=[fields_of(found)])``.

    A field is a declaration of the host, not of one import, so it must be there when the Care is built.
    """
    specs: tuple[FieldSpec, ...] = tuple(item.spec for item in found.custom.values())
    plugin = ModuleType(f"fields of {found.name}", f"The custom fields of the import {found.name}.")

    def careplug_entities() -> tuple[Any, ...]:
        """The map's custom fields."""
        return specs

    setattr(plugin, "careplug_name", f"fields-of-{found.name}")  # noqa: B010  a module has no such attribute
    setattr(plugin, "careplug_entities", hookimpl(careplug_entities))  # noqa: B010
    return plugin


def prepare(care: Care, found: ImportMap, *, actor: Actor, tenant: str) -> str | None:
    """Check the map against this Care and store its definitions; the digest of its policy set, if it has one."""
    with care.unit(actor=actor, tenant=tenant) as unit:
        unit.allow("import.run")
        declared: Mapping[str, FieldSpec] = unit.setup.fields(FEEDBACK)
        for name, item in found.custom.items():
            there = declared.get(name)
            if there is None:
                raise Invalid("import.undeclared", field=f"map.custom.{name}")
            if (there.type, there.personal) != (item.spec.type, item.spec.personal):
                raise Invalid("import.declared", field=f"map.custom.{name}.type", type=there.type)
        definitions = unit.get(Definitions)
        for kind, name, data in found.definitions:
            _store(unit, kind, name, data)
        _check_acts(definitions, found)
        _check_policies(definitions, found)
        if found.policies is None:
            return None
        content = {"policies": sorted(found.policies)}
        definitions.put(POLICY_SET, found.name, content)
        return digest_of(POLICY_SET, found.name, content)


def _store(unit: Any, kind: str, name: str, data: Mapping[str, Any]) -> None:
    """Store a definition; one that a person or another plugin wrote is not replaced."""
    definitions: Definitions = unit.get(Definitions)
    old = definitions.active(kind).get(name)
    digest = digest_of(kind, name, data)
    if old is not None and old.digest == digest:
        return
    if old is not None and old.source not in {IMPORT.key, unit.actor.key}:
        raise Conflict("import.definition", field=f"map.{_TABLES[kind]}.{name}", source=old.source)
    if kind in ("calendar", "policy"):
        unit.get(Changes).put(kind, name, data)
    else:
        definitions.put(kind, name, data)


_TABLES = {"calendar": "calendars", "policy": "policies", "pause_reason": "pause_reasons"}


def _check_acts(definitions: Definitions, found: ImportMap) -> None:
    states, reasons = definitions.values("state"), definitions.values("pause_reason")
    for table, acts in (("states", found.states), ("activities", found.activities)):
        for said, act in acts.items():
            place = f"map.{table}.{said}"
            if act.state and act.state not in states:
                raise Invalid("import.state", field=f"{place}.state", value=act.state, known=", ".join(sorted(states)))
            for key in ("pause", "resume"):
                reason = getattr(act, key)
                if reason and reason not in reasons:
                    known = ", ".join(sorted(reasons))
                    raise Invalid("import.pause", field=f"{place}.{key}", value=reason, known=known)
    for state in found.steps:
        if state not in states:
            raise Invalid("import.state", field=f"map.steps.{state}", value=state, known=", ".join(sorted(states)))


def _check_policies(definitions: Definitions, found: ImportMap) -> None:
    for name in found.policies or ():
        if name not in definitions.active("policy"):
            known = ", ".join(sorted(definitions.active("policy")))
            raise Invalid("import.policy", field=f"map.apply.{name}", known=known)
    metrics = definitions.active("metric")
    if found.check is not None and found.check.metric not in metrics:
        known = ", ".join(sorted(metrics))
        raise Invalid("import.metric", field="map.check.metric", value=found.check.metric, known=known)
