"""The panels of plugins on the page of a case. One that fails says so in a line, and the page stands."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
from markupsafe import Markup

from careplug.contributions import Panel
from careplug_flask.web.values import numeric, shown
from careplug_flask.work import may

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.unit import CareUnit
    from careplug_flask.state import State
    from careplug_flask.web.context import Words

__all__ = ["Cell", "Shown", "panels"]

_log = logging.getLogger(__name__)


@attrs.frozen
class Cell:
    """One value of a table of a panel."""

    text: str
    right: bool = False


@attrs.frozen(kw_only=True)
class Shown:
    """A panel as the page shows it: rendered by its own template, as labels and values, as a table, or as having failed."""

    name: str
    title: str
    body: Markup | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    columns: tuple[Cell, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    failed: str = ""


def panels(here: State, unit: CareUnit, words: Words, case: Feedback, side: str) -> list[Shown]:
    """The panels of one side's page, by rank, then name; those that have nothing to show are left out."""
    found = [
        panel
        for panel in here.care.plugins.contributions.panels
        if side in panel.sides and (not panel.permission or may(unit, panel.permission, case))
    ]
    made = (_made(here, unit, words, case, panel) for panel in sorted(found, key=lambda each: (each.rank, each.name)))
    return [panel for panel in made if panel is not None]


def _made(here: State, unit: CareUnit, words: Words, case: Feedback, panel: Panel) -> Shown | None:
    title = panel.label.get(words.language) or panel.name
    try:
        with unit.store.savepoint():  # a query that breaks must not take the page's own with it
            data = panel.data(unit, case)
            if not data:
                return None
            if panel.template:
                body = here.renderer.part(panel.template, data=data, case=case, words=words)
                return Shown(name=panel.name, title=title, body=body)
            return _generic(words, panel.name, title, data)
    except (Exception, SystemExit):
        owner = here.care.plugins.contributions.owner(panel)
        _log.exception("panel %s of plugin %s failed on case %s", panel.name, owner.name, case.number)
        return Shown(name=panel.name, title=title, failed=owner.name)


def _generic(words: Words, name: str, title: str, data: Mapping[str, Any]) -> Shown:
    told = dict(data)
    columns: tuple[Cell, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    if "columns" in told and "rows" in told:
        heads, lines = [str(each) for each in told.pop("columns")], [tuple(line) for line in told.pop("rows")]
        rows = tuple(tuple(Cell(shown(words, value), numeric(value)) for value in line) for line in lines)
        columns = tuple(
            Cell(words.say(head), bool(rows) and all(line[place].right for line in rows if place < len(line)))
            for place, head in enumerate(heads)
        )
    pairs = tuple((words.say(str(key)), shown(words, value)) for key, value in told.items())
    return Shown(name=name, title=title, pairs=pairs, columns=columns, rows=rows)
