"""Retention: what the active rules would take away today, and taking it away in batches that may be stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from careplug.criteria import All, Criteria, Is, Order
from careplug.definitions import Stamp
from careplug.errors import CareError
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Attachment, Feedback
from careplug.feedback.holds import CONTACT
from careplug.feedback.service import FeedbackService
from careplug.messages.entities import Message
from careplug.privacy import journal
from careplug.privacy.erase import BATCH, Eraser, erase_traces
from careplug.privacy.rules import Rule
from careplug.refs import SYSTEM, Actor
from careplug.text import say
from careplug.timeline.facts import Personal

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.unit import CareUnit

__all__ = ["RetentionReport", "RuleReport", "plan_retention", "retain", "run_retention"]

PAGE = 200
"""Rows looked at with one set of queries."""

EXAMPLES = 5

_AT_REST = ("sent", "failed", "cancelled")
"""States of messages that wait for nothing."""


@attrs.frozen(kw_only=True)
class RuleReport:
    """What one rule takes away: ``rows`` cases or messages that ended before ``before``, with a few examples.

    ``held`` are cases old enough that are under legal hold; ``personal`` facts with personal values, ``files`` and
    ``messages`` what hangs on the cases, as far as the rule takes it.
    """

    rule: str
    entity: str
    before: datetime
    rows: int = 0
    held: int = 0
    personal: int = 0
    files: int = 0
    messages: int = 0
    examples: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RetentionReport:
    """What the active rules take away (``done``), or would (a plan)."""

    done: bool
    rules: tuple[RuleReport, ...] = ()
    traces: bool = True

    def text(self, language: str = "en") -> str:
        """The report in words."""
        if not self.rules:
            return say("privacy.retention.none", language)
        code = "privacy.retention.done" if self.done else "privacy.retention.plan"
        lines = []
        for item in self.rules:
            values = {field.name: getattr(item, field.name) for field in attrs.fields(RuleReport)}
            examples = ", ".join(item.examples) or "–"
            lines.append(say(code, language, **{**values, "before": f"{item.before:%Y-%m-%d}", "examples": examples}))
        return "\n".join(lines if self.traces else [*lines, say("audit.erase.waiting", language)])


def plan_retention(care: Care, *, actor: Actor, tenant: str = "") -> RetentionReport:
    """What a run would take away now; changes nothing. Needs ``privacy.retention``."""
    return RetentionReport(
        done=False, rules=tuple(_Run(care, actor, tenant, rule).plan() for rule in _rules(care, actor, tenant))
    )


def run_retention(care: Care, *, actor: Actor, tenant: str = "") -> RetentionReport:
    """Apply the active rules. Needs ``privacy.retention`` and ``feedback.erase``.

    A run that broke is run again: what is gone is not looked for twice. Each rule that took something away has an entry in
    the privacy journal.
    """
    found = tuple(_Run(care, actor, tenant, rule).apply() for rule in _rules(care, actor, tenant))
    traces = erase_traces(care) if any(item.rows for item in found) else True
    return RetentionReport(done=True, rules=found, traces=traces)


def retain(care: Care, now: datetime) -> int:
    """Apply the active rules of every tenant; how many rows they took something of. A daily job.

    A tenant whose rules cannot be applied stops no other; the first error is raised in the end.
    """
    del now  # the rules go by the Care's clock
    with care.transaction(tenant=None, writes=False) as store:
        tenants = sorted({"", *(stamp.tenant for stamp in store.find(Stamp))})
    rows, failed = 0, []
    for tenant in tenants:
        try:
            rows += sum(item.rows for item in run_retention(care, actor=SYSTEM, tenant=tenant).rules)
        except CareError as error:
            error.add_note(f"in tenant {tenant!r}")
            failed.append(error)
    if failed:  # now that the others had their turn
        raise failed[0]
    return rows


def _rules(care: Care, actor: Actor, tenant: str) -> list[Rule]:
    with care.read(actor=actor, tenant=tenant) as unit:
        unit.allow("privacy.retention")
        return [rule for _, rule in sorted(unit.definitions.values("retention").items())]


class _Run:
    """One rule at work, counting."""

    def __init__(self, care: Care, actor: Actor, tenant: str, rule: Rule) -> None:
        self.care = care
        self.actor = actor
        self.tenant = tenant
        self.rule = rule
        before = rule.cutoff(care.clock())
        self.report = RuleReport(rule=rule.name, entity=rule.entity, before=before)

    def plan(self) -> RuleReport:
        """Count what the rule would take."""
        for _ in self._messages() if self.rule.entity == "message" else self._cases():
            pass  # finding them counts them
        return self.report

    def apply(self) -> RuleReport:
        """Take it."""
        if self.rule.entity == "message":
            for page in self._messages():
                with self._unit() as unit:
                    at_rest = Is("state", "in", _AT_REST)  # somebody may have one sent again meanwhile
                    unit.store.remove(Message, All(Is("id", "in", tuple(page)), at_rest))
        else:
            for page in self._cases():
                for start in range(0, len(page), BATCH):
                    self._take(page[start : start + BATCH])
        if self.report.rows:
            kept = {"rows", "held", "personal", "files", "messages", "before"}
            counts = {name: getattr(self.report, name) for name in kept}
            with self._unit() as unit:
                digest = unit.definitions.get("retention", self.rule.name).digest
                journal.note(unit, "retention_applied", {"rule": self.rule.name, "digest": digest, **counts})
        return self.report

    def _unit(self) -> CareUnit:
        return self.care.unit(actor=self.actor, tenant=self.tenant)

    def _take(self, idents: Sequence[str]) -> None:
        request = f"retention:{self.rule.name}"[:100]
        self._delete_files(idents)
        if "erase" in self.rule.actions:
            Eraser(self.care, self.actor, self.tenant, request).batch(idents)
        gone: list[str] = []
        with self._unit() as unit:
            service = unit.get(FeedbackService)
            held = service.held(idents)
            for ident in (ident for ident in idents if ident not in held):
                if "anonymise" in self.rule.actions:
                    service.erase(ident, request=request, only=CONTACT)
                if "attachments" in self.rule.actions:
                    gone += service.detach(ident)
                if "messages" in self.rule.actions:
                    unit.store.remove(Message, _about(ident))
        for key in gone:
            self.care.setup.files.delete(key, tenant=self.tenant)

    def _delete_files(self, idents: Sequence[str]) -> None:
        """Delete the files before their rows, so that a run that breaks in between finds the rows, and goes on."""
        if {"erase", "attachments"}.isdisjoint(self.rule.actions):
            return
        with self.care.read(actor=self.actor, tenant=self.tenant) as unit:
            keys = unit.get(FeedbackService).files(idents)
        for key in keys:
            self.care.setup.files.delete(key, tenant=self.tenant)

    # -- finding --

    def _cases(self) -> Iterator[list[str]]:
        """Cases that ended early enough and still have something the rule takes, a page at a time."""
        for category in ("done", "void"):
            where: list[Criteria] = [Is("category", "eq", category), Is("received_at", "lt", self.report.before)]
            if self.rule.kinds:
                where.append(Is("kind", "in", self.rule.kinds))
            after: tuple[Any, ...] | None = None
            while True:
                fields = ("received_at", "id", "number", "closed_at", "handled_at", "last_at")
                with self.care.read(actor=self.actor, tenant=self.tenant) as unit:
                    order = (Order("received_at"),)
                    rows = unit.store.pick(Feedback, fields, All(*where), order=order, limit=PAGE, after=after)
                    old = {row[1]: row[2] for row in rows if (row[3] or row[4] or row[5]) < self.report.before}
                    due = self._due(unit, old) if old else []
                if due:
                    yield due
                if len(rows) < PAGE:
                    break
                after = (rows[-1][0], rows[-1][1])

    def _due(self, unit: CareUnit, old: dict[str, str]) -> list[str]:
        idents = tuple(old)
        said = All(Is("subject", "eq", FEEDBACK), Is("subject_id", "in", idents))
        actions = self.rule.actions
        personal = self._personal(unit, said) if {"erase", "anonymise"} & {*actions} else {}
        takes_files, takes_messages = {"erase", "attachments"} & {*actions}, "messages" in actions
        files = _counts(unit, Attachment, Is("feedback_id", "in", idents), "feedback_id") if takes_files else {}
        messages = _counts(unit, Message, said, "subject_id") if takes_messages else {}
        found = [ident for ident in idents if ident in personal or ident in files or ident in messages]
        held = unit.get(FeedbackService).held(found)
        due = [ident for ident in found if ident not in held]
        self._count([old[ident] for ident in due], len(held))
        for name, counts in (("personal", personal), ("files", files), ("messages", messages)):
            more = getattr(self.report, name) + sum(counts.get(ident, 0) for ident in due)
            self.report = attrs.evolve(self.report, **{name: more})
        return due

    def _personal(self, unit: CareUnit, said: Criteria) -> dict[str, int]:
        """How many facts of each case have personal values the rule takes."""
        if "erase" in self.rule.actions:
            return _counts(unit, Personal, said, "subject_id")
        found: dict[str, int] = {}
        for item in unit.store.find(Personal, said):
            if not item.values.keys().isdisjoint(CONTACT):
                found[item.subject_id] = found.get(item.subject_id, 0) + 1
        return found

    def _messages(self) -> Iterator[list[str]]:
        """Messages that wait for nothing and are old enough, but for those about a case under legal hold."""
        for state in _AT_REST:
            where = All(Is("state", "eq", state), Is("created_at", "lt", self.report.before))
            after: tuple[Any, ...] | None = None
            while True:
                with self.care.read(actor=self.actor, tenant=self.tenant) as unit:
                    order = (Order("created_at"),)
                    fields = ("created_at", "id", "subject", "subject_id")
                    rows = unit.store.pick(Message, fields, where, order=order, limit=PAGE, after=after)
                    held = unit.get(FeedbackService).held([row[3] for row in rows if row[2] == FEEDBACK])
                free = [row[1] for row in rows if row[3] not in held]
                if rows:
                    self._count(free, len(rows) - len(free))
                if free:
                    yield free
                if len(rows) < PAGE:
                    break
                after = tuple(rows[-1][:2])

    def _count(self, names: Sequence[str], held: int) -> None:
        was = self.report
        examples = (*was.examples, *names)[:EXAMPLES]
        self.report = attrs.evolve(was, rows=was.rows + len(names), held=was.held + held, examples=examples)


def _about(ident: str) -> Criteria:
    return All(Is("subject", "eq", FEEDBACK), Is("subject_id", "eq", ident))


def _counts(unit: CareUnit, cls: type, where: Criteria, by: str) -> dict[str, int]:
    return {line.key[0]: int(line.values[0]) for line in unit.store.tally(cls, where, by=(by,))}
