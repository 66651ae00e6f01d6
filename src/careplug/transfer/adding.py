"""Adding an export to a database that holds something: only what is absent, in one transaction, and nothing overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from careplug.criteria import Is
from careplug.definitions import Definition, Stamp, restamp
from careplug.errors import Conflict
from careplug.ports import Transaction
from careplug.tasks import JobRow
from careplug.transfer.lines import Lines

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Adding"]

BATCH = 200
NAMED = 20
"""Conflicts that the error names."""

_BY_ITSELF = (Stamp, JobRow)
"""What the database keeps of its own and no export has a better one of."""


class Adding:
    """Adds rows inside one transaction and gathers what stands in the way.

    A row that is there with the same content is known; the same id with other content, or a unique key that another row
    has, is a conflict. A definition comes in as proposed where its name has an active revision already.
    """

    def __init__(self, care: Care, store: Transaction) -> None:
        self.store = store
        self.added: dict[str, int] = dict.fromkeys(care.setup.entities, 0)
        self.known = self.proposed = 0
        self._conflicts: list[str] = []
        self._count = 0
        there = store.find(Definition)
        self._digests = {(each.tenant, each.kind, each.name, each.digest) for each in there}
        self._active = {(each.tenant, each.kind, each.name) for each in there if each.state == "active"}
        self._tenants: set[str] = set()

    def add(self, rows: Iterable[Any], lines: Lines) -> None:
        """Add the rows of one entity."""
        found = iter(rows)
        while batch := list(islice(found, BATCH)):
            there = self._there(batch, lines)
            for row in batch:
                old = there.get((row.tenant, row.id))
                if old is not None and (type(row) in _BY_ITSELF or lines.write(row) == lines.write(old)):
                    self.known += 1
                elif old is not None:
                    self._conflict(lines, row)
                else:
                    self._absent(lines, row)

    def end(self) -> None:
        """``Conflict`` naming the first of what stood in the way; else let caches see new definitions."""
        if self._count:
            first = ", ".join(self._conflicts)
            raise Conflict("transfer.conflicts", field="restore.rows", count=self._count, first=first)
        for tenant in sorted(self._tenants):
            restamp(self.store, tenant)

    def _there(self, batch: Sequence[Any], lines: Lines) -> dict[tuple[str, str], Any]:
        cls: type[Any] = lines.spec.cls
        found = self.store.find(cls, Is("id", "in", tuple(row.id for row in batch)))
        return {(row.tenant, row.id): row for row in found}

    def _absent(self, lines: Lines, row: Any) -> None:
        given = self._as_proposed(row) if isinstance(row, Definition) else row
        if given is None:
            self.known += 1
        elif self.store.add_if_absent(given):
            self.added[lines.spec.name] += 1
        elif isinstance(row, JobRow):
            self.known += 1
        else:
            self._conflict(lines, row)

    def _as_proposed(self, row: Definition) -> Definition | None:
        """The definition as it comes in; None where this content is there under another id."""
        if (row.tenant, row.kind, row.name, row.digest) in self._digests:
            return None
        self._tenants.add(row.tenant)
        if row.state != "active" or (row.tenant, row.kind, row.name) not in self._active:
            return row
        self.proposed += 1
        return attrs.evolve(row, state="proposed")

    def _conflict(self, lines: Lines, row: Any) -> None:
        self._count += 1
        if len(self._conflicts) < NAMED:
            self._conflicts.append(f"{lines.spec.name} {row.tenant}:{row.id}")
