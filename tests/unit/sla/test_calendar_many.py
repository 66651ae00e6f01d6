"""Many at once is one at a time, faster."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careplug.errors import Invalid
from careplug.sla import WorkCalendar
from tests.unit.sla.strategies import anchored

WEEK = {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
HOUR = 3600
NOON = int(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp())


def one(calendar: WorkCalendar, start: int, seconds: int, roll: str) -> Any:
    try:
        return calendar.add_micros(start * 1_000_000, seconds * 1_000_000, roll) // 1_000_000  # type: ignore[arg-type]
    except Invalid as error:
        return error.code


def same(calendar: WorkCalendar, starts: list[int], seconds: list[int]) -> None:
    ends = [start + more for start, more in zip(starts, seconds, strict=True)]
    expected = [
        calendar.between_micros(a * 1_000_000, b * 1_000_000) // 1_000_000 for a, b in zip(starts, ends, strict=True)
    ]
    assert calendar.between_many(starts, ends).tolist() == expected
    for roll in ("close", "open"):
        singles = [one(calendar, start, more, roll) for start, more in zip(starts, seconds, strict=True)]
        refusals = {single for single in singles if isinstance(single, str)}
        if refusals:
            with pytest.raises(Invalid) as caught:
                calendar.add_many(starts, seconds, roll)  # type: ignore[arg-type]
            assert caught.value.code in refusals
        else:
            assert calendar.add_many(starts, seconds, roll).tolist() == singles  # type: ignore[arg-type]


@settings(max_examples=100)
@given(
    pair=anchored(),
    starts=st.lists(st.integers(-10 * 24 * HOUR, 10 * 24 * HOUR), min_size=6, max_size=6),
    seconds=st.lists(st.integers(-80 * HOUR, 80 * HOUR), min_size=4, max_size=4),
)
def test_bulk_is_scalar(pair: tuple[WorkCalendar, date], starts: list[int], seconds: list[int]) -> None:
    calendar, anchor = pair
    noon = (anchor - date(1970, 1, 1)).days * 24 * HOUR
    same(calendar, [noon + start for start in starts], [*seconds, 0, 8 * HOUR])


@pytest.mark.parametrize("cells", [1 << 22, 0])
def test_with_cells_and_by_search(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from careplug.sla import _bulk

    monkeypatch.setattr(_bulk, "MOST_CELLS", cells)
    rng = np.random.default_rng(5)
    for week in (WEEK, {"mon": [("00:00", "00:00:01"), ("22:00", "06:00")]}):
        calendar = WorkCalendar("m", "America/New_York", week, [date(2026, 1, 1)])
        starts = rng.integers(NOON - 10**8, NOON + 10**8, 200).tolist()
        same(calendar, starts, rng.integers(-(10**6), 10**6, 200).tolist())
        midnight = int(datetime(2026, 1, 5, 5, tzinfo=UTC).timestamp())  # of the Monday in New York
        same(calendar, [midnight + 9 * HOUR] * 3 + [midnight] * 2, [3 * HOUR, 8 * HOUR, 0, 1, 8 * HOUR + 1])
        assert bool(calendar._table.grid.quantum) is bool(cells and week is WEEK)  # seconds are too fine for cells


def test_more_than_a_block_and_a_growing_table() -> None:
    from careplug.sla import _bulk

    calendar = WorkCalendar("m", "Asia/Shanghai", WEEK)
    starts = np.arange(NOON, NOON + 60 * (_bulk.BLOCK + 5), 60)
    found = calendar.add_many(starts, 10**8)
    for index in (0, _bulk.BLOCK - 1, _bulk.BLOCK, _bulk.BLOCK + 4):
        assert found[index] == one(calendar, int(starts[index]), 10**8, "close")
    again = calendar.between_many(starts, found)
    assert set(again.tolist()) == {10**8}
    early = calendar.between_many(starts - 10**9, starts)
    assert early[7] == calendar.between_micros(int(starts[7] - 10**9) * 10**6, int(starts[7]) * 10**6) // 10**6


def test_shapes() -> None:
    calendar = WorkCalendar("m", "UTC", WEEK)
    assert calendar.add_many([], []).shape == (0,)
    assert calendar.between_many(np.zeros((0, 3), np.int64), 5).shape == (0, 3)
    assert calendar.add_many(NOON, HOUR).shape == ()
    assert int(calendar.add_many(NOON, HOUR)) == NOON + 2 * HOUR
    grid = calendar.add_many([[NOON], [NOON + 86_400]], [HOUR, 2 * HOUR])
    assert grid.shape == (2, 2)
    assert grid[1, 1] == NOON + 86_400 + 3 * HOUR
    assert calendar.add_many(np.array([NOON], np.int32), np.array([7], np.uint8))[0] == NOON + HOUR + 7
    given = np.array([NOON, NOON + 5])
    calendar.add_many(given, given * 0)
    assert given.tolist() == [NOON, NOON + 5]


@pytest.mark.parametrize(
    ("starts", "seconds", "code", "field"),
    [
        ([1.5], [1], "calendar.numpy_dtype", "calendar.add_many.starts"),
        ([NOON], np.array([1.0]), "calendar.numpy_dtype", "calendar.add_many.seconds"),
        (np.array(["2026-01-01"], "datetime64[s]"), [1], "calendar.numpy_dtype", "calendar.add_many.starts"),
        ([NOON], [True], "calendar.numpy_dtype", "calendar.add_many.seconds"),
        (np.array([NOON], np.uint64), [1], "calendar.numpy_dtype", "calendar.add_many.starts"),
        ([datetime(2026, 1, 1, tzinfo=UTC)], [1], "calendar.numpy_dtype", "calendar.add_many.starts"),
        ([NOON, NOON], [1, 2, 3], "calendar.numpy_shape", "calendar.add_many.seconds"),
        ([NOON, 10**15], [1, 2], "calendar.range", "calendar.add_many.starts"),
        ([-(10**15)], [1], "calendar.range", "calendar.add_many.starts"),
        ([NOON], [10**12], "calendar.range", "calendar.add_many.seconds"),
        ([NOON], [2**63 - 1], "calendar.range", "calendar.add_many.seconds"),
        ([NOON], [-(2**63)], "calendar.range", "calendar.add_many.seconds"),
    ],
)
def test_bad_arrays_are_refused(starts: Any, seconds: Any, code: str, field: str) -> None:
    calendar = WorkCalendar("m", "UTC", WEEK)
    with pytest.raises(Invalid) as caught:
        calendar.add_many(starts, seconds)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert field in caught.value.text("zh")


@pytest.mark.parametrize(("year", "seconds"), [(2012, -HOUR), (2000, 9 * HOUR), (2035, -HOUR), (2008, 0), (2012, HOUR)])
def test_ten_years_without_an_opening(year: int, seconds: int) -> None:
    sparse = {date(2000, 1, 1): [("09:00", "17:00")], date(2020, 1, 1): [("09:00", "17:00")]}
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    for asked in ((), (2000, 2020)):
        calendar = WorkCalendar("m", "UTC", {}, (), sparse)
        for other in asked:
            calendar.is_open(datetime(other, 1, 1, tzinfo=UTC))
        same(calendar, [start], [seconds])
        same(calendar, [int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()), start], [1, seconds])


def test_edges_between_seconds_are_refused() -> None:
    cut = datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(microseconds=1)
    calendar = WorkCalendar("m", "UTC", WEEK, closures=[(cut, cut + timedelta(hours=1))])
    with pytest.raises(Invalid) as caught:
        calendar.between_many([NOON], [NOON + HOUR])
    assert caught.value.code == "calendar.numpy_precision"
    far = NOON + 5 * 365 * 86_400
    assert WorkCalendar("m", "UTC", WEEK).between_many([far], [far + HOUR]) == calendar.between_many(
        [far], [far + HOUR]
    )


def test_without_numpy() -> None:
    code = """
import sys
sys.modules["numpy"] = None
from careplug.errors import Invalid
from careplug.sla import WorkCalendar
calendar = WorkCalendar("m", "UTC", {"mon": [("09:00", "12:00")]})
for ask in (calendar.add_many, calendar.between_many):
    try:
        ask([1], [2])
    except Invalid as error:
        print(error.code, error.field)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["calendar.numpy_missing calendar.numpy"] * 2
