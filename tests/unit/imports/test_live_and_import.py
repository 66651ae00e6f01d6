"""A live run and an import of the same history give equal receipts (SLA 10)."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta

import pytest

from careplug import Actor, Care, Ref, Worker
from careplug.clock import ManualClock, to_text
from careplug.errors import CareError
from careplug.sla.receipt import to_data
from careplug.timeline.facts import canonical
from tests.unit.imports import logs

START = datetime(2026, 2, 11, 1, 30, tzinfo=UTC)
CUSTOMER, ENGINEER = Actor.customer("li"), Actor.engineer("wang")
LIVES = max(6, round(200 * float(os.environ.get("CAREPLUG_PROOF_SCALE", "0.01"))))
HEAD = ("case", "event", "at", "received", "activity", "kind", "impact", "urgency", "body", "measure", "result", "who")
STATES = (
    "confirmed",
    "dispatched",
    "diagnosing",
    "handling",
    "verifying",
    "resolved",
    "closed",
    "rejected",
    "withdrawn",
)
REASONS = ("waiting_customer", "waiting_vendor", "waiting_approval", "force_majeure")
MAP = {
    "name": "live",
    "log": {"shape": "events"},
    "columns": {
        key: key
        for key in (
            "case",
            "event",
            "at",
            "received",
            "activity",
            "kind",
            "impact",
            "urgency",
            "body",
            "measure",
            "result",
        )
    },
    "refs": {"assignee": {"kind": "person", "columns": "who"}},
    "activities": {
        **{f"state:{state}": {"state": state} for state in STATES},
        **{f"paused:{reason}": {"pause": reason} for reason in REASONS},
        **{f"resumed:{reason}": {"resume": reason} for reason in REASONS},
        "replied:service": {"fact": "replied", "data": {"side": "service", "automatic": False}},
        "replied:customer": {"fact": "replied", "data": {"side": "customer", "automatic": False}},
        "called:True": {"fact": "called", "data": {"direction": "out", "answered": True, "person": True}},
        "called:False": {"fact": "called", "data": {"direction": "out", "answered": False, "person": True}},
        "arrived": {"fact": "arrived", "data": {"person": True}},
    },
}


def act(unit, ident, dice):
    """One thing somebody does; refused ones are part of life."""
    case = unit.feedback.get(ident)
    reason = dice.choice(REASONS)
    deeds = [
        lambda: unit.feedback.reply(ident, "在处理"),
        lambda: unit.feedback.call(ident, "out", answered=dice.random() < 0.5),
        lambda: unit.feedback.pause(ident, reason),
        lambda: unit.feedback.resume(ident, case.pauses[0].reason if case.pauses else reason),
        lambda: unit.feedback.step(ident, "confirm"),
        lambda: unit.feedback.step(ident, "dispatch", assignee=Ref("person", dice.choice("abc"))),
        lambda: unit.feedback.step(ident, "handle"),
        lambda: unit.feedback.step(ident, "resolve", measure="换件", result="恢复"),
        lambda: unit.feedback.step(ident, "close"),
        lambda: unit.feedback.step(ident, "reopen", reason="又坏了"),
        lambda: unit.feedback.record(ident, "arrived"),
        lambda: unit.feedback.prioritise(
            ident, expected=case.version, impact=dice.randint(1, 3), urgency=dice.randint(1, 3), reason="重估"
        ),
    ]
    dice.choice(deeds)()


def live(seed, *, steps=14):
    """A life through the services, the worker running along."""
    dice, clock = random.Random(seed), ManualClock(START)
    care = Care(clock=clock, plugins=())
    with care.unit(actor=CUSTOMER) as unit:
        ident = unit.feedback.submit("fault", "打印机坏了", impact=dice.randint(1, 3), urgency=dice.randint(1, 3)).id
    worker = Worker(care)
    for _ in range(steps):
        clock.move(timedelta(minutes=dice.choice((0, 7, 55, 240, 1500, 4000))))
        worker.run_due()
        customer = dice.random() < 0.15
        try:
            with care.unit(actor=CUSTOMER if customer else ENGINEER) as unit:
                if customer:
                    unit.feedback.reply(ident, "型号是 X")
                else:
                    act(unit, ident, dice)
        except CareError:
            continue
    clock.move(timedelta(minutes=1))
    worker.run_due()
    return care, clock, ident


def said(fact):
    """The activity of a fact, None for what careplug appends by itself."""
    if fact.type == "submitted":
        return ""
    if fact.type == "replied":
        return f"replied:{fact.data['side']}"
    if fact.type == "called":
        return f"called:{fact.data['answered']}"
    if fact.type in ("paused", "resumed"):
        return f"{fact.type}:{fact.data['reason']}"
    if "to" in fact.data and "from" in fact.data:
        return f"state:{fact.data['to']}"
    return {"prioritised": "", "assigned": "", "arrived": "arrived"}.get(fact.type)


def export(facts, path):
    """The timeline as an event log."""
    rows = []
    for fact in facts:
        if said(fact) is not None:
            data = fact.data
            rows.append([
                "C-1", fact.sequence, to_text(fact.at), to_text(facts[0].at), said(fact), data.get("kind", ""),
                data.get("impact", ""), data.get("urgency", ""), data.get("body", ""), data.get("measure", ""),
                data.get("result", ""), str(data.get("assignee", "")).partition(":")[2],
            ])  # fmt: skip
    return logs.write(path, HEAD, rows)


def receipts(care, ident):
    with care.read(actor=Actor.engineer("zhao", "manager")) as unit:
        return [canonical(to_data(item)) for item in unit.sla.explain(ident)]


def clocks(care, ident):
    with care.read(actor=Actor.engineer("zhao", "manager")) as unit:
        keys = ("metric", "cycle", "generation", "state", "open", "due_at", "stopped_at", "next_at", "level")
        return [tuple(getattr(item, key) for key in keys) for item in unit.sla.clocks([ident])]


@pytest.mark.parametrize("seed", range(LIVES))
def test_equal_receipts(seed, tmp_path):
    care, clock, ident = live(seed)
    with care.read(actor=Actor.engineer("zhao", "manager")) as unit:
        log = export(unit.feedback.facts(ident), tmp_path / "live.csv")
    found = logs.map_of("", **MAP)
    again = Care(clock=ManualClock(clock()), plugins=())
    _, report = logs.imported(found, log, care=again)
    assert report.rows_rejected == 0
    assert report.warnings == {}
    with again.read(actor=Actor.engineer("zhao", "manager")) as unit:
        (case,) = unit.feedback.find()
    assert receipts(again, case.id) == receipts(care, ident)
    assert clocks(again, case.id) == clocks(care, ident)
    with care.read(actor=Actor.engineer("zhao", "manager")) as unit:
        was = unit.feedback.get(ident)
    same = (
        "kind",
        "state",
        "category",
        "priority",
        "impact",
        "urgency",
        "received_at",
        "handled_at",
        "cycle",
        "assignee",
    )
    assert [getattr(case, key) for key in same] == [getattr(was, key) for key in same]
