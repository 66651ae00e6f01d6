"""From entity to flat row and back, and from the names of criteria to columns.

Every storage keeps the same row: column name to ``str``, ``int``, ``bool``, aware UTC ``datetime``,
``date`` or ``bytes``. Durations are whole microseconds, Decimals whole numbers of 1/10 000, documents
canonical JSON text (``careplug.documents``). A value that some database would change or refuse is
``Invalid`` here, before anything is stored.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, starmap
from typing import TYPE_CHECKING, Any

import attrs

from careplug import _rowcode
from careplug._values import checker, reader, same
from careplug.clock import from_text, to_text
from careplug.documents import Document, document, make_converter
from careplug.entity import Column, EntitySpec
from careplug.errors import Invalid
from careplug.money import Money
from careplug.refs import Ref
from careplug.text import Text

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["Codec", "codecs"]

_PARTS: Mapping[type, tuple[str, ...]] = {Ref: ("kind", "id"), Money: ("amount", "currency"), Text: ("en", "zh")}


class Codec:
    """Writes and reads the rows of one entity class; made once, thread-safe, about 4 µs for 40 fields.

    ``columns`` are in the order of ``from_values``; ``spec`` is what it was made from. ``sealed`` are the columns that the
    storage encrypts: the personal ones, where there is a cipher. Rows here are plain.
    """

    def __init__(self, spec: EntitySpec, converter: Converter | None = None, *, encrypted: bool = False) -> None:
        self.spec = spec
        self.name = spec.name
        self.columns: tuple[Column, ...] = spec.columns()
        self.sealed = _sealed(spec, self.columns) if encrypted else frozenset()
        self.names = tuple(column.name for column in self.columns)
        self._documents = _documents(spec, self.columns, converter)
        self._checkers = {column.name: checker(column, self.path(column)) for column in self.columns}
        self._write = _rowcode.writer(self)
        self._build = _rowcode.builder(self)
        self._pick = operator.itemgetter(*self.names)
        self._known = self._names_of_fields()
        self._keys: dict[str, Callable[[Any], Any]] = {}

    def to_row(self, entity: object) -> dict[str, Any]:
        """The row of an entity; ``Invalid`` (field ``entity.attribute``) for what cannot be stored exactly."""
        return self._write(entity)

    def from_row(self, row: Mapping[str, Any]) -> Any:
        """The entity of a row that holds all columns; more keys do no harm."""
        return self._build(*self._pick(row))

    def from_values(self, values: Sequence[Any]) -> Any:
        """The entity of a row given as values in the order of ``columns``: the fast way from a cursor."""
        return self._build(*values)

    def from_rows(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """The entities of several rows, each as ``from_values`` takes them."""
        return list(starmap(self._build, rows))

    def changes(self, was: object, entity: object) -> dict[str, Any]:
        """The columns in which the row of ``entity`` differs from that of ``was``."""
        before = self._write(was)
        return {name: value for name, value in self._write(entity).items() if before[name] != value}

    def resolve(self, field: str) -> tuple[Column, ...]:
        """The columns behind a name in criteria or order.

        ``requester`` (a Ref) gives its two columns, ``requester_id`` one, ``custom.NAME`` that of an
        indexed custom field. Any other name is ``Invalid``.
        """
        found = self._known.get(field)
        if found is None:
            known = ", ".join(sorted(self._known))
            raise Invalid("criteria.field", field=f"{self.name}.{field}", entity=self.name, value=field, known=known)
        return found

    def comparable(self, field: str) -> tuple[Column, ...]:
        """As ``resolve``, for what is compared, sorted or grouped; ``Invalid`` for a field that is stored encrypted."""
        found = self.resolve(field)
        if self.sealed and any(column.name in self.sealed for column in found):
            raise Invalid("criteria.sealed", field=f"{self.name}.{field}.sealed", entity=self.name, value=field)
        return found

    def key(self, field: str, value: Any) -> tuple[Any, ...]:
        """A value to compare with, as it stands in the columns of ``resolve(field)``.

        ``None`` gives Nones. A value of another type than the field's is ``Invalid``; texts may be longer than the column.
        """
        found = self.resolve(field)
        if value is None:
            return (None,) * len(found)
        if len(found) == 1:
            return (self._comparable(found[0], field)(value),)
        cls = _whole(found)
        if not isinstance(value, cls):
            raise Invalid("criteria.type", field=f"{self.name}.{field}", value=repr(value)[:80], wanted=cls.__name__)
        return tuple(
            self._comparable(column, f"{field}.{part}")(getattr(value, part))
            for column, part in zip(found, _PARTS[cls], strict=True)
        )

    def value(self, field: str, stored: Sequence[Any]) -> Any:
        """The value of a field from its stored columns: the inverse of ``key``, for group keys."""
        found = self.resolve(field)
        if stored[0] is None:
            return None
        values = [reader(column)(item) for column, item in zip(found, stored, strict=True)]
        return values[0] if len(found) == 1 else _whole(found)(*values)

    def picker(self, fields: Sequence[str]) -> tuple[tuple[Column, ...], Callable[[Sequence[Any]], tuple[Any, ...]]]:
        """The columns behind some fields, and how a row of their values becomes the fields' values.

        ``Invalid`` for a field that is a document, or none.
        """
        groups = [self.resolve(field) for field in fields]
        for field, group in zip(fields, groups, strict=True):
            if group[0].kind == "json":
                raise Invalid("criteria.document", field=f"{self.name}.{field}.pick", value=field)
        found = tuple(column for group in groups for column in group)
        starts = accumulate((len(group) for group in groups), initial=0)
        parts = [_part(group, start) for group, start in zip(groups, starts, strict=False)]
        if all(isinstance(part, int) for part in parts):
            return found, tuple
        return found, lambda row: tuple([row[part] if isinstance(part, int) else part(row) for part in parts])

    def path(self, column: Column) -> str:
        """How errors name a column: ``feedback.requester.id``, ``feedback.custom.plant``."""
        return ".".join(part for part in (self.name, column.attribute, column.part) if part)

    def document(self, attribute: str) -> Document:
        """The writer and reader of a JSON attribute."""
        return self._documents[attribute]

    def checker(self, column: Column) -> Callable[[Any], Any]:
        """The checked conversion of one value into its column; knows None and every refusal."""
        return self._checkers[column.name]

    def _comparable(self, column: Column, field: str) -> Callable[[Any], Any]:
        found = self._keys.get(field)
        if found is None:
            loose = attrs.evolve(column, length=0, nullable=False)
            found = self._keys[field] = checker(loose, f"{self.name}.{field}", comparing=True)
        return found

    def _names_of_fields(self) -> dict[str, tuple[Column, ...]]:
        found: dict[str, tuple[Column, ...]] = {}
        for column in self.columns:
            if column.custom:
                found[f"custom.{column.part}"] = (column,)
                continue
            found[column.name] = (column,)
            if column.part:
                found[column.attribute] = (*found.get(column.attribute, ()), column)
        return found


def codecs(specs: Sequence[EntitySpec], *, encrypted: bool = False) -> dict[type, Codec]:
    """A codec for each entity class, sharing one converter: what a storage makes at ``bind``."""
    converter = make_converter()
    return {spec.cls: Codec(spec, converter, encrypted=encrypted) for spec in specs}


def _sealed(spec: EntitySpec, columns: Sequence[Column]) -> frozenset[str]:
    """The personal columns, which must be texts or documents, and no part of a key or an index of their own."""
    found = frozenset(column.name for column in columns if column.personal)
    for column in columns:
        if column.personal and (column.custom or column.kind not in ("text", "long", "json")):
            raise Invalid("entity.sealed_kind", field=f"{spec.name}.{column.name}", value=column.kind)
    for field in (field for key in spec.unique for field in key):
        if field in found:
            raise Invalid("entity.sealed_key", field=f"{spec.name}.{field}", value=field)
    return found


def _whole(found: Sequence[Column]) -> type:
    """The flat class (Ref, Money, Text) whose parts these columns are."""
    cls = found[0].cls
    if cls is None:
        raise TypeError(found[0].name)
    return cls


def _part(group: Sequence[Column], start: int) -> int | Callable[[Sequence[Any]], Any]:
    """Where in a row the value of a field stands, or how it is made of what stands there."""
    if len(group) == 1:
        read = reader(group[0])
        return start if read is same else lambda row: None if row[start] is None else read(row[start])
    cls, stop = _whole(group), start + len(group)
    readers = [reader(column) for column in group]

    def whole(row: Sequence[Any]) -> Any:
        """The value made of its columns; None where the first is NULL."""
        if row[start] is None:
            return None
        return cls(*[read(value) for read, value in zip(readers, row[start:stop], strict=True)])

    return whole


def _documents(spec: EntitySpec, columns: Sequence[Column], converter: Converter | None) -> dict[str, Document]:
    found = {
        column.attribute: document(column.cls, f"{spec.name}.{column.attribute}", converter)
        for column in columns
        if column.kind == "json"
    }
    if spec.extra:
        if "custom" not in found:
            raise Invalid("entity.no_custom", field=spec.name, value=", ".join(field.name for field in spec.extra))
        found["custom"] = _custom(spec, found["custom"])
    return found


_AS_TEXT: Mapping[str, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    "time": (to_text, from_text),
    "date": (date.isoformat, date.fromisoformat),
    "decimal": (str, Decimal),
}


def _custom(spec: EntitySpec, plain: Document) -> Document:
    """Custom values by their declared types; keys no longer declared stay as they are, so nothing is lost."""
    typed: dict[str, tuple[Callable[[Any], Any], Callable[[Any], str], Callable[[str], Any]]] = {}
    for field in spec.extra:
        if field.type in _AS_TEXT:
            write, read = _AS_TEXT[field.type]
            column = Column(field.name, field.type, "custom", field.name, nullable=True)
            typed[field.name] = (checker(column, f"{spec.name}.custom.{field.name}"), write, read)
    if not typed:
        return plain

    def encode(value: Any) -> str:
        """The document as text, declared custom fields checked and written by their types."""
        if not value or not isinstance(value, Mapping):
            return plain.encode(value)
        data = dict(value)
        for name in typed.keys() & data.keys():
            check, write, _ = typed[name]
            if check(data[name]) is not None:
                data[name] = write(data[name])
        return plain.encode(data)

    def decode(text: str) -> Any:
        """The document of a text, declared custom fields read by their types."""
        data = plain.decode(text)
        for name in typed.keys() & data.keys():
            if data[name] is not None:
                data[name] = typed[name][2](data[name])
        return data

    return Document(encode, decode)
