"""What the tests of the service side's pages share: an app whose clock stands, clients, forms as a browser reads them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import attrs
from flask import Flask
from sqlalchemy import event

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.refs import SYSTEM
from careplug.storage.files import MemoryFiles
from careplug_flask import Careplug
from careplug_flask.testing import client

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""A Monday, ten o'clock in Shanghai."""

LI, WANG = Actor.customer("li"), Actor.engineer("wang")
BOSS = Actor.engineer("zhao", "manager")


class Forms(HTMLParser):
    """The forms of a page: by address, what a browser would send; and the words one reads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.words: list[str] = []
        self._form: dict[str, str] | None = None
        self._name = self._skipped = ""
        self._buttons: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Take fields into the form they stand in."""
        told = {key: value or "" for key, value in attrs}
        if tag in ("style", "script"):
            self._skipped = tag
        if tag == "form":
            self._form = self.forms.setdefault(told.get("action", ""), {})
        elif tag == "button" and "formaction" in told and self._form is not None:
            self.forms[told["formaction"]] = self._form
        elif self._form is None or "name" not in told:
            if tag == "option" and self._form is not None and self._name:
                self._form.setdefault(self._name, told["value"])
                if "selected" in told:
                    self._form[self._name] = told["value"]
        elif tag in ("select", "textarea"):
            self._name = told["name"]
            if tag == "textarea":
                self._form[self._name] = ""
        elif told.get("type") in ("radio", "checkbox"):
            if "checked" in told:
                self._form[told["name"]] = told["value"]
        elif told.get("type") != "file":
            self._form[told["name"]] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Leave what ended."""
        if tag == self._skipped:
            self._skipped = ""
        if tag in ("select", "textarea"):
            self._name = ""
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        """Keep the words; those of a text area are its value."""
        if (
            self._form is not None
            and self._name in self._form
            and (self.get_starttag_text() or "").startswith("<textarea")
        ):
            self._form[self._name] = data
        if data.strip() and not self._skipped:
            self.words.append(data.strip())

    @property
    def text(self) -> str:
        """Everything that can be read."""
        return " ".join(self.words)


@attrs.define
class Desk:
    """An app, its clock, and clients that act as somebody."""

    app: Flask
    care: Care
    clock: ManualClock

    def client(self, actor: Actor | None = WANG, language: str = "en") -> Any:
        """A client that acts as somebody."""
        return client(self.app, actor, language=language)

    def submit(self, subject: str = "Printer stands still", kind: str = "fault", **told: Any) -> Any:
        """A case of the customer's."""
        with self.care.unit(actor=LI) as unit:
            return unit.feedback.submit(kind, subject, **{"impact": 2, "urgency": 2, **told})

    def case(self, number: str) -> Any:
        """A case as it is stored now."""
        with self.care.read(actor=SYSTEM) as unit:
            return unit.feedback.by_number(number)

    def facts(self, number: str) -> list[str]:
        """The types of a case's facts."""
        with self.care.read(actor=SYSTEM) as unit:
            return [fact.type for fact in unit.feedback.facts(unit.feedback.by_number(number).id)]

    def page(self, number: str, actor: Actor = WANG, language: str = "en") -> Forms:
        """The page of a case as somebody sees it."""
        response = self.client(actor, language).get(f"/careplug/cases/{number}")
        assert response.status_code == 200, response.get_data(as_text=True)
        return Forms(response.get_data(as_text=True))

    def send(self, number: str, path: str, actor: Actor = WANG, language: str = "en", **typed: str) -> Any:
        """Fill in a form of the page of a case, and send it."""
        address = f"/careplug/cases/{number}/{path}"
        sent = {**self.page(number, actor, language).forms.get(address, {}), **typed}
        return self.client(actor, language).post(address, data=sent)

    @contextlib.contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL that is run meanwhile."""
        seen: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
            """Remember one."""
            seen.append(statement)

        engine = self.care.storage.engine  # type: ignore[attr-defined]
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)


def make(folder: Any, *plugins: Any) -> Desk:
    """A desk on a SQLite file of its own."""
    app, clock = Flask("desk"), ManualClock(START)
    app.secret_key, app.testing = "secret", True
    app.config["CAREPLUG_DATABASE"] = f"sqlite:///{folder / 'desk.db'}"
    extension = Careplug(app, clock=clock, plugins=plugins, files=MemoryFiles())
    with app.app_context():
        care = extension.care
        care.upgrade()
    return Desk(app, care, clock)


def writes(statements: list[str]) -> list[str]:
    """Those that change something."""
    return [each for each in statements if re.match(r"\s*(INSERT|UPDATE|DELETE|REPLACE)", each, re.IGNORECASE)]


__all__ = ["BOSS", "LI", "START", "WANG", "Desk", "Forms", "make", "writes"]
