"""The messages everybody begins with (`S1`, `S6`, `S10`): data, stored as first revisions and edited from then on.

All of them go through the channel ``console`` until a host subscribes another one. None of them counts as an answer:
a message out of the outbox never stops a response clock (SLA 4).
"""

from __future__ import annotations

from typing import Any

from careplug.contributions import Seed
from careplug.text import Text

__all__ = ["SEEDS"]

_CUSTOMER = ["requester", "contact"]


def _template(name: str, label: Text, title: Text, body: Text) -> Seed:
    texts = {"subject": title, "body": body}
    return Seed("template", name, {key: {"en": text.en, "zh": text.zh} for key, text in texts.items()}, label)


def _subscription(name: str, label: Text, events: list[str], to: list[str], **more: Any) -> Seed:
    data = {"events": events, "to": to, "channel": "console", "template": name, **more}
    return Seed("subscription", name, data, label)


def _is(field: str, value: object, op: str = "eq") -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


_TEMPLATES = (
    _template(
        "received",
        Text("Received", "已受理"),
        Text("[{number}] We have received your message: {subject}", "[{number}] 已收到您的反馈：{subject}"),
        Text(
            "Dear {reader},\n\n"
            "thank you for your message. We received it on {received} and filed it as {number} ({kind}).\n"
            "This notice was made automatically; one of our staff will get back to you in person.\n"
            "Please quote {number} whenever you write or call about it.\n",
            "{reader}，您好：\n\n"
            "感谢您的来信。我们已于 {received} 收到您的反馈，编号为 {number}（类型：{kind}）。\n"
            "本通知由系统自动发出，随后将由工作人员与您联系。\n"
            "后续来信或来电时，请告知编号 {number}。\n",
        ),
    ),
    _template(
        "dispatched",
        Text("Dispatched", "已派工"),
        Text("[{number}] Assigned to you: {subject}", "[{number}] 已派给您处理：{subject}"),
        Text(
            "Hello {reader},\n\n"
            "{number} has been assigned to you.\n"
            "Kind: {kind}\nPriority: {priority}\nCustomer: {customer}\nReceived: {received}\nSubject: {subject}\n",
            "{reader}，您好：\n\n"
            "{number} 已派给您处理。\n"
            "类型：{kind}\n优先级：{priority}\n客户：{customer}\n受理时间：{received}\n主题：{subject}\n",
        ),
    ),
    _template(
        "replied",
        Text("New message", "新消息"),
        Text("[{number}] New message: {subject}", "[{number}] 有新消息：{subject}"),
        Text(
            "Dear {reader},\n\nthere is a new message about {number} from {actor}:\n\n{text}\n",
            "{reader}，您好：\n\n{actor} 就 {number} 发来新消息：\n\n{text}\n",
        ),
    ),
    _template(
        "expected",
        Text("Reason and expected time", "原因与预计时间"),
        Text("[{number}] Expected by {expected}", "[{number}] 预计 {expected} 前完成"),
        Text(
            "Dear {reader},\n\n"
            "we could not finish {number} ({subject}) at once, and would like you to know why.\n"
            "Reason: {reason}\nWe expect to finish by: {expected}\n"
            "We are sorry for the delay and will tell you if this changes.\n",
            "{reader}，您好：\n\n"
            "{number}（{subject}）暂时未能处理完毕，现将情况告知如下。\n"
            "原因：{reason}\n预计完成时间：{expected}\n"
            "由此带来的不便，敬请谅解；如有变化，我们会及时告知。\n",
        ),
    ),
    _template(
        "resolved",
        Text("Resolved, please confirm", "已处理，请确认"),
        Text("[{number}] Handled, please confirm: {subject}", "[{number}] 已处理完毕，请您确认：{subject}"),
        Text(
            "Dear {reader},\n\n"
            "{number} has been handled.\n"
            "Measures taken: {measure}\nResult: {result}\n"
            "Please check and confirm that it is settled. If it is not, tell us and we will go on with it.\n",
            "{reader}，您好：\n\n"
            "{number} 已处理完毕。\n"
            "处理措施：{measure}\n处理结果：{result}\n"
            "请您核实并确认。如问题仍未解决，请告知我们，我们将继续处理。\n",
        ),
    ),
    _template(
        "closed",
        Text("Closed", "已归档"),
        Text("[{number}] Closed: {subject}", "[{number}] 已归档：{subject}"),
        Text(
            "Dear {reader},\n\n{number} is now closed. Thank you for your patience.\n"
            "Should the problem come back, quote {number} and we will take it up again.\n",
            "{reader}，您好：\n\n{number} 已归档，感谢您的配合。\n如问题再次出现，请告知编号 {number}，我们将重新处理。\n",
        ),
    ),
    _template(
        "rejected",
        Text("Rejected with a reason", "不予受理及理由"),
        Text("[{number}] We cannot take this up: {subject}", "[{number}] 未能受理：{subject}"),
        Text(
            "Dear {reader},\n\nwe looked into {number} and are sorry that we cannot take it up.\nReason: {reason}\n"
            "If you see it differently or know more, please let us know.\n",
            "{reader}，您好：\n\n经核实，{number} 未能受理，敬请谅解。\n理由：{reason}\n如有异议或补充情况，欢迎与我们联系。\n",
        ),
    ),
    _template(
        "reopened",
        Text("Reopened", "重新打开"),
        Text("[{number}] Reopened: {subject}", "[{number}] 已重新打开：{subject}"),
        Text(
            "Dear {reader},\n\n{number} has been reopened on {at} and is being worked on again.\nReason: {reason}\n",
            "{reader}，您好：\n\n{number} 已于 {at} 重新打开并继续处理。\n原因：{reason}\n",
        ),
    ),
    _template(
        "escalated_warn",
        Text("Deadline near", "时限将至"),
        Text("[{number}] {metric} due {due}", "[{number}] {metric}时限将至：{due}"),
        Text(
            "Hello {reader},\n\n"
            "the target “{metric}” of {number} runs out at {due}.\n"
            "Subject: {subject}\nPriority: {priority}\nState: {state}\nIn charge: {assignee}\n",
            "{reader}，您好：\n\n"
            "{number} 的“{metric}”时限将于 {due} 届满，请抓紧处理。\n"
            "主题：{subject}\n优先级：{priority}\n状态：{state}\n负责人：{assignee}\n",
        ),
    ),
    _template(
        "escalated_breach",
        Text("Deadline missed", "已超时"),
        Text("[{number}] {metric} overdue since {due}", "[{number}] {metric}已超时（{due}）"),
        Text(
            "Hello {reader},\n\n"
            "the target “{metric}” of {number} ran out at {due} and has not been met.\n"
            "Subject: {subject}\nPriority: {priority}\nState: {state}\nIn charge: {assignee}\n"
            "Please take care of it now and tell the customer.\n",
            "{reader}，您好：\n\n"
            "{number} 的“{metric}”时限已于 {due} 届满，尚未达成。\n"
            "主题：{subject}\n优先级：{priority}\n状态：{state}\n负责人：{assignee}\n"
            "请立即处理，并向客户说明情况。\n",
        ),
    ),
)

_BY_CUSTOMER = _is("data.side", "customer")
_SUBSCRIPTIONS = (
    # The customer is the one who submits and must be told all the same.
    _subscription(
        "received", Text("Receipt to the customer", "受理通知"), ["submitted"], _CUSTOMER, except_actor=False
    ),
    _subscription("dispatched", Text("To the assignee", "派工通知"), ["dispatched", "assigned"], ["assignee"]),
    _subscription(
        "replied", Text("Reply to the customer", "回复客户"), ["replied"], _CUSTOMER, when=_is("data.side", "service")
    ),
    Seed(
        "subscription",
        "replied_service",
        {
            "events": ["replied"],
            "when": _BY_CUSTOMER,
            "to": ["assignee"],
            "channel": "console",
            "template": "replied",
        },
        Text("Customer's message to the assignee", "客户消息通知负责人"),
    ),
    Seed(
        "subscription",
        "replied_team",
        {
            "events": ["replied"],
            "when": {"all": [_BY_CUSTOMER, _is("assignee", value=True, op="is_null")]},
            "to": ["team"],
            "channel": "console",
            "template": "replied",
        },
        Text("Customer's message to the team where nobody is assigned", "无负责人时客户消息通知班组"),
    ),
    _subscription("expected", Text("Reason and expected time", "告知原因与预计时间"), ["expected"], _CUSTOMER),
    _subscription("resolved", Text("Asks the customer to confirm", "请客户确认"), ["resolved"], _CUSTOMER),
    _subscription("closed", Text("Closed", "归档通知"), ["closed"], _CUSTOMER),
    _subscription("rejected", Text("Rejected with a reason", "不予受理通知"), ["rejected"], _CUSTOMER),
    _subscription("reopened", Text("Reopened", "重新打开通知"), ["reopened"], [*_CUSTOMER, "assignee"]),
    _subscription(
        "escalated_warn", Text("Deadline near", "时限预警"), ["escalated"], ["named"], when=_is("late", value=False)
    ),
    _subscription(
        "escalated_breach", Text("Deadline missed", "超时通知"), ["escalated"], ["named"], when=_is("late", value=True)
    ),
)

SEEDS: tuple[Seed, ...] = (*_TEMPLATES, *_SUBSCRIPTIONS)
"""Templates and subscriptions of the core. A subscription is switched off with ``"active": false``."""
