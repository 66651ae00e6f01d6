"""Shares, NPS, CSAT, CES and means: against brute force, at their edges, and what is no count."""

from __future__ import annotations

import statistics
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.errors import Invalid
from careplug.survey import _statistics, scoring
from careplug.survey.questions import Question
from tests.unit.survey import oracle

COUNTS = st.dictionaries(st.integers(-5, 10), st.integers(0, 50), max_size=11)
GROUPS = st.tuples(*[st.integers(0, 30)] * 3)


def near(value: Decimal, other: float, within: float = 1e-5) -> bool:
    return abs(float(value) - other) <= within


# -- shares --


@given(st.integers(1, 60).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilsons_interval_holds_the_shares_that_the_score_test_keeps(pair):
    count, of = pair
    found = scoring.share(count, of)
    low, high = oracle.shares_not_rejected(count, of)
    assert near(found.low, low)
    assert near(found.high, high)
    assert found.low <= found.value <= found.high


def test_a_published_interval_of_a_share():
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29, method 3
    shown = [scoring.share(*pair) for pair in ((81, 263), (15, 148), (0, 20), (1, 29))]
    assert [(f"{each.low:.4f}", f"{each.high:.4f}") for each in shown] == [
        ("0.2553", "0.3662"),
        ("0.0624", "0.1605"),
        ("0.0000", "0.1611"),
        ("0.0061", "0.1718"),
    ]


def test_of_no_answers_there_is_no_share_and_everything_is_possible():
    assert scoring.share(0, 0) == scoring.Share(count=0, of=0, value=None, low=Decimal(0), high=Decimal(1))


@given(st.integers(1, 40))
def test_a_share_and_its_rest_mirror_each_other(of):
    ones, rests = scoring.share(of // 3, of), scoring.share(of - of // 3, of)
    assert near(ones.low, 1 - float(rests.high), 2e-6)
    assert near(ones.high, 1 - float(rests.low), 2e-6)


def test_more_confidence_is_a_wider_interval():
    ninety, usual, most = (scoring.share(7, 20, confidence=each) for each in (90, 95, 99))
    assert most.low < usual.low < ninety.low < ninety.high < usual.high < most.high


def test_a_response_rate_is_a_share_of_what_was_sent():
    rate = scoring.response_rate(30, 120)
    assert (rate.count, rate.of, rate.value) == (30, 120, Decimal("0.25"))
    assert rate == scoring.share(30, 120)


# -- satisfaction --


def test_the_upper_two_of_five_are_satisfied():
    found = scoring.csat({1: 2, 2: 1, 3: 4, 4: 9, 5: 4})
    assert (found.count, found.of, found.value) == (13, 20, Decimal("0.65"))


def test_a_form_says_which_of_its_levels_are_satisfied():
    levels = {"very_satisfied": 6, "satisfied": 3, "dissatisfied": 1}
    assert scoring.csat(levels, {"very_satisfied", "satisfied"}) == scoring.share(9, 10)


# -- recommendation --


@given(GROUPS.filter(any))
def test_the_interval_of_the_nps_ends_where_the_score_test_begins_to_reject(groups):
    promoters, passives, detractors = groups
    found = scoring.nps(promoters, passives, detractors)
    of = promoters + passives + detractors
    for end, inward in ((float(found.low) / 100, 1), (float(found.high) / 100, -1)):
        inside, outside = end + inward * 1e-4, end - inward * 1e-4
        assert oracle.difference_rejected(promoters, detractors, of, inside) <= 1e-3 * of
        if -1 < outside < 1:
            assert oracle.difference_rejected(promoters, detractors, of, outside) >= -1e-3 * of
    assert found.low <= found.value <= found.high
    assert found.value == _statistics.rounded(Decimal(100 * (promoters - detractors)) / of)


@given(GROUPS)
def test_the_nps_of_the_mirrored_answers_is_the_negative(groups):
    promoters, passives, detractors = groups
    found, mirrored = scoring.nps(promoters, passives, detractors), scoring.nps(detractors, passives, promoters)
    assert (found.low, found.high) == (-mirrored.high, -mirrored.low)
    assert mirrored.value == (None if found.value is None else -found.value)


@pytest.mark.parametrize(
    ("groups", "value", "low"),
    [
        ((10, 0, 0), "100.000000", "44.493440"),
        ((0, 4, 0), "0.000000", "-48.989084"),
        ((0, 0, 1), "-100.000000", "-100.000000"),
    ],
)
def test_an_nps_of_which_all_agree_is_not_thought_certain(groups, value, low):
    found = scoring.nps(*groups)
    assert (str(found.value), str(found.low)) == (value, low)
    assert found.high > found.low


def test_of_no_answers_there_is_no_nps():
    found = scoring.nps(0, 0, 0)
    assert (found.value, found.low, found.high) == (None, Decimal(-100), Decimal(100))


@given(st.dictionaries(st.integers(0, 10), st.integers(0, 40)))
def test_nine_and_ten_promote_seven_and_eight_are_passive(counts):
    found = scoring.nps_of(counts)
    answers = oracle.spread(counts)
    assert found.promoters == sum(answer in (9, 10) for answer in answers)
    assert found.passives == sum(answer in (7, 8) for answer in answers)
    assert found.detractors == sum(answer <= 6 for answer in answers)


# -- means and effort --


@given(COUNTS)
def test_a_mean_is_that_of_the_single_answers(counts):
    answers = oracle.spread(counts)
    found = scoring.mean(counts)
    assert found.of == len(answers)
    if not answers:
        assert found.value is None
        return
    assert near(found.value, statistics.fmean(answers), 1e-6)
    if len(answers) < 2:
        assert (found.deviation, found.low, found.high) == (None, None, None)
        return
    assert near(found.deviation, statistics.stdev(answers), 1e-6)
    half = float(found.high - found.low) / 2
    if half:
        t = half * len(answers) ** 0.5 / statistics.stdev(answers)
        assert abs(oracle.student_within(t, len(answers) - 1) - 0.95) < 1e-4


@pytest.mark.parametrize("confidence", [90, 95, 99])
@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 30, 199, 200, 201, 1000])
def test_students_quantile_is_where_its_density_adds_up(degrees, confidence):
    t = float(_statistics.student(degrees, confidence))
    assert abs(oracle.student_within(t, degrees) - confidence / 100) < 1e-9


def test_published_quantiles_of_student():
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, column 0.975
    told = {1: "12.706", 2: "4.303", 5: "2.571", 10: "2.228", 30: "2.042", 100: "1.984"}
    assert {degrees: f"{_statistics.student(degrees, 95):.3f}" for degrees in told} == told


def test_the_interval_of_a_mean_by_hand():
    # 2 ± 4.302653 · 1 / √3
    found = scoring.mean({1: 1, 2: 1, 3: 1})
    assert (str(found.value), str(found.deviation)) == ("2.000000", "1.000000")
    assert (str(found.low), str(found.high)) == ("-0.484138", "4.484138")


def test_the_interval_of_a_mean_stays_on_the_scale():
    found = scoring.mean({7: 3, 4: 1}, within=(1, 7))
    assert (found.low > 1, found.high) == (True, Decimal(7))
    assert scoring.mean({7: 3, 4: 1}).high > 8


@pytest.mark.parametrize(("high", "counts", "easy"), [(7, {4: 3, 5: 1, 6: 1, 7: 1}, 3), (5, {3: 3, 4: 2, 5: 1}, 3)])
def test_above_the_middle_of_the_scale_it_was_easy(high, counts, easy):
    found = scoring.ces(counts, high=high)
    assert found.easy == scoring.share(easy, 6)
    assert found.mean == scoring.mean(counts, within=(1, high))


# -- by the question --


def question(kind: str, **more: object) -> Question:
    return Question.parse({"key": "q", "type": kind, "text": {"en": "Q"}, **more}, "q")


def test_a_question_says_what_its_answers_add_up_to():
    numbers = {1: 2, 5: 3}
    levels = [{"key": "good", "text": {"en": "Good"}, "satisfied": True}, {"key": "bad", "text": {"en": "Bad"}}]
    single = question("single", choices=levels, measure="csat", other=True)
    assert scoring.score(question("csat"), numbers) == scoring.csat(numbers)
    assert scoring.score(single, {"good": 2, "bad": 1, "other": 1}) == scoring.share(2, 4)
    assert scoring.score(question("nps"), {9: 2, 0: 1}) == scoring.nps(2, 0, 1)
    assert scoring.score(question("ces"), numbers) == scoring.ces(numbers)
    assert scoring.score(question("scale", low=1, high=5, measure="ces"), numbers) == scoring.ces(numbers, high=5)
    assert scoring.score(question("scale", low=1, high=9), numbers) == scoring.mean(numbers, within=(1, 9))
    assert scoring.score(question("yes_no", other=True), {"yes": 3, "no": 1, "other": 2}) == scoring.share(3, 6)
    assert scoring.score(question("multiple", choices=levels[1:]), {"bad": 3}) is None
    assert scoring.score(question("csat"), numbers, confidence=99).low < scoring.csat(numbers).low


# -- what is no count --


@pytest.mark.parametrize(
    ("call", "code", "field"),
    [
        (lambda: scoring.share(-1, 3), "survey.count", "count"),
        (lambda: scoring.share(True, 3), "survey.count", "count"),
        (lambda: scoring.share(1, 2.5), "survey.count", "of"),
        (lambda: scoring.share(4, 3), "survey.share", "count.of"),
        (lambda: scoring.share(1, 3, confidence=42), "survey.confidence", "confidence"),
        (lambda: scoring.nps(1, -2, 3), "survey.count", "passives"),
        (lambda: scoring.nps_of({10: -1}), "survey.count", "counts.10"),
        (lambda: scoring.csat({5: "many"}), "survey.count", "counts.5"),
        (lambda: scoring.mean({3: -1}), "survey.count", "counts.3"),
        (lambda: scoring.ces({3: -1}), "survey.count", "counts.3"),
    ],
)
def test_what_is_no_count_is_refused(call, code, field):
    with pytest.raises(Invalid) as caught:
        call()
    assert (caught.value.code, caught.value.field) == (code, field)


def test_counters_can_be_handed_over_as_they_are():
    answers = [5, 5, 4, 3, 1]
    assert scoring.csat(Counter(answers)).count == 3
    assert scoring.mean(Counter(answers)).value == Decimal("3.6")
