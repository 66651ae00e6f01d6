"""Intervals and reliability, from counts and exact sums. Pure; the sources stand at each formula.

Sums are whole numbers, ratios are worked out with 40 digits and rounded once, at the end, to ``DIGITS``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

from careplug.errors import Invalid

DIGITS = 6
"""How many digits after the point results have; they are rounded half to even."""

CONFIDENCES: Mapping[int, Decimal] = {
    90: Decimal("1.6448536269514727"),
    95: Decimal("1.9599639845400545"),
    99: Decimal("2.5758293035489004"),
}
"""The levels intervals are made for, in per cent, with the quantile of the normal distribution."""

_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_NOTHING = Fraction(1, 10**30)  # what is left of zero after roots with 40 digits
_HALVINGS = 45  # of a width of at most 2: to less than 1e-13
_FEW = 200  # degrees of freedom up to which Student's distribution is summed term by term


def counted(value: object, field: str) -> int:
    """A number of answers: whole, not negative."""
    if type(value) is not int or value < 0:
        raise Invalid("survey.count", field=field, value=repr(value)[:60])
    return value


def normal(confidence: int) -> Decimal:
    """The quantile of the normal distribution for a two-sided interval."""
    if confidence not in CONFIDENCES:
        known = ", ".join(map(str, CONFIDENCES))
        raise Invalid("survey.confidence", field="confidence", value=repr(confidence)[:60], known=known)
    return CONFIDENCES[confidence]


def rounded(value: Fraction | Decimal) -> Decimal:
    """The value with ``DIGITS`` digits after the point."""
    with localcontext(_EXACT):
        return Decimal(round(Fraction(value) * 10**DIGITS)).scaleb(-DIGITS)


def wilson(count: int, of: int, z: Decimal) -> tuple[Decimal, Decimal]:
    """The score interval of a share (Wilson 1927, JASA 22:209): the shares that a test would not reject."""
    if of == 0:
        return Decimal(0), Decimal(1)
    with localcontext(_EXACT):
        square = z * z
        middle = count + square / 2
        half = z * (Decimal(count) * (of - count) / of + square / 4).sqrt()
        low, high = (middle - half) / (of + square), (middle + half) / (of + square)
        return max(low, Decimal(0)), min(high, Decimal(1))


def score_difference(plus: int, minus: int, of: int, z: Decimal) -> tuple[Decimal, Decimal]:
    """The score interval of the difference of two shares of one sample (Tango 1998, Statistics in Medicine 17:891).

    All differences that the score test would not reject. They are one stretch around the one that was seen, so its
    ends are found by halving.
    """
    if of == 0:
        return Decimal(-1), Decimal(1)
    with localcontext(_EXACT):
        ends = []
        for limit in (Decimal(-1), Decimal(1)):
            inside, outside = Decimal(plus - minus) / of, limit
            for _ in range(_HALVINGS):
                middle = (inside + outside) / 2
                if _rejected(plus, minus, of, middle, z):
                    outside = middle
                else:
                    inside = middle
            ends.append(outside)
        return ends[0], ends[1]


def _rejected(plus: int, minus: int, of: int, difference: Decimal, z: Decimal) -> bool:
    """Whether |plus − minus − of·D| > z·√(of·(2q + D(1 − D))), q being the share of ``minus`` most likely under D."""
    linear = -(plus + minus) + (2 * of - plus + minus) * difference
    constant = -minus * difference * (1 - difference)
    root = max(linear * linear - 8 * of * constant, Decimal(0)).sqrt()
    likeliest = (root - linear) / (4 * of)
    variance = of * (2 * likeliest + difference * (1 - difference))
    distance = plus - minus - of * difference
    return distance * distance > z * z * variance


@functools.lru_cache(maxsize=1024)
def student(degrees: int, confidence: int) -> Decimal:
    """The quantile of Student's distribution for a two-sided interval, to ten digits.

    Up to 200 degrees of freedom from the finite sum (Abramowitz and Stegun 26.7.3–4), above from the expansion around
    the normal quantile (26.7.5), which is exact to more than ten digits there.
    """
    z = float(normal(confidence))
    if degrees > _FEW:
        return Decimal(f"{_expanded(z, degrees):.9e}")
    low, high = z, 1000.0  # one degree of freedom at 99 per cent: 63.66
    for _ in range(80):
        middle = (low + high) / 2
        if _within(middle, degrees) < confidence / 100:
            low = middle
        else:
            high = middle
    return Decimal(f"{high:.9e}")


def _within(t: float, degrees: int) -> float:
    """The probability that Student's t lies between −t and t."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine, odd = math.cos(angle), degrees % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for step in range(1 + odd, degrees, 2):
        total += term
        term *= cosine * cosine * step / (step + 1)
    partial = math.sin(angle) * total
    return 2 / math.pi * (angle + partial) if odd else partial


def _expanded(z: float, degrees: int) -> float:
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / float(degrees) ** power for power, term in enumerate(terms))


def mean_interval(total: int, squares: int, of: int, confidence: int) -> tuple[Fraction, Fraction] | None:
    """Variance of a sample and half the width of Student's interval of its mean; None for fewer than two values."""
    if of < 2:
        return None
    variance = Fraction(of * squares - total * total, of * (of - 1))
    with localcontext(_EXACT):
        return variance, Fraction(student(of - 1, confidence) * root(variance / of))


def root(value: Fraction) -> Decimal:
    """The square root, with 40 digits."""
    with localcontext(_EXACT):
        return (Decimal(value.numerator) / value.denominator).sqrt()


def standardised_alpha(products: Sequence[Sequence[int]]) -> Fraction | None:
    """k·r/(1 + (k − 1)·r), r being the mean correlation of all pairs, from centred sums of products.

    None where there is no pair, an item that never varies, or where the standardised items cancel each other.
    """
    items = range(len(products))
    if len(items) < 2 or any(products[item][item] == 0 for item in items):
        return None
    pairs = [(one, other) for one in items for other in items if one < other]
    with localcontext(_EXACT):
        each = (
            products[one][other] / Decimal(products[one][one] * products[other][other]).sqrt() for one, other in pairs
        )
        mean = Fraction(sum(each, Decimal(0))) / len(pairs)
    divisor = 1 + (len(items) - 1) * mean
    return None if abs(divisor) < _NOTHING else len(items) * mean / divisor
