"""The OpenAPI 3.1 document: made of the table of operations and the wire's types, in the reader's language."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from importlib import metadata
from typing import TYPE_CHECKING, Any

import msgspec
from flask import url_for

from careplug_flask.rest.table import JSON, Operation
from careplug_flask.rest.wire.base import Problem
from careplug_flask.words import say

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["document"]

_REF = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"


def document(here: State, language: str) -> dict[str, Any]:
    """The whole document, for the app whose request this is."""
    operations = here.table.operations
    schemas = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas, language)
    base = url_for("careplug_api.openapi").removesuffix("/openapi.json")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{here.options.title.get(language)} – careplug",
            "version": metadata.version("careplug-flask"),
            "description": say("api.about", language),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "tags": [{"name": tag, "description": _tag(tag, language)} for tag in dict.fromkeys(e.tag for e in operations)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": say("api.security.key", language)},
                "host": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"}
                | {"description": say("api.security.host", language)},
            },
        },
        "security": [{"key": []}, {"host": []}],
    }


def _tag(tag: str, language: str) -> str:
    try:
        return say(f"api.tag.{tag}", language)
    except KeyError:
        return tag  # a plugin's resource


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    wanted = [Problem]
    for each in operations:
        wanted += [kind for kind in (each.body, each.answer) if kind is not None and kind is not bytes]
    _, found = msgspec.json.schema_components(tuple(dict.fromkeys(wanted)), ref_template=_REF)
    return {name: _cleaned(schema) for name, schema in found.items()}


def _cleaned(schema: Any) -> Any:
    """A docstring is for readers of the source: its first paragraph is the description."""
    if isinstance(schema, dict) and isinstance(schema.get("description"), str):
        schema = {**schema, "description": inspect.cleandoc(schema["description"]).partition("\n\n")[0]}
    return schema


def _operation(each: Operation, schemas: dict[str, Any], language: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": each.name,
        "tags": [each.tag],
        "summary": each.label.get(language) if each.label else say(f"api.op.{each.name}", language),
        "parameters": [*_path_parts(each, language), *_query_parts(each), *_header_parts(each, language)],
        "responses": _responses(each, language),
    }
    if each.raw == "multipart/form-data":
        made["requestBody"] = {"required": True, "content": {each.raw: {"schema": _UPLOAD}}}
    elif each.raw:
        made["requestBody"] = {"required": True, "content": {each.raw: {"schema": {"type": "string"}}}}
    elif each.body is not None:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": _reference(each.body)}}}
    return made


_UPLOAD = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}


def _reference(kind: type) -> dict[str, Any]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _path_parts(each: Operation, language: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schema,
            "description": say(f"api.part.{name}", language),
        }
        for name in each.parts
    ]


def _query_parts(each: Operation) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    _, found = msgspec.json.schema_components((each.query,), ref_template=_REF)
    schema = found[each.query.__name__]
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _asked(part)}
        for name, part in schema.get("properties", {}).items()
    ]


def _asked(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of a query parameter: it is there or not, never null."""
    choices = [choice for choice in part.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return dict(choices[0])
    if "enum" in part:
        return {
            **{key: value for key, value in part.items() if key != "default"},
            "enum": [e for e in part["enum"] if e is not None],
        }
    return {key: value for key, value in part.items() if not (key == "default" and value is None)}


def _header_parts(each: Operation, language: str) -> list[dict[str, Any]]:
    found = []
    if each.edits:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "pattern": r'^"\d{1,9}(\.\d{1,9})?"$'},
            }
            | {"description": say("api.header.if_match", language)}
        )
    if each.keyed:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            }
            | {"description": say("api.header.idempotency_key", language)}
        )
    return found


_ALWAYS = (401, 403, 422, 429, 503)


def _responses(each: Operation, language: str) -> dict[str, Any]:
    good: dict[str, Any] = {"description": say(f"status.{each.status}", language)}
    if each.answer is bytes:
        good["content"] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    elif each.answer is not None:
        good["content"] = {each.sends: {"schema": _reference(each.answer)}}
    if each.status == 201:
        good["headers"] = {"Location": {"schema": {"type": "string"}}} if not each.parts else {}
    found = {str(each.status): good}
    for status in sorted({*_ALWAYS, *_special(each)}):
        found[str(status)] = {
            "description": say(f"status.{status}", language),
            "content": {_PROBLEM: {"schema": _reference(Problem)}},
        }
    return found


def _special(each: Operation) -> set[int]:
    """The statuses of problems that only some operations have."""
    found: set[int] = set()
    if each.parts:
        found.add(404)
    if each.writes:
        found |= {400, 404, 409}
    if each.body is not None or each.raw:
        found |= {413, 415}
    if each.edits:
        found |= {412, 428}
    return found
