"""Words of texts, the same for every storage: how they are read, asked for, and encoded for an index.

Chinese and other writing without blanks is read as overlapping pairs of characters, so that a word is found wherever it
stands and no dictionary decides. Everything else is read as words, numbers and compounds (``CP-2026-000123``, ``3.2.1``,
an address), whole and in parts. Each word becomes one token of lower-case ASCII letters, digits and ``_``, at least five
characters, so that no database's own idea of a word matters. ``docs/explanation/search.md`` has the reasons.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

import attrs

from careplug._letters import JOINT, PIECE, digits_of, is_number, normal
from careplug.errors import Invalid

__all__ = [
    "ACCESS",
    "LONGEST",
    "PUBLIC",
    "VERSION",
    "Asked",
    "Group",
    "Query",
    "Term",
    "coded",
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
_LONG = 48

_ASCII = re.compile(r"[a-z0-9]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST, _LAST = "\u3400", "\ud7a3"
"""Han and Hangul, which three digits tell apart."""


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


def words(text: str) -> Iterator[str]:
    """Every word a text is found by, in the order of the text; some more than once."""
    for found in PIECE.finditer(normal(text)):
        yield from _of_piece(found)


def _of_piece(found: re.Match[str]) -> Iterator[str]:
    piece = found[0]
    if found.lastgroup == "run":
        yield from (piece[at : at + 2] for at in range(len(piece)))
        return
    joined = list(_joined(piece))
    yield from joined
    if len(joined) > 1:
        yield from filter(None, map(digits_of, (*joined, piece)))


def _joined(piece: str) -> Iterator[str]:
    """The parts of a compound and what stands side by side in it, whatever joins them there."""
    parts = JOINT.split(piece)
    for start in range(len(parts)):
        for end in range(start + 1, min(start + _PARTS, len(parts)) + 1):
            yield "-".join(parts[start:end])


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
    for found in PIECE.finditer(folded):
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
    if is_number(piece) and not starred:
        yield Term(piece.replace("-", ""))
        return
    parts = JOINT.split(piece)
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
