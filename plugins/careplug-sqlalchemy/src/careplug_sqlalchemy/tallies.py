"""Grouped counts, sums and means, computed in the database with whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.sql import Executable
from sqlalchemy.sql.schema import Column

from careplug import entity
from careplug.criteria import Criteria
from careplug.errors import Invalid
from careplug.money import unscaled
from careplug.ports import Measure, Tally
from careplug_sqlalchemy.compile import Builder, Question, order_clause
from careplug_sqlalchemy.errors import error
from careplug_sqlalchemy.statements import Mapper

if TYPE_CHECKING:
    from careplug_sqlalchemy.transaction import SqlTransaction

__all__ = ["tally"]

_STEP = Decimal(1).scaleb(-4)
_NUMBERS = ("int", "decimal", "duration")


def tally(
    unit: SqlTransaction, mapper: Mapper, criteria: Criteria | None, by: tuple[str, ...], measures: tuple[Measure, ...]
) -> list[Tally]:
    """One ``Tally`` a group, ordered by group with NULL last; without ``by`` one for all rows."""
    question = Question(mapper.codec)
    shape = question.shape(criteria)
    groups = [mapper.codec.comparable(field) for field in by]
    readers = [_measure(mapper, measure) for measure in measures]

    def build() -> Executable:
        """SELECT of keys and measures, grouped and ordered by group."""
        keys = [mapper.columns[item.name] for group in groups for item in group]
        wanted = [part for parts, _ in readers for part in parts]
        sort = [(item, False) for group in groups for item in group]
        # a count of all rows of all tenants names no column, and would count nothing at all without the table
        found = (
            select(*keys, *wanted)
            .select_from(mapper.table)
            .where(Builder(mapper.columns, mapper.codec).clause(shape), *mapper.own(unit.tenant))
        )
        return (
            found.group_by(*keys).order_by(*order_clause(mapper.columns, sort, plain=mapper.plain)) if keys else found
        )

    statement = mapper.keep(("tally", shape, by, measures, unit.tenant is None), build)
    rows = unit.run(statement, {**question.values, "b_tenant": unit.tenant}, mapper.name)
    return [_read(mapper, row, by, groups, readers) for row in rows]


def _read(mapper: Mapper, row: Any, by: tuple[str, ...], groups: Any, readers: Any) -> Tally:
    place, key = 0, []
    for field, group in zip(by, groups, strict=True):
        key.append(mapper.codec.value(field, row[place : place + len(group)]))
        place += len(group)
    values = []
    for parts, read in readers:
        values.append(read(*row[place : place + len(parts)]))
        place += len(parts)
    return Tally(tuple(key), tuple(values))


_Reader = tuple[list[ColumnElement[Any]], Callable[..., Any]]


def _measure(mapper: Mapper, measure: Measure) -> _Reader:
    """The SQL parts of a measure, and what makes its value of them."""
    if measure.op == "count" and not measure.field:
        return [func.count()], int
    where = f"{mapper.name}.{measure.field}.{measure.op}"
    found = mapper.codec.resolve(measure.field)
    item, column = found[0], mapper.columns[found[0].name]
    if measure.op == "count":
        return [func.count(column)], int
    mapper.codec.comparable(measure.field)
    if measure.op in ("min", "max") and len(found) == 1 and item.kind not in ("json", "bytes", "bool"):
        return _edge(mapper, measure, column)
    if measure.op in ("sum", "mean") and len(found) == 1 and item.kind in _NUMBERS:
        total = func.sum(column)
        if measure.op == "sum":
            return [total], lambda value: None if value is None else _whole(item, int(value))
        return [total, func.count(column)], lambda value, count: _mean(item, value, count)
    raise error(Invalid, "storage.measure", field=where, value=f"{measure.op}({measure.field})")


def _edge(mapper: Mapper, measure: Measure, column: Column[Any]) -> _Reader:
    call = func.min if measure.op == "min" else func.max
    return [call(column, type_=column.type)], lambda value: mapper.codec.value(measure.field, (value,))


def _whole(item: entity.Column, value: int) -> Any:
    match item.kind:
        case "decimal":
            return unscaled(value)
        case "duration":
            return _span(value)
    return value


def _mean(item: entity.Column, total: Any, count: int) -> Any:
    """The mean to 1/10 000, half to even; of durations to the microsecond."""
    if not count:
        return None
    if item.kind == "duration":
        return _span(round(Fraction(int(total), count)))
    exact = Decimal(int(total)) if item.kind == "int" else Decimal(int(total)).scaleb(-4)
    with localcontext(prec=60):
        return (exact / count).quantize(_STEP, ROUND_HALF_EVEN)


def _span(microseconds: int) -> timedelta:
    return timedelta(0, 0, microseconds)
