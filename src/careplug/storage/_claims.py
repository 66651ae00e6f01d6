"""Which rows a worker may take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from careplug.criteria import Criteria
from careplug.rows import Codec
from careplug.storage._query import Row, select

__all__ = ["due"]


def due(
    codec: Codec, rows: Sequence[Row], criteria: Criteria | None, *, now: datetime, at: datetime, lane: str
) -> list[Row]:
    """The rows due at ``now`` (business time) whose lease is over at ``at`` (database time), oldest first.

    With ``lane`` only those before which no unfinished row (one that still has ``next_at``) stands in their lane;
    a row without lane is free.
    """
    ready = [row for row in rows if row["next_at"] is not None and row["next_at"] <= now]
    free = [row for row in ready if row["leased_until"] is None or row["leased_until"] <= at]
    found = select(free, criteria)
    if lane:
        names = [column.name for column in codec.resolve(lane)]
        heads = _heads(rows, names)
        found = [row for row in found if _lane(row, names) is None or heads[_lane(row, names)] == row["id"]]
    return sorted(found, key=lambda row: (row["next_at"], row["id"]))


def _lane(row: Row, names: Sequence[str]) -> tuple[Any, ...] | None:
    values = tuple(row[name] for name in names)
    return None if None in values else (row["tenant"], *values)


def _heads(rows: Sequence[Row], names: Sequence[str]) -> dict[tuple[Any, ...] | None, str]:
    heads: dict[tuple[Any, ...] | None, str] = {}
    for row in rows:
        lane = _lane(row, names)
        if row["next_at"] is not None and row["id"] < heads.get(lane, "\U0010ffff"):
            heads[lane] = row["id"]
    return heads
