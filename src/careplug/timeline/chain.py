"""The hash chain of one subject: each fact seals its predecessor. Pure.

A chain alone finds facts that were edited, deleted from the middle, swapped or duplicated. A cut tail
whose subject row was cut with it, a removed subject and a chain computed anew look whole: only a
checkpoint, signed with a key the database does not hold, shows them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

import attrs

from careplug.clock import to_text
from careplug.timeline.facts import FactRow, Personal, digest, digest_of, encode, is_digest

__all__ = ["HASH_VERSION", "START", "Damage", "Head", "check", "check_head", "seal"]

HASH_VERSION = 1
START = "0" * 64
"""The predecessor of the first fact."""


@attrs.frozen
class Head:
    """The end of a chain: how many facts, and the last one's hash."""

    subject: str
    subject_id: str
    sequence: int
    hash: str
    tenant: str = ""


@attrs.frozen
class Damage:
    """One thing wrong with a chain. ``code``: edited, missing, duplicated, disordered, personal,
    head, cut, removed, rewritten, orphan, signature. ``detail``: the sequences that are missing, the place a
    disordered fact comes from, the key of a personal value, what is an orphan.
    """

    code: str
    subject: str
    subject_id: str
    sequence: int = 0
    detail: str = ""


def seal(previous: str, row: FactRow) -> str:
    """The hash of a fact: over its predecessor's hash, every stored column and the stored text itself."""
    head = encode(
        [
            row.hash_version,
            previous,
            row.tenant,
            row.subject,
            row.subject_id,
            row.sequence,
            to_text(row.at),
            to_text(row.recorded_at),
            row.actor,
            row.type,
            row.origin,
        ]
    )
    return hashlib.sha256(f"{head}\n{row.data}".encode()).hexdigest()


def check(rows: Sequence[FactRow], personals: Sequence[Personal]) -> list[Damage]:
    """What is wrong inside one subject's chain; ``rows`` in order of sequence.

    What follows a gap cannot be checked against its predecessor; a copy of a fact is named and left out.
    """
    beside = {item.id: item for item in personals}
    erased = max((row.sequence for row in rows if row.type == "erased"), default=0)
    found: list[Damage] = []
    seen: set[str] = set()
    broken: list[tuple[str, FactRow]] = []
    previous, expected = START, 1
    for row in rows:
        if row.hash in seen or row.sequence < expected:
            found.append(_damage("duplicated", row))
            continue
        if row.sequence > expected:
            gap = str(expected) if row.sequence == expected + 1 else f"{expected}–{row.sequence - 1}"
            found.append(_damage("missing", row, gap))
        elif not hmac.compare_digest(seal(previous, row), row.hash):
            broken.append((previous, row))
        found.extend(_damage("personal", row, key) for key in _false_values(row, beside.get(row.id), erased))
        seen.add(row.hash)
        previous, expected = row.hash, row.sequence + 1
    return sorted(found + _judged(broken), key=lambda damage: damage.sequence)


def check_head(rows: Sequence[FactRow], head: Head, *, code: str = "head") -> list[Damage]:
    """What is wrong where the chain should end or should have passed (a checkpoint's head)."""
    at = next((row for row in rows if row.sequence == head.sequence), None)
    if head.sequence == 0:
        return []
    if at is None:
        cut = code if code == "head" else ("cut" if rows else "removed")
        return [Damage(cut, head.subject, head.subject_id, head.sequence)]
    if at.hash != head.hash:
        changed = code if code == "head" else "rewritten"
        return [Damage(changed, head.subject, head.subject_id, head.sequence)]
    return []


def _damage(code: str, row: FactRow, detail: str = "") -> Damage:
    return Damage(code, row.subject, row.subject_id, row.sequence, detail)


_MANY = 20


def _judged(broken: Sequence[tuple[str, FactRow]]) -> list[Damage]:
    """Facts whose seal does not fit where they stand: moved ones fit elsewhere, intact ones behind another fact.

    Of many broken ones (a chain damaged all over) each is simply called edited.
    """
    if len(broken) > _MANY:
        return [_damage("edited", row) for _, row in broken]
    places = {row.sequence for _, row in broken}
    before = {START, *(previous for previous, _ in broken), *(row.hash for _, row in broken)}
    found = []
    for _, row in broken:
        fits = {
            place
            for place in places
            for previous in before
            if hmac.compare_digest(seal(previous, attrs.evolve(row, sequence=place)), row.hash)
        }
        if not fits:
            found.append(_damage("edited", row))
        elif row.sequence not in fits:
            found.append(_damage("disordered", row, f"{min(fits)}"))
    return found or [_damage("edited", row) for _, row in broken]


def _false_values(row: FactRow, personal: Personal | None, erased: int) -> list[str]:
    """The personal values that are not those the chain sealed, or went without an erasure."""
    if personal is None and (row.sequence < erased or _MARK not in row.data):
        return []
    data = json.loads(row.data)
    values = personal.values if personal is not None else {}
    wrong = [key for key, pair in values.items() if not _fits(data.get(key), pair)]
    gone = [key for key, value in data.items() if is_digest(value) and key not in values]
    return wrong + (gone if row.sequence > erased else [])


_MARK = '{"#":'


def _fits(held: object, pair: object) -> bool:
    if not (isinstance(held, dict) and is_digest(held) and isinstance(pair, list) and len(pair) == 2):
        return False
    try:
        return hmac.compare_digest(str(digest_of(held)), digest(bytes.fromhex(str(pair[0])), pair[1]))
    except ValueError:
        return False
