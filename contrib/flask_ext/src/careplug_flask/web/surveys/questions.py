"""The questions of a form as a page shows them: what each looks like, what was typed, what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from careplug import criteria
from careplug.survey.checking import LENGTHS, visible
from careplug.survey.questions import OTHER
from careplug_flask.web.svg import width_of

if TYPE_CHECKING:
    from careplug.errors import CareError
    from careplug.survey.forms import Form, Question
    from careplug_flask.web.context import Words

__all__ = ["ANONYMOUS", "PREFIX", "SHOWN", "Asked", "Pick", "Section", "Typed", "sections", "typed_of", "wrong_of"]

PREFIX = "answers."
"""Before the names of the fields, so that no question can take the name of another field of the page."""

SHOWN = "shown"
"""The field that names the dependent questions the page showed."""

ANONYMOUS = "anonymous"
"""The field of who wants to stay so."""

Typed = Callable[[str], list[str]]
"""What stands in the fields of a question: the values by the field's name without the prefix."""

_ROW_MOST, _ROW_WIDE = 3, 96.0
"""How many choices stand side by side on a phone, and how many pixels of words each may have there."""

_BEST = 5


@attrs.frozen(kw_only=True)
class Pick:
    """One thing that can be ticked; ``face`` is 1 to 5 where it has one, 0 for none."""

    value: str
    words: str
    chosen: bool
    face: int = 0


@attrs.frozen(kw_only=True)
class Asked:
    """One question: its words, its look (``row``, ``list``, ``steps``, ``faces``, ``words``), what was typed."""

    key: str
    kind: str
    layout: str
    text: str
    hint: str
    required: bool
    value: str
    picks: tuple[Pick, ...]
    other: str
    other_field: str
    low_label: str
    high_label: str
    when: str
    shown: bool
    personal: bool
    wrong: str
    input: str
    most: int

    @property
    def field(self) -> str:
        """The name of its field."""
        return f"{PREFIX}{self.key}.name" if self.kind == "signature" else f"{PREFIX}{self.key}"

    @property
    def ident(self) -> str:
        """What the ids of its elements begin with."""
        return f"f-{self.key}"


@attrs.frozen
class Section:
    """Questions under one heading."""

    title: str
    asked: tuple[Asked, ...]


def typed_of(answers: Mapping[str, object]) -> Typed:
    """Answers as they would stand in the fields: what a form begins with."""
    fields: dict[str, list[str]] = {}
    for key, answer in answers.items():
        if isinstance(answer, Mapping):
            fields |= {f"{key}.{part}": [str(value)] for part, value in answer.items()}
            fields |= {key: [OTHER]} if OTHER in answer else {}
        elif isinstance(answer, list | tuple):
            fields[key] = [OTHER if isinstance(each, Mapping) else str(each) for each in answer]
            fields |= {f"{key}.{OTHER}": [str(each[OTHER])] for each in answer if isinstance(each, Mapping)}
        else:
            fields[key] = [str(answer)]
    return lambda name: fields.get(name, [])


def wrong_of(said: Words, found: Sequence[CareError]) -> dict[str, str]:
    """The sentences of problems by the key of the question they are about; the first of each question."""
    sentences: dict[str, str] = {}
    for problem in found:
        parts = problem.field.split(".")
        if parts[0] == PREFIX[:-1] and len(parts) > 1:
            sentences.setdefault(parts[1], _plainly(said, problem))
    return sentences


def _plainly(said: Words, problem: CareError) -> str:
    """What is wrong in the words of the page: the place needs no name, for the sentence stands there."""
    code = f"surveys.wrong.{problem.code.removeprefix('survey.')}"
    sentence = said.say(code, **problem.params)
    return said.error(problem) if sentence == code else sentence


def sections(
    said: Words,
    form: Form,
    typed: Typed,
    answers: Mapping[str, object],
    *,
    wrong: Mapping[str, str],
    anonymous: bool = False,
) -> list[Section]:
    """The form's questions by sections; those that these answers do not ask for are not shown."""
    shown = {question.key for question in visible(form, answers, anonymous=anonymous)}
    found: list[tuple[str, list[Asked]]] = []
    heading = None
    for question in form.questions:
        if anonymous and form.anonymous == "always" and question.personal:
            continue
        title = said.text(question.section)
        if heading is None or (title and title != heading):
            heading = title
            found.append((title, []))
        found[-1][1].append(
            _asked(said, question, typed, wrong.get(question.key, ""), question.key in shown or question.key in wrong)
        )
    return [Section(title, tuple(asked)) for title, asked in found]


def _asked(said: Words, question: Question, typed: Typed, wrong: str, shown: bool) -> Asked:  # noqa: FBT001
    key = question.key
    picks = _picks(said, question, typed(key))
    words = {"signature": f"{key}.path"}.get(question.type, f"{key}.{OTHER}" if question.other else "")
    labelled = question.low_label or question.high_label
    low, high = _ends(said, question)
    return Asked(
        key=key,
        kind=question.type,
        layout=_layout(question, picks),
        text=said.text(question.text),
        hint=said.text(question.help),
        required=question.required,
        value=_first(typed(f"{key}.name" if question.type == "signature" else key)),
        picks=picks,
        other=_first(typed(words)) if words else "",
        other_field=f"{PREFIX}{words}" if words else "",
        low_label=low if question.type != "csat" or labelled else "",
        high_label=high if question.type != "csat" or labelled else "",
        when=json.dumps(criteria.to_data(question.when)) if question.when is not None else "",
        shown=shown,
        personal=question.personal,
        wrong=wrong,
        input="tel" if question.prefill == "phone" else "text",
        most=LENGTHS.get("name" if question.type == "signature" else question.type, LENGTHS["other"]),
    )


def _first(values: Sequence[str]) -> str:
    return next(iter(values), "")


def _layout(question: Question, picks: Sequence[Pick]) -> str:
    if question.type == "multiple":
        return "list"
    if any(pick.face for pick in picks):
        return "faces"
    if question.scaled:
        return "steps"
    if not picks:
        return "words"
    short = len(picks) <= _ROW_MOST and all(width_of(pick.words) <= _ROW_WIDE for pick in picks)
    return "row" if short else "list"


def _picks(said: Words, question: Question, chosen: Sequence[str]) -> tuple[Pick, ...]:
    if question.scaled:
        return tuple(
            Pick(
                value=str(each),
                words=_step(said, question, each),
                chosen=str(each) in chosen,
                face=_face(question, each),
            )
            for each in range(question.low, question.high + 1)
        )
    labels = {choice.key: said.text(choice.text) for choice in question.choices}
    labels |= {code: said.say(f"surveys.answer.{code}") for code in question.codes if code not in labels}
    faces = _faces(question)
    return tuple(
        Pick(value=code, words=labels[code], chosen=code in chosen, face=faces.get(code, 0)) for code in question.codes
    )


def _step(said: Words, question: Question, value: int) -> str:
    """The words on a step: a number; on a scale of satisfaction without labels of its own, how satisfied."""
    if question.type == "csat" and not (question.low_label or question.high_label):
        return said.say(f"surveys.csat.{value}")
    return str(value)


def _face(question: Question, value: int) -> int:
    return value if question.measure == "csat" and question.high == _BEST else 0


def _faces(question: Question) -> dict[str, int]:
    """The faces of choices that say how satisfied somebody is: bright for the satisfied ones, first the brightest."""
    if question.measure != "csat" or len(question.codes) > _BEST:
        return {}
    good = [choice.key for choice in question.choices if choice.satisfied]
    rest = [choice.key for choice in question.choices if not choice.satisfied]
    found = {key: _BEST - min(place, 1) for place, key in enumerate(good)}
    return found | {key: max(2 - place, 1) if len(rest) <= 2 else max(3 - place, 1) for place, key in enumerate(rest)}


def _ends(said: Words, question: Question) -> tuple[str, str]:
    """The words at the ends of a scale: its own, else the usual ones of its measure."""
    if not question.scaled:
        return "", ""
    own = (said.text(question.low_label), said.text(question.high_label))
    if any(own) or question.type not in ("nps", "ces"):
        return own
    return said.say(f"surveys.ends.{question.type}_low"), said.say(f"surveys.ends.{question.type}_high")
