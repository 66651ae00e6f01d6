"""Surveys on the page of a case: who was asked in which cycle, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from careplug.errors import CareError
from careplug.survey.entities import Invitation
from careplug_flask import work
from careplug_flask.web.surveys.answers import headline
from careplug_flask.web.surveys.responses import titles

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.survey.entities import Response
    from careplug.unit import CareUnit
    from careplug_flask.web.context import Words

__all__ = ["Asked", "asked"]

_TONES: Mapping[str, str] = {"answered": "met", "expired": "void", "skipped": "void", "withdrawn": "void"}


@attrs.frozen(kw_only=True)
class Asked:
    """One invitation of a case with what came of it."""

    invitation: Invitation
    title: str
    state: str
    tone: str
    reason: str
    link: str
    response: Response | None
    headline: str
    follow_up: Feedback | None


def asked(unit: CareUnit, said: Words, case: Feedback) -> Mapping[str, Any] | None:
    """What the page shows of surveys; None for who may not see it."""
    if not work.may(unit, "survey.read", case):
        return None
    readable = work.may(unit, "survey.responses", case)
    rows = unit.surveys.responses(feedback_id=case.id) if readable else []
    follow_ups = unit.feedback.by_ids([row.follow_up for row in rows if row.follow_up])
    responses = {row.invitation_id: row for row in rows}
    able = {name: work.may(unit, f"survey.{name}", case) for name in ("invite", "withdraw", "enter")}
    return {
        "asked": [
            _one(unit, said, each, responses.get(each.id), follow_ups, able["invite"])
            for each in unit.surveys.invitations(feedback_id=case.id)
        ],
        "forms": titles(unit, said) if able["invite"] and work.may(unit, "survey.forms") else [],
        "able": able,
    }


def _one(
    unit: CareUnit,
    said: Words,
    each: Invitation,
    response: Response | None,
    follow_ups: Mapping[str, Feedback],
    linked: bool,  # noqa: FBT001
) -> Asked:
    form = unit.surveys.form_of(each)
    return Asked(
        invitation=each,
        title=said.text(form.title),
        state=said.say(f"surveys.state.{each.state}"),
        tone=_TONES.get(each.state, "open"),
        reason=_reason(said, each.reason),
        link=_link(unit, each) if linked and each.open else "",
        response=response,
        headline=headline(said, form, response.answers) if response is not None else "",
        follow_up=follow_ups.get(response.follow_up) if response is not None else None,
    )


def _reason(said: Words, code: str) -> str:
    """Why nobody was asked or an invitation was taken back; else the state that the case came into."""
    if not code:
        return ""
    words = said.say(f"surveys.reason.{code}")
    return words if not words.endswith(f".{code}") else said.name("state", code)


def _link(unit: CareUnit, each: Invitation) -> str:
    """The address to be handed over in person; empty where none can be made."""
    try:
        return unit.surveys.link(each.id)
    except CareError:
        return ""
