"""A host for people who have none: a small Flask app with local accounts, careplug at its root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careplug_flask.standalone.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Load the app when it is asked for (PEP 562): the command line manages accounts without Flask."""
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from careplug_flask.standalone.app import create_app

    return create_app
