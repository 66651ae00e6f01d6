"""The definitions the sla room brings: calendars, metrics and the default policies from the seed documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from careplug.contributions import Seed
from careplug.sla.calendar import WorkCalendar
from careplug.sla.metric import Metric
from careplug.sla.policy import Policy
from careplug.text import Text

__all__ = ["PARSERS", "SEEDS"]


def _calendar(name: str, data: Mapping[str, Any]) -> WorkCalendar:
    return WorkCalendar.from_data({**data, "name": data.get("name", name)})


PARSERS = {"calendar": _calendar, "metric": Metric.parse, "policy": Policy.parse}

_HOURS = [["09:00", "12:00"], ["13:00", "18:00"]]
_WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _HOURS)
_ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def _is(field: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": "eq", "value": value}


def _on(fact: str, **equals: Any) -> dict[str, Any]:
    if not equals:
        return {"fact": fact}
    return {"fact": fact, "when": {"all": [_is(field, value) for field, value in equals.items()]}}


_ANSWERS = [
    _on("replied", side="service", automatic=False),
    _on("called", answered=True, person=True),
    _on("arrived", person=True),
]
_ENDED = [_on("withdrawn"), _on("merged"), _on("overridden", category="void")]
_SOLVED = [_on("resolved"), _on("closed"), _on("overridden", category="done")]
_METRICS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "response",
        "Response",
        "响应",
        {
            "starts": [_on("submitted")],
            "stops": [*_ANSWERS, _on("rejected", person=True, side="service"), _on("submitted", answered=True)],
            "voided_by": _ENDED,
            "abandoned_by": _SOLVED,
        },
    ),
    (
        "update",
        "Update",
        "进展告知",
        {
            "starts": _ANSWERS,
            "restarts": _ANSWERS,
            "stops": _SOLVED,
            "voided_by": [*_ENDED, _on("rejected")],
        },
    ),
    (
        "onsite",
        "On site, from the agreement",
        "到场（自约定起）",
        {
            "starts": [_on("appointed", mode="onsite")],
            "stops": [_on("arrived")],
            "voided_by": [*_ENDED, _on("rejected")],
            "abandoned_by": _SOLVED,
        },
    ),
    (
        "onsite_intake",
        "On site, from the intake",
        "到场（自受理起）",
        {
            "starts": [_on("submitted")],
            "stops": [_on("arrived")],
            "voided_by": [*_ENDED, _on("rejected")],
            "abandoned_by": _SOLVED,
        },
    ),
    (
        "resolution",
        "Resolution",
        "解决",
        {"starts": [_on("submitted")], "stops": _SOLVED, "voided_by": [*_ENDED, _on("rejected")]},
    ),
    (
        "total",
        "Total time to the last resolution",
        "累计解决时间",
        {"starts": [_on("submitted")], "stops": _SOLVED, "voided_by": [*_ENDED, _on("rejected")]},
    ),
    (
        "factory_repair",
        "Factory repair",
        "返厂维修",
        {
            "starts": [_on("factory_arrived")],
            "stops": [_on("factory_returned")],
            "voided_by": [*_ENDED, _on("rejected")],
            "abandoned_by": _SOLVED,
        },
    ),
    (
        "acceptance",
        "Time for objections",
        "异议期",
        {
            "starts": [_on("resolved")],
            "stops": [_on("closed"), _on("reopened"), _on("overridden")],
            "voided_by": [_on("withdrawn"), _on("merged"), _on("rejected")],
            "counted": False,
        },
    ),
)

_ALL_WAITS = ["waiting_customer", "waiting_approval", "scheduled", "force_majeure"]
_WARN = [
    {"name": "warn", "share": 80, "to": ["assignee", "team"]},
    {"name": "breach", "share": 100, "to": ["assignee", "team", "role:manager"]},
]


def _minutes(count: int) -> int:
    return count * 60_000_000


def _target(metric: str, target: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metric": metric, "target": target, **more}


_DAY = {"type": "elapsed", "microseconds": _minutes(24 * 60)}
_POLICIES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "emergency",
        "Emergencies answered within 2 hours around the clock (S6)",
        "紧急请求 2 小时内响应，全天候（S6）",
        {
            "rank": 10,
            "when": _is("priority", 1),
            "calendar": "always",
            "targets": [
                _target(
                    "response",
                    {"type": "elapsed", "microseconds": _minutes(120)},
                    pauses=["force_majeure"],
                    levels=_WARN,
                    reopen="new",
                )
            ],
        },
    ),
    (
        "onsite_repair",
        "Repaired on site within 24 hours (S16)",
        "现场故障 24 小时内修复（S16）",
        {
            "rank": 20,
            "when": {"field": "site", "op": "is_null", "value": False},
            "calendar": "always",
            "targets": [_target("resolution", _DAY, pauses=_ALL_WAITS, levels=_WARN)],
        },
    ),
    (
        "factory_repair",
        "Factory repair within 5 working days from arrival (S11)",
        "返厂维修自到厂起 5 个工作日内完成（S11）",
        {
            "rank": 50,
            "calendar": "office",
            "targets": [
                _target(
                    "factory_repair",
                    {"type": "working_days", "days": 5, "ends": "close"},
                    pauses=["force_majeure", "waiting_approval"],
                    levels=_WARN,
                )
            ],
        },
    ),
    (
        "standard",
        "Answered in 30 working minutes, solved within 24 hours (S5)",
        "工作时间 30 分钟内响应，24 小时内解决（S5）",
        {
            "rank": 100,
            "calendar": "office",
            "targets": [
                _target(
                    "response",
                    {"type": "working_time", "microseconds": _minutes(30)},
                    pauses=["force_majeure"],
                    levels=_WARN,
                    reopen="new",
                ),
                _target("resolution", _DAY, pauses=_ALL_WAITS, levels=_WARN),
                _target("total", _DAY, pauses=_ALL_WAITS),
                _target(
                    "acceptance",
                    {"type": "working_days", "days": 3, "ends": "close"},
                    levels=[{"name": "close", "share": 100, "action": "close"}],
                    reopen="none",
                ),
            ],
        },
    ),
)

SEEDS: tuple[Seed, ...] = (
    Seed("calendar", "office", {"name": "office", "zone": "Asia/Shanghai", "week": _WEEK}, Text("Office", "办公时间")),
    Seed("calendar", "always", {"name": "always", "zone": "Asia/Shanghai", "week": _ALWAYS}, Text("7×24", "7×24 小时")),
    *(Seed("metric", name, data, Text(en, zh)) for name, en, zh, data in _METRICS),
    *(Seed("policy", name, data, Text(en, zh)) for name, en, zh, data in _POLICIES),
)
