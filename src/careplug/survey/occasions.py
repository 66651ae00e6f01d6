"""What the life of cases means for surveys: who is asked when one ends, and what becomes of it when it goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from careplug.criteria import All, Criteria, Is
from careplug.criteria import Any as AnyOf
from careplug.definitions import Definitions
from careplug.errors import CareError, Invalid, NotFound
from careplug.refs import Ref, derived_id
from careplug.survey.base import FEEDBACK, TRIGGER
from careplug.survey.entities import Wave
from careplug.survey.invitations import Inviting
from careplug.survey.triggers import EVENTS, WITH_A_CASE, Trigger
from careplug.timeline.facts import Fact

__all__ = ["Occasions", "triggers_of"]

_log = logging.getLogger("careplug.survey")


def triggers_of(definitions: Definitions) -> Mapping[str, tuple[Trigger, ...]]:
    """The active triggers by event, put together again only when a tenant's definitions changed."""
    found: Mapping[str, tuple[Trigger, ...]] = definitions.memo("survey.triggers", lambda: _index(definitions))
    return found


def _index(definitions: Definitions) -> Mapping[str, tuple[Trigger, ...]]:
    found: list[Trigger] = []
    for name, definition in sorted(definitions.active(TRIGGER).items()):
        try:
            found.append(definitions.cache.parsed(definition))
        except CareError:
            # Only a plugin's seed can be malformed (`put` checks the rest), and it must not stop people's cases.
            _log.exception("survey trigger %s is malformed and asks nobody", name)
    return {event: tuple(each for each in found if each.active and each.event == event) for event in EVENTS}


class Occasions(Inviting):
    """Inviting because something happened or a period began."""

    def case_went_on(self, fact: Fact, before: Any, after: Any) -> None:
        """Act on a fact of a case, in its transaction: plan, withdraw. What was answered stays, whatever happens."""
        if after.category == "void":
            self._recall_all(after.id, after.state)
        elif after.category == "open" and before.category != "open":
            self._recall_all(after.id, "voided" if fact.type == "voided" else "reopened")
        asked = triggers_of(self.definitions)[after.state] if after.state in WITH_A_CASE else ()
        for trigger in asked:
            if trigger.fits(after):
                self._plan(trigger, after, fact.at)

    def _recall_all(self, feedback_id: str, reason: str) -> None:
        for invitation in self.of_case(feedback_id, open_only=True):
            trigger = self._trigger_of(invitation)
            if reason != "reopened" or trigger is None or trigger.on_reopen == "withdraw":
                self.recall(self._hold(invitation.id), reason)

    def _plan(self, trigger: Trigger, case: Any, at: datetime) -> None:
        """Plan an invitation. A form or calendar that is gone is logged: no case stays open because of a survey."""
        about = self._about(case)
        if about["contact"] is None:
            return
        try:
            self.schedule(trigger, about, start=at)
        except (NotFound, Invalid):
            _log.exception("survey trigger %s could not ask about %s", trigger.name, case.number)

    def unsent(self) -> int | None:
        """How many invitations wait because no link can be made; None where none are expected either."""
        wanted = any(triggers_of(self.definitions)[event] for event in EVENTS if event != "on_demand")
        waiting = 0 if self.settings.ready else self.waiting()
        return None if self.settings.ready or not (wanted or waiting) else waiting

    # -- periods --

    def due_waves(self, now: datetime) -> Iterator[tuple[Trigger, int]]:
        """The periodic triggers whose present period is not done yet, with its number."""
        for trigger in triggers_of(self.definitions)["periodic"]:
            if trigger.every is None:
                continue
            try:
                period = trigger.every.period(self._calendar(trigger.calendar).local(now).date())
            except NotFound:
                _log.exception("survey trigger %s counts by a calendar that is gone and asks nobody", trigger.name)
                continue
            if self.unit.store.get(Wave, self._wave_id(trigger, period)) is None:
                yield trigger, period

    def wave_people(self, trigger: Trigger, period: int) -> list[dict[str, Any]]:
        """Who is asked in a period: the members of the trigger's role, or who had a case in the period before."""
        if trigger.members:
            members = self.unit.setup.directory.members(self.unit, trigger.members)
            people = [(each.ref, each.organisation, 1) for each in members]
            people = [each for each in people if not trigger.customers or each[1] in trigger.customers]
        else:
            people = self._recent(trigger, period)
        return [{"contact": who, "organisation": where} for who, where in _each_once(people, trigger.per)]

    def ask_wave(self, trigger: Trigger, period: int, people: list[dict[str, Any]], now: datetime) -> int:
        """Plan the invitations of some of a period's people; those who have theirs already are left out."""
        made = 0
        for about in people:
            whom = about["organisation"] if trigger.per == "organisation" else about["contact"]
            slot = f"{trigger.name}/{whom}/{period}"
            made += self.schedule(trigger, about, start=now, slot=slot) is not None
        return made

    def end_wave(self, trigger: Trigger, period: int, invited: int, now: datetime) -> None:
        """Note that everybody of a period was asked."""
        row = Wave(
            id=self._wave_id(trigger, period),
            tenant=self.unit.tenant,
            trigger=trigger.name,
            period=period,
            invited=invited,
            done_at=now,
        )
        self.unit.store.add_if_absent(row)

    def _wave_id(self, trigger: Trigger, period: int) -> str:
        return derived_id(f"wave/{self.unit.tenant}/{trigger.name}/{trigger.every}/{period}")

    def _recent(self, trigger: Trigger, period: int) -> list[tuple[Ref | None, Ref | None, int]]:
        """The contacts of cases received in the period before, with their organisation and how many cases they had."""
        if trigger.every is None:
            return []
        zone = self._calendar(trigger.calendar).local(self.unit.now()).tzinfo
        first, last = (
            datetime.combine(trigger.every.first(number), datetime.min.time(), zone) for number in (period - 1, period)
        )
        where: list[Criteria] = [Is("received_at", "ge", first), Is("received_at", "lt", last)]
        if trigger.kinds:
            where.append(Is("kind", "in", trigger.kinds))
        if trigger.customers:
            where.append(AnyOf(*(Is("organisation", "eq", each) for each in trigger.customers)))
        by = ("contact", "requester", "organisation")
        lines = self.unit.store.tally(self.unit.setup.entity(FEEDBACK), All(*where), by=by)
        return [(line.key[0] or line.key[1], line.key[2], line.values[0]) for line in lines]


def _each_once(people: list[tuple[Ref | None, Ref | None, int]], per: str) -> list[tuple[Ref, Ref | None]]:
    """Each person, or of each organisation the one with most cases, once; by name, so that every worker agrees."""
    counts: dict[tuple[Ref, Ref | None], int] = {}
    for who, where, cases in people:
        if who is not None and (where is not None or per == "contact"):
            counts[who, where] = counts.get((who, where), 0) + cases
    ordered = sorted(counts, key=lambda pair: (-counts[pair], str(pair[0]), str(pair[1])))
    found: dict[Ref | None, tuple[Ref, Ref | None]] = {}
    for who, where in ordered:
        found.setdefault(where if per == "organisation" else who, (who, where))
    return sorted(found.values(), key=lambda pair: (str(pair[0]), str(pair[1])))
