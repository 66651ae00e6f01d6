"""Targets: how much time something may take, and which time counts.

Four frozen values. A plain ``timedelta`` given where a target is wanted means ``WorkingTime``. As JSON
data a target holds whole microseconds, never a float.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import attrs

from careplug.errors import Invalid

__all__ = ["CalendarDays", "Elapsed", "Target", "WorkingDays", "WorkingTime", "from_data", "of"]

_MICROSECOND = timedelta(microseconds=1)


def _amount(instance: Any, attribute: attrs.Attribute[timedelta], value: object) -> None:
    field = f"{_NAMES[type(instance)]}.{attribute.name}"
    if not isinstance(value, timedelta):
        raise Invalid("target.amount", field=field, value=repr(value))
    if value < timedelta():
        raise Invalid("target.negative", field=field, value=value)


def _days(instance: Any, attribute: attrs.Attribute[int], value: object) -> None:
    field = f"{_NAMES[type(instance)]}.{attribute.name}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("target.days", field=field, value=repr(value))
    if value < 0:
        raise Invalid("target.negative", field=field, value=value)


def _ends(instance: Any, attribute: attrs.Attribute[str], value: object) -> None:
    known = ("same_time", "close", "midnight") if isinstance(instance, WorkingDays) else ("same_time", "midnight")
    if value not in known:
        field = f"{_NAMES[type(instance)]}.{attribute.name}"
        raise Invalid("target.ends", field=field, value=repr(value), known=", ".join(known))


@attrs.frozen
class WorkingTime:
    """An amount of working time: it runs only while the calendar is open (S5: answered in 30 minutes)."""

    amount: timedelta = attrs.field(validator=_amount)

    def to_data(self) -> dict[str, Any]:
        """The target as JSON data; ``from_data`` reads it."""
        return {"type": "working_time", "microseconds": self.amount // _MICROSECOND}

    def describe(self, language: str = "en") -> str:
        """The target in words: ``30 min of working time``."""
        return _say("working_time", language, amount=_duration(self.amount, language))


@attrs.frozen
class WorkingDays:
    """A number of working days (S11: repaired within 5 working days).

    ``ends`` says where the last day ends: ``"same_time"`` at the clock time of the start, ``"close"`` with
    its last shift, ``"midnight"`` at 24:00. Chinese contracts mean ``"close"``.
    """

    n: int = attrs.field(validator=_days)
    ends: Literal["same_time", "close", "midnight"] = attrs.field(default="same_time", validator=_ends)

    def to_data(self) -> dict[str, Any]:
        """The target as JSON data; ``from_data`` reads it."""
        return {"type": "working_days", "days": self.n, "ends": self.ends}

    def describe(self, language: str = "en") -> str:
        """The target in words: ``5 working days, to the close of the last``."""
        return _say(f"working_days.{self.ends}", language, days=_days_said("working_day", self.n, language))


@attrs.frozen
class Elapsed:
    """An amount of real time, by day and night, never rolled to an opening (S6: within 2 hours)."""

    amount: timedelta = attrs.field(validator=_amount)

    def to_data(self) -> dict[str, Any]:
        """The target as JSON data; ``from_data`` reads it."""
        return {"type": "elapsed", "microseconds": self.amount // _MICROSECOND}

    def describe(self, language: str = "en") -> str:
        """The target in words: ``24 h around the clock``."""
        return _say("elapsed", language, amount=_duration(self.amount, language))


@attrs.frozen
class CalendarDays:
    """A number of local dates, working or not, in the zone of the calendar."""

    n: int = attrs.field(validator=_days)
    ends: Literal["same_time", "midnight"] = attrs.field(default="same_time", validator=_ends)

    def to_data(self) -> dict[str, Any]:
        """The target as JSON data; ``from_data`` reads it."""
        return {"type": "calendar_days", "days": self.n, "ends": self.ends}

    def describe(self, language: str = "en") -> str:
        """The target in words: ``10 days, at the same time of day``."""
        return _say(f"calendar_days.{self.ends}", language, days=_days_said("day", self.n, language))


Target = WorkingTime | WorkingDays | Elapsed | CalendarDays

_NAMES: dict[type, str] = {
    WorkingTime: "working_time",
    WorkingDays: "working_days",
    Elapsed: "elapsed",
    CalendarDays: "calendar_days",
}
_UNITS = {
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
    "microseconds": _MICROSECOND,
}


def of(value: Target | timedelta) -> Target:
    """The target itself; a timedelta becomes ``WorkingTime``. Anything else is ``Invalid``."""
    given: object = value
    if isinstance(given, timedelta):
        return WorkingTime(given)
    if not isinstance(given, WorkingTime | WorkingDays | Elapsed | CalendarDays):
        raise Invalid("target.unknown", field="target", value=repr(given))
    return given


def from_data(data: Mapping[str, Any], field: str = "target") -> Target:
    """The target that ``to_data`` wrote, or that a person did.

    An amount may also be given in whole ``hours``, ``minutes``, ``seconds``, which add up; ``ends`` may be
    left out. ``Invalid`` names the key below ``field`` that is missing, unknown or wrong.
    """
    given: object = data
    kind = data.get("type") if isinstance(given, Mapping) else None
    found = next((cls for cls, name in _NAMES.items() if name == kind), None)
    if found is None:
        raise Invalid("target.type", field=f"{field}.type", value=repr(kind), known=", ".join(_NAMES.values()))
    timed = found in {WorkingTime, Elapsed}
    for key in data:
        if key not in {"type", *(_UNITS if timed else ("days", "ends"))}:
            raise Invalid("target.unknown_key", field=f"{field}.{key}", type=kind)
    if not (data.keys() & _UNITS.keys() if timed else "days" in data):
        raise Invalid("target.missing_key", field=f"{field}.{'microseconds' if timed else 'days'}", type=kind)
    try:
        built: Target = found(_read(data, field)) if timed else found(data["days"], data.get("ends", "same_time"))
    except Invalid as error:
        if error.field.startswith(f"{field}."):
            raise
        name = error.field.rpartition(".")[2]
        field = f"{field}.{'days' if name == 'n' else name}"
        params: dict[str, Any] = error.params
        raise Invalid(error.code, field=field, **params) from None
    return built


def _read(data: Mapping[str, Any], field: str) -> timedelta:
    total = timedelta()
    for unit, size in _UNITS.items():
        value = data.get(unit, 0)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid("target.whole", field=f"{field}.{unit}", value=repr(value))
        try:
            total += value * size
        except OverflowError:
            raise Invalid("target.too_long", field=f"{field}.{unit}", value=value) from None
    return total


def _say(code: str, language: str, **params: object) -> str:
    from careplug.text import say

    return say(f"target.{code}", language, **params)


def _days_said(unit: str, number: int, language: str) -> str:
    """A number of days in words: ``1 day``, ``3 working days``."""
    return _say(f"unit.{unit}" if number == 1 else f"unit.{unit}s", language, n=number)


def _duration(amount: timedelta, language: str) -> str:
    minutes, seconds = divmod(amount // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    second = f"{seconds}.{amount.microseconds:06}".rstrip("0") if amount.microseconds else str(seconds)
    parts = [("hours", hours), ("minutes", minutes), ("seconds", second)]
    said = [_say(f"unit.{unit}", language, n=value) for unit, value in parts if str(value) != "0"]
    return " ".join(said) or _say("unit.minutes", language, n=0)
