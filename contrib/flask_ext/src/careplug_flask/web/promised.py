"""What was promised, in plain words: by when there is an answer, why the time stands, what was kept and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from careplug.feedback.entities import Feedback
from careplug.sla.service import Promise
from careplug_flask.web.times import near
from careplug_flask.words import own

if TYPE_CHECKING:
    from careplug_flask.web.context import Words

__all__ = ["Said", "next_said", "reason_said", "said", "waiting_for"]

_TONES = {"running": "info", "late": "bad", "standing": "warn", "met": "good", "missed": "bad"}


@attrs.frozen(kw_only=True)
class Said:
    """One promise: its sentence, its tone, the instant it is about, whether that may still move."""

    metric: str
    text: str
    tone: str
    at: datetime | None = None
    provisional: bool = False


def said(words: Words, case: Feedback, promises: Sequence[Promise], now: datetime) -> list[Said]:
    """The promises of a case as sentences; those that do not count any more are left out."""
    return [_said(words, case, each, now) for each in promises if each.state != "void"]


def next_said(words: Words, case: Feedback, promises: Sequence[Promise], now: datetime) -> Said:
    """What comes next in a case, in one sentence."""
    if case.state == "resolved":
        return Said(metric="", text=words.say("next.check"), tone="good")
    if case.category != "open":
        at = case.closed_at or case.handled_at
        text = words.say("next.over", at=near(words, at, now)) if at is not None else ""
        return Said(metric="", text=text, tone="quiet", at=at)
    waits = waiting_for(words, case)
    if waits:
        return Said(metric="", text=words.say("next.waiting", reason=waits), tone="warn")
    running = next((each for each in promises if each.state == "running"), None)
    if running is not None:
        return _said(words, case, running, now)
    return Said(metric="", text=words.say("next.open"), tone="quiet")


def waiting_for(words: Words, case: Feedback) -> str:
    """What a case waits for, as the customer would say it; empty where nothing stands."""
    found = [reason_said(words, pause.reason) for pause in case.pauses]
    return words.say("next.and").join(dict.fromkeys(found))


def reason_said(words: Words, reason: str) -> str:
    """A pause's reason as the customer would say it."""
    code = f"waiting.{reason}"
    return words.say(code) if code in own() else words.name("pause_reason", reason, "reason")


def _said(words: Words, case: Feedback, promise: Promise, now: datetime) -> Said:
    state = promise.state
    if state == "running" and promise.due_at is not None and promise.due_at < now:
        state = "late"
    text = words.say(
        f"promise.{promise.metric}.{state}",
        due=near(words, promise.due_at, now) if promise.due_at is not None else "",
        at=near(words, promise.stopped_at, now) if promise.stopped_at is not None else "",
        reason=waiting_for(words, case) or words.say("next.pause"),
    )
    return Said(
        metric=promise.metric,
        text=text,
        tone=_TONES.get(state, "quiet"),
        at=promise.due_at,
        provisional=promise.provisional and state == "running",
    )
