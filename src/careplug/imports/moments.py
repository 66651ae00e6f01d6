"""Times of a log as aware UTC: formats tried in turn, wall clock of the log's zone where no offset is told.

A wall clock that does not exist moves forward by the gap; one that exists twice means the first (SLA 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = ["Moments"]

_REMEMBERED = 16_384


class Moments:
    """Reads a log's times; remembers the last ones, because event logs repeat them."""

    def __init__(self, times: Sequence[str], zone: str) -> None:
        self._readers = tuple(_reader(item) for item in times)
        self._zone = ZoneInfo(zone)
        self.read: Callable[[str], datetime | None] = lru_cache(_REMEMBERED)(self._read)
        """The instant of a text; None where no format fits."""

    def local(self, moment: datetime) -> datetime:
        """An instant on the wall clock of the log's zone."""
        return moment.astimezone(self._zone)

    def _read(self, text: str) -> datetime | None:
        for reader in self._readers:
            try:
                found = reader(text)
                if found.tzinfo is None:
                    # fold=0 takes the offset before the change: past a gap for what it skips, first for what is twice
                    found = found.replace(tzinfo=self._zone, fold=0)
                return found.astimezone(UTC)
            except (ValueError, OverflowError):
                continue
        return None


def _reader(form: str) -> Callable[[str], datetime]:
    if form == "iso":
        return datetime.fromisoformat
    if form == "epoch":
        return lambda text: datetime.fromtimestamp(int(text), UTC)
    if form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        return lambda text: _fixed(text, form)
    return lambda text: datetime.strptime(text, form)


def _fixed(text: str, form: str) -> datetime:
    """The usual form without ``strptime``, which costs twenty times as much."""
    if len(text) == 19 and text[4] == "-" and text[10] == form[8] and text[13] == ":" and text[16] == ":":
        return datetime.fromisoformat(text)
    return datetime.strptime(text, form)
