"""Public holidays and make-up workdays as working calendars; the functions are in ``careplug_holidays.api``."""

from __future__ import annotations

from careplug.contributions import Seed
from careplug.plugin import hookimpl
from careplug.text import Text
from careplug_holidays.seed import ChinaStandard

__all__ = ["careplug_definitions"]


@hookimpl
def careplug_definitions() -> tuple[Seed, ...]:
    """China's standard hours: Monday to Friday 09:00–12:00 and 13:00–18:00, holidays and make-up workdays."""
    return (Seed("calendar", "cn_standard", ChinaStandard(), Text(en="CN standard hours", zh="中国标准工时")),)
