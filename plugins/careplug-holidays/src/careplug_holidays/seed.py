"""The seed calendar, made when somebody reads it: the library behind it takes half a second to load."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["ChinaStandard"]

_HOURS = [("09:00", "12:00"), ("13:00", "18:00")]
_YEARS = range(2020, 2031)


@functools.cache
def _data() -> dict[str, Any]:
    from careplug_holidays.api import holiday_calendar

    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _HOURS)
    return holiday_calendar("CN", name="CN standard hours", zone="Asia/Shanghai", week=week, years=_YEARS).to_data()


class ChinaStandard(Mapping[str, Any]):
    """The data of the calendar as a mapping that is empty-handed until the first look."""

    def __getitem__(self, key: str) -> Any:
        return _data()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_data())

    def __len__(self) -> int:
        return len(_data())
