"""Marks in texts: where the words stand that were asked for, by the reading that finds them (``careplug.words``)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

import attrs

from careplug._letters import ACCENTS, JOINT, PLAIN, RUN, WORD, is_number, normal
from careplug.words import Query, Term

__all__ = ["Marker", "Part"]

Spans: TypeAlias = list[tuple[int, int]]

_EASY = re.compile(r"[\x00-\x7f\u4e00-\u9fff\u3001\u3002“”（）！，；？]*")
"""Text whose letters all stand for themselves but for upper case: what becomes another sign joins no words."""


@attrs.frozen
class Part:
    """A piece of a text, and whether it is a word that was asked for."""

    text: str
    hit: bool = False


class Marker:
    """Marks the words of a query in texts."""

    def __init__(self, query: Query) -> None:
        self._finders = [_finder(piece) for piece in query.pieces]

    def highlight(self, text: str) -> tuple[Part, ...]:
        """The text in pieces, the words that were asked for marked; nothing of it is left out or changed."""
        spans = self._spans(text)
        return tuple(_parts(text, spans, 0, len(text))) if spans else (Part(text),)

    def excerpt(self, text: str, *, length: int = 120) -> tuple[Part, ...]:
        """What stands around the first word that was asked for, at most about ``length`` characters, marked.

        Empty where none of them is in the text.
        """
        spans = self._spans(text)
        if not spans:
            return ()
        start = max(0, spans[0][0] - length // 4)
        end = min(len(text), max(start + length, spans[0][1]))
        before, behind = [Part("…")] * (start > 0), [Part("…")] * (end < len(text))
        return (*before, *_parts(text, spans, start, end), *behind)

    def _spans(self, text: str) -> Spans:
        """Where the words stand in the text as it was written, in order, those that touch joined."""
        if not text:
            return []
        folded, places = _folded(text)
        found = [span for find in self._finders for span in find(folded)]
        if not found:
            return found
        if places is not None:
            found = [(places[start][0], places[end - 1][1]) for start, end in found]
        joined: Spans = []
        for start, end in sorted(found):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined


def _parts(text: str, spans: Spans, start: int, end: int) -> Iterator[Part]:
    """The pieces of a text between two places."""
    done = start
    for first, last in spans:
        if first >= end:
            break
        if first > done:
            yield Part(text[done:first])
        yield Part(text[first : min(last, end)], hit=True)
        done = min(last, end)
    if done < end:
        yield Part(text[done:end])


# -- a text as it is compared --


def _folded(text: str) -> tuple[str, Sequence[tuple[int, int]] | None]:
    """The text as it is compared, and for each of its characters where the letter stands that it came from.

    None where each stands in its own place: letters that nothing joins become one character or more, never fewer.
    """
    if _EASY.fullmatch(text):
        return text.lower(), None
    if not ACCENTS.search(text):
        folded = normal(text)
        if len(folded) == len(text):
            return folded, None
    letters: list[str] = []
    places: Spans = []
    for start, end in _letters(text):
        part = _letter_of(text[start:end])
        letters.append(part)
        places.extend([(start, end)] * len(part))
    return "".join(letters), places


def _letters(text: str) -> Iterator[tuple[int, int]]:
    """Where each letter stands, with the accents that follow it."""
    if not ACCENTS.search(text):
        yield from pairwise(range(len(text) + 1))
        return
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not ACCENTS.match(text, end):
            yield start, end
            start = end


@functools.lru_cache(maxsize=1 << 16)
def _letter_of(text: str) -> str:
    return normal(text)


# -- where a piece of a query stands in it --


def _finder(piece: Term) -> Callable[[str], Spans]:
    """What finds a piece: of a run that stands nowhere whole, where its pairs do."""
    word = piece.word
    if re.match(WORD, word):
        return functools.partial(_standing, piece, word[0] if _is_long(word) else JOINT.split(word)[0])
    pairs = {word[at : at + 2] for at in range(len(word) - 1)} if len(word) > 2 else ()
    return functools.partial(_run, word, tuple(pairs))


def _run(word: str, pairs: Sequence[str], folded: str) -> Spans:
    if word in folded:
        return list(_places(word, folded, len(word)))
    return [span for pair in pairs if pair in folded for span in _places(pair, folded, 1)]


def _places(word: str, folded: str, step: int) -> Iterator[tuple[int, int]]:
    at = folded.find(word)
    while at >= 0:
        yield at, at + len(word)
        at = folded.find(word, at + step)


def _is_long(word: str) -> bool:
    """Whether it is a number that is found however it is parted."""
    return is_number(word) or PLAIN.fullmatch(word) is not None


def _standing(piece: Term, start: str, folded: str) -> Spans:
    if start not in folded:
        return []
    return [match.span() for match in _pattern(piece).finditer(folded)]


@functools.lru_cache(maxsize=256)
def _pattern(piece: Term) -> re.Pattern[str]:
    """What finds a word or a compound between others."""
    word = piece.word
    wanted = JOINT.pattern.join(map(re.escape, JOINT.split(word)))
    if _is_long(word):
        wanted = f"{JOINT.pattern}?".join(word.replace("-", ""))
    end = "" if piece.prefix else rf"(?![^\W_{RUN}])"
    return re.compile(rf"(?<![^\W_{RUN}]){wanted}{end}")
