"""The sla service of a unit: decide, project, explain, list what is due (S5, S6, S10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from careplug.clock import aware
from careplug.criteria import All, Criteria, Is, Order, page_size
from careplug.definitions import Definitions
from careplug.errors import NotFound
from careplug.ports import Unit
from careplug.sla.attainment import Attainment, kept
from careplug.sla.decide import DefinitionBook, Offer, decision, differs, field_of, last_choices, last_set
from careplug.sla.entities import Clock
from careplug.sla.policy import Candidate
from careplug.sla.projection import clock_of, judged, pinned
from careplug.sla.receipt import ENGINE, Receipt, receipts
from careplug.sla.runs import Event, History, closes, events_of, follow
from careplug.timeline.facts import Fact
from careplug.timeline.story import Timeline

__all__ = ["PROMISED", "Promise", "Sla", "handle"]

FEEDBACK = "feedback"
_STRUCTURE = frozenset({"submitted", "paused", "resumed", "reopened", "voided", "policy_decided"})
_KEPT = 4096
"""How many decisions are remembered: policies may ask about a field with many values."""

_DECIDES = frozenset({"prioritised", "edited"})

PROMISED = ("response", "resolution")
"""The metrics whose times a customer is told."""
_TOLD = ("metric", "state", "due_at", "stopped_at", "provisional")


@attrs.frozen(kw_only=True)
class Promise:
    """What was promised to a customer, without how it was measured: the fields are those of ``Clock``."""

    metric: str
    state: str
    due_at: datetime | None
    stopped_at: datetime | None
    provisional: bool


class Sla:
    """Clocks of a unit's tenant."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.timeline = unit.get(Timeline)
        self.definitions = unit.get(Definitions)
        self.deferred: set[str] | None = None
        self.policy_set: str | None = None
        """The digest of a ``policy_set``: only its policies may apply to cases that begin in this unit, then and later."""
        self._known: dict[str, dict[str, Clock]] = {}
        self._was: dict[str, Clock] = {}

    @property
    def book(self) -> DefinitionBook:
        """The pinned revisions."""
        return DefinitionBook(self.definitions, choices=self.definitions.memo("choices", dict))

    # -- handling facts --

    def handle(self, fact: Fact, before: Any, after: Any) -> None:
        """Act on a fact of a feedback, in its transaction: decide, project, pass verdicts."""
        if fact.type == "submitted" or (fact.type in _DECIDES and self._moved(before, after)):
            cause = "submitted" if fact.type == "submitted" else fact.type
            mode = fact.data.get("mode", "")
            self.decide(after, cause, fact.at, mode=mode, origin=fact.origin, fact=fact.sequence)
        elif fact.type == "voided" and fact.data["type"] in _DECIDES:
            # What it decided is void with it; what was decided since may lean on that.
            self.decide(after, "voided", fact.at, mode="keep", origin=fact.origin, fact=fact.sequence)
        elif fact.type not in self._listened():
            return
        ended = before.category == "open" and after.category != "open" and fact.type != "submitted"
        if self.deferred is not None:
            if not ended:
                self.deferred.add(fact.subject_id)
                return
            self.deferred.discard(fact.subject_id)
        history = self.history(fact.subject_id)
        found = receipts(history, fact.at, brief=True)
        if fact.type == "voided":
            ended = after.category != "open" and not judged(history)
        if ended:
            self._pass_verdicts(fact, found, history)
            if any(event.type == "verdict" for event in history.events):  # an earlier one may be superseded by now
                history = self.history(fact.subject_id)
        self._write(fact.subject_id, found, history)

    def _moved(self, before: Any, after: Any) -> bool:
        """Whether a field changed that any policy asks about."""
        fields = self.definitions.memo("decision_fields", self._offer().fields)
        return any(field_of(before, name) != field_of(after, name) for name in fields)

    def _listened(self) -> frozenset[str]:
        def make() -> frozenset[str]:
            metrics = self.definitions.values("metric").values()
            return _STRUCTURE.union(*(metric.facts() for metric in metrics))

        return self.definitions.memo("listened", make)  # type: ignore[no-any-return]

    def _offer(self, bound: str | None = None) -> Offer:
        def make() -> Offer:
            return Offer.stored(self.definitions) if bound is None else self.bound(self._offer(), bound)

        return self.definitions.memo(f"offer.{bound or ''}", make)  # type: ignore[no-any-return]

    def bound(self, offer: Offer, bound: str | None) -> Offer:
        """The part of an offer that a case may be given which is bound to a policy set."""
        return offer if bound is None else offer.within(self.definitions.pinned("policy_set", bound)["policies"])

    def decide(
        self,
        feedback: Any,
        cause: str,
        at: datetime,
        *,
        mode: str = "",
        origin: str = "live",
        only: frozenset[str] | None = None,
        fact: int = 0,
    ) -> Mapping[str, Any] | None:
        """Choose the rules of a case and write them as a fact where they changed; None where nothing did.

        With ``only`` these metrics alone are decided anew. ``fact`` is the sequence of the fact that caused it: where
        that is voided the decision is void with it.
        """
        offered = self.offered(feedback)
        events = () if cause == "submitted" else self.history(feedback.id).events
        bound = self.policy_set if cause == "submitted" else last_set(events)
        new = self._decision(feedback, offered, at, bound)
        old = last_choices(events)
        changed = {name: entry for name, entry in new.items() if name not in old or differs(old[name], entry)}
        dropped = sorted(set(old) - set(new))
        if only is not None:
            changed, dropped = {name: changed[name] for name in changed if name in only}, []
        if not changed and not dropped and (events or bound is None):
            return None
        if old:
            for entry in changed.values():
                rule = self.book.policy(entry["policy"]).rules[entry["rule"]]
                entry["mode"] = mode or rule.on_change
        data: dict[str, Any] = {"cause": cause, "metrics": changed, **({"dropped": dropped} if dropped else {})}
        if bound is not None:
            data["set"] = bound
        if fact:
            data["fact"] = fact
        self.timeline.append(FEEDBACK, feedback.id, "policy_decided", data, at=at, origin=origin, quiet=True)
        return data

    def offered(self, feedback: Any) -> list[Candidate]:
        """What plugins (contracts) offer for a case."""
        return [
            attrs.evolve(candidate, offered=True)
            for source in self.unit.setup.policy_sources
            for candidate in source.candidates(self.unit, feedback)
        ]

    def _decision(
        self, feedback: Any, offered: Sequence[Any], at: datetime, bound: str | None
    ) -> dict[str, dict[str, Any]]:
        """The decision for a case; stored policies answer alike for cases that are alike in what they ask about."""
        offer = self._offer(bound)
        if offered:
            return decision(feedback, offer, offered, at)
        known: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = self.definitions.memo("decisions", dict)
        fields = self.definitions.memo("decision_fields", self._offer().fields)
        key = (bound, *(field_of(feedback, name) for name in fields))
        found = known.get(key)
        if found is None:
            if len(known) >= _KEPT:
                known.clear()
            found = known[key] = decision(feedback, offer, (), at)
        return {name: dict(entry) for name, entry in found.items()}

    def _pass_verdicts(self, fact: Fact, found: Sequence[Receipt], history: History) -> None:
        verdicts = [
            {
                "metric": item.metric,
                "cycle": item.cycle,
                "generation": item.generation,
                "state": item.state,
                "due_at": item.due_at,
                "stopped_at": item.stopped_at,
                "policy": item.leg.choice.policy_digest,
                "calendar": item.leg.choice.calendar_digest,
            }
            for item, run in zip(found, history.runs, strict=True)
            if item.counted_metric and run.through == history.cycle and item.state in ("met", "missed", "void")
        ]
        if verdicts:
            ending = max((event.sequence for event in history.events if closes(event.data)), default=fact.sequence)
            data = {"cycle": history.cycle, "engine": ENGINE, "clocks": verdicts, "fact": ending}
            self.timeline.append(FEEDBACK, fact.subject_id, "verdict", data, at=fact.at, origin=fact.origin, quiet=True)

    # -- measuring --

    def history(self, feedback_id: str, extra: Sequence[Event] = (), book: DefinitionBook | None = None) -> History:
        """The followed timeline of a case; ``extra`` events are thought of, not stored."""
        events = events_of(self.timeline.bare_facts(FEEDBACK, feedback_id))
        if extra:
            events = tuple(sorted((*events, *extra), key=lambda event: (event.at, event.sequence)))
        return follow(events, book or self.book)

    def explain(self, feedback_id: str, *, now: datetime | None = None) -> tuple[Receipt, ...]:
        """The receipts of a case, with what the verdict facts of closed cycles pinned (SLA 10); ``NotFound`` for none."""
        self.unit.allow("sla.explain", feedback_id)
        moment = aware(now, "explain.now") if now is not None else self.unit.now()
        history = self.history(feedback_id)
        if not history.events:
            raise NotFound("feedback.missing", field="feedback.id", value=feedback_id)
        return pinned(receipts(history, moment), history)

    def project(self, feedback_id: str) -> tuple[Receipt, ...]:
        """Measure a case anew and bring its clocks in line; brief receipts."""
        history = self.history(feedback_id)
        found = receipts(history, self.unit.now(), brief=True)
        self._write(feedback_id, found, history)
        return found

    def settle(self) -> None:
        """Project every case that was deferred."""
        waiting, self.deferred = self.deferred or set(), set()
        for feedback_id in sorted(waiting):
            self.project(feedback_id)

    def _write(self, feedback_id: str, found: Sequence[Receipt], history: History) -> None:
        fixed = pinned(found, history)
        wanted = {clock.id: clock for clock in (clock_of(feedback_id, item, self.unit.tenant) for item in fixed)}
        store = self.unit.store
        stored = {} if self.timeline.is_new(FEEDBACK, feedback_id) else self._stored(feedback_id)
        self._known[feedback_id] = dict(wanted)
        for ident, clock in wanted.items():
            old = stored.pop(ident, None)
            if old is None:
                store.add(clock)
                continue
            self._change(old, attrs.evolve(clock, fence=old.fence, leased_until=old.leased_until))
        if stored:
            # Runs of facts that were voided since: a clock is what the timeline says, no more.
            for ident in stored:
                self._was.pop(ident, None)
            store.remove(Clock, Is("id", "in", tuple(stored)))
        self.timeline.remember_written(FEEDBACK, feedback_id)

    def _stored(self, feedback_id: str) -> dict[str, Clock]:
        if feedback_id not in self._known:
            self.load([feedback_id])
        return dict(self._known[feedback_id])

    def load(self, feedback_ids: Sequence[str]) -> None:
        """Read the clocks of held cases with one query."""
        wanted = tuple(ident for ident in feedback_ids if ident not in self._known)
        self._known.update({ident: {} for ident in wanted})
        if wanted:
            for clock in self.unit.store.find(Clock, Is("feedback_id", "in", wanted), lock=self.unit.joined):
                self._known[clock.feedback_id][clock.id] = clock

    def held_clock(self, feedback_id: str, ident: str) -> Clock | None:
        """A clock of a held case as this unit knows it."""
        return self._stored(feedback_id).get(ident)

    def free(self, clock: Clock) -> None:
        """Give back the lease of a clock that was dealt with."""
        now = self._stored(clock.feedback_id).get(clock.id)
        if now is not None:  # one that no fact explains went with the projection
            self._change(now, attrs.evolve(now, leased_until=None))

    def advance(self, clock: Clock, receipt: Receipt, fired: Sequence[str]) -> None:
        """Move a held clock on to its next level after these fired; runs and due time are as the receipt says."""
        now = self._stored(clock.feedback_id)[clock.id]
        waiting = [level for level in receipt.levels if not level.fired and level.name not in fired]
        level, at = (waiting[0].name, waiting[0].at) if waiting else ("", None)
        self._change(now, attrs.evolve(now, level=level, next_at=at))

    def _change(self, old: Clock, new: Clock) -> None:
        """Note a clock's new values; they are written when the unit flushes."""
        self._known[new.feedback_id][new.id] = new
        if new != old:
            self._was.setdefault(new.id, old)

    def flush(self) -> None:
        """Write the clocks that changed."""
        if self._was:
            changed = [(self._known[old.feedback_id][old.id], old) for old in self._was.values()]
            self._was = {}
            self.unit.store.save_all([(new, old) for new, old in changed if new != old])

    # -- asking --

    def due(
        self,
        *,
        before: datetime | None = None,
        metric: str = "",
        after: Sequence[Any] | None = None,
        limit: int = 25,
    ) -> list[Clock]:
        """Open clocks by due time, standing ones last; ``after`` is the page key (due_at, id) of the last seen."""
        self.unit.flush()
        self.unit.allow("sla.due")
        parts: list[Criteria] = [Is("open", "eq", True)]
        if before is not None:
            parts.append(Is("due_at", "lt", before))
        if metric:
            parts.append(Is("metric", "eq", metric))
        size = page_size(limit, "due")
        return self.unit.store.find(Clock, All(*parts), order=(Order("due_at"),), limit=size, after=after)

    def clocks(self, feedback_ids: Sequence[str]) -> list[Clock]:
        """The clocks of some cases, in one query."""
        self.unit.flush()
        self.unit.allow("sla.due")
        if not feedback_ids:
            return []
        order = (Order("feedback_id"), Order("metric"), Order("cycle"), Order("generation"))
        return self.unit.store.find(Clock, Is("feedback_id", "in", tuple(feedback_ids)), order=order)

    def promises(self, *cases: Any) -> dict[str, tuple[Promise, ...]]:
        """What was promised for cases that the actor was shown, by the id of each; one query.

        The last counted clock of each ``PROMISED`` metric, in that order: the one that holds in the current cycle, which
        may have begun in an earlier one. It needs no more than ``feedback.read``: customers may not ask for clocks, and
        whoever holds a case was allowed to see it.
        """
        self.unit.flush()
        for case in cases:
            self.unit.allow("feedback.read", case)
        found: dict[str, dict[str, Promise]] = {case.id: {} for case in cases}
        if not found:
            return {}
        wanted = (Is("feedback_id", "in", tuple(found)), Is("metric", "in", PROMISED), Is("counted", "eq", True))
        for clock in self.unit.store.find(Clock, All(*wanted), order=(Order("cycle"), Order("generation"))):
            if clock.state != "superseded":
                told = {name: getattr(clock, name) for name in _TOLD}
                found[clock.feedback_id][clock.metric] = Promise(**told)
        return {ident: tuple(each[name] for name in PROMISED if name in each) for ident, each in found.items()}

    def attainment(self, *, since: datetime | None = None, until: datetime | None = None) -> list[Attainment]:
        """How each metric was kept; the period is of the stopping fact (S10)."""
        self.unit.flush()
        self.unit.allow("report.read")
        return kept(self.unit.store, self.unit.now(), since, until)


def handle(unit: Unit, fact: Fact, before: Any, after: Any) -> None:
    """The sla room's handler: every fact of a feedback."""
    if fact.subject == FEEDBACK:
        unit.get(Sla).handle(fact, before, after)
