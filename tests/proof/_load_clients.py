"""The clients of the proof `flask_load`: threads that submit, reply, list, read and look at the queue, and try again."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from random import Random

import attrs

API = "/careplug/api/v1/feedback"
QUEUE = "/careplug/queue"
TRIES = 40
_TOGETHER = 50
"""Requests on one connection: a new one may come to another worker."""


@attrs.define
class Heard:
    """What all clients know together. Lists and dictionaries are only added to, which threads may do."""

    cases: list[str] = attrs.field(factory=list)
    submits: dict[str, str] = attrs.field(factory=dict)
    """Keys of acknowledged submits and the ids they were told."""
    replies: dict[str, str] = attrs.field(factory=dict)
    """Keys of acknowledged replies and the cases they were said to."""
    tried: set[str] = attrs.field(factory=set)
    wrong: list[str] = attrs.field(factory=list)


class Client(threading.Thread):
    """One client. Ends when it is told to, or after ``most`` requests."""

    def __init__(self, port: int, number: int, key: str, heard: Heard, *, most: int) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.port, self.number, self.key, self.heard, self.most = port, number, key, heard, most
        self.counts: Counter[str] = Counter()
        self.chance = Random(number)
        self.over = threading.Event()
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Requests of all kinds, until it is over."""
        jobs = (self.submit, self.reply, self.list, self.read, self.queue)
        try:
            self.submit()
            while not self.over.is_set() and self.counts["requests"] < self.most:
                self.chance.choices(jobs, weights=(4, 3, 3, 3, 1))[0]()
        except Exception as error:
            self.heard.wrong.append(f"{self.name}: {error!r}")
        finally:
            self._close()

    def submit(self) -> None:
        """A new case; its subject is the key, so that the database can be asked what became of it."""
        key = f"submit {self.number} {self.counts['submits']}"
        body = {"kind": "fault", "subject": key, "body": "无法打印", "requester": f"person:customer-{self.number}"}
        self.heard.tried.add(key)
        found = self.ask("POST", API, body, key=key, good=201)
        if found is not None:
            self.heard.submits[key] = ident = json.loads(found)["id"]
            self.heard.cases.append(ident)
            self.counts["submits"] += 1

    def reply(self) -> None:
        """Words to a case of anybody's."""
        key, ident = f"reply {self.number} {self.counts['replies']}", self.chance.choice(self.heard.cases)
        if self.ask("POST", f"{API}/{ident}/replies", {"body": key}, key=key, good=200) is not None:
            self.heard.replies[key] = ident
            self.counts["replies"] += 1

    def list(self) -> None:
        """The newest open cases."""
        self.ask("GET", f"{API}?category=open&limit=25")

    def read(self) -> None:
        """A case of anybody's."""
        self.ask("GET", f"{API}/{self.chance.choice(self.heard.cases)}")

    def queue(self) -> None:
        """The page of the queue, as an engineer of the host."""
        if self.ask("GET", QUEUE, engineer=True) is not None:
            self.counts["pages"] += 1

    def ask(
        self, method: str, path: str, body: object = None, *, key: str = "", good: int = 200, engineer: bool = False
    ) -> bytes | None:
        """One request, sent again with the same key while the connection breaks or the server does; None after all tries."""
        headers = {"X-Engineer": "wang"} if engineer else {"Authorization": f"Bearer {self.key}"}
        if key:
            headers |= {"Idempotency-Key": key, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(TRIES):
            self.counts["requests"] += 1
            self.counts["again"] += attempt > 0
            try:
                status, said, replayed = self._once(method, path, data, headers)
            except (OSError, http.client.HTTPException):
                self.counts["broken_connections"] += 1
                self._close()
                time.sleep(0.05)
                continue
            self.counts["replayed"] += replayed
            if status < 500:
                if status != good:
                    self.heard.wrong.append(f"{method} {path}: {status} {said[:300]!r}")
                return said if status == good else None
            self.counts["server_errors"] += 1
            self.heard.wrong.append(f"{method} {path}: {status} {said[:300]!r}")
        self.heard.wrong.append(f"{method} {path}: no answer in {TRIES} tries")
        return None

    def _once(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, bytes, bool]:
        if self.counts["requests"] % _TOGETHER == 0:
            self._close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        return answer.status, said, answer.getheader("Idempotency-Replayed") == "true"

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
