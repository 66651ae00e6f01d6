"""What the parts of the feedback service share: holding a case, permissions, moments, values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from careplug.clock import aware
from careplug.contributions import FieldSpec
from careplug.definitions import Definitions
from careplug.errors import Invalid, NotFound
from careplug.feedback.entities import Feedback
from careplug.ports import Unit
from careplug.refs import Ref
from careplug.timeline.facts import Fact
from careplug.timeline.story import Timeline

__all__ = ["FEEDBACK", "Base", "check_custom", "check_ref", "check_text"]

FEEDBACK = "feedback"
LONGEST = 1_048_576
"""Characters a body may have: a megabyte of words is no message any more."""


class Base:
    """Holds the unit, its timeline and definitions."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.timeline = unit.get(Timeline)
        self.definitions = unit.get(Definitions)

    def _hold(self, ident: str, action: str, *, expected: int | None = None) -> Feedback:
        """Lock a case for an action the actor may take; what the actor may not see does not exist."""
        held = self.timeline.hold(FEEDBACK, Feedback, ident)
        if not self.sees(held):
            raise NotFound("feedback.missing", field="feedback.id", value=ident)
        self.unit.allow(f"feedback.{action}", held)
        # Only now: the version of a case that the actor may not see is nobody's business either.
        return self.timeline.hold(FEEDBACK, Feedback, ident, expected=expected)

    def sees(self, case: Feedback) -> bool:
        """Whether the actor may know of a case: customers their own and their organisations'."""
        actor = self.unit.actor
        if actor.side != "customer":
            return True
        return actor.ref in (case.requester, case.contact) or case.organisation in actor.organisations

    def _append(
        self,
        ident: str,
        kind: str,
        data: Mapping[str, Any],
        *,
        at: datetime | None = None,
        because: str = "",
    ) -> Fact:
        """Append a fact; an ``at`` before the usual one is back-dated: a permission and a reason are needed."""
        told = {key: value for key, value in data.items() if value is not None and value != ""}
        if at is not None:
            at = aware(at, "at")
            case = self.timeline.current(FEEDBACK, ident)
            usual = max(self.unit.now(), case.last_at) if case.last_at else self.unit.now()
            if at < usual and self.unit.actor.side != "system":
                self.unit.allow("feedback.backdate", case)
                told |= {"back_dated": True, "because": check_text(because, "because", required=True)}
        return self.timeline.append(FEEDBACK, ident, kind, told, at=at)

    def _now(self, ident: str) -> Feedback:
        return self.timeline.current(FEEDBACK, ident)  # type: ignore[no-any-return]


def check_text(value: object, field: str, *, required: bool = False, longest: int = LONGEST) -> str:
    """Text that may be stored; ``Invalid`` for another type, an empty one that is required, one too long."""
    if not isinstance(value, str):
        raise Invalid("text.type", field=f"{field}.type", value=type(value).__name__)
    if required and not value.strip():
        raise Invalid("text.required", field=field)
    if len(value) > longest:
        raise Invalid("text.long", field=f"{field}.length", length=len(value), longest=longest)
    return value


def check_ref(value: object, field: str) -> Ref | None:
    """A reference or None; ``Invalid`` for anything else."""
    if value is None or isinstance(value, Ref):
        return value
    raise Invalid("ref.type", field=field, value=repr(value)[:60])


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "long": str,
    "choice": str,
    "int": int,
    "bool": bool,
    "time": datetime,
    "date": date,
    "decimal": Decimal,
}


def check_custom(values: Mapping[str, Any], fields: Mapping[str, FieldSpec], *, whole: bool) -> dict[str, Any]:
    """Custom values against their declarations; ``whole`` also asks for the required ones."""
    for name in values:
        if name not in fields:
            known = ", ".join(sorted(fields)) or "–"
            raise Invalid("custom.unknown", field=f"custom.{name}", known=known)
    checked = {name: _custom(value, fields[name]) for name, value in values.items() if value is not None}
    for name, field in fields.items():
        if whole and field.required and checked.get(name) in (None, ""):
            raise Invalid("custom.required", field=f"custom.{name}.required")
    return checked


def _custom(value: Any, field: FieldSpec) -> Any:
    wanted = _TYPES[field.type]
    fits = isinstance(value, wanted) and (field.type == "bool" or not isinstance(value, bool))
    if field.type == "date" and isinstance(value, datetime):
        fits = False
    if not fits:
        raise Invalid("custom.type", field=f"custom.{field.name}.type", value=repr(value)[:60], wanted=field.type)
    if field.type == "choice" and value not in field.choices:
        raise Invalid("custom.choice", field=f"custom.{field.name}.choice", value=value, known=", ".join(field.choices))
    if field.type == "text":
        check_text(value, f"custom.{field.name}", longest=field.length)
    return aware(value, f"custom.{field.name}") if field.type == "time" else value
