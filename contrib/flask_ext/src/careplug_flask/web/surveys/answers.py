"""Answers as people read them: words for what was ticked, a drawn signature as a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
from markupsafe import Markup

from careplug.survey.checking import SIGNATURE_BOX
from careplug.survey.questions import OTHER
from careplug_flask.web.svg import element

if TYPE_CHECKING:
    from careplug.survey.forms import Form, Question
    from careplug_flask.web.context import Words

__all__ = ["Line", "headline", "label_of", "lines", "said_answer"]


@attrs.frozen(kw_only=True)
class Line:
    """One question with its answer; ``drawing`` is a signature by hand, beside the typed name where there is one."""

    key: str
    text: str
    answer: str
    drawing: Markup | None = None


def label_of(said: Words, question: Question, code: object) -> str:
    """The words for what can be ticked: a choice's own, yes, no, other; a point of a scale as it is."""
    for choice in question.choices:
        if choice.key == code:
            return said.text(choice.text)
    return said.say(f"surveys.answer.{code}") if code in question.codes else str(code)


def said_answer(said: Words, question: Question, answer: Any) -> str:
    """A checked answer in words; empty for one that was left out, or drawn."""
    if answer is None:
        return ""
    if isinstance(answer, list):
        return said.say("value.comma").join(said_answer(said, question, each) for each in answer)
    if isinstance(answer, Mapping):
        if OTHER in answer:
            return said.say("surveys.other_said", words=answer[OTHER])
        return str(answer.get("name", ""))
    if question.scaled:
        return said.say("surveys.point", value=answer, high=question.high)
    return label_of(said, question, answer)


def lines(said: Words, form: Form, answers: Mapping[str, Any]) -> list[Line]:
    """The questions of a form with what was answered; those left out are left out."""
    found = []
    for question in form.questions:
        answer = answers.get(question.key)
        if answer is not None:
            drawing = _drawing(answer["path"]) if isinstance(answer, Mapping) and "path" in answer else None
            words = said_answer(said, question, answer)
            found.append(Line(key=question.key, text=said.text(question.text), answer=words, drawing=drawing))
    return found


def headline(said: Words, form: Form, answers: Mapping[str, Any]) -> str:
    """The answer that says the most: to the first question that counts for a measure, else the first that is a scale."""
    ranked = sorted(form.questions, key=lambda each: (not each.measure, not each.scaled))
    first = next((each for each in ranked if (each.measure or each.scaled) and each.key in answers), None)
    return said_answer(said, first, answers[first.key]) if first is not None else ""


def _drawing(path: str) -> Markup:
    """The strokes of a signature; the path was checked when it came in."""
    width, height = SIGNATURE_BOX
    line = element("path", d=path, class_="cps-stroke")
    return element("svg", line, class_="cps-signature", viewBox=f"0 0 {width} {height}", role="presentation")
