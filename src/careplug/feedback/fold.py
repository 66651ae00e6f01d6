"""How each fact changes a feedback: pure folds, and the fact types of the feedback's timeline.

A step fact stores both states, so folding never consults a transition table; unknown facts change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from careplug.clock import from_text, to_text
from careplug.contributions import FactType
from careplug.feedback.entities import Feedback, Pause
from careplug.refs import Ref
from careplug.text import Text
from careplug.timeline.facts import Fact

__all__ = [
    "CYCLE_ENDS",
    "FACT_TYPES",
    "INTERNAL",
    "LEGAL_HOLD",
    "PERSONAL_FIELDS",
    "STEPS",
    "STEP_WORDS",
    "step_fold",
    "told",
]

Data = Mapping[str, Any]
Changes = dict[str, Any]

CYCLE_ENDS = ("resolved", "rejected", "withdrawn", "merged")
"""Facts that end a handling cycle: verdicts are written then."""

PERSONAL_FIELDS = ("subject", "body", "contact_name", "contact_phone", "contact_mail", "custom_personal")
_REFS = ("requester", "organisation", "contact", "product", "system", "site", "assignee", "team")
_TOLD = ("measure", "result", "cause")
INTERNAL = ("note", "because")
"""Words among colleagues, also in facts that customers read."""

LEGAL_HOLD = "legal_hold"
"""The flag of a case whose words must not be erased."""

STEP_WORDS = ("reason", "note", *_TOLD)
"""What people say with a step: personal, as all their words are."""


def _value(key: str, value: Any) -> Any:
    if value is None:
        return None
    if key in _REFS:
        return Ref.parse(value, field=key)
    if key.endswith("_at"):
        return from_text(value, key) if isinstance(value, str) else value
    return value


def _fields(data: Data, known: Iterable[str]) -> Changes:
    return {key: _value(key, data[key]) for key in known if key in data}


_SUBMITTED = (
    *_REFS[:6],
    *PERSONAL_FIELDS[:5],
    "kind",
    "number",
    "impact",
    "urgency",
    "priority",
    "channel",
    "source",
    "state",
    "category",
)


def _submitted(was: Feedback, data: Data, fact: Fact) -> Changes:
    changes = _fields(data, _SUBMITTED)
    return changes | {"custom": _custom(data), "received_at": fact.at, "flags": tuple(data.get("flags", ()))}


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Custom values as a fact holds them: what JSON has no type for says its type, ``{"decimal": "1.50"}``."""
    return {name: _told(value) for name, value in values.items()}


def _told(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"time": to_text(value)}
    return {"date": value.isoformat()} if isinstance(value, date) else value


_READ: Mapping[str, Callable[[str], Any]] = {"decimal": Decimal, "time": from_text, "date": date.fromisoformat}


def _heard(value: Any) -> Any:
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, text),) = value.items()
        return _READ[kind](text) if kind in _READ else value
    return value


def _custom(data: Data) -> dict[str, Any]:
    """The custom values of a fact, with their types."""
    personal = data.get("custom_personal")
    values = {**data.get("custom", {}), **(personal if isinstance(personal, Mapping) else {})}
    return {name: _heard(value) for name, value in values.items()}


def step_fold(was: Feedback, data: Data, fact: Fact) -> Changes:
    """The fold of a step: both states are in the fact. A plugin's own step is a ``FactType`` with this fold and
    ``personal=STEP_WORDS``, so that its words can be erased.
    """
    changes: Changes = {"state": data["to"], "category": data["category"], **_fields(data, (*_TOLD, *_REFS[6:]))}
    if data["to"] in ("resolved", "rejected", "withdrawn", "merged"):
        changes["handled_at"] = fact.at
    if data["category"] == "done" and data["to"] != "resolved":
        changes["closed_at"] = fact.at
        changes.setdefault("handled_at", was.handled_at or fact.at)
    if data.get("into"):
        changes["merged_into"] = data["into"]
    if data["category"] != "open" and was.pauses:
        changes["pauses"] = ()
    return changes | _flagged(was, data)


def _reopened(was: Feedback, data: Data, fact: Fact) -> Changes:
    step = step_fold(was, data, fact)
    return step | {
        "cycle": was.cycle + 1,
        "reopened": was.reopened + 1,
        "handled_at": None,
        "closed_at": None,
        "merged_into": None,
    }


def _flagged(was: Feedback, data: Data) -> Changes:
    flags = [flag for flag in data.get("flags", ()) if flag not in was.flags]
    return {"flags": (*was.flags, *flags)} if flags else {}


def _assigned(was: Feedback, data: Data, fact: Fact) -> Changes:
    return _fields(data, ("assignee", "team"))


def _expected(was: Feedback, data: Data, fact: Fact) -> Changes:
    return _fields(data, ("expected_at",))


def _prioritised(was: Feedback, data: Data, fact: Fact) -> Changes:
    return _fields(data, ("impact", "urgency", "priority"))


_EDITABLE = (*_REFS[:6], *PERSONAL_FIELDS[:5], "kind", "channel", "cause", "measure", "result")


def _edited(was: Feedback, data: Data, fact: Fact) -> Changes:
    changes = _fields(data, _EDITABLE)
    custom = _custom(data)
    return changes | ({"custom": {**was.custom, **custom}} if custom else {})


def _paused(was: Feedback, data: Data, fact: Fact) -> Changes:
    if was.category != "open":
        return {}  # what opened the case again was voided since
    until = from_text(data["until"]) if data.get("until") else None
    opened = Pause(data["reason"], data["party"], fact.at, fact.sequence, until)
    return {"pauses": (*was.pauses, opened)}


def _resumed(was: Feedback, data: Data, fact: Fact) -> Changes:
    return {"pauses": tuple(pause for pause in was.pauses if pause.reason != data["reason"])}


def _linked(was: Feedback, data: Data, fact: Fact) -> Changes:
    link = {"relation": data["relation"], "id": data["other"]}
    return {"links": was.links if link in was.links else (*was.links, link)}


def _flag(was: Feedback, data: Data, fact: Fact) -> Changes:
    return _flagged(was, data)


def _held(was: Feedback, data: Data, fact: Fact) -> Changes:
    return {"flags": (*was.flags, LEGAL_HOLD)}


def _freed(was: Feedback, data: Data, fact: Fact) -> Changes:
    return {"flags": tuple(flag for flag in was.flags if flag != LEGAL_HOLD)}


def _type(name: str, en: str, zh: str, fold: Callable[..., Changes] | None = None, **options: Any) -> FactType:
    personal = (*options.pop("personal", ()), "because")
    # what is folded onto the case is found there
    said = [key for key in personal if fold is None or key not in (*PERSONAL_FIELDS, *_TOLD)]
    search = {key: _access(key, public=options.get("public", False)) for key in said}
    return FactType(name, "feedback", Text(en, zh), fold=fold, personal=personal, search=search, **options)


def _access(key: str, *, public: bool) -> str:
    """Who may find by what was said: whoever may read it."""
    if key == "phone":
        return "contact"
    return "public" if public and key not in INTERNAL else "internal"


STEPS = ("confirmed", "dispatched", "diagnosing", "handling", "verifying", "resolved", "closed", *CYCLE_ENDS[1:])
_NAMES = {
    "confirmed": ("Need confirmed", "需求已确认"),
    "dispatched": ("Dispatched", "已派工"),
    "diagnosing": ("Diagnosis begun", "开始诊断"),
    "handling": ("Handling begun", "开始处理"),
    "verifying": ("Verification begun", "开始验证"),
    "resolved": ("Resolved and reported back", "已解决并反馈"),
    "closed": ("Closed and filed", "已归档"),
    "rejected": ("Rejected", "已拒绝"),
    "withdrawn": ("Withdrawn", "已撤回"),
    "merged": ("Merged", "已合并"),
}

FACT_TYPES: tuple[FactType, ...] = (
    _type("submitted", "Received", "已受理", _submitted, personal=PERSONAL_FIELDS, final=True, public=True),
    *(_type(name, *_NAMES[name], fold=step_fold, edits=True, personal=STEP_WORDS, public=True) for name in STEPS),
    _type("reopened", "Reopened", "重新打开", _reopened, edits=True, personal=("reason", "note"), public=True),
    _type("overridden", "State overridden", "强制改变状态", step_fold, edits=True, personal=("reason",)),
    _type("replied", "Message", "消息", personal=("body",), public=True),
    _type("noted", "Internal note", "内部备注", personal=("body",)),
    _type("called", "Call", "通话", personal=("body", "phone")),
    _type("appointed", "Appointment agreed", "已预约", personal=("body",), public=True),
    _type("arrived", "Arrived on site", "已到场", personal=("body",), public=True),
    _type("left", "Left the site", "已离场", personal=("body",), public=True),
    _type("factory_arrived", "Arrived at the factory", "已到厂", personal=("body",), public=True),
    _type("factory_returned", "Repaired and sent back", "已返厂修复寄回", personal=("body",), public=True),
    _type("paused", "Paused", "暂停", _paused, personal=("note",), public=True),
    _type("resumed", "Resumed", "恢复", _resumed, personal=("note",), public=True),
    _type("assigned", "Assigned", "指派", _assigned, edits=True),
    _type(
        "expected",
        "Reason and expected time told",
        "已告知原因与预计时间",
        _expected,
        edits=True,
        personal=("reason",),
        public=True,
    ),
    _type("prioritised", "Priority changed", "优先级变更", _prioritised, edits=True, personal=("reason",)),
    _type("edited", "Edited", "修改", _edited, edits=True, personal=PERSONAL_FIELDS + _TOLD),
    _type("linked", "Linked", "关联", _linked),
    _type("attached", "File attached", "附件", personal=("name",), public=True),
    _type("warned", "Kept with a warning", "保留并警告", _flag, personal=("detail",)),
    _type("voided", "Fact voided", "事实作废", personal=("reason",), edits=True, final=True),
    _type("erased", "Personal data erased", "个人信息已删除", edits=True, final=True),
    _type("hold_placed", "Legal hold placed", "已设置法律保全", _held, personal=("reason",)),
    _type("hold_lifted", "Legal hold lifted", "已解除法律保全", _freed, personal=("reason",)),
    _type("policy_decided", "Promise decided", "服务承诺确定", final=True),
    _type("escalated", "Escalated", "升级提醒", final=True),
    _type("verdict", "Verdict", "达成判定", final=True),
)
