"""Erasing a person: their cases, their files, messages to and about them, whatever plugins keep, their entry in the directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from careplug.criteria import All, Criteria, Is, Order
from careplug.criteria import Any as AnyOf
from careplug.entity import EntitySpec
from careplug.errors import Retry
from careplug.feedback.base import FEEDBACK, check_text
from careplug.feedback.entities import Attachment, Feedback, RequestKey
from careplug.feedback.service import FeedbackService
from careplug.messages.directory import Parties
from careplug.messages.entities import Message, Party
from careplug.messages.service import blanked
from careplug.privacy import journal
from careplug.privacy.about import belonging, naming, pages, registered, who
from careplug.privacy.blank import check_types, erase_row, forget_errors
from careplug.refs import Actor, Ref
from careplug.survey.service import Surveys
from careplug.tasks import again
from careplug.text import say
from careplug.timeline.facts import FactRow, Personal, facts_of

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.unit import CareUnit

__all__ = ["BATCH", "EraseReport", "Eraser", "erase_contact", "erase_traces"]

_OWN = frozenset({FEEDBACK, "attachment", "message", "party", "task"})
"""What has rules of its own here; every other entity is erased by what its spec says."""

BATCH = 20
"""Cases erased in one transaction."""


@attrs.frozen(kw_only=True)
class EraseReport:
    """What was erased. ``before`` are cases an earlier run had erased; ``values`` facts whose personal values went.

    ``keys`` are idempotency keys; ``rows`` rows of other rooms and plugins; ``held`` cases under a legal hold, which stay as
    they are; ``party`` says whether the stored directory knew the person; ``traces`` whether the
    files of the database were cleared of deleted bytes (False: a reader held them; run it again).
    """

    ref: Ref
    cases: int = 0
    before: int = 0
    values: int = 0
    files: int = 0
    messages: int = 0
    keys: int = 0
    rows: int = 0
    held: int = 0
    party: bool = False
    traces: bool = True

    def text(self, language: str = "en") -> str:
        """The report in words."""
        values = {field.name: getattr(self, field.name) for field in attrs.fields(EraseReport)}
        lines = [say("audit.erase.done", language, **values)]
        if self.rows:
            lines.append(say("audit.erase.rows", language, rows=self.rows))
        if self.held:
            lines.append(say("audit.erase.held", language, held=self.held))
        lines.append(say("audit.erase.party" if self.party else "audit.erase.nobody", language))
        lines.append(say("audit.erase.traces" if self.traces else "audit.erase.waiting", language))
        return "\n".join(lines)


def erase_contact(
    care: Care, ref_or_party: Ref | Party | str, *, request: str, actor: Actor, tenant: str = ""
) -> EraseReport:
    """Erase what is personal about somebody: every case they are requester or contact of, and what hangs on it.

    ``request`` names what this answers (a letter, a ticket), without personal words; it is kept on each case. Needs
    ``privacy.erase``, ``feedback.erase`` and ``parties.manage``. Works in batches: a broken run is simply run again and
    leaves out what is done. Cases under a legal hold are left out and counted. Every chain stays valid. The reference itself
    stays: it is the host's, and opaque. The privacy journal tells that it happened.
    """
    ref = who(ref_or_party, "erase")
    check_text(request, "erase.request", required=True, longest=100)
    with care.read(actor=actor, tenant=tenant) as unit:
        unit.allow("privacy.erase", ref)
        for action in ("feedback.erase", "parties.manage"):
            unit.allow(action)  # now, and not when half is done
        check_types(unit, registered(care))
    run = Eraser(care, actor, tenant, request)
    for batch in _cases(care, tenant, ref):
        run.batch(batch)
    run.party(ref)
    run.messages_to(ref)
    run.others(ref)
    run.note(ref)
    return attrs.evolve(run.report, ref=ref, traces=erase_traces(care))


class Eraser:
    """Erases, counting: ``report`` says how much so far. For one run, in one thread."""

    def __init__(self, care: Care, actor: Actor, tenant: str, request: str) -> None:
        self.care = care
        self.actor = actor
        self.tenant = tenant
        self.request = request
        self.report = EraseReport(ref=actor.ref)

    def _unit(self) -> CareUnit:
        return self.care.unit(actor=self.actor, tenant=self.tenant)

    def batch(self, idents: Sequence[str]) -> None:
        """Erase some cases in one transaction, and their files after it."""
        with self._unit() as unit:
            held = unit.get(FeedbackService).held(idents)
            free = [ident for ident in idents if ident not in held]
            due = [ident for ident in free if _holds_something(unit, ident)]
            counted = self._erase(unit, due)
            counted["rows"] += self._hanging(unit, free)
            keys = _file_keys(unit, free) if free else []
        for key in keys:
            self.care.setup.files.delete(key, tenant=self.tenant)
        self._add(before=len(free) - len(due), cases=len(due), held=len(held), **counted)

    def _erase(self, unit: CareUnit, idents: Sequence[str]) -> dict[str, int]:
        counts = dict.fromkeys(("values", "files", "messages", "keys", "rows"), 0)
        service = unit.get(FeedbackService)
        for ident in idents:
            about = All(Is("subject", "eq", FEEDBACK), Is("subject_id", "eq", ident))
            counts["values"] += _count(unit, Personal, about)
            counts["messages"] += _count(unit, Message, about)
            counts["files"] += len(service.erase(ident, request=self.request))
        if idents:
            counts["keys"] += _forget_keys(unit, idents)
            forget_errors(unit, FEEDBACK, idents)
        return counts

    def _hanging(self, unit: CareUnit, idents: Sequence[str]) -> int:
        """Erase what other rooms and plugins keep about cases: also of erased ones, for some may have come since."""
        wanted = [(spec, belonging(spec, FEEDBACK, idents)) for spec in self._others() if idents]
        return sum(self._rows(unit, spec, where) for spec, where in wanted if where is not None)

    def _others(self) -> list[EntitySpec]:
        return [spec for spec in registered(self.care) if spec.name not in _OWN]

    def _rows(self, unit: CareUnit, spec: EntitySpec, where: Criteria) -> int:
        return sum(erase_row(unit, spec, row, self.request) for row in pages(unit.store, spec.cls, where, lock=True))

    def others(self, ref: Ref) -> None:
        """Erase what other rooms and plugins keep about the person beside any case."""
        with self._unit() as unit:
            gone = unit.get(Surveys).erase_contact(ref, request=self.request)
        self._add(rows=gone)
        for spec in self._others():
            where = naming(spec, ref)
            after, more = "", where is not None
            while more and where is not None:
                with self._unit() as unit:
                    order = (Order("id"),)
                    wanted = All(where, Is("id", "gt", after))
                    page: list[Any] = unit.store.find(spec.cls, wanted, order=order, limit=BATCH)
                    held = unit.get(FeedbackService).held([_case_of(row) for row in page])
                    free = [row for row in page if _case_of(row) not in held]
                    gone = sum(erase_row(unit, spec, row, self.request) for row in free)
                self._add(rows=gone)
                after, more = (page[-1].id, True) if len(page) == BATCH else ("", False)

    def note(self, ref: Ref) -> None:
        """Tell the privacy journal."""
        told = ("cases", "before", "values", "files", "messages", "keys", "rows", "held")
        counts = {name: getattr(self.report, name) for name in told}
        with self._unit() as unit:
            journal.note(unit, "contact_erased", {"ref": str(ref), "request": self.request, **counts})

    def party(self, ref: Ref) -> None:
        """Forget the name and the addresses of a stored party."""
        with self._unit() as unit:
            found = unit.get(Parties).of(ref)
            if found is not None and (found.name or found.addresses or found.active):
                unit.get(Parties).forget(found.id)
        self.report = attrs.evolve(self.report, party=found is not None)

    def messages_to(self, ref: Ref) -> None:
        """Blank the messages that went, or were to go, to the person about other people's cases."""
        where: list[Criteria] = [Is("recipient", "eq", ref)]
        after = ""
        while True:
            with self._unit() as unit:
                page = unit.store.find(
                    Message, All(*where, Is("id", "gt", after)), order=(Order("id"),), limit=200, lock=True
                )
                held = unit.get(FeedbackService).held([old.subject_id for old in page if old.subject == FEEDBACK])
                free = [old for old in page if old.subject_id not in held]
                changed = [(blanked(old), old) for old in free if blanked(old) != _at_rest(old)]
                for new, old in changed:
                    unit.store.save(new, was=old)
            self._add(messages=len(changed))
            if len(page) < 200:
                return
            after = page[-1].id

    def _add(self, **counts: int) -> None:
        made = {name: getattr(self.report, name) + count for name, count in counts.items()}
        self.report = attrs.evolve(self.report, **made)


def _case_of(row: Any) -> str:
    """The id of the case that a row of any entity hangs on; empty for none."""
    if getattr(row, "subject", "") == FEEDBACK:
        return str(row.subject_id)
    return getattr(row, "feedback_id", "") or ""


def _at_rest(old: Message) -> Message:
    """A message as blanking would leave it if there is nothing to blank: so that nothing is written twice."""
    return attrs.evolve(old, fence=old.fence + 1, leased_until=None)


def _cases(care: Care, tenant: str, ref: Ref) -> Iterator[list[str]]:
    """The ids of the cases somebody is requester or contact of. Erasing changes neither."""
    theirs = AnyOf(Is("requester", "eq", ref), Is("contact", "eq", ref))
    after = ""
    while True:
        with care.transaction(tenant=tenant, writes=False) as store:
            page = store.find(Feedback, All(theirs, Is("id", "gt", after)), order=(Order("id"),), limit=BATCH)
        if page:
            yield [case.id for case in page]
        if len(page) < BATCH:
            return
        after = page[-1].id


def _holds_something(unit: CareUnit, ident: str) -> bool:
    """Whether a case still has anything to erase: an earlier run may have been there."""
    about = All(Is("subject", "eq", FEEDBACK), Is("subject_id", "eq", ident))
    if _count(unit, Personal, about) or _count(unit, Attachment, Is("feedback_id", "eq", ident)):
        return True
    return any(blanked(old) != _at_rest(old) for old in unit.store.find(Message, about))


def _count(unit: CareUnit, cls: type, where: Criteria) -> int:
    lines = unit.store.tally(cls, where)
    return int(lines[0].values[0]) if lines else 0


def _file_keys(unit: CareUnit, idents: Sequence[str]) -> list[str]:
    """The keys of all files ever attached: deleting one that is gone does nothing, and a broken run left some."""
    where = All(Is("subject", "eq", FEEDBACK), Is("subject_id", "in", tuple(idents)), Is("type", "eq", "attached"))
    return [fact.data["key"] for fact in facts_of(unit.store.find(FactRow, where), ())]


def _forget_keys(unit: CareUnit, idents: Sequence[str]) -> int:
    """Idempotency keys of some cases' submits, whose digest covers names and numbers that could be guessed against it.

    Keys of imports stay: their digest is of columns without personal words, and without them a second import would
    bring the words back.
    """
    where = All(Is("result", "in", tuple(idents)), Is("expires_at", "is_null", value=False))
    return unit.store.remove(RequestKey, where)


def erase_traces(care: Care) -> bool:
    """Leave no deleted bytes in the files of the database; False where somebody still read it."""
    try:
        again(care.storage.erase_traces)
    except Retry:
        return False
    return True
