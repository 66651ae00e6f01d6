"""Words of texts, the same for every storage: how they are read, searched, encoded for an index, and marked.

Chinese and other writing without blanks is read as overlapping pairs of characters, so that a word is found wherever it
stands and no dictionary decides. Everything else is read as words, numbers and compounds (``CP-2026-000123``, ``3.2.1``,
an address), whole and in parts. Each word becomes one token of lower-case ASCII letters, digits and ``_``, at least five
characters, so that no database's own idea of a word matters. ``docs/explanation/search.md`` has the reasons.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import attrs

from careplug.errors import Invalid

__all__ = [
    "ACCESS",
    "LONGEST",
    "PUBLIC",
    "VERSION",
    "Asked",
    "Group",
    "Part",
    "Query",
    "Term",
    "coded",
    "excerpt",
    "highlight",
    "normal",
    "read_query",
    "tokens",
    "words",
]

VERSION = 1
"""Of this reading of texts: another one means that indexes are built anew (``db upgrade`` sees to it)."""

LONGEST = 100
"""Characters a query may have."""

ACCESS = ("head", "public", "internal", "contact")
"""Who may find by a word: by ``head`` (found first) and ``public`` everybody who may see the row, by ``internal`` the service
side, by ``contact`` whoever may find people by their names and numbers.
"""

PUBLIC = ACCESS[:2]
"""What everybody may find by who may see the row."""

_INDEXED = 500_000
"""Characters of tokens one row may have in an index: PostgreSQL keeps a megabyte a row."""
_PARTS = 6
"""Parts of a compound that are joined: a case number has three, an address four."""
_PHONE = 7
"""Digits of a number written with dashes that is one number: 138-0013-8000."""
_LONG = 48

# Thai, Lao, Burmese, Khmer; radicals, kana, bopomofo, Han with its extensions, Hangul
_RUN = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = rf"[^\W_{_RUN}]+"
_PIECE = re.compile(
    rf"(?P<run>[{_RUN}]+)|(?P<word>{_WORD}(?:[-._/@+:'’&]{_WORD})*)|(?P<sign>[\u2190-\u2bff\U0001f000-\U0001faff])"
)
_JOINT = re.compile(r"[-._/@+:'’&]")
_DASHES = re.compile(r"[0-9]+(?:-[0-9]+)+")
_PLAIN = re.compile(rf"[0-9]{{{_PHONE},}}")
_ASCII = re.compile(r"[a-z0-9]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST, _LAST = "\u3400", "\ud7a3"
"""Han and Hangul, which three digits tell apart."""
_ACCENTS = re.compile(
    "[\u0300-\u036f\u1160-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f]"
)
"""What joins the letter before it when a text is normalised."""


@attrs.frozen
class Term:
    """One word that is asked for; with ``prefix`` any word that begins so."""

    word: str
    prefix: bool = False


@attrs.frozen
class Query:
    """What is asked for: every term must be there. ``pieces`` are what a reader would mark."""

    text: str
    terms: tuple[Term, ...]
    pieces: tuple[Term, ...]


@attrs.frozen
class Group:
    """Tokens of an index of which one must be there; with ``prefix`` one that begins so."""

    tokens: tuple[str, ...]
    prefix: bool = False


@attrs.frozen
class Asked:
    """A query as an index is asked: one of every group must be there. ``head`` the same in the words that come first,
    empty where these are not asked for.
    """

    groups: tuple[Group, ...]
    head: tuple[Group, ...]


@attrs.frozen
class Part:
    """A piece of a text, and whether it is a word that was asked for."""

    text: str
    hit: bool = False


def normal(text: str) -> str:
    """The text as words are compared: full-width and half-width, upper and lower case are one (NFKC, case folded)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def words(text: str) -> Iterator[str]:
    """Every word a text is found by, in the order of the text; some more than once."""
    for found in _PIECE.finditer(normal(text)):
        yield from _of_piece(found)


def _of_piece(found: re.Match[str]) -> Iterator[str]:
    piece = found[0]
    if found.lastgroup == "run":
        yield from (piece[at : at + 2] for at in range(len(piece)))
        return
    yield from _joined(piece)
    if _is_number(piece):
        yield piece.replace("-", "")


def _joined(piece: str) -> Iterator[str]:
    """The parts of a compound and what stands side by side in it, whatever joins them there."""
    parts = _JOINT.split(piece)
    for start in range(len(parts)):
        for end in range(start + 1, min(start + _PARTS, len(parts)) + 1):
            yield "-".join(parts[start:end])


def _is_number(piece: str) -> bool:
    """Whether it is one long number written with dashes."""
    return _DASHES.fullmatch(piece) is not None and len(piece) - piece.count("-") >= _PHONE


def read_query(text: object) -> Query:
    """What a text asks for; ``word*`` asks for words that begin so.

    ``Invalid`` for one without a word, one longer than ``LONGEST`` characters, and for what is no text.
    """
    if not isinstance(text, str):
        raise Invalid("search.type", field="search.type", value=type(text).__name__)
    if len(text) > LONGEST:
        raise Invalid("search.long", field="search.length", value=len(text), longest=LONGEST)
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("search.text", field="search.characters")
    folded = normal(text)
    terms: dict[Term, None] = {}
    pieces: dict[Term, None] = {}
    for found in _PIECE.finditer(folded):
        starred = found.lastgroup == "word" and folded[found.end() : found.end() + 1] == "*"
        terms.update(dict.fromkeys(_wanted(found, starred=starred)))
        pieces[Term(found[0], starred)] = None
    if not terms:
        raise Invalid("search.empty", field="search.text", value=text)
    return Query(text, tuple(terms), tuple(pieces))


def _wanted(found: re.Match[str], *, starred: bool) -> Iterator[Term]:
    piece = found[0]
    if found.lastgroup == "run":
        # a character alone begins a pair, or ends its run
        pairs = [piece[at : at + 2] for at in range(len(piece) - 1)]
        yield from (Term(pair) for pair in pairs)
        if not pairs:
            yield Term(piece, prefix=True)
        return
    if _is_number(piece) and not starred:
        yield Term(piece.replace("-", ""))
        return
    parts = _JOINT.split(piece)
    for start in range(0, len(parts), _PARTS):
        some = parts[start : start + _PARTS]
        yield Term("-".join(some), prefix=starred and start + _PARTS >= len(parts))


# -- tokens of an index --


def tokens(entity: str, tenant: str, texts: Iterable[tuple[str, str]]) -> str:
    """The tokens of a row's texts, each once, between blanks; ``texts`` are pairs of access and text.

    Words beyond half a megabyte of tokens are left out.
    """
    place = _place(entity, tenant)
    found: dict[str, None] = {}
    for access, text in texts:
        start = _letter(access) + place
        found.update(dict.fromkeys([start + _encoded(word) for word in words(text)]))
    joined = " ".join(found)
    if len(joined) <= _INDEXED:
        return joined
    return joined[:_INDEXED].rpartition(" ")[0]


def coded(query: Query, entity: str, tenant: str, access: Sequence[str]) -> Asked:
    """The query as an index is asked by somebody who may find by words of these kinds of ``access``."""
    place = _place(entity, tenant)

    def groups(kinds: Sequence[str]) -> tuple[Group, ...]:
        """A group for each term."""
        starts = [_letter(each) + place for each in kinds]
        codes = [(_encoded(term.word), term.prefix) for term in query.terms]
        return tuple(Group(tuple(start + code for start in starts), prefix) for code, prefix in codes)

    return Asked(groups(access), groups(["head"]) if "head" in access else ())


def _letter(access: str) -> str:
    if access not in ACCESS:
        raise Invalid("search.access", field="search.access", value=access, known=", ".join(ACCESS))
    return access[0]


@functools.lru_cache(maxsize=4096)
def _place(entity: str, tenant: str) -> str:
    """Three characters of entity and tenant: who asks for the words of one does not wade through those of others."""
    found = hashlib.blake2s(f"{entity}\n{tenant}".encode(), digest_size=8).digest()
    return _number(int.from_bytes(found) % 36**3, 3)


def _encoded(word: str) -> str:
    """A word as ASCII: what begins alike stays alike, different words stay different, long ones by a digest."""
    if _ASCII.fullmatch(word):
        code = word
    elif _FIRST <= word[0] <= _LAST:
        code = _run_encoded(word)
    else:
        code = "".join(letter if _ASCII.match(letter) else f"_{_escaped(letter)}" for letter in word)
    if len(code) <= _LONG:
        return code
    # the longest that MariaDB keeps is 84
    return code[:_LONG] + hashlib.blake2s(word.encode(), digest_size=8).hexdigest()


@functools.lru_cache(maxsize=1 << 14)
def _run_encoded(run: str) -> str:
    """Kept, because pairs of characters come back; numbers and names of files do not."""
    return "_" + "".join(
        _number(ord(letter) - 0x3400, 3) if _FIRST <= letter <= _LAST else _escaped(letter) for letter in run
    )


def _escaped(letter: str) -> str:
    return f"_{_number(ord(letter), 4)}"


def _number(value: int, digits: int) -> str:
    made = ""
    for _ in range(digits):
        value, rest = divmod(value, 36)
        made = _DIGITS[rest] + made
    return made


# -- marks in a text --


def highlight(text: str, query: Query) -> tuple[Part, ...]:
    """The text in pieces, the words that were asked for marked; nothing of it is left out or changed."""
    return tuple(_parts(text, _spans(text, query), 0, len(text))) or (Part(text),)


def excerpt(text: str, query: Query, *, length: int = 120) -> tuple[Part, ...]:
    """What stands around the first word that was asked for, at most about ``length`` characters, marked.

    Empty where none of them is in the text.
    """
    spans = _spans(text, query)
    if not spans:
        return ()
    start = max(0, spans[0][0] - length // 4)
    end = min(len(text), max(start + length, spans[0][1]))
    before, behind = [Part("…")] * (start > 0), [Part("…")] * (end < len(text))
    return (*before, *_parts(text, spans, start, end), *behind)


def _parts(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[Part]:
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


def _spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Where the words stand in the text as it was written, in order, those that touch joined."""
    if not text:
        return []
    folded, places = _folded(text)
    found = [span for piece in query.pieces for span in _of_piece_in(folded, piece)]
    if places is not None:
        found = [(places[start][0], places[end - 1][1]) for start, end in found]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _folded(text: str) -> tuple[str, Sequence[tuple[int, int]] | None]:
    """The text as it is compared, and for each of its characters where the letter stands that it came from.

    None where each stands in its own place: letters that nothing joins become one character or more, never fewer.
    """
    if not _ACCENTS.search(text):
        folded = normal(text)
        if len(folded) == len(text):
            return folded, None
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in _letters(text):
        part = _letter_of(text[start:end])
        letters.append(part)
        places.extend([(start, end)] * len(part))
    return "".join(letters), places


def _letters(text: str) -> Iterator[tuple[int, int]]:
    """Where each letter stands, with the accents that follow it."""
    if not _ACCENTS.search(text):
        yield from pairwise(range(len(text) + 1))
        return
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not _ACCENTS.match(text, end):
            yield start, end
            start = end


@functools.lru_cache(maxsize=1 << 16)
def _letter_of(text: str) -> str:
    return normal(text)


def _of_piece_in(folded: str, piece: Term) -> list[tuple[int, int]]:
    """Where a piece stands; of a run that stands nowhere whole, where its pairs do."""
    whole, pairs = _patterns(piece)
    found = [match.span() for match in whole.finditer(folded)]
    if not found and pairs is not None:
        found = [match.span(1) for match in pairs.finditer(folded)]
    return found


@functools.lru_cache(maxsize=256)
def _patterns(piece: Term) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """What finds a piece in a text, and what finds its pairs where it has several."""
    word = piece.word
    if re.match(rf"[{_RUN}]", word):
        several = "|".join(re.escape(word[at : at + 2]) for at in range(len(word) - 1)) if len(word) > 2 else ""
        return re.compile(re.escape(word)), re.compile(f"(?=({several}))") if several else None
    if not re.match(_WORD, word):
        return re.compile(re.escape(word)), None
    wanted = _JOINT.pattern.join(map(re.escape, _JOINT.split(word)))
    if _is_number(word) or _PLAIN.fullmatch(word):
        wanted = "-?".join(word.replace("-", ""))
    end = "" if piece.prefix else rf"(?![^\W_{_RUN}])"
    return re.compile(rf"(?<![^\W_{_RUN}]){wanted}{end}"), None
