"""Codes, instants and spans as the reader of a run wants them."""

from __future__ import annotations

from datetime import datetime, timedelta

from careplug.cli.session import Session
from careplug.definitions import Definitions
from careplug.refs import Ref

__all__ = ["NOTHING", "Names", "clock_zone", "moment", "span"]

NOTHING = "–"


class Names:
    """The names of states, metrics and the like: what the stored definition calls them, else the catalogue's word."""

    def __init__(self, session: Session, definitions: Definitions) -> None:
        self._language = session.language
        self._catalogue = session.catalogue
        self._definitions = definitions

    def of(self, kind: str, code: str, group: str = "") -> str:
        """The name of a definition (kind ``state``, ``metric``, ``pause_reason``, ``transition``) by its code."""
        found = self._definitions.active(kind).get(code)
        if found is not None and found.label:
            return found.label.get(self._language)
        return self.word(group or kind, code)

    def word(self, group: str, code: str) -> str:
        """The catalogue's word for a code; the code itself where it has none."""
        return self._catalogue.word(group, code, self._language)


def moment(session: Session, value: datetime | None) -> str:
    """An instant to the minute on the clock times are shown in: ``2026-02-14 09:30``."""
    return f"{session.local(value):%Y-%m-%d %H:%M}" if value is not None else ""


def span(value: timedelta) -> str:
    """A span in hours and minutes, cut to the minute: ``3:20``, ``−0:05`` where it has passed."""
    hours, minutes = divmod(abs(value) // timedelta(minutes=1), 60)
    return f"{'−' if value < timedelta(0) else ''}{hours}:{minutes:02}"


def clock_zone(session: Session, now: datetime) -> str:
    """The name of the clock times are shown on."""
    return session.zone_name or str(session.local(now).tzname())


def ref(value: Ref | None) -> str:
    """A reference as text, empty for none."""
    return str(value) if value is not None else ""
