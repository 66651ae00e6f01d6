"""Where one can go: careplug's own pages, the resources of plugins, their links; what may not be seen is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from flask import request, url_for

from careplug_flask.identity import visitor
from careplug_flask.words import say
from careplug_flask.work import may

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["Entry", "navigation"]


@attrs.frozen
class Entry:
    """One entry: its words, where it leads, whether it is where we are."""

    label: str
    url: str
    current: bool = False


_OWN: tuple[tuple[str, str, str, str], ...] = (
    ("nav.my_cases", "careplug.my_cases", "customer", "feedback.list"),
    ("nav.queue", "careplug.queue", "service", "sla.due"),
    ("nav.all_cases", "careplug.all_cases", "service", "feedback.list"),
    ("nav.surveys", "careplug.surveys", "service", "survey.read"),
    ("nav.submit", "careplug.submit", "", "feedback.submit"),
    ("nav.api", "careplug.reference", "service", "tokens.manage"),  # for whoever gives keys to it
)


def navigation(here: State, unit: Any) -> tuple[Entry, ...]:
    """The entries for this request's visitor."""
    who = visitor()
    if who.actor is None:
        return ()
    side = "customer" if who.actor.side == "customer" else "service"
    found = [
        Entry(say(code, who.language), url_for(endpoint), _is_here(endpoint))
        for code, endpoint, wanted, action in _OWN
        if wanted in ("", side) and may(unit, action) and (code != "nav.api" or here.options.api)
    ]
    return (*found, *_of_plugins(here, unit, side))


def _is_here(endpoint: str) -> bool:
    """Whether this is the page of an entry, or one of the pages behind it."""
    here = request.endpoint or ""
    behind = endpoint == "careplug.surveys" and here.startswith(("careplug.survey", "careplug.improvement"))
    return here == endpoint or behind


def _of_plugins(here: State, unit: Any, side: str) -> list[Entry]:
    language, given = visitor().language, here.care.plugins.contributions
    entries: list[tuple[int, str, Entry]] = []
    for resource in given.resources:
        if side == "service" and may(unit, f"{resource.permission or resource.name}.read"):
            url = url_for("careplug.resource_list", resource=resource.name)
            label = resource.label.get(language) or resource.name
            entries.append((resource.rank, resource.name, Entry(label, url, request.path.startswith(url))))
    for link in given.links:
        if side in link.sides and (not link.permission or may(unit, link.permission)):
            url = (
                link.href
                if "://" in link.href or link.href.startswith("/")
                else f"{here.options.url_prefix}/{link.href}"
            )
            entries.append((link.rank, link.name, Entry(link.label.get(language), url, request.path == url)))
    return [entry for _, _, entry in sorted(entries, key=lambda each: each[:2])]
