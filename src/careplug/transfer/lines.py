"""One stored row as one line of JSON, the same from every database, and back: also a line that an older version wrote.

The line holds what the entity holds and not how a database writes it: instants in UTC with microseconds, Decimals as text
with four places, bytes in base64, documents as JSON, encrypted columns in plain. Keys are sorted, nothing is left out, so
that equal rows give equal bytes. A lease is no part of it: nobody holds one in the copy.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import attrs

from careplug.clock import from_text
from careplug.documents import canonical
from careplug.entity import Column
from careplug.money import scaled, unscaled
from careplug.rows import Codec

__all__ = ["Lines"]

_UNCLAIMED: Mapping[str, Any] = {"leased_until": None, "fence": 0}
"""What a row of a claimable entity holds where nobody has claimed it."""


def _instant(value: datetime) -> str:
    return f'"{value.isoformat(timespec="microseconds")[:26]}Z"'


_WRITE: Mapping[str, Callable[[Any], str]] = {
    "id": encode_basestring,
    "text": encode_basestring,
    "long": encode_basestring,
    "int": str,
    "duration": str,
    "bool": lambda value: "true" if value else "false",
    "time": _instant,
    "date": lambda value: f'"{value.isoformat()}"',
    "decimal": lambda value: f'"{unscaled(value):f}"',
    "bytes": lambda value: f'"{base64.b64encode(value).decode()}"',
    "json": str,  # a document is stored as canonical JSON
}


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        """The value itself; ``TypeError`` for another type: true is no number."""
        if type(value) is not kind:
            raise TypeError(type(value).__name__)
        return value

    return read


_text = _exactly(str)

_READ: Mapping[str, Callable[[Any], Any]] = {
    "id": _text,
    "text": _text,
    "long": _text,
    "int": _exactly(int),
    "duration": _exactly(int),
    "bool": _exactly(bool),
    "time": from_text,
    "date": date.fromisoformat,
    "decimal": lambda value: scaled(Decimal(_text(value))),
    "bytes": lambda value: base64.b64decode(value, validate=True),
    "json": lambda value: canonical(value, "document"),
}
_ZERO: Mapping[str, Any] = {
    "int": 0,
    "duration": 0,
    "decimal": 0,
    "bool": False,
    "bytes": b"",
    "json": "null",
    "time": datetime.fromisoformat("1970-01-01T00:00:00Z"),
    "date": date(1970, 1, 1),
}


class Lines:
    """Writes and reads the lines of one entity; made once, thread-safe.

    ``columns`` are name and kind of what a line holds. Indexed custom fields are no columns here: they stand in the
    document ``custom`` already.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.spec = codec.spec
        own = [column for column in codec.columns if not column.custom]
        self.columns = {column.name: column.kind for column in sorted(own, key=lambda column: column.name)}
        self._neutral = _UNCLAIMED if codec.spec.claimable else {}
        self._parts = [
            (f"{',' if number else '{'}{encode_basestring(name)}:", name, _WRITE[kind])
            for number, (name, kind) in enumerate(self.columns.items())
        ]

    def write(self, entity: object) -> bytes:
        """The line of an entity, with its end."""
        row = {**self.codec.to_row(entity), **self._neutral}
        found = []
        for start, name, text in self._parts:
            value = row[name]
            found.append(f"{start}null" if value is None else start + text(value))
        return "".join((*found, "}\n")).encode()

    def reader(self, version: int, columns: Mapping[str, str]) -> Callable[[bytes], Any]:
        """How a line becomes an entity, if it was written by a spec of this version with these columns.

        The reader raises ``ValueError``, ``TypeError`` or ``CareError`` for a line that is none. A row of an older version
        goes through the entity's upcasters; a column it did not have yet gets its default.
        """
        names = frozenset(columns)
        kinds = [(name, _READ[kind]) for name, kind in columns.items()]
        steps = [self.spec.upcasters[step] for step in range(version, self.spec.version) if step in self.spec.upcasters]
        missing = {column.name: default_of(self.codec, column) for column in self.codec.columns}

        def read(line: bytes) -> Any:
            """The entity of a line."""
            data = json.loads(line)
            if type(data) is not dict or data.keys() != names:
                raise ValueError("columns")
            row = {name: None if data[name] is None else convert(data[name]) for name, convert in kinds}
            for step in steps:
                row = dict(step(row))
            return self.codec.from_row({**missing, **row})

        return read


def default_of(codec: Codec, column: Column) -> Any:
    """What a row gets in a column that was not there when it was written, as it is stored."""
    if column.nullable:
        return None
    field = getattr(attrs.fields(codec.spec.cls), column.attribute)
    value = field.default
    if isinstance(value, attrs.Factory) and not value.takes_self:  # type: ignore[arg-type]
        value = value.factory()
    if value is attrs.NOTHING or isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return _ZERO.get(column.kind, "")
    if column.kind == "json":
        return codec.document(column.attribute).encode(value)
    return codec.checker(column)(getattr(value, column.part) if column.part else value)
