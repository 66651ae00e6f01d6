"""Answers against their form: what is stored, what is asked, everything that is wrong at once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.errors import Invalid
from careplug.survey import checking
from careplug.survey.forms import Form
from careplug.timeline.facts import canonical
from tests.unit.survey.strategies import JUNK, forms, responses

LEVELS = [{"key": key, "text": {"en": key}} for key in ("mail", "phone", "visit")]
FORM = Form.parse(
    "full",
    {
        "title": {"en": "Everything"},
        "anonymous": "choice",
        "questions": [
            {"key": "tidy", "type": "yes_no", "text": {"en": "Tidy?"}, "required": True, "other": True},
            {"key": "plain", "type": "yes_no", "text": {"en": "Plain?"}},
            {"key": "level", "type": "single", "text": {"en": "Level"}, "choices": LEVELS},
            {"key": "ways", "type": "multiple", "text": {"en": "Ways"}, "choices": LEVELS, "other": True},
            {"key": "grade", "type": "scale", "text": {"en": "Grade"}, "low": 1, "high": 4},
            {"key": "line", "type": "short", "text": {"en": "Line"}, "personal": True},
            {"key": "words", "type": "text", "text": {"en": "Words"}},
            {"key": "day", "type": "date", "text": {"en": "Day"}},
            {"key": "hand", "type": "signature", "text": {"en": "Hand"}},
            {
                "key": "why",
                "type": "text",
                "text": {"en": "Why?"},
                "required": True,
                "when": {
                    "any": [
                        {"field": "tidy", "op": "in", "value": ["no", "other"]},
                        {"field": "ways.phone", "op": "eq", "value": True},
                    ]
                },
            },
            {
                "key": "deeper",
                "type": "text",
                "text": {"en": "Deeper?"},
                "when": {"field": "why", "op": "is_null", "value": False},
            },
        ],
    },
)
OK = {"tidy": "yes"}


def wrong(answers, **more):
    """Code and field of every problem."""
    return [
        (each.code.removeprefix("survey."), each.field.removeprefix("answers."))
        for each in checking.problems(FORM, answers, **more)
    ]


def test_a_full_response_is_stored_as_plain_data():
    answers = {
        "tidy": {"other": "  nearly \n so "},
        "plain": "no",
        "level": "phone",
        "ways": ["visit", {"other": "fax"}, "mail"],
        "grade": 4,
        "line": " Li \t Wei ",
        "words": " one\r\ntwo\rthree \n",
        "day": "2028-02-29",
        "hand": {"name": " Li  Wei ", "path": "M0 0L1000 400M1 2L3 4L5 6"},
        "why": "so",
        "deeper": "still",
    }
    checked = checking.check(FORM, answers)
    assert checked == {
        **answers,
        "tidy": {"other": "nearly so"},
        "ways": ["mail", "visit", {"other": "fax"}],
        "line": "Li Wei",
        "words": "one\ntwo\nthree",
        "hand": {"name": "Li Wei", "path": "M0 0L1000 400M1 2L3 4L5 6"},
    }
    assert list(checked) == [question.key for question in FORM.questions]


@given(responses())
def test_good_answers_are_taken_and_checking_again_changes_nothing(response):
    form, answers = response
    if not answers:
        assert [each.code for each in checking.problems(form, answers)] == ["survey.empty"]
        return
    checked = checking.check(form, answers)
    assert set(checked) == set(answers)
    assert checking.check(form, checked) == checked
    assert json.loads(canonical(checked)) == checked


@given(forms(), st.data())
def test_whatever_json_is_sent_is_checked_or_told_never_a_crash(form, data):
    keys = st.sampled_from([question.key for question in form.questions]) | st.text(max_size=3)
    answers = data.draw(st.dictionaries(keys, JUNK, max_size=6))
    problems = checking.problems(form, answers)
    if problems:
        with pytest.raises(Invalid) as caught:
            checking.check(form, answers)
        assert (caught.value.code, caught.value.field) == (problems[0].code, problems[0].field)
        assert all(each.field.startswith("answers") for each in problems)
        return
    checked = checking.check(form, answers)
    assert json.loads(canonical(checked)) == checked
    shown = {question.key for question in checking.visible(form, answers)}
    assert set(checked) <= shown


@pytest.mark.parametrize(
    ("key", "value", "code", "field"),
    [
        ("tidy", None, "missing", "tidy"),
        ("tidy", "  ", "missing", "tidy"),
        ("tidy", "maybe", "choice", "tidy.choice"),
        ("tidy", True, "type_choice", "tidy.type"),
        ("tidy", ["yes"], "type_choice", "tidy.type"),
        ("tidy", "other", "other_missing", "tidy.other"),
        ("tidy", {"other": " "}, "other_missing", "tidy.other"),
        ("tidy", {"other": None}, "other_missing", "tidy.other"),
        ("tidy", {"other": 3}, "type_words", "tidy.other.type"),
        ("tidy", {"other": "x" * 201}, "length", "tidy.other.length"),
        ("tidy", {"others": "x"}, "choice", "tidy.choice"),
        ("tidy", {"choice": "yes", "other": "x"}, "other_unticked", "tidy.other.unticked"),
        ("plain", "other", "choice", "plain.choice"),
        ("plain", {"other": "x"}, "choice", "plain.choice"),
        ("level", "Phone", "choice", "level.choice"),
        ("ways", "mail", "type_choices", "ways.type"),
        ("ways", ["mail", "mail"], "ticked_twice", "ways.twice"),
        ("ways", [{"other": "a"}, {"other": "b"}], "ticked_twice", "ways.twice"),
        ("ways", ["mail"] * 5, "too_many", "ways.number"),
        ("ways", ["mail", "email"], "choice", "ways.1.choice"),
        ("ways", ["mail", 3], "type_choice", "ways.1.type"),
        ("grade", "4", "type_number", "grade.type"),
        ("grade", True, "type_number", "grade.type"),
        ("grade", 2.0, "type_number", "grade.type"),
        ("grade", 0, "range", "grade.range"),
        ("grade", 5, "range", "grade.range"),
        ("grade", 10**30, "range", "grade.range"),
        ("line", 7, "type_words", "line.type"),
        ("line", "x" * 201, "length", "line.length"),
        ("line", "a\0b", "characters", "line.characters"),
        ("words", "x" * 4001, "length", "words.length"),
        ("words", "\ud83d", "characters", "words.characters"),
        ("day", "2026-02-29", "date", "day.date"),
        ("day", "20260228", "date", "day.date"),
        ("day", "2026-2-8", "date", "day.date"),
        ("day", 20260228, "date", "day.date"),
        ("hand", "Li Wei", "signature", "hand.signature"),
        ("hand", {}, "signature", "hand.signature"),
        ("hand", {"name": "Li", "ink": "blue"}, "signature", "hand.signature"),
        ("hand", {"name": " "}, "signature_name", "hand.name"),
        ("hand", {"name": "x" * 101}, "length", "hand.name.length"),
        ("hand", {"path": 5}, "type_words", "hand.path.type"),
        ("hand", {"path": "M10 20"}, "signature_path", "hand.path"),
        ("hand", {"path": "M10 20L30 40Z"}, "signature_path", "hand.path"),
        ("hand", {"path": 'M1 2L3 4"><script>'}, "signature_path", "hand.path"),
        ("hand", {"path": "M1001 20L30 40"}, "signature_path", "hand.path"),
        ("hand", {"path": "M10 401L30 40"}, "signature_path", "hand.path"),
        ("hand", {"path": "M10 20L30 ４0"}, "signature_path", "hand.path"),
        ("hand", {"path": "M0 0" + "L100 100" * 1000}, "length", "hand.path.length"),
    ],
)
def test_a_wrong_answer_is_told_at_its_place(key, value, code, field):
    assert wrong({**OK, key: value}) == [(code, field)]


@pytest.mark.parametrize(
    ("key", "value"),
    [("line", "字" * 200), ("words", "字" * 4000), ("tidy", "yes"), ("grade", 1), ("grade", 4), ("day", "0001-01-01")],
)
def test_what_just_fits_is_taken(key, value):
    assert checking.check(FORM, {**OK, key: value})[key] == value


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_form():
    answers = {"surprise": 1, "deeper": "x", "grade": 9, "ways": "mail", "day": "soon"}
    assert wrong(answers) == [
        ("missing", "tidy"),
        ("type_choices", "ways.type"),
        ("range", "grade.range"),
        ("date", "day.date"),
        ("unknown", "surprise.unknown"),
        ("not_asked", "deeper.not_asked"),
    ]
    with pytest.raises(Invalid) as caught:
        checking.check(FORM, answers)
    assert (caught.value.code, caught.value.field) == ("survey.missing", "answers.tidy")


def test_left_out_empty_and_none_are_the_same():
    checked = checking.check(FORM, {**OK, "line": "", "words": None, "ways": [], "why": " ", "deeper": None})
    assert checked == OK


def test_a_response_without_any_answer_is_none():
    form = Form.parse(
        "open", {"title": {"en": "Open"}, "questions": [{"key": "q", "type": "text", "text": {"en": "Q"}}]}
    )
    for answers in ({}, {"q": "  "}):
        assert [(each.code, each.field) for each in checking.problems(form, answers)] == [("survey.empty", "answers")]
    assert [each.code for each in checking.problems(form, {"p": "x"})] == ["survey.unknown"]


@pytest.mark.parametrize("answers", [[], "yes", None, 3, [("tidy", "yes")]])
def test_what_holds_no_answers_is_told(answers):
    assert [(each.code, each.field) for each in checking.problems(FORM, answers)] == [
        ("survey.answers", "answers.table")
    ]


# -- what is asked --


def asked(answers, **more):
    return {question.key for question in checking.visible(FORM, answers, **more)} - {
        "tidy",
        "plain",
        "level",
        "ways",
        "grade",
        "words",
        "day",
        "hand",
    }


def test_a_question_is_asked_where_its_condition_holds():
    assert asked({}) == {"line"}
    assert asked({"tidy": "yes"}) == {"line"}
    assert asked({"tidy": "no"}) == {"line", "why"}
    assert asked({"tidy": {"other": "so so"}}) == {"line", "why"}
    assert asked({"tidy": "yes", "ways": ["mail", "phone"]}) == {"line", "why"}
    assert asked({"tidy": "yes", "ways": ["mail"]}) == {"line"}


def test_a_question_that_is_not_asked_opens_no_further_one():
    assert asked({"tidy": "no", "why": "x"}) == {"line", "why", "deeper"}
    assert asked({"tidy": "yes", "why": "x"}) == {"line"}
    assert wrong({"tidy": "yes", "why": "x", "deeper": "y"}) == [
        ("not_asked", "why.not_asked"),
        ("not_asked", "deeper.not_asked"),
    ]


def test_a_wrong_answer_meets_no_condition():
    assert asked({"tidy": "nope"}) == {"line"}
    assert wrong({"tidy": "no", "ways": "phone"}) == [("type_choices", "ways.type"), ("missing", "why")]


def test_who_stays_anonymous_is_not_asked_who_it_is():
    assert asked({}, anonymous=True) == set()
    assert checking.check(FORM, OK, anonymous=True) == OK
    assert wrong({**OK, "line": "Li Wei"}, anonymous=True) == [("not_asked", "line.not_asked")]


def test_a_form_that_needs_a_name_cannot_be_answered_without():
    form = Form.parse("named", {**FORM.to_data(), "anonymous": "no"})
    assert [(each.code, each.field) for each in checking.problems(form, OK, anonymous=True)] == [
        ("survey.named", "anonymous")
    ]


def test_a_form_that_is_always_anonymous_need_not_be_told():
    data = {
        "title": {"en": "A"},
        "anonymous": "always",
        "questions": [{"key": "q", "type": "nps", "text": {"en": "Q"}}],
    }
    form = Form.parse("a", data)
    assert checking.check(form, {"q": 3}) == checking.check(form, {"q": 3}, anonymous=True) == {"q": 3}
