"""What the proofs of crashes share: writers as processes, and what must hold of a database they were ended on."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from careplug import Care, Worker
from careplug.audit import rebuild, verify
from careplug.criteria import Is
from careplug.feedback.entities import Attachment, RequestKey
from careplug.messages.entities import Message
from careplug.timeline.facts import FactRow, Personal
from tests.housekeeping import ROOT
from tests.proof import _relay
from tests.proof._writer import BOSS, LEASE, LI, PEOPLE, WANG

_KEY = re.compile(r"op:\d+:\d+:\w+")


class House:
    """A database for writers, and everything they said on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.runs = 0
        _relay.put(folder)
        with contextlib.closing(self.care()) as care:
            _relay.subscribe(care, BOSS, PEOPLE)

    def care(self, url: str = "") -> Care:
        """A Care of this process's own, on this database or another."""
        return _relay.opened(url or self.url, self.folder)

    def start(self, number: int = 1) -> list[subprocess.Popen[bytes]]:
        """Writer processes; given back once all of them write."""
        runs = range(self.runs + 1, self.runs + number + 1)
        self.runs += number
        words = ["-m", "tests.proof._writer", self.url, str(self.folder)]
        started = [self.process(f"writer-{run}", [*words, str(run)]) for run in runs]
        self.until(lambda: set(runs) <= {line.get("ready") for line in self.lines()})
        return started

    def process(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        """A Python process that has the plugin, with what it says in files."""
        with (self.folder / f"{name}.out").open("wb") as out, (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *words], env=_relay.environ(self.folder), cwd=ROOT, stdout=out, stderr=log
            )
        self.running.append(process)
        return process

    def until(self, done: Callable[[], object], seconds: float = 90.0) -> None:
        """Wait for something; an AssertionError with the logs where it does not come, or a process died of itself."""
        end = time.monotonic() + seconds
        while not done():
            dead = [process.args for process in self.running if process.poll() not in (None, -9)]
            assert not dead, f"{dead}\n{self.logs()}"
            assert time.monotonic() < end, self.logs()
            time.sleep(0.02)

    def logs(self) -> str:
        """What the processes complained of."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))[-4000:]

    def close(self) -> None:
        """End what still runs."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()

    def lines(self) -> Iterator[dict[str, Any]]:
        """What all writers have said, each one's lines in order; half a line was not said."""
        for path in sorted(self.folder.glob("writer-*.out")):
            for line in path.read_bytes().split(b"\n")[:-1]:
                yield json.loads(line)

    def told(self) -> list[dict[str, Any]]:
        """The operations that were acknowledged."""
        return [line for line in self.lines() if "key" in line]

    def drain(self, care: Care) -> None:
        """Send what waits, also what a killed process had claimed."""
        worker = Worker(care, lease=LEASE)

        def left() -> bool:
            """Whether messages still wait after a round."""
            worker.run_due()
            return waiting(care)

        self.until(lambda: not left())


def waiting(care: Care) -> bool:
    """Whether messages wait to be sent."""
    with care.transaction(tenant=None, writes=False) as store:
        return bool(store.find(Message, Is("state", "eq", "pending"), limit=1))


def wrong(care: Care, told: Iterable[dict[str, Any]]) -> list[str]:
    """What a database says that it must not, all acknowledged operations being ``told``; empty where all is well."""
    with care.transaction(tenant=None, writes=False) as store:
        facts = store.find(FactRow, Is("subject", "eq", "feedback"))
        beside = {row.id: row for row in store.find(Personal)}
        messages = store.find(Message)
        files = Counter((row.feedback_id, row.sequence) for row in store.find(Attachment))
        claimed = {row.key for row in store.find(RequestKey)}
    have = {(row.subject_id, row.sequence): (row.type, row.hash) for row in facts}
    keys = Counter(key for row in facts for key in _keys(row, beside.get(row.id)))
    found = [
        f"{line['key']}: fact {sequence} ({kind}) is {have.get((line['case'], sequence), 'lost')}"
        for line in told
        for sequence, kind, digest in line["facts"]
        if have.get((line["case"], sequence)) != (kind, digest)
    ]
    found += [f"{key}: {number} times" for key, number in keys.items() if number != 1]
    loud = {key for key in claimed if not key.endswith(":resume")}
    found += [f"{key}: claimed or kept, not both" for key in loud ^ set(keys)]
    found += [f"{line['key']}: key lost" for line in told if line["key"] not in claimed]
    attached = Counter((row.subject_id, row.sequence) for row in facts if row.type == "attached")
    found += [
        f"file {place}: {files[place]} rows"
        for place in files.keys() | attached.keys()
        if files[place] != attached[place]
    ]
    wanted = Counter(_messages(facts))
    stored = Counter((row.subject_id, row.sequence, str(row.recipient)) for row in messages)
    found += [
        f"message {place}: {stored[place]} times, not {wanted[place]}"
        for place in wanted.keys() | stored.keys()
        if stored[place] != wanted[place]
    ]
    report, folded = verify(care), rebuild(care, write=False)
    found += [] if report.whole else [report.text()]
    found += [] if folded.whole else [folded.text()]
    return found


def _keys(row: FactRow, beside: Personal | None) -> Iterator[str]:
    """The keys of operations among a fact's words."""
    values = [*json.loads(row.data).values(), *(value for _, value in (beside.values if beside else {}).values())]
    yield from (value for value in values if isinstance(value, str) and _KEY.fullmatch(value))


def _messages(facts: Iterable[FactRow]) -> Iterator[tuple[str, int, str]]:
    """Who must have been told of what, by the seeds' subscriptions as a person reads them."""
    assigned: set[str] = set()
    for row in sorted(facts, key=lambda row: (row.subject_id, row.sequence)):
        case, customer = row.subject_id, row.actor == str(LI.ref)
        if row.type in ("submitted", "resolved") or (row.type == "replied" and not customer):
            yield case, row.sequence, str(LI.ref)
        if row.type == "dispatched":
            assigned.add(case)
            yield case, row.sequence, str(WANG.ref)
        if row.type in ("reopened", "replied") and customer and case in assigned:
            yield case, row.sequence, str(WANG.ref)


def unsent(care: Care, folder: Path) -> list[str]:
    """Messages that count as sent and never reached anybody."""
    arrived = _relay.sent(folder)
    with care.transaction(tenant=None, writes=False) as store:
        done = store.find(Message, Is("state", "eq", "sent"))
    return [f"message {row.key} counts as sent" for row in done if not arrived[row.key]]
