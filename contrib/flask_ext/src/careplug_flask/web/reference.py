"""The reference of the API as a page: the OpenAPI document of this app, read without a network and without scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import attrs
from flask import Blueprint, Response

from careplug_flask import work
from careplug_flask.identity import visitor
from careplug_flask.rest.openapi import document
from careplug_flask.state import state
from careplug_flask.web.views import show
from careplug_flask.words import say

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["mount"]


def mount(pages: Blueprint, found: State) -> None:
    """Put the page on its path, where there is an API to tell of."""
    if found.options.api:
        pages.add_url_rule("/api-reference", "reference", _reference)


def _reference() -> Response:
    language = visitor().language
    visitor().must()
    said = document(state(), language)
    groups = _groups(said, language)
    with work.reading() as unit:
        return show(
            "reference.html", unit, about=said["info"]["description"], groups=groups, shapes=_shapes(said, language)
        )


@attrs.frozen(kw_only=True)
class Line:
    """A parameter or field: where it is sent, its type in words, whether it must be there."""

    name: str
    place: str = ""
    kind: str
    required: bool
    about: str = ""


@attrs.frozen(kw_only=True)
class Shown:
    """One operation as the page shows it."""

    name: str
    method: str
    path: str
    summary: str
    parameters: tuple[Line, ...]
    sends: str
    body: str
    answers: tuple[tuple[str, str, str], ...]
    """Status, what it means, the shape."""
    example: str


def _groups(said: Mapping[str, Any], language: str) -> list[tuple[str, list[Shown]]]:
    """The operations by tag, in the order of the document."""
    found: dict[str, list[Shown]] = {tag["name"]: [] for tag in said["tags"]}
    for path, methods in said["paths"].items():
        for method, each in methods.items():
            found[each["tags"][0]].append(_shown(said, path, method.upper(), each, language))
    return [(tag["description"], found[tag["name"]]) for tag in said["tags"]]


def _shown(said: Mapping[str, Any], path: str, method: str, each: Mapping[str, Any], language: str) -> Shown:
    body = each.get("requestBody", {}).get("content", {})
    sends, schema = next(((media, content["schema"]) for media, content in body.items()), ("", {}))
    parameters = tuple(_parameter(part, language) for part in each["parameters"])
    return Shown(
        name=each["operationId"],
        method=method,
        path=path,
        summary=each["summary"],
        parameters=parameters,
        sends=sends,
        body=_shape(schema),
        answers=tuple(
            (status, answer["description"], next((_shape(c["schema"]) for c in answer.get("content", {}).values()), ""))
            for status, answer in sorted(each["responses"].items())
        ),
        example=_example(said, path, method, each),
    )


def _parameter(part: Mapping[str, Any], language: str) -> Line:
    where, schema = part["in"], part["schema"]
    return Line(
        name=part["name"],
        place=say(f"reference.in.{where}", language),
        kind=_kind(schema, language),
        required=part["required"],
        about=part.get("description") or schema.get("description", ""),
    )


def _shape(schema: Mapping[str, Any]) -> str:
    """The name of the shape that a schema refers to; empty for anything else."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _example(said: Mapping[str, Any], path: str, method: str, each: Mapping[str, Any]) -> str:
    """The request as a command, with the least that it needs."""
    lines = ["curl" if method == "GET" else f"curl -X {method}", '-H "Authorization: Bearer $CAREPLUG_KEY"']
    if any(part["name"] == "If-Match" and part["required"] for part in each["parameters"]):
        lines.append("-H 'If-Match: \"1.2\"'")
    for media, content in each.get("requestBody", {}).get("content", {}).items():
        if media == "application/json":
            value = json.dumps(_value(said, content["schema"]), ensure_ascii=False)
            lines += ["-H 'Content-Type: application/json'", f"-d '{value}'"]
        elif media == "multipart/form-data":
            lines.append("-F file=@photo.png")
        else:
            lines += [f"-H 'Content-Type: {media}'", "--data-binary @lines.jsonl"]
    needed = {
        part["name"]: _value(said, part["schema"])
        for part in each["parameters"]
        if part["in"] == "query" and part["required"]
    }
    query = f"?{urlencode(needed)}" if needed else ""
    server = said["servers"][0]["url"]
    return " \\\n  ".join([*lines, f'"$CAREPLUG_URL{server}{path}{query}"'])


def _value(said: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A small value of a schema: required fields alone."""
    if "$ref" in schema:
        return _value(said, said["components"]["schemas"][_shape(schema)])
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "anyOf" in schema:
        return _value(said, schema["anyOf"][0])
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: _value(said, properties[name]) for name in schema.get("required", ())}
    if schema.get("format") == "date-time":
        return "2026-02-14T09:30:00+08:00"
    plain: Mapping[str, Any] = {"integer": schema.get("minimum", 1), "boolean": True, "array": []}
    return plain.get(str(schema.get("type")), "…")


def _shapes(said: Mapping[str, Any], language: str) -> list[tuple[str, str, tuple[Line, ...]]]:
    """Every shape: its name, what it is, its fields."""
    return [
        (name, schema.get("description", ""), tuple(_fields(schema, language)))
        for name, schema in sorted(said["components"]["schemas"].items())
    ]


def _fields(schema: Mapping[str, Any], language: str) -> Iterator[Line]:
    needed = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        about = part.get("title") or part.get("description", "")
        yield Line(name=name, kind=_kind(part, language), required=name in needed, about=about)


def _kind(schema: Mapping[str, Any], language: str) -> str:
    """The type of a value in words, with its bounds."""
    if "anyOf" in schema:
        return " / ".join(_kind(part, language) for part in schema["anyOf"])
    if "$ref" in schema:
        return _shape(schema)
    if "enum" in schema:
        return " · ".join("–" if value is None else str(value) for value in schema["enum"])
    kind, form = schema.get("type", ""), schema.get("format", "")
    if kind == "array":
        return say("reference.list", language, kind=_kind(schema.get("items", {}), language))
    code = {"date-time": "datetime", "date": "date"}.get(form) or _WORDS.get(kind, "")
    words = say(f"type.{code}", language) if code else say("reference.any", language)
    low, high = schema.get("minimum", schema.get("minLength")), schema.get("maximum", schema.get("maxLength"))
    bounds = f"{'' if low is None else low}–{'' if high is None else high}"
    return words if bounds == "–" else f"{words} ({bounds})"


_WORDS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "object", "null": "null"}
