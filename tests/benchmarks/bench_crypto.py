"""Storing and reading cases with their personal columns encrypted (careplug-crypto) beside the same without.

Five personal texts a case. A page is 25 whole cases; the queue shows one encrypted text a line. Encrypted words are in no
search index: what that saves when a case is stored is part of the ratio.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.queue import queue
from careplug_crypto.api import FernetCipher, new_key
from tests.benchmarks.bench_store import turns

LI, WANG = Actor.customer("li"), Actor.engineer("wang", "manager")
NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
PLACE = "feedback.subject:01a21dd7-8f57-7000-8513-48b66dacb483"


class Desk:
    """A careplug on a SQLite file, encrypted or not."""

    def __init__(self, path: Path, keys: tuple[str, ...]) -> None:
        settings = {"crypto": {"keys": keys}} if keys else {}
        self.care = Care(
            f"sqlite:///{path}", clock=ManualClock(NOW), block=("holidays",), settings=settings, environ={}
        )
        for _ in range(60):
            self.submit()

    def submit(self) -> None:
        who = {"contact_name": "李雷", "contact_phone": "13900000000", "contact_mail": "li@example.test"}
        with self.care.unit(actor=LI) as unit:
            unit.feedback.submit("fault", "打印机坏了", "从周一起无法打印", **who)

    def page(self) -> None:
        with self.care.read(actor=WANG) as unit:
            unit.feedback.find(limit=25)

    def queue(self) -> None:
        with self.care.read(actor=WANG) as unit:
            queue(unit)


def run() -> list[dict[str, object]]:
    """The ratios, and what one value costs."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        sealed = Desk(Path(folder) / "sealed.db", (new_key(),))
        plain = Desk(Path(folder) / "plain.db", ())
        for name, what, each in (("submit", "submit", 10), ("page", "page of 25 cases", 5), ("queue", "queue page", 5)):
            found = turns({"ours": getattr(sealed, name), "plain": getattr(plain, name)}, 15, each)
            ratio = round(found["ours"] / found["plain"], 2)
            rows.append({"name": what, "ours_us": found["ours"], "floor_us": found["plain"], "ratio": ratio})
        sealed.care.close()
        plain.care.close()
    cipher = FernetCipher((new_key(),))
    stored = cipher.seal("打印机坏了", PLACE)
    found = turns(
        {"seal": lambda: cipher.seal("打印机坏了", PLACE), "open": lambda: cipher.open(stored, PLACE)}, 15, 200
    )
    rows += [{"name": f"{name} one text", "ours_us": value} for name, value in found.items()]
    return rows
