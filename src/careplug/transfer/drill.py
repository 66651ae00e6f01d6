"""A restore drill (S2): a backup or an export is brought back into a throw-away database, and looked through there."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from careplug.audit.checkpoint import check_key
from careplug.audit.verify import VerifyReport, verify
from careplug.errors import Invalid, NotFound
from careplug.ports import Backup
from careplug.storage.files import FolderFiles
from careplug.transfer import manifest as manifests
from careplug.transfer import source
from careplug.transfer.attachments import Counted, holds_files, look
from careplug.transfer.export import fingerprint
from careplug.transfer.manifest import Content, Entity
from careplug.transfer.reports import DrillReport, since
from careplug.transfer.restore import restore

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Opener", "drill"]

_SQLITE = b"SQLite format 3\0"


class Opener(Protocol):
    """Makes a ``Care`` like the one in use on another database; ``files`` as ``Care`` takes it."""

    def __call__(self, database: str, **more: Any) -> Care:
        """The Care; the drill closes it."""


def drill(path: str | Path, opener: Opener, *, key: bytes = b"", checkpoint: str | Path | None = None) -> DrillReport:
    """Try whether a backup file or an export folder can be used; nothing but a temporary folder is written to.

    ``opener`` makes a Care with the same plugins. Attachments of a backup are looked for in its ``Files``, those of an
    export come along. ``checkpoint`` (signed with ``key``) is for a backup; an export has its own. ``NotFound`` where
    there is neither, ``Invalid`` for a file that is no database, and the errors of ``restore``.
    """
    begun, where = time.perf_counter(), Path(path)
    if key:
        check_key(key)
    with tempfile.TemporaryDirectory(prefix="careplug-drill-") as scratch:
        if where.is_dir():
            return _export(where, Path(scratch), opener, key, begun)
        return _backup(where, Path(scratch), opener, (key, checkpoint), begun)


def _export(folder: Path, scratch: Path, opener: Opener, key: bytes, begun: float) -> DrillReport:
    found = manifests.read(folder)
    with opener(f"sqlite:///{scratch / 'drill.db'}", files=FolderFiles(scratch / "files")) as care:
        report = restore(care, folder, key=key)
        wanted = tuple(entity for entity in found.content.entities if entity.name in care.setup.entities)
        there = fingerprint(care, [entity.name for entity in wanted])
        comparable = not report.seeded and [_form(each) for each in there] == [_form(each) for each in wanted]
        return _report(
            care,
            there,
            path=str(folder),
            kind="export",
            digest=Content(entities=there, files=found.content.files).digest,
            expected=Content(entities=wanted, files=found.content.files).digest if comparable else "",
            verified=report.verified,
            begun=begun,
        )


def _form(entity: Entity) -> tuple[int, dict[str, str]]:
    """What decides how its rows are written: those of an older version were brought up to date."""
    return entity.version, entity.columns


def _backup(path: Path, scratch: Path, opener: Opener, signed: tuple[bytes, Any], begun: float) -> DrillReport:
    copy, (key, checkpoint) = scratch / "drill.db", signed
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise NotFound("transfer.no_file", field="drill.path", value=str(path), reason=error.strerror or "") from None
    if head != _SQLITE:
        raise Invalid("transfer.no_database", field="drill.file", value=str(path))
    try:
        shutil.copyfile(path, copy)
    except OSError as error:
        room, reason = str(scratch.parent), error.strerror or ""
        raise Invalid("transfer.scratch", field="drill.folder", value=str(path), folder=room, reason=reason) from None
    with opener(f"sqlite:///{copy}") as care:
        storage = care.storage
        problems = storage.problems() if isinstance(storage, Backup) else ()
        if problems:
            return _broken(care, path, problems, begun)
        storage.upgrade()
        there = fingerprint(care, [spec.name for spec in source.chosen(care, ())])
        return _report(
            care,
            there,
            path=str(path),
            kind="backup",
            digest=Content(entities=there).digest,
            expected="",
            verified=verify(care, checkpoint=checkpoint, key=key),
            begun=begun,
        )


def _report(care: Care, there: tuple[Entity, ...], *, begun: float, **told: Any) -> DrillReport:
    counted = _attachments(care)
    return DrillReport(
        **told,
        made_at=care.clock(),
        rows=sum(entity.rows for entity in there),
        entities={entity.name: entity.rows for entity in there},
        files=counted.files,
        files_missing=counted.lost,
        missing=tuple(counted.missing),
        problems=(),
        took=since(begun),
    )


def _broken(care: Care, path: Path, problems: tuple[str, ...], begun: float) -> DrillReport:
    """The report of a file in which nothing can be read with trust."""
    return DrillReport(
        path=str(path),
        kind="backup",
        made_at=care.clock(),
        rows=0,
        entities={},
        files=0,
        files_missing=0,
        missing=(),
        problems=problems,
        digest="",
        expected="",
        verified=VerifyReport(subjects=0, facts=0, personals=0, damages=(), counts={}),
        took=since(begun),
    )


def _attachments(care: Care) -> Counted:
    """Whether the files of all attachments are there and what they were."""
    counted = Counted()
    with care.transaction(tenant=None, writes=False) as store:
        for lines in source.lines_for(care).values():
            if holds_files(lines.spec.cls):
                for row, _ in source.rows_of(store, lines):
                    look(care, counted, row)
    return counted
