"""What came of an export, a restore, a backup and a drill, in words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from careplug.audit.verify import VerifyReport
from careplug.text import say

__all__ = ["BackupReport", "DrillReport", "ExportReport", "RestoreReport", "since"]

NAMED = 20
"""How many missing files a report names; all are counted."""


@attrs.frozen(kw_only=True)
class ExportReport:
    """What an export holds. ``kept`` chunks an interrupted export had left and were right; ``missing`` names the first
    attachments whose file could not be had, ``files_missing`` counts them all.
    """

    path: str
    digest: str
    made_at: datetime
    rows: int
    entities: Mapping[str, int]
    chunks: int
    kept: int
    files: int
    files_missing: int
    missing: tuple[str, ...]
    signed: bool
    took: timedelta

    @property
    def whole(self) -> bool:
        """Whether every attachment came along."""
        return not self.files_missing

    def text(self, language: str = "en") -> str:
        """The report in words."""
        lines = [
            _say(self, "transfer.export.done", language),
            say("transfer.export.digest", language, digest=self.digest),
        ]
        lines += [_say(self, "transfer.export.kept", language)] if self.kept else []
        lines.append(say("transfer.export.signed" if self.signed else "transfer.export.unsigned", language))
        lines.append(say("transfer.export.plain", language))
        return "\n".join((*lines, *_missing(self.files_missing, self.missing, language)))


@attrs.frozen(kw_only=True)
class RestoreReport:
    """What a restore did. ``before`` rows an interrupted restore had written, ``known`` ones were there already (only
    where it was told to add); ``counts`` are what is wrong with the number of rows: entity → (expected, found).
    ``proposed`` are definitions that wait for a person, because their name was taken. ``verified`` is None where chains
    were not looked at.
    """

    path: str
    digest: str
    rows: int
    before: int
    known: int
    proposed: int
    seeded: int
    files: int
    files_missing: int
    missing: tuple[str, ...]
    number: int
    counts: Mapping[str, tuple[int, int]]
    verified: VerifyReport
    took: timedelta

    @property
    def whole(self) -> bool:
        """Whether every count is right, every chain verifies and every attachment is there."""
        return not self.counts and self.verified.whole and not self.files_missing

    def text(self, language: str = "en") -> str:
        """The report in words, with what the verification found."""
        lines = [_say(self, "transfer.restore.done", language)]
        lines += [_say(self, "transfer.restore.before", language)] if self.before else []
        lines += [_say(self, "transfer.restore.known", language)] if self.known else []
        lines += [_say(self, "transfer.restore.proposed", language)] if self.proposed else []
        lines += [_say(self, "transfer.restore.seeded", language)] if self.seeded else []
        lines += [
            say("transfer.restore.count", language, entity=name, wanted=wanted, found=found)
            for name, (wanted, found) in self.counts.items()
        ]
        lines += [] if self.counts else [say("transfer.restore.counted", language)]
        lines += _missing(self.files_missing, self.missing, language)
        lines.append(self.verified.text(language))
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class BackupReport:
    """A copy of the database file: where, how large, its SHA-256."""

    path: str
    made_at: datetime
    bytes: int
    sha256: str
    took: timedelta

    def text(self, language: str = "en") -> str:
        """The report in words."""
        return _say(self, "transfer.backup.done", language)


@attrs.frozen(kw_only=True)
class DrillReport:
    """Whether a backup or an export could be used: it was brought back into a throw-away database and looked through.

    ``kind`` is backup or export. ``problems`` are what the database finds wrong with its file. ``digest`` names what the
    throw-away database holds, ``expected`` what the export says (empty for a backup).
    """

    path: str
    kind: str
    made_at: datetime
    rows: int
    entities: Mapping[str, int]
    files: int
    files_missing: int
    missing: tuple[str, ...]
    problems: tuple[str, ...]
    digest: str
    expected: str
    verified: VerifyReport
    took: timedelta

    @property
    def whole(self) -> bool:
        """Whether nothing was found that would stand in the way."""
        same = self.expected in ("", self.digest)
        return same and not self.problems and self.verified.whole and not self.files_missing

    def text(self, language: str = "en") -> str:
        """The report in words: what was brought back, what is wrong, the verdict."""
        lines = [_say(self, f"transfer.drill.{self.kind}", language)]
        lines += [say("transfer.drill.problem", language, problem=each) for each in self.problems]
        if self.expected:
            code = "transfer.drill.same" if self.expected == self.digest else "transfer.drill.other"
            lines.append(say(code, language, digest=self.digest))
        lines += _missing(self.files_missing, self.missing, language)
        lines.append(self.verified.text(language))
        lines.append(say("transfer.drill.good" if self.whole else "transfer.drill.bad", language))
        return "\n".join(lines)


def since(begun: float) -> timedelta:
    """How long it is since a reading of ``time.perf_counter``, to the millisecond."""
    return timedelta(milliseconds=round((time.perf_counter() - begun) * 1000))


def _missing(count: int, named: tuple[str, ...], language: str) -> list[str]:
    if not count:
        return []
    lines = [say("transfer.missing", language, count=count)]
    lines += [f"  {name}" for name in named]
    return [*lines, say("transfer.more", language, count=count - len(named))] if count > len(named) else lines


def _say(report: Any, code: str, language: str) -> str:
    cls: Any = type(report)
    values = {field.name: getattr(report, field.name) for field in attrs.fields(cls)}
    words = {
        name: f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    words["seconds"] = f"{report.took.total_seconds():.1f}"
    words["tables"] = len(values.get("entities", ()))
    return say(code, language, **words)
