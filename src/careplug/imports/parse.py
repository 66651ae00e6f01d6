"""Reading a map file: TOML, beside the project or packaged with it (``boston311``, ``servicenow``, ``zh_complaints``)."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from careplug.entity import FieldSpec
from careplug.errors import Invalid, NotFound
from careplug.feedback.entities import KINDS, PARTIES
from careplug.imports import _toml, promises
from careplug.imports.map import (
    PLAIN,
    REFS,
    TEXTS,
    TOLD,
    Act,
    CustomColumn,
    DueCheck,
    ImportMap,
    Log,
    RefColumn,
)

__all__ = ["PACKAGED", "parse_map", "read_map"]

PACKAGED = ("boston311", "servicenow", "zh_complaints")
"""The maps that come with careplug: pass the name instead of a path."""

_KEYS = (
    "name",
    "title",
    "log",
    "columns",
    "refs",
    "custom",
    "defaults",
    "steps",
    "states",
    "activities",
    "kinds",
    "impacts",
    "urgencies",
    "priorities",
    "pause_reasons",
    "calendars",
    "policies",
    "rules",
    "apply",
    "check",
)
_LOG = ("shape", "encoding", "delimiter", "missing", "zone", "times", "silent", "unknown_time")
_ACT = ("state", "pause", "party", "resume", "fact", "data")
_FACTS = ("replied", "noted", "called", "arrived", "left", "factory_arrived", "factory_returned")
_CUSTOM = ("column", "type", "label", "length", "choices", "indexed", "personal", "minimum", "maximum")
_TYPES = ("text", "long", "choice", "int", "bool", "time", "date", "decimal")
_TABLES = {"kind": "kinds", "impact": "impacts", "urgency": "urgencies", "priority": "priorities"}


def read_map(source: str | Path, *, folders: Sequence[Path] = ()) -> ImportMap:
    """The map of a file or of a packaged name; tables it points to are looked for beside it and in ``folders``.

    ``NotFound`` for a file that is not there, ``Invalid`` (field = the key, ``map.columns.received``) for what it says.
    """
    if str(source) in PACKAGED:
        content = (resources.files("careplug") / "imports" / "maps" / f"{source}.toml").read_bytes()
        beside: tuple[Path, ...] = tuple(folders)
    else:
        path = Path(source)
        beside = (path.parent, *folders)
        try:
            content = path.read_bytes()
        except OSError as error:
            known = ", ".join(PACKAGED)
            raise NotFound("import.map_file", field="map", value=str(source), why=error.strerror, known=known) from None
    try:
        data = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("import.toml", field="map.toml", value=str(source), why=str(error)) from None
    return parse_map(data, folders=beside)


def parse_map(data: Mapping[str, Any], *, folders: Sequence[Path] = ()) -> ImportMap:
    """The map of parsed TOML."""
    _toml.known(data, _KEYS, "map")
    name = _toml.text(data, "name", "map")
    if len(name) > 40:
        raise Invalid("import.name", field="map.name.length", value=len(name))
    log = _log(_toml.table(data, "log", "map"))
    definitions, own = promises.read(data, name, folders)
    return ImportMap(
        name=name,
        title=_toml.words(data, "title", "map"),
        log=log,
        columns=_columns(_toml.table(data, "columns", "map"), log),
        refs=_refs(_toml.table(data, "refs", "map")),
        custom=_custom(_toml.table(data, "custom", "map")),
        defaults=_defaults(_toml.table(data, "defaults", "map")),
        steps=_steps(_toml.table(data, "steps", "map"), log),
        states=_acts(_toml.table(data, "states", "map"), "map.states"),
        activities=_acts(_toml.table(data, "activities", "map"), "map.activities"),
        values={plain: _values(data, plain, table) for plain, table in _TABLES.items() if table in data},
        definitions=definitions,
        policies=_applied(data, own),
        check=_check(_toml.table(data, "check", "map")) if "check" in data else None,
    )


def _log(data: Mapping[str, Any]) -> Log:
    place = "map.log"
    _toml.known(data, _LOG, place)
    delimiter = _toml.text(data, "delimiter", place, ",")
    if len(delimiter) != 1:
        raise Invalid("import.delimiter", field=f"{place}.delimiter", value=_toml.shown(delimiter))
    encoding, zone = _toml.text(data, "encoding", place, "utf-8-sig"), _toml.text(data, "zone", place, "UTC")
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise Invalid("import.encoding", field=f"{place}.encoding", value=encoding) from None
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, LookupError):
        raise Invalid("import.zone", field=f"{place}.zone", value=zone) from None
    times = _toml.names(data, "times", place, ("iso",))
    wrong = [item for item in times if item not in ("iso", "epoch") and "%Y" not in item and "%y" not in item]
    if wrong or not times:
        raise Invalid("import.times", field=f"{place}.times", value=_toml.shown(wrong[0] if wrong else ""))
    return Log(
        shape=_toml.choice(data, "shape", place, ("cases", "events"), "cases"),
        encoding=encoding,
        delimiter=delimiter,
        missing=frozenset({"", *_toml.names(data, "missing", place)}),
        zone=zone,
        times=times,
        silent=_toml.names(data, "silent", place),
        unknown_time=_toml.choice(data, "unknown_time", place, ("", "received", "now"), ""),
    )


def _columns(data: Mapping[str, Any], log: Log) -> Mapping[str, str]:
    _toml.known(data, (*PLAIN, *TEXTS, *TOLD), "map.columns")
    needed = ("case", "at") if log.shape == "events" else ("case", "received")
    for key in needed:
        _toml.text(data, key, "map.columns")
    return {key: _toml.text(data, key, "map.columns") for key in data}


def _refs(data: Mapping[str, Any]) -> Mapping[str, RefColumn]:
    _toml.known(data, REFS, "map.refs")
    found = {}
    for key in data:
        place = f"map.refs.{key}"
        part = _toml.table(data, key, "map.refs")
        _toml.known(part, ("kind", "columns", "joined"), place)
        columns = _toml.names(part, "columns", place)
        if not columns:
            raise Invalid("import.lacking", field=f"{place}.columns")
        kind = _toml.text(part, "kind", place)
        if len(kind) > 40 or ":" in kind:
            raise Invalid("import.ref_kind", field=f"{place}.kind", value=_toml.shown(kind))
        found[key] = RefColumn(kind=kind, columns=columns, joined=_toml.text(part, "joined", place, " "))
    return found


def _custom(data: Mapping[str, Any]) -> Mapping[str, CustomColumn]:
    found = {}
    for key in data:
        place = f"map.custom.{key}"
        part = _toml.table(data, key, "map.custom")
        _toml.known(part, _CUSTOM, place)
        kind = _toml.choice(part, "type", place, _TYPES, "text")
        choices = _toml.names(part, "choices", place)
        if (kind == "choice") != bool(choices):
            raise Invalid("import.choices", field=f"{place}.choices")
        spec = FieldSpec(
            name=key,
            type=kind,
            label=_toml.words(part, "label", place),
            indexed=_toml.flag(part, "indexed", place),
            personal=_toml.flag(part, "personal", place),
            choices=choices,
            length=_toml.number(part, "length", place, least=1) or 200,
        )
        found[key] = CustomColumn(
            column=_toml.text(part, "column", place),
            spec=spec,
            minimum=_toml.number(part, "minimum", place),
            maximum=_toml.number(part, "maximum", place),
        )
    return found


def _defaults(data: Mapping[str, Any]) -> Mapping[str, Any]:
    place = "map.defaults"
    _toml.known(data, ("kind", "impact", "urgency", "channel"), place)
    found: dict[str, Any] = {"kind": _toml.choice(data, "kind", place, KINDS, "fault"), "impact": 3, "urgency": 3}
    for key in ("impact", "urgency"):
        if key in data:
            found[key] = _level(data[key], f"{place}.{key}")
    return found | {"channel": _toml.text(data, "channel", place, "import")}


def _steps(data: Mapping[str, Any], log: Log) -> Mapping[str, str]:
    if data and log.shape == "events":
        raise Invalid("import.steps", field="map.steps")
    return {key: _toml.text(data, key, "map.steps") for key in data}


def _acts(data: Mapping[str, Any], place: str) -> Mapping[str, Act]:
    return {key: _act(value, f"{place}.{key}") for key, value in data.items()}


def _act(value: object, place: str) -> Act:
    if isinstance(value, str) and value:
        return Act(state=value)
    if not isinstance(value, Mapping):
        raise Invalid("import.act", field=place, value=_toml.shown(value), known=", ".join(_ACT))
    _toml.known(value, _ACT, place)
    if "fact" in value:
        _toml.choice(value, "fact", place, _FACTS, "")
    return Act(
        state=_toml.text(value, "state", place, ""),
        pause=_toml.text(value, "pause", place, ""),
        party=_toml.choice(value, "party", place, ("", *PARTIES), ""),
        resume=_toml.text(value, "resume", place, ""),
        fact=_toml.text(value, "fact", place, ""),
        data=dict(_toml.table(value, "data", place)),
    )


def _values(data: Mapping[str, Any], plain: str, key: str) -> Mapping[str, Any]:
    found = _toml.table(data, key, "map")
    read = {"kind": _kind, "priority": _pair}.get(plain, _level)
    return {said: read(value, f"map.{key}.{said}") for said, value in found.items()}


def _kind(value: object, place: str) -> str:
    if value not in KINDS:
        raise Invalid("import.kind", field=place, value=_toml.shown(value), known=", ".join(KINDS))
    return str(value)


def _level(value: object, place: str) -> int:
    if type(value) is not int or not 1 <= value <= 3:
        raise Invalid("import.level", field=place, value=_toml.shown(value))
    return value


def _pair(value: object, place: str) -> Any:
    """A priority is checked against the matrix (a number), or stands for an impact and an urgency (a pair)."""
    if type(value) is int and 1 <= value <= 4:
        return value
    if isinstance(value, list) and len(value) == 2:
        return _level(value[0], f"{place}.impact"), _level(value[1], f"{place}.urgency")
    raise Invalid("import.priority", field=place, value=_toml.shown(value))


def _applied(data: Mapping[str, Any], own: tuple[str, ...]) -> tuple[str, ...] | None:
    given = data.get("apply", "own" if own else "all")
    if given == "all":
        return None
    if given == "own":
        return own
    return _toml.names(data, "apply", "map")


def _check(data: Mapping[str, Any]) -> DueCheck:
    place = "map.check"
    _toml.known(data, ("metric", "due", "within", "verdict", "met", "missed"), place)
    return DueCheck(
        metric=_toml.text(data, "metric", place),
        due=_toml.text(data, "due", place, ""),
        within=_toml.number(data, "within", place, least=0) or 0,
        verdict=_toml.text(data, "verdict", place, ""),
        met=_toml.names(data, "met", place),
        missed=_toml.names(data, "missed", place),
    )
