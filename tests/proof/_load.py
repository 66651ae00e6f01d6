"""The house of the proof `flask_load`: gunicorn and a `careplug worker` on one database, watched while clients come."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from careplug import Actor, Care, Ref
from careplug.audit import verify
from careplug.criteria import Is
from careplug.feedback.entities import Feedback
from careplug.messages.entities import Message
from careplug.timeline.facts import FactRow, Personal
from careplug_flask.tokens import Tokens
from tests.housekeeping import ROOT
from tests.proof import _relay
from tests.proof._load_clients import API, Client, Heard
from tests.services import server

PLUGINS = "relay,sqlalchemy,flask"
GROWTH = 1.05
"""How much more memory a process may hold after the second half than after the first."""

_ADMIN = Actor.engineer("zhao", "admin")


@attrs.frozen(kw_only=True)
class Plan:
    """How much load: ``seconds`` of it or ``most`` requests, what comes first.

    ``steady`` asks for memory and connections that stay as they are in the second half; ``preload`` has gunicorn load the
    app, which looks at its database then, before it forks.
    """

    workers: int
    clients: int
    seconds: float
    most: int
    steady: bool
    preload: bool = False


class House:
    """A database with keys and addresses, and the processes on it."""

    def __init__(self, url: str, folder: Path, plan: Plan) -> None:
        self.url, self.folder, self.plan = url, folder, plan
        _relay.put(folder)
        # newer gunicorns put a control socket into their home
        self.environ = {**_relay.environ(folder, PLUGINS), "HOME": str(folder), "LOAD_DATABASE": url}
        self.keys = self._prepare()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def care(self) -> Care:
        """A Care of this process's own; whoever asks closes it."""
        return _relay.opened(self.url, self.folder, PLUGINS)

    def _prepare(self) -> list[str]:
        """The tables, everybody's address, messages through the relay, a key for each client."""
        keys = []
        with contextlib.closing(self.care()) as care:
            _relay.subscribe(care, _ADMIN, (f"customer-{number}" for number in range(self.plan.clients)))
            with care.unit(actor=_ADMIN) as unit:
                for number in range(self.plan.clients):
                    made = unit.get(Tokens).issue(f"{number}", Ref("person", f"wang-{number}"), roles=["engineer"])
                    keys.append(made[1])
        return keys

    def open(self) -> None:
        """Start the processes; given back once the app answers."""
        fd = self.listener.fileno()
        words = ["--workers", str(self.plan.workers), "--worker-class", "gthread", "--threads", "2"]
        words += ["--bind", f"fd://{fd}", "--keep-alive", "30", "--graceful-timeout", "20"]
        words += ["--preload"] if self.plan.preload else []
        self._start("gunicorn", ["-m", "gunicorn", *words, "tests.proof._load_app:make()"], fd)
        script = str(Path(sys.executable).with_name("careplug"))
        self._start("worker", [script, "--database", self.url, "worker", "--poll", "1"])
        self.until(lambda: len(self.workers()) == self.plan.workers and self.answers())

    def answers(self) -> bool:
        """Whether the app is there: it asks for a key."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", API)
            return connection.getresponse().status == 401
        return False

    def _start(self, name: str, words: list[str], *fds: int) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *words], env=self.environ, cwd=ROOT, stdout=log, stderr=log, pass_fds=fds
            )

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers that live, oldest first."""
        said = re.findall(r"Booting worker with pid: (\d+)", self.log("gunicorn"))
        return [pid for pid in map(int, said) if rss(pid)]

    def until(self, done: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for something; an AssertionError with the logs where it does not come."""
        end = time.monotonic() + seconds
        while not done():
            dead = [name for name, process in self.running.items() if process.poll() is not None]
            logs = "\n".join([*dead, *map(self.log, self.running)])[-4000:]
            assert not dead, logs
            assert time.monotonic() < end, logs
            time.sleep(0.05)

    def processes(self) -> dict[int, str]:
        """All that run now, by process id."""
        found = {process.pid: name for name, process in self.running.items()}
        return found | dict.fromkeys(self.workers(), "app")

    def drain(self) -> None:
        """Wait until a worker stands where the killed one was and all messages are sent."""
        with contextlib.closing(self.care()) as care:

            def left() -> int:
                with care.transaction(tenant=None, writes=False) as store:
                    groups = store.tally(Message, Is("state", "eq", "pending"))
                return int(groups[0].values[0]) if groups else 0

            # two cores under full load leave the worker behind; what is counted is that nothing is lost, not how soon
            self.until(lambda: len(self.workers()) == self.plan.workers and not left(), seconds=240)

    def close(self) -> list[str]:
        """End everything; what did not end well."""
        wrong = []
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self.running.items():
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.returncode:
                wrong.append(f"{name} ended with {process.returncode}: {self.log(name)[-500:]}")
        self.running.clear()
        self.listener.close()
        return wrong


class Watch(threading.Thread):
    """Looks every second at the memory of all processes and at the connections of the database."""

    def __init__(self, house: House) -> None:
        super().__init__(daemon=True)
        self.house = house
        self.over = threading.Event()
        self.memory: list[dict[int, int]] = []
        self.connections: list[int] = []

    def run(self) -> None:
        """Look, until it is over."""
        with counting(self.house.url) as count:
            while not self.over.wait(1.0):
                self.memory.append({pid: rss(pid) for pid in self.house.processes()})
                self.connections.append(count())

    def growth(self, half: int) -> dict[str, float]:
        """By process, its memory at the end of the second half as a multiple of that at the end of the first."""
        names, middle, end = self.house.processes(), self.memory[max(0, half - 5) : half], self.memory[-5:]
        found = {}
        for pid, name in names.items():
            before, after = ([seen[pid] for seen in part if seen.get(pid)] for part in (middle, end))
            if before and after:
                found[f"{name} {pid}"] = statistics.median(after) / statistics.median(before)
        return found


@contextlib.contextmanager
def counting(url: str) -> Iterator[Callable[[], int]]:
    """A function that counts the connections of a PostgreSQL database, from outside of it; 0 for another database."""
    if not url.startswith("postgresql"):
        yield lambda: 0
        return
    import psycopg

    found, name = server("postgresql"), urlsplit(url).path.lstrip("/")
    where = {"host": found.host, "port": found.port, "user": found.user, "password": found.password}
    with psycopg.connect(**where, dbname=found.database, autocommit=True) as connection:  # type: ignore[arg-type]
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        yield lambda: int(connection.execute(query, (name,)).fetchone()[0])  # type: ignore[index]


def rss(pid: int) -> int:
    """Kilobytes that a process holds; 0 for one that is no more, or only waits to be buried."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0


def run(url: str, folder: Path, plan: Plan) -> tuple[dict[str, object], list[str]]:
    """The figures of one load, and what was wrong."""
    house, heard = House(url, folder, plan), Heard()
    each = plan.most // plan.clients
    clients = [Client(house.port, n, key, heard, most=each) for n, key in enumerate(house.keys)]
    watch = Watch(house)
    try:
        house.open()
        half = _load(house, clients, watch, plan)
        house.drain()
        growth = watch.growth(half)
    finally:
        for thread in (*clients, watch):
            thread.over.set()
        ended = house.close()
    wrong = [*heard.wrong, *ended, *_wrong(house, heard)]
    if plan.steady:
        wrong += [f"{name} grew {value:.3f} times" for name, value in growth.items() if value > GROWTH]
        before, later = watch.connections[half - 1], watch.connections[half + (len(watch.connections) - half) // 2 :]
        # a new worker opens its second connection when two of its requests first meet: fewer is no leak, more would be
        wrong += [] if max(later) <= before else [f"connections: {before}, later {min(later)} to {max(later)}"]
    counts = sum((client.counts for client in clients), Counter())
    figures: dict[str, object] = {key: counts[key] for key in _SHOWN}
    sent = _relay.sent(folder)
    figures |= {"messages": len(sent), "sent_twice": sum(sent.values()) - len(sent), "killed": 1}
    if plan.steady:
        figures |= {"max_rss_growth": max(growth.values()), "processes": len(growth)}
        figures |= {"connections": before, "connections_later": max(later)}
        figures["max_megabytes"] = max(watch.memory[-1].values()) / 1024
    return figures, wrong


_SHOWN = ("requests", "submits", "replies", "pages", "broken_connections", "again", "replayed", "server_errors")


def _load(house: House, clients: list[Client], watch: Watch, plan: Plan) -> int:
    """The load itself, one of gunicorn's workers killed in the middle; how often was looked until then."""
    for thread in (watch, *clients):
        thread.start()
    begun = time.monotonic()
    _while(clients, begun + plan.seconds / 2, plan.most // 2)
    half = len(watch.memory)
    os.kill(house.workers()[0], signal.SIGKILL)
    _while(clients, begun + plan.seconds, plan.most)
    for thread in (watch, *clients):
        thread.over.set()
    for thread in (watch, *clients):
        thread.join(timeout=120)
        assert not thread.is_alive(), f"{thread.name} does not end"
    return half


def _while(clients: list[Client], end: float, most: int) -> None:
    """Wait for the moment or the number of requests, whichever comes first."""
    while time.monotonic() < end and any(client.is_alive() for client in clients):
        if sum(client.counts["requests"] for client in clients) >= most:
            return
        clients[0].over.wait(0.02)


def _wrong(house: House, heard: Heard) -> list[str]:
    """What the database says that it must not."""
    with contextlib.closing(house.care()) as care:
        with care.transaction(tenant=None, writes=False) as store:
            cases: list[tuple[Any, ...]] = store.pick(Feedback, ("id", "subject"))
            facts = {row.id for row in store.find(FactRow, Is("type", "eq", "replied"))}
            said = [(row.subject_id, row.values["body"][1]) for row in store.find(Personal) if row.id in facts]
            messages = store.pick(Message, ("key", "state"))
        report = verify(care)
    wrong = [] if report.whole else [report.text()]
    by_subject, by_words, sent = Counter(subject for _, subject in cases), Counter(said), _relay.sent(house.folder)
    known = {subject: ident for ident, subject in cases}
    wrong += [
        f"{key}: told {ident}, stored {known.get(key)}"
        for key, ident in heard.submits.items()
        if known.get(key) != ident
    ]
    wrong += [f"{key}: {number} cases" for key, number in by_subject.items() if number > 1 or key not in heard.tried]
    wrong += [f"{key}: {n} times" for key, ident in heard.replies.items() if (n := by_words[ident, key]) != 1]
    wrong += [f"reply {key}: {number} times" for key, number in by_words.items() if number > 1]
    wrong += [f"message {key} is {state}" for key, state in messages if state != "sent"]
    wrong += [f"message {key} sent {sent[key]} times" for key, _ in messages if sent[key] != 1]
    wrong += [] if messages else ["no messages"]
    return wrong
