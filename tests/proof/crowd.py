"""Eight `careplug worker` processes at once over 5,000 clocks that missed two levels each, on each database.

Nobody is stopped here (that is the proof `workers`): eight processes claim, fire, handle and send against each other until
nothing is due. In the end each of the 10,000 levels fired exactly once, has one fact and at most one message with a key of
its own, each case has the one note of its durable handler, each message arrived, and every chain is whole.

It runs in one piece, on SQLite, PostgreSQL and MariaDB; a part of it is at least twenty clocks, on SQLite alone.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.integration import fleet
from tests.services import DATABASES, database

CLOCKS = 5_000
WORKERS = 8
_EACH = 2
"""Clocks of a case: response and resolution."""


def run(scale: float) -> dict[str, object]:
    """A part of the clocks."""
    begun = time.perf_counter()
    cases = max(10, round(CLOCKS * scale / _EACH))
    found: dict[str, object] = {"workers": WORKERS, "clocks": cases * _EACH, "mismatches": 0}
    for name in DATABASES if scale >= 1 else ("sqlite",):
        with tempfile.TemporaryDirectory() as folder, database(name, Path(folder)) as url:
            figures = fleet.all_at_once(url, Path(folder), cases, WORKERS)
        found |= {f"{name}_{key}": figures[key] for key in ("levels", "messages", "late_marks", "sent_twice")}
    return {**found, "seconds": time.perf_counter() - begun}
