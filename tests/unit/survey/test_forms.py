"""Forms as stored data: what is read, written again, and refused with the place and the remedy."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given

from careplug import criteria
from careplug.definitions import digest_of
from careplug.errors import Invalid
from careplug.survey.forms import Form
from careplug.survey.questions import Question
from careplug.text import Text
from tests.unit.survey.strategies import form_data

EN = {"en": "x"}


def question(**more: Any) -> dict[str, Any]:
    return {"key": "q", "type": "text", "text": EN, **more}


def scale(**more: Any) -> dict[str, Any]:
    return question(type="scale", low=1, high=5) | more


def choice(key: str = "a", **more: Any) -> dict[str, Any]:
    return {"key": key, "text": EN, **more}


def form(*questions: Any, **more: Any) -> dict[str, Any]:
    return {"title": EN, "questions": list(questions or (question(),)), **more}


@given(form_data())
def test_a_form_writes_what_it_read(data):
    before = copy.deepcopy(data)
    read = Form.parse("any", data)
    written = read.to_data()
    assert data == before
    assert Form.parse("any", written) == read
    assert digest_of("survey", "any", Form.parse("any", written).to_data()) == digest_of("survey", "any", written)


def test_what_goes_without_saying_is_not_written():
    told = form(question(required=False, help=EN), scale(key="n", measure=""), anonymous="no", low=None)
    assert Form.parse("f", told).to_data() == form(question(help=EN), scale(key="n"))


def test_a_question_knows_its_scale_its_ticks_and_who_is_satisfied():
    ask = {kind: Question.parse(question(type=kind), "q") for kind in ("nps", "csat", "ces", "yes_no", "text")}
    assert [(ask[kind].low, ask[kind].high, ask[kind].measure) for kind in ("nps", "csat", "ces", "text")] == [
        (0, 10, "nps"),
        (1, 5, "csat"),
        (1, 7, "ces"),
        (0, 0, ""),
    ]
    assert [ask[kind].scaled for kind in ("nps", "yes_no", "text")] == [True, False, False]
    single = Question.parse(
        question(type="single", other=True, measure="csat", choices=[choice(satisfied=True), choice("b")]), "q"
    )
    assert (single.codes, ask["yes_no"].codes) == (("a", "b", "other"), ("yes", "no"))
    assert (single.satisfied, ask["csat"].satisfied, ask["nps"].satisfied) == ({"a"}, {4, 5}, frozenset())


def test_a_form_finds_its_questions_and_blocks():
    found = Form.parse(
        "f", form(scale(key="a", block="one"), question(), scale(key="b", block="one"), scale(key="c", block="two"))
    )
    assert found.question("b").low == 1
    assert found.question("z") is None
    assert found.blocks() == {"one": ("a", "b"), "two": ("c",)}


def test_a_low_response_is_one_that_meets_the_condition():
    low = {"any": [{"field": "n", "op": "le", "value": 2}, {"field": "m.b", "op": "eq", "value": True}]}
    many = question(key="m", type="multiple", choices=[choice(), choice("b")])
    found = Form.parse("f", form(scale(key="n"), many, low=low))
    answers: list[dict[str, Any]] = [{"n": 2}, {"n": 3}, {"m": ["b"]}, {"m": ["a"]}, {}, {"n": 3, "m": ["a", "b"]}]
    assert [found.is_low(each) for each in answers] == [True, False, True, False, False, True]
    assert not Form.parse("f", form(scale(key="n"))).is_low({"n": 1})


def test_an_answer_in_own_words_is_compared_as_other():
    low = {"field": "q", "op": "eq", "value": "other"}
    found = Form.parse("f", form(question(type="yes_no", other=True), low=low))
    assert [found.is_low({"q": each}) for each in ("yes", "no", {"other": "so so"})] == [False, False, True]


def test_a_text_may_be_in_one_language():
    found = Form.parse("f", form(title={"zh": "回访"}))
    assert found.title == Text(zh="回访")
    assert found.title.get("en") == "回访"


def condition(field: str, op: str = "eq", value: Any = 1) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def later(when: Any, *earlier: dict[str, Any]) -> dict[str, Any]:
    return form(*(earlier or (scale(key="n"),)), question(when=when))


MANY = question(key="m", type="multiple", choices=[choice(), choice("b")])
ONE = question(key="s", type="single", choices=[choice(), choice("b")])

REFUSED = [
    ([], "survey.table", "f.table"),
    (form(colour="red"), "definition.keys", "f.colour"),
    ({"questions": [question()]}, "survey.words", "f.title"),
    (form(title={}), "survey.words", "f.title"),
    (form(title="Form"), "survey.table", "f.title.table"),
    (form(title={"en": " "}), "definition.text", "f.title.en"),
    (form(title={"en": 3}), "definition.text", "f.title.en"),
    (form(title={"de": "Bogen"}), "definition.keys", "f.title.de"),
    (form(title={"en": "x" * 201}), "survey.text_length", "f.title.en.length"),
    (form(intro={"zh": "x" * 4001}), "survey.text_length", "f.intro.zh.length"),
    (form(thanks={"zh": "a\0"}), "survey.characters", "f.thanks.zh.characters"),
    (form(anonymous=True), "definition.choice", "f.anonymous"),
    (form(anonymous="maybe"), "definition.choice", "f.anonymous"),
    ({"title": EN, "questions": []}, "survey.questions", "f.questions.number"),
    ({"title": EN}, "survey.questions", "f.questions.number"),
    (form(*(question(key=f"q{n}") for n in range(101))), "survey.questions", "f.questions.number"),
    ({"title": EN, "questions": {"q": 1}}, "definition.list", "f.questions"),
    (form("What?"), "survey.table", "f.questions[0].table"),
    (form(question(), question(key="p"), question()), "survey.twice", "f.questions[2].key.twice"),
    (form(question(colour=1)), "definition.keys", "f.questions[0].colour"),
    (form(question(key="Q")), "survey.key", "f.questions[0].key"),
    (form(question(key="q.r")), "survey.key", "f.questions[0].key"),
    (form(question(key="x" * 41)), "survey.key", "f.questions[0].key"),
    (form(question(key=7)), "survey.key", "f.questions[0].key"),
    (form(question(type="essay")), "definition.choice", "f.questions[0].type"),
    (form(question(type=["text"])), "definition.choice", "f.questions[0].type"),
    (form({"key": "q", "type": "text"}), "survey.words", "f.questions[0].text"),
    (form(question(text={"en": "x" * 501})), "survey.text_length", "f.questions[0].text.en.length"),
    (form(question(required="yes")), "definition.bool", "f.questions[0].required"),
    (form(question(choices=[choice()])), "survey.useless", "f.questions[0].choices.useless"),
    (form(question(other=True)), "survey.useless", "f.questions[0].other.useless"),
    (form(question(type="csat", low=1)), "survey.useless", "f.questions[0].low.useless"),
    (form(question(low_label=EN)), "survey.useless", "f.questions[0].low_label.useless"),
    (form(question(measure="csat")), "survey.useless", "f.questions[0].measure.useless"),
    (form(question(type="yes_no", block="b")), "survey.useless", "f.questions[0].block.useless"),
    (form(scale(block="B")), "survey.key", "f.questions[0].block"),
    (form(question(type="scale", low=1)), "definition.int", "f.questions[0].high"),
    (form(scale(low="1")), "definition.int", "f.questions[0].low"),
    (form(scale(low=True)), "definition.int", "f.questions[0].low"),
    (form(scale(low=5)), "survey.bounds", "f.questions[0].high.range"),
    (form(scale(high=12)), "survey.bounds", "f.questions[0].high.range"),
    (form(scale(low=-101, high=-95)), "survey.bounds", "f.questions[0].high.range"),
    (form(question(type="single")), "survey.choices", "f.questions[0].choices.number"),
    (
        form(question(type="multiple", choices=[choice(f"c{n}") for n in range(51)])),
        "survey.choices",
        "f.questions[0].choices.number",
    ),
    (form(question(type="single", choices="ab")), "definition.list", "f.questions[0].choices"),
    (
        form(question(type="single", choices=[choice(), choice("b"), choice()])),
        "survey.twice",
        "f.questions[0].choices[2].key.twice",
    ),
    (
        form(question(type="single", choices=[choice("other")])),
        "survey.reserved",
        "f.questions[0].choices[0].key.other",
    ),
    (form(question(type="single", choices=[choice(colour=1)])), "definition.keys", "f.questions[0].choices[0].colour"),
    (form(scale(measure="joy")), "definition.choice", "f.questions[0].measure"),
    (form(question(type="nps", measure="csat")), "definition.choice", "f.questions[0].measure"),
    (form(scale(measure="nps")), "survey.measure_scale", "f.questions[0].measure.scale"),
    (form(scale(high=4, measure="csat")), "survey.measure_scale", "f.questions[0].measure.scale"),
    (form({**ONE, "measure": "nps"}), "survey.measure_single", "f.questions[0].measure.type"),
    (form({**ONE, "measure": "csat"}), "survey.satisfied", "f.questions[0].choices.satisfied"),
    (
        form(question(type="single", choices=[choice(satisfied=True)], measure="csat")),
        "survey.satisfied",
        "f.questions[0].choices.satisfied",
    ),
    (
        form(question(type="single", choices=[choice(satisfied=True), choice("b")])),
        "survey.satisfied",
        "f.questions[0].choices.satisfied",
    ),
    (form(question(prefill="colour")), "definition.choice", "f.questions[0].prefill"),
    (form(question(prefill="date")), "survey.prefill", "f.questions[0].prefill.type"),
    (form(question(type="date", prefill="phone")), "survey.prefill", "f.questions[0].prefill.type"),
    (form(question(personal=True), anonymous="always"), "survey.never_anonymous", "f.questions[0].personal.anonymous"),
    (
        form(question(prefill="phone"), anonymous="always"),
        "survey.never_anonymous",
        "f.questions[0].personal.anonymous",
    ),
    (later("n > 1"), "criteria.form", "f.questions[1].when"),
    (later(condition("q")), "survey.condition", "f.questions[1].when.q"),
    (later(condition("z")), "survey.condition", "f.questions[1].when.z"),
    (form(question(when=condition("n")), scale(key="n")), "survey.condition", "f.questions[0].when.n"),
    (later(condition("n.a", value=True)), "survey.condition", "f.questions[1].when.n.a"),
    (later(condition("m.c", value=True), MANY), "survey.condition", "f.questions[1].when.m.c"),
    (later(condition("m", value="a"), MANY), "survey.condition_op", "f.questions[1].when.m.op"),
    (later(condition("m.a", value="yes"), MANY), "survey.condition_value", "f.questions[1].when.m.a.value"),
    (later(condition("n", "prefix", "1")), "survey.condition_op", "f.questions[1].when.n.op"),
    (later(condition("s", "lt", "b"), ONE), "survey.condition_op", "f.questions[1].when.s.op"),
    (later({"not": {"all": [condition("n", "ge", 6)]}}), "survey.condition_value", "f.questions[1].when.n.value"),
    (later(condition("n", "eq", "1")), "survey.condition_value", "f.questions[1].when.n.value"),
    (later(condition("n", "in", [1, 6])), "survey.condition_value", "f.questions[1].when.n.value"),
    (later(condition("s", "eq", "c"), ONE), "survey.condition_value", "f.questions[1].when.s.value"),
    (later(condition("s", "in", ["a", "other"]), ONE), "survey.condition_value", "f.questions[1].when.s.value"),
    (
        later(condition("d", "lt", "soon"), question(key="d", type="date")),
        "survey.condition_value",
        "f.questions[1].when.d.value",
    ),
    (later(condition("w", "eq", "x"), question(key="w")), "survey.condition_op", "f.questions[1].when.w.op"),
    (form(scale(key="n"), low=condition("z")), "survey.condition", "f.low.z"),
    (form(scale(key="n"), low={}), "criteria.form", "f.low"),
]


@pytest.mark.parametrize(("data", "code", "field"), REFUSED)
def test_a_wrong_form_is_refused_at_its_place(data, code, field):
    with pytest.raises(Invalid) as caught:
        Form.parse("f", data)
    assert (caught.value.code, caught.value.field) == (code, f"survey.{field}")
    assert all(f"survey.{field}" in caught.value.text(language) for language in ("en", "zh_CN"))


ACCEPTED = [
    form(*(question(key=f"q{n}") for n in range(100))),
    form(question(key="x" * 40, text={"zh": "字" * 500}, help={"zh": "字" * 1000})),
    form(scale(low=-5, high=5)),
    form(scale(low=0, high=10, measure="nps"), scale(key="p", low=1, high=10, measure="nps")),
    form(scale(measure="csat"), scale(key="p", measure="ces"), scale(key="r", high=7, measure="ces")),
    form(question(type="multiple", choices=[choice(f"c{n}") for n in range(50)])),
    form(question(type="nps", measure="nps")),
    form(question(type="date", prefill="date"), question(key="p", type="short", prefill="phone", personal=True)),
    later(condition("d", "lt", "2026-03-31"), question(key="d", type="date")),
    later(condition("w", "is_null", value=True), question(key="w")),
    later(condition("m", "is_null", value=True), MANY),
]


@pytest.mark.parametrize("data", ACCEPTED)
def test_a_form_at_its_limits_is_read(data):
    assert Form.parse("f", data)


def test_conditions_are_criteria():
    found = Form.parse("f", later(condition("n", "le", 2)))
    assert found.questions[1].when == criteria.Is("n", "le", 2)
