"""Forms: what is asked after a case, as stored data with immutable revisions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from careplug import criteria
from careplug.errors import Invalid
from careplug.survey import _reading as read
from careplug.survey import conditions
from careplug.survey.questions import Choice, Question
from careplug.text import Text

__all__ = ["ANONYMOUS", "KEYS", "Choice", "Form", "Question"]

ANONYMOUS = ("no", "choice", "always")
"""Whether a response says whose it is: yes; as the customer decides; never."""

KEYS = ("title", "intro", "thanks", "questions", "anonymous", "low")
"""What a stored form may say."""

_MOST_QUESTIONS, _TITLE, _INTRO = 100, 200, 4000


@attrs.frozen(kw_only=True)
class Form:
    """A questionnaire (`S13`, `S17`, `S11`). ``low`` is the condition on the answers under which somebody must follow up."""

    name: str
    title: Text
    intro: Text = Text()
    thanks: Text = Text()
    questions: tuple[Question, ...]
    anonymous: str = "no"
    low: criteria.Criteria | None = None

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Form:
        """Read a stored form; ``Invalid`` names ``survey.NAME.key`` and what it may be."""
        place = f"survey.{name}"
        given = read.table(data, KEYS, place)
        anonymous = read.one_of(given.get("anonymous", "no"), ANONYMOUS, f"{place}.anonymous")
        questions = _questions(given, place)
        for number, question in enumerate(questions):
            here = f"{place}.questions[{number}]"
            conditions.check(question.when, questions[:number], f"{here}.when")
            if anonymous == "always" and (question.personal or question.prefill):
                raise Invalid("survey.never_anonymous", field=f"{here}.personal.anonymous", value=question.key)
        low = None if given.get("low") is None else criteria.from_data(given["low"], f"{place}.low")
        conditions.check(low, questions, f"{place}.low")
        return cls(
            name=name,
            title=read.words(given, "title", place, most=_TITLE, needed=True),
            intro=read.words(given, "intro", place, most=_INTRO),
            thanks=read.words(given, "thanks", place, most=_INTRO),
            questions=questions,
            anonymous=anonymous,
            low=low,
        )

    def to_data(self) -> dict[str, Any]:
        """What ``parse`` reads: a form editor stores it as the next revision."""
        data: dict[str, Any] = {"title": read.words_data(self.title)}
        for key in ("intro", "thanks"):
            if getattr(self, key):
                data[key] = read.words_data(getattr(self, key))
        if self.anonymous != "no":
            data["anonymous"] = self.anonymous
        data["questions"] = [question.to_data() for question in self.questions]
        if self.low is not None:
            data["low"] = criteria.to_data(self.low)
        return data

    def question(self, key: str) -> Question | None:
        """The question of a key, None where the form has none."""
        return next((question for question in self.questions if question.key == key), None)

    def blocks(self) -> dict[str, tuple[str, ...]]:
        """The keys of the questions of each block, in the order of the form; personal ones are not counted."""
        found: dict[str, tuple[str, ...]] = {}
        for question in self.questions:
            if question.block and not question.personal:
                found[question.block] = (*found.get(question.block, ()), question.key)
        return found

    def is_low(self, answers: Mapping[str, object]) -> bool:
        """Whether checked answers call for a follow-up; never where the form has no such condition."""
        return self.low is not None and criteria.matches(self.low, conditions.lookup(self.questions, answers).get)


def _questions(data: Mapping[str, Any], place: str) -> tuple[Question, ...]:
    given = read.items(data, "questions", place)
    if not 1 <= len(given) <= _MOST_QUESTIONS:
        raise Invalid("survey.questions", field=f"{place}.questions.number", number=len(given), most=_MOST_QUESTIONS)
    found = tuple(Question.parse(item, f"{place}.questions[{number}]") for number, item in enumerate(given))
    seen: set[str] = set()
    for number, question in enumerate(found):
        if question.key in seen:
            raise Invalid("survey.twice", field=f"{place}.questions[{number}].key.twice", value=question.key)
        seen.add(question.key)
    return found
