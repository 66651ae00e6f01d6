"""Cronbach's alpha: against the matrix of covariances, gathered in chunks, from a database's sums, undefined."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.errors import Invalid
from careplug.survey.scoring import Moments, alpha_of_sums, cronbach_alpha
from tests.unit.survey import oracle

ANSWER = st.integers(-3, 10)


def rows_of(items: int) -> st.SearchStrategy:
    whole = st.lists(ANSWER, min_size=items, max_size=items)
    broken = st.lists(ANSWER | st.none(), min_size=items, max_size=items)
    return st.lists(whole | whole | broken, min_size=3, max_size=30)


ROWS = st.integers(2, 6).flatmap(rows_of)


def complete(rows):
    return [row for row in rows if None not in row]


def same(row):
    return len(set(row)) < 2


@given(ROWS, st.booleans())
def test_alpha_is_that_of_the_matrix_of_the_complete_rows(rows, standardised):
    whole = complete(rows)
    found = cronbach_alpha(rows, standardised=standardised)
    assert (found.items, found.rows, found.incomplete) == (len(rows[0]), len(whole), len(rows) - len(whole))
    if len(whole) < 2 or same(sum(row) for row in whole):
        return  # the sum never varies: told apart below
    if standardised and any(same(item) for item in zip(*whole, strict=True)):
        assert found.value is None
        return
    expected = oracle.alpha(rows, standardised=standardised)
    if found.value is None:  # the standardised answers cancel
        assert standardised
        assert abs(expected) > 1e9
        return
    if abs(expected) < 1e6:  # beyond, the oracle's floats cancel
        assert abs(float(found.value) - expected) <= 2e-6 * max(1.0, abs(expected)) ** 2


@given(ROWS, st.integers(0, 20))
def test_rows_may_come_in_chunks_and_equal_ones_together(rows, cut):
    items = len(rows[0])
    whole, first, second = Moments.of(rows, items), Moments.of(rows[:cut], items), Moments(items)
    for row in rows[cut:]:
        second.add(row, times=1)
    first.merge(second)
    assert first == whole
    twice = Moments(items)
    for row in rows:
        twice.add(row, times=2)
    whole.merge(whole)
    assert twice == whole


@given(ROWS)
def test_the_sums_of_a_database_give_the_same(rows):
    whole = complete(rows)
    columns = list(zip(*whole, strict=True)) or [()] * len(rows[0])
    items = [(sum(column), sum(answer * answer for answer in column)) for column in columns]
    totals = [sum(row) for row in whole]
    total = (sum(totals), sum(each * each for each in totals))
    assert alpha_of_sums(len(whole), items, total, incomplete=len(rows) - len(whole)) == cronbach_alpha(rows)


def test_moments_may_be_those_of_a_database():
    rows = [[1, 2], [3, 5], [2, 2]]
    told = Moments(2, rows=3, sums=[6, 9], products=[[14, 21], [21, 33]])
    assert told == Moments.of(rows, 2)
    assert cronbach_alpha(told) == cronbach_alpha(rows)


def test_a_million_answers_are_added_up_without_rounding():
    moments = Moments(2)
    moments.add([10**9, 10**9 + 1], times=10**6)
    moments.add([10**9 + 1, 10**9 + 2], times=10**6)
    assert cronbach_alpha(moments).value == Decimal(1)
    assert cronbach_alpha(moments, standardised=True).value == Decimal(1)


@pytest.mark.parametrize("standardised", [False, True])
@pytest.mark.parametrize(
    "rows", [[], [[1, 2, 3]], [[1], [2], [3]], [[4, 4], [4, 4]], [[None, 1], [2, None]], [[1, 3], [2, 2], [3, 1]]]
)
def test_where_alpha_is_not_defined_there_is_none(rows, standardised):
    assert cronbach_alpha(rows, standardised=standardised).value is None


CANCEL = [
    [[0, 3], [1, 2], [3, 0]],
    [[1, 0, -1], [-1, 1, 0], [0, -1, 1]],
    [[0, 0, 1, -1], [1, -1, 0, 0], [4, -4, 1, -1], [2, -2, 5, -5]],
]


@pytest.mark.parametrize("rows", CANCEL)
def test_where_the_standardised_answers_cancel_there_is_no_alpha(rows):
    assert cronbach_alpha(rows, standardised=True).value is None


def test_an_item_that_never_varies_has_no_correlation():
    rows = [[1, 1, 5], [2, 2, 5], [4, 3, 5]]
    assert cronbach_alpha(rows).value is not None
    assert cronbach_alpha(rows, standardised=True).value is None


def test_a_row_has_an_answer_or_none_for_each_question():
    with pytest.raises(Invalid) as caught:
        cronbach_alpha([[1, 2], [1, 2, 3]])
    assert (caught.value.code, caught.value.field) == ("survey.row", "row")
    with pytest.raises(Invalid):
        Moments(2).merge(Moments(3))
