"""Four `careplug worker` processes on PostgreSQL and on MariaDB, stopped (SIGSTOP) past their leases and continued.

Each slice has its own database, one after the other of the two. In the first two all four work at once and one after the
other is stopped wherever it is; in the next two three are held at chosen points (a claim of clocks, a durable handler,
a message being sent), stopped there, and continued when the fourth has done all the work; and so on. Afterwards no level
fired twice, no idempotency key is there twice, no task left two notes, every chain is whole, and late marks were refused.
`sent twice` are messages that were under way when their worker was stopped: at least once is the promise, under the
same key.

The whole proof is 10,000 cases, 40,000 levels.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.integration import fleet
from tests.services import database

WHOLE = 10_000


def run(scale: float, *, seed: int = 0) -> dict[str, object]:
    """Do ``scale`` of the whole; ``seed`` says where workers are stopped."""
    begun = time.perf_counter()
    cases = max(10, round(WHOLE * scale))
    name = ("postgresql", "mariadb")[seed % 2]
    with tempfile.TemporaryDirectory() as folder, database(name, Path(folder)) as url:
        if seed % 4 < 2:
            found = fleet.stopped_at_random(url, Path(folder), cases, seed)
        else:
            found = fleet.stopped_at_gates(url, Path(folder), cases)
            assert found["late_marks"] >= 2, found
            assert found["late_messages"] == 1, found
    return {**found, "seconds": time.perf_counter() - begun}
