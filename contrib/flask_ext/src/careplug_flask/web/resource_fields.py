"""The fields of a resource as a page has them: inputs, what they begin with, values as people read them, errors by label."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from careplug.errors import CareError
from careplug.resources import FieldInfo, plain_value, value_at
from careplug.text import fill
from careplug_flask.web.forms import Form
from careplug_flask.web.values import NOTHING, number, numeric, shown
from careplug_flask.words import own

if TYPE_CHECKING:
    from careplug_flask.web.context import Words

__all__ = ["Input", "begin", "cell", "changed", "inputs", "teller", "typed_values"]

_EXAMPLES = {
    "money": "12.50 CNY",
    "ref": "person:li",
    "text2": "Meter|万用表",
    "json": '["a", "b"]',
    "duration": "1h30m",
}
_KINDS = {"date": "date", "time": "datetime-local"}


@attrs.frozen(kw_only=True)
class Input:
    """A field of a form: ``choices`` of a select with their words, ``rows`` of a text area, ``blank`` for no choice."""

    name: str
    label: str
    type: str = "text"
    required: bool = False
    choices: tuple[tuple[str, str], ...] | None = None
    blank: str = ""
    rows: int = 0
    hint: str = ""
    example: str = ""


def inputs(
    words: Words, group: str, infos: Sequence[FieldInfo], *, new: bool = False, asked: bool = False
) -> list[Input]:
    """The inputs of some fields. ``new`` forms may leave a choice to the default, ``asked`` ones narrow a list."""
    return [_input(words, group, info, new=new, asked=asked) for info in infos]


def _input(words: Words, group: str, info: FieldInfo, *, new: bool, asked: bool) -> Input:
    choices, blank = None, ""
    if info.type in ("bool", "choice"):
        codes = ("true", "false") if info.type == "bool" else info.choices
        choices = tuple((code, _word(words, group, info, code)) for code in codes)
        if asked or new or info.nullable:
            blank = words.say("resource.any" if asked else "resource.default" if not info.nullable else "form.choose")
    hint = words.say(f"resource.hint.{info.type}") if info.type in _EXAMPLES else ""
    if info.type == "time":
        hint = words.say("resource.time_hint", zone=words.zone.key)
    return Input(
        name=info.name,
        label=words.text(info.label) or info.name,
        type=_KINDS.get(info.type, "text"),
        required=info.required and not asked,
        choices=choices,
        blank=blank,
        rows=4 if info.type in ("long", "json") and not asked else 0,
        hint="" if asked else hint,
        example="" if asked else _EXAMPLES.get(info.type, ""),
    )


def _word(words: Words, group: str, info: FieldInfo, code: str) -> str:
    if info.type == "bool":
        return words.say("value.yes" if code == "true" else "value.no")
    return words.word(f"{group}.{info.name}", code)


def cell(words: Words, group: str, info: FieldInfo, entity: object) -> tuple[str, bool]:
    """A value as the list and the page show it, and whether it stands at the right."""
    value = value_at(entity, info.name)
    if info.type == "choice" and value is not None:
        code = str(value.value) if isinstance(value, enum.Enum) else str(value)
        return words.word(f"{group}.{info.name}", code), False
    text = shown(words, value)
    return text, numeric(value) and text != NOTHING


def begin(words: Words, infos: Sequence[FieldInfo], entity: object) -> Form:
    """What a form begins with: the values as people type them."""
    return Form({info.name: _typed(words, value_at(entity, info.name), info) for info in infos})


def _typed(words: Words, value: Any, info: FieldInfo) -> str:
    if value is None:
        return ""
    if info.type == "bool":
        return "true" if value else "false"
    if info.type == "time":
        return f"{value.astimezone(words.zone):%Y-%m-%dT%H:%M}"
    if info.type in ("money", "decimal"):
        return number(value)
    plain = plain_value(value)
    if info.type == "text2":
        return "|".join((plain["en"], plain["zh"])) if plain["zh"] else plain["en"]
    return json.dumps(plain, ensure_ascii=False) if info.type == "json" else str(plain)


def typed_values(infos: Sequence[FieldInfo], form: Form) -> dict[str, Any]:
    """What was typed, for the service to read; instants are on the reader's clock."""
    return {
        info.name: form.moment(info.name) if info.type == "time" else form.text(info.name)
        for info in infos
        if info.name in form.values
    }


def changed(words: Words, infos: Sequence[FieldInfo], form: Form, entity: object) -> dict[str, Any]:
    """Those of the typed values that differ from what the form began with: what it shows shortened stays whole."""
    was = begin(words, infos, entity)
    return typed_values([info for info in infos if form.text(info.name) != was.text(info.name)], form)


def teller(
    words: Words, place: str, infos: Sequence[FieldInfo]
) -> tuple[Callable[[CareError], str], Callable[[CareError, str], bool]]:
    """How a page says an error, with the label of its field; and whether an error is about a field."""
    labels = {info.name: words.text(info.label) or info.name for info in infos}

    def concerns(problem: CareError, name: str) -> bool:
        """Whether the error names this field, or a part of it; a form that could not be read names it alone."""
        return f"{problem.field}.".startswith((f"{place}.{name}.", f"{name}."))

    def tell(problem: CareError) -> str:
        """The sentence."""
        label = next((label for name, label in labels.items() if concerns(problem, name)), "")
        sentence = own().get(f"problem.{problem.code}")
        if sentence is not None:
            return fill(sentence.get(words.language), {**problem.params, "field": label or problem.field})
        said = words.error(problem)
        return said.replace(problem.field, label, 1) if label else said

    return tell, concerns
