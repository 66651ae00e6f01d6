"""What of an entity is searched: the words of each row, for the index of any storage."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any, Generic, TypeVar

import attrs

from careplug.entity import EntitySpec, Searched, Words
from careplug.errors import Invalid
from careplug.rows import Codec
from careplug.words import ACCESS, VERSION, Asked, coded, read_query, tokens

__all__ = ["Entry", "Hit", "Index", "asked_of", "indexes"]

T = TypeVar("T")


@attrs.frozen
class Hit(Generic[T]):
    """A row that was found: ``head`` says that all words stand in what is found first.

    ``source`` and ``source_id`` name the row the words stand in: the entity itself, or one that says something about it.
    """

    entity: T
    head: bool
    source: str
    source_id: str


@attrs.frozen
class Entry:
    """A row of the index: the row that the words are of, where a hit leads, and the tokens."""

    source: str
    source_id: str
    tenant: str
    entity: str
    id: str
    words: str


class Index:
    """Makes the entries of one entity's rows.

    ``sealed`` columns are encrypted: their words would stand in the index for everybody to read, so they are not there.
    ``signature`` changes with whatever changes the entries.
    """

    def __init__(self, codec: Codec) -> None:
        spec = codec.spec
        self.name = spec.name
        self._leads = spec.leads
        wanted = [Searched(each) if isinstance(each, str) else each for each in spec.search]
        columns = {column.name: column for column in codec.columns}
        for each in wanted:
            column = columns.get(each.field)
            if column is None or column.kind not in ("text", "long", "json"):
                raise Invalid("entity.search", field=f"{spec.name}.search.{each.field}", value=each.field)
            if each.access not in ACCESS:
                field = f"{spec.name}.search.{each.field}.access"
                raise Invalid("search.access", field=field, value=each.access, known=", ".join(ACCESS))
        self.fields = tuple(each for each in wanted if each.field not in codec.sealed)
        told = ";".join(f"{each.field}:{each.access}" for each in self.fields)
        self.signature = f"{VERSION}:{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def entry(self, entity: Any, tenant: str) -> Entry:
        """The entry of a row; without words where it has none."""
        found = self._words(entity)
        words = tokens(found.entity, tenant, found.texts)
        return Entry(self.name, entity.id, tenant, found.entity, found.id, words)

    def texts(self, entity: Any, access: Collection[str]) -> list[tuple[str, str]]:
        """The searched fields of a row that somebody with this access may find by, with their texts."""
        return [(each.field, getattr(entity, each.field) or "") for each in self.fields if each.access in access]

    def changed(self, entity: Any, was: Any) -> bool:
        """Whether a row's entry differs from that of what it was (None: nobody knows)."""
        return was is None or self._words(was) != self._words(entity)

    def _words(self, entity: Any) -> Words:
        if self._leads is None:
            texts = tuple((each.access, getattr(entity, each.field) or "") for each in self.fields)
            return Words(self.name, entity.id, texts)
        found = self._leads(entity)
        return found if self.fields else Words(found.entity, found.id)


def asked_of(spec: EntitySpec, text: object, tenant: str | None, access: Collection[str]) -> Asked:
    """A text as the index of an entity is asked; ``Invalid`` for an entity without words, or for all tenants at once."""
    if not spec.search:
        raise Invalid("search.entity", field=f"search.{spec.name}", value=spec.name)
    if tenant is None:
        raise Invalid("search.tenant", field=f"search.{spec.name}.tenant", value=spec.name)
    return coded(read_query(text), spec.name, tenant, tuple(access))


def indexes(known: Collection[Codec]) -> dict[str, Index]:
    """The index of each entity that has words to search, by name."""
    return {codec.name: Index(codec) for codec in known if codec.spec.search}
