"""PostgreSQL restarted three times and its connections ended ten times under four writers and a `careplug worker`.

The server is a throw-away cluster of the proof's own. The writers are processes that submit, reply, step, pause and attach
through careplug, each operation in its own transaction under an idempotency key, and do it again while they are told `Retry`,
`InDoubt` or `Unavailable`. The server is stopped in the modes `fast` and `immediate` (as if the power went; the next start
recovers) and stays away for half a second or more; between two blows every writer has to have been acknowledged again. In
the end nothing acknowledged is lost, nothing is there twice, every row and clock is what its facts say, the outbox holds
exactly the messages that the facts must have made, all of them were sent by the worker that went through the same, and
every chain verifies. Everything the writers were told in between was an error of careplug's with a sentence in English and
Chinese (`told …`, by code); `raw errors`, of SQLAlchemy or the driver, must be none.

It runs in one piece; a part of it is one restart and two connections. Without a PostgreSQL server to start it is skipped.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.proof import _crash
from tests.proof._cluster import Cluster, cluster

RESTARTS, ENDS = 3, 10
WRITERS = 4
_ON = 5
"""Operations that each writer must have been acknowledged between two blows."""


def run(scale: float) -> dict[str, object]:
    """Strike a part of the thirteen times."""
    begun = time.perf_counter()
    restarts, ends = max(1, round(RESTARTS * scale)), max(2, round(ENDS * scale))
    with cluster() as server, tempfile.TemporaryDirectory() as name:
        house = _crash.House(server.url(), Path(name))
        try:
            ended = _struck(house, server, restarts, ends)
            figures, wrong = _found(house)
        finally:
            house.close()
    found: dict[str, object] = {"writers": WRITERS, "restarts": restarts, "connections_ended": ended, **figures}
    found["mismatches"] = len(wrong)
    if wrong:
        found["wrong"] = "; ".join(wrong[:5])
    return {**found, "seconds": time.perf_counter() - begun}


def _struck(house: _crash.House, server: Cluster, restarts: int, ends: int) -> int:
    """Writers and worker through all blows; how many connections were ended by themselves."""
    chance = Random(restarts + ends)
    blows = ["end"] * ends + ["restart"] * restarts
    chance.shuffle(blows)
    modes = ["immediate", "fast"] * restarts
    writers = house.start(WRITERS)
    words = [
        str(Path(sys.executable).with_name("careplug")),
        "--database",
        house.url,
        "--json",
        "worker",
        "--poll",
        "1",
        "--lease",
        "2",
    ]
    worker = house.process("worker", words)
    house.until(lambda: (house.folder / "worker.out").stat().st_size)  # it says what each round did
    ended = 0
    for blow in blows:
        _goes_on(house)
        time.sleep(chance.uniform(0, 0.2))
        if blow == "restart":
            server.restart(modes.pop(0), chance.uniform(0.5, 1.5))
        else:
            ended += server.end(chance.choice(server.backends()))
    _goes_on(house)
    for process in writers:
        process.kill()
        process.wait()
    with contextlib.closing(house.care()) as care:
        house.until(lambda: not _crash.waiting(care))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0, house.logs()
    house.until(lambda: not server.backends())
    return ended


def _goes_on(house: _crash.House) -> None:
    """Wait until every writer has been acknowledged a few times more."""
    before = _by_writer(house)
    house.until(lambda: all(_by_writer(house)[run] >= before[run] + _ON for run in range(1, WRITERS + 1)))


def _by_writer(house: _crash.House) -> Counter[int]:
    return Counter(int(line["key"].split(":")[1]) for line in house.told())


def _found(house: _crash.House) -> tuple[dict[str, int], list[str]]:
    """The figures, and what is wrong in the database or in what the writers were told."""
    told, lines = house.told(), list(house.lines())
    errors = Counter(line["error"] for line in lines if "error" in line)
    raw = [line["raw"] for line in lines if "raw" in line]
    with contextlib.closing(house.care()) as care:
        wrong = [*_crash.wrong(care, told), *_crash.unsent(care, house.folder), *raw]
    wrong += [
        f"{line['error']} has no sentence"
        for line in lines
        if "error" in line and not (line["en"] and line["zh"] != line["en"])
    ]
    figures = {"acknowledged": len(told), "raw_errors": len(raw)}
    return figures | {f"told_{code}": number for code, number in sorted(errors.items())}, wrong
