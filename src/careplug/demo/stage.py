"""The stage: plays the scenes on a ``Care`` whose clock is moved by hand, with the worker running along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from careplug.clock import ManualClock
from careplug.demo import february, january
from careplug.demo.cast import ACTORS, CALENDAR, PEOPLE
from careplug.demo.scenes import Scene, at
from careplug.messages.directory import Parties
from careplug.ports import Measure
from careplug.refs import SYSTEM, Ref
from careplug.sla.entities import Clock
from careplug.unit import CareUnit
from careplug.worker import Worker

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["END", "RECEIPT", "START", "Played", "play"]

START = at("01-05 09:00")
END = at("03-03 10:00")
"""The moment the story stops and the report is made."""

RECEIPT = ("b7", "response")
"""The case and metric of the receipt: asked for on a Friday at ten to six, answered on a Saturday that is worked."""

SCENES = tuple(sorted((*january.SCENES, *february.SCENES), key=lambda scene: scene.at))
Told = Callable[[Scene, str], None]


@attrs.define
class Played:
    """What became of the story: the ids and numbers of its cases by their names in it, and how much was done."""

    idents: dict[str, str] = attrs.field(factory=dict)
    numbers: dict[str, str] = attrs.field(factory=dict)
    scenes: int = 0
    levels: int = 0
    closed: int = 0
    sent: int = 0


def play(care: Care, clock: ManualClock, *, told: Told | None = None) -> Played:
    """Play the whole story; ``told`` hears of each scene with the number of its case."""
    played, worker = Played(), Worker(care)
    _prepare(care)
    night = START.replace(hour=23)
    for scene in SCENES:
        while night < scene.at:
            _work(care, clock, worker, night, played)
            clock.set(night)
            _round(worker, played)
            night += timedelta(days=1)
        _work(care, clock, worker, scene.at, played)
        clock.set(scene.at)
        with care.unit(actor=ACTORS[scene.who]) as unit:
            _DEEDS[scene.do](unit, played, scene)
        played.scenes += 1
        if told is not None:
            told(scene, played.numbers[scene.case])
    _work(care, clock, worker, END, played)
    clock.set(END)
    _round(worker, played)
    return played


def _prepare(care: Care) -> None:
    """Put the people into the directory, and the policies on China's calendar."""
    with care.unit(actor=SYSTEM) as unit:
        for person in PEOPLE:
            unit.get(Parties).add(
                person.ref,
                name=person.name,
                organisation=person.organisation,
                roles=person.roles,
                addresses=person.addresses,
            )
        if "cn_standard" not in unit.definitions.active("calendar"):
            unit.changes.put("calendar", "cn_standard", CALENDAR)
        for name, found in dict(unit.definitions.active("policy")).items():
            if found.data["calendar"] == "office":
                unit.changes.put("policy", name, {**found.data, "calendar": "cn_standard"})


def _work(care: Care, clock: ManualClock, worker: Worker, until: datetime, played: Played) -> None:
    """Let the worker run at each moment at which a level is due, up to a moment."""
    while True:
        with care.read(actor=SYSTEM) as unit:
            found = unit.store.tally(Clock, measures=(Measure("min", "next_at"),))
        due = found[0].values[0] if found else None
        if due is None or due > until:
            return
        clock.set(max(due, clock()))
        _round(worker, played)


def _round(worker: Worker, played: Played) -> None:
    done = worker.run_due()
    played.levels += done.levels
    played.closed += done.closed
    played.sent += done.messages.sent


# -- what people do --


def _submit(unit: CareUnit, played: Played, scene: Scene) -> None:
    told = dict(scene.told)
    name = told.pop("customer", scene.who)  # an alarm is taken in by the service side for a customer
    customer = next(person for person in PEOPLE if person.ref.id == name)
    site = told.pop("site", None)
    case = unit.feedback.submit(
        told.pop("kind"),
        told.pop("subject"),
        told.pop("body"),
        requester=customer.ref,
        organisation=customer.organisation,
        contact=customer.ref,
        contact_name=customer.name,
        site=Ref("site", site) if site else None,
        **told,
    )
    played.idents[scene.case], played.numbers[scene.case] = case.id, case.number


def _step(unit: CareUnit, played: Played, scene: Scene) -> None:
    told: dict[str, Any] = dict(scene.told)
    if "into" in told:
        told["into"] = played.idents[told["into"]]
    if "assignee" in told:
        told["assignee"] = Ref("person", told["assignee"])
    unit.feedback.step(played.idents[scene.case], **told)


def _appoint(unit: CareUnit, played: Played, scene: Scene) -> None:
    start, until = at(scene.told["start"]), at(scene.told["until"])
    unit.feedback.appoint(played.idents[scene.case], start, until=until)


def _expect(unit: CareUnit, played: Played, scene: Scene) -> None:
    unit.feedback.expect(played.idents[scene.case], at(scene.told["until"]), reason=scene.told["reason"])


def _plain(name: str) -> Callable[[CareUnit, Played, Scene], None]:
    def deed(unit: CareUnit, played: Played, scene: Scene) -> None:
        """Call the service of that name with what the scene tells."""
        getattr(unit.feedback, name)(played.idents[scene.case], **scene.told)

    return deed


_DEEDS: Mapping[str, Callable[[CareUnit, Played, Scene], None]] = {
    "submit": _submit,
    "step": _step,
    "appoint": _appoint,
    "expect": _expect,
    **{name: _plain(name) for name in ("reply", "call", "pause", "resume", "record", "note")},
}
