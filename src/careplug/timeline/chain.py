"""The hash chain of one subject: each fact seals its predecessor. Pure.

A chain alone finds facts that were edited, deleted from the middle, swapped or duplicated. A cut tail
whose subject row was cut with it, a removed subject and a chain computed anew look whole: only a
checkpoint, signed with a key the database does not hold, shows them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

import attrs

from careplug.clock import to_text
from careplug.timeline.facts import FactRow, Personal, canonical, digest, digest_of, is_digest

__all__ = ["HASH_VERSION", "START", "Damage", "Head", "check", "check_head", "seal", "sign"]

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
    head, cut, removed, rewritten, orphan, signature.
    """

    code: str
    subject: str
    subject_id: str
    sequence: int = 0
    detail: str = ""


def seal(previous: str, row: FactRow) -> str:
    """The hash of a fact: over its predecessor's hash, every stored column and the stored text itself."""
    head = json.dumps(
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
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(f"{head}\n{row.data}".encode()).hexdigest()


def check(rows: Sequence[FactRow], personals: Sequence[Personal]) -> list[Damage]:
    """What is wrong inside one subject's chain; ``rows`` in order of sequence."""
    beside = {item.id: item for item in personals}
    found: list[Damage] = []
    previous, expected = START, 1
    for row in rows:
        where = (row.subject, row.subject_id, row.sequence)
        if row.sequence != expected:
            found.append(Damage("missing" if row.sequence > expected else "duplicated", *where, f"≠ {expected}"))
        if not hmac.compare_digest(seal(previous, row), row.hash):
            found.append(Damage("edited", *where))
        found.extend(Damage("personal", *where, key) for key in _false_values(row, beside.get(row.id)))
        previous, expected = row.hash, row.sequence + 1
    return found


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


def sign(key: bytes, heads: Mapping[str, object]) -> str:
    """The signature of a checkpoint's content under the host's key (HMAC-SHA-256, hex)."""
    return hmac.new(key, canonical(heads).encode(), hashlib.sha256).hexdigest()


def _false_values(row: FactRow, personal: Personal | None) -> list[str]:
    if personal is None:
        return []
    data = json.loads(row.data)
    wrong = []
    for key, (salt, value) in personal.values.items():
        held = data.get(key)
        if not is_digest(held) or digest_of(held) != digest(bytes.fromhex(salt), value):
            wrong.append(key)
    return wrong
