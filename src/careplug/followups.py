"""What follows from a response that says something went wrong: a feedback of its own, linked to the case (S14, chapter 8)."""

from __future__ import annotations

from typing import Any

from careplug.contributions import Handler
from careplug.feedback.entities import KINDS, Feedback
from careplug.feedback.service import FeedbackService
from careplug.ports import Unit
from careplug.survey.entities import Response
from careplug.survey.service import Surveys
from careplug.survey.wording import answer_said
from careplug.text import say
from careplug.timeline.facts import Fact
from careplug.timeline.story import Timeline

__all__ = ["HANDLERS", "RELATION", "open_follow_up"]

RELATION = "follow_up"
"""How the case and the feedback that follows from its survey are linked, seen from both."""

_SOURCE = "survey"


def open_follow_up(unit: Unit, fact: Fact) -> None:
    """Open the feedback that a low response calls for, once: again changes nothing.

    It runs in the worker, so that a rule against submitting (a required field, a plugin's no) never costs the customer's
    answers: it is tried again, and a person sees it. What the customer wrote is the body.
    """
    response: Response = unit.get(Timeline).hold("response", Response, fact.subject_id)
    kind = fact.data["kind"]
    if response.follow_up or kind not in KINDS:
        return
    service = unit.get(FeedbackService)
    case = unit.store.get(Feedback, response.feedback_id) if response.feedback_id else None
    made = service.submit(kind, _subject(response), _body(unit, response), **_whose(response, case))
    if case is not None:
        service.link(made.id, case.id, RELATION)
    unit.get(Timeline).append("response", response.id, "followed_up", {"feedback_id": made.id, "number": made.number})


def _whose(response: Response, case: Feedback | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "requester": response.contact,
        "organisation": response.organisation,
        "product": response.product,
        "channel": _SOURCE,
        "source": _SOURCE,
        "key": response.id,
    }
    if case is None:
        return told
    names = ("requester", "contact", "contact_name", "contact_phone", "contact_mail", "system", "site")
    return told | {name: getattr(case, name) for name in names}


def _subject(response: Response) -> str:
    """Neutral words: the customer reads them in the receipt."""
    code = "survey.follow_up.subject" if response.number else "survey.follow_up.regular"
    return say(code, response.language or "zh_CN", number=response.number)


def _body(unit: Unit, response: Response) -> str:
    """What was answered, as the form asks it, in the language it was answered in."""
    surveys, language = unit.get(Surveys), response.language or "zh_CN"
    form, answers = surveys.form_of(response), surveys.answers_of(response)
    lines = [say("survey.follow_up.body", language, form=form.title.get(language))]
    asked = (each for each in form.questions if each.key in answers and not each.personal and each.type != "signature")
    lines += [f"{each.text.get(language)} {answer_said(each, answers[each.key], language)}" for each in asked]
    return "\n".join(lines)


HANDLERS = (Handler("survey.follow_up", open_follow_up, ("dissatisfied",), durable=True),)
