"""States and transitions as data (the eight steps of S6), and the guards a step must pass. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from careplug.contributions import Seed
from careplug.errors import Invalid
from careplug.text import Text

__all__ = ["CATEGORIES", "REQUIRABLE", "SEEDS", "State", "Transition", "missing"]

CATEGORIES = ("open", "done", "void")
REQUIRABLE = ("reason", "measure", "result", "cause", "assignee", "into", "expected_at")
"""What a transition may demand: words told with the step, or already on the case."""


@attrs.frozen
class State:
    """A state and its category."""

    name: str
    category: str

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> State:
        """Read a stored state."""
        if data.get("category") not in CATEGORIES:
            raise Invalid("state.category", field=f"state.{name}.category", value=repr(data.get("category")))
        return cls(name, data["category"])


@attrs.frozen
class Transition:
    """A step: from which states, to which one, the fact it writes, what it demands, which side may take it.

    ``fact`` is the type of the fact; ``sides`` are of service, customer, system.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    fact: str
    requires: tuple[str, ...] = ()
    sides: tuple[str, ...] = ("service",)

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Transition:
        """Read a stored transition; ``Invalid`` names the key that is wrong."""
        place = f"transition.{name}"
        unknown = set(data) - {"from", "to", "fact", "requires", "sides"}
        if unknown:
            raise Invalid("definition.keys", field=f"{place}.{min(unknown)}", known="from, to, fact, requires, sides")
        for key in ("to", "fact"):
            if not (isinstance(data.get(key), str) and data[key]):
                raise Invalid("definition.text", field=f"{place}.{key}")
        requires = _names(data.get("requires", []), f"{place}.requires", REQUIRABLE)
        sides = _names(data.get("sides", ["service"]), f"{place}.sides", ("service", "customer", "system"))
        sources = _names(data.get("from"), f"{place}.from", ())
        return cls(name, sources, data["to"], data["fact"], requires, sides)


def _names(value: object, field: str, known: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid("definition.names", field=field, value=repr(value)[:60])
    for number, item in enumerate(value):
        if known and item not in known:
            raise Invalid("definition.choice", field=f"{field}[{number}]", value=item, known=", ".join(known))
    return tuple(value)


def missing(transition: Transition, told: Mapping[str, Any], feedback: Any) -> list[str]:
    """What the transition demands and neither the step tells nor the case has. A reason must be told anew."""
    lacking = []
    for key in transition.requires:
        held = None if key in ("reason", "into") else getattr(feedback, key, None)
        if not (told.get(key) or held):
            lacking.append(key)
    return lacking


_OPEN = ["received", "confirmed", "dispatched", "diagnosing", "handling", "verifying"]
_STATES = (
    ("received", "open", "Received", "已受理"),
    ("confirmed", "open", "Confirmed", "已确认"),
    ("dispatched", "open", "Dispatched", "已派工"),
    ("diagnosing", "open", "Diagnosing", "诊断中"),
    ("handling", "open", "Handling", "处理中"),
    ("verifying", "open", "Verifying", "验证中"),
    ("resolved", "done", "Resolved", "已反馈"),
    ("closed", "done", "Closed", "已归档"),
    ("rejected", "void", "Rejected", "已拒绝"),
    ("withdrawn", "void", "Withdrawn", "已撤回"),
    ("merged", "void", "Merged", "已合并"),
)
_TRANSITIONS: tuple[tuple[str, list[str], str, str, list[str], list[str], str, str], ...] = (
    ("confirm", ["received"], "confirmed", "confirmed", [], ["service"], "Confirm the need", "确认需求"),
    (
        "dispatch",
        ["received", "confirmed", "dispatched", "diagnosing", "handling"],
        "dispatched",
        "dispatched",
        ["assignee"],
        ["service", "system"],
        "Dispatch",
        "派工",
    ),
    ("diagnose", [*_OPEN[:3], "handling"], "diagnosing", "diagnosing", [], ["service"], "Diagnose", "诊断"),
    ("handle", _OPEN, "handling", "handling", [], ["service"], "Handle", "处理"),
    ("verify", ["diagnosing", "handling"], "verifying", "verifying", [], ["service"], "Test and verify", "测试与验证"),
    (
        "resolve",
        _OPEN[1:],
        "resolved",
        "resolved",
        ["measure", "result"],
        ["service"],
        "Report back as resolved",
        "反馈处理结果",
    ),
    ("close", ["resolved"], "closed", "closed", [], ["service", "customer", "system"], "Close and file", "归档"),
    ("reject", _OPEN[:4], "rejected", "rejected", ["reason"], ["service"], "Reject with a reason", "说明理由并拒绝"),
    ("withdraw", _OPEN, "withdrawn", "withdrawn", [], ["customer", "service"], "Withdraw", "撤回"),
    ("merge", _OPEN, "merged", "merged", ["into"], ["service"], "Merge into another", "合并"),
    (
        "reopen",
        ["resolved", "closed", "rejected"],
        "handling",
        "reopened",
        ["reason"],
        ["service", "customer"],
        "Reopen",
        "重新打开",
    ),
)

SEEDS: tuple[Seed, ...] = (
    *(Seed("state", name, {"category": group}, Text(en, zh)) for name, group, en, zh in _STATES),
    *(
        Seed(
            "transition",
            name,
            {"from": sources, "to": target, "fact": fact, "requires": requires, "sides": sides},
            Text(en, zh),
        )
        for name, sources, target, fact, requires, sides, en, zh in _TRANSITIONS
    ),
)
"""The core's own life cycle, through the same door as a plugin's."""
