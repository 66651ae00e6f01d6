"""The figures that others published of their data, to the digit; and those our own page tells."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from careplug.survey import scoring
from careplug.survey._statistics import score_difference
from tests.housekeeping import ROOT
from tests.services import data_folder  # noqa: F401
from tests.unit.survey import oracle

ALPHAS = {"IMAG": ".7228", "CUEX": ".4519", "PERQ": ".8770", "PERV": ".8236", "CUSA": ".7792", "CUSL": ".4724"}


def records(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("block", ALPHAS)
def test_the_reliability_of_the_european_satisfaction_index(data_folder, block):
    rows = records(data_folder / "ecsi_mobi.csv")
    names = [name for name in rows[0] if name.startswith(block)]
    found = scoring.cronbach_alpha([[int(row[name]) for name in names] for row in rows], standardised=True)
    assert (found.rows, found.incomplete) == (250, 0)
    assert f"{found.value:.4f}".removeprefix("0") == ALPHAS[block]


def test_the_recommendation_of_the_european_satisfaction_index(data_folder):
    found = scoring.nps_of(Counter(int(row["CUSL3"]) for row in records(data_folder / "ecsi_mobi.csv")))
    assert (found.promoters, found.detractors, found.of) == (95, 60, 250)
    assert found.value == Decimal("14.0")


def test_the_recommendation_of_a_teaching_set(data_folder):
    rows = records(data_folder / "nps_sudzilla.csv")
    found = scoring.nps_of(Counter(int(row["On a scale of 0-10, how would you rate Sudzilla?"]) for row in rows))
    assert (found.of, f"{found.value:.1f}") == (39, "-35.9")


METHODS = (
    oracle.wald,
    lambda plus, minus, of: oracle.wald(plus, minus, of, added=2),
    lambda plus, minus, of: tuple(map(float, score_difference(plus, minus, of, Decimal("1.9599639845400545")))),
)


@pytest.mark.parametrize("of", [5, 10, 20, 40])
def test_the_page_tells_how_often_the_intervals_hold_the_truth(of):
    page = (ROOT / "docs/explanation/surveys.md").read_text(encoding="utf-8")
    told = re.search(rf"^\| {of} \| (.*) \|$", page, flags=re.MULTILINE)[1].split(" | ")
    assert told == [
        f"{100 * mean:.1f} / {100 * least:.1f}" for mean, least in (oracle.coverage(of, each) for each in METHODS)
    ]
