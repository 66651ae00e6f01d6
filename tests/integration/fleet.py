"""Real `careplug worker` processes on one database, with a plugin that can hold each of them at a chosen point.

The plugin is a distribution of its own in a folder on the path, as a vendor's would be. It brings the channel `relay`,
which appends each idempotency key to a file; a durable handler that writes a note on each case; and gates: a process
told so stops between the claim of clocks and their transaction, inside a durable handler, or between the claim of
messages and the sending, says that it is there, and waits until the gate is opened.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from careplug import Actor, Care, Ref
from careplug.clock import ManualClock
from careplug.criteria import Is
from careplug.messages.directory import Parties
from careplug.messages.entities import Message
from careplug.ports import Address
from careplug.sla.entities import Clock, FiredLevel
from careplug.tasks import Task
from careplug.timeline.chain import check
from careplug.timeline.facts import FactRow, Personal
from tests.unit.plugin.tiny import install

GATES = ("clocks", "tasks", "messages")
LEASE = 1
"""Seconds for a clock or a task; a message has five times as long."""

ENVIRON = {"CAREPLUG_PLUGINS": "relay,sqlalchemy"}
_BOSS = Actor.engineer("zhao", "manager")
_LEVELS = 4
"""A case nobody touched for days misses warning and breach of its response and of its resolution."""

_PLUGIN = """
import os, pathlib, time
from datetime import timedelta
from careplug.contributions import ChannelFactory, Handler, Seed
from careplug.plugin import hookimpl
from careplug.ports import Sent

HERE = pathlib.Path(os.environ.get("RELAY_FOLDER", "."))
GATE = os.environ.get("RELAY_GATE", "")

def gate(name):
    marker, opened = HERE / ("at-" + name), HERE / "open"
    if GATE == name and not marker.exists():
        marker.touch()
        while not opened.exists():
            time.sleep(0.01)

class Relay:
    name = "relay"
    def send(self, message):
        gate("messages")
        with open(HERE / "sent.txt", "a") as file:
            file.write(f"{os.getpid()} {message.key}\\n")
        return Sent("relayed")
    def close(self):
        pass

def note(unit, fact):
    gate("tasks")
    unit.feedback.note(fact.subject_id, "looked at")

@hookimpl
def careplug_channels():
    return (ChannelFactory("relay", lambda settings: Relay()),)

@hookimpl
def careplug_handlers():
    return (Handler("relay.note", note, ("submitted",), durable=True),)

@hookimpl
def careplug_startup(care):
    if "RELAY_FOLDER" in os.environ:
        (HERE / f"up-{os.getpid()}").touch()
    if GATE == "clocks":
        begin = care.unit
        def unit(**given):
            gate("clocks")
            return begin(**given)
        care.unit = unit
"""


class Fleet:
    """A database with `cases` that nobody has touched for five days, and the workers on it."""

    def __init__(self, url: str, folder: Path, cases: int) -> None:
        self.url, self.folder, self.cases = url, folder, cases
        self.running: list[subprocess.Popen[str]] = []
        install(folder, "relay", _PLUGIN)
        self.path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        sys.path.insert(0, str(folder))
        try:
            past = ManualClock(datetime.now(UTC) - timedelta(days=5))
            self.care = Care(self.url, environ=ENVIRON, require=["relay"], clock=past)
        finally:
            sys.path.remove(str(folder))
            sys.modules.pop("tiny_relay", None)
        self._fill()

    def _fill(self) -> None:
        self.care.upgrade()
        with self.care.unit(actor=_BOSS) as unit:
            for name in ("wang", "li"):
                unit.get(Parties).add(Ref("person", name), name=name, addresses=(Address("relay", name),))
            for name, definition in list(unit.definitions.active("subscription").items()):
                unit.definitions.put("subscription", name, {**definition.data, "channel": "relay"})
        for number in range(self.cases):
            with self.care.unit(actor=_BOSS) as unit:
                case = unit.feedback.submit("fault", f"case {number}", requester=Ref("person", "li"))
                unit.feedback.assign(case.id, assignee=Ref("person", "wang"))

    def start(self, gate: str = "") -> subprocess.Popen[str]:
        """A worker process, held at a gate where one is named; given back once it stands there."""
        words = ["--database", self.url, "--json", "worker", "--lease", str(LEASE), "--poll", "1"]
        environ = {
            **os.environ,
            **ENVIRON,
            "PYTHONPATH": self.path,
            "RELAY_FOLDER": str(self.folder),
            "RELAY_GATE": gate,
        }
        script = Path(sys.executable).with_name("careplug")
        log = (self.folder / f"worker-{len(self.running)}.log").open("w")
        process = subprocess.Popen([script, *words], env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        self.running.append(process)
        if gate:
            self.until(lambda: (self.folder / f"at-{gate}").exists() or process.poll() is not None)
            assert process.poll() is None, self.logs()
        return process

    def start_together(self, number: int = 4) -> list[subprocess.Popen[str]]:
        """Worker processes; given back once all are up."""
        workers = [self.start() for _ in range(number)]
        self.until(lambda: len(list(self.folder.glob("up-*"))) == len(workers))
        return workers

    def until(self, done: Any, seconds: float = 120.0) -> None:
        """Wait for something; an AssertionError with the workers' logs where it does not come."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, self.logs()
            time.sleep(0.1)

    def open(self) -> None:
        """Open every gate."""
        (self.folder / "open").touch()

    def end(self) -> Counter[str]:
        """Tell all to end and add up what their rounds said."""
        total: Counter[str] = Counter()
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0, self.logs()
            for line in filter(None, said.splitlines()):
                found = json.loads(line)
                messages = found.pop("messages")
                total.update({key: value for key, value in found.items() if isinstance(value, int)})
                total.update({f"messages.{key}": value for key, value in messages.items() if isinstance(value, int)})
        return total

    def close(self) -> None:
        """End what is still there, stopped or not."""
        self.care.close()
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def logs(self) -> str:
        """What the workers wrote to standard error."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def left(self) -> int:
        """How much is due still."""
        now = datetime.now(UTC)
        with self.care.transaction(tenant=None, writes=False) as store:
            due = (store.tally(cls, Is("next_at", "le", now)) for cls in (Clock, Task, Message))
            return sum(groups[0].values[0] for groups in due if groups)

    def sent(self) -> Counter[str]:
        """How often each key reached the receiver."""
        lines = (self.folder / "sent.txt").read_text().splitlines()
        return Counter(line.partition(" ")[2] for line in lines)

    def result(self, counts: Counter[str]) -> dict[str, int]:
        """The figures of a run; what is wrong in the database is an AssertionError."""
        wrong = self.wrong()
        assert not wrong, f"{len(wrong)} wrong: {wrong[:5]}\n{self.logs()}"
        return {
            "cases": self.cases,
            "levels": counts["levels"],
            "messages": len(self.sent()),
            "late_marks": counts["late"],
            "late_messages": counts["messages.late"],
            "sent_twice": sum(number - 1 for number in self.sent().values()),
            "mismatches": len(wrong),
        }

    def wrong(self) -> list[str]:
        """What the database says that it must not: empty when every level, note and key is there exactly once."""
        with self.care.transaction(tenant=None, writes=False) as store:
            fired = Counter((row.clock_id, row.level) for row in store.find(FiredLevel))
            rows, personals = store.find(FactRow), store.find(Personal)
            keys = Counter(row.key for row in store.find(Message))
            states = Counter(row.state for row in store.find(Message))
        stories: dict[str, list[FactRow]] = {}
        for row in rows:
            stories.setdefault(row.subject_id, []).append(row)
        types = Counter(row.type for row in rows)
        told = Counter(
            (row.subject_id, *(json.loads(row.data)[key] for key in ("metric", "cycle", "generation", "level")))
            for row in rows
            if row.type == "escalated"
        )
        want = {"levels": self.cases * _LEVELS, "escalated": self.cases * _LEVELS, "noted": self.cases}
        have = {"levels": len(fired), "escalated": types["escalated"], "noted": types["noted"]}
        found = [f"{key}: {have[key]}, not {number}" for key, number in want.items() if have[key] != number]
        for what, counted in (("level", fired), ("escalation", told), ("key", keys)):
            found += [f"{what} {key} {number} times" for key, number in counted.items() if number > 1]
        found += [f"{state} messages: {number}" for state, number in states.items() if state != "sent"]
        found += [f"key {key} never arrived" for key in keys if key not in self.sent()]
        for ident, story in stories.items():
            story.sort(key=lambda row: row.sequence)
            if [row.sequence for row in story] != list(range(1, len(story) + 1)):
                found.append(f"case {ident}: sequences have gaps")
            beside = [row for row in personals if row.subject_id == ident]
            found += [f"case {ident}: {trouble}" for trouble in check(story, beside)]
        return found


def stopped_at_gates(url: str, folder: Path, cases: int) -> dict[str, int]:
    """Three workers stopped at their gates past their leases while a fourth does all the work, then continued."""
    fleet = Fleet(url, folder, cases)
    try:
        held = [fleet.start(gate) for gate in GATES]
        for process in held:
            process.send_signal(signal.SIGSTOP)
        fleet.start()
        fleet.until(lambda: fleet.left() == 0)
        fleet.open()
        for process in held:
            process.send_signal(signal.SIGCONT)
        # each says how its round ended before it hears that it is to stop
        return fleet.result(fleet.end())
    finally:
        fleet.close()


def all_at_once(url: str, folder: Path, cases: int, workers: int = 4) -> dict[str, int]:
    """Some workers at once, nobody stopped."""
    fleet = Fleet(url, folder, cases)
    try:
        fleet.start_together(workers)
        fleet.until(lambda: fleet.left() == 0, seconds=120 + cases)
        return fleet.result(fleet.end())
    finally:
        fleet.close()


def stopped_at_random(url: str, folder: Path, cases: int, seed: int) -> dict[str, int]:
    """Four workers at once; until all is done one after the other is stopped wherever it is, past its lease."""
    fleet, chance = Fleet(url, folder, cases), Random(seed)
    try:
        workers = fleet.start_together()
        stops = 0
        while fleet.left():
            time.sleep(chance.random())
            process = chance.choice(workers)
            process.send_signal(signal.SIGSTOP)
            time.sleep(LEASE + 0.3)
            process.send_signal(signal.SIGCONT)
            stops += 1
            assert stops < 60 + cases, fleet.logs()
        return {**fleet.result(fleet.end()), "stops": stops}
    finally:
        fleet.close()
