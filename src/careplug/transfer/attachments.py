"""Attachments: their files beside the rows, named by the digest of their bytes, and back under the keys they had."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from careplug.errors import CareError
from careplug.ports import Restorable
from careplug.transfer.chunks import digest_of, write_stream
from careplug.transfer.reports import NAMED

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Counted", "Fetcher", "Returner", "holds_files", "look"]

_FIELDS = {"key", "digest", "size", "media_type"}
_DIGEST = re.compile(r"[0-9a-f]{64}")


def holds_files(cls: type) -> bool:
    """Whether rows of an entity stand for files that ``Files`` keeps: those that say what an attachment says."""
    return {field.name for field in attrs.fields(cls)} >= _FIELDS


@attrs.define
class Counted:
    """How many files there are and how large, and which could not be had: tenant, id and key of the first."""

    files: int = 0
    bytes: int = 0
    lost: int = 0
    missing: list[str] = attrs.field(factory=list)

    def lose(self, row: Any) -> None:
        """A file that could not be had."""
        self.lost += 1
        if len(self.missing) < NAMED:
            self.missing.append(f"{row.tenant}:{row.id} {row.key}")

    def have(self, size: int) -> None:
        """A file more."""
        self.files += 1
        self.bytes += size


class Fetcher:
    """Copies the files of rows below a folder, equal bytes once. Remembers 32 bytes of each."""

    def __init__(self, care: Care, folder: Path) -> None:
        self.counted = Counted()
        self._files = care.setup.files
        self._folder = folder
        self._done: set[bytes] = set()

    def take(self, row: Any) -> None:
        """Copy the file of a row; one that cannot be had, or is not what the row says, is counted and named."""
        path = _place(self._folder, row.digest)
        if path is None:
            self.counted.lose(row)
        elif bytes.fromhex(row.digest) not in self._done:
            self._copy(row, path)

    def wanted(self) -> set[Path]:
        """The files that belong to the export."""
        return {self._folder / digest.hex()[:2] / digest.hex() for digest in self._done}

    def _copy(self, row: Any, path: Path) -> None:
        if digest_of(path) != row.digest:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with self._files.open(row.key, tenant=row.tenant) as stream:
                    right = write_stream(path, stream, row.digest)
            except CareError:
                right = False
            if not right:
                self.counted.lose(row)
                return
        self._done.add(bytes.fromhex(row.digest))
        self.counted.have(path.stat().st_size)


class Returner:
    """Gives the files of an export back to a ``Files``, each under its key. One that has them already keeps its own."""

    def __init__(self, care: Care, folder: Path) -> None:
        self.counted = Counted()
        self._files = care.setup.files
        self._folder = folder

    def give(self, row: Any) -> None:
        """See that the file of a row is there; one that cannot be had is counted and named."""
        if _is_there(self._files, row):
            self.counted.have(row.size)
            return
        path = _place(self._folder, row.digest)
        if path is None or not path.is_file() or not isinstance(self._files, Restorable):
            self.counted.lose(row)
            return
        try:
            with path.open("rb") as stream:
                self._files.put_back(row.key, stream, tenant=row.tenant)
        except CareError:
            self.counted.lose(row)
        else:
            self.counted.have(row.size)


def look(care: Care, counted: Counted, row: Any) -> None:
    """Count the file of a row as one that is there, or that is missing or damaged."""
    if _is_there(care.setup.files, row):
        counted.have(row.size)
    else:
        counted.lose(row)


def _is_there(files: Any, row: Any) -> bool:
    try:
        files.open(row.key, tenant=row.tenant).close()
    except CareError:
        return False
    return True


def _place(folder: Path, digest: str) -> Path | None:
    """Where the file of these bytes stands; None for what is no digest."""
    return folder / digest[:2] / digest if _DIGEST.fullmatch(digest) else None
