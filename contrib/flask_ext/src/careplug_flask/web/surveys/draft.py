"""A form while it is edited: what stands in the fields of the editor, as nested texts; stored data made of it and back. Pure.

Fields are called by their place: ``title.zh``, ``questions.0.choices.1.key``, ``questions.2.when.rows.0.field``. Whatever was
typed stays, also where the type that was chosen has no use for it; ``data_of`` leaves it out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = [
    "ACTIONS",
    "Draft",
    "blank_question",
    "data_of",
    "draft_of",
    "field_of",
    "idle",
    "nested",
    "rework",
    "ticked",
    "useful",
]

Draft = dict[str, Any]
"""Texts by name, in dicts and lists."""

ACTIONS = ("question", "remove", "up", "down", "choice", "unchoice", "type")
"""What the buttons inside the form do: add and move questions and choices, show the fields of another type."""

_SCALED = ("scale", "nps", "csat", "ces")
_USEFUL: Mapping[str, tuple[str, ...]] = {
    "choices": ("single", "multiple"),
    "other": ("yes_no", "single", "multiple"),
    "bounds": ("scale",),
    "labels": _SCALED,
    "measure": ("scale", "single"),
    "block": _SCALED,
    "prefill": ("short", "text", "date"),
}
_NUMBER = re.compile(r"-?\d{1,4}", re.ASCII)
_MOST_PARTS, _MOST_INDEX = 8, 200


def useful(kind: str) -> frozenset[str]:
    """The groups of fields that a type of question has."""
    return frozenset(group for group, kinds in _USEFUL.items() if kind in kinds)


# -- fields and nesting --


def nested(fields: Iterable[tuple[str, str]]) -> Draft:
    """The fields of a page as nested texts; parts that are numbers make lists, in their order."""
    root: dict[str, Any] = {}
    for name, value in fields:
        parts = name.split(".")
        if len(parts) > _MOST_PARTS or any(part.isdecimal() and int(part) > _MOST_INDEX for part in parts):
            continue
        here = root
        for part in parts[:-1]:
            step = here.setdefault(part, {})
            here = step if isinstance(step, dict) else {}
        here[parts[-1]] = value
    found: Draft = _listed(root)
    return found


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(part) for key, part in value.items()}


def _text(draft: Any, *path: str) -> str:
    here = draft
    for part in path:
        here = here.get(part) if isinstance(here, dict) else None
    return here.strip() if isinstance(here, str) else ""


def _items(draft: Any, name: str) -> list[Any]:
    found = draft.get(name) if isinstance(draft, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


# -- what the buttons do --


def blank_question(questions: list[Any]) -> Draft:
    """A new question with a key of its own."""
    taken = {_text(each, "key") for each in questions}
    key = next(name for number in range(1, len(taken) + 2) if (name := f"q{number}") not in taken)
    return {"key": key, "type": "csat", "text": {}}


def rework(draft: Draft, action: str, at: tuple[int, ...]) -> Draft:
    """The draft after one button; a place that is not there changes nothing."""
    questions = _items(draft, "questions")
    draft = {**draft, "questions": questions}
    first = at[0] if at else -1
    if action == "question":
        questions.append(blank_question(questions))
    if not 0 <= first < len(questions):
        return draft
    if action == "remove":
        del questions[first]
    elif action in ("up", "down"):
        other = first + (1 if action == "down" else -1)
        if 0 <= other < len(questions):
            questions[first], questions[other] = questions[other], questions[first]
    elif action in ("choice", "unchoice"):
        _rework_choices(questions[first], action, at[1] if len(at) > 1 else -1)
    return draft


def _rework_choices(question: Draft, action: str, at: int) -> None:
    choices = _items(question, "choices")
    if action == "choice":
        taken = {_text(each, "key") for each in choices}
        choices.append({"key": next(name for n in range(1, len(taken) + 2) if (name := f"c{n}") not in taken)})
    elif 0 <= at < len(choices):
        del choices[at]
    question["choices"] = choices


# -- stored data of it --


def data_of(draft: Draft) -> dict[str, Any]:
    """What ``Form.parse`` reads; what is wrong in it is parse's to say."""
    data: dict[str, Any] = {name: words for name in ("title", "intro", "thanks") if (words := _words(draft, name))}
    data.setdefault("title", {})
    if _text(draft, "anonymous") not in ("", "no"):
        data["anonymous"] = _text(draft, "anonymous")
    data["questions"] = [_question(each) for each in _items(draft, "questions")]
    low = _condition(draft.get("low"))
    return data if low is None else {**data, "low": low}


def _words(draft: Any, name: str) -> dict[str, str]:
    return {language: words for language in ("en", "zh") if (words := _text(draft, name, language))}


def _question(draft: Draft) -> dict[str, Any]:
    kind = _text(draft, "type")
    groups = useful(kind)
    data: dict[str, Any] = {"key": _text(draft, "key"), "type": kind, "text": _words(draft, "text")}
    data |= {name: words for name in ("help", "section") if (words := _words(draft, name))}
    data |= {name: True for name in ("required", "personal") if _text(draft, name)}
    if "choices" in groups:
        data["choices"] = [_choice(each) for each in _items(draft, "choices")]
    if "other" in groups and _text(draft, "other"):
        data["other"] = True
    if "bounds" in groups:
        data |= {name: _whole(_text(draft, name)) for name in ("low", "high")}
    if "labels" in groups:
        data |= {name: words for name in ("low_label", "high_label") if (words := _words(draft, name))}
    data |= {
        name: value for name in ("measure", "block", "prefill") if name in groups and (value := _text(draft, name))
    }
    when = _condition(draft.get("when"))
    return data if when is None else {**data, "when": when}


def _choice(draft: Draft) -> dict[str, Any]:
    data: dict[str, Any] = {"key": _text(draft, "key"), "text": _words(draft, "text")}
    return {**data, "satisfied": True} if _text(draft, "satisfied") else data


def _whole(text: str) -> Any:
    return int(text) if _NUMBER.fullmatch(text) else text


def _condition(draft: Any) -> Any:
    """A condition of its rows, or of the text it is written as where rows cannot say it; None for none."""
    written = _text(draft, "json")
    if written:
        try:
            return json.loads(written)
        except ValueError:
            return written
    parts = [_row(each) for each in _items(draft, "rows") if _text(each, "field")]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {_text(draft, "join") or "all": parts}


def _row(draft: Draft) -> dict[str, Any]:
    field, op, text = _text(draft, "field"), _text(draft, "op"), _text(draft, "value")
    if op in ("answered", "unanswered"):
        return {"field": field, "op": "is_null", "value": op == "unanswered"}
    value: Any = True if "." in field else _whole(text)
    found = {"field": field, "op": "eq" if op in ("is", "not") else op, "value": value}
    return {"not": found} if op == "not" else found


# -- and back --


def draft_of(data: Mapping[str, Any]) -> Draft:
    """What stands in the fields for stored data."""
    draft: Draft = {name: dict(data.get(name, {})) for name in ("title", "intro", "thanks")}
    draft["anonymous"] = data.get("anonymous", "no")
    draft["questions"] = [_question_draft(each) for each in data.get("questions", ())]
    draft["low"] = _condition_draft(data.get("low"))
    return draft


def _question_draft(data: Mapping[str, Any]) -> Draft:
    draft = {name: _typed(value) for name, value in data.items() if name not in ("choices", "when")}
    draft["choices"] = [{name: _typed(value) for name, value in each.items()} for each in data.get("choices", ())]
    draft["when"] = _condition_draft(data.get("when"))
    return draft


def _typed(value: Any) -> Any:
    if isinstance(value, bool):
        return "1" if value else ""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _condition_draft(data: Any) -> Draft:
    if data is None:
        return {"join": "all", "rows": [], "json": ""}
    join = next((name for name in ("all", "any") if name in data), "all")
    rows = [_row_draft(part) for part in data.get(join, [data])]
    if all(row is not None for row in rows):
        return {"join": join, "rows": rows, "json": ""}
    return {"join": "all", "rows": [], "json": json.dumps(data, ensure_ascii=False, indent=2)}


def _row_draft(data: Mapping[str, Any]) -> Draft | None:
    """A comparison as a row; None for what rows cannot say."""
    inner = data.get("not", data)
    if not isinstance(inner, Mapping) or set(inner) != {"field", "op", "value"}:
        return None
    field, op, value = inner["field"], inner["op"], inner["value"]
    if op == "is_null":
        return None if "not" in data else {"field": field, "op": "unanswered" if value else "answered", "value": ""}
    if op == "eq" and value is not False:
        return {"field": field, "op": "not" if "not" in data else "is", "value": "" if value is True else str(value)}
    if op in ("le", "ge", "lt", "gt") and "not" not in data:
        return {"field": field, "op": op, "value": str(value)}
    return None


# -- where an error belongs --

_GROUPS = re.compile(
    r"(?:title|intro|thanks)(?:\.(?:en|zh))?|anonymous|low|questions"
    r"|questions\.\d+\.(?:(?:text|help|section|low_label|high_label)(?:\.(?:en|zh))?|key|type|required|personal|other|low|high"
    r"|measure|block|prefill|when|choices)|questions\.\d+\.choices\.\d+\.(?:key|text(?:\.(?:en|zh))?|satisfied)"
)


def field_of(place: str, name: str) -> str:
    """The field of the editor that a place in stored data is, such as ``survey.NAME.questions[3].choices[1].key``."""
    path = re.sub(r"\[(\d+)\]", r".\1", place.removeprefix(f"survey.{name}").lstrip("."))
    while path and not _GROUPS.fullmatch(path):
        path = path.rpartition(".")[0]
    return path


# -- what a type has no use for, kept all the same --

_KEPT: Mapping[str, str] = {
    "low": "bounds",
    "high": "bounds",
    "low_label": "labels",
    "high_label": "labels",
    **{name: name for name in ("other", "measure", "block", "prefill", "choices")},
}


def idle(question: Draft) -> list[tuple[str, str]]:
    """What was typed and the chosen type does not show, by the names of its fields: it comes back with the type."""
    groups = useful(_text(question, "type"))
    found: list[tuple[str, str]] = []
    for name, group in _KEPT.items():
        if group not in groups:
            found += _flat(name, question.get(name))
    return found


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _flat(f"{name}.{key}", part)]
    if isinstance(value, list):
        return [pair for place, part in enumerate(value) for pair in _flat(f"{name}.{place}", part)]
    return [(name, value)] if isinstance(value, str) and value else []


def ticked(draft: Draft) -> list[tuple[str, str, list[str]]]:
    """Each question as conditions may name it: key, type, the keys that can be ticked."""
    found = []
    for question in _items(draft, "questions"):
        kind = _text(question, "type")
        own = ["yes", "no"] if kind == "yes_no" else [_text(each, "key") for each in _items(question, "choices")]
        if kind not in ("yes_no", "single", "multiple"):
            own = []
        found.append((_text(question, "key"), kind, [*own, "other"] if own and _text(question, "other") else own))
    return found
