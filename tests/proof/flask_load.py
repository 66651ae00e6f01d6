"""careplug-flask under load: an app in gunicorn's worker processes and one `careplug worker` beside them.

Eight clients submit, reply, list, read and look at the queue for two minutes on PostgreSQL (half a minute on SQLite), over
the loopback. After half of the time one of gunicorn's workers is killed (SIGKILL) wherever it is; clients send again with
the same Idempotency-Key whenever a connection breaks. In the end every acknowledged submit and reply is in the database
exactly once and none of the others twice, every chain is whole, every message was sent exactly once, no answer was a 5xx,
gunicorn has put another worker in the place of the killed one. `rss growth` is how much more memory the process that grew
most holds after the second minute than after the first (at most 1.05 times, of the whole proof; the workers, master and
`careplug worker` that lived through both). `connections` are those of PostgreSQL before the kill, `connections later` the
most there were in the last half minute: never more than before.

It runs in one piece: what counts is two minutes without a break. A part of it is 160 requests to two workers each time.
With SQLite, and in parts, gunicorn loads the app before it forks (`--preload`), otherwise each worker loads its own.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import attrs

from tests.proof import _load
from tests.services import database

MOST = 160
"""Requests of a part of the proof."""


def run(scale: float) -> dict[str, object]:
    """The two minutes, or a few requests for any part of them."""
    begun = time.perf_counter()
    whole = scale >= 1
    found: dict[str, object] = {"mismatches": 0}
    for name, seconds in (("sqlite", 30.0), ("postgresql", 120.0)):
        with tempfile.TemporaryDirectory() as folder, database(name, Path(folder)) as url:
            steady, preload = whole and name == "postgresql", name == "sqlite" or not whole
            plan = _load.Plan(
                workers=4, clients=8, seconds=seconds * scale, most=100_000, steady=steady, preload=preload
            )
            if not whole:
                plan = attrs.evolve(plan, workers=2, clients=4, seconds=15.0, most=MOST)
            figures, wrong = _load.run(url, Path(folder), plan)
        found |= {f"{name}_{key}": value for key, value in figures.items()}
        found["mismatches"] = int(str(found["mismatches"])) + len(wrong)
        if wrong:
            found[f"{name}_wrong"] = "; ".join(wrong[:5])
    return {**found, "seconds": time.perf_counter() - begun}
