"""Everything carried away and brought back: SQLite → PostgreSQL → MariaDB → SQLite, equal at the end to the last byte.

What is carried: the ServiceNow sample (22,713 updates of 4,000 incidents) as timelines, with odd rows in five tenants: pairs
of emoji, keys that differ in case or in blanks alone, microseconds, Decimals, money, Chinese, NULL beside the empty text,
1 MiB of text. A mismatch is an export that is not the first one's, a file of rows that differs, a restore whose counts,
chains or checkpoint are wrong, a number that was given before. Paces are rows a second; that of a restore holds looking
through the files and the verification. The memory is that of this process, which did the sample's import too:
`max_megabytes_more` is what carrying added to it.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from careplug import Care
from careplug.clock import ManualClock
from careplug.feedback.entities import Feedback
from careplug.imports import fields_of, read_map, run_import
from careplug.storage.files import FolderFiles
from careplug.transfer import drill, export, restore
from tests.integration.carry.story import NOON, open_care, torture
from tests.proof import _logs
from tests.services import database

KEY = b"a key of thirty-two random bytes"
WAY = ("postgresql", "mariadb", "sqlite")


def run(scale: float) -> dict[str, object]:
    """Carry part of the sample around."""
    source = _logs.data()
    if source is None:
        return {"skipped": "CAREPLUG_DATA names no folder", "mismatches": 0}
    rows = _logs.part(_logs.rows_of(source / "servicenow_4000_incidents.csv.xz"), scale, "number")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        found = read_map("servicenow")
        log = _logs.write(rows, folder / "log.csv")

        def care(url: str, place: str) -> Care:
            """A Care with the sample's fields and the odd rows' entity, with files of its own."""
            files = FolderFiles(folder / place)
            return stack.enter_context(open_care(url, ManualClock(NOON), extra=[fields_of(found)], files=files))

        first = care(f"sqlite:///{folder}/first.db", "files")
        run_import(first, log, found)
        torture(first, ManualClock(NOON), long=1 << 20)
        rows.clear()
        return _around(first, care, folder, stack)


def _around(first: Care, care: Any, folder: Path, stack: contextlib.ExitStack) -> dict[str, object]:
    before = _logs.peak()
    origin = export(first, folder / "0", key=KEY)
    figures: dict[str, object] = {
        "rows": origin.rows,
        "exported_a_second": round(origin.rows / origin.took.total_seconds()),
    }
    wrong = 0
    last = folder / "0"
    for number, name in enumerate(WAY, 1):
        there = care(stack.enter_context(database(name, folder)), f"files{number}")
        there.upgrade()
        came = restore(there, last, key=KEY)
        last = folder / str(number)
        again = export(there, last, key=KEY)
        figures[f"restored_a_second_{name}"] = round(came.rows / came.took.total_seconds())
        figures[f"exported_a_second_{name}"] = round(again.rows / again.took.total_seconds())
        wrong += (not came.whole) + (again.digest != origin.digest) + differing(folder / "0", last)
        with there.transaction(tenant="") as store:
            wrong += store.next_number() <= _highest(first)
    tried = drill(last, lambda url, **_: care(url, "drill"), key=KEY)
    wrong += not tried.whole
    figures |= {"max_megabytes_before": before, "max_megabytes_more": _logs.peak() - before, "mismatches": wrong}
    return figures


def differing(one: Path, other: Path) -> int:
    """How many files of rows and attachments are not the same in both exports."""
    names = {
        path.relative_to(root)
        for root in (one, other)
        for part in ("rows", "files")
        for path in (root / part).rglob("*")
    }
    pairs = ((one / name, other / name) for name in names if not (one / name).is_dir())
    return sum(not (a.is_file() and b.is_file() and a.read_bytes() == b.read_bytes()) for a, b in pairs)


def _highest(care: Care) -> int:
    """The last of people's numbers that a case has."""
    with care.transaction(tenant=None, writes=False) as store:
        numbers = store.pick(Feedback, ("number",))
    return max(int(number.rpartition("-")[2]) for (number,) in numbers)
