"""Whole lives of cases, by a state machine: pauses open at once and over a reopening, changes of priority while paused,
calls written down late, facts voided, policies previewed and applied, cases merged and overridden, a worker in between.

After every step the stored rows are the fold of the facts from zero. At the end of a life every projection column is
overwritten, every clock deleted and all of it rebuilt, every chain verified, and the counted time of every receipt
walked minute by minute. The whole proof is 4,000 lives of up to forty steps, a fortieth of them on SQLite.
"""

from __future__ import annotations

import time
import traceback
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis.stateful import get_state_machine_test

from tests.integration.test_lives import TOTAL, Lives, StoredLives

WHOLE = 4_000


def run(scale: float, *, seed: int = 0) -> dict[str, object]:
    """Live ``scale`` of the whole; ``seed`` says which part."""
    begun = time.perf_counter()
    TOTAL.clear()
    count = max(1, round(WHOLE * scale))
    trouble = [_live(Lives, count, 2 * seed, 40), _live(StoredLives, max(1, count // 40), 2 * seed + 1, 25)]
    lives = TOTAL.pop("lives", 0)
    figures: dict[str, object] = {"lives": lives, **{f"did_{name}": times for name, times in sorted(TOTAL.items())}}
    figures["mismatches"] = sum(bool(found) for found in trouble)
    if any(trouble):
        figures["first_mismatch"] = next(found for found in trouble if found)
    return {**figures, "seconds": time.perf_counter() - begun}


def _live(machine: Any, count: int, number: int, steps: int) -> str:
    """Run the machine; what went wrong, empty for nothing."""
    test = get_state_machine_test(
        machine,
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )
    try:
        seeded(number)(test)()
    except Exception as error:
        traceback.print_exception(error)
        return f"{type(error).__name__}: {error}; part {number}"
    return ""
