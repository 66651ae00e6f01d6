"""The OpenAPI 3.1 document: made of the table of operations and the wire's types, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from typing import TYPE_CHECKING, Any

import msgspec
from flask import url_for

from careplug.text import Text
from careplug_flask.rest.table import JSON, Operation
from careplug_flask.rest.wire.base import PROBLEM, Problem
from careplug_flask.rest.wire.resources import LABEL
from careplug_flask.words import own, say

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["document"]

_REF = "#/components/schemas/{name}"


def document(here: State, language: str) -> dict[str, Any]:
    """The whole document, for the app whose request this is."""
    operations = here.table.operations
    schemas = _schemas(operations, language)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, language)
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
        "tags": [
            {
                "name": tag,
                "description": each.tag_label.get(language) if each.tag_label else say(f"api.tag.{tag}", language),
            }
            for tag, each in {each.tag: each for each in operations}.items()
        ],
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


def _schemas(operations: Iterable[Operation], language: str) -> dict[str, Any]:
    wanted: list[Any] = [Problem]
    for each in operations:
        wanted += [kind for kind in (each.body, each.answer) if kind is not None and kind is not bytes]
    _, found = msgspec.json.schema_components(tuple(dict.fromkeys(wanted)), ref_template=_REF)
    for name, schema in found.items():
        schema.pop("description", None)  # the docstring, which is for readers of the source
        if f"api.shape.{name}" in own():
            schema["description"] = f"api.shape.{name}"
    return {name: _said(schema, language) for name, schema in found.items()}


def _said(schema: Any, language: str) -> Any:
    """A schema with its descriptions and titles in one language."""
    if isinstance(schema, list):
        return [_said(part, language) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _said(part, language) for key, part in schema.items() if key != LABEL}
    if isinstance(schema.get("description"), str) and schema["description"].startswith("api."):
        made["description"] = say(schema["description"], language)
    if LABEL in schema:
        made["title"] = Text(**schema[LABEL]).get(language)
    return made


def _operation(each: Operation, language: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": each.name,
        "tags": [each.tag],
        "summary": each.label.get(language) if each.label else say(f"api.op.{each.name}", language),
        "parameters": [*_path_parts(each, language), *_query_parts(each, language), *_header_parts(each, language)],
        "responses": _responses(each, language),
    }
    if each.enter is not None:
        made["security"] = []  # who holds the link may
    if each.raw or each.body is not None:
        media = each.raw or JSON
        made["requestBody"] = {"required": True, "content": {media: {"schema": _sent(each)}}}
    return made


def _sent(each: Operation) -> dict[str, Any]:
    """The schema of an operation's body."""
    if each.raw == "multipart/form-data":
        file = {"type": "string", "format": "binary"}
        return {"type": "object", "properties": {"file": file}, "required": ["file"], "additionalProperties": False}
    return {"type": "string"} if each.raw else _reference(each.body)


def _reference(kind: type) -> dict[str, Any]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _path_parts(each: Operation, language: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^/]+$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        | {"description": say(f"api.part.{name}", language)}
        for name in each.parts
    ]


def _query_parts(each: Operation, language: str) -> list[dict[str, Any]]:
    found = []
    if each.query is not None:
        _, known = msgspec.json.schema_components((each.query,), ref_template=_REF)
        schema = known[each.query.__name__]
        needed = schema.get("required", ())
        found = [
            {"name": name, "in": "query", "required": name in needed, "schema": _said(part, language)}
            for name, part in schema.get("properties", {}).items()
        ]
    chosen = {"type": "string", "enum": ["en", "zh"]}
    about = say("api.query.lang", language)
    return [*found, {"name": "lang", "in": "query", "required": False, "schema": chosen, "description": about}]


def _header_parts(each: Operation, language: str) -> list[dict[str, Any]]:
    found = []
    if each.edits or each.compares:
        tag = {"type": "string", "pattern": r'^"[0-9]{1,9}(\.[0-9]{1,9})?"$', "examples": ['"1.2"']}
        about = say("api.header.if_match" if each.edits else "api.header.if_match_maybe", language)
        found.append({"name": "If-Match", "in": "header", "required": each.edits, "schema": tag, "description": about})
    if each.keyed:
        text = {"type": "string", "minLength": 1, "maxLength": 200}
        about = say("api.header.idempotency_key", language)
        found.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "schema": text, "description": about}
        )
    return found


def _responses(each: Operation, language: str) -> dict[str, Any]:
    good: dict[str, Any] = {"description": say(f"status.{each.status}", language)}
    if each.answer is bytes:
        good["content"] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    elif each.sends != JSON:
        # a line each; tools that know one document a body would read the lines as one
        good["content"] = {each.sends: {"schema": {"type": "string"}}}
        good["description"] += say("api.lines", language, name=each.answer.__name__)
    else:
        good["content"] = {each.sends: {"schema": _reference(each.answer)}}
    good["headers"] = {
        name: {"schema": {"type": "string"}, "description": say(f"api.answer.{code}", language)}
        for name, code in _answered(each).items()
    }
    found = {str(each.status): good}
    if not each.writes and each.sends == JSON and each.answer is not bytes:
        found["304"] = {"description": say("status.304", language)}
    for status in sorted({*_ALWAYS, *_special(each)}):
        found[str(status)] = _problem(status, language)
    return found


_ALWAYS = (401, 403, 422, 429, 503)
_TOLD = {401: ("WWW-Authenticate", "authenticate"), 429: ("Retry-After", "retry"), 503: ("Retry-After", "retry")}


def _problem(status: int, language: str) -> dict[str, Any]:
    """A documented problem."""
    made: dict[str, Any] = {
        "description": say(f"status.{status}", language),
        "content": {PROBLEM: {"schema": _reference(Problem)}},
    }
    if status in _TOLD:
        name, code = _TOLD[status]
        made["headers"] = {name: {"schema": {"type": "string"}, "description": say(f"api.answer.{code}", language)}}
    return made


def _answered(each: Operation) -> dict[str, str]:
    """The headers of an operation's success, with the code of what they say."""
    fields = getattr(each.answer, "__struct_fields__", ())
    found = {}
    if each.sends == JSON and (not each.writes or "version" in fields):
        found["ETag"] = "etag"
    if each.status == 201:
        found["Location"] = "location"
    if "next" in fields:
        found["Link"] = "link"
    if each.keyed:
        found["Idempotency-Replayed"] = "replayed"
    return found


def _special(each: Operation) -> set[int]:
    """The statuses of problems that only some operations have."""
    found = set(each.problems)
    if each.parts:
        found.add(404)
    if each.writes:
        found |= {400, 404, 409}
    if each.body is not None or each.raw:
        found |= {413, 415}
    if each.raw == "multipart/form-data":
        found.add(411)
    if each.edits or each.compares:
        found |= {400, 412}
    if each.edits:
        found.add(428)
    return found
