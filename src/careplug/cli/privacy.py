"""``careplug privacy …`` and ``careplug retention …``: export a contact, the journal, legal holds, how long what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from careplug import privacy as rooms
from careplug.cli.audit import tell_report
from careplug.cli.base import argument, command, group, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import FILE, REF
from careplug.cli.wording import moment
from careplug.clock import from_text
from careplug.privacy.about import entity_said
from careplug.refs import Ref
from careplug.timeline.facts import Fact

__all__ = ["privacy", "retention"]

_COLUMNS = (
    Column("cli.privacy.column.at", whole=True),
    Column("cli.privacy.column.what"),
    Column("cli.privacy.column.by"),
    Column("cli.privacy.column.told"),
)

_TOLD = (
    *("ref", "rule", "digest", "before", "request", "cases", "values", "personal", "facts"),
    *("files", "messages", "keys", "rows", "held"),
)
"""What entries of the journal say, in the order they are printed."""

_CALLED = {"personal": "values", "before": "earlier"}
"""What two kinds of entries call differently, and what one name means in two kinds."""


@group("privacy")
def privacy() -> None:
    """The parts of it are the commands."""


@command("export", code="privacy.export")
@argument("reference", kind=REF)
@option("--out", kind=FILE, required=True)
@option("--request", default="")
@pass_session
def export(session: Session, /, reference: Ref, out: str, request: str) -> None:
    """Write everything about somebody into an archive."""
    report = rooms.export_contact(
        session.care,
        reference,
        out,
        actor=session.actor,
        request=request,
        tenant=session.tenant,
        language=session.language,
    )
    tell_report(session, report)


@command("journal", code="privacy.journal")
@pass_session
def journal(session: Session, /) -> None:
    """Print the entries of the privacy journal."""
    with session.read() as unit:
        found = rooms.entries(unit)
    if session.as_json:
        for fact in found:
            emit({"at": fact.at, "type": fact.type, "actor": fact.actor, "data": data_of(fact.data)})
        return
    table(session, _COLUMNS, [_entry(session, fact) for fact in found])


def _entry(session: Session, fact: Fact) -> list[str]:
    label = session.care.setup.fact_types["privacy", fact.type].label.get(session.language)
    return [moment(session, fact.at), label, fact.actor, session.say("cli.comma").join(_told(session, fact))]


def _told(session: Session, fact: Fact) -> Iterator[str]:
    """What an entry says, in words: the person or the rule first, nothing that is empty."""
    for key in _TOLD:
        value = fact.data.get(key)
        if key == "before" and isinstance(value, str):
            yield session.say("cli.privacy.told.before", value=moment(session, from_text(value, key)))
        elif isinstance(value, Mapping):
            yield from (f"{entity_said(name, session.language)} {count}" for name, count in value.items())
        elif key == "digest" and value:
            yield session.say("cli.privacy.told.digest", value=value[:12])
        elif value:
            yield session.say(f"cli.privacy.told.{_CALLED.get(key, key)}", value=value)


@command("hold", code="privacy.hold")
@argument("number")
@option("--reason", required=True)
@pass_session
def hold(session: Session, /, number: str, reason: str) -> None:
    """Put a case under legal hold."""
    _held(session, number, reason, "hold")


@command("lift", code="privacy.lift")
@argument("number")
@option("--reason", required=True)
@pass_session
def lift(session: Session, /, number: str, reason: str) -> None:
    """End the legal hold of a case."""
    _held(session, number, reason, "lift")


def _held(session: Session, number: str, reason: str, how: str) -> None:
    with session.unit() as unit:
        case = session.case(unit, number)
        change = unit.feedback.place_hold if how == "hold" else unit.feedback.lift_hold
        made = change(case.id, reason=reason)
    if session.as_json:
        emit({"number": made.number, "flags": list(made.flags)})
    else:
        line(session.say(f"cli.privacy.{how}", number=made.number))


@group("retention")
def retention() -> None:
    """The parts of it are the commands."""


@command("plan", code="retention.plan")
@pass_session
def plan(session: Session, /) -> None:
    """Print what the active rules would take away; nothing is changed."""
    tell_report(session, rooms.plan_retention(session.care, actor=session.actor, tenant=session.tenant))


@command("run", code="retention.run")
@pass_session
def run(session: Session, /) -> None:
    """Apply the active rules now."""
    tell_report(session, rooms.run_retention(session.care, actor=session.actor, tenant=session.tenant))


for _part in (export, journal, hold, lift):
    privacy.add_command(_part)
for _part in (plan, run):
    retention.add_command(_part)
