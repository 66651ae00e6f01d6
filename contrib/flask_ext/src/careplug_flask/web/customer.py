"""Pages: customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["mount"]


def mount(pages: Blueprint, found: State) -> None:
    """Put the pages on their paths."""
