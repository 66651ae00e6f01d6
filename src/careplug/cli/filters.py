"""The options that choose cases, shared by ``list`` and ``records``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from careplug.cli.base import option
from careplug.cli.session import Session
from careplug.cli.values import REF, TEXT, TIME, Choice, Whole
from careplug.criteria import All, Criteria, Is
from careplug.feedback.entities import KINDS
from careplug.feedback.transitions import CATEGORIES

__all__ = ["criteria_of", "filters"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    option("--state", kind=TEXT, multiple=True),
    option("--category", kind=Choice(CATEGORIES)),
    option("--kind", kind=Choice(KINDS), multiple=True),
    option("--priority", kind=Whole(1, 4), multiple=True),
    option("--assignee", kind=REF),
    option("--requester", kind=REF),
    option("--organisation", kind=REF),
    option("--since", kind=TIME),
    option("--until", kind=TIME),
)


def filters(function: F) -> F:
    """Give a command the options that choose cases; they arrive as ``**chosen`` for ``criteria_of``."""
    for each in reversed(_OPTIONS):
        function = each(function)
    return function


def criteria_of(session: Session, chosen: Mapping[str, Any]) -> Criteria:
    """The criteria of the chosen options; ``since`` and ``until`` are about the time a case was received."""
    parts: list[Criteria] = [
        Is(name, "in", tuple(chosen[name])) for name in ("state", "kind", "priority") if chosen[name]
    ]
    exact = ("category", "assignee", "requester", "organisation")
    parts += [Is(name, "eq", chosen[name]) for name in exact if chosen[name] is not None]
    for name, op in (("since", "ge"), ("until", "lt")):
        if chosen[name]:
            parts.append(Is("received_at", op, session.time(chosen[name], f"--{name}")))
    return All(*parts)
