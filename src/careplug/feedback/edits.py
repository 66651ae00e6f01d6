"""Changing what a person may change: fields, impact and urgency."""

from __future__ import annotations

from typing import Any

from careplug.errors import Invalid
from careplug.feedback.base import FEEDBACK, check_ref, check_text
from careplug.feedback.entities import Feedback
from careplug.feedback.holds import Holds
from careplug.feedback.intake import Intake
from careplug.feedback.priority import Matrix, check_level

__all__ = ["Edits"]

_REFS = ("requester", "organisation", "contact", "product", "system", "site")
_TEXTS = {"subject": 500, "contact_name": 200, "contact_phone": 60, "contact_mail": 254, "channel": 40}
_LONG = ("body", "cause", "measure", "result")
MODES = ("", "keep", "restart", "from_now")


class Edits(Holds, Intake):
    """Edits carry the version the person saw: a stale one is ``Conflict`` and changes nothing."""

    def edit(self, ident: str, *, expected: int, **fields: Any) -> Feedback:
        """Change fields of a case; ``Invalid`` names one that cannot be edited. The same values change nothing."""
        case = self._hold(ident, "edit", expected=expected)
        data: dict[str, Any] = {}
        for name, value in fields.items():
            if name == "custom":
                data |= self._custom({**value}, whole=False)
            else:
                checked = self._field(name, value)
                if checked != getattr(case, name):
                    data[name] = checked
        if not data:
            return case
        self.timeline.append(FEEDBACK, ident, "edited", data)
        return self._now(ident)

    def _field(self, name: str, value: Any) -> Any:
        if name == "kind":
            return self._kind(value)
        if name in _REFS:
            return check_ref(value, f"edit.{name}")
        if name in _TEXTS:
            return check_text(value, f"edit.{name}", required=name == "subject", longest=_TEXTS[name])
        if name in _LONG:
            return check_text(value, f"edit.{name}")
        known = ", ".join(sorted(("kind", "custom", *_REFS, *_TEXTS, *_LONG)))
        raise Invalid("edit.field", field=f"edit.{name}.unknown", known=known)

    def prioritise(
        self,
        ident: str,
        *,
        expected: int,
        impact: int | None = None,
        urgency: int | None = None,
        reason: str,
        mode: str = "",
    ) -> Feedback:
        """Change impact or urgency, and with them the priority by the stored matrix.

        ``mode`` says what that does to running clocks: keep, restart, from_now; empty: as the policy's rule says.
        """
        case = self._hold(ident, "prioritise", expected=expected)
        if mode not in MODES:
            raise Invalid("prioritise.mode", field="prioritise.mode", value=mode, known=", ".join(MODES[1:]))
        new_impact = check_level(impact if impact is not None else case.impact, "prioritise.impact")
        new_urgency = check_level(urgency if urgency is not None else case.urgency, "prioritise.urgency")
        if (new_impact, new_urgency) == (case.impact, case.urgency):
            return case
        matrix: Matrix = self.definitions.value("matrix", "priority")
        data = {
            "impact": new_impact,
            "urgency": new_urgency,
            "priority": matrix.priority(new_impact, new_urgency),
            "was": case.priority,
            "reason": check_text(reason, "prioritise.reason", required=True),
        }
        self._append(ident, "prioritised", data | ({"mode": mode} if mode else {}))
        return self._now(ident)
