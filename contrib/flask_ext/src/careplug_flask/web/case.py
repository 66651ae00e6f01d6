"""One case as its customer sees it: where it stands, what was promised, what was said, what can be done now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
from flask import Response, request, url_for

from careplug.criteria import All, Is
from careplug.errors import CareError, NotFound
from careplug.feedback.entities import Attachment, Feedback
from careplug.refs import new_id
from careplug.timeline.facts import Fact
from careplug_flask.errors import error
from careplug_flask.state import state
from careplug_flask.web.context import words
from careplug_flask.web.forms import Form
from careplug_flask.web.progress import progress
from careplug_flask.web.promised import next_said, said
from careplug_flask.web.story import story
from careplug_flask.web.views import show
from careplug_flask.words import own
from careplug_flask.work import may

if TYPE_CHECKING:
    from careplug.unit import CareUnit
    from careplug_flask.web.context import Words

__all__ = ["Place", "case_file", "customer_case", "tone_of"]

_DEEDS: Mapping[str, str] = {"accept": "close", "refuse": "reopen", "withdraw": "withdraw"}


@attrs.frozen
class Place:
    """Where the page of a case is: below its number, or below the signed link it was opened with."""

    number: str
    token: str = ""

    @property
    def url(self) -> str:
        """The page itself."""
        if self.token:
            return url_for("careplug.link", token=self.token)
        return url_for("careplug.case", number=self.number)

    def act(self, action: str) -> str:
        """Where a form of the page is sent: reply, accept, refuse, withdraw or attach."""
        if self.token:
            return url_for("careplug.link_act", token=self.token, action=action)
        return url_for("careplug.case_act", number=self.number, action=action)

    def file(self, ident: str) -> str:
        """Where an attachment is downloaded."""
        if self.token:
            return url_for("careplug.link_file", token=self.token, ident=ident)
        return url_for("careplug.case_file", number=self.number, ident=ident)


def customer_case(
    unit: CareUnit, place: Place, *, form: Form | None = None, problem: CareError | None = None, failed: str = ""
) -> Response:
    """The page. ``failed`` is the form that ``problem`` is about, ``form`` what was typed there."""
    case = unit.feedback.by_number(place.number)
    said_by, facts, now = words(state(), unit), unit.feedback.facts(case.id), unit.now()
    promises, can = unit.sla.promises(case)[case.id], _possible(unit, case)
    return show(
        "customer_case.html",
        unit,
        case=case,
        place=place,
        tone=tone_of(case),
        line=progress(said_by, case, facts),
        following=next_said(said_by, case, promises, now),
        promises=said(said_by, case, promises, now),
        promised=bool(promises),
        answer_ends=_answer_ends(unit, case),
        expected=_expected(case, facts),
        entries=story(
            unit,
            said_by,
            facts,
            unit.setup.fact_types,
            file_url=place.file,
            result=case.result if "accept" in can else "",
        ),
        can=can,
        custom=_custom(said_by, unit, case),
        form=form or Form(),
        key=form["key"] if form is not None and form["key"] else new_id(),
        problem=problem,
        failed=failed,
        notice=_notice(),
    )


def tone_of(case: Feedback) -> str:
    """The colour of a case's state."""
    if case.waiting:
        return "warn"
    return {"open": "info", "void": "quiet"}.get(case.category, "good" if case.state == "resolved" else "quiet")


def case_file(unit: CareUnit, number: str, ident: str) -> Attachment:
    """An attachment of a case; ``NotFound`` for one of another case."""
    case = unit.feedback.by_number(number)
    found = unit.store.find(Attachment, All(Is("feedback_id", "eq", case.id), Is("id", "eq", ident)), limit=1)
    if not found:
        raise error(NotFound, "flask.attachment", field="attachment.id", value=ident)
    return found[0]


def _possible(unit: CareUnit, case: Feedback) -> frozenset[str]:
    """What the visitor may do now: reply, attach, and those of the steps that start in this state."""
    steps = {step.name for step in unit.feedback.possible(case)}
    found = {deed for deed, step in _DEEDS.items() if step in steps and may(unit, f"feedback.step.{step}", case)}
    found |= {deed for deed in ("reply", "attach") if may(unit, f"feedback.{deed}", case)}
    return frozenset(found)


def _answer_ends(unit: CareUnit, case: Feedback) -> bool:
    """Whether the customer's next message ends a pause."""
    reasons = unit.definitions.values("pause_reason")
    return any(reasons.get(pause.reason, {}).get("ends_on_reply") for pause in case.pauses)


def _expected(case: Feedback, facts: list[Fact]) -> Mapping[str, Any] | None:
    """When a case will be solved and why not at once, as it was told last (S10)."""
    if case.category != "open" or case.expected_at is None:
        return None
    told = [fact for fact in facts if fact.type == "expected"]
    return {"at": case.expected_at, "reason": told[-1].data.get("reason", "") if told else ""}


def _custom(said_by: Words, unit: CareUnit, case: Feedback) -> list[tuple[str, str]]:
    """The declared custom fields that hold something, by label."""
    fields = unit.setup.fields("feedback")
    return [
        (field.label.get(said_by.language) or name, _shown(said_by, case.custom[name]))
        for name, field in fields.items()
        if case.custom.get(name) not in (None, "")
    ]


def _shown(said_by: Words, value: Any) -> str:
    if isinstance(value, bool):
        return said_by.say("case.yes" if value else "case.no")
    return said_by.clock(value) if isinstance(value, datetime) else str(value)


def _notice() -> str:
    """The code of what was just done, as the address says it; empty for anything that has no words."""
    done = request.args.get("done", "")
    code = f"notice.{done}"
    return code if code in own() else ""
