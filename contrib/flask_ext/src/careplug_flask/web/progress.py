"""The eight steps of S6 as a line: which are done, which is now, which are still to come, and where a case ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from careplug.feedback.entities import Feedback
from careplug.timeline.facts import Fact

if TYPE_CHECKING:
    from careplug_flask.web.context import Words

__all__ = ["STEPS", "Line", "Step", "progress"]

STEPS = ("received", "confirmed", "dispatched", "diagnosing", "handling", "verifying", "resolved", "closed")
"""The states of the eight steps, in their order."""


@attrs.frozen
class Step:
    """One step: its words, done, now, next, skipped or void, and when it was taken."""

    label: str
    mark: str
    at: datetime | None = None


@attrs.frozen
class Line:
    """The steps, and where the case stands in one sentence."""

    steps: tuple[Step, ...]
    said: str


def progress(words: Words, case: Feedback, facts: Sequence[Fact]) -> Line:
    """The line of a case. A state of a plugin's stands at the last of the eight that was reached."""
    taken = _taken(facts)
    reached = max((STEPS.index(name) for name in taken), default=0)
    name = words.name("state", case.state)
    if case.category == "void":
        ended = Step(name, "void", case.handled_at)
        return Line((*(_step(words, taken, number, reached + 1) for number in range(reached + 1)), ended), name)
    current = STEPS.index(case.state) if case.state in STEPS else reached
    steps = [_step(words, taken, number, current) for number in range(len(STEPS))]
    if case.state not in STEPS:
        steps[current] = attrs.evolve(steps[current], label=name)
    said = words.say("progress.said", number=current + 1, all=len(STEPS), step=name)
    return Line(tuple(steps), said)


def _taken(facts: Sequence[Fact]) -> dict[str, datetime]:
    """When each of the steps was taken last."""
    taken: dict[str, datetime] = {}
    for fact in facts:
        target = "received" if fact.type == "submitted" else str(fact.data.get("to", ""))
        if target in STEPS:
            taken[target] = fact.at
    return taken


def _step(words: Words, taken: dict[str, datetime], number: int, current: int) -> Step:
    name = STEPS[number]
    label = words.name("state", name)
    if number > current:
        return Step(label, "next")
    if number == current:
        return Step(label, "now", taken.get(name))
    return Step(label, "done" if name in taken else "skipped", taken.get(name))
