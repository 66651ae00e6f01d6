"""What is found by words."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from careplug_flask.rest.wire.base import Limit, Wire
from careplug_flask.rest.wire.cases import Case, CaseFilter

__all__ = ["Excerpt", "Hit", "Hits", "Piece", "SearchQuery"]


class SearchQuery(CaseFilter, kw_only=True):
    """What is searched for, and among which cases."""

    q: Annotated[str, Meta(min_length=1, max_length=100, description="api.value.words", examples=["printer"])]
    limit: Limit = 25


class Piece(Wire):
    """A piece of a text, and whether it is a word that was searched for."""

    text: str
    hit: bool


class Excerpt(Wire):
    """Where words stand: a field of the case, or the type of the fact in which they were said, and its `sequence`."""

    field: str
    sequence: int | None
    pieces: list[Piece]


class Hit(Wire):
    """A case that was found, its subject with the words marked, and where else they stand."""

    case: Case
    subject: list[Piece]
    excerpts: list[Excerpt]


class Hits(Wire):
    """The cases that were found: those with all words in number or subject first, then what was written last."""

    items: list[Hit]
