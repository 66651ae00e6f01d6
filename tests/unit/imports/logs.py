"""Small logs and maps for tests."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from careplug import Care
from careplug.imports import ImportMap, ImportReport, fields_of, parse_map, run_import

CASES = """
name = "shop"
apply = []
[log]
zone = "Europe/Berlin"
times = ["%d.%m.%Y %H:%M"]
[columns]
case = "No"
received = "In"
subject = "What"
[steps]
closed = "Out"
"""

EVENTS = """
name = "desk"
[log]
shape = "events"
zone = "Asia/Shanghai"
times = ["%Y-%m-%d %H:%M"]
missing = ["?"]
silent = ["mod", "at"]
[columns]
case = "id"
at = "at"
state = "state"
impact = "impact"
urgency = "urgency"
[refs.assignee]
kind = "person"
columns = "who"
[states]
New = "received"
Work = "handling"
"Awaiting user" = { pause = "waiting_customer" }
"Awaiting maker" = { pause = "waiting_vendor" }
Done = "resolved"
Filed = "closed"
"""
HEAD = ("id", "at", "state", "impact", "urgency", "who", "mod")


def map_of(text: str, *, folder: Path | None = None, **more: Any) -> ImportMap:
    """The map of TOML, with keys of the top level put in its place."""
    data = {**tomllib.loads(text), **more}
    return parse_map(data, folders=(folder,) if folder else ())


def write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """A log of these rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(head)
        table.writerows(rows)
    return path


def imported(found: ImportMap, log: Path, *, care: Care | None = None, **options: Any) -> tuple[Care, ImportReport]:
    """Import a log into a Care; a new one in memory unless given."""
    there = care or Care(plugins=[fields_of(found)])
    return there, run_import(there, log, found, **options)


def dicts(path: Path) -> list[Mapping[str, str]]:
    """The rows of a log."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
