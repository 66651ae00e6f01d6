"""When somebody is asked: triggers as data (S11: after every service; S7: regularly). Pure.

A trigger names a form and an event: a case entering ``closed`` or ``resolved``, a period that begins (``periodic``), a
person who asks for it (``on_demand``). Delay, end and reminders are spans that a calendar counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

import attrs

from careplug import criteria
from careplug.errors import Invalid
from careplug.refs import Ref
from careplug.survey import _reading as read

__all__ = ["EVENTS", "KEYS", "WITH_A_CASE", "Every", "Reader", "Span", "Trigger", "chosen"]

EVENTS = ("closed", "resolved", "periodic", "on_demand")
"""What a trigger waits for."""

WITH_A_CASE = EVENTS[:2]
"""Those that are states a case enters."""

KEYS = (
    *("event", "form", "active", "kinds", "customers", "when", "calendar", "delay", "expiry", "reminders"),
    *("sample", "quiet_days", "every", "per", "members", "on_reopen", "follow_up"),
)

_DEFAULTS: Mapping[str, Any] = {
    "active": True,
    "calendar": "office",
    "delay": {"type": "elapsed", "hours": 0},
    "expiry": {"type": "calendar_days", "days": 30},
    "sample": 100,
    "quiet_days": 0,
    "per": "contact",
    "members": "",
    "on_reopen": "withdraw",
    "follow_up": "complaint",
}
_OF_PERIODS = ("every", "per", "members")
_OF_CASES = ("when", "on_reopen")


class Calendar(Protocol):
    """What a trigger needs of a working calendar."""

    def next_open(self, t: datetime, /) -> datetime:
        """The instant itself while open, else the next opening."""

    def local(self, t: datetime, /) -> datetime:
        """The instant on the calendar's clock."""


class Span(Protocol):
    """A target of a policy (working time, working days, real time), read: where it ends on a calendar."""

    def __call__(self, calendar: Any, start: datetime) -> datetime:
        """The instant at which it runs out."""


Reader = Callable[[Mapping[str, Any], str], Span]
"""Reads a span from its data; ``Invalid`` names the key below the field."""


@attrs.frozen
class Every:
    """How long a period is: a number of days or of calendar months. Periods follow each other without a gap."""

    days: int = 0
    months: int = 0

    def period(self, day: date) -> int:
        """The number of the period that a local date lies in."""
        return day.toordinal() // self.days if self.days else (day.year * 12 + day.month - 1) // self.months

    def first(self, period: int) -> date:
        """The first date of a period."""
        if self.days:
            return date.fromordinal(period * self.days)
        year, month = divmod(period * self.months, 12)
        return date(year, month + 1, 1)


@attrs.frozen(kw_only=True)
class Trigger:
    """On this event, for these cases or customers, ask this form.

    ``sample`` is how many of a hundred are asked; ``quiet_days`` how long somebody who was asked anything is left alone.
    ``on_reopen`` says what becomes of an invitation that is not answered when the case is opened again: ``withdraw`` or
    ``keep``. ``follow_up`` is the kind of the feedback that a low response opens, empty for none.
    """

    name: str
    event: str
    form: str
    active: bool = True
    kinds: tuple[str, ...] = ()
    customers: tuple[Ref, ...] = ()
    when: criteria.Criteria | None = None
    calendar: str = "office"
    delay: Span
    expiry: Span
    reminders: tuple[Span, ...] = ()
    sample: int = 100
    quiet_days: int = 0
    every: Every | None = None
    per: str = "contact"
    members: str = ""
    on_reopen: str = "withdraw"
    follow_up: str = "complaint"

    @classmethod
    def parse(
        cls, name: str, data: Mapping[str, Any], *, span: Reader, fields: tuple[str, ...], cases: tuple[str, ...]
    ) -> Trigger:
        """Read a stored trigger; ``Invalid`` names ``survey_trigger.NAME.key`` and what it may be.

        ``span`` reads a target, ``fields`` are those of a case that ``when`` may compare, ``cases`` the kinds of cases.
        """
        place = f"survey_trigger.{name}"
        read.table(data, KEYS, place)
        event = read.one_of(data.get("event"), EVENTS, f"{place}.event")
        _idle(data, event, place)
        given = {**_DEFAULTS, **data}
        reminders = read.items(given, "reminders", place)
        return cls(
            name=name,
            event=event,
            form=_text(given.get("form"), f"{place}.form"),
            active=read.flag(given, "active", place),
            kinds=tuple(
                read.one_of(item, cases, f"{place}.kinds[{number}]")
                for number, item in enumerate(read.items(given, "kinds", place))
            ),
            customers=tuple(Ref.parse(each, field=f"{place}.customers") for each in _texts(given, "customers", place)),
            when=_when(given.get("when"), f"{place}.when", fields),
            calendar=_text(given["calendar"], f"{place}.calendar"),
            delay=span(given["delay"], f"{place}.delay"),
            expiry=span(given["expiry"], f"{place}.expiry"),
            reminders=tuple(span(item, f"{place}.reminders[{number}]") for number, item in enumerate(reminders)),
            sample=_number(given["sample"], f"{place}.sample", 1, 100),
            quiet_days=_number(given["quiet_days"], f"{place}.quiet_days", 0, 3660),
            every=_every(data.get("every"), f"{place}.every") if event == "periodic" else None,
            per=read.one_of(given["per"], ("contact", "organisation"), f"{place}.per"),
            members=_text(given["members"], f"{place}.members", empty=True),
            on_reopen=read.one_of(given["on_reopen"], ("withdraw", "keep"), f"{place}.on_reopen"),
            follow_up=read.one_of(given["follow_up"], ("", *cases), f"{place}.follow_up"),
        )

    def fits(self, case: Any) -> bool:
        """Whether a case is one of those the trigger is about."""
        if self.kinds and case.kind not in self.kinds:
            return False
        if self.customers and case.organisation not in self.customers:
            return False
        try:
            return criteria.matches(self.when, lambda name: _value(case, name))
        except TypeError:
            return False  # another type than the condition's author thought of: nobody is asked

    def send_at(self, calendar: Calendar, start: datetime) -> datetime:
        """When the invitation goes out: after the delay, in hours in which the calendar is open.

        Somebody who asks by hand means now, whatever the hour.
        """
        end = self.delay(calendar, start)
        return end if self.event == "on_demand" else calendar.next_open(end)

    def reminder_times(self, calendar: Calendar, sent: datetime, end: datetime) -> tuple[datetime, ...]:
        """When reminders go out after sending, in order, in open hours, before the end."""
        found = sorted(calendar.next_open(reminder(calendar, sent)) for reminder in self.reminders)
        return tuple(each for each in found if each < end)


def chosen(sample: int, *parts: str) -> bool:
    """Whether something belongs to a sample of so many in a hundred: by its digest, so that every replay agrees."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10_000 < sample * 100


def _value(case: Any, name: str) -> Any:
    first, _, rest = name.partition(".")
    value = (getattr(case, "custom", None) or {}).get(rest) if first == "custom" else getattr(case, name, None)
    return str(value) if isinstance(value, Ref) else value


def _idle(data: Mapping[str, Any], event: str, place: str) -> None:
    """Refuse a key that does nothing at this event: it is a misunderstanding."""
    idle = {*(() if event == "periodic" else _OF_PERIODS), *(() if event in WITH_A_CASE else _OF_CASES)}
    for name in sorted(idle & set(data)):
        raise Invalid("survey.trigger_useless", field=f"{place}.{name}.useless", name=name, event=event)


def _every(data: object, place: str) -> Every:
    if not isinstance(data, Mapping) or set(data) not in ({"days"}, {"months"}):
        raise Invalid("survey.trigger_every", field=place)
    ((unit, count),) = data.items()
    return Every(**{unit: _number(count, f"{place}.{unit}", 1, 3660 if unit == "days" else 120)})


def _when(data: object, place: str, fields: tuple[str, ...]) -> criteria.Criteria | None:
    if data is None:
        return None
    found = criteria.from_data(data, place)
    for part in criteria.parts(found):
        first, dot, rest = part.field.partition(".")
        if part.field not in fields and not (first == "custom" and dot and rest):
            known = ", ".join((*fields, "custom.…"))
            raise Invalid("subscription.field", field=f"{place}.{part.field}", value=part.field, known=known)
    return found


def _texts(data: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{place}.{key}[{n}]") for n, item in enumerate(read.items(data, key, place)))


def _text(value: object, field: str, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty):
        raise Invalid("definition.text", field=field, value=read.shown(value))
    return value


def _number(value: object, field: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Invalid("survey.trigger_number", field=field, value=read.shown(value), least=least, most=most)
    return value
