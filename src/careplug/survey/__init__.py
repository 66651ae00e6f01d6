"""Asking the customer afterwards (`S13`, `S17`, `S11`): forms as data, answers, scores with their uncertainty.

The room knows feedback by its facts alone. ``questions``, ``conditions``, ``forms``, ``checking`` and ``scoring`` are pure.
``Surveys`` is what a unit offers as ``unit.surveys``; it is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careplug.survey.service import Surveys

__all__ = ["Surveys"]


def __getattr__(name: str) -> Any:
    """Load the service (PEP 562)."""
    if name != "Surveys":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from careplug.survey.service import Surveys

    return Surveys
