"""A writing process killed (SIGKILL) wherever it is, fifty times on SQLite and fifty times on PostgreSQL.

The process submits, dispatches, replies, pauses, resumes, attaches, resolves, reopens and closes, sends messages in between,
and says after each commit what it was told is kept: key, case, sequence, type and hash of each fact. It is killed at a
random moment after up to twenty operations, and another one goes on with the same cases. After each kill every
acknowledged fact is there with its hash, no operation is there in part or twice (facts, file rows, key), every row and clock
is what its facts say, the outbox holds exactly the messages that the facts must have made, and every chain verifies. In the
end a worker sends what waits: nothing counts as sent that did not arrive. `untold` are operations that were kept and whose
process had no time to say so; `sent twice` are messages whose sender was killed before it could mark them.

SQLite is the embedded file as shipped: WAL, `synchronous=FULL`. A kill loses no page that the system has, so this says
nothing about a loss of power. It runs in one piece; a part of it is at least one kill each.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from careplug import Care
from careplug.criteria import Is
from careplug.feedback.entities import RequestKey
from careplug.timeline.facts import FactRow
from tests.proof import _crash, _relay
from tests.proof._load import counting
from tests.services import database

WHOLE = 50
_MOST = 20
"""Operations after which a process is killed, at most; a few milliseconds more decide where in the next one."""


def run(scale: float) -> dict[str, object]:
    """Kill a part of the fifty on each database."""
    begun = time.perf_counter()
    found: dict[str, object] = {"mismatches": 0}
    for name in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder, database(name, Path(folder)) as url:
            figures, wrong = _killed(url, Path(folder), max(1, round(WHOLE * scale)))
        found |= {f"{name}_{key}": value for key, value in figures.items()}
        found["mismatches"] = int(str(found["mismatches"])) + len(wrong)
        if wrong:
            found[f"{name}_wrong"] = "; ".join(wrong[:5])
    return {**found, "seconds": time.perf_counter() - begun}


def _killed(url: str, folder: Path, kills: int) -> tuple[dict[str, int], list[str]]:
    """The figures of some kills on one database, and what was wrong after any of them."""
    house, chance = _crash.House(url, folder), Random(kills)
    wrong: list[str] = []
    try:
        for number in range(1, kills + 1):
            before = len(house.told())
            (process,) = house.start()
            some = chance.randint(0, _MOST)
            house.until(lambda done=before + some: len(house.told()) >= done)
            time.sleep(chance.uniform(0.001, 0.05))
            process.kill()
            process.wait()
            _gone(house)
            with contextlib.closing(house.care()) as care:
                told = house.told()
                wrong += [f"kill {number}: {each}" for each in _crash.wrong(care, told) + _crash.unsent(care, folder)]
        with contextlib.closing(house.care()) as care:
            wrong += _settings(care)
            house.drain(care)
            wrong += _crash.unsent(care, folder)
            return {"kills": kills, **_figures(care, folder, told)}, wrong
    finally:
        house.close()


def _gone(house: _crash.House) -> None:
    """Wait until the server has noticed: what the killed process had sent may still become true until then."""
    with counting(house.url) as connections:
        house.until(lambda: connections() == 0)


def _settings(care: Care) -> list[str]:
    """An embedded file that does not have the settings it is shipped with."""
    engine: Any = care.storage.engine  # type: ignore[attr-defined]
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        asked = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")]
    return [] if asked == ["wal", 2] else [f"settings: {asked}"]


def _figures(care: Care, folder: Path, told: list[dict[str, Any]]) -> dict[str, int]:
    with care.transaction(tenant=None, writes=False) as store:
        facts = len(store.pick(FactRow, ("id",), Is("subject", "eq", "feedback")))
        operations = len(store.pick(RequestKey, ("id",)))
    sent = _relay.sent(folder)
    return {
        "acknowledged": len(told),
        "untold": operations - len(told),
        "facts": facts,
        "messages": len(sent),
        "sent_twice": sent.total() - len(sent),
    }
