"""A working calendar as JSON data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from careplug.errors import Invalid
from careplug.sla._parse import Intervals, Week

if TYPE_CHECKING:
    from careplug.sla.calendar import WorkCalendar

_REQUIRED = ("name", "zone", "week")
_OPTIONAL = ("holidays", "dates", "periods", "closures", "published_until")


def dump(calendar: WorkCalendar) -> dict[str, Any]:
    """The content: every key always there, so that the digest has one text to go by."""
    until = calendar.published_until
    return {
        "name": calendar.name,
        "zone": calendar.zone,
        "week": _week(calendar.week),
        "holidays": [day.isoformat() for day in calendar.holidays],
        "dates": {day.isoformat(): _intervals(hours) for day, hours in calendar.dates.items()},
        "periods": [[start.isoformat(), _week(hours)] for start, hours in calendar.periods],
        "closures": [[_utc(start), _utc(end)] for start, end in calendar.closures],
        "published_until": until.isoformat() if until else None,
    }


def load(data: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the constructor, which checks what is not about text.

    A key that may stay empty may also be left out; dates may be dates already (TOML has them).
    """
    if not isinstance(data, Mapping):
        raise Invalid("calendar.data", field="calendar.data", value=repr(data))
    for key in data:
        if key not in _REQUIRED + _OPTIONAL:
            raise Invalid("calendar.unknown_key", field=f"calendar.{key}", known=", ".join(_REQUIRED + _OPTIONAL))
    for key in _REQUIRED:
        if key not in data:
            raise Invalid("calendar.missing_key", field=f"calendar.{key}")
    found = dict(data)
    if isinstance(found.get("holidays"), list):
        found["holidays"] = [_day(day, f"calendar.holidays.{i}") for i, day in enumerate(found["holidays"])]
    if isinstance(found.get("dates"), Mapping):
        found["dates"] = {_day(day, f"calendar.dates.{day}"): hours for day, hours in found["dates"].items()}
    for key, read in (("periods", _period), ("closures", _closure)):
        if isinstance(found.get(key), list):
            found[key] = [read(item, f"calendar.{key}.{i}") for i, item in enumerate(found[key])]
    if found.get("published_until") is not None:
        found["published_until"] = _day(found["published_until"], "calendar.published_until")
    return found


def _week(week: Week) -> dict[str, list[list[str]]]:
    return {day: _intervals(hours) for day, hours in week.items()}


def _intervals(hours: Intervals) -> list[list[str]]:
    return [list(item) for item in hours]


def _utc(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _day(value: Any, field: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise Invalid("calendar.date_text", field=field, value=value) from None
    if found.isoformat() != value:
        raise Invalid("calendar.date_text", field=field, value=value)
    return found


def _instant(value: Any, field: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise Invalid("calendar.instant_text", field=field, value=value) from None


def _period(item: Any, field: str) -> Any:
    return [_day(item[0], f"{field}.from_date"), item[1]] if isinstance(item, list) and len(item) == 2 else item


def _closure(item: Any, field: str) -> Any:
    if not isinstance(item, list) or len(item) != 2:
        return item
    return [_instant(item[0], f"{field}.start"), _instant(item[1], f"{field}.end")]
