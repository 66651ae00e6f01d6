"""Errors beside the fields they are about, in the words that stand on the form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from careplug.errors import CareError
from careplug.text import fill
from careplug_flask.web.story import size_text
from careplug_flask.words import own

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["concerns", "place_of", "spoken"]

_CUSTOM = "custom."
_ABOUT = {"flask.large": "file", "flask.file": "file"}
"""Errors about the whole request that are about one field of a form."""


def concerns(problem: CareError, name: str) -> bool:
    """Whether an error is about the field of this name: ``step.reopen.reason`` is about ``reason``."""
    if problem.code in _ABOUT:
        return _ABOUT[problem.code] == name
    if problem.field.startswith(_CUSTOM) != name.startswith(_CUSTOM):
        return False
    return f".{name}." in f".{problem.field}."


def place_of(problem: CareError) -> str:
    """The name of the form field that an error is about, empty where it is about none that has words."""
    if problem.code in _ABOUT:
        return _ABOUT[problem.code]
    if problem.field.startswith(_CUSTOM):
        return ".".join(problem.field.split(".")[:2])
    return next((part for part in reversed(problem.field.split(".")) if f"field.{part}" in own()), "")


def spoken(here: State, problem: CareError, language: str) -> str:
    """An error's sentence with the field called as the form calls it."""
    place = place_of(problem)
    code = f"problem.{problem.code}"
    sentence = own().get(code)
    label = _label(here, place, language) or problem.field
    if sentence is not None:
        most = problem.params.get("most")
        size = {"size": size_text(most, language)} if isinstance(most, int) else {}
        return fill(sentence.get(language), {**problem.params, **size, "field": label})
    said = problem.text(language, here.care.catalogue)
    return said.replace(problem.field, label, 1) if problem.field else said


def _label(here: State, place: str, language: str) -> str:
    """The words for a field: a custom one's own, the form's."""
    if place.startswith(_CUSTOM):
        spec = here.care.setup.fields("feedback").get(place.removeprefix(_CUSTOM))
        return spec.label.get(language) if spec is not None else ""
    return own()[f"field.{place}"].get(language) if place else ""
