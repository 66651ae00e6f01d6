"""Codes and instants as a reader wants them: in the reader's language, on the reader's clock. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from careplug.text import language_of

__all__ = ["NOTHING", "instant"]

NOTHING = "—"
"""What stands where there is nothing to say."""

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def instant(value: datetime, zone: str, language: str) -> str:
    """An instant to the minute on the clock of a zone, with that clock's offset.

    ``"2 January 2026, 11:04 (UTC+8)"`` or ``"2026年1月2日 11:04（UTC+8）"``; independent of the process's locale. A zone
    that is not known counts as UTC, which the offset then says.
    """
    try:
        local = value.astimezone(ZoneInfo(zone))
    except (OSError, ValueError, LookupError, OverflowError):
        local = value
    clock = f"{local:%H:%M}"
    if language_of(language) == "zh_CN":
        return f"{local.year}年{local.month}月{local.day}日 {clock}（{_offset(local)}）"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {clock} ({_offset(local)})"


def _offset(local: datetime) -> str:
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")
