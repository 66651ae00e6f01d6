"""Criteria, order and page keys on flat rows: what a database does in SQL, said once in Python."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from careplug.criteria import All, Criteria, Is, Not, Order, matches
from careplug.criteria import Any as AnyOf
from careplug.errors import Invalid
from careplug.rows import Codec

__all__ = ["Row", "Sorting", "equals", "on_columns"]

Row = Mapping[str, Any]


def on_columns(codec: Codec, criteria: Criteria | None) -> Criteria | None:
    """The same condition over stored columns and stored values; ``Invalid`` for a name or value that does not fit."""
    if criteria is None:
        return None
    if isinstance(criteria, Is):
        return _comparison(codec, criteria)
    if isinstance(criteria, Not):
        return Not(_part(codec, criteria.part))
    return type(criteria)(*(_part(codec, part) for part in criteria.parts))


def equals(criteria: Criteria | None) -> Iterator[tuple[str, Any]]:
    """The (column, value) pairs every matching row must have: they choose an index."""
    if isinstance(criteria, Is) and criteria.op == "eq":
        yield criteria.field, criteria.value
    elif isinstance(criteria, All):
        for part in criteria.parts:
            yield from equals(part)


def select(rows: Iterable[Row], criteria: Criteria | None) -> list[Row]:
    """The rows that match a condition over columns."""
    return [row for row in rows if matches(criteria, row.get)]


class Sorting:
    """Orders rows by columns, missing values last either way, the id breaking ties in the last direction; and pages through them."""

    def __init__(self, codec: Codec, order: Sequence[Order]) -> None:
        self._codec = codec
        self._fields = [part.field for part in order]
        self._columns = [(column.name, part.descending) for part in order for column in _sortable(codec, part.field)]
        if not any(name == "id" for name, _ in self._columns):
            self._columns.append(("id", bool(self._columns) and self._columns[-1][1]))

    def page(self, rows: Iterable[Row], *, after: Sequence[Any] | None, limit: int | None) -> list[Row]:
        """The rows in order that come after a page key (order values…, id), at most ``limit``."""
        if after is not None:
            key = self._key(after)
            rows = (row for row in rows if self._beyond(row, key))
        if limit is not None and len(self._columns) == 1 and not self._columns[0][1]:
            name = self._columns[0][0]
            return heapq.nsmallest(limit, rows, key=lambda row: row[name])
        found = list(rows)
        for name, descending in reversed(self._columns):
            there = [row for row in found if row[name] is not None]
            there.sort(key=lambda row, name=name: row[name], reverse=descending)  # type: ignore[misc]
            found = there + [row for row in found if row[name] is None]
        return found[:limit]

    def _key(self, after: Sequence[Any]) -> list[Any]:
        fields = self._fields if "id" in self._fields else [*self._fields, "id"]
        if len(after) != len(fields):
            name = self._codec.name
            raise Invalid("storage.after", field=f"{name}.after", value=len(after), wanted=len(fields))
        return [value for field, given in zip(fields, after, strict=True) for value in self._codec.key(field, given)]

    def _beyond(self, row: Row, key: Sequence[Any]) -> bool:
        for (name, descending), value in zip(self._columns, key, strict=True):
            have = row[name]
            if have == value:
                continue
            if have is None or value is None:
                return have is None
            return bool(have < value) if descending else bool(have > value)
        return False


def _part(codec: Codec, criteria: Criteria) -> Criteria:
    found = on_columns(codec, criteria)
    return All() if found is None else found


def _comparison(codec: Codec, condition: Is) -> Criteria:
    field, op, value = condition.field, condition.op, condition.value
    names = [column.name for column in codec.resolve(field)]
    if op == "is_null":
        return Is(names[0], op, value)
    if len(names) == 1:
        wanted = tuple(codec.key(field, item)[0] for item in value) if op == "in" else codec.key(field, value)[0]
        return Is(names[0], op, wanted)
    if op == "in":
        # no choice is false, but unknown where the value is missing: as an empty `in` of the column is
        ways = [_all_equal(names, codec.key(field, item)) for item in value]
        return AnyOf(*ways) if ways else Is(names[0], op, ())
    if op != "eq":
        raise Invalid("storage.compare", field=f"{codec.name}.{field}.{op}", op=op, value=field)
    return _all_equal(names, codec.key(field, value))


def _all_equal(names: Sequence[str], values: Sequence[Any]) -> All:
    return All(*(Is(name, "eq", value) for name, value in zip(names, values, strict=True)))


def _sortable(codec: Codec, field: str) -> Sequence[Any]:
    columns = codec.resolve(field)
    for column in columns:
        if column.kind in ("json", "bytes"):
            raise Invalid("storage.order", field=f"{codec.name}.{field}.order", value=column.kind)
    return columns
