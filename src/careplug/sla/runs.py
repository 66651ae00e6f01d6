"""Following a timeline: which clocks ran, from when to when, under which rules. Pure.

A *run* is one generation of one metric's clock in one handling cycle. It has legs: a leg begins with the run
and with every change whose mode is ``from_now``. Everything the run needs stands in facts (submitted, replied,
paused, policy_decided …) and in revisions that never change, so the same history always gives the same runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import attrs

from careplug.sla.calendar import WorkCalendar
from careplug.sla.metric import Metric, On
from careplug.sla.policy import Policy, Rule

__all__ = ["Book", "Choice", "Event", "History", "Leg", "PauseSpan", "Run", "closes", "events_of", "follow"]

DECIDED = "policy_decided"
REOPENED = "reopened"


class Book(Protocol):
    """Where pinned revisions are read by digest."""

    def choice(self, data: Mapping[str, Any]) -> Choice:
        """One metric's part of a decision fact, resolved."""

    def policy(self, digest: str) -> Policy:
        """A policy revision."""

    def calendar(self, digest: str) -> WorkCalendar:
        """A calendar revision."""

    def metric(self, digest: str) -> Metric:
        """A metric revision."""


@attrs.frozen
class Event:
    """A fact as the clocks see it. ``turn`` says whether it closed the case (shut) or opened a closed one (open)."""

    at: datetime
    sequence: int
    type: str
    data: Mapping[str, Any] = attrs.field(factory=dict)
    recorded_at: datetime | None = None
    origin: str = "live"
    turn: str = ""


@attrs.frozen
class PauseSpan:
    """A pause: from, until (None while open), why, for whom, and the fact that opened it."""

    start: datetime
    end: datetime | None
    reason: str
    party: str
    sequence: int


@attrs.frozen
class Choice:
    """The rule a metric was given by a decision fact, resolved."""

    metric: Metric
    policy: str
    policy_digest: str
    index: int
    rule: Rule
    calendar_digest: str
    calendar: WorkCalendar
    metric_digest: str
    mode: str = "keep"
    source: str = ""
    reason: str = ""
    losers: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def read(cls, data: Mapping[str, Any], book: Book) -> Choice:
        """Resolve one metric's part of a decision fact."""
        policy = book.policy(data["policy"])
        return cls(
            metric=book.metric(data["metric"]),
            policy=policy.name,
            policy_digest=data["policy"],
            index=data["rule"],
            rule=policy.rules[data["rule"]],
            calendar_digest=data["calendar"],
            calendar=book.calendar(data["calendar"]),
            metric_digest=data["metric"],
            mode=data.get("mode", "keep"),
            source=data.get("source", ""),
            reason=data.get("reason", ""),
            losers=tuple(data.get("losers", ())),
        )


@attrs.frozen
class Leg:
    """A stretch of a run under one rule."""

    since: datetime
    choice: Choice


@attrs.define
class Run:
    """One generation of a clock. ``outcome`` is open, stopped, abandoned, void or superseded.

    ``solved`` are the spans between being resolved and being reopened, which no target counts; ``through`` is the
    last handling cycle it lived in (a continued run keeps the ``cycle`` it began in). ``began`` is the sequence of the
    fact that made this generation: what fired before it was another one's.
    """

    metric: str
    cycle: int
    generation: int
    started: Event
    legs: list[Leg] = attrs.field(factory=list)
    solved: list[tuple[datetime, datetime]] = attrs.field(factory=list)
    stopped: Event | None = None
    outcome: str = "open"
    through: int = 1
    began: int = 0


@attrs.frozen
class History:
    """What a timeline says about its clocks: the runs in order, the pauses, the events they came from.

    ``fired`` are the levels that escalated facts tell of, with the last one's sequence; levels due before ``imported_at`` never fire, because
    nobody wants the alarms of years that were imported.
    """

    runs: tuple[Run, ...]
    pauses: tuple[PauseSpan, ...]
    events: tuple[Event, ...]
    cycle: int
    fired: Mapping[tuple[str, int, int, str], int]
    imported_at: datetime | None = None


def events_of(facts: Iterable[Any]) -> tuple[Event, ...]:
    """The facts that count, in the order of when they happened: (at, sequence); voided ones are left out.

    Nothing counts before the intake: what is dated earlier (a call before the case was written down, a log whose case
    closes before it opens) acts on the clocks at the intake.
    """
    facts = list(facts)
    cancelled = {fact.data["sequence"] for fact in facts if fact.type == "voided"}
    intake = next((fact.at for fact in facts if fact.type == "submitted"), None)
    kept: list[Event] = []
    turned, shut = intake, False
    for fact in facts:
        # Decisions and verdicts go with the fact that caused them.
        if fact.sequence in cancelled or (fact.type in _CAUSED and fact.data.get("fact") in cancelled):
            continue
        at = max(fact.at, intake or fact.at)
        turn = _turn(fact.type, fact.data, shut=shut)
        if turn:
            # Closing and opening happen one after the other, whatever their dates say.
            at = turned = max(at, turned or at)
            shut = turn == "shut"
        kept.append(Event(at, fact.sequence, fact.type, fact.data, fact.recorded_at, fact.origin, turn))
    return tuple(sorted(kept, key=lambda event: (event.at, event.sequence)))


_CAUSED = (DECIDED, "verdict")


def closes(data: Mapping[str, Any]) -> bool:
    """Whether a fact's data is that of a step out of the open states."""
    return "from" in data and "to" in data and data.get("category") in ("done", "void")


def _turn(kind: str, data: Mapping[str, Any], *, shut: bool) -> str:
    """Whether a fact closes a case, or opens one that was closed."""
    if closes(data):
        return "shut"
    opens = kind == REOPENED or (shut and "from" in data and "to" in data and data.get("category") == "open")
    return "open" if opens else ""


def pauses_of(events: Sequence[Event]) -> tuple[PauseSpan, ...]:
    """The pauses of a timeline, keyed by reason; several may be open at once. Closing a case ends those that are;
    a closed one cannot be paused.

    What belongs together goes by sequence, as for the case itself: a resumption that is dated before its pause ends
    it where it began.
    """
    spans: list[PauseSpan] = []
    opened: dict[str, Event] = {}
    shut = False
    for event in sorted(events, key=lambda event: event.sequence):
        reason = event.data.get("reason", "")
        shut = event.turn == "shut" if event.turn else shut
        if event.type == "paused" and reason not in opened and not shut:
            opened[reason] = event
            continue
        ended = tuple(opened) if closes(event.data) else (reason,) if event.type == "resumed" else ()
        for name in ended:
            if name in opened:
                start = opened.pop(name)
                end = max(start.at, event.at)
                spans.append(PauseSpan(start.at, end, name, start.data.get("party", ""), start.sequence))
    spans.extend(
        PauseSpan(start.at, None, reason, start.data.get("party", ""), start.sequence)
        for reason, start in opened.items()
    )
    return tuple(sorted(spans, key=lambda span: (span.start, span.sequence)))


def follow(events: Sequence[Event], book: Book) -> History:
    """Every run of every metric that a decision fact ever gave a rule."""
    decided = {
        (event.sequence, name): book.choice(data)
        for event in events
        if event.type == DECIDED
        for name, data in event.data["metrics"].items()
    }
    tracks: dict[str, _Track] = {}
    for (_, name), choice in decided.items():
        if name not in tracks:
            tracks[name] = _Track(name, choice.metric, decided)
    cycle, shut = 1, False
    for event in events:
        if event.type == REOPENED:
            cycle += 1
        for track in tracks.values():
            track.feed(event, cycle, shut=shut)
        # What is said or agreed while a case is closed starts no clock.
        shut = event.turn == "shut" if event.turn else shut
    runs = [run for name in sorted(tracks) for run in tracks[name].runs if run.legs]
    fired: dict[tuple[str, int, int, str], int] = {}
    for event in events:
        if event.type == "escalated":
            key = event.data["metric"], event.data["cycle"], event.data["generation"], event.data["level"]
            fired[key] = max(event.sequence, fired.get(key, 0))
    imported = [event.recorded_at for event in events if event.origin == "import" and event.recorded_at]
    return History(tuple(runs), pauses_of(events), tuple(events), cycle, fired, max(imported, default=None))


class _Track:
    """Follows one metric through the events."""

    def __init__(self, name: str, metric: Metric, decided: Mapping[tuple[int, str], Choice]) -> None:
        self.name = name
        self.metric = metric
        self.decided = decided
        self.choice: Choice | None = None
        self.runs: list[Run] = []

    @property
    def run(self) -> Run | None:
        """The run that is going on."""
        return self.runs[-1] if self.runs and self.runs[-1].outcome == "open" else None

    def feed(self, event: Event, cycle: int, *, shut: bool) -> None:
        """Let one event act: decision, void, stop, restart, start, in this order; a reopening first."""
        if event.type == DECIDED:
            self._decide(event)
            return
        if event.type == REOPENED:
            self._reopen(event, cycle)
        if self._is(self.metric.voided_by, event):
            self._void(event, cycle)
            return
        run = self.run
        if run is not None:
            restarts = self._is(self.metric.restarts, event)
            if restarts or self._is(self.metric.stops, event):
                run.stopped, run.outcome = event, "stopped"
            elif self._is(self.metric.abandoned_by, event):
                run.stopped, run.outcome = event, "abandoned"
            if restarts:
                self._begin(event, cycle)
        elif shut and event.type != REOPENED:
            return
        elif not any(old.cycle == cycle for old in self.runs) and self._is(self.metric.starts, event):
            started = self._begin(event, cycle)
            if self._is(self.metric.stops, event) and not self._is(self.metric.restarts, event):
                started.stopped, started.outcome = event, "stopped"

    def _is(self, wanted: Iterable[On], event: Event) -> bool:
        return any(on.matches(event.type, event.data) for on in wanted)

    def _begin(self, event: Event, cycle: int, since: datetime | None = None) -> Run:
        generation = 1 + sum(1 for run in self.runs if run.cycle == cycle)
        run = Run(self.name, cycle, generation, event, through=cycle, began=event.sequence)
        if self.choice is not None:
            run.legs.append(Leg(since or event.at, self.choice))
        self.runs.append(run)
        return run

    def _void(self, event: Event, cycle: int) -> None:
        for run in self.runs:
            if run.through == cycle and run.outcome in ("open", "stopped", "abandoned"):
                run.stopped = run.stopped or event
                run.outcome = "void"

    def _decide(self, event: Event) -> None:
        run = self.run
        if self.name in event.data.get("dropped", ()):
            self.choice = None
            if run is not None:
                run.outcome = "void"
                # It is followed on without a rule, so that a rule given later finds it where it is by then.
                again = Run(self.name, run.cycle, run.generation + 1, run.started, solved=list(run.solved))
                again.through, again.began = run.through, event.sequence
                self.runs.append(again)
            return
        choice = self.decided.get((event.sequence, self.name))
        if choice is None:
            return
        first = self.choice is None
        self.choice = choice
        if first and self.runs and not self.runs[-1].legs:
            self._bind(self.runs[-1], event)
        elif run is not None:
            self._change(run, event)

    def _bind(self, run: Run, event: Event) -> None:
        """The first rule of a run that began before any decision, such as the one at intake."""
        choice = self.choice
        if choice is not None and (run.outcome == "open" or run.started.at == event.at):
            run.legs.append(Leg(run.started.at if choice.mode == "keep" else event.at, choice))

    def _change(self, run: Run, event: Event) -> None:
        choice = self.choice
        if choice is None:
            return
        if choice.mode == "restart":
            run.outcome = "superseded"
            self._begin(event, run.cycle).through = run.through
        elif choice.mode == "from_now":
            run.legs.append(Leg(event.at, choice))
        else:
            run.legs[:] = [Leg(run.legs[0].since, choice)]

    def _reopen(self, event: Event, cycle: int) -> None:
        last = self.runs[-1] if self.runs else None
        if last is not None and last.outcome == "open":
            last.through = cycle
        how = self.choice.rule.reopen if self.choice is not None else "none"
        if (
            last is None
            or last.stopped is None
            or last.outcome not in ("stopped", "abandoned", "void")
            or how == "none"
        ):
            return
        if how == "new":
            self._begin(event, cycle)
            return
        last.outcome = "superseded"
        started = last.started if how == "continue" else event
        again = Run(self.name, last.cycle, last.generation + 1, started, through=cycle, began=event.sequence)
        if how == "continue":
            again.legs = list(last.legs)
            again.solved = [*last.solved, (last.stopped.at, event.at)]
        elif self.choice is not None:
            again.legs = [Leg(event.at, self.choice)]
        self.runs.append(again)
        if how == "continue" and again.legs and again.legs[-1].choice is not self.choice:
            self._change(again, event)  # what was decided while the case was solved comes into force
