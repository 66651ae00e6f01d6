"""Counts, sums and means of rows in memory, to the last digit what the databases compute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from careplug.entity import Column
from careplug.errors import Invalid
from careplug.money import SCALE, unscaled
from careplug.ports import Measure, Tally
from careplug.rows import Codec
from careplug.storage._query import Row

__all__ = ["tally"]

_NUMBERS = ("int", "decimal", "duration")
_UNORDERED = ("json", "bytes", "bool")


def tally(codec: Codec, rows: Sequence[Row], by: Sequence[str], measures: Sequence[Measure]) -> list[Tally]:
    """One ``Tally`` a group, in the order of the groups with missing values last; without ``by`` one of all rows."""
    groups = [[column.name for column in codec.resolve(field)] for field in by]
    columns = [_column(codec, measure) for measure in measures]
    names = [name for group in groups for name in group]
    found: dict[tuple[Any, ...], list[Row]] = {} if names else {(): []}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    made = []
    for stored in sorted(found, key=lambda key: [(value is None, value) for value in key]):
        values = [_measured(codec, m, column, found[stored]) for m, column in zip(measures, columns, strict=True)]
        made.append(Tally(_group_key(codec, by, groups, stored), tuple(values)))
    return made


def _group_key(
    codec: Codec, by: Sequence[str], groups: Sequence[Sequence[str]], stored: Sequence[Any]
) -> tuple[Any, ...]:
    place, key = 0, []
    for field, group in zip(by, groups, strict=True):
        key.append(codec.value(field, stored[place : place + len(group)]))
        place += len(group)
    return tuple(key)


def _column(codec: Codec, measure: Measure) -> Column | None:
    if measure.op == "count" and not measure.field:
        return None
    columns = codec.resolve(measure.field)
    allowed = {
        "count": True,
        "sum": len(columns) == 1 and columns[0].kind in _NUMBERS,
        "mean": len(columns) == 1 and columns[0].kind in _NUMBERS,
        "min": len(columns) == 1 and columns[0].kind not in _UNORDERED,
        "max": len(columns) == 1 and columns[0].kind not in _UNORDERED,
    }
    if not allowed.get(measure.op):
        field = f"{codec.name}.{measure.field}.{measure.op}"
        raise Invalid("storage.measure", field=field, value=f"{measure.op}({measure.field})")
    return columns[0]


def _measured(codec: Codec, measure: Measure, column: Column | None, rows: Sequence[Row]) -> Any:
    if column is None:
        return len(rows)
    values = [row[column.name] for row in rows if row[column.name] is not None]
    if measure.op == "count":
        return len(values)
    if not values:
        return None
    if measure.op == "sum":
        return _number(column, sum(values))
    if measure.op == "mean":
        return _mean(column, sum(values), len(values))
    return codec.value(measure.field, (min(values) if measure.op == "min" else max(values),))


def _number(column: Column, total: int) -> Any:
    match column.kind:
        case "decimal":
            return unscaled(total)
        case "duration":
            return timedelta(0, 0, total)
    return total


def _mean(column: Column, total: int, count: int) -> Any:
    """The mean to 1/10 000, half to even; of durations to the microsecond."""
    if column.kind == "duration":
        return timedelta(0, 0, round(Fraction(total, count)))
    ten_thousandths = total * SCALE if column.kind == "int" else total
    return unscaled(round(Fraction(ten_thousandths, count)))
