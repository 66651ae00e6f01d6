"""Conditions: three values, as SQL has them; data that can be stored and read back."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.criteria import OPS, All, Any, Is, Not, from_data, matches, parts, to_data
from careplug.errors import Invalid
from careplug.refs import Ref

TRUE, FALSE, UNKNOWN = Is("one", "eq", 1), Is("one", "eq", 2), Is("none", "eq", 1)
ROW = {"one": 1, "name": "中文 a", "ref": Ref("p", "1"), "none": None}


def truth(criteria):
    """True, False or None: what the condition and its opposite say."""
    if matches(criteria, ROW.get):
        return True
    return False if matches(Not(criteria), ROW.get) else None


VALUE = {True: TRUE, False: FALSE, None: UNKNOWN}


@pytest.mark.parametrize(("left", "right"), list(itertools.product([True, False, None], repeat=2)))
def test_kleenes_tables(left, right):
    lowest = {False: 0, None: 1, True: 2}
    back = {number: value for value, number in lowest.items()}
    assert truth(All(VALUE[left], VALUE[right])) is back[min(lowest[left], lowest[right])]
    assert truth(Any(VALUE[left], VALUE[right])) is back[max(lowest[left], lowest[right])]
    assert truth(Not(VALUE[left])) is back[2 - lowest[left]]


def test_nothing_asked():
    assert matches(None, ROW.get)
    assert truth(All()) is True
    assert truth(Any()) is False


@pytest.mark.parametrize(
    ("op", "value", "said"),
    [
        ("eq", 1, True), ("eq", 2, False),
        ("in", (2, 1), True), ("in", (), False),
        ("lt", 2, True), ("lt", 1, False), ("le", 1, True), ("le", 0, False),
        ("gt", 0, True), ("gt", 1, False), ("ge", 1, True), ("ge", 2, False),
        ("is_null", False, True), ("is_null", True, False),
        ("prefix", "1", False),
    ],
)  # fmt: skip
def test_comparisons(op, value, said):
    assert truth(Is("one", op, value)) is said


@pytest.mark.parametrize("op", [op for op in OPS if op != "is_null"])
def test_a_missing_value_is_never_compared(op):
    assert truth(Is("none", op, (1,) if op == "in" else "x")) is None
    assert truth(Is("not even there", op, (1,) if op == "in" else "x")) is None


def test_prefix_and_equality_of_texts_and_references():
    assert truth(Is("name", "prefix", "中")) is True
    assert truth(Is("name", "prefix", "")) is True
    assert truth(Is("name", "prefix", "A")) is False
    assert truth(Is("ref", "eq", Ref("p", "1"))) is True
    assert truth(Is("ref", "in", (Ref("p", "2"), Ref("p", "1")))) is True


@pytest.mark.parametrize(
    ("op", "value", "field"),
    [
        ("like", "x", "state.op"),
        ("", "x", "state.op"),
        ("in", ["a"], "state.in"),
        ("in", "abc", "state.in"),
        ("is_null", 1, "state.is_null"),
        ("is_null", None, "state.is_null"),
        ("prefix", 5, "state.prefix"),
        ("eq", None, "state"),
        ("lt", None, "state"),
    ],
)
def test_refused(op, value, field):
    with pytest.raises(Invalid) as caught:
        Is("state", op, value)
    assert caught.value.field == field
    assert field in caught.value.text("en")
    assert caught.value.text("zh") != caught.value.text("en")


_values = st.integers() | st.text() | st.booleans()
_trees = st.recursive(
    st.builds(Is, st.text(min_size=1), st.sampled_from(["eq", "lt", "ge"]), _values)
    | st.builds(Is, st.text(min_size=1), st.just("in"), st.lists(_values, max_size=3).map(tuple))
    | st.builds(Is, st.text(min_size=1), st.just("is_null"), st.booleans()),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda some: All(*some))
        | st.lists(inner, max_size=3).map(lambda some: Any(*some))
        | inner.map(Not)
    ),
)


@given(_trees)
def test_conditions_come_back_from_json(criteria):
    assert from_data(json.loads(json.dumps(to_data(criteria)))) == criteria
    assert hash(from_data(to_data(criteria))) == hash(criteria)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (None, "when"),
        ([], "when"),
        ({}, "when"),
        ("all", "when"),
        ({"all": "x"}, "when"),
        ({"all": [], "any": []}, "when"),
        ({"field": "a", "op": "eq"}, "when"),
        ({"field": 1, "op": "eq", "value": 1}, "when"),
        ({"field": "a", "op": "eq", "value": 1, "more": 2}, "when"),
        ({"all": [{"any": [{"not": {"xor": []}}]}]}, "when.all[0].any[0].not"),
        ({"any": [{"all": []}, 5]}, "when.any[1]"),
        ({"field": "a", "op": "near", "value": 1}, "a.op"),
    ],
)
def test_malformed_data_is_named(data, field):
    with pytest.raises(Invalid) as caught:
        from_data(data)
    assert caught.value.field == field


def test_every_comparison_is_found():
    tree = All(TRUE, Not(Any(FALSE, All(UNKNOWN))), All())
    assert list(parts(tree)) == [TRUE, FALSE, UNKNOWN]
    assert list(parts(None)) == []
