"""``careplug due``: what is due next, by due time; what stands still comes last, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from careplug.cli import paging
from careplug.cli.base import command, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import TIME, Whole
from careplug.cli.wording import NOTHING, Names, clock_zone, moment, span
from careplug.feedback.entities import Feedback
from careplug.queue import working_left
from careplug.sla.entities import Clock
from careplug.unit import CareUnit

__all__ = ["due", "due_table"]

_COLUMNS = (
    Column("cli.column.due", whole=True),
    Column("cli.column.left_working", whole=True, right=True),
    Column("cli.column.left_real", whole=True, right=True),
    Column("cli.column.number", whole=True),
    Column("cli.column.priority", right=True),
    Column("cli.column.metric"),
    Column("cli.column.state"),
    Column("cli.column.assignee"),
    Column("cli.column.subject"),
)


@command("due")
@option("--before", kind=TIME)
@option("--metric", default="")
@option("--limit", kind=Whole(1, 1000), default=25)
@option("--after", default="")
@pass_session
def due(session: Session, /, before: str | None, metric: str, limit: int, after: str) -> None:
    """Print a page of the queue and the token of the next one."""
    edge = session.time(before, "--before") if before else None
    with session.read() as unit:
        clocks = unit.sla.due(before=edge, metric=metric, after=paging.read(after), limit=limit)
        cases = unit.feedback.by_ids(sorted({clock.feedback_id for clock in clocks}))
        shown = [(clock, cases[clock.feedback_id]) for clock in clocks if clock.feedback_id in cases]
        now = unit.now()
        if session.as_json:
            for clock, case in shown:
                emit(_data(unit, clock, case, now))
            return
        if not shown:
            line(session.say("cli.due.none"))
            return
        due_table(session, unit, clocks)
        paging.more(session, len(clocks), limit, paging.token(clocks[-1].due_at, clocks[-1].id))


def due_table(session: Session, unit: CareUnit, clocks: Sequence[Clock]) -> None:
    """The queue as a table; clocks of cases the actor may not see are left out."""
    cases = unit.feedback.by_ids(sorted({clock.feedback_id for clock in clocks}))
    names, now = Names(session, unit.definitions), unit.now()
    shown = [(clock, cases[clock.feedback_id]) for clock in clocks if clock.feedback_id in cases]
    table(session, _COLUMNS, [_row(session, unit, names, clock, case, now) for clock, case in shown])
    line(session.say("cli.due.foot", now=moment(session, now), zone=clock_zone(session, now)))


def _row(session: Session, unit: CareUnit, names: Names, clock: Clock, case: Feedback, now: datetime) -> list[str]:
    if clock.due_at is None:
        times = [NOTHING, NOTHING, NOTHING]
        state = session.say(
            "cli.due.standing", reasons=session.say("cli.comma").join(_reasons(unit, names, clock, case))
        )
    else:
        times = [
            moment(session, clock.due_at),
            span(working_left(unit, clock.calendar_digest, now, clock.due_at)),
            span(clock.due_at - now),
        ]
        times[0] += session.say("cli.provisional") if clock.provisional else ""
        state = names.word("state", "late" if clock.due_at < now else clock.state)
    assignee = case.assignee.id if case.assignee else ""
    return [*times, case.number, str(case.priority), names.of("metric", clock.metric), state, assignee, case.subject]


def _reasons(unit: CareUnit, names: Names, clock: Clock, case: Feedback) -> list[str]:
    rule = unit.definitions.pinned("policy", clock.policy_digest).rules[clock.rule]
    return [names.of("pause_reason", each.reason, "reason") for each in case.pauses if rule.stopped_by(each.reason)]


def _data(unit: CareUnit, clock: Clock, case: Feedback, now: datetime) -> Mapping[str, Any]:
    left = None
    if clock.due_at is not None:
        working = working_left(unit, clock.calendar_digest, now, clock.due_at)
        left = {"working": working, "real": clock.due_at - now}
    shown = {"number": case.number, "subject": case.subject, "priority": case.priority, "assignee": case.assignee}
    pauses = [pause.reason for pause in case.pauses]
    return {**data_of(clock), **shown, "left": left, "pauses": pauses, "after": paging.token(clock.due_at, clock.id)}
