"""What is measured: each question asked of careplug and in plain SQL, in turns, on the same rows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import attrs

from careplug import Actor, Care, Worker
from careplug.criteria import Is
from careplug.queue import queue
from careplug.searching import asked_of
from careplug_sqlalchemy.finding import told
from tests.proof.scale.answers import FORM
from tests.proof.scale.changed import recalculated
from tests.proof.scale.floors import Floors, Key
from tests.proof.scale.places import Hands, Place
from tests.proof.scale.stories import NOW
from tests.proof.scale.undo import undone
from tests.proof.scale.words import COMMON, PAIR, RARE

__all__ = ["MANAGER", "PARTS", "Desk", "Line", "measured", "middle"]

MANAGER = Actor.engineer("engineer1", "manager")
_DUE = 500


@attrs.frozen(kw_only=True)
class Line:
    """One figure: milliseconds of ours and of the floor, and how many times the floor's ours may be."""

    place: str
    name: str
    ours: float
    floor: float | None = None
    aim: float | None = None
    same: bool = True
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours in floors."""
        return None if not self.floor else self.ours / self.floor

    def figure(self) -> str:
        """The line as a cell of the page."""
        times = f"{self.ours:,.2f} ms" + ("" if self.floor is None else f" / {self.floor:,.2f} ms")
        ratio = "" if self.ratio is None else f" = {self.ratio:.2f}" + (f" (≤ {self.aim})" if self.aim else "")
        return f"{times}{ratio}{self.note and '; ' + self.note}" + ("" if self.same else "; other rows")

    def text(self) -> str:
        """The line as it is printed while the proof runs."""
        floor = "" if self.floor is None else f"{self.floor:10.2f} ms"
        ratio = "" if self.ratio is None else f"{self.ratio:6.2f} ×"
        aim = "" if self.aim is None else f"≤ {self.aim}"
        wrong = "" if self.same else "OTHER ROWS"
        return f"{self.place:22} {self.name:24} {self.ours:10.2f} ms {floor:14} {ratio:9} {aim:6} {self.note}{wrong}"


Job = Callable[[], Any]
Seconds = tuple[float, float]


@attrs.frozen
class Desk:
    """A filled database, seen by careplug and in plain SQL."""

    place: Place
    care: Care
    floors: Floors

    def read(self, ask: Callable[[Any], Any]) -> Job:
        """A question in a reading unit of its own."""

        def job() -> Any:
            with self.care.read(actor=MANAGER) as unit:
                return ask(unit)

        return job

    def beside(
        self,
        name: str,
        ours: Job,
        floor: Job,
        *,
        aim: float,
        same: Callable[[Any, Any], bool] = lambda ours, floor: bool(ours == floor),
    ) -> Line:
        """Medians of both in turns: as many as fit into some seconds, five at the least."""
        fits = same(ours(), floor())
        begun = time.perf_counter()
        ours(), floor()
        once = time.perf_counter() - begun
        each = max(1, min(20, round(0.02 / once)))
        rounds = max(5, min(25, round(4 / (once * each))))
        found = turns(ours, floor, rounds, each)
        return Line(place=str(self.place), name=name, ours=found[0], floor=found[1], aim=aim, same=fits)


def turns(ours: Job, floor: Job, rounds: int, each: int) -> Seconds:
    """Median milliseconds of both, in turns, so that a slow moment hits both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for job, found in zip((ours, floor), times, strict=True):
            begun = time.perf_counter()
            for _ in range(each):
                job()
            found.append((time.perf_counter() - begun) / each * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def pages(desk: Desk) -> Iterator[Line]:
    """A page of 25: the newest open cases, and the clocks that run out first; the first page, and one far down."""
    for name, after in (("newest open, first", None), ("newest open, deep", middle(desk, "newest"))):
        yield desk.beside(
            name,
            desk.read(lambda unit, after=after: unit.feedback.find(Is("category", "eq", "open"), after=after)),
            lambda after=after: desk.floors.newest(after),
            aim=2,
            same=lambda ours, floor: [case.id for case in ours] == [row[0] for row in floor],
        )
    for name, after in (("queue, first", None), ("queue, deep", middle(desk, "queue"))):
        yield desk.beside(
            name,
            desk.read(lambda unit, after=after: queue(unit, after=after)),
            lambda after=after: desk.floors.queue(after),
            aim=2,
            same=lambda ours, floor: [line.clock_id for line in ours] == [row[0] for row in floor],
        )


_KEYS = {
    "newest": "SELECT received_at, id FROM careplug_feedback WHERE tenant = '' AND category = 'open'",
    "queue": "SELECT due_at, id FROM careplug_clock WHERE tenant = '' AND open = TRUE AND due_at IS NOT NULL",
}


def middle(desk: Desk, what: str) -> Key:
    """The page key in the middle of all pages."""
    rows = desk.floors.keys(_KEYS[what])
    return rows[len(rows) // 2]


def sweeps(desk: Desk) -> Iterator[Line]:
    """What a worker does about due clocks: nothing to do, and five hundred levels to fire."""
    worker, counts = Worker(desk.care), dict.fromkeys(("levels", "closed", "late", "failed"), 0)

    def idle() -> int:
        worker._clocks(NOW, counts)
        return counts["levels"]

    yield desk.beside("sweep, nothing due", idle, lambda: len(desk.floors.due(NOW)), aim=2)
    due, number = desk.floors.due_about(min(_DUE, desk.place.size // 30))
    clock, floors = desk.care.clock, desk.floors
    assert isinstance(clock, Hands)
    times: tuple[list[float], list[float]] = ([], [])
    left: list[dict[str, Any]] = []
    counted: list[tuple[int, ...]] = []

    def fire() -> None:
        worker._clocks(due, counts)

    def copy() -> None:
        floors.sweep(due, left[-1])

    for _ in range(3):
        for found, job in zip(times, (fire, copy), strict=True):
            with undone(floors, due):
                clock.at = due
                begun = time.perf_counter()
                job()
                found.append((time.perf_counter() - begun) * 1000)
                clock.at = NOW
                counted.append(floors.written())
                left.append(floors.fired())
    yield Line(
        place=str(desk.place),
        name="sweep, about 500 due",
        ours=statistics.median(times[0]),
        floor=statistics.median(times[1]),
        aim=2,
        same=len(set(counted)) == 1,
        note=f"{number} clocks, {counted[0][0]} levels",
    )


def reports(desk: Desk) -> Iterator[Line]:
    """What ``careplug report`` asks for: attainment of every metric, and how many cases there are."""

    def asked(unit: Any) -> Any:
        cases = {name: unit.feedback.count(Is("category", "eq", name)) for name in ("open", "done", "void")}
        return unit.sla.attainment(), cases

    def same(ours: Any, floor: Any) -> bool:
        kept, cases = ours
        counts = {(metric, state): count for metric, state, count, _ in floor[0]}
        late = {item.metric: sum(int(row[3]) for row in floor[0] if row[0] == item.metric) for item in kept}
        return cases == dict(floor[1]) and all(
            (item.met, item.missed, item.void, item.overdue)
            == (*(counts.get((item.metric, state), 0) for state in ("met", "missed", "void")), late[item.metric])
            for item in kept
        )

    yield desk.beside("report over all", desk.read(asked), lambda: desk.floors.report(NOW), aim=1.5, same=same)
    since, until = NOW - timedelta(weeks=9), NOW - timedelta(weeks=5)
    yield desk.beside(
        "report of four weeks",
        desk.read(lambda unit: unit.sla.attainment(since=since, until=until)),
        lambda: desk.floors.report_between(since, until, NOW),
        aim=1.5,
        same=lambda ours, floor: (
            sum(item.met + item.missed + item.void for item in ours)
            == sum(row[2] for row in floor[0] if row[1] != "superseded")
        ),
    )


_WORDS = {
    "a rare word, zh": RARE["zh"],
    "a common word, zh": COMMON["zh"],
    "two words, zh": PAIR["zh"],
    "a rare word, en": RARE["en"],
    "a common word, en": COMMON["en"],
    "two words, en": PAIR["en"],
}


def searches(desk: Desk) -> Iterator[Line]:
    """The first 25 cases that words lead to."""
    bound = desk.care.storage._prepared()  # type: ignore[attr-defined]
    with desk.care.read(actor=MANAGER) as unit:
        access = unit.feedback._access()
    for name, text in _WORDS.items():
        asked = asked_of(desk.care.setup.entities["feedback"], text, "", access)
        rounds = [told(bound.shelf, groups) for groups in (asked.head, asked.groups) if groups]
        yield desk.beside(
            name,
            desk.read(lambda unit, text=text: unit.feedback.search(text)),
            lambda rounds=rounds: desk.floors.search(*rounds),
            aim=2,
            same=lambda ours, floor: [found.case.id for found in ours] == floor,
        )


def surveys(desk: Desk) -> Iterator[Line]:
    """What all answers to a form add up to, as one and by engineer."""

    def same(ours: Any, floor: Any) -> bool:
        counted = sum(question.answers for group in ours.groups for question in group.questions)
        responses = sum(group.responses for group in ours.groups)
        return counted == sum(row[-1] for row in floor[0]) and responses == sum(row[1] for row in floor[1])

    for name, by in (("survey scores", ""), ("survey scores by engineer", "assignee")):
        yield desk.beside(
            name,
            desk.read(lambda unit, by=by: unit.surveys.scores(FORM, by=by)),
            lambda by=by: desk.floors.scores(FORM, by_engineer=bool(by)),
            aim=1.5,
            same=same,
        )


def changes(desk: Desk) -> Iterator[Line]:
    """Every open clock under a changed calendar."""
    for found in recalculated(desk.care, desk.floors):
        time_taken = found.seconds * 1000
        yield Line(place=str(desk.place), name=found.what, ours=time_taken, same=not found.wrong, note=found.note)


PARTS: dict[str, Callable[[Desk], Iterator[Line]]] = {
    "page": pages,
    "sweep": sweeps,
    "report": reports,
    "search": searches,
    "survey": surveys,
    "change": changes,
}


def measured(desk: Desk, only: Sequence[str]) -> Iterator[Line]:
    """The lines of these parts."""
    for name in only:
        yield from PARTS[name](desk)
