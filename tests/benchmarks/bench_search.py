"""Search over 50,000 cases beside hand-written SQL on the same index, and what the index adds to a submit.

The floors ask SQLite's FTS5 table and PostgreSQL's tsvector for one token and fetch the rows as tuples. Ours asks in two
rounds (number and subject first), tries every kind of words that the actor may find by, and gives cases with excerpts in
which the words are marked: that is most of the difference, and why there is no aim for the ratio.
The rare word stands in 50 cases, the common one in 25,000.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.feedback.entities import Feedback
from careplug.refs import new_id
from careplug.timeline.facts import Personal
from careplug.words import coded, read_query
from tests.benchmarks.bench_store import NOW, row, turns
from tests.services import database

ENGINEER = Actor.engineer("wang", "manager")
SIZE = 50_000
RARE, COMMON = "乳化", "变速箱"


@contextlib.contextmanager
def filled(name: str, folder: Path) -> Iterator[Care]:
    """A database of cases; every thousandth has the rare word, every other one the common one."""
    with database(name, folder) as url, Care(url, clock=ManualClock(NOW), block=("holidays",)) as care:
        care.upgrade()
        for start in range(0, SIZE, 1000):
            with care.transaction(tenant="") as store:
                for number in range(start, start + 1000):
                    store.add(case(number))
        with care.storage.engine.connect() as connection:  # type: ignore[attr-defined]
            connection.exec_driver_sql("ANALYZE TABLE careplug_words" if name == "mariadb" else "ANALYZE")
            connection.commit()
        yield care


def case(number: int) -> Feedback:
    """A case of about a hundred characters."""
    words = (f" {RARE}" if number % 1000 == 0 else "") + (f" {COMMON}顿挫" if number % 2 else "")
    body = f"车辆行驶 {number} 公里后出现问题，已到四S店检查，工作人员答复需要等待配件。{words}"
    return Feedback(
        id=new_id(),
        number=f"B-{number}",
        kind="fault",
        state="received",
        subject=f"客户投诉 {number}",
        body=body,
        received_at=NOW,
    )


_FLOOR = {
    "sqlite": "SELECT f.* FROM careplug_words_fts JOIN careplug_words w ON w.serial = careplug_words_fts.rowid JOIN careplug_feedback f "
    "ON f.id = w.id AND f.tenant = w.tenant WHERE careplug_words_fts MATCH ? ORDER BY careplug_words_fts.rowid DESC LIMIT 25",
    "postgresql": "SELECT f.* FROM careplug_words w JOIN careplug_feedback f ON f.id = w.id AND f.tenant = w.tenant "
    "WHERE w.words @@ %s::tsquery ORDER BY w.serial DESC LIMIT 25",
}


def floor(care: Care, name: str, word: str) -> Callable[[], list[Any]]:
    """The rows of the word's tokens, by hand."""
    groups = coded(read_query(word), "feedback", "", ("public",)).groups
    tokens = [group.tokens[0] for group in groups]
    asked = " AND ".join(f'"{each}"' for each in tokens) if name == "sqlite" else " & ".join(tokens)
    engine = care.storage.engine  # type: ignore[attr-defined]

    def ask() -> list[Any]:
        """One question."""
        with engine.connect() as connection:
            return connection.exec_driver_sql(_FLOOR[name], (asked,)).all()

    return ask


def searching(folder: Path, name: str) -> list[dict[str, object]]:
    rows = []
    with filled(name, folder) as care:
        for word in (RARE, COMMON):

            def ours(word: str = word) -> list[Any]:
                """The service's answer."""
                with care.read(actor=ENGINEER) as unit:
                    return unit.feedback.search(word, limit=25)

            by_hand = floor(care, name, word)
            assert [each[0] for each in by_hand()] == [hit.case.id for hit in ours()], "other rows"
            found = turns({"ours": ours, "bare": by_hand}, 15, 5)
            title = f"{name}, {'rare' if word == RARE else 'common'} word"
            ratio = found["ours"] / found["bare"]
            rows.append({"name": title, "ours_us": found["ours"], "floor_us": found["bare"], "ratio": ratio})
    return rows


def writing(folder: Path) -> list[dict[str, object]]:
    """A submit with the index beside one whose storage keeps none."""
    desks = {}
    for kind in ("ours", "bare"):
        care = desks[kind] = Care(f"sqlite:///{folder}/{kind}.db", clock=ManualClock(NOW), block=("holidays",))
        with care.read(actor=ENGINEER) as unit:
            unit.feedback.find(limit=1)
    for cls in (Feedback, Personal):
        desks["bare"].storage._prepared().mapper(cls).index = None  # type: ignore[attr-defined]

    def submit(care: Care) -> None:
        with care.unit(actor=ENGINEER) as unit:
            unit.feedback.submit("fault", "打印机坏了", "三个窗口同时无法打印，提示驱动异常。", contact_name="李雷")

    found = turns({kind: (lambda care=care: submit(care)) for kind, care in desks.items()}, 15, 20)
    for care in desks.values():
        care.close()
    return [row("submit on SQLite, beside the same without an index", found["ours"], found["bare"], 1.25)]


def run() -> list[dict[str, object]]:
    """All rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*searching(place, "sqlite"), *searching(place, "postgresql"), *writing(place)]
