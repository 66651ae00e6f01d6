"""The working calendar against a walk minute by minute, over random calendars (thirteen zones, their changes of
offset, turns of year and month, night shifts, make-up days, closures, periods, pauses).

The whole proof is 20,000 calendars.
"""

from __future__ import annotations

import time

from tests.unit.sla.agreement import ALL
from tests.unit.sla.strategies import Seeded, case

WHOLE = 20_000


def run(scale: float, *, seed: int = 0) -> dict[str, object]:
    """Check ``scale`` of the whole; ``seed`` says which part."""
    begun = time.perf_counter()
    count = max(1, round(WHOLE * scale))
    comparisons = mismatches = 0
    first = ""
    for number in range(seed * count, (seed + 1) * count):
        here = case(Seeded(number))
        for check in ALL:
            for what, ours, theirs in check(here):
                comparisons += 1
                if ours != theirs:
                    mismatches += 1
                    first = first or f"case {number}, {what}: {ours}, oracle {theirs}"
    figures: dict[str, object] = {"calendars": count, "comparisons": comparisons, "mismatches": mismatches}
    if first:
        figures["first_mismatch"] = first
    return {**figures, "seconds": time.perf_counter() - begun}
