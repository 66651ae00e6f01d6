"""``careplug report``: how the promises were kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from careplug.cli.base import command, option, pass_session
from careplug.cli.output import Column, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import TIME, Choice
from careplug.cli.wording import NOTHING, Names, clock_zone, moment
from careplug.criteria import Is
from careplug.sla.attainment import Attainment
from careplug.unit import CareUnit

__all__ = ["attainment_table", "report", "share"]

_KEPT = (
    Column("cli.column.metric"),
    Column("cli.column.met", right=True),
    Column("cli.column.missed", right=True),
    Column("cli.column.share", right=True),
    Column("cli.column.void", right=True),
    Column("cli.column.open", right=True),
    Column("cli.column.overdue", right=True),
)
Period = tuple[datetime | None, datetime | None]


@command("report")
@option("--since", kind=TIME)
@option("--until", kind=TIME)
@option("--by", kind=Choice(("month", "week")))
@pass_session
def report(session: Session, /, since: str | None, until: str | None, by: str | None) -> None:
    """Print attainment per metric; verdicts count in the period of the fact that stopped the clock."""
    start = session.time(since, "--since") if since else None
    end = session.time(until, "--until") if until else None
    with session.read() as unit:
        cases = {name: unit.feedback.count(Is("category", "eq", name)) for name in ("open", "done", "void")}
        for period in _periods(session, unit, start, end, by):
            found = unit.sla.attainment(since=period[0], until=period[1])
            if session.as_json:
                _emit(period, found)
            else:
                attainment_table(session, unit, found, title=_title(session, period))
        if not session.as_json:
            line(session.say("cli.report.cases", **cases))
            line(session.say("cli.times_in", zone=clock_zone(session, unit.now())))


def attainment_table(session: Session, unit: CareUnit, found: Sequence[Attainment], *, title: str = "") -> None:
    """A table of attainment, a metric a line."""
    names = Names(session, unit.definitions)
    rows = [
        (
            names.of("metric", item.metric),
            str(item.met),
            str(item.missed),
            share(item),
            str(item.void),
            str(item.open),
            str(item.overdue),
        )
        for item in found
    ]
    if rows:
        table(session, _KEPT, rows, title=title)
    else:
        line(title)
        line(session.say("cli.report.none"))


def share(item: Attainment) -> str:
    """Met of all with a verdict in per cent with one place, cut and not rounded: 99.96 % is not 100 %."""
    whole = item.met + item.missed
    return f"{item.met * 1000 // whole / 10:.1f} %" if whole else NOTHING


def _emit(period: Period, found: Sequence[Attainment]) -> None:
    for item in found:
        whole = item.met + item.missed
        counts = {name: getattr(item, name) for name in ("metric", "met", "missed", "void", "open", "overdue")}
        exact = f"{item.met * 10**6 // whole / 10**6:.6f}" if whole else None
        emit({**counts, "share": exact, "since": period[0], "until": period[1]})


def _title(session: Session, period: Period) -> str:
    since, until = (moment(session, each) for each in period)
    if since and until:
        return session.say("cli.report.between", since=since, until=until)
    if since:
        return session.say("cli.report.since", since=since)
    return session.say("cli.report.until", until=until) if until else session.say("cli.report.all")


def _periods(
    session: Session, unit: CareUnit, start: datetime | None, end: datetime | None, by: str | None
) -> Iterator[Period]:
    """The periods on the clock times are shown in, each from its local midnight."""
    if by is None:
        yield start, end
        return
    last = end or unit.now()
    first = session.local(start) if start else session.local(last).replace(month=1, day=1)
    low = first.replace(hour=0, minute=0, second=0, microsecond=0)
    low = low.replace(day=1) if by == "month" else low - timedelta(days=low.weekday())
    while low.astimezone(UTC) < last:
        step = (low.replace(day=28) + timedelta(days=4)).replace(day=1) if by == "month" else low + timedelta(days=7)
        yield max(low.astimezone(UTC), start) if start else low.astimezone(UTC), min(step.astimezone(UTC), last)
        low = step
