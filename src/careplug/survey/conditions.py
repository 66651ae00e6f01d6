"""Conditions over the answers of a form: which questions are asked, which response needs somebody to call back. Pure.

A field is the key of a question; ``KEY.CHOICE`` is true or false for what may be ticked beside others. A question that
was not asked or not answered is missing, and a comparison with it is neither true nor false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from careplug import criteria
from careplug.errors import Invalid
from careplug.survey._reading import shown
from careplug.survey.questions import OTHER, Question

__all__ = ["check", "code", "lookup"]

_EQUAL = ("eq", "in", "is_null")
_ORDERED = ("eq", "in", "lt", "le", "gt", "ge", "is_null")
_WRITTEN = ("is_null",)


def code(answer: object) -> object:
    """What an answer is compared and counted by: the number, the key of the choice, ``other``; else the answer itself."""
    return OTHER if isinstance(answer, Mapping) and OTHER in answer else answer


def lookup(questions: Sequence[Question], answers: Mapping[str, object]) -> dict[str, Any]:
    """The fields of checked answers, for ``criteria.matches(condition, fields.get)``."""
    fields: dict[str, Any] = {}
    for question in questions:
        answer = answers.get(question.key)
        if answer is None:
            continue
        if question.type == "multiple" and isinstance(answer, list | tuple):
            ticked = [code(each) for each in answer]
            fields[question.key] = True
            fields |= {f"{question.key}.{each}": each in ticked for each in question.codes}
        else:
            fields[question.key] = code(answer)
    return fields


def check(condition: criteria.Criteria | None, questions: Sequence[Question], place: str) -> None:
    """Refuse a condition on a question that is not among these, or one that no answer could meet."""
    known = {question.key: question for question in questions}
    for part in criteria.parts(condition):
        key, _, ticked = part.field.partition(".")
        question = known.get(key)
        if question is None or (ticked and (question.type != "multiple" or ticked not in question.codes)):
            fields = ", ".join(_fields(questions)) or "–"
            raise Invalid("survey.condition", field=f"{place}.{part.field}", value=part.field, known=fields)
        ops = _ops(question, ticked=bool(ticked))
        if part.op not in ops:
            raise Invalid("survey.condition_op", field=f"{place}.{part.field}.op", value=part.op, known=", ".join(ops))
        if part.op == "is_null":
            continue
        for value in part.value if part.op == "in" else (part.value,):
            if not _possible(question, value, ticked=bool(ticked)):
                raise Invalid("survey.condition_value", field=f"{place}.{part.field}.value", value=shown(value))


def _fields(questions: Sequence[Question]) -> list[str]:
    ticks = [f"{each.key}.{name}" for each in questions if each.type == "multiple" for name in each.codes]
    return [question.key for question in questions] + ticks


def _ops(question: Question, *, ticked: bool) -> tuple[str, ...]:
    if ticked or question.type in ("yes_no", "single"):
        return _EQUAL
    return _ORDERED if question.scaled or question.type == "date" else _WRITTEN


def _possible(question: Question, value: object, *, ticked: bool) -> bool:
    """Whether an answer can have this value."""
    if ticked:
        return isinstance(value, bool)
    if question.scaled:
        return type(value) is int and question.low <= value <= question.high
    if question.type == "date":
        return isinstance(value, str) and day(value)
    return isinstance(value, str) and value in question.codes


def day(text: str) -> bool:
    """Whether a text is a day as answers hold it: ``YYYY-MM-DD``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
