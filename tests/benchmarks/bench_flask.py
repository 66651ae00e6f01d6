"""The API and the pages of careplug-flask beside bare Flask apps on the same tables.

The floors stand in `tests/benchmarks/flask_floors.py`. Both are called as a server calls them (WSGI, no network and no test
client, which would be in both figures). The list is asked with a key and goes through everything that a request goes
through: key, limit, permissions, headers. The aim is beside a floor on SQLAlchemy that looks at no key; `ratio with key` is beside
one that does, `ratio to driver` beside one on the bare driver. Limits are set so high that they are counted and never
reached.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import create_environ

from careplug import Actor, Ref
from careplug_flask import Careplug
from careplug_flask.tokens import Tokens
from tests.benchmarks import flask_floors, store_floors
from tests.benchmarks.bench_store import row, turns
from tests.housekeeping import ROOT
from tests.services import _trouble, database

API = "/careplug/api/v1/feedback"
BODY = {
    "kind": "fault",
    "subject": "打印机坏了",
    "body": "无法打印",
    "requester": "person:li",
    "contact_name": "李雷",
    "impact": 2,
    "urgency": 2,
}
ADMIN = Actor.engineer("zhao", "admin")
ENGINEER = Actor.engineer("wang")
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
QUEUE_STATEMENTS = 12
SIZES = (10_000, 100_000)


def asker(app: Flask, path: str, *, key: str = "", body: object = None) -> Callable[[], tuple[int, bytes]]:
    """A function that sends one request as a server does and gives back status and body."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if body is None:
        data, base = b"", create_environ(path, headers=headers)
    else:
        data = json.dumps(body).encode()
        base = create_environ(path, method="POST", data=data, content_type="application/json", headers=headers)

    def ask() -> tuple[int, bytes]:
        """One request."""
        heard: list[str] = []
        answer = app({**base, "wsgi.input": io.BytesIO(data)}, lambda status, *_: heard.append(status))
        try:
            return int(heard[0][:3]), b"".join(answer)
        finally:
            answer.close()  # type: ignore[attr-defined]

    return ask


class Host:
    """A host's app with careplug on it, the floor on the same database, and a key for both."""

    def __init__(self, url: str) -> None:
        self.app = Flask("host")
        self.app.secret_key = "a bench's"
        most = "100000000 per minute"
        limits = dict.fromkeys(("api", "submit", "link", "login"), most)
        self.app.config.update(CAREPLUG_DATABASE=url, CAREPLUG_RATE_LIMITS=limits)
        careplug = Careplug(self.app, block=("holidays",))
        careplug.actor_loader(lambda: ENGINEER)
        self.care = careplug.state_of(self.app).care
        self.care.upgrade()
        with self.care.unit(actor=ADMIN) as unit:
            self.key = unit.get(Tokens).issue("bench", Ref("person", "wang"), roles=["engineer"])[1]
        bound = self.care.storage._prepared()
        self.tables = {mapper.codec.spec.name: mapper.table for mapper in bound.mappers.values()}
        self.engine = self.care.storage.engine
        self.submit = asker(self.app, API, key=self.key, body=BODY)
        for _ in range(2):  # the first one fills caches
            status, said = self.submit()
            assert status == 201, said
        case = json.loads(said)
        self.number = case["number"]
        with self.engine.connect() as connection:
            self.pattern = store_floors.Pattern(connection, self.tables, case["id"])
        number = bound.number
        self.bare = flask_floors.bare(
            self.engine, lambda: store_floors.submit_core(self.engine, self.tables, number, self.pattern)
        )
        query = "?category=open&limit=25"
        self.list = asker(self.app, API + query, key=self.key)
        self.bare_list = asker(self.bare, f"/bare{query}")
        self.keyed_list = asker(self.bare, f"/keyed{query}", key=self.key)
        self.driver_list = asker(self.bare, f"/driver{query}")
        self.bare_submit = asker(self.bare, "/bare", body=BODY)

    def page(self, endpoint: str, **values: str) -> Callable[[], tuple[int, bytes]]:
        """A page as the engineer sees it."""
        with self.app.test_request_context():
            from flask import url_for

            return asker(self.app, url_for(endpoint, **values))

    def fill(self, count: int) -> None:
        """Add ``count`` open cases by SQL, each a copy of the real one, a minute apart, each with its deadlines."""
        for start in range(0, count, 1000):
            rows: dict[str, list[dict[str, Any]]] = {name: [] for name in store_floors.ORDER}
            for number in range(start, min(count, start + 1000)):
                at = START + timedelta(minutes=number)
                for name, part in self.pattern.copy(at + timedelta(days=400)).items():
                    rows[name] += [{**each, "received_at": at} for each in part] if name == "feedback" else part
            with store_floors.begin(self.engine) as connection:
                for name in store_floors.ORDER:
                    if name != "message" and rows[name]:
                        connection.execute(self.tables[name].insert(), rows[name])
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")

    def count(self, table: str) -> int:
        """Rows of a table."""
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM careplug_{table}").scalar_one())

    def statements(self, job: Callable[[], object]) -> int:
        """How many statements a job sends, the ends of transactions aside."""
        seen: list[str] = []

        def note(connection: object, cursor: object, statement: str, *_: object) -> None:
            if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
                seen.append(statement)

        event.listen(self.engine, "before_cursor_execute", note)
        try:
            job()
        finally:
            event.remove(self.engine, "before_cursor_execute", note)
        return len(seen)

    def close(self) -> None:
        """Give the database back."""
        self.care.close()


def same_list(host: Host) -> int:
    """How many cases both lists gave; an AssertionError where they differ in anything."""
    ours, theirs, *others = map(said, (host.list, host.bare_list, host.keyed_list, host.driver_list))
    assert ours["items"] == theirs["items"], "the floor's list has other rows or fields"
    assert others == [theirs, theirs]
    assert (ours["next"] is None) == (theirs["next"] is None)
    return len(ours["items"])


def said(job: Callable[[], tuple[int, bytes]]) -> dict[str, Any]:
    """What a list answered, its instants read."""
    status, body = job()
    assert status == 200, body
    page: dict[str, Any] = json.loads(body)
    for item in page["items"]:
        for name, value in item.items():
            if name.endswith("_at") and value is not None:
                item[name] = datetime.fromisoformat(value)
    return page


def same_submit(host: Host) -> dict[str, int]:
    """How many rows of each table a submit wrote; an AssertionError where the floor writes others."""
    written = []
    for job in (host.submit, host.bare_submit):
        before = {name: host.count(name) for name in host.tables}
        status, answer = job()
        assert status == 201, answer
        written.append({name: n for name in host.tables if (n := host.count(name) - before[name])})
    assert written[0] == written[1], f"the floor writes other rows: {written}"
    return written[0]


def listing(host: Host, size: int, where: str, *, rounds: int = 21, each: int = 20) -> list[dict[str, object]]:
    """The list beside both floors."""
    assert same_list(host) == 25
    jobs = {"ours": host.list, "bare": host.bare_list, "keyed": host.keyed_list, "driver": host.driver_list}
    found = turns(jobs, rounds, each)
    more = {
        "ratio_with_key": round(found["ours"] / found["keyed"], 2),
        "ratio_to_driver": round(found["ours"] / found["driver"], 2),
    }
    return [row(f"API list of 25 over {size:,}, {where}", found["ours"], found["bare"], 1.6, **more)]


def submitting(host: Host, where: str, *, rounds: int = 15, each: int = 20) -> list[dict[str, object]]:
    """A submit beside the same rows written with Core."""
    same_submit(host)
    found = turns({"ours": host.submit, "bare": host.bare_submit}, rounds, each)
    ratio = round(found["ours"] / found["bare"], 2)
    return [
        {"name": f"API submit, {where}", "ours_us": found["ours"], "floor_us": found["bare"], "ratio": ratio},
    ]


def pages(host: Host, size: int, where: str, *, rounds: int = 11, each: int = 5) -> list[dict[str, object]]:
    """The queue and a case as an engineer sees them."""
    found: list[dict[str, object]] = []
    for title, endpoint, values, wanted in (
        ("queue page", "careplug.queue", {}, 5),
        ("case page", "careplug.case", {"number": host.number}, 1),
    ):
        ask = host.page(endpoint, **values)
        status, body = ask()
        assert status == 200, body
        shown = len(set(re.findall(rb"/careplug/cases/([\w-]+)", body)))
        assert shown >= wanted, f"the {title} shows {shown} cases"
        count = host.statements(ask)
        time_us = turns({"ours": ask}, rounds, each)["ours"]
        line: dict[str, object] = {"name": f"{title} over {size:,}, {where}", "ours_us": time_us, "statements": count}
        if endpoint == "careplug.queue":
            line |= {"aim": f"statements ≤ {QUEUE_STATEMENTS}", "met": count <= QUEUE_STATEMENTS}
        found.append(line)
    return found


_FIRST = """
answer = app.test_client().get(sys.argv[2], headers={"Authorization": "Bearer " + sys.argv[3]})
assert answer.status_code == 200, answer.get_data()
"""
_START = f"""
import sys
from flask import Flask
from careplug_flask import Careplug
app = Flask("host")
app.secret_key = "a bench's"
app.config["CAREPLUG_DATABASE"] = sys.argv[1]
Careplug(app)
{_FIRST}"""
_START_BARE = f"""
import sys
import sqlalchemy
from tests.benchmarks import flask_floors
app = flask_floors.bare(sqlalchemy.create_engine(sys.argv[1]), dict)
{_FIRST}"""


def starting(host: Host, url: str, *, rounds: int = 11) -> list[dict[str, object]]:
    """A fresh process until it has answered its first list; and the import alone, beside that of Flask and SQLAlchemy."""
    query = "?category=open&limit=25"
    ours, bare = [url, API + query, host.key], [url, f"/keyed{query}", host.key]
    jobs: dict[str, Callable[[], object]] = {
        "ours": lambda: fresh(_START, *ours),
        "bare": lambda: fresh(_START_BARE, *bare),
        "import": lambda: fresh("from careplug_flask import Careplug"),
        "bare import": lambda: fresh("import flask, sqlalchemy"),
    }
    found = turns(jobs, rounds, 1)
    names = (("app start and first list", "ours", "bare"), ("the import alone", "import", "bare import"))
    return [
        {
            "name": f"{name}, a new process",
            "ours_us": found[mine],
            "floor_us": found[theirs],
            "ratio": round(found[mine] / found[theirs], 2),
        }
        for name, mine, theirs in names
    ]


def fresh(code: str, *words: str) -> None:
    """Run code in an interpreter of its own."""
    subprocess.run([sys.executable, "-c", code, *words], check=True, cwd=ROOT)


def everything(url: Callable[[int], str], where: str, sizes: Sequence[int] = SIZES) -> list[dict[str, object]]:
    """All rows of one kind of database; what is to be flat is measured on both sizes in turns."""
    rows: list[dict[str, object]] = []
    with contextlib.ExitStack() as stack:
        places = [url(size) for size in sizes]
        hosts = [stack.enter_context(contextlib.closing(Host(place))) for place in places]
        rows += submitting(hosts[0], where)
        for host, size in zip(hosts, sizes, strict=True):
            host.fill(size)
            rows += listing(host, size, where)
            rows += pages(host, size, where)
        rows += flat("API list", [host.list for host in hosts], sizes, where)
        rows += flat("queue page", [host.page("careplug.queue") for host in hosts], sizes, where)
        if where == "SQLite":
            rows += starting(hosts[0], places[0])
    return rows


def flat(name: str, jobs: Sequence[Callable[[], object]], sizes: Sequence[int], where: str) -> list[dict[str, object]]:
    """That the larger database takes no longer than the smaller one."""
    small, large = jobs
    found = turns({"small": small, "large": large}, 21, 10)
    title = f"{name}, {sizes[1]:,} beside {sizes[0]:,}, {where}"
    return [row(title, found["large"], found["small"], 1.2)]


def run() -> list[dict[str, object]]:
    """All rows of the table: SQLite, and PostgreSQL where there is one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = everything(lambda size: f"sqlite:///{folder / str(size)}.db", "SQLite")
        if _trouble("postgresql"):
            return rows
        with contextlib.ExitStack() as stack:
            rows += everything(lambda _: stack.enter_context(database("postgresql", folder)), "PostgreSQL")
        return rows
