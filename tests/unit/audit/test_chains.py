"""Chains by themselves: what `check` says of every small damage, and that it says nothing of what is whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.timeline import chain
from careplug.timeline.chain import Damage, Head
from careplug.timeline.facts import FactRow, Personal, encode, split

START = datetime(2026, 1, 1, tzinfo=UTC)


def story(count, personal=("body",), kinds=()):
    """A whole chain and the values beside it."""
    rows, beside, previous = [], [], chain.START
    for number in range(1, count + 1):
        kind = kinds[number - 1] if number <= len(kinds) else "replied"
        data, values = split({"body": f"words {number}", "side": "service"}, personal)
        at = START + timedelta(minutes=number)
        row = FactRow(
            id=f"f{number}",
            subject="feedback",
            subject_id="c1",
            sequence=number,
            at=at,
            recorded_at=at,
            actor="person:wang",
            type=kind,
            data=encode(data),
            hash="",
        )
        row = attrs.evolve(row, hash=chain.seal(previous, row))
        previous = row.hash
        rows.append(row)
        beside.append(Personal(id=row.id, subject="feedback", subject_id="c1", sequence=number, values=values))
    return rows, beside


def codes(rows, beside):
    return [(damage.code, damage.sequence) for damage in chain.check(rows, beside)]


@given(st.integers(0, 8))
def test_a_whole_chain_has_no_damage(count):
    assert chain.check(*story(count)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"data": '{"body":"other"}'},
        {"at": START},
        {"recorded_at": START},
        {"actor": "person:other"},
        {"type": "noted"},
        {"origin": "import"},
        {"tenant": "other"},
        {"subject_id": "c2"},
        {"hash": "0" * 64},
        {"hash_version": 2},
    ],
    ids=lambda change: next(iter(change)),
)
@given(st.integers(1, 5))
def test_every_column_is_sealed(change, sequence):
    rows, _ = story(5, personal=())
    rows[sequence - 1] = attrs.evolve(rows[sequence - 1], **change)
    found = codes(rows, [])
    assert found
    assert {code for code, _ in found} == {"edited"}
    assert {number for _, number in found} <= {sequence, sequence + 1}


@given(st.integers(2, 6), st.data())
def test_a_fact_deleted_before_the_last_is_missed(count, data):
    rows, beside = story(count)
    gone = data.draw(st.integers(1, count - 1))
    del rows[gone - 1]
    assert codes(rows, beside) == [("missing", gone + 1)]
    assert chain.check(rows, beside)[0].detail == str(gone)


@given(st.permutations(range(1, 6)))
def test_facts_that_changed_places_are_named_with_where_they_come_from(order):
    rows, beside = story(5)
    moved = [attrs.evolve(row, sequence=place) for row, place in zip(rows, order, strict=True)]
    moved.sort(key=lambda row: row.sequence)
    found = {(damage.sequence, damage.detail) for damage in chain.check(moved, beside) if damage.code == "disordered"}
    assert found == {(place, str(number)) for number, place in enumerate(order, 1) if number != place}
    assert {damage.code for damage in chain.check(moved, beside)} <= {"disordered"}


@given(st.integers(1, 5), st.integers(1, 6))
def test_a_copied_fact_is_a_copy_wherever_it_stands(copied, place):
    rows, beside = story(5)
    rows.insert(place, attrs.evolve(rows[copied - 1], id="copy", sequence=place))
    rows.sort(key=lambda row: (row.sequence, row.id == "copy"))
    found = codes(rows, beside)
    assert ("duplicated", place) in found
    assert {code for code, _ in found} <= {"duplicated", "edited"}


def test_a_chain_that_is_broken_all_over_is_called_edited():
    rows, beside = story(40)
    rows = [attrs.evolve(row, actor="person:other") for row in rows]
    assert [code for code, _ in codes(rows, beside)] == ["edited"] * 40


@pytest.mark.parametrize(
    "values",
    [{}, {"body": ["00" * 16, "words 2"]}, {"body": ["no hex", "words 2"]}, {"body": "words 2"}, {"side": ["00", "x"]}],
)
def test_a_personal_value_that_was_not_sealed_is_named(values):
    rows, beside = story(3)
    beside[1] = attrs.evolve(beside[1], values=values)
    assert {(code, number) for code, number in codes(rows, beside)} == {("personal", 2)}


def test_values_may_go_with_an_erasure_only():
    rows, _ = story(4, kinds=("replied", "replied", "erased", "replied"))
    _, beside = story(4, kinds=("replied", "replied", "erased", "replied"))
    assert [number for _, number in codes(rows, [])] == [4], "what was written after it is still there"
    plain, _ = story(3, personal=())
    assert codes(plain, []) == []
    assert len(beside) == 4


def test_where_a_chain_ends_is_compared_with_a_head():
    rows, _ = story(3)
    good = Head("feedback", "c1", 3, rows[-1].hash)
    assert chain.check_head(rows, good) == []
    assert chain.check_head(rows[:2], good) == [Damage("head", "feedback", "c1", 3)]
    assert chain.check_head(rows[:2], good, code="signed") == [Damage("cut", "feedback", "c1", 3)]
    assert chain.check_head([], good, code="signed") == [Damage("removed", "feedback", "c1", 3)]
    other = attrs.evolve(good, hash="0" * 64)
    assert chain.check_head(rows, other, code="signed") == [Damage("rewritten", "feedback", "c1", 3)]
