"""The fields of a web page become answers, with every rule in one place."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.survey import checking
from careplug.survey.checking import from_form_fields
from careplug.survey.forms import Form
from tests.unit.survey.strategies import forms, responses
from tests.unit.survey.test_checking import FORM, OK


class Fields:
    """What a browser sends: names with one or more values."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


def sent(form: Form, answers: dict[str, object]) -> list[tuple[str, str]]:
    """What a browser sends of a page that was filled in so, its empty fields too."""
    pairs: list[tuple[str, str]] = []
    for question in form.questions:
        key, answer = question.key, answers.get(question.key)
        if question.type == "signature":
            pairs += [(f"{key}.{part}", (answer or {}).get(part, "")) for part in ("name", "path")]
            continue
        ticked = answer if isinstance(answer, list) else [] if answer is None else [answer]
        words = next((each["other"] for each in ticked if isinstance(each, dict)), "")
        pairs += [(key, "other" if isinstance(each, dict) else str(each)) for each in ticked]
        if question.other:
            pairs.append((f"{key}.other", words))
        if answer is None and question.type in ("short", "text", "date"):
            pairs.append((key, ""))
    return pairs


def read(form: Form, pairs: list[tuple[str, str]]) -> dict[str, object]:
    return from_form_fields(form, Fields(pairs).get_all)


@given(responses())
def test_a_page_filled_in_gives_the_same_answers(response):
    form, answers = response
    if answers:
        checked = checking.check(form, answers)
        assert checking.check(form, read(form, sent(form, checked))) == checked


@given(forms(), st.data())
def test_whatever_a_browser_sends_is_checked_or_told(form, data):
    names = [f"{question.key}{end}" for question in form.questions for end in ("", ".other", ".name", ".path")]
    values = st.sampled_from(["yes", "no", "other", "a", "3", "-1", "", " ", "x", "2026-02-02", "M1 2L3 4"]) | st.text()
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), values), max_size=12))
    answers = read(form, pairs)
    if not checking.problems(form, answers):
        assert checking.check(form, answers)


def test_a_page_left_empty_has_no_answers():
    assert read(FORM, sent(FORM, {})) == {}


@pytest.mark.parametrize(
    ("pairs", "answers"),
    [
        ([("grade", "3")], {"grade": 3}),
        ([("grade", " 3 ")], {"grade": 3}),
        ([("tidy", "yes"), ("tidy.other", " ")], {"tidy": "yes"}),
        ([("tidy", "other"), ("tidy.other", "so so")], {"tidy": {"other": "so so"}}),
        ([("tidy.other", "so so")], {"tidy": {"other": "so so"}}),
        ([("ways", "mail"), ("ways", "other"), ("ways.other", "fax")], {"ways": ["mail", {"other": "fax"}]}),
        ([("ways", "mail"), ("ways.other", "fax")], {"ways": ["mail", {"other": "fax"}]}),
        ([("hand.name", "Li Wei"), ("hand.path", "")], {"hand": {"name": "Li Wei"}}),
        ([("plain", "yes"), ("plain.other", "x")], {"plain": "yes"}),
        ([("line", " "), ("day", "")], {}),
        ([("strange", "x")], {}),
    ],
)
def test_fields_are_read_as_on_paper(pairs, answers):
    assert read(FORM, pairs) == answers


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("grade", "three")], "answers.grade.type"),
        ([("grade", "3.0")], "answers.grade.type"),
        ([("grade", "３")], "answers.grade.type"),
        ([("grade", "2"), ("grade", "3")], "answers.grade.type"),
        ([("grade", "9" * 30)], "answers.grade.type"),
        ([("grade", "12")], "answers.grade.range"),
        ([("tidy", "other"), ("tidy.other", "")], "answers.tidy.other"),
        ([("tidy", "yes"), ("tidy.other", "but")], "answers.tidy.other.unticked"),
        ([("tidy", "yes"), ("tidy", "no")], "answers.tidy.type"),
        ([("line", "one"), ("line", "two")], "answers.line.type"),
        ([("ways", "other")], "answers.ways.0.other"),
        ([("hand.name", "one"), ("hand.name", "two")], "answers.hand.name.type"),
        ([("why", "because")], "answers.why.not_asked"),
    ],
)
def test_what_a_browser_sends_wrongly_is_told_at_its_field(pairs, field):
    answers = {**OK, **read(FORM, pairs)}
    assert [each.field for each in checking.problems(FORM, answers)] == [field]


def test_who_asks_to_stay_anonymous_takes_back_what_was_filled_in():
    pairs = [("tidy", "yes"), ("line", "Li Wei")]
    answers = from_form_fields(FORM, Fields(pairs).get_all, anonymous=True)
    assert checking.check(FORM, answers, anonymous=True) == OK
    assert checking.check(FORM, read(FORM, pairs)) == {**OK, "line": "Li Wei"}
