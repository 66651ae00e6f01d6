"""What answers add up to as a page shows it: the figure in words, its interval, its bar. Pure but for the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

import attrs
from markupsafe import Markup

from careplug.survey import scoring
from careplug_flask.rest.survey_results import kind_of
from careplug_flask.web.surveys.answers import label_of
from careplug_flask.web.surveys.charts import Point, Scale, bar, share, trend

if TYPE_CHECKING:
    from careplug.survey.questions import Question
    from careplug.survey.results import GroupResult, QuestionResult, Results
    from careplug_flask.web.context import Words

__all__ = [
    "Figure",
    "Part",
    "figure",
    "figure_of",
    "figure_of_score",
    "groups_of_nps",
    "headline_of",
    "month_line",
    "months",
    "parts",
    "share_figure",
]

_WHOLE = Scale(0, 1, 0)
_POINTS = Scale(-100, 100, 0)
_DASH = "–"


@attrs.frozen(kw_only=True)
class Figure:
    """A figure: what it is called, its value and interval in words and numbers, of how many, its bar."""

    name: str
    value: str
    interval: str
    of: int
    bar: Markup | None
    number: Decimal | None
    low: Decimal | None
    high: Decimal | None
    scale: Scale


@attrs.frozen(kw_only=True)
class Part:
    """How many gave one answer, as a share of all who answered."""

    label: str
    count: int
    figure: Figure


def figure(said: Words, name: str, found: scoring.Share | scoring.Nps | scoring.Mean, scale: Scale) -> Figure:
    """A score as a figure on a scale."""
    number, low, high = found.value, found.low, found.high
    known = number is not None and low is not None and high is not None
    plain = tuple(None if each is None else float(each) for each in (number, low, high))
    return Figure(
        name=name,
        value=_worded(said, found, number) if number is not None else _DASH,
        interval=_interval(said, found, low, high) if known else "",
        of=found.of,
        bar=bar(plain[0], scale, low=plain[1], high=plain[2]) if plain[0] is not None else None,
        number=number,
        low=low if known else None,
        high=high if known else None,
        scale=scale,
    )


def share_figure(said: Words, name: str, found: scoring.Share) -> Figure:
    """A share as a figure."""
    return figure(said, name, found, _WHOLE)


def figure_of(said: Words, found: QuestionResult) -> Figure | None:
    """The figure of a question by its measure; of yes and no the share of yes; None where nothing is added up."""
    return figure_of_score(said, found.question, found.score) if found.score is not None else None


def figure_of_score(said: Words, question: Question, score: scoring.Score) -> Figure:
    """A score of a question as a figure; of effort the mean."""
    if isinstance(score, scoring.Ces):
        score = score.mean
    name = said.say(f"surveys.figure.{kind_of(question)}")
    if isinstance(score, scoring.Nps):
        return figure(said, name, score, _POINTS)
    return figure(said, name, score, _WHOLE if isinstance(score, scoring.Share) else _scale(question))


def _scale(question: Question) -> Scale:
    return Scale(question.low, question.high, question.low)


def _worded(said: Words, found: Any, value: Decimal) -> str:
    """A share as per cent, points with their sign, a mean with two places."""
    if isinstance(found, scoring.Share):
        return said.say("surveys.percent", value=_round(100 * value, 1))
    if isinstance(found, scoring.Nps):
        points = _round(value, 0)
        return f"{points:+}" if points else "0"
    return str(_round(value, 2))


def _interval(said: Words, found: Any, low: Any, high: Any) -> str:
    return said.say("surveys.interval", low=_worded(said, found, low), high=_worded(said, found, high))


def _round(value: Decimal, places: int) -> Decimal:
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return rounded or abs(rounded)  # no minus before nothing


def parts(said: Words, found: QuestionResult) -> list[Part]:
    """How often each answer was given, in the form's order; of several that can be ticked the shares add up to more."""
    question = found.question
    codes: Sequence[Any] = range(question.low, question.high + 1) if question.scaled else question.codes
    made = []
    for code in codes:
        count = found.counts.get(code, 0)
        label = str(code) if question.scaled else label_of(said, question, code)
        made.append(
            Part(label=label, count=count, figure=share_figure(said, label, scoring.share(count, found.answers)))
        )
    return made


def groups_of_nps(found: scoring.Nps) -> Markup | None:
    """Promoters, passives and detractors side by side."""
    if not found.of:
        return None
    return share(
        [
            ("cps-good", found.promoters / found.of),
            ("cps-even", found.passives / found.of),
            ("cps-bad", found.detractors / found.of),
        ]
    )


def headline_of(group: GroupResult) -> QuestionResult | None:
    """The question that says the most: the first with a measure, else the first scale, else the first yes or no."""
    ranked = sorted(
        group.questions,
        key=lambda each: (not each.question.measure, not each.question.scaled, each.question.type != "yes_no"),
    )
    first = next(iter(ranked), None)
    return first if first is not None and first.score is not None else None


# -- months --


def months(found: Results) -> list[tuple[str, GroupResult | None]]:
    """The months from the first to the last with a response, those without one too."""
    known: Mapping[Any, GroupResult] = {group.key: group for group in found.groups if group.key and group.responses}
    if not known:
        return []
    first, last = min(known), max(known)
    here, made = first, []
    while here <= last:
        made.append((here, known.get(here)))
        year, month = int(here[:4]), int(here[5:])
        here = f"{year + month // 12:04}-{month % 12 + 1:02}"
    return made


def month_line(said: Words, lines: Sequence[tuple[str, Figure | None]]) -> Markup | None:
    """The headline figure by month as a line; None where there is none to draw."""
    scale = next((each.scale for _, each in lines if each is not None and each.number is not None), None)
    if scale is None:
        return None
    points = [
        Point(
            label=month,
            value=_float(each, "number"),
            low=_float(each, "low"),
            high=_float(each, "high"),
            told=f"{month} · {each.value} {each.interval}" if each is not None else month,
        )
        for month, each in lines
    ]
    return trend(points, scale, marks=_marks(said, scale))


def _float(found: Figure | None, name: str) -> float | None:
    value = getattr(found, name) if found is not None else None
    return None if value is None else float(value)


def _marks(said: Words, scale: Scale) -> list[tuple[float, str]]:
    """The values that have a line across: the ends and the middle."""
    values = (scale.lowest, (scale.lowest + scale.highest) / 2, scale.highest)
    if scale == _WHOLE:
        return [(each, said.say("surveys.percent", value=round(100 * each))) for each in values]
    return [(each, f"{each:g}") for each in values]
