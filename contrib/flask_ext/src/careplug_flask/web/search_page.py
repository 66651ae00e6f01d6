"""Searching cases by words: the service side all of them, a customer the own ones. Hits are marked where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from careplug.errors import Invalid
from careplug.feedback.base import FEEDBACK
from careplug.words import LONGEST
from careplug_flask import work
from careplug_flask.errors import status_of
from careplug_flask.identity import visitor
from careplug_flask.state import state
from careplug_flask.web.case import tone_of
from careplug_flask.web.context import Words, words
from careplug_flask.web.views import show

if TYPE_CHECKING:
    from careplug.unit import CareUnit
    from careplug_flask.state import State

__all__ = ["mount"]

SIZE = 25


def mount(pages: Blueprint, found: State) -> None:
    """Put the page on its path."""
    pages.add_url_rule("/search", "search", _search)


def _search() -> Response:
    """The page: the field, and below it what was found."""
    visitor().must()
    text, problem = request.args.get("q", ""), None
    with work.reading() as unit:
        unit.allow("feedback.search")
        found, said = [], words(state(), unit)
        if text.strip():
            try:
                found = unit.feedback.search(text, limit=SIZE)
            except Invalid as wrong:
                problem = wrong
        return show(
            "search.html",
            unit,
            status=status_of(problem) if problem is not None else 200,
            q=text,
            asked=bool(text.strip()) and problem is None,
            problem=problem,
            rows=[(each, tone_of(each.case)) for each in found],
            label=lambda field: _label(unit, said, field),
            full=len(found) == SIZE,
            longest=LONGEST,
        )


def _label(unit: CareUnit, said: Words, field: str) -> str:
    """What a field, or a fact in which something was said, is called."""
    kind = unit.setup.fact_types.get((FEEDBACK, field))
    return said.text(kind.label) if kind is not None else said.say(f"field.{field}")
