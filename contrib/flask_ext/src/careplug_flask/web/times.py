"""Instants in plain words: today, tomorrow, a weekday and a date; the year only where it is another one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from careplug_flask.web.context import Words

__all__ = ["near"]

_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def near(words: Words, value: datetime, now: datetime) -> str:
    """An instant on the reader's clock as people say it at a moment ``now``."""
    there, here = value.astimezone(words.zone), now.astimezone(words.zone)
    time = f"{there:%H:%M}"
    name = _DAYS.get((there.date() - here.date()).days)
    if name is not None:
        return words.say(f"when.{name}", time=time)
    code = "when.day" if there.year == here.year else "when.year"
    day = words.word("weekday", str(there.isoweekday()))
    month = words.say(f"month.{there.month}")
    return words.say(code, year=there.year, month=month, day=there.day, weekday=day, time=time)
