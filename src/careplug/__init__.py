"""careplug: after-sales and maintenance service, embedded into the system you already have.

Importing this package is cheap: it pulls in neither a command line nor a database nor a plugin. The names
below are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.errors import CareError, Conflict, Invalid, NotFound, Refused, Retry
    from careplug.refs import IMPORT, SYSTEM, Actor, Ref
    from careplug.text import Text
    from careplug.worker import Worker

__all__ = [
    "IMPORT",
    "SYSTEM",
    "Actor",
    "Care",
    "CareError",
    "Conflict",
    "Invalid",
    "NotFound",
    "Ref",
    "Refused",
    "Retry",
    "Text",
    "Worker",
]

_HOMES = {
    "Care": "care",
    "Worker": "worker",
    "Text": "text",
    **dict.fromkeys(
        ("CareError", "Conflict", "InDoubt", "Invalid", "NotFound", "Refused", "Retry", "Unavailable"), "errors"
    ),
    **dict.fromkeys(("IMPORT", "SYSTEM", "Actor", "Ref"), "refs"),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"careplug.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
