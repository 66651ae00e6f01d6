"""Searching in memory: the words of every row are read anew, which is slow and right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from careplug.searching import Entry
from careplug.words import Asked, Group

__all__ = ["found"]


def found(entries: Iterable[Entry], asked: Asked) -> Iterator[tuple[Entry, bool]]:
    """The entries that are asked for, what came last first, before them those by the words that come first (True)."""
    ordered = sorted(entries, key=lambda entry: entry.source_id, reverse=True)
    read = [(entry, frozenset(entry.words.split())) for entry in ordered]
    if asked.head:
        yield from ((entry, True) for entry, tokens in read if _holds(tokens, asked.head))
    yield from ((entry, False) for entry, tokens in read if _holds(tokens, asked.groups))


def _holds(tokens: frozenset[str], groups: Iterable[Group]) -> bool:
    """Whether one token of every group is there."""
    return all(_one(tokens, group) for group in groups)


def _one(tokens: frozenset[str], group: Group) -> bool:
    if group.prefix:
        return any(token.startswith(group.tokens) for token in tokens)
    return not tokens.isdisjoint(group.tokens)
