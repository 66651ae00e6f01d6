"""What a rebuild found: rows that are not what their facts say, verdicts that would be others today, in both languages."""

from __future__ import annotations

from datetime import datetime

import attrs

from careplug.clock import to_text
from careplug.sla.words import word
from careplug.text import say

__all__ = ["Difference", "RebuildReport", "Reversal"]


@attrs.frozen(kw_only=True)
class Difference:
    """A stored row that is not what the facts say. ``how`` is missing, different or extra.

    ``subject_id`` is the subject whose facts say it; ``what`` the entity: feedback, clock, fired_level, response, score …;
    ``key`` names the row: a number, metric/cycle/generation, a level, a question. ``fields`` are the columns that differ.
    """

    subject_id: str
    what: str
    key: str
    how: str
    fields: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Reversal:
    """A verdict that would be another one if it were passed today: ``said`` then, ``found`` now. It stands."""

    feedback_id: str
    metric: str
    cycle: int
    generation: int
    said: str
    found: str
    said_due: datetime | None
    found_due: datetime | None


@attrs.frozen(kw_only=True)
class RebuildReport:
    """What a rebuild found, and put right where it was ``written``.

    ``subjects`` counts what else has a timeline and rows that follow from it: invitations, responses, improvements, those
    of plugins. ``rows`` counts the rows that differed, ``damaged`` the cases and subjects they belong to; ``failed`` are those
    whose facts cannot be folded, with the reason. ``reversals`` are of closed cycles, which are compared and never passed anew.
    """

    cases: int
    damaged: int
    rows: int
    written: bool
    subjects: int = 0
    differences: tuple[Difference, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    reversed_count: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    failed_count: int = 0

    @property
    def whole(self) -> bool:
        """Whether every row was what its facts say. Verdicts that stand against a later measure do not count."""
        return not (self.rows or self.failed_count)

    def text(self, language: str = "en") -> str:
        """The report in words."""
        lines = [say("audit.rebuild.read", language, cases=self.cases, subjects=self.subjects)]
        lines += [_difference_text(item, language) for item in self.differences]
        lines += [_reversal_text(item, language) for item in self.reversals]
        lines += [say("audit.rebuild.failed", language, id=ident, reason=reason) for ident, reason in self.failed]
        named = len(self.differences) + len(self.reversals) + len(self.failed)
        more = self.rows + self.reversed_count + self.failed_count - named
        lines += [say("audit.rebuild.more", language, count=more)] if more > 0 else []
        if self.whole:
            lines.append(say("audit.rebuild.whole", language))
        elif self.rows:
            code = "audit.rebuild.written" if self.written else "audit.rebuild.dry"
            lines.append(say(code, language, rows=self.rows, damaged=self.damaged))
        return "\n".join(lines)


def _difference_text(item: Difference, language: str) -> str:
    return say(
        "audit.rebuild.row",
        language,
        id=item.subject_id,
        what=word("rebuild", item.what, language),
        key=item.key,
        how=word("rebuild", item.how, language),
        fields=", ".join(item.fields) or "–",
    )


def _reversal_text(item: Reversal, language: str) -> str:
    def verdict(state: str, due: datetime | None) -> str:
        """A verdict and its due time in the reader's language."""
        said = word("state", state, language)
        return said if due is None else f"{said} ({to_text(due)})"

    return say(
        "audit.rebuild.verdict",
        language,
        id=item.feedback_id,
        metric=word("metric", item.metric, language),
        cycle=item.cycle,
        generation=item.generation,
        said=verdict(item.said, item.said_due),
        found=verdict(item.found, item.found_due),
    )
