"""Where attachments are kept: in memory, or in a folder. Both satisfy ``careplug.ports.Files``.

A key is made here and says three things: whose file it is (a digest of the tenant), which one (random)
and what is in it (SHA-256). No name a person gave is ever part of a path, and a file is checked against
its key when it is opened.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from careplug.errors import Invalid, NotFound
from careplug.ports import StoredFile

__all__ = ["LIMIT", "FolderFiles", "MemoryFiles"]

LIMIT = 50 * 1024 * 1024
"""The largest file kept where nothing else is said, in bytes."""

_KEY = re.compile(r"(?P<tenant>[0-9a-f]{16})/(?P<random>[0-9a-f]{16})-(?P<digest>[0-9a-f]{64})")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}(;[ -~]{0,80})?", re.ASCII)
_NAME_LENGTH = 255
_CHUNK = 1 << 16
_PART = ".part-"


class MemoryFiles:
    """Files in this process's memory: for tests and trials. ``limit`` is the largest size in bytes."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, stream: IO[bytes], *, name: str, media_type: str, tenant: str) -> StoredFile:
        """Keep a stream; ``Invalid`` for one that is too large or has no proper name."""
        _check(name, media_type)
        kept = io.BytesIO()
        size, digest = _copy(stream, kept, limit=self._limit, name=name)
        key = _new_key(tenant, digest)
        with self._lock:
            self._kept[key] = kept.getvalue()
        return StoredFile(key, size, digest, media_type, name)

    def open(self, key: str, *, tenant: str) -> IO[bytes]:
        """Read one; ``NotFound`` where it is gone or another tenant's."""
        with self._lock:
            found = self._kept.get(key) if _is_of(key, tenant) else None
        if found is None:
            raise NotFound("files.gone", field="attachment.key", key=key)
        return _checked(io.BytesIO(found), key)

    def delete(self, key: str, *, tenant: str) -> None:
        """Forget one; silently where it is gone or another tenant's."""
        with self._lock:
            if _is_of(key, tenant):
                self._kept.pop(key, None)

    def put_back(self, key: str, stream: IO[bytes], *, tenant: str) -> None:
        """Keep a stream under the key it had; ``Invalid`` where that is not this tenant's or not of these bytes."""
        kept = io.BytesIO()
        _fits(key, tenant, _copy(stream, kept, limit=self._limit, name=key))
        with self._lock:
            self._kept[key] = kept.getvalue()

    def keys(self) -> Iterator[str]:
        """Every key, in no order."""
        with self._lock:
            yield from list(self._kept)


class FolderFiles:
    """Files in a folder, made at the first file. ``limit`` is the largest size in bytes.

    A file appears whole or not at all: it is written beside its place, forced to the disk and renamed.
    """

    def __init__(self, folder: str | os.PathLike[str], *, limit: int = LIMIT) -> None:
        self._folder = Path(folder)
        self._limit = limit

    def put(self, stream: IO[bytes], *, name: str, media_type: str, tenant: str) -> StoredFile:
        """Keep a stream; ``Invalid`` for one that is too large or has no proper name, and nothing is left of it."""
        _check(name, media_type)
        with self._writing(_owner(tenant)) as part:
            size, digest = _copied(stream, part, limit=self._limit, name=name)
            key = _new_key(tenant, digest)
            part.replace(self._folder / key)
        return StoredFile(key, size, digest, media_type, name)

    def put_back(self, key: str, stream: IO[bytes], *, tenant: str) -> None:
        """Keep a stream under the key it had; ``Invalid`` where that is not this tenant's or not of these bytes."""
        with self._writing(_owner(tenant)) as part:
            _fits(key, tenant, _copied(stream, part, limit=self._limit, name=key))
            part.replace(self._folder / key)

    @contextlib.contextmanager
    def _writing(self, owner: str) -> Iterator[Path]:
        """A new path in an owner's folder, to be renamed inside the block; nothing is left of it where that raises."""
        folder = self._folder / owner
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{_PART}{secrets.token_hex(8)}"
        try:
            yield part
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync(folder)

    def open(self, key: str, *, tenant: str) -> IO[bytes]:
        """Read one; ``NotFound`` where it is gone or another tenant's, ``Invalid`` where its bytes are no longer those
        of the key.
        """
        if _is_of(key, tenant):
            with contextlib.suppress(FileNotFoundError):
                return _checked((self._folder / key).open("rb"), key)
        raise NotFound("files.gone", field="attachment.key", key=key)

    def delete(self, key: str, *, tenant: str) -> None:
        """Forget one; silently where it is gone or another tenant's."""
        if _is_of(key, tenant):
            (self._folder / key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """Every key, in no order; what is still being written is none."""
        for path in self._folder.glob("*/*"):
            key = path.relative_to(self._folder).as_posix()
            if _KEY.fullmatch(key):
                yield key


def _owner(tenant: str) -> str:
    return hashlib.sha256(tenant.encode(errors="surrogatepass")).hexdigest()[:16]


def _is_of(key: str, tenant: str) -> bool:
    """Whether a key is one of ours and this tenant's: nobody reads or deletes by a key that was seen elsewhere."""
    found = _KEY.fullmatch(key)
    return found is not None and found["tenant"] == _owner(tenant)


def _new_key(tenant: str, digest: str) -> str:
    # random too, because two cases may hold the same bytes, and deleting one must leave the other
    return f"{_owner(tenant)}/{secrets.token_hex(8)}-{digest}"


def _check(name: str, media_type: str) -> None:
    if not (0 < len(name) <= _NAME_LENGTH) or "\0" in name:
        raise Invalid("files.name", field="attachment.name", value=name[:80], limit=_NAME_LENGTH)
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise Invalid("files.media_type", field="attachment.media_type", value=media_type[:80])


def _copy(stream: IO[bytes], to: IO[bytes], *, limit: int, name: str) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        if not isinstance(chunk, bytes):
            raise Invalid("files.stream", field="attachment.stream", value=type(chunk).__name__)
        size += len(chunk)
        if size > limit:
            raise Invalid("files.large", field="attachment.size", name=name, limit=limit)
        digest.update(chunk)
        to.write(chunk)
    return size, digest.hexdigest()


def _copied(stream: IO[bytes], path: Path, *, limit: int, name: str) -> tuple[int, str]:
    """Copy to a new file, forced to the disk: size and digest."""
    with path.open("xb") as kept:
        found = _copy(stream, kept, limit=limit, name=name)
        kept.flush()
        os.fsync(kept.fileno())
    return found


def _fits(key: str, tenant: str, found: tuple[int, str]) -> None:
    """``Invalid`` unless a key is this tenant's and of the bytes that were read."""
    if not _is_of(key, tenant):
        raise Invalid("files.foreign", field="attachment.key.tenant", key=key)
    if found[1] != key.rpartition("-")[2]:
        raise Invalid("files.damaged", field="attachment.digest", key=key)


def _checked(stream: IO[bytes], key: str) -> IO[bytes]:
    """The stream from its beginning, after all of it was compared with the digest in its key."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != key.rpartition("-")[2]:
        stream.close()
        raise Invalid("files.damaged", field="attachment.digest", key=key)
    stream.seek(0)
    return stream


def _sync(folder: Path) -> None:
    """Force the rename to the disk, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
