"""What the values of a contributed object have to be, by field: values, not only types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import attrs

from careplug.contributions import (
    Action,
    EntitySpec,
    FieldSpec,
    Grant,
    Link,
    Panel,
    Resource,
    Seed,
    ServiceFactory,
)
from careplug.text import Text

__all__ = ["COMMON", "FIELD_TYPES", "RULES", "Rule"]

FIELD_TYPES = ("text", "long", "int", "bool", "time", "date", "decimal", "choice")
"""The types a custom field may have."""

# What a value has to be: the tail of the sentence's code, and the test.
Rule = tuple[str, Callable[[Any], bool]]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not any(letter.isspace() for letter in value)


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(part, str) for part in value)


def _is_sentences(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(code, str) and isinstance(words, Text) for code, words in value.items()
    )


def _is_upcasters(value: object) -> bool:
    return isinstance(value, Mapping) and all(type(key) is int and callable(step) for key, step in value.items())


def _is_labels(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(words, Text) for name, words in value.items()
    )


def _is_tuple_of(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, tuple) and all(isinstance(part, kind) for part in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_optional(value: object) -> bool:
    return value is None or callable(value)


_NAME: Rule = ("name", _is_name)
_CALLABLE: Rule = ("callable", callable)
_TEXTS: Rule = ("texts", _is_texts)
_WORDS: Rule = ("words", lambda value: isinstance(value, Text))
_FLAG: Rule = ("flag", lambda value: isinstance(value, bool))
_CLASS: Rule = ("class", lambda value: isinstance(value, type))
_GROUPS: Rule = ("groups", lambda value: isinstance(value, tuple) and all(_is_texts(part) for part in value))

COMMON: Mapping[str, Rule] = {
    "name": _NAME,
    "label": _WORDS,
    "help": _WORDS,
    "run": _CALLABLE,
    "load": _CALLABLE,
    "open": _CALLABLE,
    "accepts": _CALLABLE,
    "factory": _CALLABLE,
    "candidates": _CALLABLE,
    "facts": _TEXTS,
    "schemes": _TEXTS,
    "personal": _TEXTS,
    "about": _TEXTS,
    "columns": _TEXTS,
    "filters": _TEXTS,
    "choices": _TEXTS,
    "fields": _TEXTS,
    "sides": _TEXTS,
    "subject": _NAME,
    "durable": _FLAG,
    "final": _FLAG,
    "public": _FLAG,
    "edits": _FLAG,
    "claimable": _FLAG,
    "required": _FLAG,
    "indexed": _FLAG,
    "indexes": _GROUPS,
    "unique": _GROUPS,
    "rank": ("rank", lambda value: type(value) is int),
    "every": ("every", lambda value: isinstance(value, timedelta) and value > timedelta(0)),
    "version": ("version", lambda value: type(value) is int and value > 0),
    "length": ("length", lambda value: type(value) is int and value > 0),
    "fold": ("callable", _is_optional),
    "create": ("callable", _is_optional),
    "change": ("callable", _is_optional),
    "permission": ("text", _is_text),
    "order": ("text", _is_text),
    "template": ("text", _is_text),
    "labels": ("labels", _is_labels),
    "upcasters": ("upcasters", _is_upcasters),
    "sentences": ("sentences", _is_sentences),
    "module": ("specs", lambda value: value is not None),
}
"""Rules by field name, where the name means the same in every kind."""

RULES: Mapping[tuple[type, str], Rule] = {
    (EntitySpec, "cls"): ("attrs", lambda value: isinstance(value, type) and attrs.has(value)),
    (EntitySpec, "extra"): ("extra", _is_tuple_of(FieldSpec)),
    (FieldSpec, "entity"): _NAME,
    (FieldSpec, "type"): ("field_type", lambda value: value in FIELD_TYPES),
    (FieldSpec, "personal"): _FLAG,
    (Seed, "kind"): _NAME,
    (Seed, "data"): ("data", lambda value: isinstance(value, Mapping)),
    (Panel, "data"): _CALLABLE,
    (Resource, "entity"): _CLASS,
    (Resource, "actions"): ("actions", _is_tuple_of(Action)),
    (Action, "fields"): ("extra", _is_tuple_of(FieldSpec)),
    (Grant, "role"): _NAME,
    (Grant, "actions"): _TEXTS,
    (Link, "href"): ("href", lambda value: isinstance(value, str) and bool(value.strip())),
    (ServiceFactory, "type"): _CLASS,
    (ServiceFactory, "name"): ("name", lambda value: isinstance(value, str)),
}
"""Rules of one kind, before those by field name."""
