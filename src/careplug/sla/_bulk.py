"""Many clocks at once over NumPy arrays of epoch seconds.

All openings and closings are multiples of some quantum (half an hour, five minutes), so that time is a
row of cells, each wholly open or wholly closed: the working time up to an instant is one look into a
direct table, and the way back another. Calendars with finer edges are searched instead. Work goes in
blocks that stay in the processor's cache.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from careplug.errors import Invalid
from careplug.sla._parse import FIRST_YEAR, LAST_YEAR, out_of_range
from careplug.sla._table import EPOCH, Table, year_start

try:
    import numpy as np
except ImportError:  # the extra is not installed
    raise Invalid("calendar.numpy_missing", field="calendar.numpy") from None

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.int64]

SECOND = timedelta(seconds=1)
MOST_CELLS = 1 << 22
"""The largest direct table (32 MiB); beyond it the edges are searched."""
BLOCK = 1 << 14


class Grid(NamedTuple):
    """Years ``first`` to ``stop`` of a calendar as arrays; instants and sums in seconds.

    A cell's code is twice a shift plus 1 where open: the working time up to ``t`` is the shift, plus ``t``
    itself where open. So one look finds both. ``instants`` holds the beginning of each cell of working
    time. ``quantum`` is 0 where cells would be too many: then ``opens``, ``closes``, ``sums`` are searched
    (an empty stretch at the origin stands before the first).
    """

    first: int
    stop: int
    origin: int
    total: int
    quantum: int
    codes: Ints
    instants: Ints
    opens: Ints
    closes: Ints
    sums: Ints

    def worked(self, instants: Ints) -> Ints:
        """Working seconds from the origin to each instant."""
        if not self.quantum:
            index = np.searchsorted(self.opens, instants, side="right") - 1
            return np.asarray(np.minimum(instants, self.closes[index]) - self.opens[index] + self.sums[index])
        found = self.codes.take((instants - self.origin) // self.quantum)
        still_open = found & 1
        still_open *= instants
        found >>= 1
        found += still_open
        return found

    def find(self, worked: Ints, before: NDArray[np.bool_] | None) -> Ints:
        """The way back; ``before`` says which are to end at a closing, not at the opening after it."""
        if not self.quantum:
            index = np.searchsorted(self.sums, worked, side="right")
            if before is not None:
                index = np.where(before, np.searchsorted(self.sums, worked, side="left"), index)
            return np.asarray(self.opens[index - 1] + worked - self.sums[index - 1])
        cell = (worked if before is None else worked - before) // self.quantum
        found = self.instants.take(cell)
        cell *= self.quantum
        found += worked
        found -= cell
        return found


def between(table: Table, starts: ArrayLike, ends: ArrayLike) -> Ints:
    """The working seconds from each start to its end, as ``WorkCalendar.between``."""
    names = ("calendar.between_many.starts", "calendar.between_many.ends")
    first, last = _together(starts, ends, names)
    if not first.size:
        return np.empty(first.shape, np.int64)
    one, two = _years(first, names[0]), _years(last, names[1])
    grid = grid_of(table, min(one[0], two[0]), max(one[1], two[1]))
    begin, finish = first.reshape(-1), last.reshape(-1)
    found = np.empty(begin.shape, np.int64)
    for here in _blocks(begin.size):
        np.subtract(grid.worked(finish[here]), grid.worked(begin[here]), out=found[here])
    return found.reshape(first.shape)


def add(table: Table, starts: ArrayLike, seconds: ArrayLike, *, latest: bool) -> Ints:
    """For each start the instant at which its seconds have run out, as ``WorkCalendar.add``."""
    names = ("calendar.add_many.starts", "calendar.add_many.seconds")
    first, amounts = _together(starts, seconds, names)
    if not first.size:
        return np.empty(first.shape, np.int64)
    grid = grid_of(table, *_years(first, names[0]))
    begin, amount = first.reshape(-1), amounts.reshape(-1)
    target = _targets(grid, begin, amount)
    if not 0 < target.min() <= target.max() < grid.total:
        grid = _grown(table, grid, (begin, amount, target), latest=latest)
        target = _targets(grid, begin, amount)
    try:
        if target.min() < 0 or _barren(table, begin):
            raise IndexError
        for here in _blocks(begin.size):
            target[here] = grid.find(target[here], None if latest else amount[here] > 0)
    except IndexError:
        # Years without an opening are near: each walk is looked at alone, and refused in the scalar words.
        found = [_one(table, int(t), int(x), latest=latest) for t, x in zip(begin, amount, strict=True)]
        target = np.array([(instant - EPOCH) // SECOND for instant in found], np.int64)
    return target.reshape(first.shape)


def grid_of(table: Table, first: int, stop: int) -> Grid:
    """The arrays for at least these years; kept beside the table and widened when more are asked for."""
    known: Grid | None = table.grid
    if known is not None and known.first <= first and stop <= known.stop:
        return known
    if known is not None and known.quantum:
        first, stop = min(first, known.first), max(stop, known.stop)
    first, stop = max(first, FIRST_YEAR), min(stop, LAST_YEAR + 1)
    table.grid = found = _grid(table, first, stop)
    return found


def _grid(table: Table, first: int, stop: int) -> Grid:
    span = table.years(first, stop)
    low, high = (bisect_left(span.opens, year_start(year)) for year in (first, stop))
    opens, closes = _whole(span.opens[low:high]), _whole(span.closes[low:high])
    origin, end = (year_start(year) // SECOND for year in (first, stop))
    lengths = closes - opens
    total = int(lengths.sum())
    quantum = int(np.gcd.reduce(np.concatenate([opens - origin, lengths, [end - origin]])))
    cells = (end - origin) // quantum
    empty = np.zeros(0, np.int64)
    if cells > MOST_CELLS:
        edge = [origin]
        sums = np.concatenate([[0, 0], np.cumsum(lengths)])
        opens, closes = np.concatenate([edge, opens]), np.concatenate([edge, closes])
        return Grid(first, stop, origin, total, 0, empty, empty, opens, closes, sums)
    change = np.zeros(cells + 1, np.int64)
    change[(opens - origin) // quantum] += 1  # no cell opens twice, but one may close where the next opens
    change[(closes - origin) // quantum] -= 1
    is_open = np.cumsum(change)[:-1]
    begins = origin + quantum * np.arange(cells, dtype=np.int64)
    shift = quantum * (np.cumsum(is_open) - is_open) - begins * is_open
    return Grid(first, stop, origin, total, quantum, shift * 2 + is_open, begins[is_open == 1], empty, empty, empty)


def _targets(grid: Grid, begin: Ints, amount: Ints) -> Ints:
    target = np.empty(begin.shape, np.int64)
    for here in _blocks(begin.size):
        np.add(grid.worked(begin[here]), amount[here], out=target[here])
    return target


def _grown(table: Table, grid: Grid, arrays: tuple[Ints, Ints, Ints], *, latest: bool) -> Grid:
    """Arrays wide enough for the least and the most; the scalar way says how wide, or why it cannot be."""
    begin, amount, target = arrays
    first, stop = grid.first, grid.stop
    for index in (int(target.argmin()), int(target.argmax())):
        found = _one(table, int(begin[index]), int(amount[index]), latest=latest)
        first, stop = min(first, found.year - 1), max(stop, found.year + 2)
    return grid_of(table, first, stop)


def _one(table: Table, start: int, amount: int, *, latest: bool) -> datetime:
    fields = ("calendar.add_many.starts", "calendar.add_many.seconds")
    try:
        more = timedelta(0, amount)
    except OverflowError:
        raise out_of_range(fields[1]) from None
    return EPOCH + table.walk(timedelta(0, start), more, fields, latest=latest or amount <= 0)


def _barren(table: Table, begin: Ints) -> bool:
    low, high = timedelta(0, int(begin.min())), timedelta(0, int(begin.max()))
    span = table.cover(high, "calendar.add_many.starts")
    return bool(span.gaps) or not span.opens or low < span.opens[0] or high >= span.closes[-1]


def _together(starts: ArrayLike, others: ArrayLike, names: tuple[str, str]) -> tuple[Ints, Ints]:
    left, right = _ints(starts, names[0]), _ints(others, names[1])
    if left.shape == right.shape:
        return left, right
    try:
        left, right = np.broadcast_arrays(left, right)
    except ValueError:
        one, two = str(left.shape), str(right.shape)
        raise Invalid("calendar.numpy_shape", field=names[1], left=one, right=two) from None
    return left, right


def _ints(value: Any, field: str) -> Ints:
    found = np.asarray(value)
    whole = found.dtype.kind in "iu" and np.can_cast(found.dtype, np.int64)
    if not whole and (found.size or isinstance(value, np.ndarray)):  # an empty list has no type of its own
        raise Invalid("calendar.numpy_dtype", field=field, dtype=str(found.dtype))
    return found.astype(np.int64, copy=False)


def _years(instants: Ints, field: str) -> tuple[int, int]:
    low, high = int(instants.min()), int(instants.max())
    if low < year_start(FIRST_YEAR) // SECOND or high >= year_start(LAST_YEAR + 1) // SECOND:
        raise out_of_range(field)
    return (EPOCH + timedelta(0, low)).year, (EPOCH + timedelta(0, high)).year + 1


def _whole(instants: list[timedelta]) -> Ints:
    if any(instant.microseconds for instant in instants):
        raise Invalid("calendar.numpy_precision", field="calendar.closures.precision")
    return np.array([instant.days * 86_400 + instant.seconds for instant in instants], np.int64)


def _blocks(size: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, size, BLOCK))
