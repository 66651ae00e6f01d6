"""A copy of the database file while others write to it, where the storage can make one."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from careplug.errors import Refused
from careplug.ports import Backup
from careplug.refs import SYSTEM, Actor
from careplug.transfer.reports import BackupReport, since

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["backup"]


def backup(care: Care, path: str | Path, *, actor: Actor = SYSTEM) -> BackupReport:
    """Copy the database into a new file: what was committed at one moment, without a byte of what was erased.

    Attachments are files of their own and no part of it. Needs ``transfer.backup``. ``Refused`` with the remedy where the
    database is a server, ``Invalid`` where the file is there already or cannot be written.
    """
    begun, made_at, where = time.perf_counter(), care.clock(), Path(path)
    with care.read(actor=actor) as unit:
        unit.allow("transfer.backup")
    if not isinstance(care.storage, Backup):
        raise Refused("transfer.no_backup", field="backup.storage", value=care.storage.name)
    care.storage.back_up(where)
    with where.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BackupReport(
        path=str(where),
        made_at=made_at,
        bytes=where.stat().st_size,
        sha256=digest,
        took=since(begun),
    )
