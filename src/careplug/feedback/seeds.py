"""The definitions the feedback room brings: states, transitions, pause reasons, the priority matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from careplug.contributions import Seed
from careplug.errors import Invalid
from careplug.feedback import transitions
from careplug.feedback.entities import PARTIES
from careplug.feedback.priority import DEFAULT_MATRIX, Matrix
from careplug.text import Text

__all__ = ["PARSERS", "SEEDS"]

_REASONS = (
    ("waiting_customer", "customer", True, "Waiting for the customer's answer", "等待客户答复"),
    ("waiting_approval", "customer", False, "Waiting for the customer's consent", "等待客户同意"),
    ("waiting_vendor", "vendor", False, "Waiting for the original maker", "等待原厂"),
    ("waiting_third_party", "third_party", False, "Waiting for a third party", "等待第三方"),
    ("waiting_parts", "own", False, "Waiting for spare parts", "等待备件"),
    ("scheduled", "customer", False, "Appointment agreed with the customer", "已与客户约定时间"),
    ("force_majeure", "force_majeure", False, "Force majeure", "不可抗力"),
)

SEEDS: tuple[Seed, ...] = (
    *transitions.SEEDS,
    *(
        Seed("pause_reason", name, {"party": party, "ends_on_reply": ends}, Text(en, zh))
        for name, party, ends, en, zh in _REASONS
    ),
    Seed("matrix", "priority", DEFAULT_MATRIX, Text("Priority from impact and urgency", "影响与紧急程度决定优先级")),
)


def _pause_reason(name: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    party, ends = data.get("party"), data.get("ends_on_reply", False)
    if party not in PARTIES:
        raise Invalid("pause.party", field=f"pause_reason.{name}.party", value=repr(party), known=", ".join(PARTIES))
    unknown = set(data) - {"party", "ends_on_reply"}
    if unknown:
        raise Invalid("definition.keys", field=f"pause_reason.{name}.{min(unknown)}", known="party, ends_on_reply")
    if not isinstance(ends, bool):
        raise Invalid("definition.bool", field=f"pause_reason.{name}.ends_on_reply", value=repr(ends)[:60])
    return {"party": party, "ends_on_reply": ends}


PARSERS = {
    "state": transitions.State.parse,
    "transition": transitions.Transition.parse,
    "pause_reason": _pause_reason,
    "matrix": Matrix.parse,
}
