"""The working calendar beside a bare bisect over prefix sums (the faster of two), a bare NumPy gather, and workclock.

Datetimes in and out, in the zone of the calendar; 250 starts over four years. `workclock` is how many times
slower the best peer (its core is in Rust) was in the same rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import workclock

from careplug.sla.calendar import WorkCalendar
from tests.benchmarks import calendar_floors as floors

ZONES = ("Asia/Shanghai", "America/New_York")
COUNT, MANY, ROUNDS = 250, 1_000_000, 15
SHORT_ROUNDS = 61  # many short ones: a stall of the machine hits few of them
ADDED = {"8 h": timedelta(hours=8), "24 h": timedelta(hours=24), "2000 h": timedelta(hours=2000)}
ELAPSED = {"1 d": timedelta(days=1), "30 d": timedelta(days=30), "5 y": timedelta(days=1826)}
PEER_AIMS = {"8 h": 3.0, "24 h": 3.0, "2000 h": 3.0, "1 d": 2.0, "30 d": 3.0, "5 y": 3.0}

Job = Callable[[], object]


def calendar(zone: str) -> WorkCalendar:
    """The calendar of the floors."""
    hours = [("09:00", "12:00"), ("13:00", "18:00")]
    return WorkCalendar("bench", zone, dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), hours), floors.holidays())


def peer(zone: str) -> Any:
    """The same hours in workclock."""
    hours = [workclock.WorkDay(clock(9), clock(12)), workclock.WorkDay(clock(13), clock(18))]
    return workclock.Schedule([*hours, workclock.Holidays(floors.holidays())], time_zone=zone)


def in_turns(jobs: Mapping[str, Job], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of each job in each round; the jobs take turns, so that a slow moment hits all of them.

    Each round has an order of its own, and each job runs once untimed before: what ran last would leave the
    processor's caches warm for one of them only.
    """
    found: dict[str, list[float]] = {name: [] for name in jobs}
    random, order = Random(2), list(jobs)
    gc.disable()
    try:
        for _ in range(rounds):
            random.shuffle(order)
            for name in order:
                jobs[name]()
                begun = time.perf_counter()
                jobs[name]()
                found[name].append(time.perf_counter() - begun)
    finally:
        gc.enable()
    return found


def over(function: Callable[..., Any], *columns: Sequence[Any]) -> Job:
    """A job that calls a function on each row."""

    def job() -> None:
        for row in zip(*columns, strict=True):
            function(*row)

    return job


def row(name: str, times: Mapping[str, list[float]], count: int, aim: float, peer_aim: float = 0) -> dict[str, object]:
    """One line of the table, microseconds an operation; the floor is the fastest of the floors."""
    middle = {key: statistics.median(value) / count * 1e6 for key, value in times.items()}
    best = min((key for key in times if key.startswith("floor")), key=lambda key: middle[key])
    ratio = statistics.median(ours / floor for ours, floor in zip(times["ours"], times[best], strict=True))
    found: dict[str, object] = {
        "name": name,
        "ours_us": middle["ours"],
        "floor_us": middle[best],
        "ratio": ratio,
        "aim": f"<= {aim}" + (f", workclock >= {peer_aim:g}" if peer_aim else ""),
        "met": ratio <= aim,
        "min_us": min(times["ours"]) / count * 1e6,
        "min_ratio": min(times["ours"]) / min(times[best]),
    }
    if peer_aim:
        slower = statistics.median(
            theirs / ours for theirs, ours in zip(times["workclock"], times["ours"], strict=True)
        )
        found |= {"workclock": slower, "met": ratio <= aim and slower >= peer_aim}
    if "floor integers" in middle:
        found["usual_floor_us"] = middle["floor integers"]
    return found


def scalar(zone: str) -> list[dict[str, object]]:
    """One at a time."""
    ours, theirs = calendar(zone), peer(zone)
    one, two = floors.integers(zone), floors.timedeltas(zone)
    random = Random(1)
    base = datetime(2021, 1, 1, tzinfo=ZoneInfo(zone))
    starts = [base + timedelta(seconds=random.randrange(4 * 365 * 86_400)) for _ in range(COUNT)]
    rows = []
    for name, amount in ADDED.items():
        given = (starts, [amount] * COUNT)
        assert (
            [*map(ours.add, *given)] == [*map(one.add, *given)] == [*map(two.add, *given)] == [*map(theirs.add, *given)]
        )
        functions = {"ours": ours.add, "floor integers": one.add, "floor": two.add, "workclock": theirs.add}
        times = in_turns({key: over(function, *given) for key, function in functions.items()}, SHORT_ROUNDS)
        rows.append(row(f"due +{name}, {zone}", times, COUNT, 1.3, PEER_AIMS[name]))
    for name, span in ELAPSED.items():
        given = (starts, [start + span for start in starts])
        answers = [[*map(thing.between, *given)] for thing in (ours, one, two, theirs)]
        assert answers.count(answers[0]) == 4
        functions = {
            "ours": ours.between,
            "floor integers": one.between,
            "floor": two.between,
            "workclock": theirs.between,
        }
        times = in_turns({key: over(function, *given) for key, function in functions.items()}, SHORT_ROUNDS)
        rows.append(row(f"elapsed {name}, {zone}", times, COUNT, 1.3, PEER_AIMS[name]))
    return rows


def flat(zone: str) -> dict[str, object]:
    """Whether five years cost what a day costs."""
    ours, base = calendar(zone), datetime(2021, 1, 1, tzinfo=ZoneInfo(zone))
    random = Random(1)
    starts = [base + timedelta(seconds=random.randrange(4 * 365 * 86_400)) for _ in range(COUNT)]
    ends = {name: [start + span for start in starts] for name, span in ELAPSED.items()}
    times = in_turns({name: over(ours.between, starts, column) for name, column in ends.items()}, SHORT_ROUNDS)
    day, years = (statistics.median(times[name]) / COUNT * 1e6 for name in ("1 d", "5 y"))
    ratio = statistics.median(two / one for one, two in zip(times["1 d"], times["5 y"], strict=True))
    name = f"elapsed 5 y beside 1 d, {zone}"
    return {"name": name, "ours_us": years, "floor_us": day, "ratio": ratio, "aim": "<= 1.3", "met": ratio <= 1.3}


def bulk(zone: str) -> list[dict[str, object]]:
    """A million at once."""
    ours, floor = calendar(zone), floors.gathers(zone)
    random = np.random.default_rng(1)
    low = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp())
    starts = random.integers(low, low + 4 * 365 * 86_400, MANY)
    ends = starts + random.integers(0, 5 * 365 * 86_400, MANY)
    seconds = random.integers(1, 2000 * 3600, MANY)
    assert (ours.add_many(starts, seconds) == floor.add(starts, seconds)).all()
    assert (ours.between_many(starts, ends) == floor.between(starts, ends)).all()
    rows = []
    for name, mine, bare, second in (
        ("add_many", ours.add_many, floor.add, seconds),
        ("between_many", ours.between_many, floor.between, ends),
    ):
        times = in_turns({"ours": over(mine, [starts], [second]), "floor": over(bare, [starts], [second])})
        rows.append(row(f"{name}, a million, {zone}", times, MANY, 1.5))
    return rows


def first_use() -> dict[str, object]:
    """A new calendar and its first deadline: the table of a year is built."""
    start = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("America/New_York"))
    times = in_turns({"ours": lambda: calendar("America/New_York").add(start, timedelta(hours=8))})
    taken = statistics.median(times["ours"]) * 1e6
    return {"name": "a new calendar and its first deadline", "ours_us": taken}


def run() -> list[dict[str, object]]:
    """All rows of the table."""
    rows: list[dict[str, object]] = []
    for zone in ZONES:
        floors.check(zone)
        rows += [*scalar(zone), flat(zone), *bulk(zone)]
    return [*rows, first_use()]


def main() -> None:
    """Print the table."""
    for line in run():
        print(
            "  ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{value}" for key, value in line.items())
        )


if __name__ == "__main__":
    main()
