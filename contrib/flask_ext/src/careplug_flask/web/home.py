"""The door: customers go to their cases, the service side to its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from careplug_flask.identity import visitor

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["mount"]


def mount(pages: Blueprint, found: State) -> None:
    """Put the page on its path."""
    pages.add_url_rule("/", "home", _home)


def _home() -> Response:
    actor = visitor().must()
    return redirect(url_for("careplug.my_cases" if actor.side == "customer" else "careplug.queue"))
