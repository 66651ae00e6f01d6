"""A receipt in words, zh and en: what was promised, what counted, what did not and why, the verdict."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from careplug.sla.receipt import Receipt, Segment
from careplug.text import Catalogue, Text, say

__all__ = ["duration", "moment", "receipt_text", "word"]

_SECOND = timedelta(seconds=1)
"""Counting for less says nothing in words: a receipt that is asked for in the moment of its start."""


def receipt_text(
    receipt: Receipt,
    language: str = "en",
    *,
    label: Text = Text(),
    zone: str = "",
    catalogue: Catalogue | None = None,
) -> str:
    """The receipt as lines of text; instants in ``zone``, by default the calendar's.

    ``catalogue`` is that of a ``Care``: it knows the words that plugins have for their reasons and metrics.
    """
    words = catalogue or Catalogue()
    choice = receipt.leg.choice
    place = zone or choice.calendar.zone

    def at(value: datetime | None) -> str:
        """An instant in the receipt's zone, or the word for none."""
        return moment(value, place, language) if value is not None else say("receipt.none", language)

    def line(code: str, **values: object) -> str:
        """A line of the receipt from the catalogue."""
        return say(f"receipt.{code}", language, **values)

    name = label.get(language) or words.word("metric", receipt.metric, language)
    target = choice.rule.target.describe(language)
    lines = [
        line("title", metric=name, cycle=receipt.cycle, generation=receipt.generation),
        line("promise", target=target, policy=choice.policy, calendar=choice.calendar.name, zone=choice.calendar.zone),
        *([line("zone", zone=place)] if place != choice.calendar.zone else []),
        line("start", at=at(receipt.started_at)),
        line("due", at=at(receipt.due_at)) + (line("provisional") if receipt.provisional else ""),
    ]
    told = (each for each in receipt.segments if each.kind != "counting" or each.length >= _SECOND)
    lines += [_segment(segment, place, language, words) for segment in told]
    lines.append(line("counted", counted=duration(receipt.counted, language), until=at(receipt.until)))
    lines += [line("back_dated", facts=", ".join(map(str, receipt.back_dated)))] if receipt.back_dated else []
    if choice.losers:
        lines.append(line("losers", names=", ".join(loser["policy"] for loser in choice.losers)))
    lines.append(line("verdict", verdict=word("state", "late" if receipt.late else receipt.state, language)))
    if receipt.pinned is not None and receipt.pinned["state"] != receipt.state:
        lines.append(line("pinned", verdict=word("state", receipt.pinned["state"], language)))
    return "\n".join(lines)


def _segment(segment: Segment, zone: str, language: str, words: Catalogue) -> str:
    values = {
        "start": moment(segment.start, zone, language),
        "end": moment(segment.end, zone, language),
        "counted": duration(segment.counted, language),
        "length": duration(segment.length, language),
    }
    if segment.kind == "paused":
        reasons = (
            say(
                "receipt.reason",
                language,
                reason=words.word("reason", reason, language),
                party=words.word("party", party, language),
            )
            for reason, party in segment.reasons
        )
        values["reasons"] = say("receipt.and", language).join(reasons)
    text = say(f"receipt.segment.{segment.kind}", language, **values)
    if not segment.days:
        return text
    return text + say("receipt.days", language, days=_days(segment, language))


def _days(segment: Segment, language: str) -> str:
    """Dates by what they are; runs of one kind are joined: ``2026-10-01…2026-10-07 holiday``."""
    parts = []
    for kind, group in groupby(segment.days, key=lambda item: item[1]):
        dates = [day for day, _ in group]
        span = dates[0] if len(dates) == 1 else f"{dates[0]}…{dates[-1]}"
        parts.append(f"{span} {word('day', kind, language)}")
    return say("receipt.comma", language).join(parts)


def word(group: str, code: str, language: str) -> str:
    """The word for a code (a state, a reason, a party …); a code without one is shown as it is."""
    return Catalogue().word(group, code, language)


def moment(value: datetime, zone: str, language: str) -> str:
    """An instant on the clock of a zone, with its weekday: ``2026-02-14 09:30 Sat``."""
    local = value.astimezone(ZoneInfo(zone))
    day = word("weekday", str(local.isoweekday()), language)
    return f"{local:%Y-%m-%d %H:%M} {day}"


def duration(value: timedelta, language: str) -> str:
    """A span in hours, minutes and, where there are any, seconds: ``26 h 05 min``."""
    whole = abs(value) // timedelta(seconds=1)
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    sign = "−" if value < timedelta(0) else ""
    parts = [say("duration.hours", language, count=hours)] if hours else []
    parts += [say("duration.minutes", language, count=minutes)] if minutes or not (hours or seconds) else []
    parts += [say("duration.seconds", language, count=seconds)] if seconds else []
    return sign + " ".join(parts)
