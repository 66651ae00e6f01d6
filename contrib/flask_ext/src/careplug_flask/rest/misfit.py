"""What msgspec finds wrong with a value, as an error of ours: the place is the field, the sentence says what to give."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import inspect as shapes

from careplug.errors import Invalid
from careplug.text import Text
from careplug_flask.errors import error
from careplug_flask.words import own

__all__ = ["kinds_of", "misfit", "named"]

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<place>[^`]*)`)?$", re.DOTALL)


def misfit(words: str, where: str, kind: Any) -> Invalid:
    """The error for what msgspec says about a value of ``kind`` that was given at ``where``."""
    parts = _PLACE.match(words)
    what, place = (parts["what"], parts["place"] or "") if parts else (words, "")
    field = where + place.replace("[...]", "")
    for pattern, make in _KNOWN:
        found = pattern.fullmatch(what)
        if found:
            code, more, params = make(found)
            if code == "flask.choice":
                params["known"] = ", ".join(_choices(kind, place))
            return error(Invalid, code, field=field + more, **params)
    return error(Invalid, "flask.other", field=field, problem=what)


Said = tuple[str, str, dict[str, Any]]


def _type(found: re.Match[str]) -> Said:
    return "flask.type", "", {"wanted": _said(found["wanted"]), "got": _said(found["got"])}


def _bound(found: re.Match[str]) -> Said:
    return ("flask.least" if ">" in found["sign"] else "flask.most"), "", {"bound": found["bound"]}


def _length(found: re.Match[str]) -> Said:
    word = "text" if found["kind"] == "str" else "list"
    end = "short" if ">" in found["sign"] else "long"
    return f"flask.{word}_{end}", "", {"bound": found["bound"]}


def _plainly(code: str) -> Callable[[re.Match[str]], Said]:
    return lambda _: (code, "", {})


def _named(code: str) -> Callable[[re.Match[str]], Said]:
    return lambda found: (code, f".{found['name'][:60]}", {})


_KNOWN: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Said]], ...] = (
    (re.compile(r"Object missing required field `(?P<name>[^`]+)`"), _named("flask.lacking")),
    (re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL), _named("flask.unknown")),
    (
        re.compile(r"Invalid enum value (?P<got>.*)", re.DOTALL),
        lambda m: ("flask.choice", "", {"value": m["got"][:60]}),
    ),
    (re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`"), _type),
    (re.compile(r"Expected `(?:int|float)` (?P<sign>[<>]=?) (?P<bound>\S+)"), _bound),
    (re.compile(r"Expected `(?P<kind>str|array)` of length (?P<sign>[<>]=?) (?P<bound>\d+)"), _length),
    (re.compile(r"Expected `datetime` with a timezone component"), _plainly("flask.instant")),
    (re.compile(r"Invalid RFC3339 encoded datetime"), _plainly("flask.instant")),
    (re.compile(r"Invalid RFC3339 encoded date"), _plainly("flask.day")),
    (re.compile(r"Expected `str` matching regex .*", re.DOTALL), _plainly("flask.reference")),
    (re.compile(r"(Integer value|Number) out of range"), _plainly("flask.huge")),
)
"""What msgspec says, in the order in which it is looked for. The only regular expression of the wire is that of a reference."""


def _said(types: str) -> Text:
    """Types as msgspec names them, in words."""
    known = own()
    parts = [known.get(f"type.{name.strip()}", Text(name.strip())) for name in types.split("|")]
    return Text(" / ".join(each.en for each in parts), " / ".join(each.get("zh") for each in parts))


@functools.cache
def kinds_of(kind: Any) -> Mapping[str, str]:
    """Which fields of a query are numbers (``int``) or truths (``bool``)."""
    words: Mapping[Any, str] = {shapes.IntType: "int", shapes.BoolType: "bool"}
    fields = _into(shapes.type_info(kind), shapes.StructType).fields
    return {
        field.encode_name: word
        for field in fields
        for choice in _parts(field.type)
        for cls, word in words.items()
        if isinstance(choice, cls)
    }


def _choices(kind: Any, place: str) -> Iterable[str]:
    """The texts that are allowed at a place of a type."""
    here: Any = shapes.type_info(kind)
    while place:
        if place.startswith("["):
            here, place = _into(here, shapes.ListType).item_type, place.partition("]")[2]
        else:
            fields = {field.encode_name: field.type for field in _into(here, shapes.StructType).fields}
            name, place = named(place, fields)
            here = fields[name]
    return [str(value) for value in _into(here, shapes.LiteralType).values if value is not None]


def named(place: str, names: Iterable[str]) -> tuple[str, str]:
    """Which of the names a place begins with, and what follows it; a name may hold points itself (``custom.bay``)."""
    found = [name for name in names if re.match(rf"\.{re.escape(name)}(?=[.\[]|$)", place)]
    name = max(found, key=len)
    return name, place[len(name) + 1 :]


def _parts(info: Any) -> list[Any]:
    """The choices of a type, with what only describes it taken off."""
    if isinstance(info, shapes.Metadata):
        return _parts(info.type)
    if isinstance(info, shapes.UnionType):
        return [part for each in info.types for part in _parts(each)]
    return [info]


def _into(info: Any, wanted: Any) -> Any:
    return next(part for part in _parts(info) if isinstance(part, wanted))
