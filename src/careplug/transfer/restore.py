"""Bringing an export back into a database: looked through first, then chunk by chunk, then verified."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careplug.audit.checkpoint import check_key
from careplug.audit.verify import VerifyReport, verify
from careplug.errors import CareError, Conflict, Invalid, SchemaNewer
from careplug.ports import Counting, Transaction
from careplug.refs import SYSTEM, Actor
from careplug.storage.files import MemoryFiles
from careplug.transfer import manifest as manifests
from careplug.transfer import source, target
from careplug.transfer.adding import Adding
from careplug.transfer.attachments import Returner, holds_files
from careplug.transfer.chunks import Progress, check, check_files, lines_of
from careplug.transfer.manifest import CHECKPOINT, Chunk, Entity, Manifest
from careplug.transfer.reports import RestoreReport, since

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["restore"]

_FLUSH = 500
"""Rows that wait to be sent together."""


def restore(
    care: Care,
    folder: str | Path,
    *,
    key: bytes = b"",
    into_non_empty: bool = False,
    skip: Sequence[str] = (),
    actor: Actor = SYSTEM,
    progress: Progress | None = None,
) -> RestoreReport:
    """Bring an export into this Care's database, and verify what is there then: counts, chains, checkpoint.

    Every digest is compared before anything is written. With ``key`` also the signature, and the chains with the
    checkpoint in the export. An interrupted restore is simply run again. A database that holds anything is a
    ``Conflict``, unless ``into_non_empty``: then what is absent is added in one transaction, and a row that differs is a
    ``Conflict`` that undoes all. ``skip`` names entities or plugins that stay out. Needs ``transfer.restore``.
    Nothing else may write to the database meanwhile.
    """
    begun = time.perf_counter()
    where = Path(folder)
    found = manifests.read(where)
    if key:
        found.check_key(check_key(key))
    with care.read(actor=actor) as unit:
        unit.allow("transfer.restore")
    run = _Run(care, where, found, _fitting(care, found, skip), progress)
    _refuse_fleeting(care, found)
    check(where, found, run.told("check"))
    check_files(where / "files", found.content.files.count)
    run.write(into_non_empty=into_non_empty)
    run.give_files()
    number = _raise_number(care, found.made.number)
    wrong = run.wrong_counts()
    seen = verify(care, checkpoint=where / CHECKPOINT if key else None, key=key)
    run.journal.end()
    return run.report(wrong, seen, number, care.seed(), since(begun))


def _fitting(care: Care, found: Manifest, skip: Sequence[str]) -> list[Entity]:
    """The entities that come in; errors for one that nobody here knows, or that is newer than what is known here."""
    names = {entity.name for entity in found.content.entities} | {entity.plugin for entity in found.content.entities}
    wrong = next((name for name in skip if name not in names), "")
    if wrong:
        raise Invalid("transfer.skip", field="restore.skip", value=wrong, known=", ".join(sorted(names)))
    wanted = [entity for entity in found.content.entities if not {entity.name, entity.plugin} & set(skip)]
    for entity in wanted:
        spec = care.setup.entities.get(entity.name)
        if spec is None:
            if entity.rows:
                raise Invalid("transfer.plugin", field="restore.entity", value=entity.name, plugin=entity.plugin)
            continue
        more = sorted(set(entity.columns) - {column.name for column in spec.columns()})
        if entity.version > spec.version or (entity.version == spec.version and more):
            said = f"{entity.name}.{more[0]}" if more else entity.name
            raise SchemaNewer(
                "transfer.newer", field="restore.version", value=said, version=entity.version, plugin=entity.plugin
            )
    return [entity for entity in wanted if entity.name in care.setup.entities]


def _refuse_fleeting(care: Care, found: Manifest) -> None:
    """``Invalid`` where rows would stay and the files of their attachments would be gone with this process."""
    fleeting = isinstance(care.setup.files, MemoryFiles) and "durable" in care.storage.capabilities
    if fleeting and found.content.files.count:
        raise Invalid("transfer.fleeting", field="restore.files", count=found.content.files.count)


def _raise_number(care: Care, number: int) -> int:
    """Let the numbers of people go on behind the export's: the number the next one follows."""
    if isinstance(care.storage, Counting):
        care.storage.raise_number(number)
        return care.storage.last_number()
    last = 0
    while last < number:
        with care.transaction(tenant="") as store:
            last = store.next_number()
    return last


class _Run:
    """A restore that goes on. ``expected`` are the rows that must be there at the end."""

    def __init__(
        self, care: Care, folder: Path, manifest: Manifest, entities: Sequence[Entity], progress: Progress | None
    ) -> None:
        self.care = care
        self.folder = folder
        self.manifest = manifest
        self.entities = entities
        self.journal = target.Journal(care, manifest.digest)
        self.returner = Returner(care, folder / "files")
        self.expected: dict[str, int] = {}
        self.before = self.rows = self.known = self.proposed = 0
        self._progress = progress
        self._lines = source.lines_for(care)

    def told(self, part: str) -> Progress | None:
        """Looking through is the first half of the way, writing the second."""
        tell = self._progress
        if tell is None:
            return None
        ahead = 0 if part == "check" else self.manifest.rows
        return lambda done, total: tell(ahead + done, 2 * total)

    def write(self, *, into_non_empty: bool) -> None:
        """Write what is not there yet."""
        with self.care.transaction(tenant=None, writes=False) as store:
            held = {} if self.journal.begun else target.holdings(self.care, store)
        if not held:
            self._fill()
        elif into_non_empty:
            self._add()
        else:
            what = ", ".join(f"{name} {number}" for name, number in held.items())
            raise Conflict("transfer.not_empty", field="restore.database", what=what)

    def _fill(self) -> None:
        """Into an empty database, chunk by chunk, going on where an earlier run stopped."""
        if not self.journal.begun:
            self.journal.begin()
        self.expected = {entity.name: entity.rows for entity in self.entities}
        tell = self.told("write")
        for entity in self.entities:
            for chunk in entity.chunks:
                if chunk.file in self.journal.done:
                    self.before += chunk.rows
                else:
                    self._chunk(entity, chunk)
                if tell is not None:
                    tell(self.before + self.rows, self.manifest.rows)

    def _chunk(self, entity: Entity, chunk: Chunk) -> None:
        def fill(store: Transaction) -> None:
            """Add the rows of the chunk, some at a time."""
            for number, row in enumerate(self._rows(entity, chunk), 1):
                try:
                    store.add(row)
                except Invalid as error:
                    raise self._unfit(entity, chunk, number, error) from error
                if number % _FLUSH == 0:
                    store.flush()

        self.journal.write(chunk, fill)
        self.rows += chunk.rows

    def _add(self) -> None:
        """Into a database that holds something: all that is absent, or nothing."""
        with self.care.transaction(tenant=None) as store:
            before = target.counts(self.care, store)
            adding = Adding(self.care, store)
            for entity in self.entities:
                for chunk in entity.chunks:
                    adding.add(self._rows(entity, chunk), self._lines[entity.name])
            adding.end()
        self.rows, self.known, self.proposed = sum(adding.added.values()), adding.known, adding.proposed
        self.expected = {entity.name: before[entity.name] + adding.added[entity.name] for entity in self.entities}

    def give_files(self) -> None:
        """Put the files of attachments back where they are missing."""
        for entity in self.entities:
            if holds_files(self._lines[entity.name].spec.cls):
                for chunk in entity.chunks:
                    for row in self._rows(entity, chunk):
                        self.returner.give(row)

    def wrong_counts(self) -> dict[str, tuple[int, int]]:
        """Where there are more or fewer rows than there must be: entity → (expected, found)."""
        with self.care.transaction(tenant=None, writes=False) as store:
            found = target.counts(self.care, store)
        return {name: (number, found[name]) for name, number in self.expected.items() if found[name] != number}

    def _rows(self, entity: Entity, chunk: Chunk) -> Iterator[Any]:
        """The entities of a chunk; ``Invalid`` names file and line of a row that cannot be stored."""
        path = self.manifest.path(self.folder, chunk)
        read = self._lines[entity.name].reader(entity.version, entity.columns)
        for number, line in enumerate(lines_of(path), 1):
            try:
                yield read(line)
            except (CareError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                raise self._unfit(entity, chunk, number, error) from error

    def _unfit(self, entity: Entity, chunk: Chunk, line: int, error: Exception) -> Invalid:
        """The error of a row that cannot be stored here."""
        reason = error if isinstance(error, CareError) else str(error) or type(error).__name__
        path = self.manifest.path(self.folder, chunk)
        return Invalid("transfer.row", field=f"restore.{entity.name}.row", value=str(path), line=line, reason=reason)

    def report(
        self, wrong: Mapping[str, tuple[int, int]], seen: VerifyReport, number: int, seeded: int, took: timedelta
    ) -> RestoreReport:
        """What came of it."""
        counted = self.returner.counted
        return RestoreReport(
            path=str(self.folder),
            digest=self.manifest.digest,
            rows=self.rows,
            before=self.before,
            known=self.known,
            proposed=self.proposed,
            seeded=seeded,
            files=counted.files,
            files_missing=counted.lost,
            missing=tuple(counted.missing),
            number=number,
            counts=wrong,
            verified=seen,
            took=took,
        )
