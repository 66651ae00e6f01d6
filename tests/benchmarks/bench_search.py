"""Search over 50,000 cases beside SQL by hand that gives the same rows out, and what the index adds to a submit.

The floors ask the same index in one statement: by every kind of words that the actor may find by, what stands in number or
subject first, the same columns of the same 25 cases in the same order, as tuples. What they leave out: permissions, reading
the question, and making cases of the rows. A page marks the words in every case, which no SQL does; the rows that say
so have no aim. The rare word stands in 50 cases, the common one in 25,000.
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
from careplug.words import ACCESS, coded, read_query
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


_HITS = (
    "SELECT * FROM (SELECT {head} AS head, w.serial, w.source, w.source_id, w.tenant, w.id FROM {index} WHERE {match} "
    "AND w.entity = 'feedback' AND w.tenant = '' ORDER BY {place} DESC LIMIT 25) AS hits_{head}"
)
_INDEXES = {
    "sqlite": {
        "index": "careplug_words_fts JOIN careplug_words w ON w.serial = careplug_words_fts.rowid",
        "match": "careplug_words_fts MATCH ?",
        "place": "careplug_words_fts.rowid",
    },
    "postgresql": {"index": "careplug_words w", "match": "w.words @@ %s::tsquery", "place": "w.serial"},
}


def floor(care: Care, name: str, word: str) -> Callable[[], list[Any]]:
    """The cases of a word by hand: head, serial, source, its id, and the columns of the case."""
    columns = ", ".join(f"f.{each}" for each in care.storage._prepared().mapper(Feedback).codec.names)  # type: ignore[attr-defined]
    hits = " UNION ALL ".join(_HITS.format(head=head, **_INDEXES[name]) for head in (1, 0))
    statement = (
        f"SELECT hit.head, hit.serial, hit.source, hit.source_id, {columns} FROM (SELECT * FROM ({hits}) AS each_hit "
        "ORDER BY head DESC, serial DESC LIMIT 25) AS hit JOIN careplug_feedback f ON f.id = hit.id AND f.tenant = hit.tenant"
    )
    one, every = ("{}", " | ") if name == "postgresql" else ('"{}"', " OR ")
    both = " & " if name == "postgresql" else " AND "
    asked = [
        both.join(f"({every.join(one.format(token) for token in group.tokens)})" for group in groups)
        for groups in (coded(read_query(word), "feedback", "", kinds).groups for kinds in (("head",), ACCESS))
    ]
    engine = care.storage.engine  # type: ignore[attr-defined]

    def ask() -> list[Any]:
        """One question."""
        with engine.connect() as connection:
            rows = list(connection.exec_driver_sql(statement, tuple(asked)).all())
            connection.commit()
            return rows

    return ask


def searching(folder: Path, name: str) -> list[dict[str, object]]:
    """The service's answer, without and with all its marks, beside the floor."""
    rows = []
    with filled(name, folder) as care:
        for kind, word in (("rare", RARE), ("common", COMMON)):

            def ours(word: str = word) -> list[Any]:
                """The service's answer."""
                with care.read(actor=ENGINEER) as unit:
                    return unit.feedback.search(word, limit=25)

            def marked() -> list[Any]:
                """The same as a page shows it."""
                return [(each.number, each.subject, each.excerpts) for each in ours()]

            by_hand = floor(care, name, word)
            assert [each[4] for each in by_hand()] == [hit.case.id for hit in ours()], "other rows"
            found = turns({"ours": ours, "marked": marked, "bare": by_hand}, 15, 5)
            rows.append(row(f"{name}, {kind} word", found["ours"], found["bare"], 2.0))
            shown = {"ours_us": found["marked"], "floor_us": found["bare"], "ratio": found["marked"] / found["bare"]}
            rows.append({"name": f"{name}, {kind} word, all marked", **shown})
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
