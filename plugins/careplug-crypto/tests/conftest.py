"""What the tests of the cipher share: a Care on each database with given keys, and a look at the bytes in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.messages.directory import Parties
from careplug.ports import Address
from careplug.refs import Ref
from careplug.words import tokens

WORDS = ("欧阳振华", "Ouyang", "13912345678", "ouyang@example.cn", "泵房漏水")
"""What must not be readable where a cipher is at work."""


class House:
    """One database, opened as often as the test likes with other keys."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.boss = Actor.engineer("zhao", "admin")

    def open(self, *keys: str, block: tuple[str, ...] = ("holidays",)) -> Care:
        """A Care with these keys; without any nothing is encrypted."""
        settings = {"crypto": {"keys": keys}} if keys else {}
        clock = ManualClock(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
        return Care(self.url, settings=settings, block=block, clock=clock, environ={})

    def fresh(self, *keys: str) -> Care:
        """As ``open``, with the tables made."""
        care = self.open(*keys)
        care.upgrade()
        return care

    def fill(self, care: Care, subject: str = "泵房漏水") -> str:
        """A case with words about a person, and the person in the directory; the case's id."""
        with care.unit(actor=Actor.customer("c-17")) as unit:
            case = unit.feedback.submit(
                "fault",
                subject,
                contact_name="欧阳振华 Ouyang",
                contact_phone="13912345678",
                contact_mail="ouyang@example.cn",
                impact=2,
            )
        with care.unit(actor=self.boss) as unit:
            mail = Address("email", "ouyang@example.cn")
            unit.get(Parties).add(Ref("person", f"c-{case.number}"), name="欧阳振华", addresses=(mail,))
        return case.id

    def words(self) -> set[str]:
        """Which of ``WORDS`` stand readable in any table."""
        found = {word for word in WORDS if word in self.dump()}
        if self.url.startswith("sqlite"):
            raw = Path(self.url.removeprefix("sqlite:///")).read_bytes()
            found |= {word for word in WORDS if word.encode() in raw}
        return found

    def codes(self) -> set[str]:
        """Which of ``WORDS`` the index of words knows, by their tokens."""
        raw = self.dump().encode()
        if self.url.startswith("sqlite"):
            raw += Path(self.url.removeprefix("sqlite:///")).read_bytes()
        found = set()
        for word in ("泵房漏水", "欧阳振华"):
            made = [token[4:].encode() for token in tokens("feedback", "", [("public", word)]).split()]
            if any(code in raw for code in made if len(code) > 5):
                found.add(word)
        return found

    def dump(self) -> str:
        """Everything in careplug's tables as one text."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            tables = [t for t in _tables(engine) if t.startswith("careplug_")]
            rows = [f"{t} {row!r}" for t in tables for row in connection.execute(text(f"SELECT * FROM {t}"))]
        engine.dispose()
        return "\n".join(sorted(rows))

    def execute(self, statement: str, **values: object) -> list[tuple]:
        """Meddle with the database."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            found = connection.execute(text(statement), values)
            rows = [tuple(row) for row in found] if found.returns_rows else []
        engine.dispose()
        return rows


def _tables(engine) -> list[str]:
    from sqlalchemy import inspect

    return sorted(inspect(engine).get_table_names())


@pytest.fixture
def house(database_url):
    """An empty database of each kind."""
    return House(database_url)


@pytest.fixture
def small(new_database):
    """An empty SQLite database."""
    return House(new_database("sqlite"))
