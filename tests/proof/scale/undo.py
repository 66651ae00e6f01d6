"""Putting back what a measurement wrote, so that a filled database stays as it was filled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from tests.proof.scale.floors import Floors
from tests.proof.scale.stories import NOW

__all__ = ["undone"]

_OPEN = {"feedback": "category = 'open'", "clock": "open = TRUE", "definition": "tenant = ''", "stamp": "tenant = ''"}
_WRITTEN = (
    "DELETE FROM careplug_fact WHERE tenant = '' AND type IN ('escalated', 'policy_decided') AND at > {}",
    "DELETE FROM careplug_message WHERE tenant = '' AND created_at > {}",
    "DELETE FROM careplug_fired_level WHERE fired_at > {}",
)


@contextlib.contextmanager
def undone(floors: Floors, due: datetime | None = None) -> Iterator[None]:
    """What the block writes after ``NOW`` to open cases is put back at its end, or at the next run where this one ends.

    With ``due`` only cases whose clocks have a level until then are kept aside, which takes less time.
    """
    restore(floors)
    for name, where in _OPEN.items():
        floors.run(f"CREATE TABLE proof_{name} AS SELECT * FROM careplug_{name} WHERE 1 = 0")
        if due is not None and name in ("clock", "feedback"):
            key = "id" if name == "feedback" else "feedback_id"
            where = f"{key} IN (SELECT feedback_id FROM careplug_clock WHERE next_at <= {{}})"
        values = (due,) if "{}" in where else ()
        floors.run(f"INSERT INTO proof_{name} SELECT * FROM careplug_{name} WHERE {where}", values=values)
    floors.run("CREATE TABLE proof_ready (n INTEGER)")
    try:
        yield
    finally:
        restore(floors)


def restore(floors: Floors) -> None:
    """Put back what was kept aside, if anything is."""
    try:
        floors.ask("SELECT n FROM proof_ready")
    except Exception:
        whole = False
    else:
        whole = True
    if whole:
        for text in _WRITTEN:
            floors.run(text, values=(NOW,))
        for name in _OPEN:
            floors.run(
                f"DELETE FROM careplug_{name} WHERE id IN (SELECT id FROM proof_{name})"
                if name != "definition"
                else "DELETE FROM careplug_definition WHERE tenant = ''",
                f"INSERT INTO careplug_{name} SELECT * FROM proof_{name}",
            )
    floors.run(*(f"DROP TABLE IF EXISTS proof_{name}" for name in ("ready", *_OPEN)))
