"""Triggers: when somebody is asked. Switched on and off here; what they say is edited as the data it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError, Invalid
from careplug.survey.base import TRIGGER
from careplug_flask import work
from careplug_flask.errors import error
from careplug_flask.state import state
from careplug_flask.web.context import words
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import Form as Typed
from careplug_flask.web.forms import posted
from careplug_flask.web.surveys.responses import titles
from careplug_flask.web.views import attempt, show

if TYPE_CHECKING:
    from careplug.definitions import Definition
    from careplug.unit import CareUnit

__all__ = ["listed", "one", "switch"]

_RIGHT = "definitions.put"


def listed() -> Response:
    """All triggers: what each waits for, which form it asks, whether it is on."""
    insist("definitions.read")
    with work.reading() as unit:
        return _list(unit)


def _list(unit: CareUnit, problem: CareError | None = None) -> Response:
    unit.allow("definitions.read")
    said = words(state(), unit)
    forms = dict(titles(unit, said))
    active = unit.definitions.active(TRIGGER)
    rows = [
        {
            "name": name,
            "label": said.text(active[name].label) or name,
            "event": said.say(f"surveys.event.{trigger.event}"),
            "form": forms.get(trigger.form, trigger.form),
            "active": trigger.active,
            "sample": trigger.sample,
            "quiet": trigger.quiet_days,
            "revision": active[name].revision,
        }
        for name, trigger in sorted(unit.definitions.values(TRIGGER).items())
    ]
    ready = unit.surveys.settings.ready
    return show("surveys/triggers.html", unit, rows=rows, editable=work.may(unit, _RIGHT), ready=ready, problem=problem)


def switch(name: str) -> AnyResponse:
    """Switch a trigger on or off."""
    if request.method != "POST":
        return redirect(url_for("careplug.survey_triggers"))
    insist(_RIGHT)
    form = posted()

    def deed(unit: CareUnit) -> None:
        """The next revision, of the one that was shown."""
        found = unit.definitions.get(TRIGGER, name)
        data = {**found.data, "active": form["active"] == "1"}
        unit.definitions.put(TRIGGER, name, data, expected=form.whole("version"))

    return attempt(deed, done=lambda _: url_for("careplug.survey_triggers"), again=_list, limit="act")


def one(name: str) -> AnyResponse:
    """A trigger's data, to be stored as its next revision."""
    insist(_RIGHT)
    if request.method != "POST":
        with work.reading() as unit:
            unit.allow(_RIGHT)
            found = unit.definitions.get(TRIGGER, name)
            written = json.dumps(found.data, ensure_ascii=False, indent=2)
            return _page(unit, found, Typed({"data": written, "version": str(found.revision)}))
    form = posted()

    def deed(unit: CareUnit) -> None:
        """The next revision, of the one that was shown."""
        unit.definitions.put(TRIGGER, name, _read(form), expected=form.whole("version"))

    def again(unit: CareUnit, problem: CareError) -> Response:
        """The page with what was typed; whoever saves once more replaces what came meanwhile."""
        found = unit.definitions.get(TRIGGER, name)
        kept = Typed({**form.values, "version": str(found.revision)})
        return _page(unit, found, kept, problem)

    return attempt(deed, done=lambda _: url_for("careplug.survey_triggers"), again=again, limit="act")


def _read(form: Typed) -> dict[str, Any]:
    try:
        found = json.loads(form["data"])
    except ValueError as wrong:
        place = getattr(wrong, "lineno", 0)
        raise error(Invalid, "flask.trigger_json", field="data", line=place) from None
    if not isinstance(found, dict):
        raise error(Invalid, "flask.trigger_json", field="data.object", line=1)
    return found


def _page(unit: CareUnit, found: Definition, form: Typed, problem: CareError | None = None) -> Response:
    said = words(state(), unit)
    return show(
        "surveys/trigger.html",
        unit,
        trigger=found.name,
        label=said.text(found.label) or found.name,
        revision=found.revision,
        form=form,
        problem=problem,
        told=said.error(problem) if problem is not None and problem.code != "definition.stale" else "",
    )
