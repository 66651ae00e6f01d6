"""A Care with something in it, on an embedded SQLite file: what bad input must not change."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from careplug import Actor, Care, Ref, Worker
from careplug.clock import ManualClock
from careplug.contributions import Resource
from careplug.entity import EntitySpec, FieldSpec, column
from careplug.messages.directory import Parties
from careplug.messages.entities import Message
from careplug.plugin import hookimpl
from careplug.ports import Address
from careplug.unit import CareUnit

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
"""A Monday, 10:00 in Shanghai."""

SURVEY_KEY = "k" * 32

LI = Actor.customer("li")
WANG = Actor.engineer("wang")
BOSS = Actor.engineer("zhao", "manager")
AS_MANAGER = Actor(Ref("person", "li"), frozenset({"manager"}), side="customer")
"""A customer whose role would allow everything: the side still decides."""


@attrs.frozen(kw_only=True)
class Quote:
    """A plugin's entity with an exact amount."""

    id: str
    tenant: str = ""
    number: str = column(length=20, default="")
    amount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    count: int = 0
    at: datetime | None = None
    lines: dict[str, Any] = attrs.field(factory=dict)


def plugin() -> ModuleType:
    """Two custom fields of the feedback, and an entity of its own with a resource."""

    @hookimpl
    def careplug_entities() -> tuple[Any, ...]:
        return (
            FieldSpec(name="region", type="choice", choices=("north", "south")),
            FieldSpec(name="visits", type="int"),
            EntitySpec(name="quote", cls=Quote, unique=(("number",),)),
        )

    @hookimpl
    def careplug_surfaces() -> tuple[Any, ...]:
        form = ("number", "amount", "count", "at", "lines")
        return (Resource("quotes", Quote, columns=("number",), filters=("number",), fields=form),)

    made = ModuleType("quotes")
    setattr(made, "careplug_name", "quotes")  # noqa: B010  a module has no such attribute
    setattr(made, "careplug_entities", careplug_entities)  # noqa: B010
    setattr(made, "careplug_surfaces", careplug_surfaces)  # noqa: B010
    return made


class World:
    """A folder with a database in it. Lives as long as the test module; ``scratch`` is a new folder for each row.

    ``ids``: an ``open`` case that waits for its customer, a ``solved`` and a ``merged`` one, a ``message`` that was
    sent, a ``party``; invitations that were ``asked``, ``replied`` to and ``recalled``, with their ``tokens``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "careplug.db"
        self.url = f"sqlite:///{self.file}"
        self.clock = ManualClock(START)
        self.care = self.open(self.url)
        self.care.upgrade()
        self.scratch = folder
        self.ids: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self._fill()

    def open(self, database: object, **more: Any) -> Care:
        """A Care like the world's; its storage plugin, its clock and the plugin ``quotes``."""
        environ = {"CAREPLUG_PLUGINS": "sqlalchemy"}
        settings = {"survey": {"link": "https://service.example/s", "key": SURVEY_KEY}}
        return Care(database, plugins=[plugin()], environ=environ, clock=self.clock, settings=settings, **more)

    def _fill(self) -> None:
        with self.care.unit(actor=BOSS) as unit:
            party = unit.get(Parties).add(LI.ref, name="李雷", addresses=[Address("console", "li")])
            self.ids["party"] = party.id
        with self.care.unit(actor=LI) as unit:
            cases = {
                name: unit.feedback.submit("fault", name, key=f"key-{name}") for name in ("open", "solved", "merged")
            }
        self.ids |= {name: case.id for name, case in cases.items()}
        self.numbers = {name: case.number for name, case in cases.items()}
        with self.care.unit(actor=BOSS) as unit:
            feedback = unit.feedback
            for step in ("confirm", "handle"):
                feedback.step(self.ids["solved"], step)
            feedback.step(self.ids["solved"], "resolve", measure="restarted", result="works")
            feedback.step(self.ids["merged"], "merge", into=self.ids["open"])
            feedback.step(self.ids["open"], "confirm")
            feedback.pause(self.ids["open"], "waiting_customer")
        with self.care.unit(actor=BOSS) as unit:
            for name, form in (("asked", "csat"), ("replied", "nps"), ("recalled", "ces")):
                made = unit.surveys.invite(self.ids["open"], form=form, anyway=True)
                self.ids[name] = made.id
                self.tokens[name] = unit.surveys.link(made.id).rpartition("/")[2]
            unit.surveys.withdraw(self.ids["recalled"])
            unit.surveys.answer(self.tokens["replied"], {"recommend": 9})
        Worker(self.care).run_due()
        with self.care.read(actor=BOSS) as unit:
            self.ids["message"] = unit.store.find(Message, limit=1)[0].id

    def work(self, call: Callable[[CareUnit], Any], actor: Actor = BOSS) -> Any:
        """What ``call`` gives inside a unit of the world's Care."""
        with self.care.unit(actor=actor) as unit:
            return call(unit)

    def later(self, **span: int) -> datetime:
        """An instant after now (or before it)."""
        return self.clock() + timedelta(**span)

    def write(self, name: str, text: str) -> Path:
        """A file for this row."""
        path = self.scratch / name
        path.write_text(text, encoding="utf-8")
        return path

    def counts(self) -> Mapping[str, int]:
        """The rows of every table of the database."""
        return counts(self.file)


def counts(file: Path) -> Mapping[str, int]:
    """The rows of every table in a SQLite file."""
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(names)}
