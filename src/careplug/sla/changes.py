"""Changing promises with open eyes: preview, apply, replay, calendars that grow (SLA 7, SLA 10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from careplug.criteria import All, Criteria, Is, Order
from careplug.criteria import Any as AnyOf
from careplug.definitions import Definition, Definitions, digest_of
from careplug.errors import Invalid, NotFound
from careplug.ports import Unit
from careplug.sla.calendar import WorkCalendar
from careplug.sla.decide import DefinitionBook, Offer, decision, differs, last_choices, last_set
from careplug.sla.entities import Clock
from careplug.sla.policy import CHANGES, Candidate
from careplug.sla.receipt import Receipt, receipts
from careplug.sla.runs import DECIDED, Event, History, follow
from careplug.sla.service import FEEDBACK, Sla
from careplug.text import Text
from careplug.timeline.story import Timeline

__all__ = ["Changes", "Move", "extends"]

KINDS = ("policy", "calendar")


@attrs.frozen(kw_only=True)
class Move:
    """What a change does to one clock. ``flips`` says that it turns late, or stops being late, by it.

    A clock that begins has no old state, one that the change leaves without a rule becomes void.
    """

    feedback_id: str
    metric: str
    cycle: int
    generation: int
    old_due: datetime | None
    new_due: datetime | None
    old_state: str
    new_state: str
    flips: bool = False


class Changes:
    """Previews and applies new revisions of policies and calendars; replays history under others."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.sla = unit.get(Sla)
        self.timeline = unit.get(Timeline)
        self.definitions = unit.get(Definitions)

    def preview(
        self, kind: str, name: str, data: Mapping[str, Any], *, mode: str = "keep", limit: int | None = None
    ) -> Iterator[Move]:
        """What a new revision would move of the open cases it concerns. Nothing is stored."""
        self.unit.allow("sla.preview", name)
        offer, book = self._imagined(kind, name, data, mode)
        done = 0
        for feedback in self._concerned(kind, name):
            before = self._measured(feedback.id)
            after = self._under(feedback, offer, book, mode)
            for move in _moves(feedback.id, before, after):
                yield move
                done += 1
                if limit is not None and done >= limit:
                    return

    def apply(self, kind: str, name: str, *, mode: str = "keep", after: str = "", batch: int = 200) -> tuple[int, str]:
        """Bring a batch of open cases under the active revision, as a fact each.

        Returns how many cases moved, and the id to pass as ``after`` for the next batch (``""`` when none is left). Cases that
        are under it already are left alone, so a broken run is simply run again.
        """
        self.unit.allow("sla.apply", name)
        self._check(kind, mode)
        moved, last = 0, ""
        idents = self._page(kind, name, after, batch)
        cls = self.unit.setup.entity(FEEDBACK)
        held = self.timeline.hold_many(FEEDBACK, cls, idents)
        self.sla.load(idents)
        for ident, feedback in held.items():
            last = ident
            if self.sla.decide(feedback, kind, self.unit.now(), mode=mode) is not None:
                self.sla.project(ident)
                moved += 1
        return moved, last

    def put(self, kind: str, name: str, data: Mapping[str, Any], *, label: Text = Text()) -> Definition:
        """Store a new active revision. Open cases stay pinned to theirs, with one exception: a calendar that only
        adds dates behind its old ``published_until`` re-projects the clocks that were provisional (SLA 7).
        """
        self.unit.allow("definitions.put", name)
        self._check(kind, "keep")
        old = self.definitions.active(kind).get(name)
        made = self.definitions.put(kind, name, data, label=label)
        if kind == "calendar" and old is not None and old.digest != made.digest:
            was, now = self.definitions.cache.parsed(old), self.definitions.cache.parsed(made)
            if extends(was, now):
                self._extend(old.digest)
        return made

    def accept(self, kind: str, name: str, digest: str) -> Definition:
        """Make a proposed revision (a plugin's newer seed, such as the holidays of another year) active, as ``put``."""
        found = next((item for item in self.definitions.revisions(kind, name) if item.digest == digest), None)
        if found is None:
            raise NotFound("definition.proposal", field=f"definition.{kind}.{name}", value=digest)
        return self.put(kind, name, found.data)

    def replay(
        self, feedback_id: str, *, policy: Mapping[str, Any] | None = None, calendars: Mapping[str, Any] | None = None
    ) -> tuple[Receipt, ...]:
        """Measure a case's history as if this policy (and these calendars) had been in force from its start."""
        self.unit.allow("sla.replay", feedback_id)
        offer = Offer.stored(self.definitions)
        extra: dict[tuple[str, str], Any] = {}
        for name, content in (calendars or {}).items():
            offer = self._with(offer, "calendar", name, content, extra)
        if policy is not None:
            offer = attrs.evolve(offer, policies=())
            offer = self._with(offer, "policy", "replayed", policy, extra)
        book = DefinitionBook(self.definitions, extra)
        whole = self.sla.history(feedback_id).events
        if policy is None:
            offer = self.sla.bound(offer, last_set(whole))
        events = [event for event in whole if event.type not in (DECIDED, "verdict")]
        feedback = self._feedback(feedback_id)
        return receipts(self._replayed(feedback, events, offer, book), self.unit.now())

    # -- inside --

    def _replayed(self, feedback: Any, events: Sequence[Event], offer: Offer, book: DefinitionBook) -> History:
        """Decide anew at the start and at each change of priority or kind, then follow."""
        found: list[Event] = []
        state = feedback
        old: Mapping[str, Mapping[str, Any]] = {}
        for event in sorted(events, key=lambda item: item.sequence):
            found.append(event)
            if event.type not in ("submitted", "prioritised", "edited"):
                continue
            changed = {key: event.data[key] for key in ("kind", "priority") if key in event.data}
            state = attrs.evolve(state, **changed)
            new = decision(state, offer, (), event.at)
            entries = {name: entry for name, entry in new.items() if name not in old or differs(old[name], entry)}
            dropped = sorted(set(old) - set(new))
            if old:
                for entry in entries.values():
                    rule = book.policy(entry["policy"]).rules[entry["rule"]]
                    entry["mode"] = event.data.get("mode") or rule.on_change
            old = new
            if entries or dropped:
                found.append(Event(event.at, event.sequence, DECIDED, {"metrics": entries, "dropped": dropped}))
        return follow(sorted(found, key=lambda item: (item.at, item.sequence)), book)

    def _imagined(self, kind: str, name: str, data: Mapping[str, Any], mode: str) -> tuple[Offer, DefinitionBook]:
        self._check(kind, mode)
        extra: dict[tuple[str, str], Any] = {}
        offer = self._with(Offer.stored(self.definitions), kind, name, data, extra)
        return offer, DefinitionBook(self.definitions, extra)

    def _with(
        self, offer: Offer, kind: str, name: str, data: Mapping[str, Any], extra: dict[tuple[str, str], Any]
    ) -> Offer:
        """The offer with one definition replaced by unstored data."""
        value = self.definitions.cache.parsers[kind](name, data)
        digest = digest_of(kind, name, data)
        extra[kind, digest] = value
        if kind == "calendar":
            return attrs.evolve(offer, calendars={**offer.calendars, name: (digest, value)})
        rest = tuple(item for item in offer.policies if item.policy.name != name)
        return attrs.evolve(offer, policies=(*rest, Candidate(policy=value, digest=digest, source="preview")))

    def _under(self, feedback: Any, offer: Offer, book: DefinitionBook, mode: str) -> tuple[Receipt, ...]:
        events = self.sla.history(feedback.id).events
        new = decision(feedback, self.sla.bound(offer, last_set(events)), self.sla.offered(feedback), self.unit.now())
        old = last_choices(events)
        entries = {name: {**entry, "mode": mode} for name, entry in new.items() if differs(old.get(name, {}), entry)}
        dropped = sorted(set(old) - set(new))
        if not entries and not dropped:
            return self._measured(feedback.id)
        data = {"metrics": entries, "dropped": dropped}
        imagined = Event(self.unit.now(), feedback.sequence + 1, DECIDED, data)
        return receipts(self.sla.history(feedback.id, (imagined,), book), self.unit.now(), brief=True)

    def _measured(self, feedback_id: str) -> tuple[Receipt, ...]:
        return receipts(self.sla.history(feedback_id), self.unit.now(), brief=True)

    def _feedback(self, ident: str) -> Any:
        cls = self.unit.setup.entity(FEEDBACK)
        found = self.unit.store.get(cls, ident)
        if found is None:
            raise NotFound("feedback.missing", field="feedback.id", value=ident)
        return found

    def _concerned(self, kind: str, name: str) -> Iterator[Any]:
        after, batch = "", 200
        cls = self.unit.setup.entity(FEEDBACK)
        while True:
            idents = self._page(kind, name, after, batch)
            self.timeline.look_at(FEEDBACK, idents)
            yield from self.unit.store.find(cls, Is("id", "in", tuple(idents)), order=(Order("id"),))
            if not idents:
                return
            after = idents[-1]

    def _page(self, kind: str, name: str, after: str, batch: int) -> list[str]:
        """Ids of cases with open clocks: a new policy may concern any, a calendar those that run on it.

        Clocks that are not counted go on in closed cycles, which stay pinned.
        """
        parts: list[Criteria] = [Is("open", "eq", True), Is("counted", "eq", True)]
        if kind == "calendar":
            digests = tuple(item.digest for item in self.definitions.revisions("calendar", name))
            parts.append(AnyOf(Is("calendar", "eq", name), Is("calendar_digest", "in", digests)))
        if after:
            parts.append(Is("feedback_id", "gt", after))
        self.unit.flush()
        order = (Order("feedback_id"),)
        found: dict[str, None] = {}
        for (ident,) in self.unit.store.pick(Clock, ("feedback_id",), All(*parts), order=order, limit=batch * 8):
            found[ident] = None
            if len(found) == batch:
                break
        return list(found)

    def _extend(self, digest: str) -> None:
        criteria = All(Is("provisional", "eq", True), Is("calendar_digest", "eq", digest), Is("open", "eq", True))
        self.unit.flush()
        metrics: dict[str, set[str]] = {}
        for clock in self.unit.store.find(Clock, criteria):
            metrics.setdefault(clock.feedback_id, set()).add(clock.metric)
        cls, now = self.unit.setup.entity(FEEDBACK), self.unit.now()
        held = self.timeline.hold_many(FEEDBACK, cls, list(metrics))
        self.sla.load(list(metrics))
        for ident, feedback in held.items():
            only = frozenset(metrics[ident])
            if self.sla.decide(feedback, "calendar_extended", now, mode="keep", only=only) is not None:
                self.sla.project(ident)

    def _check(self, kind: str, mode: str) -> None:
        if kind not in KINDS:
            raise Invalid("change.kind", field="change.kind", value=kind, known=", ".join(KINDS))
        if mode not in CHANGES:
            raise Invalid("change.mode", field="change.mode", value=mode, known=", ".join(CHANGES))


def extends(old: WorkCalendar, new: WorkCalendar) -> bool:
    """Whether a calendar only adds dates behind the old one's ``published_until``."""
    if old.published_until is None or (new.published_until is not None and new.published_until <= old.published_until):
        return False
    edge = old.published_until
    same = (old.zone, old.week, old.periods, old.closures) == (new.zone, new.week, new.periods, new.closures)
    known = {day for day in old.holidays if day <= edge} == {day for day in new.holidays if day <= edge}
    hours = {day: part for day, part in old.dates.items() if day <= edge}
    return same and known and hours == {day: part for day, part in new.dates.items() if day <= edge}


def _moves(feedback_id: str, before: Sequence[Receipt], after: Sequence[Receipt]) -> Iterator[Move]:
    old, new = _running(before), _running(after)
    for metric, cycle in sorted(old.keys() | new.keys()):
        was, now = old.get((metric, cycle)), new.get((metric, cycle))
        due = [item.due_at if item is not None else None for item in (was, now)]
        state = [item.state if item is not None else "" for item in (was, now)]
        if (due[0], state[0]) != (due[1], state[1]):
            yield Move(
                feedback_id=feedback_id,
                metric=metric,
                cycle=cycle,
                generation=max(item.generation for item in (was, now) if item is not None),
                old_due=due[0],
                new_due=due[1],
                old_state=state[0],
                new_state=state[1] or "void",
                flips=(was is not None and was.late) != (now is not None and now.late),
            )


def _running(found: Sequence[Receipt]) -> dict[tuple[str, int], Receipt]:
    return {(item.metric, item.cycle): item for item in found if item.state in ("running", "standing")}
