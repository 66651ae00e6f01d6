"""A new case: what the customer, or the service side for a customer, fills in; once for each form (S1, S6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from careplug.contributions import FieldSpec
from careplug.errors import CareError, Conflict, Invalid
from careplug.feedback.entities import KINDS
from careplug.refs import Ref, new_id
from careplug_flask import guard, work
from careplug_flask.identity import visitor
from careplug_flask.state import state
from careplug_flask.web.case import Place
from careplug_flask.web.context import words
from careplug_flask.web.forms import Form, typed
from careplug_flask.web.once import was_sent
from careplug_flask.web.story import size_text
from careplug_flask.web.uploads import keep_files
from careplug_flask.web.views import answer, show

if TYPE_CHECKING:
    from careplug.unit import CareUnit
    from careplug_flask.web.context import Words

__all__ = ["page"]

_FOR_CUSTOMERS = tuple(kind for kind in KINDS if kind != "alarm")
"""An alarm is raised by a monitor, or by the service side that saw it."""

_CHANNELS = ("phone", "mail", "wechat", "visit", "web")
_LEVELS = ("1", "2", "3")
_CONTACT = ("contact_name", "contact_phone", "contact_mail")
_INPUTS = {"int": "number", "bool": "checkbox", "time": "datetime-local", "date": "date"}


def page() -> AnyResponse:
    """The form, and what becomes of it."""
    visitor().must()
    if request.method != "POST":
        with work.reading() as unit:
            unit.allow("feedback.submit")
            return _show(unit, Form(_first(unit)))
    form = typed()

    def again(unit: Any, problem: CareError) -> Response:
        """The form once more; one whose key is spent for other content gets a new key."""
        if isinstance(problem, Conflict):
            form.values["key"] = new_id()
        return _show(unit, form, problem)

    return answer(lambda: _take(form), done=lambda url: url, again=again, limit="submit")


def _take(form: Form) -> str:
    """Store the case, then its files; where to go on."""
    guard.fits()

    def taking(unit: CareUnit) -> tuple[str, bool]:
        """The number of the case, and whether it was there already."""
        known = was_sent(unit, form["key"])
        return unit.feedback.submit(form.text("kind"), form.text("subject"), **_values(unit, form)).number, known

    number, known = work.changing(taking)
    trouble = "" if known else keep_files(number)
    return f"{Place(number).url}?done={trouble or 'submit'}"


def _first(unit: CareUnit) -> dict[str, str]:
    """What an empty form begins with: a key of its own, and who is there."""
    begins = {"key": new_id(), "kind": "fault", "impact": "3", "urgency": "3"}
    actor = unit.actor
    if actor.side != "customer":
        return {**begins, "channel": "phone"}
    contact = state().care.setup.directory.find(unit, actor.ref)
    found = {address.channel: address.value for address in contact.addresses} if contact is not None else {}
    organisation = str(actor.organisations[0]) if len(actor.organisations) == 1 else ""
    return {
        **begins,
        "organisation": organisation,
        "contact_name": contact.name if contact is not None else "",
        "contact_phone": found.get("phone", ""),
        "contact_mail": found.get("mail", ""),
    }


def _show(unit: CareUnit, form: Form, problem: CareError | None = None) -> Response:
    said, actor = words(state(), unit), unit.actor
    customer = actor.side == "customer"
    kinds = _FOR_CUSTOMERS if customer else KINDS
    organisations = [(str(ref), said.person(ref)) for ref in actor.organisations]
    return show(
        "submit.html",
        unit,
        form=form,
        problem=problem,
        kinds=[(kind, said.say(f"kind.{kind}")) for kind in kinds],
        impacts=[(level, said.say(f"impact.{level}")) for level in _LEVELS],
        urgencies=[(level, said.say(f"urgency.{level}")) for level in _LEVELS],
        channels=[(name, said.say(f"channel.{name}")) for name in _CHANNELS],
        organisations=[("", said.say("submit.no_organisation")), *organisations] if len(organisations) > 1 else [],
        fields=[_field(said, spec) for spec in unit.setup.fields("feedback").values()],
        most=size_text(state().options.max_upload, said.language),
        for_customer=not customer,
    )


def _field(said: Words, spec: FieldSpec) -> dict[str, Any]:
    """A declared field as the arguments of the macro ``field``."""
    choices = [("", said.say("form.choose")), *((value, value) for value in spec.choices)]
    return {
        "name": f"custom.{spec.name}",
        "label": spec.label.get(said.language) or spec.name,
        "type": _INPUTS.get(spec.type, "text"),
        "required": spec.required and spec.type != "bool",
        "choices": choices if spec.type == "choice" else None,
        "rows": 4 if spec.type == "long" else 0,
    }


# -- from what was typed to values --


def _values(unit: CareUnit, form: Form) -> dict[str, Any]:
    values: dict[str, Any] = {
        "body": form.text("body"),
        "impact": form.whole("impact"),
        "urgency": form.whole("urgency"),
        "organisation": form.ref("organisation"),
        "custom": _custom(form, unit.setup.fields("feedback").values()),
        "key": form.text("key"),
        "channel": "web",
        **{name: form.text(name) for name in _CONTACT},
    }
    if unit.actor.side == "customer":
        return values
    requester: Ref | None = form.ref("requester")
    told = {"requester": requester, "channel": form.text("channel") or "phone", "answered": bool(form["answered"])}
    return values | told


def _custom(form: Form, fields: Any) -> dict[str, Any]:
    """The values of the declared fields; ``Invalid`` names the field that cannot be read."""
    found: dict[str, Any] = {}
    for spec in fields:
        name = f"custom.{spec.name}"
        if spec.type == "bool":
            found[spec.name] = bool(form[name])
        elif form.text(name):
            found[spec.name] = _read(form, name, spec.type)
    return found


def _read(form: Form, name: str, kind: str) -> Any:
    text = form.text(name)
    try:
        if kind == "int":
            return int(text)
        if kind == "time":
            return form.moment(name)
        if kind == "date":
            return date.fromisoformat(text)
        return Decimal(text) if kind == "decimal" else text
    except (ValueError, InvalidOperation):
        raise Invalid("custom.type", field=f"{name}.type", value=repr(text)[:60], wanted=kind) from None
