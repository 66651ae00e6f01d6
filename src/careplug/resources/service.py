"""The service behind every surface of a resource: lists, single entities, forms, actions, and who may do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from careplug.contributions import Action, Resource
from careplug.criteria import All, Criteria, Is, Order, page_size
from careplug.errors import CareError, Conflict, Invalid, NotFound, Refused
from careplug.ports import Unit
from careplug.refs import new_id
from careplug.resources.fields import CUSTOM, FieldInfo, describe, field_of, value_at
from careplug.resources.values import checked

__all__ = ["Resources"]

_NONE: Mapping[str, Any] = MappingProxyType({})


class Resources:
    """The resources of all plugins, for one unit. Values may be typed or text as people type it (``parse``).

    Asked about are ``PERMISSION.read``, ``.add``, ``.edit`` and the permission of each action. Errors of values name
    ``RESOURCE.FIELD``; nothing is stored where there is one. An error that a plugin raises passes through.
    """

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._all: tuple[Resource, ...] = unit.setup.resources
        self._specs = {spec.cls: spec for spec in unit.setup.entities.values()}
        self._fields: dict[str, tuple[FieldInfo, ...]] = {}

    # -- what there is --

    def names(self) -> tuple[str, ...]:
        """The resources that the actor may read, by rank, then name."""
        return tuple(each.name for each in self._all if self.can(each.name, "read"))

    def resource(self, name: str) -> Resource:
        """A resource by name; ``NotFound``."""
        found = next((each for each in self._all if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self._all) or "–"
            raise NotFound("resource.missing", field="resource", value=name, known=known)
        return found

    def fields(self, name: str) -> tuple[FieldInfo, ...]:
        """Every field of the entity, declared custom ones too: columns first, then the form's, then the others."""
        if name not in self._fields:
            resource = self.resource(name)
            self._fields[name] = describe(resource, self._specs[resource.entity])
        return self._fields[name]

    def can(self, name: str, what: str) -> bool:
        """Whether there is such a thing and the actor may do it: ``read``, ``add``, ``edit`` or an action's name.

        Without an entity: a plugin that decides by the entity may still refuse. ``NotFound`` for an unknown action.
        """
        resource = self.resource(name)
        if (what == "add" and not self._addable(resource)) or (what == "edit" and not resource.fields):
            return False
        try:
            self.unit.allow(self._permission(resource, what))
        except Refused:
            return False
        return True

    # -- reading --

    def find(
        self,
        name: str,
        *,
        filters: Mapping[str, Any] = _NONE,
        after: Sequence[Any] | None = None,
        limit: int = 25,
    ) -> list[Any]:
        """A page of entities, by the resource's order or newest ids first; ``after`` is the ``key`` of the last one seen.

        Empty filters are left out, several values (a list or tuple) mean any of them.
        """
        resource = self.resource(name)
        self.unit.allow(self._permission(resource, "read"))
        size = page_size(limit, name)
        parts = [self._criterion(resource, key, value) for key, value in filters.items()]
        kept = [part for part in parts if part is not None]
        order = Order(resource.order) if resource.order else Order("id", descending=True)
        self.unit.flush()
        return self.unit.store.find(
            resource.entity,
            All(*kept) if kept else None,
            order=(order,),
            limit=size,
            after=None if after is None else self._after(resource, after),
        )

    def key(self, name: str, entity: Any) -> tuple[Any, ...]:
        """The page key of an entity: what ``find`` takes as ``after`` to go on behind it."""
        order = self.resource(name).order
        return (value_at(entity, order), entity.id) if order else (entity.id,)

    def get(self, name: str, ident: str) -> Any:
        """One entity by its id; ``NotFound``."""
        resource = self.resource(name)
        self.unit.flush()
        return self._allowed(resource, "read", ident, lock=False)

    # -- writing --

    def add(self, name: str, values: Mapping[str, Any]) -> Any:
        """Store a new entity; fields that are not given get the defaults of their class.

        ``Invalid`` for a value, an unknown field, a required one that is missing; ``Conflict`` where a unique value is taken.
        """
        resource = self.resource(name)
        if not self._addable(resource):
            raise Refused("resource.not_added", field=f"{name}.add")
        self.unit.allow(self._permission(resource, "add"))
        given = self._values(resource, values, whole=True)
        if resource.create is not None:
            made = resource.create(self.unit, given)
            self.unit.flush()
            return made
        made = self._built(resource, given)
        if not self.unit.store.add_if_absent(made):
            raise Conflict("resource.taken", field=f"{name}.add")
        return made

    def edit(self, name: str, ident: str, values: Mapping[str, Any], *, expected: int | None) -> Any:
        """Change fields of an entity; those not given stay, an empty value means None or the default.

        An entity with a ``version`` needs the ``expected`` one: ``Conflict`` where it is another by now.
        """
        resource = self.resource(name)
        if not resource.fields:
            raise Refused("resource.not_edited", field=f"{name}.edit")
        entity = self._allowed(resource, "edit", ident, lock=True)
        versioned = _versioned(resource)
        if versioned:
            _compare(resource, entity, expected)
        given = self._values(resource, values, whole=False)
        if resource.change is not None:
            made = resource.change(self.unit, entity, given)
        else:
            more = {"version": entity.version + 1} if versioned else {}
            made = _evolved(resource, entity, {**given, **more})
            self.unit.store.save(made, was=entity, expected=expected if versioned else None)
        self.unit.flush()
        return made

    def act(self, name: str, ident: str, action: str, values: Mapping[str, Any] = _NONE) -> Any:
        """Do something with an entity: what the plugin's action gives back, the entity as it is now, or None where it is gone."""
        resource = self.resource(name)
        found = self._action(resource, action)
        entity = self._allowed(resource, action, ident, lock=True)
        place = f"{name}.{action}"
        infos = {spec.name: field_of(spec) for spec in found.fields}
        given = {key: _one(infos, key, value, place) for key, value in values.items()}
        _complete(infos.values(), given, place)
        done = found.run(self.unit, entity, given)
        self.unit.flush()
        return done

    # -- inside --

    def _permission(self, resource: Resource, what: str) -> str:
        first = resource.permission or resource.name
        if what in ("read", "add", "edit"):
            return f"{first}.{what}"
        return self._action(resource, what).permission or f"{first}.{what}"

    def _action(self, resource: Resource, name: str) -> Action:
        found = next((each for each in resource.actions if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in resource.actions) or "–"
            raise NotFound("resource.action", field=f"{resource.name}.action", value=name, known=known)
        return found

    def _allowed(self, resource: Resource, what: str, ident: Any, *, lock: bool) -> Any:
        """The entity, after asking; whoever may not learns nothing about what is there."""
        action = self._permission(resource, what)
        usable = isinstance(ident, str) and 0 < len(ident) <= 36 and ident.isprintable()
        entity: Any = self.unit.store.get(resource.entity, str(ident), lock=lock) if usable else None
        self.unit.allow(action, entity)
        if entity is None:
            raise NotFound("resource.entity", field=f"{resource.name}.id", value=repr(ident)[:60])
        return entity

    def _addable(self, resource: Resource) -> bool:
        if not resource.fields:
            return False
        return resource.create is not None or all(info.editable for info in self.fields(resource.name) if info.required)

    def _form(self, resource: Resource) -> dict[str, FieldInfo]:
        return {info.name: info for info in self.fields(resource.name) if info.editable}

    def _values(self, resource: Resource, values: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
        """The given values, checked. Empty ones: left to the default where all is new, else the default itself."""
        form = self._form(resource)
        given = {key: _one(form, key, value, resource.name) for key, value in values.items()}
        _complete((form[name] for name in form if whole or name in given), given, resource.name)
        if whole:
            return {key: value for key, value in given.items() if value is not None}
        defaults = {field.name: field.default for field in attrs.fields(resource.entity)}
        for key, value in given.items():
            if value is None and not form[key].nullable:
                given[key] = _default(defaults[key])
        return given

    def _built(self, resource: Resource, given: Mapping[str, Any]) -> Any:
        names = {field.name for field in attrs.fields(resource.entity)}
        own: dict[str, Any] = {"id": new_id(), **({"tenant": self.unit.tenant} if "tenant" in names else {})}
        plain, custom = _apart(given)
        if custom:
            own["custom"] = custom
        return _made(resource, lambda: resource.entity(**plain, **own))

    def _criterion(self, resource: Resource, name: str, value: Any) -> Criteria | None:
        found = {info.name: info for info in self.fields(resource.name) if info.filter}
        if name not in found:
            known = ", ".join(found) or "–"
            raise Invalid("resource.filter", field=f"{resource.name}.{name}.filter", known=known)
        several = value if isinstance(value, list | tuple) else [value]
        values = [checked(found[name], each, f"{resource.name}.{name}") for each in several]
        kept = tuple(each for each in values if each is not None)
        if not kept:
            return None
        return Is(name, "eq", kept[0]) if len(kept) == 1 else Is(name, "in", kept)

    def _after(self, resource: Resource, after: Sequence[Any]) -> tuple[Any, ...]:
        """The page key, its parts read from text where they came as text."""
        names = [resource.order, "id"] if resource.order else ["id"]
        given: Any = after
        if not isinstance(given, list | tuple) or len(given) != len(names) or not isinstance(given[-1], str):
            raise Invalid("resource.after", field=f"{resource.name}.after", value=repr(after)[:60])
        if not resource.order:
            return tuple(after)
        info = next(info for info in self.fields(resource.name) if info.name == resource.order)
        first = after[0]
        if info.type not in ("text", "long") or not isinstance(first, str):
            first = checked(info, first, f"{resource.name}.after")
        return first, after[1]


def _versioned(resource: Resource) -> bool:
    return any(field.name == "version" for field in attrs.fields(resource.entity))


def _compare(resource: Resource, entity: Any, expected: int | None) -> None:
    if type(expected) is not int:
        raise Invalid("resource.expected", field=f"{resource.name}.version", value=repr(expected)[:60])
    if entity.version != expected:
        raise Conflict("resource.stale", field=f"{resource.name}.version", expected=expected, found=entity.version)


def _one(infos: Mapping[str, FieldInfo], name: str, value: Any, place: str) -> Any:
    if name not in infos:
        raise Invalid("resource.field", field=f"{place}.{name}", known=", ".join(infos) or "–")
    return checked(infos[name], value, f"{place}.{name}")


def _complete(infos: Any, given: Mapping[str, Any], place: str) -> None:
    """``Invalid`` for a required field that has no value."""
    for info in infos:
        if info.required and given.get(info.name) is None:
            raise Invalid("resource.required", field=f"{place}.{info.name}")


def _default(default: Any) -> Any:
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return default.factory()
    return default


def _apart(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entity's own values, and the custom ones by their short names."""
    plain = {key: value for key, value in given.items() if not key.startswith(CUSTOM)}
    custom = {key.removeprefix(CUSTOM): value for key, value in given.items() if key.startswith(CUSTOM)}
    return plain, custom


def _evolved(resource: Resource, entity: Any, given: Mapping[str, Any]) -> Any:
    plain, custom = _apart(given)
    if custom:
        joined = {**entity.custom, **custom}
        plain["custom"] = {key: value for key, value in joined.items() if value is not None}
    return _made(resource, lambda: attrs.evolve(entity, **plain))


def _made(resource: Resource, make: Any) -> Any:
    """The entity; what its class refuses in a language of its own is ``Invalid`` too."""
    try:
        return make()
    except CareError:
        raise
    except (TypeError, ValueError) as error:
        raise Invalid("resource.refused", field=resource.name, problem=str(error)) from error
