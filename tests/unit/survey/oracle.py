"""The statistics a second time, by brute force: search, enumeration and numpy, without the formulas of the code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Z95 = 1.959963984540054
Interval = tuple[float, float]


def shares_not_rejected(count: int, of: int, z: float = Z95, steps: int = 200_001) -> Interval:
    """The ends of the shares p, on a grid, with |count − of·p| ≤ z·√(of·p·(1 − p))."""
    p = np.linspace(0, 1, steps)
    kept = p[(count - of * p) ** 2 <= z * z * of * p * (1 - p) + 1e-12]
    return float(kept[0]), float(kept[-1])


def likeliest_minus(plus: int, minus: int, of: int, difference: float, steps: int = 20_001) -> float:
    """The share of ``minus``, on a grid, of the greatest likelihood if the difference of the shares is given."""
    q = np.linspace(max(0.0, -difference), (1 - difference) / 2, steps)
    rest = of - plus - minus
    parts = ((plus, q + difference), (minus, q), (rest, 1 - 2 * q - difference))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = sum(np.where(count > 0, count * np.log(np.clip(share, 1e-300, None)), 0.0) for count, share in parts)
    return float(q[int(np.argmax(logs))])


def difference_rejected(plus: int, minus: int, of: int, difference: float, z: float = Z95) -> float:
    """How far the score test is beyond its limit for a difference: above 0 it rejects."""
    q = likeliest_minus(plus, minus, of, difference)
    variance = (2 * q + difference - difference * difference) * of
    return abs(plus - minus - of * difference) - z * math.sqrt(max(variance, 0.0))


def wald(plus: int, minus: int, of: int, added: float = 0.0) -> Interval:
    """The interval of the textbook, with pseudo-answers added: half to either side, half to the middle."""
    plus_share, minus_share = (plus + added / 4) / (of + added), (minus + added / 4) / (of + added)
    difference = plus_share - minus_share
    half = Z95 * math.sqrt(max(plus_share + minus_share - difference**2, 0.0) / (of + added))
    return max(difference - half, -1.0), min(difference + half, 1.0)


def coverage(of: int, interval: Callable[[int, int, int], Interval]) -> tuple[float, float]:
    """Mean and least probability, over a grid of populations, that the interval of a sample holds the truth. Exact."""
    outcomes = [(plus, minus) for plus in range(of + 1) for minus in range(of + 1 - plus)]
    plus, minus = np.array(outcomes).T
    ends = np.array([interval(*each, of) for each in outcomes])
    ways = np.array([math.lgamma(of + 1) - sum(math.lgamma(n + 1) for n in (p, m, of - p - m)) for p, m in outcomes])
    held = []
    grid = np.linspace(0.01, 0.98, 60)
    for p, m in ((p, m) for p in grid for m in grid if p + m <= 0.99):
        chance = np.exp(ways + plus * np.log(p) + minus * np.log(m) + (of - plus - minus) * np.log(1 - p - m))
        held.append(chance[(ends[:, 0] <= p - m + 1e-12) & (p - m <= ends[:, 1] + 1e-12)].sum())
    return float(np.mean(held)), float(np.min(held))


def student_within(t: float, degrees: int, steps: int = 20_001) -> float:
    """The probability between −t and t, by Simpson's rule over the density written with an angle."""
    top = math.atan(t / math.sqrt(degrees))
    angle = np.linspace(0, top, steps)
    density = np.cos(angle) ** (degrees - 1)
    width = top / (steps - 1)
    integral = width / 3 * (density[0] + 4 * density[1:-1:2].sum() + 2 * density[2:-1:2].sum() + density[-1])
    constant = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(math.pi)
    return float(2 * constant * integral)


def alpha(rows: Sequence[Sequence[int | None]], *, standardised: bool) -> float:
    """Cronbach's alpha from the matrix of covariances or correlations of the complete rows."""
    data = np.array([row for row in rows if None not in row], dtype=float)
    if standardised:
        data = (data - data.mean(axis=0)) / data.std(axis=0, ddof=1)
    matrix = np.cov(data, rowvar=False, ddof=1)
    items = len(matrix)
    with np.errstate(divide="ignore"):
        return float(items / (items - 1) * (1 - np.trace(matrix) / matrix.sum()))


def spread(counts: Mapping[int, int]) -> list[int]:
    """The single answers that were counted."""
    return [answer for answer, count in counts.items() for _ in range(count)]
