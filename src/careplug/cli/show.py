"""``careplug show``: one case with its clocks and its timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.output import Column, data_of, emit, line, pairs, table
from careplug.cli.session import Session
from careplug.cli.wording import Names, clock_zone, moment, ref
from careplug.feedback.entities import Feedback
from careplug.refs import Ref
from careplug.sla.entities import Clock
from careplug.timeline.facts import Fact
from careplug.unit import CareUnit

__all__ = ["brief", "show"]

_TOLD = ("body", "reason", "note", "measure", "result", "cause", "detail", "because", "relation", "name")
_CODES = ("assignee", "team", "level", "metric", "sequence", "impact", "urgency", "start", "expected_at")


@command("show")
@argument("number")
@option("--facts/--no-facts", default=True)
@pass_session
def show(session: Session, /, number: str, facts: bool) -> None:
    """Print the case, its clocks, its story."""
    with session.read() as unit:
        case = session.case(unit, number)
        story = unit.feedback.facts(case.id) if facts else []
        clocks = unit.sla.clocks([case.id]) if unit.actor.side != "customer" else []
        if session.as_json:
            emit({**data_of(case), "clocks": clocks, "facts": story})
            return
        names = Names(session, unit.definitions)
        line(f"{case.number}  {case.subject}")
        pairs(session, _fields(session, unit, names, case))
        brief(session, unit, clocks)
        if story:
            _story(session, unit, names, story)


def _fields(session: Session, unit: CareUnit, names: Names, case: Feedback) -> list[tuple[str, str]]:
    state = names.of("state", case.state)
    badges = [
        session.say(
            "cli.waits", reason=names.of("pause_reason", pause.reason, "reason"), since=moment(session, pause.since)
        )
        for pause in case.pauses
    ]
    priority = session.say("cli.priority_of", priority=case.priority, impact=case.impact, urgency=case.urgency)
    contact = "  ".join(filter(None, (case.contact_name, case.contact_phone, case.contact_mail)))
    refs = [(f"cli.label.{name}", _named(unit, getattr(case, name))) for name in ("requester", "organisation")]
    more = [(f"cli.label.{name}", ref(getattr(case, name))) for name in ("product", "system", "site")]
    people = [(f"cli.label.{name}", _named(unit, getattr(case, name))) for name in ("assignee", "team")]
    return [
        ("cli.label.state", "  ".join([state, *badges])),
        ("cli.label.kind", names.word("kind", case.kind)),
        ("cli.label.priority", priority),
        *refs,
        ("cli.label.contact", contact),
        *more,
        *people,
        ("cli.label.received", moment(session, case.received_at)),
        ("cli.label.handled", moment(session, case.handled_at)),
        ("cli.label.expected", moment(session, case.expected_at)),
        ("cli.label.content", case.body),
        ("cli.label.cause", case.cause),
        ("cli.label.measure", case.measure),
        ("cli.label.result", case.result),
        *(("cli.label.custom", f"{name}: {value}") for name, value in sorted(case.custom.items())),
        ("cli.label.flags", ", ".join(case.flags)),
        ("cli.label.version", str(case.version)),
    ]


def _named(unit: CareUnit, found: Ref | None) -> str:
    """A reference with the name the directory knows."""
    if found is None:
        return ""
    contact = unit.setup.directory.find(unit, found)
    return f"{contact.name} ({found})" if contact is not None and contact.name else str(found)


_CLOCKS = (
    Column("cli.column.metric"),
    Column("cli.column.state", whole=True),
    Column("cli.column.due", whole=True),
    Column("cli.column.stopped", whole=True),
    Column("cli.column.policy"),
)


def brief(session: Session, unit: CareUnit, clocks: Sequence[Clock]) -> None:
    """A table of clocks, superseded ones left out."""
    names, now = Names(session, unit.definitions), unit.now()
    rows = []
    for clock in clocks:
        if clock.state == "superseded":
            continue
        late = clock.state == "running" and clock.due_at is not None and clock.due_at < now
        title = names.of("metric", clock.metric)
        rows.append(
            (
                title if clock.cycle == 1 else session.say("cli.metric_cycle", metric=title, cycle=clock.cycle),
                names.word("state", "late" if late else clock.state),
                moment(session, clock.due_at) + (session.say("cli.provisional") if clock.provisional else ""),
                moment(session, clock.stopped_at),
                clock.policy,
            )
        )
    if rows:
        table(session, _CLOCKS, rows)
        line(session.say("cli.times_in", zone=clock_zone(session, now)))


_FACTS = (
    Column("cli.column.sequence", whole=True, right=True),
    Column("cli.column.at", whole=True),
    Column("cli.column.fact"),
    Column("cli.column.actor"),
    Column("cli.column.told", ratio=1),
)


def _story(session: Session, unit: CareUnit, names: Names, facts: Sequence[Fact]) -> None:
    types = unit.setup.fact_types
    voided = {fact.data["sequence"] for fact in facts if fact.type == "voided"}
    rows = []
    for fact in facts:
        kind = types.get((fact.subject, fact.type))
        title = kind.label.get(session.language) if kind is not None and kind.label else fact.type
        if fact.sequence in voided:
            title = session.say("cli.voided", fact=title)
        rows.append(
            (
                str(fact.sequence),
                moment(session, fact.at),
                title,
                fact.actor,
                _told(session, names, fact.type, fact.data),
            )
        )
    table(session, _FACTS, rows)


def _told(session: Session, names: Names, kind: str, data: Mapping[str, Any]) -> str:
    if kind == "verdict":
        parts = [
            f"{names.of('metric', item['metric'])} {names.word('state', item['state'])}" for item in data["clocks"]
        ]
        return session.say("cli.comma").join(parts)
    if kind == "policy_decided":
        return session.say("cli.comma").join(names.of("metric", name) for name in data.get("metrics", {}))
    if kind == "submitted":
        return ""
    found = []
    if kind in ("paused", "resumed") and data.get("reason"):
        found.append(names.of("pause_reason", data["reason"], "reason"))
        data = {key: value for key, value in data.items() if key != "reason"}
    found += [_code(session, names, key, data[key]) for key in _CODES if data.get(key) not in (None, "")]
    found += [str(data[key]) for key in _TOLD if data.get(key)]
    return session.say("cli.comma").join(found)


def _code(session: Session, names: Names, key: str, value: Any) -> str:
    if key == "metric":
        return names.of("metric", str(value))
    if key == "level":
        return names.word("level", str(value))
    if key in ("start", "expected_at"):
        from careplug.clock import from_text

        return moment(session, from_text(value))
    return f"{session.say(f'cli.label.{key}')} {value}" if isinstance(value, int) else str(value)
