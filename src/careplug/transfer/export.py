"""Exporting everything into a folder: one snapshot, page by page, in bounded memory."""

from __future__ import annotations

import contextlib
import importlib.metadata
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from careplug.audit.checkpoint import check_key, sign_heads
from careplug.errors import Invalid
from careplug.ports import Counting, Transaction
from careplug.refs import SYSTEM, Actor
from careplug.transfer import source
from careplug.transfer.attachments import Fetcher, holds_files
from careplug.transfer.chunks import Progress, Writer, lines_of, stray, write_file
from careplug.transfer.lines import Lines
from careplug.transfer.manifest import CHECKPOINT, MANIFEST, Content, Entity, Kept, Made, Manifest, signature
from careplug.transfer.reports import ExportReport, since
from careplug.transfer.target import counts

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["export", "fingerprint"]

UNFINISHED = "unfinished"
"""A file that says of a folder: an export was begun here, and it is no export yet."""

_TOLD = 1_000


def export(
    care: Care,
    folder: str | Path,
    *,
    key: bytes = b"",
    compress: bool = False,
    skip: Sequence[str] = (),
    actor: Actor = SYSTEM,
    progress: Progress | None = None,
) -> ExportReport:
    """Write all that a Care holds, of all tenants, as one moment saw it, into a new folder.

    ``key`` (at least 16 bytes) signs the export and the ends of all chains; ``skip`` names entities or plugins that stay
    out. Run again over the same folder after it was interrupted, it reads anew, and keeps each file that is still right.
    Needs ``transfer.export``. What people wrote stands in it in plain words. ``Invalid`` where the folder holds anything
    else, ``Conflict`` where a restore into this database was not finished.
    """
    begun = time.perf_counter()
    if key:
        check_key(key)
    with care.read(actor=actor) as unit:
        unit.allow("transfer.export")
    specs, where = source.chosen(care, skip), Path(folder)
    with _writing(where):
        run = _Run(care, _prepared(where), compress=compress, progress=progress)
        with care.transaction(tenant=None, writes=False) as store:
            source.refuse_unfinished(store)
            if progress is not None:
                there = counts(care, store)
                run.total = sum(there[spec.name] for spec in specs)
            entities = tuple(run.entity(store, spec.name) for spec in specs)
            if key:
                sign_heads(care, store, run.folder / CHECKPOINT, key=key)
        manifest = run.finish(entities, key)
    return run.report(manifest, since(begun))


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """``Invalid`` names the folder where it cannot be written to, or is full."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Invalid("transfer.write", field="export.folder.write", value=str(folder), reason=reason) from error


def _prepared(folder: Path) -> Path:
    """The folder with the mark that an export was begun in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # for its owner's eyes alone
    if (folder / MANIFEST).exists():
        raise Invalid("transfer.exists", field="export.folder.done", value=str(folder))
    if not (folder / UNFINISHED).exists() and any(folder.iterdir()):
        raise Invalid("transfer.folder", field="export.folder.other", value=str(folder))
    (folder / UNFINISHED).touch()
    for part in ("rows", "files"):
        (folder / part).mkdir(exist_ok=True)
    return folder


class _Run:
    """An export that goes on."""

    def __init__(self, care: Care, folder: Path, *, compress: bool, progress: Progress | None) -> None:
        self.care = care
        self.folder = folder
        self.compress = compress
        self.progress = progress
        self.total = self.done = self.chunks_kept = 0
        self.fetcher = Fetcher(care, folder / "files")
        self._lines = source.lines_for(care)

    def entity(self, store: Transaction, name: str) -> Entity:
        """Write every row of an entity."""
        lines = self._lines[name]
        writer = Writer(self.folder / "rows", name, compress=self.compress)
        found = _written(self._told(source.rows_of(store, lines)), lines, writer)
        self.chunks_kept += writer.kept
        return found

    def _told(self, rows: Iterator[tuple[Any, bytes]]) -> Iterator[tuple[Any, bytes]]:
        for found in rows:
            yield found
            self.done += 1
            if self.progress is not None and self.done % _TOLD == 0:
                self.progress(self.done, max(self.done, self.total))

    def attachments(self, manifest: Manifest) -> Kept:
        """Fetch the files of the rows that were written, the snapshot being over."""
        for entity in manifest.content.entities:
            if holds_files(self._lines[entity.name].spec.cls):
                read = self._lines[entity.name].reader(entity.version, entity.columns)
                for chunk in entity.chunks:
                    for line in lines_of(manifest.path(self.folder, chunk)):
                        self.fetcher.take(read(line))
        counted = self.fetcher.counted
        return Kept(count=counted.files, bytes=counted.bytes, missing=counted.lost)

    def _made(self) -> Made:
        """How it came about. The counter is read after the snapshot: it is at least what the snapshot needs."""
        found, storage = self.care.plugins.contributions, self.care.storage
        owners = (found.owner(spec) for spec in found.entities)
        return Made(
            at=self.care.clock(),
            careplug=importlib.metadata.version("careplug"),
            storage=storage.name,
            plugins={owner.name: owner.version for owner in owners},
            number=storage.last_number() if isinstance(storage, Counting) else 0,
            compressed=self.compress,
        )

    def finish(self, entities: tuple[Entity, ...], key: bytes) -> Manifest:
        """Fetch the attachments, take away what an interrupted export of another state left, write the manifest."""
        made, bare = self._made(), Content(entities=entities)
        bare_manifest = Manifest(made=made, content=bare, digest="")
        content = attrs.evolve(bare, files=self.attachments(bare_manifest))
        digest = content.digest
        manifest = Manifest(made=made, content=content, digest=digest, signature=signature(digest, key) if key else "")
        wanted = {manifest.path(self.folder, chunk) for each in entities for chunk in each.chunks}
        wanted |= self.fetcher.wanted()
        for part in ("rows", "files"):
            for path in stray(self.folder / part, wanted):
                path.unlink()
        if not key:
            (self.folder / CHECKPOINT).unlink(missing_ok=True)
        write_file(self.folder / MANIFEST, manifest.text().encode())
        (self.folder / UNFINISHED).unlink()
        if self.progress is not None:
            self.progress(self.done, self.done)
        return manifest

    def report(self, manifest: Manifest, took: timedelta) -> ExportReport:
        """What was written."""
        counted, entities = self.fetcher.counted, manifest.content.entities
        return ExportReport(
            path=str(self.folder),
            digest=manifest.digest,
            made_at=manifest.made.at,
            rows=self.done,
            entities={each.name: each.rows for each in entities},
            chunks=sum(len(each.chunks) for each in entities),
            kept=self.chunks_kept,
            files=counted.files,
            files_missing=counted.lost,
            missing=tuple(counted.missing),
            signed=bool(manifest.signature),
            took=took,
        )


def fingerprint(care: Care, names: Sequence[str]) -> tuple[Entity, ...]:
    """The entities as an export of this Care would list them, of which nothing is written."""
    known = source.lines_for(care)
    with care.transaction(tenant=None, writes=False) as store:
        return tuple(_written(source.rows_of(store, known[name]), known[name], Writer(None, name)) for name in names)


def _written(found: Iterator[tuple[Any, bytes]], lines: Lines, writer: Writer) -> Entity:
    """Write the lines of an entity: what the manifest says of it."""
    for _, line in found:
        writer.add(line)
    writer.end()
    spec, chunks = lines.spec, tuple(writer.chunks)
    return Entity(
        name=spec.name,
        plugin=spec.plugin,
        version=spec.version,
        columns=lines.columns,
        rows=sum(chunk.rows for chunk in chunks),
        chunks=chunks,
    )
