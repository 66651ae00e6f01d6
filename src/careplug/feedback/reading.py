"""Finding and reading cases: one, a page, the S1 record, the timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs

from careplug.criteria import All, Criteria, Is, Order, page_size
from careplug.criteria import Any as AnyOf
from careplug.errors import NotFound
from careplug.feedback.base import FEEDBACK, Base
from careplug.feedback.entities import Feedback
from careplug.feedback.fold import INTERNAL
from careplug.refs import Ref
from careplug.timeline.facts import Fact
from careplug.timeline.folding import voided

__all__ = ["Reading", "Record"]

_INTERNAL = (*INTERNAL, "violations", "flags")
"""What customers are not shown of a public fact: words among colleagues, remarks of an import."""


@attrs.frozen(kw_only=True)
class Record:
    """One line of the feedback and handling record (S1), in its column order."""

    number: str
    received_at: datetime
    content: str
    measure: str
    handled_at: datetime | None
    result: str
    state: str
    customer: str = ""


class Reading(Base):
    """Reading cases."""

    def get(self, ident: str) -> Feedback:
        """A case by id; ``NotFound`` also where the actor may not know of it."""
        self.unit.flush()
        found = self.unit.store.get(Feedback, ident)
        return self._shown(found, ident)

    def by_number(self, number: str) -> Feedback:
        """A case by the number people say."""
        self.unit.flush()
        found = self.unit.store.find(Feedback, Is("number", "eq", number), limit=1)
        return self._shown(found[0] if found else None, number)

    def _shown(self, found: Feedback | None, said: str) -> Feedback:
        if found is None or not self.sees(found):
            raise NotFound("feedback.missing", field="feedback.id", value=said)
        self.unit.allow("feedback.read", found)
        return found

    def find(
        self,
        criteria: Criteria | None = None,
        *,
        order: Sequence[Order] = (Order("received_at", descending=True),),
        limit: int = 25,
        after: Sequence[Any] | None = None,
    ) -> list[Feedback]:
        """A page of cases the actor may see; ``after`` is the page key (order values…, id) of the last one seen."""
        self.unit.flush()
        self.unit.allow("feedback.list")
        scope = self._scope()
        wanted = [part for part in (scope, criteria) if part is not None]
        return self.unit.store.find(Feedback, All(*wanted), order=order, limit=page_size(limit, "find"), after=after)

    def by_ids(self, idents: Sequence[str]) -> dict[str, Feedback]:
        """Cases by id in one query; those the actor may not see are left out."""
        if not idents:
            return {}
        self.unit.flush()
        self.unit.allow("feedback.list")
        found = self.unit.store.find(Feedback, Is("id", "in", tuple(idents)))
        return {case.id: case for case in found if self.sees(case)}

    def count(self, criteria: Criteria | None = None) -> int:
        """How many cases the actor may see match."""
        self.unit.flush()
        self.unit.allow("feedback.list")
        wanted = [part for part in (self._scope(), criteria) if part is not None]
        return int(self.unit.store.tally(Feedback, All(*wanted))[0].values[0])

    def _scope(self) -> Criteria | None:
        actor = self.unit.actor
        if actor.side != "customer":
            return None
        own: list[Criteria] = [Is("requester", "eq", actor.ref), Is("contact", "eq", actor.ref)]
        own.extend(Is("organisation", "eq", ref) for ref in actor.organisations)
        return AnyOf(*own)

    def facts(self, ident: str) -> list[Fact]:
        """The timeline of a case as the actor may read it: customers see public facts that are not void, and of these
        not what colleagues say to each other.
        """
        self.get(ident)
        found = self.timeline.facts(FEEDBACK, ident)
        if self.unit.actor.side == "customer":
            void = voided(found)
            return [_told(fact) for fact in found if self._public(fact) and fact.sequence not in void]
        return found

    def _public(self, fact: Fact) -> bool:
        kind = self.unit.setup.fact_types.get((FEEDBACK, fact.type))
        return kind is not None and kind.public

    def records(self, criteria: Criteria | None = None, *, batch: int = 500) -> Iterator[Record]:
        """The whole record (S1), oldest first, read in pages by key: any length in bounded memory."""
        order = (Order("received_at"),)
        after: Sequence[Any] | None = None
        while True:
            page = self.find(criteria, order=order, limit=batch, after=after)
            yield from (record_of(case) for case in page)
            if len(page) < batch:
                return
            after = (page[-1].received_at, page[-1].id)


def _told(fact: Fact) -> Fact:
    return attrs.evolve(fact, data={key: value for key, value in fact.data.items() if key not in _INTERNAL})


def record_of(case: Feedback) -> Record:
    """The S1 line of a case: the content is subject and body."""
    content = case.subject if not case.body or case.body == case.subject else f"{case.subject}\n{case.body}"
    return Record(
        number=case.number,
        received_at=case.received_at,
        content=content,
        measure=case.measure,
        handled_at=case.handled_at,
        result=case.result,
        state=case.state,
        customer=case.contact_name or _shown_ref(case.requester),
    )


def _shown_ref(ref: Ref | None) -> str:
    return ref.id if ref is not None else ""
