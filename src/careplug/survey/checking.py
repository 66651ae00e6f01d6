"""Answers checked against the form they answer, and read from the fields of a web page. Pure.

A checked answer is plain JSON data, by the question's type:

* yes_no, single: the key of what was ticked, or ``{"other": WORDS}``; multiple: a list of these, in the form's order;
* scale, nps, csat, ces: a whole number; date: ``"YYYY-MM-DD"``; short, text: the words;
* signature: ``{"name": WORDS, "path": STROKES}`` or one of them; strokes are SVG path data in a box 1000 × 400.

A question that was left out has no key. Nothing is made up, and nothing that somebody answered is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from careplug import criteria
from careplug._values import text_is_bad
from careplug.errors import Invalid
from careplug.survey import conditions
from careplug.survey._reading import shown
from careplug.survey.forms import Form
from careplug.survey.questions import OTHER, Question

__all__ = ["LENGTHS", "SIGNATURE_BOX", "check", "from_form_fields", "problems", "visible"]

LENGTHS: Mapping[str, int] = {"short": 200, "text": 4000, "other": 200, "name": 100, "path": 8000}
"""How many characters an answer of a type, the words of an ``other``, a signature's name and its strokes may have."""

SIGNATURE_BOX = (1000, 400)
"""Width and height of the box that a drawn signature's coordinates are in."""

_POINT = r"\d{1,4} \d{1,4}"
_PATH = re.compile(rf"(?:M{_POINT}(?:L{_POINT})+)+", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)


def visible(form: Form, answers: Mapping[str, object], *, anonymous: bool = False) -> tuple[Question, ...]:
    """The questions that are asked, given these answers; what was answered wrongly meets no condition.

    To who stays ``anonymous`` personal questions are not asked; a form that is always so need not be told.
    """
    return tuple(question for question, _, _ in _walk(form, answers, anonymous=anonymous))


def problems(form: Form, answers: Mapping[str, object], *, anonymous: bool = False) -> list[Invalid]:
    """Everything that is wrong with a response, in the form's order, so that a page can say each at its field.

    Fields are ``answers.KEY``, or below it what is wrong (``answers.KEY.range``).
    """
    return _examine(form, answers, anonymous=anonymous)[1]


def check(form: Form, answers: Mapping[str, object], *, anonymous: bool = False) -> dict[str, Any]:
    """The answers as they are stored; ``Invalid`` is the first of the ``problems``."""
    checked, wrong = _examine(form, answers, anonymous=anonymous)
    if wrong:
        raise wrong[0]
    return checked


def from_form_fields(form: Form, get_all: Callable[[str], list[str]], *, anonymous: bool = False) -> dict[str, object]:
    """The answers in the fields of a web page, for ``check``; ``get_all`` gives the values of a field by its name.

    Fields are called as the question; the words of an ``other`` are in ``KEY.other``, a signature in ``KEY.name`` and
    ``KEY.path``. Words on the line of an unticked ``other`` tick it where nothing else is ticked, as on paper. Who asks to
    stay ``anonymous`` takes back what the page was filled in with: personal questions are not read.
    """
    asked = [question for question in form.questions if not (anonymous and question.personal)]
    found = {question.key: _field(question, get_all) for question in asked}
    return {key: value for key, value in found.items() if not _blank(value)}


def _examine(form: Form, answers: Mapping[str, object], *, anonymous: bool) -> tuple[dict[str, Any], list[Invalid]]:
    given: object = answers
    if not isinstance(given, Mapping):
        return {}, [Invalid("survey.answers", field="answers.table", value=shown(answers))]
    checked: dict[str, Any] = {}
    wrong: list[Invalid] = []
    if anonymous and form.anonymous == "no":
        wrong.append(Invalid("survey.named", field="anonymous"))
    asked = set()
    for question, answer, problem in _walk(form, answers, anonymous=anonymous):
        asked.add(question.key)
        if problem is not None:
            wrong.append(problem)
        elif answer is not None:
            checked[question.key] = answer
        elif question.required:
            wrong.append(Invalid("survey.missing", field=f"answers.{question.key}"))
    known = {question.key for question in form.questions}
    listed = ", ".join(sorted(known))
    for key, answer in answers.items():
        if key not in known:
            place = f"answers.{str(key)[:40]}.unknown"
            wrong.append(Invalid("survey.unknown", field=place, known=listed))
        elif key not in asked and not _blank(answer):
            wrong.append(Invalid("survey.not_asked", field=f"answers.{key}.not_asked"))
    if not checked and not wrong:
        wrong.append(Invalid("survey.empty", field="answers"))
    return checked, wrong


def _walk(
    form: Form, answers: Mapping[str, object], *, anonymous: bool
) -> Iterable[tuple[Question, Any, Invalid | None]]:
    """Each question that is asked, its checked answer (None: left out), or what is wrong with it."""
    anonymous = anonymous or form.anonymous == "always"
    fields: dict[str, Any] = {}
    for question in form.questions:
        if (anonymous and question.personal) or not criteria.matches(question.when, fields.get):
            continue
        raw = answers.get(question.key)
        answer, problem = None, None
        if not _blank(raw):
            try:
                answer = _READERS[question.type](question, raw, f"answers.{question.key}")
            except Invalid as error:
                problem = error
        if answer is not None:
            fields |= conditions.lookup((question,), {question.key: answer})
        yield question, answer, problem


def _blank(value: object) -> bool:
    """Whether a question was left out: nothing, no words, nothing ticked."""
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, list) and not value)


# -- one reader a type: the answer as it is stored --


def _words(value: object, place: str, most: int, *, line: bool) -> str:
    if not isinstance(value, str):
        raise Invalid("survey.type_words", field=f"{place}.type", value=shown(value))
    text = " ".join(value.split()) if line else value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if text_is_bad(text):
        raise Invalid("survey.characters", field=f"{place}.characters")
    if len(text) > most:
        raise Invalid("survey.length", field=f"{place}.length", length=len(text), most=most)
    return text


def _short(question: Question, value: object, place: str) -> str:
    return _words(value, place, LENGTHS["short"], line=True)


def _text(question: Question, value: object, place: str) -> str:
    return _words(value, place, LENGTHS["text"], line=False)


def _number(question: Question, value: object, place: str) -> int:
    if type(value) is not int:
        raise Invalid("survey.type_number", field=f"{place}.type", value=shown(value))
    if not question.low <= value <= question.high:
        raise Invalid("survey.range", field=f"{place}.range", value=value, low=question.low, high=question.high)
    return value


def _date(question: Question, value: object, place: str) -> str:
    if not isinstance(value, str) or not conditions.day(value):
        raise Invalid("survey.date", field=f"{place}.date", value=shown(value))
    return value


def _single(question: Question, value: object, place: str) -> str | dict[str, str]:
    """A ticked key, or the words beside ``other``; a key and words together contradict each other."""
    if isinstance(value, Mapping):
        if question.other and set(value) == {OTHER}:
            said = "" if value[OTHER] is None else _words(value[OTHER], f"{place}.other", LENGTHS["other"], line=True)
            if not said:
                raise Invalid("survey.other_missing", field=f"{place}.other")
            return {OTHER: said}
        if question.other and set(value) == {"choice", OTHER}:
            raise Invalid("survey.other_unticked", field=f"{place}.other.unticked", value=shown(value["choice"]))
    elif not isinstance(value, str):
        raise Invalid("survey.type_choice", field=f"{place}.type", value=shown(value))
    elif value == OTHER and question.other:
        raise Invalid("survey.other_missing", field=f"{place}.other")
    elif value in question.codes:
        return value
    raise Invalid("survey.choice", field=f"{place}.choice", value=shown(value), known=", ".join(question.codes))


def _multiple(question: Question, value: object, place: str) -> list[str | dict[str, str]]:
    if not isinstance(value, list | tuple):
        raise Invalid("survey.type_choices", field=f"{place}.type", value=shown(value))
    if len(value) > len(question.codes):
        raise Invalid("survey.too_many", field=f"{place}.number", number=len(value), most=len(question.codes))
    ticked = {}
    for number, item in enumerate(value):
        answer = _single(question, item, f"{place}.{number}")
        code = str(conditions.code(answer))
        if code in ticked:
            raise Invalid("survey.ticked_twice", field=f"{place}.twice", value=code)
        ticked[code] = answer
    return [ticked[code] for code in question.codes if code in ticked]


def _signature(question: Question, value: object, place: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value or not set(value) <= set(_SIGNED):
        raise Invalid("survey.signature", field=f"{place}.signature", value=shown(value))
    return {part: _SIGNED[part](value[part], f"{place}.{part}") for part in _SIGNED if part in value}


def _signed_name(value: object, place: str) -> str:
    name = _words(value, place, LENGTHS["name"], line=True)
    if not name:
        raise Invalid("survey.signature_name", field=place)
    return name


def _strokes(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Invalid("survey.type_words", field=f"{place}.type", value=shown(value))
    if len(value) > LENGTHS["path"]:
        raise Invalid("survey.length", field=f"{place}.length", length=len(value), most=LENGTHS["path"])
    if not _PATH.fullmatch(value) or not _inside(value):
        width, height = SIGNATURE_BOX
        raise Invalid("survey.signature_path", field=place, value=shown(value), width=width, height=height)
    return value


def _inside(path: str) -> bool:
    numbers = [int(each) for each in re.findall(r"\d+", path)]
    return max(numbers[::2]) <= SIGNATURE_BOX[0] and max(numbers[1::2]) <= SIGNATURE_BOX[1]


_SIGNED: Mapping[str, Callable[[object, str], str]] = {"name": _signed_name, "path": _strokes}

_READERS: Mapping[str, Callable[[Question, object, str], Any]] = {
    "yes_no": _single,
    "single": _single,
    "multiple": _multiple,
    "scale": _number,
    "nps": _number,
    "csat": _number,
    "ces": _number,
    "short": _short,
    "text": _text,
    "date": _date,
    "signature": _signature,
}


# -- the fields of a page --


def _field(question: Question, get_all: Callable[[str], list[str]]) -> object:
    """The raw answer in the fields of one question; two values where one belongs stay two, to be refused."""
    key = question.key
    if question.type == "signature":
        parts = {part: _one(get_all(f"{key}.{part}")) for part in _SIGNED}
        return {part: value for part, value in parts.items() if not _blank(value)} or None
    values = [value for value in get_all(key) if value.strip()]
    words = next((said for said in get_all(f"{key}.{OTHER}") if said.strip()), "") if question.other else ""
    if question.type == "multiple":
        ticked: list[object] = [{OTHER: words} if value == OTHER and question.other else value for value in values]
        return [*ticked, {OTHER: words}] if words and OTHER not in values else ticked
    value = _one(values)
    if question.other and value in (None, OTHER):
        return {OTHER: words} if words or value else None
    if words:
        return {"choice": value, OTHER: words}
    return int(value) if question.scaled and isinstance(value, str) and _WHOLE.fullmatch(value.strip()) else value


def _one(values: list[str]) -> object:
    return values if len(values) > 1 else next(iter(values), None)
