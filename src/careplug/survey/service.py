"""The survey service of a unit: asking, answering, results, and what follows from them (S7, S11, S13, S14, S17)."""

from __future__ import annotations

from typing import Any

from careplug.ports import Unit
from careplug.survey.answering import Answering
from careplug.survey.asking import Asking
from careplug.survey.base import FEEDBACK
from careplug.survey.forgetting import Forgetting
from careplug.survey.improvement import Improving
from careplug.survey.occasions import Occasions
from careplug.timeline.facts import Fact

__all__ = ["Surveys", "erase", "handle"]


class Surveys(Asking, Answering, Occasions, Forgetting, Improving):
    """What a unit offers as ``unit.surveys``.

    Every method names an action (``survey.invite``, ``survey.enter``, ``survey.scores`` …) that the unit asks about before
    anything is decided; whoever holds the link of an invitation needs no role.
    """


def handle(unit: Unit, fact: Fact, before: Any, after: Any) -> None:
    """The survey room's handler: facts that move a case. Imported history asks nobody."""
    if fact.subject == FEEDBACK and before.state != after.state and fact.origin != "import":
        unit.get(Surveys).case_went_on(fact, before, after)


def erase(unit: Unit, fact: Fact, before: Any, after: Any) -> None:
    """On ``erased`` of a case: its invitations end, and what was written in answer to them goes."""
    if fact.subject == FEEDBACK:
        unit.get(Surveys).erase_case(fact.subject_id, request=fact.data["request"])
