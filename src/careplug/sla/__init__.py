"""Service levels: the working calendar, targets, and how they are measured.

The names below are loaded when they are first used, so that ``import careplug`` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careplug.sla.calendar import WorkCalendar
    from careplug.sla.measure import due, elapsed
    from careplug.sla.target import CalendarDays, Elapsed, WorkingDays, WorkingTime

__all__ = ["CalendarDays", "Elapsed", "WorkCalendar", "WorkingDays", "WorkingTime", "due", "elapsed"]

_HOMES = {
    "CalendarDays": "careplug.sla.target",
    "Elapsed": "careplug.sla.target",
    "WorkCalendar": "careplug.sla.calendar",
    "WorkingDays": "careplug.sla.target",
    "WorkingTime": "careplug.sla.target",
    "due": "careplug.sla.measure",
    "elapsed": "careplug.sla.measure",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
