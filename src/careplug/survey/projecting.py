"""The rows of numbers that follow from a response: made when it comes in, and made again by ``careplug rebuild``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from careplug.entity import Projection
from careplug.ports import Unit
from careplug.refs import new_id, random_id
from careplug.survey.base import Base
from careplug.survey.counting import scores_of
from careplug.survey.entities import GROUPS, Response, Score
from careplug.survey.facts import RESPONSE
from careplug.survey.forms import Form
from careplug.timeline.facts import Fact

__all__ = ["SCORES", "scores"]


def scores(form: Form, response: Response) -> Iterator[Score]:
    """What a response adds to the results, by the form it answers. Ids of an anonymous one tell no time."""
    make_id = random_id if response.anonymous else new_id
    groups = {name: getattr(response, name) for name in GROUPS}
    for counted in scores_of(form, response.answers):
        yield Score(
            id=make_id(),
            tenant=response.tenant,
            response_id=response.id,
            form=response.form,
            month=response.month,
            answered_at=response.answered_at,
            **attrs.asdict(counted),
            **groups,
        )


def _rows(unit: Unit, response: Response, facts: Sequence[Fact]) -> Iterator[Score]:
    return scores(Base(unit).pinned(response.digest), response)


SCORES = Projection(of=RESPONSE, by="response_id", rows=_rows, names=("block", "question"))
