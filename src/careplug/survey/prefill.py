"""What a form is filled in with before the customer sees it: the header of S13, from the case and the directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from careplug.ports import Unit
from careplug.refs import Ref
from careplug.survey.entities import Invitation
from careplug.survey.forms import Form

__all__ = ["prefilled"]

_LONGEST = 200


def prefilled(unit: Unit, form: Form, invitation: Invitation, today: datetime) -> dict[str, Any]:
    """Answers by question, for those that say what they are filled in with; unknown ones are left out.

    ``today`` is the local date. A custom field of the case named as the prefill (``address``, ``model``) is taken where
    careplug has no field of its own for it.
    """
    wanted = {question.key: question.prefill for question in form.questions if question.prefill}
    if not wanted:
        return {}
    case = unit.store.get(unit.setup.entity("feedback"), invitation.feedback_id) if invitation.feedback_id else None
    found: dict[str, Any] = {}
    for key, name in wanted.items():
        value = _SOURCES.get(name, _custom(name))(unit, case, invitation) if name != "date" else f"{today:%Y-%m-%d}"
        if value:
            found[key] = " ".join(value.split())[:_LONGEST]
    return found


def _name(unit: Unit, ref: Ref | None) -> str:
    if ref is None:
        return ""
    known = unit.setup.directory.find(unit, ref)
    return known.name if known is not None and known.name else ""


def _customer(unit: Unit, case: Any, invitation: Invitation) -> str:
    return _name(unit, invitation.organisation)


def _contact(unit: Unit, case: Any, invitation: Invitation) -> str:
    return str(getattr(case, "contact_name", "")) or _name(unit, invitation.contact)


def _product(unit: Unit, case: Any, invitation: Invitation) -> str:
    ref = invitation.product
    return (_name(unit, ref) or ref.id) if ref is not None else ""


def _phone(unit: Unit, case: Any, invitation: Invitation) -> str:
    return str(getattr(case, "contact_phone", ""))


def _custom(name: str) -> Callable[[Unit, Any, Invitation], str]:
    def find(unit: Unit, case: Any, invitation: Invitation) -> str:
        """The custom field of that name."""
        return str((getattr(case, "custom", None) or {}).get(name, ""))

    return find


_SOURCES: Mapping[str, Callable[[Unit, Any, Invitation], str]] = {
    "customer": _customer,
    "contact": _contact,
    "product": _product,
    "phone": _phone,
}
