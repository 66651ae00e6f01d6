"""The queue of the service side: what is due next, with the time that is left, on the clock that the promise counts by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
from flask import Response, request, url_for

from careplug.feedback.entities import KINDS
from careplug.queue import QueueLine, QueuePage, left, queue_page
from careplug_flask import work
from careplug_flask.identity import visitor
from careplug_flask.rest.cursor import cursor, key_of
from careplug_flask.state import state
from careplug_flask.web.context import Words, words
from careplug_flask.web.desk import insist, priority_of
from careplug_flask.web.forms import Form
from careplug_flask.web.views import show

if TYPE_CHECKING:
    from careplug.refs import Ref
    from careplug.unit import CareUnit

__all__ = ["Row", "queue_view", "urgency"]

SIZE = 25
FILTERS = ("metric", "mine", "priority", "kind")


@attrs.frozen(kw_only=True)
class Row:
    """A row of the page: one case with its clocks that are due at the same moment.

    ``tone`` is late, soon, calm or standing; ``left`` the time that is left (or passed) in words, ``counts`` which time.
    """

    number: str
    subject: str
    kind: str
    priority: int
    state: str
    metrics: tuple[str, ...]
    tone: str
    left: str
    counts: str
    due_at: datetime | None
    provisional: bool
    assignee: Ref | None
    waits: tuple[str, ...] = ()


def queue_view() -> Response:
    """The page."""
    insist("sla.due")
    asked = Form(request.args.to_dict())
    with work.reading() as unit:
        said = words(state(), unit)
        page = _page(unit, asked)
        rows = _rows(unit, said, page.lines)
        following = None
        if page.following is not None:
            following = url_for("careplug.queue", **asked.filled(*FILTERS), after=cursor(page.following))
        return show(
            "desk/queue.html",
            unit,
            rows=rows,
            form=asked,
            person=said.person,
            metrics=[(name, said.name("metric", name)) for name in unit.definitions.active("metric")],
            kinds=[(kind, said.word("kind", kind)) for kind in KINDS],
            following=following,
            first=url_for("careplug.queue", **asked.filled(*FILTERS)) if asked["after"] else None,
            stopped=page.stopped,
            itself=request.full_path.rstrip("?"),
            late=sum(1 for row in rows if row.tone == "late"),
            soon=sum(1 for row in rows if row.tone == "soon"),
            narrowed=bool(asked.filled(*FILTERS)),
        )


def _page(unit: CareUnit, asked: Form) -> QueuePage:
    mine = visitor().must().ref if asked.text("mine") else None
    return queue_page(
        unit,
        metric=asked.text("metric"),
        counted=not asked.text("metric"),
        assignee=mine,
        priority=priority_of(asked),
        kind=asked.text("kind"),
        after=key_of(asked.text("after"), (datetime, str)),
        limit=SIZE,
    )


def urgency(late: bool, soon: bool) -> str:  # noqa: FBT001  two facts about one clock
    """The tone of a running clock."""
    return "late" if late else "soon" if soon else "calm"


def _rows(unit: CareUnit, said: Words, lines: Sequence[QueueLine]) -> list[Row]:
    said.know(line.assignee for line in lines)
    waiting = tuple(dict.fromkeys(line.feedback_id for line in lines if line.due_at is None))
    cases = unit.feedback.by_ids(waiting)
    now, found = unit.now(), list[Row]()
    for line in _together(lines):
        rest = left(unit, line[0], now)
        told: dict[str, Any] = {"tone": "standing", "left": said.say("queue.standing"), "counts": ""}
        if rest is not None:
            told = {
                "tone": urgency(rest.late, rest.soon),
                "left": said.say("queue.over" if rest.late else "queue.left", span=said.span(to_minute(rest.span))),
                "counts": said.say("queue.working" if rest.working else "queue.real"),
            }
        first = line[0]
        case = cases.get(first.feedback_id)
        found.append(
            Row(
                number=first.number,
                subject=first.subject,
                kind=said.word("kind", first.kind),
                priority=first.priority,
                state=said.name("state", first.feedback_state),
                metrics=tuple(said.name("metric", each) for each in sorted(each.metric for each in line)),
                due_at=first.due_at,
                provisional=first.provisional,
                assignee=first.assignee,
                waits=tuple(said.name("pause_reason", pause.reason, "reason") for pause in case.pauses) if case else (),
                **told,
            )
        )
    return found


def to_minute(span: timedelta) -> timedelta:
    """A span without its seconds, its sign dropped: the words say whether it has passed."""
    return abs(span) // timedelta(minutes=1) * timedelta(minutes=1)


def _together(lines: Sequence[QueueLine]) -> list[tuple[QueueLine, ...]]:
    """The lines of one case that are due at one moment, as one: the last time to solve repeats what the first one says."""
    found: dict[tuple[str, datetime | None], list[QueueLine]] = {}
    for line in lines:
        found.setdefault((line.feedback_id, line.due_at), []).append(line)
    return [tuple(each) for each in found.values()]
