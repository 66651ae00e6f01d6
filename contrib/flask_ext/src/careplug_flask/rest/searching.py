"""Cases found by words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from careplug_flask.rest.cases import criteria_of
from careplug_flask.rest.common import shower
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.searching import Excerpt, Hit, Hits, Piece, SearchQuery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from careplug.marks import Part

__all__ = ["search_feedback"]


@operation("GET", "/search", tag="feedback", query=SearchQuery, answer=Hits)
def search_feedback(call: Call) -> Reply:
    """Cases in which all words of a text stand, with the words marked."""
    asked: SearchQuery = call.query
    show = shower(call.unit)
    items = [
        Hit(
            case=show(found.case),
            subject=_pieces(found.subject),
            excerpts=[
                Excerpt(field=each.field, sequence=each.sequence or None, pieces=_pieces(each.parts))
                for each in found.excerpts
            ],
        )
        for found in call.unit.feedback.search(asked.q, criteria_of(asked), limit=asked.limit)
    ]
    return Reply(value=Hits(items=items))


def _pieces(parts: Iterable[Part]) -> list[Piece]:
    return [Piece(text=part.text, hit=part.hit) for part in parts]
