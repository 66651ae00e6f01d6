"""The triggers and letters everybody begins with: data, edited from then on. Nobody is asked until a trigger is switched on."""

from __future__ import annotations

from typing import Any

from careplug.contributions import Seed
from careplug.survey.base import TRIGGER
from careplug.survey.facts import INVITATION, RESPONSE
from careplug.text import Text

__all__ = ["SEEDS"]

_WORKING_DAY = {"type": "working_days", "days": 1}
_SPANS: dict[str, Any] = {
    "expiry": {"type": "calendar_days", "days": 14, "ends": "midnight"},
    "reminders": [{"type": "working_days", "days": 5}],
}


def _trigger(name: str, en: str, zh: str, **data: Any) -> Seed:
    return Seed(TRIGGER, name, {**_SPANS, **data}, Text(en, zh))


_TRIGGERS = (
    _trigger("asked", "Asked by hand", "人工发起", event="on_demand", form="csat"),
    _trigger(
        "after_closing",
        "One working day after a case was closed",
        "归档后一个工作日",
        event="closed",
        form="csat",
        delay=_WORKING_DAY,
        quiet_days=30,
        active=False,
    ),
    _trigger(
        "half_yearly",
        "Every six months, whoever had a case",
        "每半年，面向有服务记录的客户",
        event="periodic",
        form="nps",
        every={"months": 6},
        quiet_days=30,
        active=False,
    ),
)


def _letter(name: str, label: Text, title: Text, body: Text) -> Seed:
    texts = {"subject": title, "body": body}
    return Seed("template", name, {key: {"en": text.en, "zh": text.zh} for key, text in texts.items()}, label)


def _told(name: str, event: str, label: Text, *, regular: bool | None = None) -> Seed:
    data: dict[str, Any] = {"subject": INVITATION, "events": [event], "to": ["contact"], "channel": "console"}
    if regular is not None:
        data["when"] = {"field": "data.regular", "op": "eq", "value": regular}
    return Seed("subscription", name, {**data, "template": name}, label)


_LETTERS = (
    _letter(
        "survey_invited",
        Text("Asks for an opinion about a case", "邀请评价一次服务"),
        Text("[{number}] How did we do?", "[{number}] 诚邀您评价本次服务"),
        Text(
            "Dear {reader},\n\n{number} is done. May we ask how satisfied you are?\n\n{form}: {link}\n\n"
            "The link is meant for you alone and works once, until {data.expires_at}.\n",
            "{reader}，您好：\n\n{number} 已处理完毕，诚邀您对本次服务作出评价。\n\n{form}：{link}\n\n"
            "该链接仅供您本人使用一次，有效期至 {data.expires_at}。\n",
        ),
    ),
    _letter(
        "survey_regular",
        Text("Asks for an opinion regularly", "定期征求意见"),
        Text("We would like your opinion", "诚邀您参与服务满意度调查"),
        Text(
            "Dear {reader},\n\nwe would like to know what you think of our service.\n\n{form}: {link}\n\n"
            "The link is meant for you alone and works once, until {data.expires_at}.\n",
            "{reader}，您好：\n\n为持续改进服务，诚邀您告诉我们您的意见。\n\n{form}：{link}\n\n"
            "该链接仅供您本人使用一次，有效期至 {data.expires_at}。\n",
        ),
    ),
    _letter(
        "survey_reminder",
        Text("Reminds of an unanswered form", "提醒填写问卷"),
        Text("Your opinion is still welcome", "期待您的宝贵意见"),
        Text(
            "Dear {reader},\n\nsome time ago we asked for your opinion. If you have a minute, we would still be glad of it.\n\n"
            "{form}: {link}\n\nThe link works once, until {data.expires_at}.\n",
            "{reader}，您好：\n\n此前我们曾邀请您填写问卷，如您方便，仍期待您的意见。\n\n"
            "{form}：{link}\n\n该链接仅可使用一次，有效期至 {data.expires_at}。\n",
        ),
    ),
    _letter(
        "survey_low",
        Text("A customer is dissatisfied", "客户不满意"),
        Text("[{number}] The customer is dissatisfied", "[{number}] 客户表示不满意"),
        Text(
            "Hello {reader},\n\nthe answer to our question about {number} calls for a follow-up.\nForm: {form}\n"
            "Please get in touch with the customer.\n",
            "{reader}，您好：\n\n客户对 {number} 的评价需要跟进。\n问卷：{form}\n请及时与客户联系。\n",
        ),
    ),
)

_SUBSCRIPTIONS = (
    _told("survey_invited", "invited", Text("Invitation about a case", "服务评价邀请"), regular=False),
    _told("survey_regular", "invited", Text("Regular invitation", "定期调查邀请"), regular=True),
    _told("survey_reminder", "reminded", Text("Reminder", "问卷提醒")),
    Seed(
        "subscription",
        "survey_low",
        {
            "subject": RESPONSE,
            "events": ["dissatisfied"],
            "to": ["assignee", "manager"],
            "channel": "console",
            "template": "survey_low",
        },
        Text("Dissatisfied customer to those in charge", "客户不满意时通知负责人"),
    ),
)

SEEDS: tuple[Seed, ...] = (*_TRIGGERS, *_LETTERS, *_SUBSCRIPTIONS)
"""Triggers, templates and subscriptions of the room. All but ``asked`` are switched on with ``"active": true``."""
