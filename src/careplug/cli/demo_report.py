"""What ``careplug demo`` prints: the story where asked for, then what is due, what was kept, and one receipt."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from careplug.cli.due import due_table
from careplug.cli.output import Column, emit, line, table
from careplug.cli.report import attainment_table
from careplug.cli.session import Session
from careplug.cli.wording import Names, clock_zone, moment
from careplug.clock import ManualClock
from careplug.criteria import All, Is, Order
from careplug.demo.cast import PEOPLE
from careplug.demo.scenes import Scene
from careplug.demo.stage import RECEIPT, START, Played, play
from careplug.errors import Refused
from careplug.refs import SYSTEM
from careplug.sla.entities import Clock
from careplug.sla.receipt import to_data
from careplug.sla.words import receipt_text
from careplug.timeline.facts import FactRow
from careplug.unit import CareUnit

__all__ = ["tell"]

_MISSED = (
    Column("cli.column.number", whole=True),
    Column("cli.column.metric"),
    Column("cli.column.due", whole=True),
    Column("cli.column.stopped", whole=True),
    Column("cli.column.subject"),
)
_SILENT = "total"
"""The metric that repeats what the resolution says, but for reopened cases: left out of the queue."""


def tell(session: Session, *, keep: str | None, verbose: bool) -> None:
    """Play the story on a database of its own and print the report."""
    session.given.setdefault("zone", "Asia/Shanghai")
    clock = ManualClock(START)
    with _file(keep) as path:
        channels: dict[str, Any] = {} if verbose and not session.as_json else {"console": {"stream": StringIO()}}
        with session.open_care(f"sqlite:///{path}", clock=clock, channels=channels) as care:
            teller = _teller(session) if verbose and not session.as_json else None
            played = play(care, clock, told=teller)
            with care.read(actor=SYSTEM) as unit:
                _print(session, unit, played)
            served = any(item.name == "serve" for item in care.plugins.contributions.commands)
        if not session.as_json:
            _say_more(session, keep, served=served)


def _say_more(session: Session, keep: str | None, *, served: bool) -> None:
    """Where to look next: the same house with a login where a plugin serves it, the database that was kept."""
    hints = [session.say("demo.serve")] if served else []
    hints += [session.say("demo.kept", file=keep)] if keep else []
    for hint in hints:
        line(f"\n{hint}")


@contextlib.contextmanager
def _file(keep: str | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="careplug-demo-") as folder:
            yield Path(folder) / "demo.db"
        return
    if Path(keep).exists():
        raise Refused("cli.demo.exists", field="--keep", path=keep)
    yield Path(keep)


def _teller(session: Session) -> Any:
    names = {person.ref.id: person.name for person in PEOPLE}

    def told(scene: Scene, number: str) -> None:
        """Print one scene as a sentence: when, who, what, which case."""
        words = next(
            (str(scene.told[key]) for key in ("subject", "body", "reason", "result", "note") if key in scene.told), ""
        )
        code = str(scene.told["name"]) if scene.do == "step" else scene.do
        deed = session.say(f"demo.deed.{code}")
        line(
            session.say(
                "demo.scene", at=moment(session, scene.at), who=names[scene.who], deed=deed, number=number, words=words
            )
        )

    return told


def _print(session: Session, unit: CareUnit, played: Played) -> None:
    facts = unit.store.tally(FactRow)[0].values[0]
    counts = {
        "cases": len(played.idents),
        "facts": facts,
        "sent": played.sent,
        "levels": played.levels,
        "closed": played.closed,
    }
    receipt = next(item for item in unit.sla.explain(played.idents[RECEIPT[0]]) if item.metric == RECEIPT[1])
    queue = sorted(
        (clock for clock in unit.sla.due(limit=200) if clock.metric != _SILENT and clock.counted),
        key=lambda clock: (clock.due_at is None, clock.due_at, clock.feedback_id, clock.metric),
    )
    if session.as_json:
        emit({**counts, "attainment": _attainment(unit), "receipt": to_data(receipt), "due": queue})
        return
    now = unit.now()
    line(session.say("demo.title"))
    line(
        session.say(
            "demo.about", since=moment(session, START), until=moment(session, now), zone=clock_zone(session, now)
        )
    )
    line(session.say("demo.counts", **counts))
    line("\n" + session.say("demo.due"))
    due_table(session, unit, queue)
    line("\n" + session.say("demo.kept_promises"))
    attainment_table(session, unit, unit.sla.attainment())
    line("\n" + session.say("demo.missed"))
    _missed(session, unit)
    line("\n" + session.say("demo.receipt", number=played.numbers[RECEIPT[0]]))
    definition = unit.definitions.get("metric", receipt.metric)
    line(receipt_text(receipt, session.language, label=definition.label))


def _attainment(unit: CareUnit) -> list[dict[str, Any]]:
    keys = ("metric", "met", "missed", "void", "open", "overdue")
    return [{key: getattr(item, key) for key in keys} for item in unit.sla.attainment()]


def _missed(session: Session, unit: CareUnit) -> None:
    names = Names(session, unit.definitions)
    late = All(Is("state", "eq", "missed"), Is("counted", "eq", True))
    found: Sequence[Clock] = unit.store.find(Clock, late, order=(Order("due_at"),))
    cases = unit.feedback.by_ids(sorted({clock.feedback_id for clock in found}))
    rows = [
        (
            cases[clock.feedback_id].number,
            names.of("metric", clock.metric),
            moment(session, clock.due_at),
            moment(session, clock.stopped_at),
            cases[clock.feedback_id].subject,
        )
        for clock in found
        if clock.metric != _SILENT
    ]
    table(session, _MISSED, sorted(rows, key=lambda row: (row[2], row[0])))
