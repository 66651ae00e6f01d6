"""The next steps of a case as the service side may take them, made from the stored transitions; a plugin's too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from careplug.feedback import transitions
from careplug_flask.work import may

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.feedback.transitions import Transition
    from careplug.unit import CareUnit
    from careplug_flask.web.context import Words

__all__ = ["StepForm", "steps"]

_LIFE = tuple(seed.name for seed in transitions.SEEDS if seed.kind == "state")
_OWN = frozenset(seed.name for seed in transitions.SEEDS if seed.kind == "transition")
_WORDS = ("measure", "result", "cause", "reason")
"""The words of a form in the order in which they are told."""


@attrs.frozen(kw_only=True)
class StepForm:
    """One step: its words and what its form asks for. ``direct`` ones need nothing told and are a button alone.

    ``tone`` is primary for the step that usually comes next, end for one that gives the case up, or empty.
    """

    name: str
    label: str
    target: str
    fields: tuple[str, ...]
    required: tuple[str, ...]
    direct: bool
    tone: str = ""


def steps(unit: CareUnit, words: Words, case: Feedback) -> list[StepForm]:
    """The steps that the visitor may take now: those that lead on first, then those back, then those that give it up.

    The core's that only lead to where the case is are left out, but not to give it to somebody else (dispatch).
    """
    states = unit.definitions.values("state")
    found = []
    for step in unit.feedback.possible(case):
        if step.name in _OWN and step.target == case.state and "assignee" not in step.requires:
            continue
        if may(unit, f"feedback.step.{step.name}", case):
            ends = step.target in states and states[step.target].category == "void"
            onward = not ends and _place(step.target) > _place(case.state)
            found.append((ends, not onward, _place(step.target), step.name, step))
    found.sort(key=lambda each: each[:4])
    return [
        _form(words, step, ends=ends, first=place == 0 and not back)
        for place, (ends, back, _, _, step) in enumerate(found)
    ]


def _place(state: str) -> int:
    """Where a state stands in a case's life; those of plugins come behind the core's."""
    return _LIFE.index(state) if state in _LIFE else len(_LIFE)


def _form(words: Words, step: Transition, *, ends: bool, first: bool) -> StepForm:
    told = tuple(name for name in _WORDS if name in step.requires)
    others = tuple(name for name in step.requires if name not in _WORDS)
    if "expected_at" in others and "reason" not in told:
        told = (*told, "reason")  # an expected time is told with its reason (S10)
    optional = ("reason",) if ends and not step.requires else ()
    return StepForm(
        name=step.name,
        label=words.name("transition", step.name),
        target=words.name("state", step.target),
        fields=(*others, *told, *optional),
        required=(*others, *told),
        direct=not step.requires and not ends,
        tone="end" if ends else "primary" if first else "",
    )
