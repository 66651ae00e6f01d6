"""Finding cases by words: what was reported and done, what was said about it, and where the words stand."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence

import attrs

from careplug.criteria import All, Criteria, Is, page_size
from careplug.entity import Searched
from careplug.errors import Refused
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback
from careplug.feedback.reading import Reading
from careplug.marks import Marker, Part
from careplug.timeline.facts import FactRow, Personal
from careplug.words import PUBLIC, read_query

__all__ = ["Excerpt", "Found", "Searching"]

_SHOWN = 3
"""Excerpts of one case."""


@attrs.frozen
class Excerpt:
    """Where words stand: ``field`` of the case, or the type of the fact in which they were said and its ``sequence``."""

    field: str
    parts: tuple[Part, ...]
    sequence: int = 0


@attrs.frozen
class Found:
    """A case that was found: its number and subject with the words marked, and excerpts of where else they stand.

    What is not read is not marked.
    """

    case: Feedback
    _marker: Marker = attrs.field(repr=False, eq=False)
    _fields: Sequence[str] = attrs.field(repr=False)
    _said: Excerpt | None = attrs.field(default=None, repr=False)

    @functools.cached_property
    def number(self) -> tuple[Part, ...]:
        """The number, marked."""
        return self._marker.highlight(self.case.number)

    @functools.cached_property
    def subject(self) -> tuple[Part, ...]:
        """The subject, marked."""
        return self._marker.highlight(self.case.subject)

    @functools.cached_property
    def excerpts(self) -> tuple[Excerpt, ...]:
        """Up to three places where the words stand: in what was said, in fields that are not shown whole."""
        found = [] if self._said is None else [self._said]
        for field in self._fields:
            parts = self._marker.excerpt(getattr(self.case, field))
            if parts:
                found.append(Excerpt(field, parts))
        return tuple(found[:_SHOWN])


class Searching(Reading):
    """Searching."""

    def search(self, text: str, criteria: Criteria | None = None, *, limit: int = 25) -> list[Found]:
        """Cases in which every word of the text stands, in what was reported and done or in one thing that was said.

        What stands in number or subject comes first, then what was written last. Customers find their own cases, by what
        they may read; internal words and people's names and numbers need ``feedback.search.internal`` and
        ``feedback.search.contact``. ``criteria`` as for ``find``. What this unit wrote may not be found yet. ``Invalid``
        for a text without a word or of more than 100 characters.
        """
        self.unit.flush()
        self.unit.allow("feedback.search")
        marker, access = Marker(read_query(text)), self._access()
        wanted = [part for part in (self._scope(), criteria) if part is not None]
        size = page_size(limit, "search")
        hits = self.unit.store.search(Feedback, text, All(*wanted), access=access, limit=size)
        said = self._said([hit.source_id for hit in hits if hit.source != FEEDBACK], marker, access)
        fields = self._fields(access)
        return [Found(hit.entity, marker, fields, said.get(hit.source_id)) for hit in hits]

    def _access(self) -> tuple[str, ...]:
        """By which words the actor may find."""
        if self.unit.actor.side == "customer":
            return PUBLIC
        return (*PUBLIC, *(kind for kind in ("internal", "contact") if self._may(f"feedback.search.{kind}")))

    def _may(self, action: str) -> bool:
        try:
            self.unit.allow(action)
        except Refused:
            return False
        return True

    def _fields(self, access: Collection[str]) -> list[str]:
        """The searched fields that are not shown whole."""
        wanted = [
            Searched(each) if isinstance(each, str) else each for each in self.unit.setup.entities[FEEDBACK].search
        ]
        return [each.field for each in wanted if each.access in access and each.access != "head"]

    def _said(self, idents: Sequence[str], marker: Marker, access: Collection[str]) -> dict[str, Excerpt]:
        """By the fact's id, where the words stand in what was said."""
        if not idents:
            return {}
        store, these = self.unit.store, Is("id", "in", tuple(idents))
        facts = {ident: (kind, at) for ident, kind, at in store.pick(FactRow, ("id", "type", "sequence"), these)}
        found: dict[str, Excerpt] = {}
        for row in store.find(Personal, these):
            texts = [row.values[key][1] for key, kind in row.words.items() if kind in access and key in row.values]
            parts = next((parts for text in texts if (parts := marker.excerpt(text))), ())
            if parts:
                kind, sequence = facts[row.id]
                found[row.id] = Excerpt(kind, parts, sequence)
        return found
