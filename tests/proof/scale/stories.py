"""Stories of cases, told by careplug itself on the memory storage, to be told again with other words in other weeks.

The office calendar has the same hours every week and no holidays, so a case that is told again whole weeks earlier has
the same clocks, whole weeks earlier. Everything here is imported at ``NOW``: levels that were due by then never fire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import attrs

from careplug import Care
from careplug.clock import ManualClock, from_text
from careplug.criteria import Order
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback
from careplug.refs import IMPORT, new_id
from careplug.sla.entities import Clock
from careplug.timeline.facts import Fact, FactRow, Personal, facts_of
from careplug.timeline.story import Timeline

__all__ = ["BASE", "NOW", "WEEK", "Story", "Teller", "prepare"]

WEEK = timedelta(days=7)
NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
"""A Monday, 09:00 in the office: everything was recorded then."""

BASE = NOW - 5 * WEEK
"""Where the week of the stories begins that are told again."""

_HOUR = 3_600_000_000
_LEVELS = [
    {"name": "warn", "share": 80, "to": ["assignee"]},
    {"name": "breach", "share": 100, "to": ["assignee"]},
]
_WAITS = ["waiting_customer", "scheduled"]
_SLOW = ("change", "suggestion", "training", "installation")
_QUICK = ("fault", "fault", "fault", "question", "question", "complaint", "data_fix", "alarm")


def _target(metric: str, hours: int, **more: Any) -> dict[str, Any]:
    return {"metric": metric, "target": {"type": "working_time", "microseconds": hours * _HOUR}, **more}


POLICY: Mapping[str, Any] = {
    "rank": 100,
    "calendar": "office",
    "targets": [
        _target("response", 1, priorities=[1, 2], levels=_LEVELS, reopen="new"),
        _target("response", 4, levels=_LEVELS, reopen="new"),
        {
            **_target("resolution", 0, kinds=list(_SLOW), pauses=_WAITS, levels=_LEVELS),
            "target": {"type": "working_days", "days": 30, "ends": "close"},
        },
        _target("resolution", 8, priorities=[1], pauses=_WAITS, levels=_LEVELS),
        _target("resolution", 24, priorities=[2], pauses=_WAITS, levels=_LEVELS),
        _target("resolution", 40, pauses=_WAITS, levels=_LEVELS),
    ],
}
"""What this desk promises: an answer and a solution, in its office hours."""


def prepare(care: Care) -> None:
    """Give a Care the promises of this desk alone."""
    with care.unit(actor=IMPORT) as unit:
        for name in ("emergency", "onsite_repair", "factory_repair", "standard"):
            unit.definitions.put("policy", name, POLICY if name == "standard" else _NEVER)


_NEVER: Mapping[str, Any] = {**POLICY, "rank": 900, "when": {"field": "kind", "op": "eq", "value": "nothing"}}


@attrs.frozen
class Story:
    """A case as careplug wrote it: its row, its facts with their words, its clocks."""

    case: Feedback
    facts: tuple[Fact, ...]
    clocks: tuple[Clock, ...]


class Teller:
    """Tells stories on a memory storage of its own; it holds those of one call only."""

    def __init__(self) -> None:
        self.care = Care(clock=ManualClock(NOW), block=("holidays",))
        prepare(self.care)

    def weekly(self, count: int) -> list[Story]:
        """The stories of one week, by the time they came in; nearly all are closed within four."""
        chance = Random("weekly")
        found: list[Story] = []
        while len(found) < count:
            part = min(200, count - len(found))
            found += self._told(_weekly(chance) for _ in range(part))
        return sorted(found, key=lambda story: (story.case.received_at, story.case.number))

    def recent(self, chance: Random, count: int) -> list[Story]:
        """Open cases of the last weeks, most with levels still to come."""
        return self._told(_recent(chance) for _ in range(count))

    def _told(self, plots: Iterable[Plot]) -> list[Story]:
        with self.care.unit(actor=IMPORT) as unit:
            for plot in plots:
                _tell(unit, plot)
        with self.care.transaction(tenant="") as store:
            order = (Order("subject_id"), Order("sequence"))
            facts: dict[str, list[Fact]] = {}
            for fact in facts_of(store.find(FactRow, order=order), store.find(Personal)):
                facts.setdefault(fact.subject_id, []).append(_timed(fact))
            clocks: dict[str, list[Clock]] = {}
            for clock in store.find(Clock):
                clocks.setdefault(clock.feedback_id, []).append(clock)
            made = [Story(case, tuple(facts[case.id]), tuple(clocks[case.id])) for case in store.find(Feedback)]
            for cls in (FactRow, Personal, Clock, Feedback):
                store.remove(cls, None)
        return made


def _timed(fact: Fact) -> Fact:
    """A verdict with instants instead of their texts, so that they can be moved."""
    if fact.type != "verdict":
        return fact
    clocks = [
        {key: from_text(value) if key.endswith("_at") and value else value for key, value in clock.items()}
        for clock in fact.data["clocks"]
    ]
    return attrs.evolve(fact, data={**fact.data, "clocks": clocks})


Step = tuple[str, Mapping[str, Any], datetime]


@attrs.frozen
class Plot:
    """What is to happen: when and as what a case comes in, and what follows."""

    received: datetime
    intake: Mapping[str, Any]
    steps: Sequence[Step]


def _tell(unit: Any, plot: Plot) -> None:
    ident = new_id()
    timeline: Timeline = unit.get(Timeline)
    case = Feedback(id=ident, number=ident, kind=plot.intake["kind"], state="received", received_at=plot.received)
    timeline.new(FEEDBACK, case)
    timeline.append(FEEDBACK, ident, "submitted", {**plot.intake, "number": ident}, at=plot.received, origin="import")
    for kind, data, at in plot.steps:
        timeline.append(FEEDBACK, ident, kind, data, at=at, origin="import")


_MATRIX = {(1, 1): 1, (1, 2): 2, (2, 1): 2, (1, 3): 3, (2, 2): 3, (3, 1): 3, (2, 3): 4, (3, 2): 4, (3, 3): 4}
_WORDS = ("subject", "body", "contact_name", "contact_phone")


def _intake(chance: Random, kinds: Sequence[str], *, answered: bool = False) -> dict[str, Any]:
    impact, urgency = chance.choice((1, 2, 2, 3, 3)), chance.choice((1, 2, 2, 3, 3))
    data: dict[str, Any] = dict.fromkeys(_WORDS, "?")
    data |= {"kind": chance.choice(kinds), "impact": impact, "urgency": urgency, "priority": _MATRIX[impact, urgency]}
    data |= {"requester": "person:?", "organisation": "organisation:?", "channel": chance.choice(("web", "phone"))}
    data |= {"source": "scale", "state": "received", "category": "open"}
    return data | ({"answered": True} if answered else {})


def _step(was: str, state: str, category: str, step: str, **words: Any) -> dict[str, Any]:
    return {"from": was, "to": state, "category": category, "step": step, "person": True, "side": "service", **words}


_ANSWERED = {"body": "?", "side": "service", "automatic": False}
_SOLVED = {"measure": "?", "result": "?", "assignee": "person:?"}
_PAUSED = {"reason": "waiting_customer", "party": "customer"}


def _resolved(was: str) -> dict[str, Any]:
    return _step(was, "resolved", "done", "resolve", **_SOLVED)


def _answered(times: Times) -> list[Step]:
    return [("replied", _ANSWERED, times(1)), ("resolved", _resolved("received"), times(30))]


def _silent(times: Times) -> list[Step]:
    return [("resolved", _resolved("received"), times(20))]


def _waiting(times: Times) -> list[Step]:
    return [
        ("replied", _ANSWERED, times(1)),
        ("paused", _PAUSED, times(10)),
        ("resumed", {"reason": "waiting_customer"}, times(60)),
        ("resolved", _resolved("received"), times(30)),
    ]


def _again(times: Times) -> list[Step]:
    back = _step("resolved", "handling", "open", "reopen")
    return [*_answered(times), ("reopened", back, times(40)), ("resolved", _resolved("handling"), times(30))]


def _filed(times: Times) -> list[Step]:
    return [*_silent(times), ("closed", _step("resolved", "closed", "done", "close"), times(72))]


def _rejected(times: Times) -> list[Step]:
    return [("rejected", _step("received", "rejected", "void", "reject", reason="?"), times(5))]


def _withdrawn(times: Times) -> list[Step]:
    return [("withdrawn", _step("received", "withdrawn", "void", "withdraw"), times(5))]


def _left_waiting(times: Times) -> list[Step]:
    return [("replied", _ANSWERED, times(1)), ("paused", _PAUSED, times(10))]


def _left_open(times: Times) -> list[Step]:
    return [("dispatched", _step("received", "dispatched", "open", "dispatch", assignee="person:?"), times(4))]


def _just_in(times: Times) -> list[Step]:
    return [("assigned", {"assignee": "person:?", "team": None}, times(0.1))]


Times = Callable[[float], datetime]
"""The next moment, about so many hours on."""

_CLOSED = ((_answered, 40), (_silent, 28), (_waiting, 8), (_again, 4), (_filed, 10), (_rejected, 4), (_withdrawn, 3))
_OPEN = ((_left_waiting, 60), (_left_open, 40))
_NEW = ((_left_open, 60), (_just_in, 25), (_left_waiting, 15))
_LEFT_OPEN = 0.015


def _plot(chance: Random, received: datetime, kinds: Sequence[str], ways: Any) -> Plot:
    here = received

    def times(hours: float) -> datetime:
        nonlocal here
        here += timedelta(seconds=round(chance.uniform(0.2, 1.8) * hours * 3600))
        return here

    way = chance.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
    steps = way(times)
    return Plot(received, _intake(chance, kinds, answered=way is _silent and chance.random() < 0.3), steps)


def _weekly(chance: Random) -> Plot:
    minute = chance.randrange(5 * 24 * 60) if chance.random() < 0.8 else chance.randrange(7 * 24 * 60)
    received = BASE + timedelta(minutes=minute, seconds=chance.randrange(60))
    if chance.random() < _LEFT_OPEN:
        return _plot(chance, received, _QUICK, _OPEN)
    return _plot(chance, received, (*_QUICK, *_SLOW), _CLOSED)


def _recent(chance: Random) -> Plot:
    age = timedelta(seconds=round(chance.random() ** 2 * 26 * 86_400) + 600)
    plot = _plot(chance, NOW - age, (*_SLOW, *_SLOW, *_QUICK), _NEW)
    return attrs.evolve(plot, steps=tuple(step for step in plot.steps if step[2] < NOW))
