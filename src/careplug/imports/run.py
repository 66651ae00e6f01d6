"""Running an import: batches of rows, each batch one transaction, so that a broken run is simply run again.

Memory holds one batch and what was last seen of the cases of late, never the file.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from careplug.criteria import All, Is
from careplug.errors import CareError, Conflict, Retry
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback, RequestKey
from careplug.imports.cases import Writer
from careplug.imports.map import ImportMap
from careplug.imports.parse import read_map
from careplug.imports.prepare import prepare
from careplug.imports.report import ImportReport, Tally, Trouble
from careplug.imports.rows import Rejected, Row, RowReader
from careplug.imports.table import Table
from careplug.imports.verdicts import compare
from careplug.refs import IMPORT, Actor, new_id
from careplug.sla.service import Sla
from careplug.timeline.story import Timeline

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["BATCH", "Progress", "run_import"]

BATCH = 250
"""Rows a transaction; a case whose rows stand together is not cut."""

LONGEST = 20 * BATCH
"""Rows after which a batch ends even inside a case."""

REMEMBERED = 20_000
"""Cases whose last row is remembered, to see whether the next one shows a change."""

_TRIES = 4

Progress = Callable[[int, float], None]
"""Told after each batch: rows read, and the share of the file, 0 to 1."""

Chunk = dict[str, list[Row]]


def run_import(
    care: Care,
    log: str | Path,
    map: str | Path | ImportMap,  # noqa: A002  what people call it
    *,
    actor: Actor = IMPORT,
    tenant: str = "",
    progress: Progress | None = None,
    batch: int = BATCH,
) -> ImportReport:
    """Import a log by its map; what came of it.

    ``log`` is a .csv, .csv.gz or .csv.xz; ``map`` a map, its file, or the name of a packaged one. Tables that the map
    points to are looked for beside the map and beside the log. Rows that an earlier run stored are known and change
    nothing. Needs ``import.run``. ``NotFound`` and ``Invalid`` (fields ``log…``, ``map…``) before anything is stored.
    """
    begun = time.perf_counter()
    found = map if isinstance(map, ImportMap) else read_map(map, folders=(Path(log).parent,))
    with Table(log, found.log) as table:
        reader = RowReader(found, table.header)
        bound = prepare(care, found, actor=actor, tenant=tenant)
        run = _Run(care, found, actor, tenant, bound)
        rows = 0
        for chunk, rows in _chunks(table, reader, run.tally, batch):
            run.store(chunk)
            if progress is not None:
                progress(rows, table.share)
    return run.tally.report(found.name, found.title, rows, time.perf_counter() - begun)


def _chunks(table: Table, reader: RowReader, tally: Tally, batch: int) -> Iterator[tuple[Chunk, int]]:
    """Rows by case, in batches; with how many rows were read by then."""
    chunk: Chunk = {}
    held = rows = 0
    last = ""
    for number, cells in table:
        rows += 1
        try:
            row = reader.read(number, cells)
        except Rejected as found:
            tally.reject(Trouble(number, found.code, found.column, found.value))
            continue
        if held >= LONGEST or (held >= batch and row.case != last):
            yield chunk, rows - 1
            chunk, held = {}, 0
        last = row.case
        chunk.setdefault(last, []).append(row)
        held += 1
    yield chunk, rows


@attrs.define
class _Run:
    """A run that goes on. ``bound`` is the policy set of its cases."""

    care: Care
    map: ImportMap
    actor: Actor
    tenant: str
    bound: str | None
    tally: Tally = attrs.field(factory=Tally)
    last: OrderedDict[str, tuple[str, str]] = attrs.field(factory=OrderedDict)

    def store(self, chunk: Chunk) -> None:
        """Store a batch; where that fails each case alone, so that one cannot hold up the rest."""
        if not chunk:
            return
        try:
            self._commit(chunk)
        except CareError:
            for case, rows in chunk.items():
                try:
                    self._commit({case: rows})
                except CareError as error:
                    for row in rows:
                        self.tally.reject(Trouble(row.number, "refused", error.field, error.code, case))
        for case, rows in chunk.items():
            self.last[case] = (rows[-1].seen, rows[-1].said)
            self.last.move_to_end(case)
        while len(self.last) > REMEMBERED:
            self.last.popitem(last=False)

    def _commit(self, chunk: Chunk) -> None:
        """One transaction, again where another import of the same log was faster or the database asks for it."""
        for left in reversed(range(_TRIES)):
            try:
                self.tally.add(self._batch(chunk))
            except (Retry, Conflict):
                if not left:
                    raise
            else:
                return

    def _batch(self, chunk: Chunk) -> Tally:
        tally = Tally()
        with self.care.unit(actor=self.actor, tenant=self.tenant) as unit:
            sla = unit.get(Sla)
            sla.deferred, sla.policy_set = set(), self.bound
            keys = _keys(unit, self.map.name, chunk)
            batch = _Batch(unit, self.map, Writer(unit, self.map, tally.numbers), tally, keys)
            new = batch.unknown(chunk) if self.map.events else batch.changed(chunk)
            held = [keys[case].result for case in new if case in keys]
            unit.get(Timeline).hold_many(FEEDBACK, Feedback, held)
            sla.load(held)
            for case, rows in new.items():
                for row in rows:
                    del row.warnings[row.odd :]  # what an earlier try found is found again
                batch.apply(case, rows, self.last.get(case))
            sla.settle()
            if self.map.check is not None:
                compare(unit, self.map.check, batch.idents, new, tally.numbers)
        return tally


@attrs.define
class _Batch:
    """The rows of one transaction. ``keys`` are the import keys of the cases that are there."""

    unit: Any
    map: ImportMap
    writer: Writer
    tally: Tally
    keys: dict[str, RequestKey]
    idents: dict[str, str] = attrs.field(factory=dict)

    def unknown(self, chunk: Chunk) -> Chunk:
        """The rows of an event log that were not imported before."""
        source = f"{self.map.name}#event"
        asked = [_key(row) for case, rows in chunk.items() if case in self.keys for row in rows]
        had = {item.key for item in _find(self.unit, source, asked)}
        new: Chunk = {}
        for case, rows in chunk.items():
            for row in rows:
                key = _key(row)
                if key in had:
                    self.tally.numbers["known"] += 1
                    continue
                had.add(key)
                new.setdefault(case, []).append(row)
        return new

    def changed(self, chunk: Chunk) -> Chunk:
        """The rows of a case list that say something new of their case."""
        new: Chunk = {}
        for case, rows in chunk.items():
            held = self.keys.get(case)
            digest = held.payload if held is not None else ""
            for row in rows:
                if row.digest == digest:
                    self.tally.numbers["known"] += 1
                    continue
                digest = row.digest
                new.setdefault(case, []).append(row)
        return new

    def apply(self, case: str, rows: Sequence[Row], last: tuple[str, str] | None) -> None:
        """Append the facts of the new rows of one case."""
        held = self.keys.get(case)
        ident = held.result if held is not None else ""
        known = bool(ident)
        if not known:
            ident = self.writer.begin(rows[0])
        self.idents[case] = ident
        for number, row in enumerate(rows):
            first = not known and number == 0
            if self.map.events:
                self._event(ident, row, None if first else last, first=first)
            elif first:
                self.writer.steps(ident, row, fresh=True)
            else:
                self.writer.renew(ident, row)
            last = (row.seen, row.said)
            if row.warnings:
                self.tally.warn(row.number, case, row.warnings)
        self.tally.numbers["updated"] += known
        self._remember(case, ident, rows, held)

    def _event(self, ident: str, row: Row, last: tuple[str, str] | None, *, first: bool) -> None:
        numbers = self.tally.numbers
        said = bool(row.said)
        changed = said and (last is None or last[1] != row.said)
        if not first:
            numbers["updates"] += 1
            numbers["silent"] += last is not None and last[0] == row.seen
        facts = numbers["facts"]
        reopened = numbers["fact:reopened"]
        self.writer.update(ident, row, first=first, changed=changed)
        if not first and changed:
            # Without the row before it, a row changes the state where it had to append something.
            numbers["state_changes"] += last is not None or numbers["facts"] > facts
        numbers["reopens"] += numbers["fact:reopened"] - reopened

    def _remember(self, case: str, ident: str, rows: Iterable[Row], held: RequestKey | None) -> None:
        """Import keys are kept for as long as the case."""
        store, now = self.unit.store, self.unit.now()
        digest = list(rows)[-1].digest

        def key(source: str, name: str, payload: str) -> RequestKey:
            """A key that says this row, in this content, is the case's."""
            return RequestKey(
                id=new_id(),
                tenant=self.unit.tenant,
                source=source,
                key=name,
                payload=payload,
                result=ident,
                made_at=now,
            )

        if held is None:
            store.add(key(self.map.name, _short(case), digest))
        elif held.payload != digest:
            store.save(attrs.evolve(held, payload=digest), was=held)
        if self.map.events:
            for row in rows:
                store.add(key(f"{self.map.name}#event", _key(row), ""))


def _keys(unit: Any, source: str, chunk: Chunk) -> dict[str, RequestKey]:
    short = {_short(case): case for case in chunk}
    return {short[item.key]: item for item in _find(unit, source, list(short))}


def _find(unit: Any, source: str, keys: Sequence[str]) -> list[RequestKey]:
    if not keys:
        return []
    found: list[RequestKey] = unit.store.find(RequestKey, All(Is("source", "eq", source), Is("key", "in", tuple(keys))))
    return found


def _key(row: Row) -> str:
    return _short(json.dumps([row.case, row.event], ensure_ascii=False, separators=(",", ":")))


def _short(key: str) -> str:
    return key if len(key) <= 200 else sha256(key.encode()).hexdigest()
