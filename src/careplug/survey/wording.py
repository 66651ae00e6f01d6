"""Answers in the words of a reader: what a person ticked, marked, wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from careplug.survey.questions import OTHER, Question
from careplug.text import say

__all__ = ["answer_said", "choice_said"]


def choice_said(question: Question, code: object, language: str) -> str:
    """The words for what can be ticked: a choice's own; yes, no, other; a point of a scale as it is."""
    for choice in question.choices:
        if choice.key == code:
            return choice.text.get(language)
    return say(f"survey.said.{code}", language) if code in ("yes", "no", OTHER) else str(code)


def answer_said(question: Question, answer: Any, language: str) -> str:
    """A checked answer in words: one line, but for what was written in several; a drawn signature is only said to be one."""
    if isinstance(answer, list):
        return say("survey.said.comma", language).join(answer_said(question, each, language) for each in answer)
    if isinstance(answer, Mapping):
        if OTHER in answer:
            return say("survey.said.other_words", language, words=answer[OTHER])
        return str(answer.get("name") or say("survey.said.drawn", language))
    if question.scaled:
        return say("survey.said.point", language, value=answer, high=question.high)
    return choice_said(question, answer, language)
