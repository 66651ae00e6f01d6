"""Apps, people, cases and a client whose every answer is held against the OpenAPI document."""

from __future__ import annotations

import functools
import io
import json
import re
from datetime import UTC, datetime
from typing import Any, Self

import attrs
import jsonschema
from flask import Flask
from flask.testing import FlaskClient
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from sqlalchemy import event
from werkzeug.test import TestResponse

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.refs import Ref
from careplug.storage.files import MemoryFiles
from careplug_flask import Careplug
from careplug_flask.rest.openapi import document
from careplug_flask.state import KEY, State
from careplug_flask.testing import client
from careplug_flask.tokens import Tokens

API = "/careplug/api/v1"
MONDAY = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""

LI = Actor.customer("li")
CHEN = Actor.customer("chen")
WANG = Actor.engineer("wang")
ZHAO = Actor(Ref("person", "zhao"), frozenset({"manager"}))
ROOT = Actor(Ref("person", "root"), frozenset({"admin"}))
QIAN = Actor(Ref("person", "qian"), frozenset({"engineer"}))
"""An engineer of the tenant ``north``; the others are of the one without a name."""

FILES = MemoryFiles()
"""The files of the seeded database; each house gets a copy."""

SURVEY = {"survey": {"link": "http://localhost/careplug/survey", "key": "a key of the tests, long enough"}}
"""Where the pages of surveys are, and what signs their links."""

WIDE = {
    "api": "1000000 per minute",
    "submit": "1000000 per minute",
    "act": "1000000 per minute",
    "link": "1000000 per minute",
}


def make_app(storage: object = None, extension: Careplug | None = None, *, fresh: bool = True, **config: Any) -> Flask:
    """A host's app with careplug on it; ``config`` are its settings, ``CAREPLUG_`` before them. Tables are made unless not ``fresh``."""
    app = Flask("host")
    app.secret_key = "a secret of the tests"
    app.testing = True
    app.config.update({f"CAREPLUG_{name.upper()}": value for name, value in {"rate_limits": WIDE, **config}.items()})
    made = extension or Careplug(clock=ManualClock(MONDAY), files=FILES, settings=SURVEY)
    made.init_app(app, storage=storage)
    if fresh:
        care_of(app).upgrade()
    return app


def state_of(app: Flask) -> State:
    return app.extensions[KEY]


def care_of(app: Flask) -> Care:
    return state_of(app).care


@attrs.frozen
class Seen:
    """The ids of what the seeded database holds."""

    fresh: str
    """Li's, received: SECRET stands in subject and body."""
    busy: str
    """Li's, being handled, with replies, a note, an attachment and an open pause."""
    done: str
    other: str
    """Chen's."""
    north: str
    """Of the tenant north."""
    numbers: dict[str, str]
    attachment: str
    party: str
    message: str


SECRET, CHENS = "ZEBRA", "GIRAFFE"
"""Words that stand in everything that is written on Li's cases and on Chen's, and in no answer of a refusal."""


def seed(app: Flask) -> Seen:
    """Cases in several states, with everything on them that can be read."""
    care = care_of(app)
    files = care.setup.files
    with care.unit(actor=LI) as unit:
        fresh = unit.feedback.submit("fault", f"{SECRET} one", f"{SECRET} body", impact=1, urgency=1)
        busy = unit.feedback.submit("question", f"{SECRET} two", f"{SECRET} body")
        done = unit.feedback.submit("complaint", f"{SECRET} three")
    with care.unit(actor=CHEN) as unit:
        other = unit.feedback.submit("alarm", f"{CHENS} four", f"{CHENS} body")
    with care.unit(actor=QIAN, tenant="north") as unit:
        north = unit.feedback.submit("fault", "OKAPI five")
    stored = files.put(io.BytesIO(b"what it said"), name="screen.txt", media_type="text/plain", tenant="")
    with care.unit(actor=WANG) as unit:
        for case in (busy, done):
            unit.feedback.step(case.id, "confirm")
            unit.feedback.step(case.id, "dispatch", assignee=Ref("person", "wang"))
            unit.feedback.reply(case.id, f"{SECRET} answer")
        unit.feedback.note(busy.id, f"{SECRET} note")
        unit.feedback.pause(busy.id, "waiting_customer")
        attachment = unit.feedback.attach(busy.id, stored)
    with care.unit(actor=ZHAO) as unit:
        unit.feedback.override(done.id, "closed", reason="settled by phone")
        party = unit.get(_parties()).add(Ref("person", "li"), name="Li Na")
    with care.read(actor=ZHAO) as unit:
        message = unit.messages.find(limit=1)
        cases = {case.id: case.number for case in unit.feedback.find(limit=100)}
    with care.read(actor=QIAN, tenant="north") as unit:
        cases |= {case.id: case.number for case in unit.feedback.find()}
    return Seen(
        fresh=fresh.id,
        busy=busy.id,
        done=done.id,
        other=other.id,
        north=north.id,
        numbers=cases,
        attachment=attachment.id,
        party=party.id,
        message=message[0].id,
    )


def _parties() -> Any:
    from careplug.messages.directory import Parties

    return Parties


def surveyed(care: Care, case: str) -> dict[str, str]:
    """Surveys about a case: ``invitation`` can be answered by ``token``, ``answered`` was by ``used``: ``response``."""
    with care.unit(actor=ZHAO) as unit:
        invitation = unit.surveys.invite(case, form="csat", anyway=True)
        answered = unit.surveys.invite(case, form="opinion", anyway=True)
        links = [unit.surveys.link(each.id).rpartition("/")[2] for each in (invitation, answered)]
        response = unit.surveys.answer(links[1], {"overall": "satisfied", "contact": "somebody"})
    return {
        "invitation": invitation.id,
        "answered": answered.id,
        "token": links[0],
        "used": links[1],
        "response": response.id,
    }


def improvements(care: Care) -> dict[str, str]:
    """An ``improvement`` that is planned, and one that was carried out: ``improved``."""
    with care.unit(actor=ZHAO) as unit:
        planned = unit.surveys.plan_improvement("Come in time", form="csat", owner=WANG.ref)
        done = unit.surveys.plan_improvement("Call first", form="opinion")
        done = unit.surveys.improvement_done(done.id, expected=done.version, result="The hotline calls")
    return {"improvement": planned.id, "improved": done.id}


class House:
    """One app on one database, and clients of it."""

    def __init__(
        self, storage: object, seen: Seen | None = None, *, files: Any = None, plugins: Any = (), **config: Any
    ) -> None:
        self.now = MONDAY
        self.files = files or MemoryFiles()
        self.app = make_app(
            storage,
            Careplug(clock=lambda: self.now, files=self.files, plugins=plugins, settings=SURVEY),
            fresh=seen is None,
            **config,
        )
        self.care = care_of(self.app)
        self.seen: Any = seen
        self.reset()

    def reset(self) -> None:
        """The files and the time as they were at first."""
        self.now = MONDAY
        self.files._kept = dict(FILES._kept)

    def api(self, actor: Actor | None = ZHAO, *, tenant: str = "", language: str = "en") -> Api:
        """A client of the API that acts as somebody."""
        return Api(self.app, client(self.app, actor, tenant=tenant, language=language))

    def close(self) -> None:
        self.care.close()


class Api:
    """A client of the API. What is answered must be what the document says: status, media type, schema."""

    def __init__(self, app: Flask, http: FlaskClient) -> None:
        self.app = app
        self.http = http

    def __call__(self, method: str, path: str, **more: Any) -> TestResponse:
        """One request below the API, its answer checked."""
        answer = self.http.open(path if path.startswith("/careplug") else API + path, method=method, **more)
        conforms(self.app, method, answer)
        return answer

    def get(self, path: str, **more: Any) -> TestResponse:
        return self("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self("POST", path, **({"json": json} if json is not None else {}), **more)

    def patch(self, path: str, json: Any, tag: str | None = None, **more: Any) -> TestResponse:
        return self("PATCH", path, json=json, headers={"If-Match": tag} if tag else {}, **more)

    def submit(self, **more: Any) -> dict[str, Any]:
        made = self.post("/feedback", {"kind": "fault", "subject": "It does not open", **more})
        assert made.status_code == 201, made.text
        return made.get_json()


@functools.cache
def spoken(app: Flask, language: str = "en") -> dict[str, Any]:
    """The OpenAPI document of an app."""
    with app.test_request_context(f"{API}/openapi.json"):
        return json.loads(json.dumps(document(state_of(app), language)))


@functools.cache
def _validators(app: Flask) -> Any:
    said = spoken(app)
    whole = Resource.from_contents(said, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:api", whole)

    @functools.cache
    def validator(pointer: str) -> jsonschema.Draft202012Validator:
        return jsonschema.Draft202012Validator(
            {"$ref": f"urn:api{pointer}"}, registry=registry, format_checker=jsonschema.FormatChecker()
        )

    return validator


def operation_of(app: Flask, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The path of the document that a path of a request is, with its operation; None where there is none."""
    below = path.removeprefix(API).rstrip("/") or "/"
    paths = spoken(app)["paths"]
    found = [each for each in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), below)]
    best = min(found, key=lambda each: each.count("{"), default="")
    operation = paths.get(best, {}).get(method.lower())
    return (best, operation) if operation else None


def conforms(app: Flask, method: str, answer: TestResponse) -> None:
    """The answer is one that the document tells of: its status, its media type, its body."""
    known = operation_of(app, "GET" if method == "HEAD" else method, answer.request.path)
    if known is None:
        assert answer.status_code in (204, 404, 405) or answer.request.path.endswith("/openapi.json")
        return
    _, operation = known
    said = operation["responses"].get(str(answer.status_code))
    assert said is not None, f"{operation['operationId']} does not tell of {answer.status_code}: {answer.text[:200]}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for name, header in said.get("headers", {}).items():
        assert header["description"], name
    if answer.status_code == 304 or method == "HEAD":
        assert answer.data == b""
        return
    ((media, content),) = said["content"].items()
    assert answer.mimetype == media
    if "$ref" in content["schema"]:
        _validators(app)(content["schema"]["$ref"]).validate(answer.get_json(force=True))


def facts(house: House, ident: str, tenant: str = "") -> int:
    """How many facts a case has."""
    with house.care.read(actor=ROOT, tenant=tenant) as unit:
        return len(unit.feedback.facts(ident))


class Statements:
    """The statements that an engine executes while this is active."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.all: list[str] = []

    def __enter__(self) -> Self:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.all.append(statement)

    def writes(self) -> list[str]:
        """Those that could change something: all but SELECT, PRAGMA that asks, and what begins and ends a transaction."""
        harmless = re.compile(
            r"\s*(SELECT|WITH|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET TRANSACTION|START)\b", re.IGNORECASE
        )
        return [each for each in self.all if not harmless.match(each) or "FOR UPDATE" in each]


def key(app: Flask, actor: Actor = ROOT, *, roles: tuple[str, ...] = ("admin",), tenant: str = "") -> str:
    """The text of a new key to the API."""
    with care_of(app).unit(actor=ROOT, tenant=tenant) as unit:
        return unit.get(Tokens).issue("a program", actor.ref, roles=roles)[1]
