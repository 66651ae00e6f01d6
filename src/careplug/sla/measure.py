"""Measuring: when a target runs out, and how much time something took, less the pauses (SLA 5).

A pause is a pair of aware datetimes ``(a, b)``, half-open, or ``(a, None)`` while it lasts. Which pauses
stop a target is decided by the caller; here they only count. Pauses may overlap and come in any order:
time is never paid back twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from careplug.errors import Invalid
from careplug.sla.calendar import WorkCalendar
from careplug.sla.target import CalendarDays, Elapsed, Target, WorkingDays, WorkingTime, of

__all__ = ["Pause", "consumed", "due", "elapsed", "merge"]

Pause = tuple[datetime, datetime | None]
"""A stretch of waiting; None while it lasts."""

_ZERO = timedelta()


def due(
    calendar: WorkCalendar, start: datetime, target: Target | timedelta, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """The instant at which the target runs out, in UTC; None while an open pause holds it.

    A timedelta means ``WorkingTime``. Pauses before the start are ignored, one that begins before it
    counts from it. A pause pays back what the target counts, unless the target ran out before it.
    """
    start, wanted = _utc(start, "due.start"), of(target)
    stops = merge(pauses, since=start)
    if isinstance(wanted, WorkingTime):
        return _run_out(calendar, start, wanted.amount, stops) if stops else calendar.add(start, wanted.amount)
    if isinstance(wanted, WorkingDays):
        found = calendar.add_days(start, wanted.n, wanted.ends)
    elif isinstance(wanted, CalendarDays):
        found = calendar.add_dates(start, wanted.n, wanted.ends)
    else:
        found = _later(start, wanted.amount)
    for begin, end in stops:
        if begin >= found:
            break
        if end is None:
            return None
        if isinstance(wanted, WorkingDays):
            taken = calendar.between(begin, end)
            # Nothing taken leaves a deadline at a closing where it is; `add` would roll it on.
            found = calendar.add(found, taken) if taken else found
        else:
            found = _later(found, end - begin)
    return found


def elapsed(calendar: WorkCalendar, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> timedelta:
    """The working time from ``start`` to ``end`` outside the pauses; negative when ``end`` comes first."""
    start, end = _utc(start, "elapsed.start"), _utc(end, "elapsed.end")
    paused = sum((calendar.between(*stop) for stop in _within(pauses, start, end)), _ZERO)
    return calendar.between(start, end) - paused


def consumed(
    calendar: WorkCalendar,
    start: datetime,
    end: datetime,
    target: Target | timedelta | type[WorkingTime | WorkingDays | Elapsed | CalendarDays],
    pauses: Iterable[Pause] = (),
) -> timedelta:
    """What a target (or a kind of target) counts from ``start`` to ``end`` outside the pauses.

    Working time for ``WorkingTime`` and ``WorkingDays``, real time for ``Elapsed`` and ``CalendarDays``.
    """
    kind = target if isinstance(target, type) else type(of(target))
    if issubclass(kind, WorkingTime | WorkingDays):
        return elapsed(calendar, start, end, pauses)
    start, end = _utc(start, "consumed.start"), _utc(end, "consumed.end")
    return end - start - sum((stop - begin for begin, stop in _within(pauses, start, end)), _ZERO)


def merge(pauses: Iterable[Pause], *, since: datetime | None = None) -> list[Pause]:
    """The pauses in UTC, in order, as one where they meet; cut to what lies after ``since``.

    Empty ones are dropped. ``Invalid`` names the pause that ends before it begins, is naive or no pair.
    """
    found: list[Pause] = []
    for begin, end in sorted(_checked(pauses), key=_begin):
        if since is not None:
            if end is not None and end <= since:
                continue
            begin = max(begin, since)  # noqa: PLW2901  the pair is cut before it is used
        last = found[-1] if found else None
        if last is None or (last[1] is not None and last[1] < begin):
            found.append((begin, end))
        elif last[1] is not None:
            found[-1] = (last[0], None if end is None else max(end, last[1]))
    return found


def _run_out(calendar: WorkCalendar, start: datetime, left: timedelta, stops: list[Pause]) -> datetime | None:
    """Walk the pauses keeping the working time that is left; the target may run out before any of them."""
    here = start
    for begin, end in stops:
        worked = calendar.between(here, begin)
        if worked >= left:
            break
        if end is None:
            return None
        left -= worked
        here = end
    return calendar.add(here, left)


def _within(pauses: Iterable[Pause], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    cut = ((begin, end if stop is None else min(stop, end)) for begin, stop in merge(pauses, since=start))
    return [(begin, stop) for begin, stop in cut if begin < stop]


def _later(start: datetime, amount: timedelta) -> datetime:
    try:
        return start + amount
    except OverflowError:
        raise Invalid("target.too_long", field="due.target", value=amount) from None


def _checked(pauses: Iterable[Pause]) -> list[Pause]:
    found: list[Pause] = []
    given: Iterable[object] = pauses
    for index, pause in enumerate(given):
        field = f"pauses.{index}"
        if not isinstance(pause, tuple | list) or len(pause) != 2:
            raise Invalid("pause.pair", field=field, value=repr(pause))
        begin = _utc(pause[0], f"{field}.start")
        end = None if pause[1] is None else _utc(pause[1], f"{field}.end")
        if end is not None and end < begin:
            raise Invalid("pause.reversed", field=field, start=begin.isoformat(), end=end.isoformat())
        if end != begin:
            found.append((begin, end))
    return found


def _begin(pause: Pause) -> datetime:
    return pause[0]


def _utc(value: Any, field: str) -> datetime:
    if not isinstance(value, datetime):
        raise Invalid("calendar.not_datetime", field=field, value=repr(value))
    if value.utcoffset() is None:
        raise Invalid("calendar.naive", field=field, value=value.isoformat())
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Invalid("calendar.range", field=field, first=1900, last=2299) from None
