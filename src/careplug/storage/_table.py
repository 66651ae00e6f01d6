"""The rows of one entity in memory, with the indexes that keep unique keys and find candidates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from careplug.criteria import Criteria
from careplug.errors import Conflict
from careplug.rows import Codec
from careplug.storage._query import Row, equals

__all__ = ["Key", "Table"]

Key = tuple[str, str]
"""Tenant and id."""


class Table:
    """Rows by key. Changed by one writer at a time; a reader that needs it unchanged pins it.

    A pinned table is never changed again: the writer goes on with a copy.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.pins = 0
        self.rows: dict[Key, Row] = {}
        self._unique = [("id",), *(_columns(codec, fields) for fields in codec.spec.unique)]
        first = [_columns(codec, fields)[0] for fields in (*codec.spec.indexes, *codec.spec.unique) if fields]
        indexed = [field.name for field in codec.columns if field.custom]
        self._keys: dict[tuple[Any, ...], Key] = {}
        self._groups: dict[str, dict[Any, dict[Key, None]]] = {name: {} for name in ["id", "tenant", *first, *indexed]}

    def copy(self) -> Table:
        """The same rows and indexes, unpinned."""
        made = Table(self.codec)
        made.rows = dict(self.rows)
        made._keys = dict(self._keys)
        made._groups = {name: {v: dict(keys) for v, keys in group.items()} for name, group in self._groups.items()}
        return made

    def broken(self, row: Row) -> str:
        """The field of the unique key that another row holds already, ``""`` where none is broken."""
        own = (row["tenant"], row["id"])
        for names, key in self._unique_keys(row):
            if self._keys.get(key, own) != own:
                return ".".join((self.codec.name, *names))
        return ""

    def set(self, key: Key, row: Row | None) -> Row | None:
        """Put a row (None: take it out) and give back what was there; ``Conflict`` for a broken unique key."""
        if row is not None:
            field = self.broken(row)
            if field:
                raise Conflict("storage.unique", field=field)
        before = self.rows.pop(key, None)
        if before is not None:
            for _, unique in self._unique_keys(before):
                self._keys.pop(unique, None)
            for name, group in self._groups.items():
                keys = group[before[name]]
                del keys[key]
                if not keys:
                    del group[before[name]]
        if row is not None:
            self.rows[key] = row
            self._keys.update((unique, key) for _, unique in self._unique_keys(row))
            for name, group in self._groups.items():
                group.setdefault(row[name], {})[key] = None
        return before

    def candidates(self, criteria: Criteria | None, tenant: str | None) -> Iterator[Row]:
        """Rows among which all matching ones are: by the index that leaves the fewest."""
        wanted = dict(equals(criteria))
        if tenant is not None:
            wanted["tenant"] = tenant
        found: Any = self.rows
        for name, value in wanted.items():
            if name in self._groups:
                group = self._groups[name].get(value, {})
                found = group if len(group) < len(found) else found
        for key in list(found):
            row = self.rows[key]
            if tenant is None or row["tenant"] == tenant:
                yield row

    def _unique_keys(self, row: Row) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
        for place, names in enumerate(self._unique):
            values = tuple(row[name] for name in names)
            if None not in values:  # a missing value equals nothing
                yield names, (place, row["tenant"], *values)


def _columns(codec: Codec, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column.name for field in fields for column in codec.resolve(field))
