"""What an import did: counts, rejected rows with number and reason, warnings; as data and as text in zh and en."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs

from careplug.text import Text, say

__all__ = ["LISTED", "ImportReport", "Trouble"]

LISTED = 10_000
"""How many rejected rows and warnings are listed one by one; more are only counted, so that memory stays bounded."""

_LINES = (
    "cases",
    "updated",
    "known",
    "facts",
    "state_changes",
    "priority_changes",
    "reopens",
    "silent",
)
_CHECKS = (
    "priority_same",
    "priority_different",
    "due_given",
    "due_same",
    "due_different",
    "verdict_same",
    "verdict_different",
    "verdict_other",
)


@attrs.frozen
class Trouble:
    """A row that was rejected, or kept with a warning: its number (the heading is row 1), why, the column it is about
    and what stood there; ``case`` is the log's key of a case that was kept.
    """

    row: int
    code: str
    column: str = ""
    value: str = ""
    case: str = ""

    def text(self, language: str = "en") -> str:
        """The line people read."""
        reason = say(f"import.trouble.{self.code}", language, column=self.column, value=self.value)
        return say("import.row", language, row=self.row, case=self.case or "–", reason=reason)

    def to_data(self) -> dict[str, Any]:
        """The trouble as JSON data."""
        return attrs.asdict(self)


@attrs.frozen(kw_only=True)
class ImportReport:
    """What came of a log.

    ``rows`` were read: each is *rejected* (not stored), *known* from an earlier import, or stored; stored ones may carry
    a warning. ``counts`` are by name (cases, updated, facts, state_changes, priority_changes, reopens, silent …;
    those that are 0 left out but readable), ``violations`` the guards that history broke, ``checks`` how ours compares with what the log itself says.
    ``rejected`` and ``warned`` list up to ``LISTED`` each; ``rejections`` and ``warnings`` count all by code.
    """

    name: str
    title: Text = Text()
    rows: int
    counts: Mapping[str, int]
    facts: Mapping[str, int]
    violations: Mapping[str, int]
    checks: Mapping[str, int]
    rejections: Mapping[str, int]
    warnings: Mapping[str, int]
    rejected: tuple[Trouble, ...] = ()
    warned: tuple[Trouble, ...] = ()
    seconds: float = 0.0

    @property
    def rows_rejected(self) -> int:
        """Rows that were not stored."""
        return sum(self.rejections.values())

    @property
    def rows_warned(self) -> int:
        """Rows kept with a warning."""
        return self.counts.get("warned", 0)

    def to_data(self) -> dict[str, Any]:
        """The report as JSON data: whole milliseconds, no floats."""
        return {
            "name": self.name,
            "rows": self.rows,
            "rows_rejected": self.rows_rejected,
            "rows_warned": self.rows_warned,
            "milliseconds": round(self.seconds * 1000),
            **{key: dict(sorted(getattr(self, key).items())) for key in _TALLIES},
            "rejected": [item.to_data() for item in self.rejected],
            "warned": [item.to_data() for item in self.warned],
        }

    def text(self, language: str = "en", *, listed: int = 20) -> str:
        """The report people read; of rejected rows and warnings the first ``listed`` each."""
        name = self.title.get(language) or self.name
        pace = round(self.rows / self.seconds) if self.seconds else self.rows
        lines = [say("import.head", language, name=name, rows=self.rows, seconds=f"{self.seconds:.1f}", pace=pace)]
        numbers = [(key, self.counts.get(key, 0)) for key in _LINES]
        lines += [say(f"import.count.{key}", language, count=count) for key, count in numbers if count]
        lines += [say(f"import.check.{key}", language, count=self.checks[key]) for key in _CHECKS if key in self.checks]
        for code, count in sorted(self.violations.items(), key=lambda item: (-item[1], item[0])):
            lines.append(say("import.violation", language, code=code, count=count))
        for key, total, found in (
            ("rejected", self.rows_rejected, self.rejected),
            ("warned", self.rows_warned, self.warned),
        ):
            lines.append(say(f"import.{key}", language, count=total))
            lines += [f"  {item.text(language)}" for item in found[:listed]]
            if len(found) > listed:
                lines.append(say("import.more", language, count=len(found) - listed))
        return "\n".join(lines)


_TALLIES = ("counts", "facts", "violations", "checks", "rejections", "warnings")


@attrs.define
class Tally:
    """Counts of a run that goes on; a batch has one of its own, added when it is committed."""

    numbers: Counter[str] = attrs.field(factory=Counter)
    rejections: Counter[str] = attrs.field(factory=Counter)
    warnings: Counter[str] = attrs.field(factory=Counter)
    rejected: list[Trouble] = attrs.field(factory=list)
    warned: list[Trouble] = attrs.field(factory=list)

    def reject(self, trouble: Trouble) -> None:
        """Note a row that is not stored."""
        self.rejections[trouble.code] += 1
        if len(self.rejected) < LISTED:
            self.rejected.append(trouble)

    def warn(self, row: int, case: str, warnings: list[tuple[str, str]]) -> None:
        """Note a row that is stored with warnings."""
        self.numbers["warned"] += 1
        for code, said in warnings:
            self.warnings[code] += 1
            if len(self.warned) < LISTED:
                self.warned.append(Trouble(row, code, "", said, case))

    def add(self, other: Tally) -> None:
        """Take over what a batch counted."""
        self.numbers += other.numbers
        self.rejections += other.rejections
        self.warnings += other.warnings
        self.rejected.extend(other.rejected[: LISTED - len(self.rejected)])
        self.warned.extend(other.warned[: LISTED - len(self.warned)])

    def report(self, name: str, title: Text, rows: int, seconds: float) -> ImportReport:
        """The report of the whole run."""
        parts: dict[str, Counter[str]] = {key: Counter() for key in ("counts", "fact", "violation", "check")}
        for key, count in sorted(self.numbers.items()):
            head, colon, rest = key.partition(":")
            if not colon and head in _CHECKS:
                head, rest = "check", head
            parts[head if colon or head == "check" else "counts"][rest or head] = count
        return ImportReport(
            name=name,
            title=title,
            rows=rows,
            counts=parts["counts"],
            facts=parts["fact"],
            violations=parts["violation"],
            checks=parts["check"],
            rejections=dict(self.rejections),
            warnings=dict(self.warnings),
            rejected=tuple(sorted(self.rejected, key=lambda item: item.row)),
            warned=tuple(sorted(self.warned, key=lambda item: item.row)),
            seconds=seconds,
        )
