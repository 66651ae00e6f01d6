"""The facts on the timelines of invitations, responses and improvements, and how each folds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from careplug.clock import from_text
from careplug.contributions import FactType
from careplug.refs import Ref
from careplug.survey.entities import GROUPS, Improvement, Invitation, Response
from careplug.text import Text
from careplug.timeline.facts import Fact

__all__ = ["ABOUT", "FACT_TYPES", "IMPROVEMENT", "INVITATION", "RESPONSE"]

INVITATION, RESPONSE, IMPROVEMENT = "invitation", "response", "improvement"

ABOUT = ("feedback_id", "number", "cycle", "contact", *GROUPS)
"""What an invitation, and from it a response, says about the case: as it was when the invitation was made."""

Data = Mapping[str, Any]
Changes = dict[str, Any]

_REFS = ("contact", "organisation", "product", "assignee", "team", "owner")


def _fields(data: Data, names: Iterable[str]) -> Changes:
    return {name: _value(name, data[name]) for name in names if name in data}


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _REFS:
        return Ref.parse(value, field=name)
    if name.endswith("_at"):
        return from_text(value, name)
    return date.fromisoformat(value) if name.endswith("_on") else value


def _scheduled(was: Invitation, data: Data, fact: Fact) -> Changes:
    told = ("form", "digest", "trigger", *ABOUT, "anonymous", "send_at", "expires_at")
    changes = _fields(data, told)
    first = {} if was.sequence else {"created_at": fact.at}  # one that is planned anew keeps its place in lists
    return changes | first | {"state": "scheduled", "reason": "", "next_at": changes["send_at"]}


def _moved(state: str) -> Callable[[Invitation, Data, Fact], Changes]:
    """The fold of a fact that leads to a state; when something is to be done next stands in the fact."""

    def fold(was: Invitation, data: Data, fact: Fact) -> Changes:
        """The fields that the fact changes; a lease on the invitation ends with it."""
        changes = _fields(
            {"next_at": None, **data}, ("next_at", "reminders", "reason", "channel", "month", "answered_at")
        )
        if state == "sent":
            changes["invited_at"] = fact.at
        return changes | {"state": state, "leased_until": None}

    return fold


def _forgotten(was: Invitation, data: Data, fact: Fact) -> Changes:
    return {"reason": "erased"}


_ANSWERED = (
    *("form", "digest", "invitation_id", *ABOUT, "anonymous", "channel", "language", "answered_at", "month"),
    *("low", "commented", "answers"),
)


def _answered(was: Response, data: Data, fact: Fact) -> Changes:
    texts = data.get("texts", {})
    return {**_fields(data, _ANSWERED), "texts": dict(texts) if isinstance(texts, Mapping) else {}}


def _followed_up(was: Response, data: Data, fact: Fact) -> Changes:
    return {"follow_up": data["feedback_id"]}


def _erased(was: Response, data: Data, fact: Fact) -> Changes:
    return {"texts": {}, "commented": False}


_PLANNED = ("title", "plan", "form", "digest", "question", "filters", "owner", "due_on", "days", "before")


def _planned(was: Improvement, data: Data, fact: Fact) -> Changes:
    return {**_fields(data, _PLANNED), "planned_at": fact.at}


def _changed(was: Improvement, data: Data, fact: Fact) -> Changes:
    return _fields(data, _PLANNED)


def _done(was: Improvement, data: Data, fact: Fact) -> Changes:
    return {**_fields(data, ("result",)), "state": "done", "done_at": fact.at}


def _measured(was: Improvement, data: Data, fact: Fact) -> Changes:
    return {**_fields(data, ("before", "after")), "state": "measured", "measured_at": fact.at}


def _dropped(was: Improvement, data: Data, fact: Fact) -> Changes:
    return {**_fields(data, ("result",)), "state": "dropped"}


def _type(subject: str, name: str, label: Text, fold: Callable[..., Changes] | None = None, **more: Any) -> FactType:
    return FactType(name, subject, label, fold=fold, **more)


FACT_TYPES: tuple[FactType, ...] = (
    _type(INVITATION, "scheduled", Text("Invitation scheduled", "已安排邀请"), _scheduled, final=True),
    _type(INVITATION, "invited", Text("Invited", "已邀请"), _moved("sent"), final=True),
    _type(INVITATION, "reminded", Text("Reminded", "已提醒"), _moved("reminded"), final=True),
    _type(INVITATION, "completed", Text("Form filled in", "已填写"), _moved("answered"), final=True, settles=True),
    _type(INVITATION, "expired", Text("Expired", "已过期"), _moved("expired"), final=True, settles=True),
    _type(INVITATION, "skipped", Text("Not asked", "未邀请"), _moved("skipped"), final=True),
    _type(
        INVITATION,
        "recalled",
        Text("Invitation withdrawn", "邀请已撤回"),
        _moved("withdrawn"),
        final=True,
        settles=True,
    ),
    _type(INVITATION, "erased", Text("Personal data erased", "个人信息已删除"), _forgotten, final=True),
    _type(RESPONSE, "answered", Text("Answered", "已答复"), _answered, personal=("texts",), final=True),
    _type(RESPONSE, "dissatisfied", Text("Needs a follow-up", "需要跟进"), final=True),
    _type(RESPONSE, "followed_up", Text("Follow-up opened", "已开始跟进"), _followed_up, final=True),
    _type(RESPONSE, "erased", Text("Personal data erased", "个人信息已删除"), _erased, final=True),
    _type(IMPROVEMENT, "planned", Text("Improvement planned", "已制定改进措施"), _planned, final=True),
    _type(IMPROVEMENT, "changed", Text("Improvement changed", "改进措施已修改"), _changed, edits=True, final=True),
    _type(IMPROVEMENT, "done", Text("Improvement carried out", "改进措施已实施"), _done, edits=True, final=True),
    _type(IMPROVEMENT, "measured", Text("Effect measured", "已评估效果"), _measured, edits=True, final=True),
    _type(IMPROVEMENT, "dropped", Text("Improvement dropped", "改进措施已取消"), _dropped, edits=True, final=True),
)
