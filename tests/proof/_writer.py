"""A process that writes cases and says what it was told is kept: `python -m tests.proof._writer URL FOLDER RUN`.

One line of JSON after each commit: the key of the operation, its case, the facts it left (sequence, type, hash). It is to be
killed. Where the database goes away it waits and does the same operation again under its key, and says what it was told.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from careplug import Actor, Care, Worker
from careplug.criteria import All, Is, Order
from careplug.errors import CareError, InDoubt, Invalid, Refused, Retry, Unavailable
from careplug.feedback.entities import Feedback
from careplug.feedback.intake import claim_key
from careplug.ports import StoredFile
from careplug.timeline.facts import FactRow
from tests.proof import _relay

LI, WANG, BOSS = Actor.customer("li"), Actor.engineer("wang"), Actor.engineer("zhao", "manager")
PEOPLE = ("li", "wang")
LEASE = timedelta(seconds=1)
"""Of a clock; a message has five times as long. Who comes after a killed process waits for it."""

Deed = Callable[[Any, str, str], object]

DEEDS: Mapping[str, tuple[Actor, Deed]] = {
    "dispatch": (BOSS, lambda f, case, key: f.step(case, "dispatch", assignee=WANG.ref, note=key)),
    "reply": (WANG, lambda f, case, key: f.reply(case, key)),
    "answer": (LI, lambda f, case, key: f.reply(case, key)),
    "note": (WANG, lambda f, case, key: f.note(case, key)),
    "pause": (BOSS, lambda f, case, key: f.pause(case, "waiting_customer", note=key)),
    "resume": (BOSS, lambda f, case, _: f.resume(case, "waiting_customer")),
    "attach": (WANG, lambda f, case, key: f.attach(case, _file(key))),
    "resolve": (WANG, lambda f, case, key: f.step(case, "resolve", measure=key, result="恢复")),
    "reopen": (LI, lambda f, case, key: f.step(case, "reopen", reason=key)),
    "close": (LI, lambda f, case, key: f.step(case, "close", note=key)),
}
"""What is done to a case, by whom. The key of the operation stands in the words of its fact, except of a resume."""

_OLD = 20
"""How many cases of earlier processes it goes on with."""


class Writer:
    """Writes, one operation a transaction. ``run`` tells its keys from those of other processes."""

    def __init__(self, care: Care, run: int, say: Callable[[dict[str, Any]], None]) -> None:
        self.care, self.run, self.say = care, run, say
        self.chance = Random(run)
        self.number = 0
        self.cases: dict[str, int] = {}
        self.worker = Worker(care, lease=LEASE)

    def begin(self) -> None:
        """Look which cases there are, and say that it begins."""
        with self.care.transaction(tenant="", writes=False) as store:
            last = (Order("received_at", descending=True),)
            found = store.find(Feedback, Is("category", "eq", "open"), order=last, limit=_OLD)
        self.cases = {case.id: case.sequence for case in found}
        self.say({"ready": self.run})

    def go(self) -> None:
        """Write until somebody ends it, and send what is due in between."""
        while True:
            self.one()
            if self.number % 10 == 0:
                self.patient(self.worker.run_due)

    def one(self) -> None:
        """One operation; nothing is said of one that careplug refuses."""
        self.number += 1
        kind = self.chance.choice(("submit", *DEEDS)) if self.cases else "submit"
        key = f"op:{self.run}:{self.number}:{kind}"
        case = "" if kind == "submit" else self.chance.choice(sorted(self.cases))
        actor = LI if kind == "submit" else DEEDS[kind][0]
        told = self.patient(lambda: self.keep(actor, kind, case, key))
        if told is not None:
            self.cases[told["case"]] = told["facts"][-1][0]
            self.say(told)

    def keep(self, actor: Actor, kind: str, case: str, key: str) -> dict[str, Any] | None:
        """The transaction of one operation; what may be said once it is committed."""
        try:
            with self.care.unit(actor=actor) as unit:
                case = self.deed(unit, kind, case, key)
                unit.flush()
                return self.told(unit, case, key)
        except (Refused, Invalid):
            return None

    def deed(self, unit: Any, kind: str, case: str, key: str) -> str:
        """Do it, unless an earlier try with the key was kept; the id of its case."""
        if kind == "submit":
            return str(unit.feedback.submit("fault", key, requester=LI.ref, key=key).id)
        payload = hashlib.sha256(key.encode()).hexdigest()
        if claim_key(unit, source="writer", key=key, payload=payload, result=case)[1]:
            DEEDS[kind][1](unit.feedback, case, key)
        return case

    def told(self, unit: Any, case: str, key: str) -> dict[str, Any]:
        """What the operation left behind: all facts of the case since the last one."""
        since = Is("sequence", "gt", self.cases.get(case, 0))
        where = All(Is("subject", "eq", "feedback"), Is("subject_id", "eq", case), since)
        rows = unit.store.find(FactRow, where, order=(Order("sequence"),))
        return {"key": key, "case": case, "facts": [[row.sequence, row.type, row.hash] for row in rows]}

    def patient(self, work: Callable[[], Any]) -> Any:
        """Do it again until the database is there; what it was told meanwhile is said, a stranger's error by its name."""
        while True:
            try:
                return work()
            except (Retry, InDoubt, Unavailable) as error:
                self.say({"error": error.code, "en": error.text("en"), "zh": error.text("zh")})
            except CareError:
                raise
            except Exception as error:
                self.say({"raw": f"{type(error).__module__}.{type(error).__name__}: {error}"[:500]})
            time.sleep(0.05)


def _file(key: str) -> StoredFile:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return StoredFile(key=digest, size=len(key), digest=digest, media_type="text/plain", name=key)


def say(line: dict[str, Any]) -> None:
    """A whole line in one system call: what was said is there even if the next instruction is never reached."""
    os.write(1, (json.dumps(line, ensure_ascii=False) + "\n").encode())


def main(url: str, folder: str, run: str) -> None:
    """The process."""
    writer = Writer(_relay.opened(url, Path(folder)), int(run), say)
    writer.patient(writer.begin)
    writer.go()


if __name__ == "__main__":
    main(*sys.argv[1:])
