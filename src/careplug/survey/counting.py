"""From checked answers to what is counted and what is personal. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from careplug.survey.conditions import code
from careplug.survey.forms import Form
from careplug.survey.questions import Question

__all__ = ["SUM", "Counted", "block_digest", "personal_part", "scale_of", "scores_of"]

_WRITTEN = ("short", "text", "signature")
_LONGEST, _DIGEST = 80, 16

SUM = ""
"""In place of a question: the sum of a block that was answered as a whole."""


@attrs.frozen(kw_only=True)
class Counted:
    """One number that an answer adds to the results; the fields are those of ``entities.Score``."""

    question: str
    block: str
    scale: str
    whole: str
    value: int


def scale_of(question: Question) -> str:
    """What the numbers of a question mean: its bounds, or the keys that can be ticked, in order; empty: it is not counted.

    A personal answer is not: it can be erased, and a count of it would stay. Answers to two revisions of a form are counted together where this agrees.
    """
    if question.personal:
        return ""
    if question.scaled:
        return f"{question.low}..{question.high}"
    if question.codes:
        return _short(f"{question.type}:{','.join(question.codes)}")
    return ""


def block_digest(form: Form, block: str) -> str:
    """What a block asks, as a digest: the same questions with the same scales give the same one."""
    keys = form.blocks()[block]
    asked = (f"{question.key}:{scale_of(question)}" for question in form.questions if question.key in keys)
    return hashlib.sha256(",".join(asked).encode()).hexdigest()[:_DIGEST]


def scores_of(form: Form, answers: Mapping[str, Any]) -> Iterator[Counted]:
    """What checked answers add to the results: each counted answer, and the sum of each block that is complete."""
    blocks = form.blocks()
    complete = (block for block, keys in blocks.items() if all(key in answers for key in keys))
    whole = {block: block_digest(form, block) for block in complete}
    for question in form.questions:
        scale = scale_of(question)
        for value in _values(question, answers.get(question.key)) if scale else ():
            yield Counted(
                question=question.key,
                block=question.block,
                scale=scale,
                whole=whole.get(question.block, ""),
                value=value,
            )
    for block, digest in whole.items():
        total = sum(answers[key] for key in blocks[block])
        yield Counted(question=SUM, block=block, scale=SUM, whole=digest, value=total)


def personal_part(form: Form, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part checked answers into what was chosen and what was written: people's own words are personal.

    Of a choice in one's own words both are kept: that ``other`` was ticked, and the words.
    """
    chosen: dict[str, Any] = {}
    written: dict[str, Any] = {}
    for question in form.questions:
        answer = answers.get(question.key)
        if answer is None:
            continue
        if question.personal or question.type in _WRITTEN:
            written[question.key] = answer
            continue
        plain = [code(each) for each in answer] if isinstance(answer, list) else code(answer)
        chosen[question.key] = plain
        if plain != answer:
            written[question.key] = answer
    return chosen, written


def _values(question: Question, answer: Any) -> Iterator[int]:
    if answer is None:
        return
    if question.scaled:
        yield answer
        return
    for each in answer if isinstance(answer, list) else (answer,):
        yield question.codes.index(str(code(each)))


def _short(text: str) -> str:
    """The text, or where it is too long its digest: what is compared, never read."""
    return text if len(text) <= _LONGEST else hashlib.sha256(text.encode()).hexdigest()
