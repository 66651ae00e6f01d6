"""What a host writes, as mypy --strict must see it. Checked by test_typing.py, never run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import assert_type

from careplug.errors import CareError, Invalid
from careplug.text import Text, say


def texts() -> None:
    """Sentences are text."""
    assert_type(say("error.x", "zh_CN", count=1), str)
    assert_type(Text(en="a", zh="b").get("zh"), str)


def errors() -> None:
    """An error is what a caller expects: a ValueError too."""
    try:
        raise Invalid("x", field="y")
    except ValueError as error:
        if isinstance(error, CareError):
            assert_type(error.field, str)


def calendars() -> None:
    """The fixed names of the calendar are typed through the lazy door of careplug.sla."""
    from careplug.sla import CalendarDays, Elapsed, WorkCalendar, WorkingDays, WorkingTime, due, elapsed

    calendar = WorkCalendar(
        "office",
        "Asia/Shanghai",
        week={"mon": [("09:00", "18:00")]},
        holidays=[date(2026, 10, 1)],
        dates={date(2026, 10, 10): [("09:00", "18:00")]},
        published_until=date(2026, 12, 31),
    )
    start = datetime.now(UTC)
    assert_type(calendar.add(start, timedelta(hours=1)), datetime)
    assert_type(calendar.add(start, timedelta(hours=1), roll="open"), datetime)
    assert_type(calendar.add_days(start, 2, ends="close"), datetime)
    assert_type(calendar.between(start, start), timedelta)
    assert_type(calendar.next_open(start), datetime)
    assert_type(calendar.is_open(start), bool)
    for target in (WorkingTime(timedelta(1)), WorkingDays(2), Elapsed(timedelta(1)), CalendarDays(3, ends="midnight")):
        assert_type(due(calendar, start, target, pauses=[(start, None)]), datetime | None)
    assert_type(due(calendar, start, timedelta(hours=1)), datetime | None)
    assert_type(elapsed(calendar, start, start, pauses=[(start, start)]), timedelta)
