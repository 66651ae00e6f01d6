"""The language the story is written in: scenes, and the eight steps of an ordinary case between two moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from careplug.demo.cast import CALENDAR
from careplug.sla.calendar import WorkCalendar

__all__ = ["Scene", "at", "begin", "ordinary", "scene", "steps"]

_ZONE = ZoneInfo("Asia/Shanghai")
_OFFICE = WorkCalendar.from_data(CALENDAR)
_STEPS = (("confirm", 5), ("dispatch", 12), ("diagnose", 20), ("handle", 45), ("verify", 85))
"""The steps between answer and solution, and at how many per cent of the way each is taken."""


@attrs.frozen
class Scene:
    """Something somebody does at a moment: what (a name in ``stage.DEEDS``), in which case, and how."""

    at: datetime
    who: str
    do: str
    case: str
    told: Mapping[str, Any]


def at(text: str) -> datetime:
    """A moment of 2026 in Shanghai, written ``02-14 09:12``."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=_ZONE)


def scene(case: str, when: str, who: str, do: str, **told: Any) -> Scene:
    """One scene."""
    return Scene(at(when), who, do, case, told)


def begin(case: str, when: str, who: str, kind: str, subject: str, body: str = "", **more: Any) -> Scene:
    """The scene in which a customer (or the monitor) brings a case."""
    return scene(case, when, who, "submit", kind=kind, subject=subject, body=body, **more)


def steps(case: str, start: str, end: str, who: str, measure: str, result: str, **more: Any) -> list[Scene]:
    """The steps from confirming to reporting back, spread over the working time between two moments."""
    first, last = at(start), at(end)
    work = _OFFICE.between(first, last)
    real = last - first

    def moment(share: int) -> datetime:
        """The instant at this many hundredths of the way: in working time where there is enough of it."""
        if share * work < 100 * work and work * 2 > real / 4:
            return _OFFICE.add(first, work * share / 100)
        return first + real * share / 100

    found = [Scene(moment(share), who, "step", case, {"name": name}) for name, share in _STEPS]
    found[1] = attrs.evolve(found[1], told={"name": "dispatch", "assignee": who})
    return [*found, scene(case, end, who, "step", name="resolve", measure=measure, result=result, **more)]


def ordinary(
    first: Scene, answer: tuple[str, str, str], end: str, who: str, measure: str, result: str, closed: str = ""
) -> list[Scene]:
    """A case that goes its way: brought, answered (when, by whom, with what words), the steps, perhaps closed."""
    when, person, words = answer
    found = [first, scene(first.case, when, person, "reply", body=words)]
    found += steps(first.case, when, end, who, measure, result)
    if closed:
        found.append(scene(first.case, closed, first.who, "step", name="close"))
    return found
