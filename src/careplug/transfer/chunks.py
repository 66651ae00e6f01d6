"""The files of an export: chunks of lines, written whole or not at all, and looked through before anything is believed."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from careplug.errors import Invalid, NotFound
from careplug.transfer.manifest import Chunk, Manifest

__all__ = [
    "BYTES",
    "ROWS",
    "Progress",
    "Writer",
    "check",
    "digest_of",
    "lines_of",
    "stray",
    "write_file",
    "write_stream",
]

BYTES = 4 * 1024 * 1024
"""A chunk ends with the line that makes it longer than this, unpacked."""

ROWS = 10_000
"""Lines of a chunk at most."""

_BLOCK = 1 << 16
_BROKEN = (OSError, EOFError, zlib.error)

Progress = Callable[[int, int], None]
"""Told now and then: how many rows are done, and of how many."""


class Writer:
    """Writes the lines of one entity into chunks. A file that an interrupted export left, and that is right, stays.

    Without a folder nothing is written, and ``chunks`` are what they would be.
    """

    def __init__(self, folder: Path | None, entity: str, *, compress: bool = False) -> None:
        self.folder = folder
        self.entity = entity
        self.compress = compress
        self.chunks: list[Chunk] = []
        self.kept = 0
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, line: bytes) -> None:
        """One line more."""
        self._lines.append(line)
        self._size += len(line)
        if self._size >= BYTES or len(self._lines) >= ROWS:
            self.end()

    def end(self) -> None:
        """Write what waits."""
        if not self._lines:
            return
        data = b"".join(self._lines)
        chunk = Chunk(
            f"{self.entity}.{len(self.chunks) + 1:06}.jsonl", len(self._lines), hashlib.sha256(data).hexdigest()
        )
        if self.folder is not None:
            self._keep(self.folder / (f"{chunk.file}.gz" if self.compress else chunk.file), data, chunk)
        self.chunks.append(chunk)
        self._lines, self._size = [], 0

    def _keep(self, path: Path, data: bytes, chunk: Chunk) -> None:
        if digest_of(path) == chunk.sha256:
            self.kept += 1
        else:
            # without a name and a time, so that equal rows give equal files
            write_file(path, gzip.compress(data, 6, mtime=0) if self.compress else data)

    @property
    def rows(self) -> int:
        """How many lines were written."""
        return sum(chunk.rows for chunk in self.chunks)


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, forced to the disk."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_stream(path: Path, stream: IO[bytes], sha256: str) -> bool:
    """Write a stream whole, forced to the disk, if its digest is this one; whether it was."""
    part, found = path.with_name(f".{path.name}.part"), hashlib.sha256()
    with part.open("wb") as file:
        while block := stream.read(_BLOCK):
            found.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    right = found.hexdigest() == sha256
    if right:
        part.replace(path)
    else:
        part.unlink()
    return right


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a chunk that was checked."""
    with _opened(path) as file:
        yield from file


def check(folder: Path, manifest: Manifest, progress: Progress | None = None) -> None:
    """Look through every chunk; ``NotFound`` and ``Invalid`` name file and line of the first that is not as written."""
    done = 0
    chunks = [chunk for entity in manifest.content.entities for chunk in entity.chunks]
    for chunk in chunks:
        path = manifest.path(folder, chunk)
        if not path.is_file():
            raise NotFound("transfer.chunk_missing", field="export.chunk.file", value=str(path))
        digest = digest_of(path)
        if digest != chunk.sha256:
            raise _damage(path, chunk, next((each for each in chunks if each.sha256 == digest), None))
        done += chunk.rows
        if progress is not None:
            progress(done, manifest.rows)


def check_files(folder: Path, count: int) -> None:
    """Look through the attachments; ``Invalid`` names one whose bytes are not those of its name, or says how many lack."""
    found = 0
    for path in folder.rglob("*"):
        if path.is_file():
            found += 1
            if digest_of(path) != path.name:
                raise Invalid("transfer.file", field="export.files", value=str(path))
    if found < count:
        raise Invalid("transfer.files", field="export.files.count", value=str(folder), found=found, wanted=count)


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's unpacked bytes; empty for one that is not there or cannot be unpacked."""
    found = hashlib.sha256()
    try:
        with _opened(path) as file:
            while block := file.read(_BLOCK):
                found.update(block)
    except _BROKEN:
        return ""
    return found.hexdigest()


def _damage(path: Path, chunk: Chunk, other: Chunk | None) -> Invalid:
    """What is wrong with a chunk whose digest is not the manifest's, with the line where that can be told."""
    if other is not None:
        return Invalid("transfer.swapped", field="export.chunk.place", value=str(path), other=other.file)
    number = 0
    try:
        for line in lines_of(path):
            number += 1
            if not _is_row(line):
                break
        else:
            if number == chunk.rows:
                return Invalid("transfer.changed", field="export.chunk.sha256", value=str(path))
            number += 1
    except _BROKEN:
        number = min(number + 1, chunk.rows)
    if number <= chunk.rows:
        return Invalid("transfer.line", field="export.chunk.line", value=str(path), line=number, rows=chunk.rows)
    return Invalid("transfer.longer", field="export.chunk.rows", value=str(path), line=number, rows=chunk.rows)


def _is_row(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False


def stray(folder: Path, wanted: Iterable[Path]) -> list[Path]:
    """The files below a folder that nobody wants: what an interrupted export of another state left."""
    known = set(wanted)
    return [path for path in folder.rglob("*") if path.is_file() and path not in known]
