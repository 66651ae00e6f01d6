"""`import careplug` beside importing pluggy, attrs and cattrs, each in a new interpreter.

What the bare interpreter takes is in both figures. The aim is the issue's: at most 1.6 times.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
_OURS = "import careplug"
_FLOOR = "import pluggy, attrs, cattrs"
_FACADE = "import careplug; from careplug.care import Care"
_CALENDAR = "from careplug.sla import WorkCalendar"


def _once(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun


def _works(code: str) -> bool:
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def run() -> list[dict[str, object]]:
    """Rounds in turns, medians; the facade and the calendar too where they exist."""
    subjects = {
        "import careplug": _OURS,
        "from careplug.sla import WorkCalendar": _CALENDAR,
        "the facade Care": _FACADE,
    }
    there = {name: code for name, code in subjects.items() if _works(code)}
    times: dict[str, list[float]] = {name: [] for name in (*there, "floor", "bare")}
    for _ in range(ROUNDS):
        for name, code in {**there, "floor": _FLOOR, "bare": "pass"}.items():
            times[name].append(_once(code) * 1e6)
    floor, bare = statistics.median(times["floor"]), statistics.median(times["bare"])
    rows: list[dict[str, object]] = []
    for name in there:
        ours = statistics.median(times[name])
        rows.append(
            {
                "name": name,
                "ours_us": ours,
                "floor_us": floor,
                "ratio": ours / floor,
                "aim": "<= 1.6",
                "met": ours / floor <= 1.6,
                "bare_interpreter_us": bare,
            }
        )
    return rows


if __name__ == "__main__":
    from tests.benchmarks.__main__ import show

    show("import", run())
