"""The manifest of an export: what is in it, made of what, with the digest of every part. Written last, read first."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from careplug.documents import canonical, make_converter
from careplug.errors import CareError, Invalid, NotFound

__all__ = ["CHECKPOINT", "FORMAT", "MANIFEST", "Chunk", "Content", "Entity", "Kept", "Made", "Manifest"]

FORMAT = 1
"""The version of the format. A reader refuses a higher one."""

MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint.jsonl"
_KIND = "careplug export"
_CHUNK = re.compile(r"[a-z][a-z0-9_]{0,39}\.[0-9]{6}\.jsonl")


@attrs.frozen
class Chunk:
    """A file of rows below ``rows/``: its name without ``.gz``, how many rows, the SHA-256 of its lines unpacked."""

    file: str
    rows: int
    sha256: str


@attrs.frozen(kw_only=True)
class Entity:
    """The rows of one entity: who brought it, the version of its spec, name and kind of each column, the files."""

    name: str
    plugin: str
    version: int
    columns: dict[str, str]
    rows: int
    chunks: tuple[Chunk, ...]


@attrs.frozen(kw_only=True)
class Kept:
    """The attachments: how many different files there are below ``files/``, their bytes, how many could not be had."""

    count: int = 0
    bytes: int = 0
    missing: int = 0


@attrs.frozen(kw_only=True)
class Content:
    """What is compared: two databases of equal content give equal ones."""

    entities: tuple[Entity, ...]
    files: Kept = Kept()

    @property
    def digest(self) -> str:
        """The SHA-256 that names this content."""
        return hashlib.sha256(canonical(make_converter().unstructure(self), "manifest").encode()).hexdigest()


@attrs.frozen(kw_only=True)
class Made:
    """How the export came about; not compared. ``number`` is the last of people's numbers that was given."""

    at: datetime
    careplug: str
    storage: str
    plugins: dict[str, str]
    number: int
    compressed: bool = False


@attrs.frozen(kw_only=True)
class Manifest:
    """A finished export. ``signature`` is the HMAC-SHA-256 of the digest under the host's key, empty without one."""

    made: Made
    content: Content
    digest: str
    signature: str = ""

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(entity.rows for entity in self.content.entities)

    def path(self, folder: Path, chunk: Chunk) -> Path:
        """Where the rows of a chunk stand."""
        return folder / "rows" / (f"{chunk.file}.gz" if self.made.compressed else chunk.file)

    def text(self) -> str:
        """The manifest as it is written."""
        data = {"kind": _KIND, "format": FORMAT, **make_converter().unstructure(self)}
        return json.dumps(data, ensure_ascii=False, indent=1) + "\n"

    def check_key(self, key: bytes) -> None:
        """``Invalid`` where the export was not signed with this key."""
        if not self.signature:
            raise Invalid("transfer.unsigned", field="export.signature.none")
        if not hmac.compare_digest(self.signature, signature(self.digest, key)):
            raise Invalid("transfer.signature", field="export.signature")


def signature(digest: str, key: bytes) -> str:
    """The signature of a content's digest."""
    return hmac.new(key, f"{_KIND}\n{digest}".encode(), hashlib.sha256).hexdigest()


def read(folder: Path) -> Manifest:
    """The manifest of a folder; ``NotFound`` where there is no finished export, ``Invalid`` for one that was altered."""
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotFound("transfer.none", field="export.folder", value=str(folder), reason=reason) from None
    except ValueError as error:
        raise Invalid("transfer.manifest", field="export.manifest", value=str(path), reason=str(error)) from None
    if not isinstance(data, dict) or data.get("kind") != _KIND:
        raise Invalid("transfer.kind", field="export.kind", value=str(path))
    if type(data.get("format")) is not int or data["format"] > FORMAT:
        raise Invalid("transfer.format", field="export.format", value=data.get("format"), known=FORMAT)
    return _checked(data, path)


def _checked(data: Mapping[str, Any], path: Path) -> Manifest:
    try:
        found = make_converter().structure(data, Manifest)
    except (CareError, KeyError, TypeError, ValueError) as error:
        raise Invalid("transfer.manifest", field="export.manifest", value=str(path), reason=str(error)) from None
    files = [chunk.file for entity in found.content.entities for chunk in entity.chunks]
    strange = next((name for name in files if not _CHUNK.fullmatch(name)), "")
    if strange or found.content.digest != found.digest:
        raise Invalid("transfer.altered", field="export.digest", value=str(path))
    return found
