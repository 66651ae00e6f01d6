"""What the pages of the service side share: who may see them at all, small readings of what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from careplug.errors import Refused
from careplug_flask.errors import error
from careplug_flask.identity import visitor

if TYPE_CHECKING:
    from careplug_flask.web.forms import Form

__all__ = ["insist", "priority_of"]

PRIORITIES = (1, 2, 3, 4)


def insist(action: str) -> None:
    """``Refused`` for customers: they have pages of their own, on which nothing internal stands."""
    if visitor().must().side == "customer":
        raise error(Refused, "flask.desk", field=f"permission.{action}")


def priority_of(asked: Form) -> int | None:
    """The priority a list is narrowed to, None for all; what is none of the four narrows nothing."""
    text = asked.text("priority")
    return int(text) if text in {str(each) for each in PRIORITIES} else None
