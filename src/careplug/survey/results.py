"""Results: what the answers to a form add up to, for all and by group, each with its uncertainty (S7, S14).

The database counts, in three grouped queries whatever the number of answers; ``scoring`` does the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from careplug.clock import aware
from careplug.criteria import All, Criteria, Is
from careplug.errors import Invalid, Refused
from careplug.ports import Measure, Tally
from careplug.refs import Ref
from careplug.survey import scoring
from careplug.survey.answering import period
from careplug.survey.base import Base
from careplug.survey.counting import SUM, block_digest, scale_of
from careplug.survey.entities import GROUPS, Invitation, Response, Score
from careplug.survey.forms import Form
from careplug.survey.questions import Question

__all__ = ["PERIODS", "BlockResult", "GroupResult", "QuestionResult", "Reporting", "Results"]

PERIODS = ("month", "quarter", "year")
"""Results can also be grouped by these, in the zone of the settings: ``2026-03``, ``2026-Q1``, ``2026``."""

Counts = Mapping[int | str, int]


@attrs.frozen(kw_only=True)
class QuestionResult:
    """The answers to a question by what was answered, how many, and what they add up to (None: nothing is to be added).

    ``left_out`` were given to another revision of the form, by another scale.
    """

    question: Question
    counts: Counts
    answers: int
    left_out: int
    score: scoring.Score | None


@attrs.frozen(kw_only=True)
class BlockResult:
    """How far the questions of a block measure one thing."""

    block: str
    alpha: scoring.Alpha


@attrs.frozen(kw_only=True)
class GroupResult:
    """The results of one group: ``key`` is the value it was grouped by (None: it has none, or all is one group).

    ``responses`` counts all there are, ``low`` those that call for a follow-up. ``rate`` is of the invitations that were
    sent in the period, however the answer came in.
    """

    key: Any
    responses: int
    low: int
    rate: scoring.Share
    questions: tuple[QuestionResult, ...]
    blocks: tuple[BlockResult, ...]


@attrs.frozen(kw_only=True)
class Results:
    """The results of a form, by its revision that is asked now, and how many answers could not be counted with it."""

    name: str
    digest: str
    form: Form
    by: str
    groups: tuple[GroupResult, ...]

    @property
    def left_out(self) -> int:
        """Answers to other revisions that are not counted, because question or scale does not agree."""
        return sum(question.left_out for group in self.groups for question in group.questions)


class Reporting(Base):
    """Adding up."""

    def scores(
        self,
        form: str,
        *,
        by: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        filters: Mapping[str, Any] | None = None,
        confidence: int = 95,
    ) -> Results:
        """What a form's answers in [since, until) add up to, in groups by ``by`` (``GROUPS``, ``PERIODS``; empty: one).

        ``filters`` narrow them by the same fields: ``{"kind": "fault", "assignee": Ref(…)}``. Needs ``survey.scores``; with
        ``survey.scores.own`` alone one sees the answers about cases one had oneself. Anonymous answers have neither
        assignee, team nor organisation.
        """
        self.unit.flush()
        definition, current = self._form(form)
        narrowed = self._narrowed(form, filters or {})
        if by and by not in (*GROUPS, *PERIODS):
            known = ", ".join((*GROUPS, *PERIODS))
            raise Invalid("survey.group", field="survey.by", value=by, known=known)
        where = [Is("form", "eq", form), *narrowed]
        key = ("month" if by in PERIODS else by,) if by else ()
        store, answered = self.unit.store, period(since, until)
        columns = ("question", "block", "scale", "whole", "value")
        scores = store.tally(Score, All(*where, *answered), by=(*key, *columns))
        responses = store.tally(Response, All(*where, *answered), by=(*key, "low"))
        sent = All(*where, Is("invited_at", "is_null", value=False), *_sent(since, until))
        invitations = store.tally(Invitation, sent, by=(*key, "state"))
        parts = tuple(_grouped(lines, by) for lines in (scores, responses, invitations))
        keys = sorted({name for part in parts for name in part}, key=_order) if by else [None]
        found = tuple(_group(name, current, [part.get(name, []) for part in parts], confidence) for name in keys)
        return Results(name=form, digest=definition.digest, form=current, by=by, groups=found)

    def _narrowed(self, form: str, filters: Mapping[str, Any]) -> list[Criteria]:
        """The filters as conditions; who may see the own results alone is narrowed to them."""
        found: list[Criteria] = [_filter(name, value) for name, value in sorted(filters.items())]
        try:
            self.unit.allow("survey.scores", form)
        except Refused:
            self.unit.allow("survey.scores.own", form)
            found.append(Is("assignee", "eq", self.unit.actor.ref))
        return found

    def counts(
        self,
        form: str,
        question: Question,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> dict[int | str, int]:
        """The answers to one question of a form by what was answered, in [since, until). Needs ``survey.scores``."""
        self.unit.flush()
        here = (Is("question", "eq", question.key), Is("scale", "eq", scale_of(question)))
        where = All(Is("form", "eq", form), *here, *self._narrowed(form, filters or {}), *period(since, until))
        lines = self.unit.store.tally(Score, where, by=("value",), measures=(Measure("count"),))
        return {_code(question, line.key[0]): line.values[0] for line in lines}


def _filter(name: str, value: Any) -> Is:
    if name not in GROUPS:
        raise Invalid("survey.group", field=f"survey.filter.{name}", value=name, known=", ".join(GROUPS))
    if name == "kind":
        return Is(name, "eq", str(value))
    return Is(name, "eq", value if isinstance(value, Ref) else Ref.parse(str(value), field=f"survey.filter.{name}.ref"))


def _sent(since: datetime | None, until: datetime | None) -> list[Criteria]:
    ends = (("ge", since, "since"), ("lt", until, "until"))
    return [Is("invited_at", op, aware(value, f"survey.{name}")) for op, value, name in ends if value is not None]


Grouped = dict[Any, list[tuple[Any, ...]]]


def _grouped(lines: Iterable[Tally], by: str) -> Grouped:
    """The lines of a tally by group, each with its count behind its other columns."""
    found: Grouped = {}
    for line in lines:
        name, rest = (_period(line.key[0], by), line.key[1:]) if by else (None, line.key)
        found.setdefault(name, []).append((*rest, line.values[0]))
    return found


def _period(value: Any, by: str) -> Any:
    if by == "quarter":
        return f"{value[:4]}-Q{(int(value[5:]) + 2) // 3}"
    return value[:4] if by == "year" else value or None


def _order(key: Any) -> tuple[bool, str]:
    return key is None, str(key)


def _group(key: Any, form: Form, lines: list[list[tuple[Any, ...]]], confidence: int) -> GroupResult:
    scores, responses, invitations = lines
    number = sum(count for _, count in responses)
    answered = sum(count for state, count in invitations if state == "answered")
    return GroupResult(
        key=key,
        responses=number,
        low=sum(count for low, count in responses if low),
        rate=scoring.response_rate(answered, sum(count for _, count in invitations), confidence=confidence),
        questions=tuple(_question(each, scores, confidence) for each in form.questions if scale_of(each)),
        blocks=tuple(_block(form, block, scores, number) for block in form.blocks()),
    )


def _question(question: Question, scores: list[tuple[Any, ...]], confidence: int) -> QuestionResult:
    scale = scale_of(question)
    counts: dict[int | str, int] = {}
    left_out = 0
    for name, _, said, _, value, count in scores:
        if name == question.key and said == scale:
            code = _code(question, value)
            counts[code] = counts.get(code, 0) + count
        elif name == question.key:
            left_out += count
    return QuestionResult(
        question=question,
        counts=counts,
        answers=sum(counts.values()),
        left_out=left_out,
        score=scoring.score(question, counts, confidence=confidence),
    )


def _code(question: Question, value: int) -> int | str:
    return value if question.scaled else question.codes[value]


def _block(form: Form, block: str, scores: list[tuple[Any, ...]], responses: int) -> BlockResult:
    """Cronbach's alpha from counts: of each question, and of the sums, over those who answered the whole block."""
    whole = block_digest(form, block)
    sums: dict[str, list[int]] = {}
    for name, of, _, digest, value, count in scores:
        if of == block and digest == whole:
            number, plain, squares = sums.get(name, [0, 0, 0])
            sums[name] = [number + count, plain + count * value, squares + count * value * value]
    rows, plain, squares = sums.pop(SUM, [0, 0, 0])
    items = [(sums.get(key, [0, 0, 0])[1], sums.get(key, [0, 0, 0])[2]) for key in form.blocks()[block]]
    alpha = scoring.alpha_of_sums(rows, items, (plain, squares), incomplete=responses - rows)
    return BlockResult(block=block, alpha=alpha)
