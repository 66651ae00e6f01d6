"""The time of day: where careplug reads it, and the one text form it is stored in.

Time is aware UTC everywhere inside. Whoever tests or replays passes another clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from careplug.errors import Invalid

__all__ = ["ManualClock", "Now", "aware", "from_text", "system_now", "to_text"]

Now = Callable[[], datetime]
"""A clock: called without arguments, gives an aware UTC datetime."""


def system_now() -> datetime:
    """The machine's clock, aware UTC."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved: for tests, demonstrations and replays."""

    def __init__(self, start: datetime) -> None:
        self._now = aware(start, "start")

    def __call__(self) -> datetime:
        """The instant the clock was last set to."""
        return self._now

    def set(self, to: datetime) -> None:
        """Move the clock to an instant; backwards is ``Invalid``, as facts could not follow."""
        to = aware(to, "to")
        if to < self._now:
            raise Invalid("clock.backwards", field="clock.to", value=to_text(to), now=to_text(self._now))
        self._now = to

    def move(self, by: timedelta) -> None:
        """Move the clock on by a span."""
        self.set(self._now + by)


def aware(value: object, field: str) -> datetime:
    """The value as aware UTC; ``Invalid`` for a naive one, another type, or one that is in no year of UTC."""
    if not isinstance(value, datetime):
        raise Invalid("clock.type", field=field, value=repr(value))
    if value.tzinfo is None or value.utcoffset() is None:
        raise Invalid("clock.naive", field=field, value=value.isoformat())
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Invalid("clock.range", field=field, value=value.isoformat()) from None


def to_text(value: datetime) -> str:
    """The canonical text of an instant: UTC, always microseconds, ``2026-01-02T03:04:05.000006Z``."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def from_text(text: str, field: str = "time") -> datetime:
    """The instant of an ISO 8601 text with an offset; ``Invalid`` where it is malformed or naive."""
    try:
        return aware(datetime.fromisoformat(text), field)
    except ValueError as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid("clock.form", field=field, value=text) from None
