"""Folding: from the facts of any subject to its row. Pure.

Appending folds one fact onto the held row; folding all from nothing must give the same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from careplug.contributions import FactType
from careplug.timeline.facts import Fact

__all__ = ["fold", "fold_one", "voided"]

T = TypeVar("T")


def voided(facts: Iterable[Fact]) -> frozenset[int]:
    """The sequences of the facts that later facts cancel."""
    return frozenset(fact.data["sequence"] for fact in facts if fact.type == "voided")


def fold(facts: Sequence[Fact], types: Mapping[tuple[str, str], FactType], start: T) -> T:
    """The subject from nothing: every fact that is not voided, in sequence. The check on the stored row.

    ``start`` gives what no fact holds (id, tenant); voided and unknown facts still move sequence, head
    and version.
    """
    cancelled = voided(facts)
    now = start
    for fact in facts:
        kind = types.get((fact.subject, fact.type))
        now = fold_one(kind, now, fact, live=fact.sequence not in cancelled)
    return now


def fold_one(kind: FactType | None, was: Any, fact: Fact, *, live: bool = True) -> Any:
    """A subject after one more fact; one that is not ``live``, or of a type nobody knows, moves its chain alone."""
    changes = dict(kind.fold(was, fact.data, fact)) if live and kind is not None and kind.fold is not None else {}
    if kind is not None and kind.edits:
        changes["version"] = was.version + 1
    last = max(was.last_at, fact.at) if was.last_at else fact.at
    return attrs.evolve(was, sequence=fact.sequence, head=fact.hash, last_at=last, **changes)
