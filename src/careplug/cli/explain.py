"""``careplug explain`` and ``replay``: receipts of a case, as it is and as it would be under another promise."""

from __future__ import annotations

from collections.abc import Sequence

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.documents import load
from careplug.cli.output import emit, line
from careplug.cli.session import Session
from careplug.cli.values import DOCUMENT, TIME
from careplug.sla.receipt import Receipt, to_data
from careplug.sla.words import receipt_text
from careplug.unit import CareUnit

__all__ = ["explain", "print_receipts", "replay"]


@command("explain")
@argument("number")
@option("--metric")
@option("--now", kind=TIME)
@option("--all", "superseded", is_flag=True)
@pass_session
def explain(session: Session, /, number: str, metric: str | None, now: str | None, superseded: bool) -> None:
    """Print the receipts: every segment, what counted, what did not and why, deadline, verdict."""
    moment = session.time(now, "--now") if now else None
    with session.read() as unit:
        case = session.case(unit, number)
        found = unit.sla.explain(case.id, now=moment)
        print_receipts(session, unit, case.number, _wanted(found, metric, superseded=superseded))


@command("replay")
@argument("number")
@option("--policy", kind=DOCUMENT)
@option("--calendar", kind=DOCUMENT, multiple=True)
@option("--metric")
@pass_session
def replay(session: Session, /, number: str, policy: str | None, calendar: tuple[str, ...], metric: str | None) -> None:
    """Measure a case's history under another policy or calendar; nothing is stored."""
    content = load(policy, "--policy") if policy else None
    calendars = {}
    for path in calendar:
        read = load(path, "--calendar")
        calendars[str(read.get("name", ""))] = read
    with session.read() as unit:
        case = session.case(unit, number)
        found = unit.changes.replay(case.id, policy=content, calendars=calendars)
        print_receipts(session, unit, case.number, _wanted(found, metric, superseded=False))


def _wanted(found: Sequence[Receipt], metric: str | None, *, superseded: bool) -> list[Receipt]:
    return [
        item
        for item in found
        if (superseded or item.state != "superseded")
        and (item.metric == metric if metric else item.counted_metric or superseded)
    ]


def print_receipts(session: Session, unit: CareUnit, number: str, found: Sequence[Receipt]) -> None:
    """Receipts as text in the language of the run, or as JSON lines."""
    if session.as_json:
        for item in found:
            emit({"number": number, **to_data(item)})
        return
    if not found:
        line(session.say("cli.explain.none", number=number))
    for position, item in enumerate(found):
        definition = unit.definitions.active("metric").get(item.metric)
        words = {"label": definition.label} if definition is not None else {}
        text = receipt_text(item, session.language, zone=session.zone_name, catalogue=session.catalogue, **words)
        line(("\n" if position else "") + text)
