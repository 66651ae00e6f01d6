"""What a restore finds in its database, and how far an earlier one came: kept in the database itself.

Each chunk is one transaction, and an idempotency key of that transaction says so: a restore that was interrupted goes on
behind the last one, without a row twice. The keys are taken away when all is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from careplug.criteria import All, Criteria, Is, Not
from careplug.definitions import Definition, Stamp
from careplug.errors import Conflict
from careplug.feedback.entities import RequestKey
from careplug.ports import Transaction
from careplug.refs import new_id
from careplug.tasks import JobRow, again
from careplug.transfer.manifest import Chunk
from careplug.transfer.source import JOURNAL

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Journal", "counts", "holdings"]

_BEGUN = "begun"
_OURS = Is("source", "eq", JOURNAL)
_MADE_BY_ITSELF: tuple[tuple[type, Criteria | None], ...] = (
    (Definition, Is("source", "eq", "seed")),
    (Stamp, None),
    (JobRow, None),
)
"""What careplug puts into a database that nobody has used yet."""


def counts(care: Care, store: Transaction) -> dict[str, int]:
    """How many rows of each entity there are, in all tenants, without those of the journal."""
    found = {}
    for name, spec in care.setup.entities.items():
        lines = store.tally(spec.cls, Not(_OURS) if spec.cls is RequestKey else None)
        found[name] = int(lines[0].values[0]) if lines else 0
    return found


def holdings(care: Care, store: Transaction) -> dict[str, int]:
    """What the database holds beyond what careplug puts into a new one: entity → rows; empty for an empty one."""
    found = counts(care, store)
    for cls, where in _MADE_BY_ITSELF:
        name = next(name for name, spec in care.setup.entities.items() if spec.cls is cls)
        lines = store.tally(cls, where)
        found[name] -= int(lines[0].values[0]) if lines else 0
    return {name: number for name, number in sorted(found.items()) if number}


class Journal:
    """How far the restore of one export has come. ``done`` are the chunks that are there, by file."""

    def __init__(self, care: Care, digest: str) -> None:
        self._care = care
        self._digest = digest
        with care.transaction(tenant=None, writes=False) as store:
            kept = store.find(RequestKey, _OURS)
        own = {row.key.partition("/")[2]: row for row in kept if row.key.startswith(f"{digest}/")}
        if len(own) < len(kept):
            raise Conflict("transfer.another", field="restore.unfinished")
        self.begun = _BEGUN in own
        self.done = {name: int(row.result) for name, row in own.items() if name != _BEGUN}

    def begin(self) -> None:
        """Clear away what careplug put there by itself, and note that the restore has begun."""

        def work() -> None:
            """Both in one transaction."""
            with self._care.transaction(tenant=None) as store:
                for cls, where in _MADE_BY_ITSELF:
                    store.remove(cls, where)
                self._note(store, _BEGUN, self._digest, 0)

        again(work)

    def write(self, chunk: Chunk, fill: Callable[[Transaction], None]) -> None:
        """Fill the rows of a chunk in, in one transaction that also notes it."""

        def work() -> None:
            """Rows and note together or not at all."""
            with self._care.transaction(tenant=None) as store:
                fill(store)
                self._note(store, chunk.file, chunk.sha256, chunk.rows)

        again(work)

    def end(self) -> None:
        """Take the notes away: the restore is done."""
        with self._care.transaction(tenant=None) as store:
            store.remove(RequestKey, All(_OURS, Is("key", "prefix", f"{self._digest}/")))

    def _note(self, store: Transaction, name: str, payload: str, rows: int) -> None:
        row = RequestKey(
            id=new_id(),
            source=JOURNAL,
            key=f"{self._digest}/{name}",
            payload=payload,
            result=str(rows),
            made_at=self._care.clock(),
        )
        store.add(row)
