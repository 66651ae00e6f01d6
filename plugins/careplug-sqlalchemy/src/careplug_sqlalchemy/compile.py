"""Criteria, order and page keys as SQL with bound values.

The same shape of question gives the same statement, so each is built once and kept: ``Question`` walks
the criteria for its shape and values, and only a new shape is built. SQL's three values are those of
``careplug.criteria``; the places where SQL differs (empty IN, order of NULL) are put right here.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import ColumnElement, and_, bindparam, false, not_, or_, true
from sqlalchemy.sql.schema import Column

from careplug import criteria as algebra
from careplug import entity
from careplug.criteria import Criteria, Is, Not, Order
from careplug.errors import Invalid
from careplug.rows import Codec
from careplug_sqlalchemy.errors import error

__all__ = [
    "Builder",
    "Question",
    "Sorted",
    "after_clause",
    "after_values",
    "implied",
    "order_clause",
    "order_columns",
    "page_key",
]

_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_LAST = 0x10FFFF

Sorted = tuple[entity.Column, bool]
"""A column to sort by and whether it descends."""


@attrs.define
class Question:
    """The values of one question, named ``b_0``, ``b_1`` … in the order its clause is built."""

    codec: Codec
    values: dict[str, Any] = attrs.field(factory=dict)

    def put(self, value: Any) -> None:
        """The next value."""
        self.values[f"b_{len(self.values)}"] = value

    def shape(self, criteria: Criteria | None) -> Any:
        """A hashable picture of the criteria without values; keeps the values on the way.

        ``Invalid`` for names and values that do not fit the entity.
        """
        if criteria is None:
            return None
        if isinstance(criteria, Is):
            return self._shape_is(criteria)
        if isinstance(criteria, Not):
            return ("!", self.shape(criteria.part))
        kind = "&" if isinstance(criteria, algebra.All) else "|"
        return (kind, *(self.shape(part) for part in criteria.parts))

    def _shape_is(self, criteria: Is) -> Any:
        field, op = criteria.field, criteria.op
        if op == "is_null":
            self.codec.resolve(field)
            return (field, op, criteria.value)
        found = self.codec.comparable(field)
        if op == "in":
            keys = [self.codec.key(field, value) for value in criteria.value]
            if len(found) == 1:
                if keys:
                    self.put([key[0] for key in keys])
                return (field, op, bool(keys))
            for key in keys:
                self._put_all(key)
            return (field, op, len(keys))
        if len(found) > 1 and op != "eq":
            raise error(Invalid, "storage.compare", field=f"{self.codec.name}.{field}.{op}", op=op, value=field)
        key = self.codec.key(field, criteria.value)
        if op != "prefix":
            self._put_all(key)
            return (field, op)
        end = _successor(key[0])
        self.put(key[0])
        if end is not None:
            self.put(end)
        return (field, op, end is None)

    def _put_all(self, key: Sequence[Any]) -> None:
        for value in key:
            self.put(value)


def _successor(prefix: str) -> str | None:
    """The first text after all those with this prefix, by code point; None where there is none."""
    for place in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[place])
        if code < _LAST:
            # surrogates are no characters
            return prefix[:place] + chr(0xE000 if code == 0xD7FF else code + 1)
    return None


@attrs.define
class Builder:
    """Builds the clause of a shape; takes names for values in the order ``Question`` gave them."""

    columns: Mapping[str, Column[Any]]
    codec: Codec
    used: int = 0

    def clause(self, shape: Any) -> ColumnElement[bool]:
        """The clause of a shape that ``Question.shape`` made."""
        match shape:
            case None | ("&",):
                return true()
            case ("|",):
                return false()
            case ("!", part):
                return not_(self.clause(part))
            case ("&", *some):
                return and_(*(self.clause(part) for part in some))
            case ("|", *some):
                return or_(*(self.clause(part) for part in some))
        return self._comparison(*shape)

    def bind(self, column: Column[Any], *, expanding: bool = False) -> Any:
        """The next value's place."""
        self.used += 1
        return bindparam(f"b_{self.used - 1}", type_=column.type, expanding=expanding)

    def _comparison(self, field: str, op: str, *more: Any) -> ColumnElement[bool]:
        found = [self.columns[item.name] for item in self.codec.resolve(field)]
        first = found[0]
        if op == "is_null":
            return first.is_(None) if more[0] else first.is_not(None)
        if op == "in":
            return self._within(found, more[0])
        if op == "prefix":
            start = first >= self.bind(first)
            return start if more[0] else and_(start, first < self.bind(first))
        return and_(*(_COMPARE[op](column, self.bind(column)) for column in found))

    def _within(self, found: Sequence[Column[Any]], count: int) -> ColumnElement[bool]:
        if not count:
            # false, but unknown for a missing value, as every comparison
            return and_(found[0] != found[0])
        if len(found) == 1:
            return found[0].in_(self.bind(found[0], expanding=True))
        return or_(*(and_(*(column == self.bind(column) for column in found)) for _ in range(count)))


def order_columns(codec: Codec, order: Sequence[Order]) -> list[Sorted]:
    """The columns to sort by, each with whether it descends; the id last unless it is there, in the direction of the column
    before it: so one index gives both directions, read forwards or backwards.
    """
    found = [(item, part.descending) for part in order for item in codec.comparable(part.field)]
    for item, _ in found:
        if item.kind in ("json", "bytes"):
            raise error(Invalid, "storage.order", field=f"{codec.name}.{item.name}.order", value=item.kind)
    if not any(item.name == "id" for item, _ in found):
        found.append((codec.resolve("id")[0], bool(found) and found[-1][1]))
    return found


def order_clause(
    columns: Mapping[str, Column[Any]], order: Sequence[Sorted], *, plain: bool
) -> list[ColumnElement[Any]]:
    """ORDER BY with NULL last; ``plain`` for a database that has no NULLS LAST."""
    parts: list[ColumnElement[Any]] = []
    for item, descending in order:
        column = columns[item.name]
        part: ColumnElement[Any] = column.desc() if descending else column.asc()
        if item.nullable:
            if plain:
                parts.append(column.is_(None))
            else:
                part = part.nulls_last()
        parts.append(part)
    return parts


def after_clause(builder: Builder, order: Sequence[Sorted], missing: Sequence[bool]) -> ColumnElement[bool]:
    """What comes after a page key: equal in the first columns and beyond in the next, for each column.

    ``missing`` says which values of the key are None; only the others are bound, each as often as it is used.
    """
    ways: list[ColumnElement[bool]] = []
    for place, (item, descending) in enumerate(order):
        beyond = _beyond(builder, item, descending=descending, missing=missing[place])
        if beyond is not None:
            same = [_same(builder, order[n][0], missing=missing[n]) for n in range(place)]
            # bound in this order: the value gone beyond, then the equal ones
            ways.append(and_(*same, beyond))
    clause = or_(*ways) if ways else false()
    first, descending = order[0]
    if missing[0] or first.nullable:
        return clause
    # said once more on its own, so that an index range can start there
    column = builder.columns[first.name]
    bound = builder.bind(column)
    return and_(column <= bound if descending else column >= bound, clause)


def after_values(question: Question, order: Sequence[Sorted], key: Sequence[Any]) -> None:
    """Put the values of a page key as ``after_clause`` takes them."""
    for place in range(len(order)):
        if key[place] is not None:
            question.put(key[place])
            for value in key[:place]:
                if value is not None:
                    question.put(value)
    if key[0] is not None and not order[0][0].nullable:
        question.put(key[0])


def _beyond(builder: Builder, item: entity.Column, *, descending: bool, missing: bool) -> ColumnElement[bool] | None:
    if missing:
        return None  # nothing comes after NULL
    column = builder.columns[item.name]
    bound = builder.bind(column)
    part = column < bound if descending else column > bound
    return or_(part, column.is_(None)) if item.nullable else part


def _same(builder: Builder, item: entity.Column, *, missing: bool) -> ColumnElement[bool]:
    column = builder.columns[item.name]
    return column.is_(None) if missing else column == builder.bind(column)


def page_key(codec: Codec, order: Sequence[Order], after: Sequence[Any]) -> list[Any]:
    """The stored values of a page key (order values…, id)."""
    fields = [part.field for part in order]
    named_id = "id" in fields
    wanted = len(fields) if named_id else len(fields) + 1
    if len(after) == len(fields) + 1 and named_id:
        after = after[: len(fields)]
    if len(after) != wanted:
        raise error(Invalid, "storage.after", field=f"{codec.name}.after", value=len(after), wanted=len(fields) + 1)
    return [
        value
        for field, given in zip(fields if named_id else [*fields, "id"], after, strict=True)
        for value in codec.key(field, given)
    ]


def implied(criteria: Criteria | None) -> frozenset[str]:
    """Fields that cannot be missing in any matching row: compared at the top, or said to be there."""
    if isinstance(criteria, Is):
        return frozenset() if criteria.op == "is_null" and criteria.value else frozenset({criteria.field})
    if isinstance(criteria, algebra.All):
        return functools.reduce(operator.or_, (implied(part) for part in criteria.parts), frozenset())
    return frozenset()
