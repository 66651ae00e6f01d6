"""Verifying: every chain against itself, its subject, its personal values, and against a checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from careplug.audit import _stream
from careplug.audit._stream import Story
from careplug.audit.checkpoint import Progress, Seen, heads_of, read
from careplug.clock import to_text
from careplug.text import say
from careplug.timeline import chain
from careplug.timeline.chain import Damage, Head

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["KEPT", "VerifyReport", "verify"]

KEPT = 1_000
"""How many damages a report names; all are counted."""

Key = tuple[str, str, str]


@attrs.frozen(kw_only=True)
class VerifyReport:
    """What a verification found. ``counts`` are of all damages by code, ``damages`` the first thousand.

    ``checkpoint`` is the one that was compared with, None without: then ``unseen`` names what nobody can see.
    """

    subjects: int
    facts: int
    personals: int
    damages: tuple[Damage, ...]
    counts: Mapping[str, int]
    checkpoint: Seen | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.counts

    @property
    def unseen(self) -> tuple[str, ...]:
        """What could not be seen: cut, removed, rewritten without a checkpoint; nothing with one."""
        return () if self.checkpoint is not None and self.checkpoint.whole else ("cut", "removed", "rewritten")

    def text(self, language: str = "en") -> str:
        """The report in words: what was read, what is damaged, and what could not be seen."""
        lines = [say("audit.verify.read", language, subjects=self.subjects, facts=self.facts, personals=self.personals)]
        lines += [damage_text(damage, language) for damage in self.damages]
        more = sum(self.counts.values()) - len(self.damages)
        lines += [say("audit.verify.more", language, count=more)] if more > 0 else []
        seen = self.checkpoint
        if seen is not None:
            code = "audit.verify.compared" if seen.whole else "audit.verify.refused"
            lines.append(say(code, language, path=seen.path, heads=seen.heads, made_at=to_text(seen.made_at)))
        lines += [say("audit.verify.unseen", language)] if self.unseen else []
        verdict = "audit.verify.whole" if self.whole else "audit.verify.damaged"
        lines.append(say(verdict, language, count=sum(self.counts.values())))
        return "\n".join(lines)


def damage_text(damage: Damage, language: str = "en") -> str:
    """One damage in words."""
    values = {"subject": damage.subject, "id": damage.subject_id, "sequence": damage.sequence, "detail": damage.detail}
    return say(f"audit.damage.{damage.code}", language, **values)


def verify(
    care: Care,
    *,
    tenant: str | None = None,
    checkpoint: str | Path | None = None,
    key: bytes = b"",
    progress: Progress | None = None,
) -> VerifyReport:
    """Check every timeline of a tenant (None: of all), in bounded memory, reading only.

    With a ``checkpoint`` file and the ``key`` it was signed with, also what a chain cannot show by itself: a cut tail,
    a removed subject, a chain computed anew. ``Invalid`` and ``NotFound`` for a key or file that cannot be used; a
    wrong signature is a damage (``signature``), and nothing in that file is believed.
    """
    seen = read(checkpoint, key) if checkpoint is not None else None
    signed = heads_of(seen.path) if seen is not None and seen.whole else iter(())
    run = _Run(_Heads(signed, tenant))
    if seen is not None and not seen.whole:
        run.note([Damage("signature", "checkpoint", seen.path)])
    whole = _stream.total(care, tenant) if progress is not None else 0
    for place, subject in _stream.places(care, tenant):
        for story in _stream.stories(care, place, subject):
            run.examine(story)
            if progress is not None and run.subjects % _stream.BATCH == 0:
                progress(run.subjects, max(run.subjects, whole))
    run.note(_removed(head) for head in run.heads.rest())
    if progress is not None:
        progress(run.subjects, max(run.subjects, whole))
    return run.report(seen)


class _Run:
    """What was found so far."""

    def __init__(self, heads: _Heads) -> None:
        self.heads = heads
        self.subjects = self.facts = self.personals = 0
        self.damages: list[Damage] = []
        self.counts: Counter[str] = Counter()

    def examine(self, story: Story) -> None:
        """Check one story against its own chain and the checkpoint; stories come in the order of their keys."""
        key = (story.tenant, story.subject, story.ident)
        self.note(_removed(head) for head in self.heads.before(key))
        self.note(_damages(story, self.heads.at(key)))
        self.subjects += 1
        self.facts += len(story.facts)
        self.personals += len(story.personals)

    def note(self, damages: Iterator[Damage] | list[Damage]) -> None:
        """Count damages; the first ``KEPT`` are kept in full."""
        for damage in damages:
            self.counts[damage.code] += 1
            if len(self.damages) < KEPT:
                self.damages.append(damage)

    def report(self, seen: Seen | None) -> VerifyReport:
        """What was found, with the checkpoint that was compared, if any."""
        return VerifyReport(
            subjects=self.subjects,
            facts=self.facts,
            personals=self.personals,
            damages=tuple(self.damages),
            counts=dict(sorted(self.counts.items())),
            checkpoint=seen,
        )


class _Heads:
    """The heads of a checkpoint beside the stories: both come in the order of (tenant, subject, id)."""

    def __init__(self, heads: Iterator[Head], tenant: str | None) -> None:
        self._heads = (head for head in heads if tenant is None or head.tenant == tenant)
        self._next = next(self._heads, None)

    def before(self, key: Key) -> Iterator[Head]:
        """The heads of subjects that should have come by now: they were removed."""
        while self._next is not None and _key(self._next) < key:
            yield self._next
            self._next = next(self._heads, None)

    def at(self, key: Key) -> Head | None:
        """The head of this subject; None where the checkpoint does not know it."""
        found = self._next
        if found is None or _key(found) != key:
            return None
        self._next = next(self._heads, None)
        return found

    def rest(self) -> Iterator[Head]:
        """The heads that no story came for."""
        while self._next is not None:
            yield self._next
            self._next = next(self._heads, None)


def _key(head: Head) -> Key:
    return head.tenant, head.subject, head.subject_id


def _removed(head: Head) -> Damage:
    return Damage("removed", head.subject, head.subject_id, head.sequence)


def _damages(story: Story, signed: Head | None) -> Iterator[Damage]:
    yield from chain.check(story.facts, story.personals)
    known = {row.id for row in story.facts}
    for item in story.personals:
        if item.id not in known:
            yield Damage("orphan", story.subject, story.ident, item.sequence, "personal")
    if story.row is not None:
        yield from _end(story)
    elif story.known and story.facts:
        yield Damage("orphan", story.subject, story.ident, story.facts[-1].sequence, "fact")
    if signed is not None:
        yield from chain.check_head(story.facts, signed, code="signed")


def _end(story: Story) -> Iterator[Damage]:
    """Whether the chain ends where the subject's row says. Facts of a subject nobody knows have no row to ask."""
    row, last = story.row, story.facts[-1].sequence if story.facts else 0
    if last > row.sequence or not last:
        yield Damage("head", story.subject, story.ident, last, f"{row.sequence}")
    else:
        yield from chain.check_head(story.facts, Head(story.subject, story.ident, row.sequence, row.head, story.tenant))
