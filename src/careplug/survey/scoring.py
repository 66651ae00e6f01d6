"""Scores of surveys from counts: shares, NPS, CSAT, CES, means, reliability, each with its uncertainty. Pure.

Whoever calls counts in the database and hands over ``{answer: how many}``; a million answers are never loaded. What
the figures mean, and why these formulas: ``docs/explanation/surveys.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import attrs

from careplug.errors import Invalid
from careplug.survey import _statistics as statistics
from careplug.survey.questions import Question

__all__ = [
    "Alpha",
    "Ces",
    "Mean",
    "Moments",
    "Nps",
    "Score",
    "Share",
    "alpha_of_sums",
    "ces",
    "cronbach_alpha",
    "csat",
    "mean",
    "mean_of_sums",
    "nps",
    "nps_of",
    "response_rate",
    "score",
    "share",
]

_TOP_TWO = frozenset((4, 5))
_PROMOTERS, _PASSIVES = 9, 7
_HUNDRED = Decimal(100)


@attrs.frozen(kw_only=True)
class Share:
    """``count`` of ``of``, as a fraction of 1 with its Wilson interval. Of none there is no value, and all is possible."""

    count: int
    of: int
    value: Decimal | None
    low: Decimal
    high: Decimal


@attrs.frozen(kw_only=True)
class Nps:
    """The Net Promoter Score in points, −100 to 100, with its score interval; no value without an answer."""

    promoters: int
    passives: int
    detractors: int
    of: int
    value: Decimal | None
    low: Decimal
    high: Decimal


@attrs.frozen(kw_only=True)
class Mean:
    """The arithmetic mean of ``of`` answers, their standard deviation, and Student's interval (needs two answers)."""

    of: int
    value: Decimal | None
    deviation: Decimal | None
    low: Decimal | None
    high: Decimal | None


@attrs.frozen(kw_only=True)
class Ces:
    """The Customer Effort Score: the mean, and the share of those who at least somewhat agree that it was easy."""

    mean: Mean
    easy: Share


Score = Share | Nps | Ces | Mean
"""What the answers to one question add up to."""


@attrs.frozen(kw_only=True)
class Alpha:
    """Cronbach's alpha of ``items`` questions over ``rows`` complete responses; ``incomplete`` ones were left out.

    ``value`` is None where it is not defined: fewer than two items or rows, or answers that never vary.
    """

    value: Decimal | None
    items: int
    rows: int
    incomplete: int
    standardised: bool


def share(count: int, of: int, *, confidence: int = 95) -> Share:
    """A share with its Wilson interval. ``confidence`` is 90, 95 or 99 per cent."""
    statistics.counted(count, "count")
    if count > statistics.counted(of, "of"):
        raise Invalid("survey.share", field="count.of", count=count, of=of)
    low, high = statistics.wilson(count, of, statistics.normal(confidence))
    value = statistics.rounded(Fraction(count, of)) if of else None
    return Share(count=count, of=of, value=value, low=statistics.rounded(low), high=statistics.rounded(high))


def response_rate(answered: int, sent: int, *, confidence: int = 95) -> Share:
    """How many of the invitations that were sent were answered."""
    return share(answered, sent, confidence=confidence)


def csat(
    counts: Mapping[int | str, int], satisfied: Collection[int | str] = _TOP_TWO, *, confidence: int = 95
) -> Share:
    """The share of the satisfied among all answers: the upper two of five, or the levels a form marks (`S13`)."""
    return _part(counts, satisfied, confidence)


def nps(promoters: int, passives: int, detractors: int, *, confidence: int = 95) -> Nps:
    """Promoters less detractors, in points of all answers (Reichheld 2003): 9–10 promote, 7–8 are passive."""
    groups = {"promoters": promoters, "passives": passives, "detractors": detractors}
    of = sum(statistics.counted(count, name) for name, count in groups.items())
    low, high = statistics.score_difference(promoters, detractors, of, statistics.normal(confidence))
    value = statistics.rounded(Fraction(100 * (promoters - detractors), of)) if of else None
    return Nps(**groups, of=of, value=value, low=statistics.rounded(100 * low), high=statistics.rounded(100 * high))


def nps_of(counts: Mapping[int, int], *, confidence: int = 95) -> Nps:
    """The NPS of answers 0–10 by their counts."""
    _counts(counts)
    promoters = sum(count for answer, count in counts.items() if answer >= _PROMOTERS)
    passives = sum(count for answer, count in counts.items() if _PASSIVES <= answer < _PROMOTERS)
    return nps(promoters, passives, sum(counts.values()) - promoters - passives, confidence=confidence)


def mean(counts: Mapping[int, int], *, within: tuple[int, int] | None = None, confidence: int = 95) -> Mean:
    """The mean of whole numbers by their counts, with Student's interval, cut to the scale (``within``) they are on."""
    _counts(counts)
    of = sum(counts.values())
    total = sum(answer * count for answer, count in counts.items())
    squares = sum(answer * answer * count for answer, count in counts.items())
    return mean_of_sums(of, total, squares, within=within, confidence=confidence)


def mean_of_sums(
    of: int, total: int, squares: int, *, within: tuple[int, int] | None = None, confidence: int = 95
) -> Mean:
    """The mean of ``of`` whole numbers by their sum and the sum of their squares."""
    value = Fraction(total, of) if of else None
    spread = statistics.mean_interval(total, squares, of, confidence)
    if value is None or spread is None:
        alone = None if value is None else statistics.rounded(value)
        return Mean(of=of, value=alone, deviation=None, low=None, high=None)
    variance, half = spread
    low, high = value - half, value + half
    if within is not None:
        low, high = max(low, Fraction(within[0])), min(high, Fraction(within[1]))
    return Mean(
        of=of,
        value=statistics.rounded(value),
        deviation=statistics.rounded(statistics.root(variance)),
        low=statistics.rounded(low),
        high=statistics.rounded(high),
    )


def ces(counts: Mapping[int, int], *, high: int = 7, confidence: int = 95) -> Ces:
    """The effort of a scale from 1 to ``high`` that ends in full agreement that it was easy (Dixon 2013, CES 2.0).

    Above the middle of the scale is agreement: 5–7 of seven, 4–5 of five.
    """
    effort = mean(counts, within=(1, high), confidence=confidence)
    easy = sum(count for answer, count in counts.items() if 2 * answer > high + 1)
    return Ces(mean=effort, easy=share(easy, effort.of, confidence=confidence))


def score(question: Question, counts: Mapping[int | str, int], *, confidence: int = 95) -> Score | None:
    """What a question's answers add up to: by its measure; the mean of a plain scale; the share of yes among yes, no and
    other (`S13`). None where nothing is counted.
    """
    if question.type == "yes_no":
        return _part(counts, ("yes",), confidence)
    if question.measure == "csat":
        return csat(counts, question.satisfied, confidence=confidence)
    if not question.scaled:
        return None
    numbers = {answer: count for answer, count in counts.items() if isinstance(answer, int)}
    if question.measure == "nps":
        return nps_of(numbers, confidence=confidence)
    if question.measure == "ces":
        return ces(numbers, high=question.high, confidence=confidence)
    return mean(numbers, within=(question.low, question.high), confidence=confidence)


@attrs.define
class Moments:
    """Numbers, sums and sums of products of several questions, gathered row by row or chunk by chunk, exactly.

    ``rows`` counts complete responses, ``incomplete`` those that lack an answer and were left out (listwise).
    ``products[i][j]`` is the sum of answer i times answer j. A database may do the sums: pass them in.
    """

    items: int
    rows: int = 0
    incomplete: int = 0
    sums: list[int] = attrs.field()
    products: list[list[int]] = attrs.field()

    @sums.default
    def _no_sums(self) -> list[int]:
        return [0] * self.items

    @products.default
    def _no_products(self) -> list[list[int]]:
        return [[0] * self.items for _ in range(self.items)]

    def add(self, row: Sequence[int | None], times: int = 1) -> None:
        """Take in a response, or ``times`` equal ones. None is a missing answer."""
        if len(row) != self.items:
            raise Invalid("survey.row", field="row", number=len(row), items=self.items)
        values = [value for value in row if value is not None]
        if len(values) < self.items:
            self.incomplete += times
            return
        self.rows += times
        for one, value in enumerate(values):
            self.sums[one] += times * value
            products = self.products[one]
            for other, second in enumerate(values):
                products[other] += times * value * second

    def merge(self, other: Moments) -> None:
        """Take in what was gathered elsewhere of the same questions."""
        if other.items != self.items:
            raise Invalid("survey.row", field="row", number=other.items, items=self.items)
        self.rows += other.rows
        self.incomplete += other.incomplete
        self.sums = [one + two for one, two in zip(self.sums, other.sums, strict=True)]
        rows = zip(self.products, other.products, strict=True)
        self.products = [[one + two for one, two in zip(*row, strict=True)] for row in rows]

    def centred(self) -> list[list[int]]:
        """``rows``² times the covariances: whole numbers, as no mean is rounded."""
        return [
            [self.rows * product - self.sums[one] * self.sums[other] for other, product in enumerate(products)]
            for one, products in enumerate(self.products)
        ]

    @classmethod
    def of(cls, rows: Iterable[Sequence[int | None]], items: int) -> Moments:
        """The moments of a stream of responses."""
        found = cls(items)
        for row in rows:
            found.add(row)
        return found


def cronbach_alpha(rows: Moments | Sequence[Sequence[int | None]], *, standardised: bool = False) -> Alpha:
    """How far the questions of a block measure one thing (Cronbach 1951): raw, or of the standardised answers.

    Raw: k/(k − 1) · (1 − Σ item variances / variance of the sum). Standardised: k·r/(1 + (k − 1)·r), r being the mean
    correlation. Responses that lack an answer are left out and counted.
    """
    moments = rows if isinstance(rows, Moments) else Moments.of(rows, len(rows[0]) if rows else 0)
    value = (_standardised if standardised else _raw)(moments.items, moments.centred()) if moments.rows > 1 else None
    return Alpha(
        value=value,
        items=moments.items,
        rows=moments.rows,
        incomplete=moments.incomplete,
        standardised=standardised,
    )


def alpha_of_sums(rows: int, items: Sequence[tuple[int, int]], total: tuple[int, int], *, incomplete: int = 0) -> Alpha:
    """The raw alpha of ``rows`` complete responses from what a database adds up.

    For each question the sum of its answers and of their squares, and the same for the sums of the responses.
    """
    single = sum(rows * squares - plain * plain for plain, squares in items)
    value = _ratio(len(items), single, rows * total[1] - total[0] * total[0]) if rows > 1 else None
    return Alpha(value=value, items=len(items), rows=rows, incomplete=incomplete, standardised=False)


def _raw(items: int, centred: Sequence[Sequence[int]]) -> Decimal | None:
    return _ratio(items, sum(centred[item][item] for item in range(items)), sum(map(sum, centred)))


def _ratio(items: int, single: int, whole: int) -> Decimal | None:
    """Alpha of the items' variances together and that of their sum, both times the same number."""
    return statistics.rounded(Fraction(items * (whole - single), (items - 1) * whole)) if items > 1 and whole else None


def _standardised(items: int, centred: Sequence[Sequence[int]]) -> Decimal | None:
    value = statistics.standardised_alpha(centred)
    return None if value is None else statistics.rounded(value)


def _part(counts: Mapping[int | str, int], wanted: Collection[int | str], confidence: int) -> Share:
    """The share of the wanted answers among all."""
    _counts(counts)
    found = sum(count for answer, count in counts.items() if answer in wanted)
    return share(found, sum(counts.values()), confidence=confidence)


def _counts(counts: Mapping[int, int] | Mapping[int | str, int]) -> None:
    for answer, count in counts.items():
        statistics.counted(count, f"counts.{answer}")
