"""The calendars, pause reasons and policies that a map brings, and policies made from a table of rules.

A table of rules has a row for each value of a column (a type of request): what kind of target it has and how much.
Values with the same target share one policy, whose condition lists them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from careplug.errors import Invalid, NotFound
from careplug.feedback.entities import PARTIES
from careplug.imports import _toml
from careplug.sla.calendar import WorkCalendar
from careplug.sla.policy import Policy
from careplug.sla.target import from_data

__all__ = ["Definition", "read"]

Definition = tuple[str, str, Mapping[str, Any]]
"""Kind, name and data of a definition to store."""

_RULES = ("name", "file", "asks", "value", "kind", "n", "kinds", "metric", "calendar", "rank", "pauses")
_UNITS = {"working_time": "hours", "elapsed": "hours", "working_days": "days", "calendar_days": "days"}


def read(data: Mapping[str, Any], name: str, folders: Sequence[Path]) -> tuple[tuple[Definition, ...], tuple[str, ...]]:
    """Every definition of a map, and the names of its policies."""
    reasons = [_reason(key, part) for key, part in _toml.table(data, "pause_reasons", "map").items()]
    calendars = [_calendar(key, part, folders) for key, part in _toml.table(data, "calendars", "map").items()]
    policies = [_policy(part, f"map.policies.{number}") for number, part in enumerate(_list(data, "policies"))]
    for number, part in enumerate(_list(data, "rules")):
        policies.extend(_ruled(part, f"map.rules.{number}", name, folders))
    own = tuple(found for _, found, _ in policies)
    twice = next((found for found in own if own.count(found) > 1), None)
    if twice is not None:
        raise Invalid("import.policy_twice", field=f"map.policies.{twice}")
    return (*reasons, *calendars, *policies), own


def _list(data: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(part, Mapping) for part in found):
        raise Invalid("import.tables", field=f"map.{key}", value=_toml.shown(found))
    return found


def _reason(name: str, data: object) -> Definition:
    place = f"map.pause_reasons.{name}"
    if not isinstance(data, Mapping):
        raise Invalid("import.table", field=place, value=_toml.shown(data))
    _toml.known(data, ("party", "ends_on_reply"), place)
    party = _toml.choice(data, "party", place, PARTIES, "")
    return "pause_reason", name, {"party": party, "ends_on_reply": _toml.flag(data, "ends_on_reply", place)}


def _calendar(name: str, data: object, folders: Sequence[Path]) -> Definition:
    place = f"map.calendars.{name}"
    if not isinstance(data, Mapping):
        raise Invalid("import.table", field=place, value=_toml.shown(data))
    content = {"name": name, **data}
    holidays = data.get("holidays")
    if isinstance(holidays, Mapping):
        _toml.known(holidays, ("file", "key"), f"{place}.holidays")
        content["holidays"] = _holidays(holidays, f"{place}.holidays", folders)
    return "calendar", name, _checked(lambda: WorkCalendar.from_data(content).to_data(), place, "calendar")


def _holidays(data: Mapping[str, Any], place: str, folders: Sequence[Path]) -> Any:
    path = _file(data, place, folders)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid("import.json", field=f"{place}.file.json", value=path.name, why=str(error)) from None
    key = _toml.text(data, "key", place, "")
    if not key:
        return found
    if not isinstance(found, Mapping) or key not in found:
        raise Invalid("import.json_key", field=f"{place}.key", value=key, file=path.name)
    return found[key]


def _policy(data: Mapping[str, Any], place: str) -> Definition:
    name = _toml.text(data, "name", place)
    content = {key: value for key, value in data.items() if key != "name"}
    _checked(lambda: Policy.parse(name, content), place, f"policy.{name}")
    return "policy", name, content


def _checked(make: Any, place: str, prefix: str) -> Any:
    """What ``make`` gives; an error below ``prefix`` is told at its place in the map."""
    try:
        return make()
    except Invalid as error:
        rest = error.field.removeprefix(prefix)
        params: dict[str, Any] = error.params
        raise Invalid(error.code, field=f"{place}{rest}", **params) from None


def _ruled(data: Mapping[str, Any], place: str, source: str, folders: Sequence[Path]) -> list[Definition]:
    """The policies of a table of rules, one a target."""
    _toml.known(data, _RULES, place)
    path = _file(data, place, folders)
    columns = {key: _toml.text(data, key, place) for key in ("value", "kind", "n")}
    kinds = _kinds(_toml.table(data, "kinds", place), f"{place}.kinds")
    groups: dict[tuple[str, int], list[str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        for key, column in columns.items():
            if column not in (table.fieldnames or ()):
                known = ", ".join(table.fieldnames or ())
                raise Invalid("import.rules_column", field=f"{place}.{key}", value=column, file=path.name, known=known)
        for number, row in enumerate(table, 2):
            rule = _rule(row[columns["kind"]], row[columns["n"]], kinds, f"{place}.row.{number}")
            groups.setdefault(rule, []).append(row[columns["value"]])
    return [_group(data, place, source, kinds, rule, values) for rule, values in groups.items()]


def _kinds(data: Mapping[str, Any], place: str) -> Mapping[str, Mapping[str, Any]]:
    for name in data:
        part = _toml.table(data, name, place)
        _toml.known(part, ("type", "ends", "per"), f"{place}.{name}")
        _toml.choice(part, "type", f"{place}.{name}", tuple(_UNITS), "")
        _toml.number(part, "per", f"{place}.{name}", least=1)
    return data


def _rule(kind: str, n: str, kinds: Mapping[str, Any], place: str) -> tuple[str, int]:
    if kind not in kinds:
        raise Invalid("import.rule_kind", field=f"{place}.kind", value=kind, known=", ".join(kinds))
    per = kinds[kind].get("per", 1)
    if not n.isdecimal() or int(n) % per:
        raise Invalid("import.rule_n", field=f"{place}.n", value=n, per=per)
    return kind, int(n) // per


def _group(
    data: Mapping[str, Any],
    place: str,
    source: str,
    kinds: Mapping[str, Any],
    rule: tuple[str, int],
    values: Sequence[str],
) -> Definition:
    kind, count = rule
    name = f"{data.get('name', source)}: {count} {kind}"
    target = {key: value for key, value in kinds[kind].items() if key != "per"} | {_UNITS[kinds[kind]["type"]]: count}
    one = {"metric": _toml.text(data, "metric", place), "target": from_data(target, f"{place}.kinds.{kind}").to_data()}
    pauses = _toml.names(data, "pauses", place)
    content = {
        "name": name,
        "rank": _toml.number(data, "rank", place) or 1,
        "calendar": _toml.text(data, "calendar", place),
        "when": {"field": _toml.text(data, "asks", place), "op": "in", "value": sorted(values)},
        "targets": [one | ({"pauses": list(pauses)} if pauses else {})],
    }
    return _policy(content, place)


def _file(data: Mapping[str, Any], place: str, folders: Sequence[Path]) -> Path:
    name = _toml.text(data, "file", place)
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    looked = ", ".join(str(folder) for folder in folders) or "–"
    raise NotFound("import.table_file", field=f"{place}.file", value=name, folders=looked)
