"""Forms of every kind of question, and answers to them, as people might give them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from careplug.survey import checking
from careplug.survey.forms import ANONYMOUS, Form
from careplug.survey.questions import OTHER, TYPES, Question

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=" "), min_size=1, max_size=20).filter(
    str.strip
)
TEXTS = st.fixed_dictionaries({"en": WORDS}, optional={"zh": WORDS})
CHOICES = st.lists(
    st.fixed_dictionaries({"key": st.sampled_from(["a", "b", "c", "d"]), "text": TEXTS}),
    min_size=1,
    max_size=4,
    unique_by=lambda choice: choice["key"],
)


@st.composite
def question_data(draw: st.DrawFn, key: str, earlier: list[Question]) -> dict[str, Any]:
    kind = draw(st.sampled_from(TYPES))
    data: dict[str, Any] = {"key": key, "type": kind, "text": draw(TEXTS)}
    for name in ("help", "section"):
        if draw(st.booleans()):
            data[name] = draw(TEXTS)
    for name in ("required", "personal"):
        if draw(st.booleans()):
            data[name] = True
    if kind in ("single", "multiple"):
        data["choices"] = draw(CHOICES)
    if kind in ("single", "multiple", "yes_no") and draw(st.booleans()):
        data["other"] = True
    if kind == "scale":
        data["low"] = draw(st.integers(-3, 1))
        data["high"] = data["low"] + draw(st.integers(1, 10))
    if kind in ("scale", "nps", "csat", "ces") and draw(st.booleans()):
        data |= {"block": "one", "low_label": draw(TEXTS), "high_label": draw(TEXTS)}
    if earlier and draw(st.booleans()):
        data["when"] = draw(conditions(earlier))
    return data


def comparisons(question: Question) -> st.SearchStrategy[dict[str, Any]]:
    missing = st.builds(lambda value: {"field": question.key, "op": "is_null", "value": value}, st.booleans())
    if question.scaled:
        ops, values = st.sampled_from(["eq", "lt", "le", "gt", "ge"]), st.integers(question.low, question.high)
        return missing | st.builds(lambda op, value: {"field": question.key, "op": op, "value": value}, ops, values)
    if question.type in ("yes_no", "single"):
        few = st.lists(st.sampled_from(question.codes), min_size=1)
        return missing | few.map(lambda value: {"field": question.key, "op": "in", "value": value})
    if question.type == "multiple":
        fields = st.sampled_from([f"{question.key}.{code}" for code in question.codes])
        return missing | st.builds(lambda f, value: {"field": f, "op": "eq", "value": value}, fields, st.booleans())
    return missing


def conditions(questions: list[Question]) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from(questions).flatmap(comparisons)
    return st.recursive(
        one,
        lambda part: (
            st.builds(lambda name, parts: {name: parts}, st.sampled_from(["all", "any"]), st.lists(part, max_size=3))
            | part.map(lambda inner: {"not": inner})
        ),
        max_leaves=4,
    )


@st.composite
def form_data(draw: st.DrawFn) -> dict[str, Any]:
    questions: list[Question] = []
    data: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        data.append(draw(question_data(f"q{number}", questions)))
        questions.append(Question.parse(data[-1], "q"))
    found: dict[str, Any] = {"title": draw(TEXTS), "questions": data}
    if draw(st.booleans()):
        found["low"] = draw(conditions(questions))
    if draw(st.booleans()):
        found["intro"] = draw(TEXTS)
    anonymous = draw(st.sampled_from(ANONYMOUS))
    if anonymous != "always" or not any(question.personal for question in questions):
        found["anonymous"] = anonymous
    return found


def forms() -> st.SearchStrategy[Form]:
    return form_data().map(lambda data: Form.parse("any", data))


def answer(question: Question) -> st.SearchStrategy[Any]:
    """An answer that the question takes."""
    if question.scaled:
        return st.integers(question.low, question.high)
    if question.type in ("yes_no", "single", "multiple"):
        ticks = st.sampled_from(question.codes).flatmap(
            lambda code: WORDS.map(lambda said: {OTHER: said}) if code == OTHER else st.just(code)
        )
        if question.type != "multiple":
            return ticks
        return st.lists(ticks, min_size=1, unique_by=lambda tick: OTHER if isinstance(tick, dict) else tick)
    if question.type == "date":
        return st.dates(min_value=dt.date(1900, 1, 1)).map(lambda day: day.isoformat())
    if question.type == "signature":
        return st.fixed_dictionaries({}, optional={"name": WORDS, "path": strokes()}).filter(bool)
    return WORDS


def strokes() -> st.SearchStrategy[str]:
    width, height = checking.SIGNATURE_BOX
    point = st.builds(lambda x, y: f"{x} {y}", st.integers(0, width), st.integers(0, height))
    stroke = st.lists(point, min_size=2, max_size=8).map(lambda points: "M" + "L".join(points))
    return st.lists(stroke, min_size=1, max_size=4).map("".join)


@st.composite
def responses(draw: st.DrawFn) -> tuple[Form, dict[str, Any]]:
    """A form, and answers to what is asked of it, one after the other."""
    form = draw(forms())
    answers: dict[str, Any] = {}
    for question in form.questions:
        if question in checking.visible(form, answers) and (question.required or draw(st.booleans())):
            answers[question.key] = draw(answer(question))
    return form, answers


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["yes", "other", "a"]),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from(["other", "choice", "name", "path"]) | st.text(max_size=3), part, max_size=3)
    ),
    max_leaves=5,
)
"""Whatever JSON can hold."""
