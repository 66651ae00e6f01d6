"""A clock that begins at another time than the machine's and runs on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from careplug.clock import Now, aware

__all__ = ["running_from"]


def running_from(start: datetime, *, ticks: Callable[[], float] = time.monotonic) -> Now:
    """A clock that shows ``start`` now and runs as fast as the machine's from here on. ``ticks`` counts seconds.

    It follows no correction of the machine's clock, so it never goes back.
    """
    first, began = aware(start, "start"), ticks()

    def now() -> datetime:
        """The time on this clock, aware UTC."""
        return first + timedelta(seconds=ticks() - began)

    return now
