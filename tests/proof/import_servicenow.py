"""The ServiceNow sample: 22,713 updates of 4,000 incidents as timelines.

The whole proof imports the log into SQLite, imports it again, and imports a copy whose `priority` is blanked. A mismatch is
a priority of ours that is not the file's on a row, a fact out of the file's order, anything that the second import added,
a difference that the blanking made, or, on the whole, a count other than 10,221 changes of state, 72 of priority, 47
reopenings and 4,668 updates without a visible change.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from careplug.imports import read_map, run_import
from careplug.refs import SYSTEM
from careplug.timeline.facts import FactRow
from tests.proof import _logs

_DIGEST = re.compile(r'\{"#":"[0-9a-f]+"\}')
WHOLE = {
    "rejected": 0,
    "state_changes": 10_221,
    "priority_changes": 72,
    "reopens": 47,
    "silent": 4_668,
    "priority_same": 22_713,
}


def run(scale: float) -> dict[str, object]:
    """Import part of the log, again, and once more without its priorities."""
    source = _logs.data()
    if source is None:
        return {"skipped": "CAREPLUG_DATA names no folder", "mismatches": 0}
    rows = _logs.part(_logs.rows_of(source / "servicenow_4000_incidents.csv.xz"), scale, "number")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = _logs.write(rows, folder / "log.csv")
        blank = _logs.write(rows, folder / "blank.csv", "priority")
        with _logs.imported("servicenow", log, folder) as (care, report):
            stories = _stories(care)
            again = run_import(care, log, read_map("servicenow"))
            added = sum(a != b for a, b in zip(stories, _stories(care), strict=True)) + again.counts.get("facts", 0)
        with _logs.imported("servicenow", blank, folder) as (care, _):
            differs = sum(a != b for a, b in zip(stories, _stories(care), strict=True))
    figures: dict[str, object] = {
        "rows": report.rows,
        "cases": report.counts["cases"],
        "rejected": report.rows_rejected,
    }
    figures |= {key: report.counts.get(key, 0) for key in ("state_changes", "priority_changes", "reopens", "silent")}
    figures |= {"priority_same": report.checks["priority_same"], "known_the_second_time": again.counts["known"]}
    wrong = added + differs + report.checks.get("priority_different", 0) + (report.rows - again.counts["known"])
    wrong += sum(_entered(story) != way for story, way in zip(stories, _ways(rows), strict=True))
    if scale >= 1:
        wrong += sum(figures[key] != right for key, right in WHOLE.items())
    pace = round(report.rows / report.seconds)
    return {**figures, "max_rows_a_second": pace, "max_megabytes": _logs.peak(), "mismatches": wrong}


_STATES = {"New": "received", "Active": "handling", "Resolved": "resolved", "Closed": "closed"}
_WAITS = {"User Info": "customer", "Vendor": "vendor", "Problem": "problem", "Evidence": "evidence"}


def _ways(rows: _logs.Rows) -> list[list[str]]:
    """What each case enters, states and waits, in the order of the file alone."""
    ways: dict[str, list[str]] = {}
    now: dict[str, tuple[str, str]] = {}
    for row in rows:
        case, said = row["number"], row["incident_state"]
        way, (base, before) = ways.setdefault(case, []), now.get(case, ("received", ""))
        if said != before:
            target = _STATES.get(said, "handling" if base in ("resolved", "closed") else base)
            way += [target] if target != base else []
            way += [] if said in _STATES else [f"waiting_{_WAITS[said.removeprefix('Awaiting ')]}"]
            now[case] = target, said
    return [ways[case] for case in sorted(ways)]


def _entered(story: tuple[tuple[object, ...], ...]) -> list[str]:
    """What a timeline enters, in its sequence."""
    found = []
    for _, _, kind, data in story:
        told = json.loads(str(data)) if data else {}
        if kind == "paused":
            found.append(told["reason"])
        elif "to" in told:
            found.append(told["to"])
    return found


def _stories(care: object) -> list[tuple[tuple[object, ...], ...]]:
    """Every timeline without what differs from run to run, by the log's key."""
    from careplug.feedback.entities import RequestKey

    with care.read(actor=SYSTEM) as unit:  # type: ignore[attr-defined]
        cases = {key.result: key.key for key in unit.store.find(RequestKey) if key.source == "servicenow"}
        found: dict[str, list[tuple[object, ...]]] = {}
        for row in sorted(unit.store.find(FactRow), key=lambda row: (row.subject_id, row.sequence)):
            data = "" if row.type == "submitted" else _DIGEST.sub('"…"', row.data)
            found.setdefault(cases[row.subject_id], []).append((row.sequence, row.at, row.type, data))
        return [tuple(found[case]) for case in sorted(found)]
