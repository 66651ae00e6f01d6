"""Whole lives of cases, and what must hold of them: used by the state machine and by the proof.

The minute walk here is written without a look at `careplug.sla.receipt`: pauses are read off the facts anew, working
minutes come from the oracle of the calendar.
"""

from __future__ import annotations

import functools
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import attrs

from careplug import Actor, Care, Ref, Worker
from careplug.audit import rebuild, verify
from careplug.clock import ManualClock
from careplug.errors import Invalid, Refused
from careplug.feedback.entities import Feedback, Pause
from careplug.refs import IMPORT, new_id
from careplug.sla.entities import Clock, FiredLevel
from careplug.sla.target import Elapsed, WorkingTime
from careplug.timeline.story import Timeline
from tests.unit.sla.oracle import Oracle

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
DAYS = 160
WINDOW = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=DAYS - 30)

LI, WANG, BOSS = Actor.customer("li"), Actor.engineer("wang"), Actor.engineer("zhao", "manager")
MINUTE = timedelta(minutes=1)
WAITS = ("waiting_customer", "waiting_parts", "scheduled", "force_majeure")
WORDS = {
    "dispatch": {"assignee": WANG.ref},
    "resolve": {"measure": "重启", "result": "恢复"},
    "reject": {"reason": "不属实"},
    "reopen": {"reason": "又坏了"},
}


def hours(count, kind="working_time"):
    return {"type": kind, "microseconds": int(count * 3_600_000_000)}


def standard(amount=8, reopen="continue", on_change="keep"):
    """A policy with a rule of every kind; some rules are for some priorities and kinds only, so that they come and go."""
    levels = [
        {"name": "warn", "share": 50, "to": ["assignee"]},
        {"name": "breach", "share": 100, "to": ["role:manager"]},
    ]
    rest = {"levels": levels, "on_change": on_change}
    return {
        "rank": 100,
        "calendar": "office",
        "targets": [
            {"metric": "response", "target": hours(0.5), "pauses": ["force_majeure"], "reopen": "new", **rest},
            {
                "metric": "resolution",
                "target": hours(amount / 2),
                "priorities": [1, 2],
                "pauses": ["*"],
                "reopen": reopen,
                **rest,
            },
            {
                "metric": "resolution",
                "target": hours(amount * 3, "elapsed"),
                "pauses": ["waiting_customer", "scheduled"],
                "reopen": reopen,
                **rest,
            },
            {"metric": "total", "target": hours(30), "kinds": ["fault"], "pauses": ["*"], "reopen": "restart", **rest},
            {"metric": "update", "target": hours(4), "priorities": [1, 2, 3], **rest},
            {"metric": "onsite", "target": hours(6), "pauses": ["force_majeure"], **rest},
            {"metric": "factory_repair", "target": {"type": "working_days", "days": 2, "ends": "close"}, **rest},
            {
                "metric": "acceptance",
                "target": {"type": "working_days", "days": 3, "ends": "close"},
                "levels": [{"name": "close", "share": 100, "action": "close"}],
                "reopen": "none",
            },
        ],
    }


@functools.cache
def oracle(calendar):
    return Oracle(calendar, WINDOW, DAYS)


class House:
    """A Care whose cases live; every method does one thing that people or the worker do, or is refused."""

    def __init__(self, storage=None):
        self.clock = ManualClock(START)
        out = {"console": {"stream": io.StringIO()}}
        options = {} if storage is not None else {"environ": {"CAREPLUG_PLUGINS": ""}}
        self.care = Care(storage, clock=self.clock, channels=out, **options)
        self.care.upgrade()
        self.cases: list[str] = []
        self.done: Counter[str] = Counter()
        with self.care.unit(actor=BOSS) as unit:
            unit.changes.put("policy", "standard", standard())

    def close(self):
        self.care.close()

    def _do(self, what, work, actor=BOSS):
        """One unit of work; a refusal undoes it."""
        try:
            with self.care.unit(actor=actor) as unit:
                found = work(unit)
        except (Refused, Invalid) as error:
            if error.code.partition(".")[0] not in REFUSALS:
                raise
            self.done["refused"] += 1
            return None
        self.done[what] += 1
        return found

    def case(self, index):
        return self.cases[index % len(self.cases)]

    def read(self, ident):
        with self.care.read(actor=BOSS) as unit:
            return unit.feedback.get(ident)

    # -- what happens --

    def submit(self, *, impact, urgency, site, answered):
        more = {"site": Ref("site", "s")} if site else {}
        kept = {"impact": impact, "urgency": urgency, "answered": answered, "requester": LI.ref}
        case = self._do(
            "submit",
            lambda unit: unit.feedback.submit("fault", "坏了", contact_name="李雷", **kept, **more),
            BOSS if answered else LI,
        )
        self.cases.append(case.id)

    def wait(self, minutes):
        if self.clock() + minutes * MINUTE < END:
            self.clock.move(minutes * MINUTE)

    def step(self, index, name, ago):
        ident = self.case(index)
        more = dict(WORDS.get(name, {}))
        if name == "merge":
            more["into"] = self.case(index + 1)
        if ago:
            more |= {"at": self.clock() - ago * MINUTE, "because": "补录"}
        self._do(name, lambda unit: unit.feedback.step(ident, name, **more))

    def go(self, index, number, ago):
        """Take one of the steps that are possible."""
        ident = self.case(index)
        with self.care.read(actor=BOSS) as unit:
            able = unit.feedback.possible(unit.feedback.get(ident))
        if able:
            self.step(index, able[number % len(able)].name, ago)

    def pause(self, index, reason, ago):
        more = {"at": self.clock() - ago * MINUTE, "because": "补录"} if ago else {}
        self._do("pause", lambda unit: unit.feedback.pause(self.case(index), reason, **more))

    def resume(self, index, reason, ago):
        more = {"at": self.clock() - ago * MINUTE, "because": "补录"} if ago else {}
        self._do("resume", lambda unit: unit.feedback.resume(self.case(index), reason, **more))

    def reply(self, index, *, customer):
        self._do("reply", lambda unit: unit.feedback.reply(self.case(index), "您好"), LI if customer else WANG)

    def call(self, index, ago):
        """Written down later than it happened, perhaps even before the case was."""
        more = {"at": self.clock() - ago * MINUTE, "because": "补录"} if ago else {}
        self._do("call", lambda unit: unit.feedback.call(self.case(index), "out", phone="139", **more))

    def appoint(self, index):
        self._do("appoint", lambda unit: unit.feedback.appoint(self.case(index), self.clock() + 60 * MINUTE))

    def record(self, index, kind):
        self._do(kind, lambda unit: unit.feedback.record(self.case(index), kind))

    def prioritise(self, index, impact, urgency, mode):
        ident = self.case(index)
        kept = {"impact": impact, "urgency": urgency, "reason": "改", "mode": mode}
        version = self.read(ident).version
        self._do("prioritise", lambda unit: unit.feedback.prioritise(ident, expected=version, **kept))

    def edit(self, index, kind):
        ident = self.case(index)
        version = self.read(ident).version
        self._do("edit", lambda unit: unit.feedback.edit(ident, expected=version, kind=kind, body="改后"))

    def void(self, index, number):
        """Cancel one of the facts that may be cancelled."""
        ident = self.case(index)
        with self.care.read(actor=BOSS) as unit:
            facts = unit.feedback.facts(ident)
        gone = {fact.data["sequence"] for fact in facts if fact.type == "voided"}
        types = self.care.setup.fact_types
        able = [f.sequence for f in facts if f.sequence not in gone and not types["feedback", f.type].final]
        if able:
            chosen = able[number % len(able)]
            self._do("void", lambda unit: unit.feedback.void(ident, chosen, reason="记错了"))

    def override(self, index, state):
        self._do("override", lambda unit: unit.feedback.override(self.case(index), state, reason="必须"))

    def erase(self, index):
        self._do("erase", lambda unit: unit.feedback.erase(self.case(index), request="letter"))

    def change(self, amount, reopen, on_change, mode):
        """Preview a policy, store it, apply it: what was said must come to pass, and nothing else."""
        data = standard(amount, reopen, on_change)
        with self.care.read(actor=BOSS) as unit:
            said = list(unit.changes.preview("policy", "standard", data, mode=mode))
        before = self.clocks()
        with self.care.unit(actor=BOSS) as unit:
            unit.changes.put("policy", "standard", data)
            assert self.clocks(unit) == before, "storing a revision moves nothing"
            after = ""
            while True:
                _, after = unit.changes.apply("policy", "standard", mode=mode, after=after, batch=2)
                if not after:
                    break
        now = {(c.feedback_id, c.metric, c.cycle, c.generation): c for c in self.clocks().values()}
        for move in said:
            clock = now[move.feedback_id, move.metric, move.cycle, move.generation]
            assert clock.state == move.new_state
            assert clock.due_at == move.new_due or move.new_state == "void"
        told = {(move.feedback_id, move.metric) for move in said}
        was, is_now = running(before), running(self.clocks())
        changed = {key for key in was.keys() | is_now.keys() if was.get(key) != is_now.get(key)}
        assert {key[:2] for key in changed} == told
        self.done["change"] += 1

    def work(self):
        done = Worker(self.care).run_due()
        assert done.failed == 0
        again = Worker(self.care).run_due()
        assert (again.levels, again.closed) == (0, 0), "what fired is not due any more"
        self.done["level"] += done.levels
        self.done["closed"] += done.closed

    # -- what must hold --

    def clocks(self, unit=None):
        if unit is None:
            with self.care.read(actor=BOSS) as fresh:
                return self.clocks(fresh)
        unit.flush()
        return {clock.id: attrs.evolve(clock, fence=0, leased_until=None) for clock in unit.store.find(Clock)}

    def stored(self):
        with self.care.transaction(tenant=None, writes=False) as store:
            cases = {row.id: row for row in store.find(Feedback)}
            levels = {(row.clock_id, row.level): row.due_at for row in store.find(FiredLevel)}
        return cases, self.clocks(), levels

    def check(self):
        """Step by step = from zero; open clocks only where there is something open."""
        report = rebuild(self.care, write=False)
        assert report.whole, report.text()
        assert report.cases == len(self.cases)
        clocks = self.clocks().values()
        for ident in self.cases:
            case = self.read(ident)
            opened = {clock.metric for clock in clocks if clock.feedback_id == ident and clock.open}
            if case.category != "open":
                assert opened <= {"acceptance"}, (case.state, opened)
                assert case.pauses == ()

    def check_all(self):
        """The long way: rebuilt after everything was overwritten, chains, receipts by the minute walk."""
        self.check()
        before = self.stored()
        self.overwrite()
        assert rebuild(self.care).whole is (not self.cases)
        after = self.stored()
        assert after[:2] == before[:2]
        assert after[2] == {key: due for key, due in before[2].items() if key in after[2]}
        report = verify(self.care)
        assert report.whole, report.text()
        for ident in self.cases:
            self.check_receipts(ident)

    def overwrite(self):
        nonsense = {
            "number": "x", "kind": "x", "state": "x", "category": "x", "priority": 9, "impact": 9, "urgency": 9,
            "requester": Ref("x", "x"), "organisation": Ref("x", "x"), "contact": Ref("x", "x"),
            "product": Ref("x", "x"), "system": Ref("x", "x"), "site": Ref("x", "x"), "subject": "x", "body": "x",
            "contact_name": "x", "contact_phone": "x", "contact_mail": "x", "channel": "x", "source": "x",
            "assignee": Ref("x", "x"), "team": Ref("x", "x"), "cause": "x", "measure": "x", "result": "x",
            "received_at": WINDOW, "handled_at": WINDOW, "closed_at": WINDOW, "expected_at": WINDOW, "cycle": 9,
            "reopened": 9, "merged_into": "x", "custom": {"x": "x"}, "pauses": (Pause("x", "x", WINDOW, 9),),
            "links": ({"x": "x"},), "flags": ("x",), "version": 99, "sequence": 99, "head": "x", "last_at": WINDOW,
        }  # fmt: skip
        assert set(nonsense) == {field.name for field in attrs.fields(Feedback)} - {"id", "tenant"}
        with self.care.transaction(tenant=None) as store:
            for number, row in enumerate(store.find(Feedback)):
                store.save(attrs.evolve(row, **{**nonsense, "number": f"x{number}"}), was=row)
            store.remove(Clock, None)
            store.remove(FiredLevel, None)

    def check_receipts(self, ident):
        with self.care.read(actor=BOSS) as unit:
            facts = unit.feedback.facts(ident)
            found = unit.sla.explain(ident)
            began = {(r.metric, r.cycle, r.generation): r.began for r in unit.sla.history(ident).runs}
        pauses = open_and_closed(facts)
        for receipt in found:
            check_receipt(receipt, pauses)
        fired = Counter()
        for fact in facts:
            if fact.type == "escalated":
                key = (fact.data["metric"], fact.data["cycle"], fact.data["generation"])
                fired[(*key, fact.data["level"])] += fact.sequence > began.get(key, 10**9)
        assert all(count <= 1 for count in fired.values()), fired

    # -- the same history from a log --

    def check_import(self):
        """What people did, imported as facts into an empty house, gives the same receipts."""
        other = House()
        other.clock.set(self.clock())
        names: dict[str, str] = {ident: new_id() for ident in self.cases}
        with self.care.read(actor=BOSS) as unit:
            stories = {ident: unit.feedback.facts(ident) for ident in self.cases}
        with other.care.unit(actor=IMPORT) as unit:
            for ident, facts in stories.items():
                _import(unit.get(Timeline), names, ident, facts)
        for ident, name in names.items():
            assert other.told(name) == self.told(ident)
        other.close()

    def told(self, ident):
        """What the receipts of a case say about its time; levels of imported history never fire."""
        with self.care.read(actor=BOSS) as unit:
            return [
                attrs.evolve(item, levels=(), legs=(), pinned=None, back_dated=()) for item in unit.sla.explain(ident)
            ]


def _import(timeline, names, ident, facts):
    draft = Feedback(id=names[ident], number="", kind="fault", state="", received_at=facts[0].at)
    timeline.new("feedback", draft)
    for fact in facts:
        if fact.type not in {"policy_decided", "verdict", "escalated"}:
            data = {
                key: names.get(value, value) if isinstance(value, str) else value for key, value in fact.data.items()
            }
            timeline.append("feedback", names[ident], fact.type, data, at=fact.at, actor=fact.actor, origin="import")


REFUSALS = {"step", "pause", "resume", "merge", "void", "call", "override", "appoint", "record", "permission", "fact"}


def running(clocks):
    """Due time and state of the open clocks, whatever their generation."""
    return {(c.feedback_id, c.metric, c.cycle): (c.due_at, c.state) for c in clocks.values() if c.open}


def open_and_closed(facts):
    """The pauses of a timeline by reason, read off its facts: [(start, end or None, reason)]."""
    gone = {fact.data["sequence"] for fact in facts if fact.type == "voided"}
    intake = facts[0].at
    found, standing, turned, shut = [], {}, intake, False
    for fact in facts:
        if fact.sequence in gone:
            continue
        at = max(fact.at, intake)
        closing = fact.data.get("category") in ("done", "void") and "from" in fact.data
        opening = fact.type == "reopened" or (shut and fact.data.get("category") == "open" and "from" in fact.data)
        if closing or opening:
            at, shut = max(at, turned), closing
            turned = at
        if fact.type == "paused" and not shut:
            standing.setdefault(fact.data["reason"], at)
        ends = list(standing) if closing else [fact.data["reason"]] if fact.type == "resumed" else []
        for reason in ends:
            if reason in standing:
                start = standing.pop(reason)
                found.append((start, max(start, at), reason))
    return found + [(start, None, reason) for reason, start in standing.items()]


def check_receipt(receipt, pauses):
    """The counted time against a walk minute by minute, the state against the due time."""
    walked = timedelta()
    solved = [(s.start, s.end) for s in receipt.segments if s.kind == "solved"]
    for number, leg in enumerate(receipt.legs):
        end = receipt.legs[number + 1].since if number + 1 < len(receipt.legs) else receipt.until
        rule = leg.choice.rule
        halted = [(a, b) for a, b, reason in pauses if reason in rule.pauses or "*" in rule.pauses]
        walked += walk(leg, leg.since, end, [*halted, *solved])
    assert receipt.counted == walked, (receipt.metric, receipt.counted, walked)
    assert sum((s.counted for s in receipt.segments), timedelta()) == walked
    edges = [(s.start, s.end) for s in receipt.segments]
    assert edges == sorted(edges)
    if receipt.state in ("met", "missed") and receipt.due_at is not None:
        assert (receipt.stopped_at <= receipt.due_at) is (receipt.state == "met")
    last = receipt.legs[-1].choice.rule.target
    amount = getattr(last, "amount", None)
    kinds = {type(leg.choice.rule.target) for leg in receipt.legs}
    # A change that leaves less than was used by then is due when it is made, whatever was counted.
    spent = len(receipt.legs) > 1 and receipt.due_at == receipt.legs[-1].since
    if amount is not None and not spent and len(kinds) == 1 and kinds <= {WorkingTime, Elapsed} and receipt.stopped_at:
        if receipt.state == "met":
            assert walked <= amount
        elif receipt.state == "missed":
            assert walked >= amount
    if receipt.state == "standing":
        assert any(end is None for _, end, _ in pauses)


def walk(leg, start, end, halted):
    if start >= end:
        return timedelta()
    if isinstance(leg.choice.rule.target, Elapsed):
        minutes = (end - start) // MINUTE
        stopped = [False] * minutes
        for a, b in halted:
            first = max(0, (a - start) // MINUTE)
            last = minutes if b is None else min(minutes, (b - start) // MINUTE)
            stopped[first:last] = [True] * max(0, last - first)
        return (minutes - sum(stopped)) * MINUTE
    return oracle(leg.choice.calendar).elapsed(start, end, halted)
