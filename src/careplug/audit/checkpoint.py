"""Checkpoints: the ends of all chains in a file, signed with a key that the database does not hold.

A chain shows what was done inside it. That its end was cut off, that a case is gone altogether, that everything was
computed anew: only a checkpoint shows that, and only to somebody who keeps file and key away from the database.

The file is UTF-8 lines of JSON, sorted by tenant, subject and id: a header, ``[tenant, subject, id, sequence, hash]``
for each chain, a trailer with their number and the HMAC-SHA-256 of all that stands before it.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

from careplug.audit import _stream
from careplug.clock import from_text, to_text
from careplug.errors import Invalid, NotFound
from careplug.ports import Transaction
from careplug.text import say
from careplug.timeline.chain import Head

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = [
    "SHORTEST_KEY",
    "CheckpointReport",
    "Progress",
    "Seen",
    "check_key",
    "checkpoint",
    "heads_of",
    "read",
    "sign_heads",
]

SHORTEST_KEY = 16
"""Bytes a key must have at least; 32 random ones are what HMAC-SHA-256 can use."""

Progress = Callable[[int, int], None]
"""Told now and then: how many subjects are done, and of how many."""

_KIND = "careplug checkpoint"
_VERSION = 1


@attrs.frozen(kw_only=True)
class CheckpointReport:
    """What a checkpoint holds: where it was written, when, the heads in it."""

    path: str
    made_at: datetime
    heads: int

    def text(self, language: str = "en") -> str:
        """The report in words."""
        made_at = to_text(self.made_at)
        return say("audit.checkpoint.written", language, path=self.path, heads=self.heads, made_at=made_at)


@attrs.frozen(kw_only=True)
class Seen:
    """A checkpoint that was read. ``tenant`` None: of all tenants. ``whole``: the signature is right."""

    path: str
    made_at: datetime
    tenant: str | None
    heads: int
    whole: bool


def checkpoint(
    care: Care, out_path: str | Path, *, key: bytes, tenant: str | None = None, progress: Progress | None = None
) -> CheckpointReport:
    """Write the ends of a tenant's chains (None: of all) to a file, signed with ``key`` (at least 16 bytes).

    The file is there whole or not at all; one of that name is replaced. ``Invalid`` (field ``key``) for a missing or
    short key, (field ``checkpoint.out``) where the file cannot be written.
    """
    check_key(key)
    whole = _stream.total(care, tenant) if progress is not None else 0
    heads = (head for place, subject in _stream.places(care, tenant) for head in _stream.heads(care, place, subject))
    return _signed(Path(out_path), _told(heads, whole, progress), key=key, made_at=care.clock(), tenant=tenant)


def sign_heads(care: Care, store: Transaction, out_path: str | Path, *, key: bytes) -> CheckpointReport:
    """Write the ends of all chains as a transaction over all tenants sees them: beside an export, of the same moment.

    Chains whose entity nobody here knows are not in it. Errors as of ``checkpoint``.
    """
    check_key(key)
    return _signed(Path(out_path), _stream.heads_in(care, store), key=key, made_at=care.clock(), tenant=None)


def check_key(key: bytes) -> bytes:
    """The key; ``Invalid`` for an empty or short one, or one that is no bytes."""
    given: object = key
    if not isinstance(given, bytes) or len(key) < SHORTEST_KEY:
        raise Invalid("audit.key", field="key", length=len(key), shortest=SHORTEST_KEY)
    return key


def read(path: str | Path, key: bytes) -> Seen:
    """Read a checkpoint through once and check its signature.

    ``Invalid`` for a key that is missing or short and for a file that is no checkpoint, ``NotFound`` for none.
    """
    signature = hmac.new(check_key(key), digestmod=hashlib.sha256)
    with _opened(path) as file:
        line = file.readline()
        header = _header(line, path)
        count, trailer = 0, {}
        while line:
            signature.update(line)
            line = file.readline()
            trailer = _object(line)
            if trailer:
                break
            count += bool(line)
        whole = trailer.get("heads") == count and not file.read(1)
    signature.update(str(count).encode())
    right = hmac.compare_digest(signature.hexdigest(), str(trailer.get("hmac", "")))
    return Seen(
        path=str(path),
        made_at=from_text(header["made_at"], "checkpoint.made_at"),
        tenant=header["tenant"],
        heads=count,
        whole=whole and right,
    )


def heads_of(path: str | Path) -> Iterator[Head]:
    """The heads of a checkpoint whose signature was found right, in the order of the file."""
    with _opened(path) as file:
        file.readline()
        for line in file:
            found = json.loads(line)
            if isinstance(found, dict):
                return
            tenant, subject, ident, sequence, seal = found
            yield Head(subject, ident, sequence, seal, tenant)


class _Signed:
    """Writes lines and signs them as they go by."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self.file = file
        self.mac = hmac.new(key, digestmod=hashlib.sha256)

    def line(self, value: object) -> None:
        """Write one value as a line of JSON; the signature covers it."""
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self.mac.update(data)
        self.file.write(data)

    def end(self, count: int) -> None:
        """Write the last line: how many heads there are, and the signature over all before it."""
        self.mac.update(str(count).encode())
        self.line({"heads": count, "hmac": self.mac.hexdigest()})


def _signed(
    path: Path, heads: Iterable[Head], *, key: bytes, made_at: datetime, tenant: str | None
) -> CheckpointReport:
    count = 0
    try:
        with _replacing(path) as file:
            out = _Signed(file, key)
            out.line({"kind": _KIND, "version": _VERSION, "made_at": to_text(made_at), "tenant": tenant})
            for head in heads:
                out.line([head.tenant, head.subject, head.subject_id, head.sequence, head.hash])
                count += 1
            out.end(count)
    except OSError as error:
        raise Invalid("audit.file", field="checkpoint.out", value=str(path), reason=error.strerror or "") from error
    return CheckpointReport(path=str(path), made_at=made_at, heads=count)


def _told(heads: Iterable[Head], whole: int, progress: Progress | None) -> Iterator[Head]:
    """The heads, with the progress told as they go by."""
    count = 0
    for head in heads:
        yield head
        count += 1
        if progress is not None and count % _stream.BATCH == 0:
            progress(count, whole)
    if progress is not None:
        progress(count, max(count, whole))


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside the path that takes its name when the block ends well."""
    handle, half = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[IO[bytes]]:
    try:
        file = Path(path).open("rb")  # noqa: SIM115  closed below, where its errors are not this one
    except OSError as error:
        raise NotFound("audit.missing", field="checkpoint", value=str(path), reason=error.strerror or "") from error
    with file:
        yield file


def _header(line: bytes, path: str | Path) -> dict[str, Any]:
    header = _object(line)
    if header.get("kind") != _KIND or header.get("version") != _VERSION or "tenant" not in header:
        raise Invalid("audit.form", field="checkpoint.header", value=str(path))
    return header


def _object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; an empty one where it holds anything else."""
    if not line.startswith(b"{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
