"""The Boston 2015 sample: due times from rules and calendar alone, compared with those that the city wrote.

The whole proof is 20,000 rows on SQLite, imported as they are, with `target_dt` and `ontime` blanked, and with 2015-05-25
taken out of the calendar. A mismatch is a computed due time that the blanking changed, or, on the whole, a figure other
than: 14,890 of 15,559 due times within 150 s (at least 95.5 %), 12,434 verdicts equal and none different where the due
time agrees, 605 others, 22 rows kept with a warning, none rejected, 543 given due times moved by the holiday.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from tests.proof import _logs

WHOLE = {
    "due_given": 15_559,
    "due_same": 14_890,
    "verdict_same": 12_434,
    "verdict_different": 0,
    "verdict_other": 605,
    "warned": 22,
    "rejected": 0,
    "moved_by_the_holiday": 543,
}
HOLIDAY = "2015-05-25"


def run(scale: float) -> dict[str, object]:
    """Import part of the log three times."""
    source = _logs.data()
    if source is None:
        return {"skipped": "CAREPLUG_DATA names no folder", "mismatches": 0}
    rows = _logs.part(_logs.rows_of(source / "boston311_2015_20k.csv.xz"), scale, "case_enquiry_id")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = _logs.write(rows, folder / "log.csv")
        blanked = _logs.write(rows, folder / "blank.csv", "target_dt", "ontime")
        for table in ("boston311_2015_rules.csv", "boston311_2015_calendar.json"):
            shutil.copy(source / table, folder)
        with _logs.imported("boston311", log, folder) as (care, report):
            ours = _logs.clocks(care, "boston311", lambda clock: clock.due_at)
        with _logs.imported("boston311", blanked, folder) as (care, _):
            alone = _logs.clocks(care, "boston311", lambda clock: clock.due_at)
        moved = _moved(rows, log, folder, ours)
    figures: dict[str, object] = {"rows": report.rows, "cases": report.counts["cases"]}
    figures |= {key: report.checks.get(key, 0) for key in WHOLE if key.startswith(("due", "verdict"))}
    figures |= {"warned": report.rows_warned, "rejected": report.rows_rejected, "moved_by_the_holiday": moved}
    wrong = sum(ours[case] != due for case, due in alone.items()) + abs(len(ours) - len(alone))
    if scale >= 1:
        wrong += sum(figures[key] != right for key, right in WHOLE.items())
    figures |= {"share_same": report.checks["due_same"] / report.checks["due_given"]}
    pace = round(report.rows / report.seconds)
    return {**figures, "max_rows_a_second": pace, "max_megabytes": _logs.peak(), "mismatches": wrong}


def _moved(rows: _logs.Rows, log: Path, folder: Path, ours: dict[str, object]) -> int:
    table = folder / "boston311_2015_calendar.json"
    content = json.loads(table.read_text(encoding="utf-8"))
    content["holidays"].remove(HOLIDAY)
    table.write_text(json.dumps(content), encoding="utf-8")
    with _logs.imported("boston311", log, folder) as (care, _):
        without = _logs.clocks(care, "boston311", lambda clock: clock.due_at)
    given = {row["case_enquiry_id"] for row in rows if row["target_dt"]}
    return sum(without[case] != due for case, due in ours.items() if case in given)
