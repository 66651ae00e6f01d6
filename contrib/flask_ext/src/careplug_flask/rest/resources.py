"""The resources of plugins as operations: list, add, read, edit, and what can be done with one."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from flask import url_for

from careplug.contributions import Action, Resource
from careplug.resources import FieldInfo, Resources, as_data, describe, field_of, plain_value
from careplug.text import Text
from careplug_flask.rest.common import paged
from careplug_flask.rest.cursor import key_of
from careplug_flask.rest.shapes import given
from careplug_flask.rest.table import Call, Operation, Reply
from careplug_flask.rest.wire import resources as wire

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["operations"]


def operations(care: Care) -> tuple[Operation, ...]:
    """The operations of every resource."""
    specs = {spec.cls: spec for spec in care.setup.entities.values()}
    return tuple(
        made
        for each in care.setup.resources
        for made in _Surface(each, describe(each, specs[each.entity])).operations()
    )


class _Surface:
    """One resource: its shapes, and what its operations do."""

    def __init__(self, resource: Resource, fields: tuple[FieldInfo, ...]) -> None:
        self.resource, self.name = resource, resource.name
        self.fields = tuple(info for info in fields if info.name != "tenant")
        self.form = tuple(info for info in fields if info.editable)
        self.filters = tuple(info for info in fields if info.filter)
        self.row = wire.row(self.name, self.fields)
        self.versioned = any(field.name == "version" for field in attrs.fields(resource.entity))
        self.order = next((info for info in fields if info.name == resource.order), None)

    def operations(self) -> Iterator[Operation]:
        """What there is: a form only where fields are named for one, adding where it can be complete."""
        page = wire.page(self.name, self.row)
        query = wire.query(self.name, self.filters)
        yield self._operation("list", "GET", "", self.listed, Text("list", "列表"), query=query, answer=page)
        yield self._operation("get", "GET", "/{id}", self.one, Text("one", "单项"), answer=self.row)
        required = {info.name for info in self.fields if info.required}
        if self.form and (self.resource.create is not None or required <= set(self.resource.fields)):
            body = wire.body(f"{self.name}_in", self.form, whole=True)
            more: dict[str, Any] = {"body": body, "answer": self.row, "status": 201}
            yield self._operation("add", "POST", "", self.added, Text("add", "添加"), **more)
        if self.form:
            body = wire.body(f"{self.name}_edit", self.form, whole=False)
            more = {"body": body, "answer": self.row, "edits": self.versioned}
            yield self._operation("edit", "PATCH", "/{id}", self.edited, Text("change", "修改"), **more)
        done = wire.done(self.name, self.row)
        for action in self.resource.actions:
            infos = tuple(field_of(field) for field in action.fields)
            body = wire.body(f"{self.name}_{action.name}", infos, whole=True) if infos else None
            run = functools.partial(self.acted, action)
            path = f"/{{id}}/actions/{action.name}"
            label = action.label or Text(action.name)
            yield self._operation(f"do_{wire.word(action.name)}", "POST", path, run, label, body=body, answer=done)

    def _operation(
        self, name: str, method: str, path: str, run: Callable[..., Reply], what: Text, **more: Any
    ) -> Operation:
        label = self.resource.label or Text(self.name)
        return Operation(
            name=f"r_{wire.word(self.name)}_{name}",
            method=method,
            path=f"/r/{self.name}{path}",
            run=run,
            tag=f"r/{self.name}",
            tag_label=label,
            label=Text(f"{label.get('en')}: {what.get('en')}", f"{label.get('zh')}：{what.get('zh')}"),
            **more,
        )

    def listed(self, call: Call) -> Reply:
        """A page of entities, narrowed by the filters."""
        values = _sent(call.query)
        limit, text = values.pop("limit"), values.pop("after", None)
        kinds = (*((_KINDS.get(self.order.type, str),) if self.order else ()), str)
        filters = {
            name.removesuffix("_") if name[:-1] in wire.RESERVED else name: each for name, each in values.items()
        }
        service = call.unit.get(Resources)
        rows = service.find(self.name, filters=filters, after=key_of(text, kinds), limit=limit + 1)
        items = [self._shown(row) for row in rows[:limit]]
        return paged(dict, items, rows, limit, lambda row: self._key(service.key(self.name, row)))

    def _key(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """A page key as an address can hold it: numbers and truths as they are, all else as text that is read again."""
        if self.order is None:
            return key
        value = plain_value(key[0])
        if isinstance(value, Mapping):
            value = (" " if self.order.type == "money" else "|").join(map(str, value.values()))
        return value, key[1]

    def one(self, call: Call) -> Reply:
        """One entity."""
        return self._told(call.unit.get(Resources).get(self.name, call.path["id"]))

    def added(self, call: Call) -> Reply:
        """Store a new one."""
        made = call.unit.get(Resources).add(self.name, _values(self.form, call.body))
        location = url_for(f"careplug_api.r_{wire.word(self.name)}_get", id=made.id)
        return attrs.evolve(self._told(made), status=201, location=location)

    def edited(self, call: Call) -> Reply:
        """Change fields of one."""
        values = _values(self.form, call.body)
        return self._told(call.unit.get(Resources).edit(self.name, call.path["id"], values, expected=call.expected))

    def acted(self, action: Action, call: Call) -> Reply:
        """Do something with one."""
        infos = tuple(field_of(field) for field in action.fields)
        values = _values(infos, call.body) if call.body is not None else {}
        left = call.unit.get(Resources).act(self.name, call.path["id"], action.name, values)
        if not isinstance(left, self.resource.entity):
            return Reply(value={"item": None})
        told = self._told(left)
        return attrs.evolve(told, value={"item": told.value})

    def _told(self, entity: Any) -> Reply:
        etag = str(entity.version) if self.versioned else ""
        return Reply(value=self._shown(entity), etag=etag)

    def _shown(self, entity: Any) -> dict[str, Any]:
        """An entity as JSON data; numbers with the four places they are kept with, before they were stored too."""
        found = as_data(self.fields, entity)
        for info in self.fields:
            value = found[info.name]
            if info.type == "decimal" and value is not None:
                found[info.name] = f"{Decimal(value):.4f}"
            elif info.type == "money" and value is not None:
                found[info.name] = {**value, "amount": f"{Decimal(value['amount']):.4f}"}
        return found


_KINDS: Mapping[str, type] = {"int": int, "bool": bool}
"""What a page key holds of these types; text of all others."""


def _sent(body: Any) -> dict[str, Any]:
    """The fields that were sent, by the names they have on the wire."""
    names = {field.name: field.encode_name for field in msgspec.structs.fields(type(body))}
    return {names[name]: value for name, value in given(body).items()}


def _values(infos: tuple[FieldInfo, ...], body: Any) -> dict[str, Any]:
    """Values for the service: money and names as maps, and JSON that is a text as JSON again, for texts are read as such."""
    types = {info.name: info.type for info in infos}
    found: dict[str, Any] = {}
    for name, value in _sent(body).items():
        if isinstance(value, msgspec.Struct):
            found[name] = msgspec.structs.asdict(value)
        elif types[name] == "json" and isinstance(value, str):
            found[name] = json.dumps(value)
        else:
            found[name] = value
    return found
