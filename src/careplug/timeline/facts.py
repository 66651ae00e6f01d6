"""Facts: what happened to a subject, never changed, in the order it was written.

Any entity may own a timeline. A fact's data is stored as canonical JSON text. Values that speak about
people are kept beside it, salted; the text holds only their keyed digest, so that erasing a person
leaves every chain valid.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from careplug._values import text_is_bad
from careplug.clock import to_text
from careplug.entity import EntitySpec, Words, column
from careplug.errors import Invalid
from careplug.refs import Ref, new_id

__all__ = ["ERASED", "SPECS", "Fact", "FactRow", "Personal", "canonical", "encode", "facts_of", "plain", "split"]

ERASED = "\u2588\u2588\u2588"
"""What a reader sees where a personal value was erased."""

_DIGEST_KEY = "#"


@attrs.frozen(kw_only=True)
class FactRow:
    """A fact as stored. ``data`` is canonical JSON text; ``hash`` seals it together with its predecessor."""

    id: str
    tenant: str = ""
    subject: str = column(length=60)
    subject_id: str = column(length=36)
    sequence: int
    at: datetime
    recorded_at: datetime
    actor: str = column(length=170)
    type: str = column(length=60)
    origin: str = column(length=20, default="live")
    data: str = column(long=True)
    hash_version: int = 1
    hash: str = column(length=64)


@attrs.frozen(kw_only=True)
class Personal:
    """The personal values of one fact (same id): data key → [salt in hex, value]. Erasing empties it.

    ``words`` says which of them are searched, and who may find by them: data key → access (``careplug.words.ACCESS``).
    """

    id: str
    tenant: str = ""
    subject: str = column(length=60)
    subject_id: str = column(length=36)
    sequence: int
    values: dict[str, Any] = attrs.field(metadata={"personal": True})
    words: dict[str, str] = attrs.field(factory=dict)


def _words(row: Personal) -> Words:
    """What is searched of a fact's personal values; a hit leads to the fact's subject."""
    texts = ((access, row.values[key][1]) for key, access in row.words.items() if key in row.values)
    return Words(row.subject, row.subject_id, tuple((access, text) for access, text in texts if isinstance(text, str)))


def _marked(row: dict[str, Any]) -> dict[str, Any]:
    """Words of a row from before there was a search. Nobody knows any more who was told them: the service side finds them."""
    values = json.loads(row["values"])
    folded = not {"subject", "contact_name", "measure", "result", "cause"}.isdisjoint(values)
    words = {} if folded else {key: "contact" if key == "phone" else "internal" for key in sorted(values)}
    return {**row, "words": encode(words)}


SPECS = (
    EntitySpec(name="fact", cls=FactRow, unique=(("subject", "subject_id", "sequence"),), indexes=(("type", "at"),)),
    EntitySpec(
        name="personal",
        cls=Personal,
        version=2,
        upcasters={1: _marked},
        indexes=(("subject", "subject_id", "sequence"),),
        search=("values",),
        leads=_words,
    ),
)


@attrs.frozen(kw_only=True)
class Fact:
    """A fact as read: its data with the personal values put back, or ``ERASED`` in their place."""

    subject: str
    subject_id: str
    sequence: int
    at: datetime
    recorded_at: datetime
    actor: str
    type: str
    origin: str = "live"
    data: Mapping[str, Any] = attrs.field(factory=dict)
    tenant: str = ""
    id: str = ""
    hash: str = ""


def canonical(value: object) -> str:
    """The one text of JSON data: UTF-8, sorted keys, no floats, Decimal and instants as text.

    ``Invalid`` (field = the dotted place) for a float, a type that has no canonical text, NUL or half a character.
    """
    return encode(plain(value))


def encode(value: object) -> str:
    """The canonical text of what is plain JSON data already."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Made once: ``json.dumps`` makes one for every text, a quarter of its time."""


def plain(value: object, place: str = "data") -> Any:
    """The value as JSON data: instants, spans, Decimals and Refs become text."""
    if isinstance(value, str):
        return _storable(value, place)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(part, f"{place}.{key}") for key, part in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        items = sorted(value) if isinstance(value, frozenset | set) else value
        return [plain(part, f"{place}[{n}]") for n, part in enumerate(items)]
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, Decimal | Ref):
        return _storable(str(value), place)
    raise Invalid("fact.data", field=place, value=type(value).__name__)


def _storable(text: str, place: str) -> str:
    """The text, unless no database could keep it: the hash must be of what is stored."""
    code = text_is_bad(text)
    if code:
        raise Invalid(code, field=f"{place}.{code.partition('.')[2]}")
    return text


def split(data: Mapping[str, Any], personal: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part plain data into what the chain holds and the personal values beside it.

    A personal value that is missing or empty stays as it is: there is nothing to hide.
    """
    open_part = dict(data)
    beside: dict[str, Any] = {}
    for key in personal:
        value = open_part.get(key)
        if value in (None, "", [], {}):
            continue
        salt = os.urandom(16)
        beside[key] = [salt.hex(), value]
        open_part[key] = {_DIGEST_KEY: digest(salt, value)}
    return open_part, beside


def digest(salt: bytes, value: object) -> str:
    """HMAC-SHA-256 of a personal value's canonical text under its salt, in hex."""
    return hmac.digest(salt, encode(value).encode(), "sha256").hex()


def is_digest(value: object) -> bool:
    """Whether a value of stored data stands for a personal value kept beside the fact."""
    return isinstance(value, dict) and set(value) == {_DIGEST_KEY}


def digest_of(value: Mapping[str, str]) -> str:
    """The keyed digest inside such a value."""
    return value[_DIGEST_KEY]


def read(row: FactRow, personal: Personal | None) -> Fact:
    """The fact of a stored row and the personal values beside it."""
    data = json.loads(row.data)
    beside = personal.values if personal is not None else {}
    for key, value in data.items():
        if is_digest(value):
            data[key] = beside[key][1] if key in beside else ERASED
    return Fact(
        subject=row.subject,
        subject_id=row.subject_id,
        sequence=row.sequence,
        at=row.at,
        recorded_at=row.recorded_at,
        actor=row.actor,
        type=row.type,
        origin=row.origin,
        data=data,
        tenant=row.tenant,
        id=row.id,
        hash=row.hash,
    )


def facts_of(rows: Sequence[FactRow], personals: Sequence[Personal]) -> list[Fact]:
    """Stored rows and personal values joined, in the rows' order."""
    beside = {item.id: item for item in personals}
    return [read(row, beside.get(row.id)) for row in rows]


def make_row(fact: Fact, data_text: str, seal: str) -> FactRow:
    """The stored row of a fact whose data was split and sealed."""
    return FactRow(
        id=fact.id or new_id(),
        tenant=fact.tenant,
        subject=fact.subject,
        subject_id=fact.subject_id,
        sequence=fact.sequence,
        at=fact.at,
        recorded_at=fact.recorded_at,
        actor=fact.actor,
        type=fact.type,
        origin=fact.origin,
        data=data_text,
        hash=seal,
    )
