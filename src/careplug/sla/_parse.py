"""What a working calendar is made of, checked and brought into one canonical form.

Canonical means: two calendars that say the same have the same fields, so equality, hash and digest can
go by content. Every refusal names the exact spot (``calendar.week.mon.0.open``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from careplug.errors import Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 86_400

FIRST_YEAR, LAST_YEAR = 1900, 2299
"""What a calendar answers for. A sentinel such as the year 9999 is an error, not a table of 8,000 years."""

Intervals = tuple[tuple[str, str], ...]
Week = Mapping[str, Intervals]
Period = tuple[date, Week]
Closure = tuple[datetime, datetime]

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)


def out_of_range(field: str) -> Invalid:
    """The error of an instant or result outside the years a calendar answers for."""
    return Invalid("calendar.range", field=field, first=FIRST_YEAR, last=LAST_YEAR)


def shown(value: object) -> str:
    """A wrong value as an error shows it: enough to recognise it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def name(value: object) -> str:
    """A calendar's name: any text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise Invalid("calendar.name", field="calendar.name", value=shown(value))
    return value


def zone(value: str | ZoneInfo) -> str:
    """The key of an IANA time zone that this machine knows."""
    key: object = value.key if isinstance(value, ZoneInfo) else value
    if not isinstance(key, str):
        raise Invalid("calendar.zone_type", field="calendar.zone.type", value=shown(value))
    try:
        return ZoneInfo(key).key
    except (OSError, ValueError, LookupError):  # a folder, a path, an unknown key: zoneinfo has three answers
        raise Invalid("calendar.zone", field="calendar.zone", value=key) from None


def seconds(text: object) -> int | None:
    """Seconds after midnight of ``"HH:MM"`` or ``"HH:MM:SS"``; None where it is no time of day."""
    return _seconds(text) if isinstance(text, str) else None


@functools.lru_cache(maxsize=4096)  # a thousand calendars share a few dozen times
def _seconds(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0) if found else None


def pair(start: str, end: str) -> tuple[int, int]:
    """Seconds after midnight of a checked interval; an end at or before the start lies on the next day."""
    opening, closing = _seconds(start) or 0, DAY if end == "24:00" else _seconds(end) or 0
    return opening, closing if closing > opening else closing + DAY


def _time(value: str, field: str, *, closing: bool = False) -> str:
    if closing and value in {"24:00", "24:00:00"}:
        return "24:00"
    if seconds(value) is None:
        raise Invalid("calendar.time", field=field, value=shown(value))
    return value.removesuffix(":00") if len(value) == 8 else value


def intervals(value: Iterable[Iterable[str]], field: str) -> Intervals:
    """The shifts that start on one day, by start; they must not overlap."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise Invalid("calendar.intervals", field=field, value=shown(value))
    found: list[tuple[str, str]] = []
    for index, item in enumerate(value):
        here = f"{field}.{index}"
        ends = _two(item, "calendar.interval", here)
        found.append((_time(ends[0], f"{here}.open"), _time(ends[1], f"{here}.close", closing=True)))
    found.sort()
    spans = [pair(*item) for item in found]
    for index in range(1, len(spans)):
        if spans[index][0] < spans[index - 1][1]:
            first, second = ("–".join(found[index - 1]), "–".join(found[index]))
            raise Invalid("calendar.overlap", field=field, first=first, second=second)
    return tuple(found)


def week(value: Mapping[str, Iterable[Iterable[str]]], field: str = "calendar.week") -> Week:
    """The hours of an ordinary week by day; a day that is not named is closed."""
    _mapping(value, field)
    for key in value:
        if key not in WEEKDAYS:
            raise Invalid("calendar.weekday", field=f"{field}.{key}", value=shown(key), known=", ".join(WEEKDAYS))
    found = {day: intervals(value[day], f"{field}.{day}") for day in WEEKDAYS if day in value}
    return MappingProxyType({day: hours for day, hours in found.items() if hours})


def day(value: date, field: str) -> date:
    """A plain date. A datetime is refused: whose midnight it means would be a guess."""
    if isinstance(value, datetime):
        raise Invalid("calendar.date_is_datetime", field=field, value=value.isoformat())
    if not isinstance(value, date):
        raise Invalid("calendar.date", field=field, value=shown(value))
    return value


def known_day(value: date, field: str) -> date:
    """A plain date of the years a calendar answers for."""
    if not FIRST_YEAR <= day(value, field).year <= LAST_YEAR:
        raise out_of_range(field)
    return value


def holidays(value: Iterable[date]) -> tuple[date, ...]:
    """Days without any shift, sorted, each once."""
    given: object = value
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise Invalid("calendar.holidays", field="calendar.holidays", value=shown(value))
    return tuple(sorted({day(item, f"calendar.holidays.{index}") for index, item in enumerate(value)}))


def dates(value: Mapping[date, Iterable[Iterable[str]]]) -> Mapping[date, Intervals]:
    """The hours of single dates (make-up, short and closed days), by date."""
    _mapping(value, "calendar.dates")
    keys = sorted(day(key, f"calendar.dates.{key}") for key in value)
    return MappingProxyType({key: intervals(value[key], f"calendar.dates.{key}") for key in keys})


def periods(value: Iterable[tuple[date, Mapping[str, Iterable[Iterable[str]]]]]) -> tuple[Period, ...]:
    """Weeks that replace the first from a date on; the dates must rise."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise Invalid("calendar.periods", field="calendar.periods", value=shown(value))
    found: list[Period] = []
    for index, item in enumerate(value):
        here = f"calendar.periods.{index}"
        start, hours = _two(item, "calendar.period", here)
        found.append((day(start, f"{here}.from_date"), week(hours, f"{here}.week")))
        if index and found[index][0] <= found[index - 1][0]:
            before, after = found[index - 1][0], found[index][0]
            raise Invalid("calendar.period_order", field=f"{here}.from_date", before=before, after=after)
    return tuple(found)


def closures(value: Iterable[tuple[datetime, datetime]]) -> tuple[Closure, ...]:
    """Stretches of time in which nothing is open, in UTC, sorted; those that meet become one."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise Invalid("calendar.closures", field="calendar.closures", value=shown(value))
    found: list[Closure] = []
    for index, item in enumerate(value):
        here = f"calendar.closures.{index}"
        ends = _two(item, "calendar.closure", here)
        start, end = utc(ends[0], f"{here}.start"), utc(ends[1], f"{here}.end")
        if end <= start:
            raise Invalid("calendar.closure_order", field=here, start=start.isoformat(), end=end.isoformat())
        found.append((start, end))
    merged: list[Closure] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def horizon(value: date | None) -> date | None:
    """The last date whose hours are known; None where there is no such limit."""
    return None if value is None else known_day(value, "calendar.published_until")


def aware(value: datetime, field: str) -> datetime:
    """The value itself, where it is a datetime that knows its offset."""
    if not isinstance(value, datetime):
        raise Invalid("calendar.not_datetime", field=field, value=shown(value))
    if value.utcoffset() is None:
        raise Invalid("calendar.naive", field=field, value=value.isoformat())
    return value


def utc(value: datetime, field: str) -> datetime:
    """The same instant in UTC; naive is refused."""
    try:
        return aware(value, field).astimezone(UTC)
    except OverflowError:
        raise out_of_range(field) from None


def count(value: int, field: str) -> int:
    """A number of days: whole and not negative."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("calendar.days_type", field=field, value=shown(value))
    if value < 0:
        raise Invalid("calendar.days_negative", field=field, value=value)
    return value


def choice(value: str, field: str, known: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in known:
        raise Invalid("calendar.choice", field=field, value=shown(value), known=", ".join(known))
    return value


def _mapping(value: object, field: str) -> None:
    if not isinstance(value, Mapping):
        raise Invalid("calendar.mapping", field=field, value=shown(value))


def _two(value: Any, code: str, field: str) -> tuple[Any, Any]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable) or len(ends := tuple(value)) != 2:
        raise Invalid(code, field=field, value=shown(value))
    return ends[0], ends[1]
