"""How promises were kept: clocks counted by metric and verdict, in the database (S10)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

import attrs

from careplug.criteria import All, Criteria, Is
from careplug.ports import Transaction
from careplug.sla.entities import Clock

__all__ = ["Attainment", "kept"]

_VERDICTS = ("met", "missed", "void")
_LIVE = ("running", "standing")
"""The states of clocks that are open."""

_SHOWN = (*_VERDICTS, "open", "overdue")


@attrs.frozen(kw_only=True)
class Attainment:
    """How a metric was kept in a period: verdicts met and missed, void ones apart, open and late ones now."""

    metric: str
    met: int = 0
    missed: int = 0
    void: int = 0
    open: int = 0
    overdue: int = 0

    @property
    def share(self) -> float | None:
        """Met of all that have a verdict, 0 to 1; None without any."""
        whole = self.met + self.missed
        return self.met / whole if whole else None


def kept(
    store: Transaction, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> list[Attainment]:
    """How each metric was kept. Verdicts count in the period of the fact that stopped their clock, half-open; clocks that
    are open, and those that are overdue ``now``, always count.

    Asked by counted, metric, state and stopped_at alone: an index has them in this order, and no row is read for it.
    """
    period: list[Criteria] = []
    if since is not None:
        period.append(Is("stopped_at", "ge", since))
    if until is not None:
        period.append(Is("stopped_at", "lt", until))
    parts: list[list[Criteria]] = [[]]
    if period:
        parts = [[Is("state", "in", _VERDICTS), *period], [Is("state", "in", _LIVE)]]
    counted = Is("counted", "eq", True)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for group in store.tally(Clock, All(counted, *part), by=("metric", "state")):
            metric, state = group.key
            found[metric]["open" if state in _LIVE else state] += group.values[0]
    late = All(counted, Is("open", "eq", True), Is("due_at", "lt", now))
    for group in store.tally(Clock, late, by=("metric",)):
        found[group.key[0]]["overdue"] = group.values[0]
    return [
        Attainment(metric=metric, **{key: counts[key] for key in _SHOWN}) for metric, counts in sorted(found.items())
    ]
