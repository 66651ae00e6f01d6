"""Working calendars with the public holidays of a country or region.

China moves weekends around its long holidays: a Sunday is worked so that a Monday can be free. Those
make-up workdays are announced each autumn for the next year; a calendar says up to when it knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import holidays as library

from careplug.errors import Invalid
from careplug.sla import WorkCalendar
from careplug.text import Text, language_of

__all__ = ["YEARS", "announced_until", "holiday_calendar", "holiday_names"]

YEARS = range(2015, 2036)
"""The years of a calendar where none are asked for."""

_DECREED_SINCE = 2020  # moved workdays after this year: the country announces its calendar year by year
_ESTIMATED = "estimated"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def holiday_calendar(
    country: str,
    subdivision: str | None = None,
    *,
    name: str,
    zone: str,
    week: Mapping[str, Iterable[tuple[str, str]]],
    years: Iterable[int] | None = None,
    workday_hours: Iterable[tuple[str, str]] | None = None,
    published_until: date | None = None,
) -> WorkCalendar:
    """A calendar with the public holidays of a country (ISO 3166, ``"CN"``) or one of its regions (``"BY"``).

    Make-up workdays become ``dates`` with ``workday_hours``, which are the commonest hours of the week where
    not given. ``years`` is 2015–2035 if left out. ``published_until`` is what ``announced_until`` says, and
    never beyond the last of the years; give a date to know better. ``Invalid`` for an unknown country or
    region, a year the library has not, and whatever ``WorkCalendar`` refuses.
    """
    wanted = _years(YEARS if years is None else years)
    found = _load(country, subdivision, wanted)
    hours = _commonest(week) if workday_hours is None else tuple(workday_hours)
    end = date(wanted[-1], 12, 31)
    if published_until is None:
        announced = announced_until(country, subdivision)
        published_until = min(end, announced) if announced else end
    moved = sorted(day for day in found.weekend_workdays if day.year in wanted)
    off = sorted(day for day in found if day.year in wanted)
    return WorkCalendar(name, zone, week, off, dict.fromkeys(moved, hours), published_until=published_until)


def announced_until(country: str, subdivision: str | None = None) -> date | None:
    """The last date whose public holidays are settled; None where a law fixes them for good.

    For a country that moves workdays by decree (China) the end of the last year the library knows the decree
    of; for one whose holidays wait for the moon the end of the last year that holds no estimated one.
    """
    found = _load(country, subdivision, _years(range(2015, 2046)), "en_US")
    decreed = max((day.year for day in found.weekend_workdays), default=0)
    if decreed >= _DECREED_SINCE:
        return date(decreed, 12, 31)
    estimated = {day.year for day, words in found.items() if _ESTIMATED in words.lower()}
    if not estimated:
        return None
    settled = {day.year for day in found} - estimated
    return date(max(settled, default=min(estimated) - 1), 12, 31)


def holiday_names(
    country: str, subdivision: str | None = None, *, years: Iterable[int] | None = None, language: str = "en"
) -> dict[date, str]:
    """The public holidays by date with their names, in ``language`` where the library speaks it."""
    wanted = _years(YEARS if years is None else years)
    known = _load(country, subdivision, wanted[:1]).supported_languages
    spoken = ("zh_CN", "zh_TW") if language_of(language) == "zh_CN" else ("en_US", "en_GB")
    tongue = next((tag for tag in (language, *spoken) if tag in known), None)
    found = _load(country, subdivision, wanted, tongue)
    return {day: str(found[day]) for day in sorted(found) if day.year in wanted}


def _load(country: str, subdivision: str | None, years: list[int], language: str | None = None) -> Any:
    regions = library.list_supported_countries(include_aliases=True)
    if country not in regions:
        raise Invalid("holidays.country", field="holidays.country", sentence=_COUNTRY, value=repr(country))
    if subdivision is not None and subdivision not in regions[country]:
        known = ", ".join(regions[country]) or "-"
        raise Invalid(
            "holidays.subdivision", field="holidays.subdivision", sentence=_REGION, value=repr(subdivision), known=known
        )
    entity = getattr(library, country)
    if years[0] < entity.start_year or years[-1] > entity.end_year:
        first, last = entity.start_year, entity.end_year
        raise Invalid("holidays.range", field="holidays.years.range", sentence=_RANGE, first=first, last=last)
    if language not in entity.supported_languages:
        language = None
    return library.country_holidays(country, subdiv=subdivision, years=years, language=language)


def _years(years: object) -> list[int]:
    given = list(years) if isinstance(years, Iterable) else []
    found = sorted({year for year in given if isinstance(year, int) and not isinstance(year, bool)})
    if not found or len(found) < len(set(given)):
        raise Invalid("holidays.years", field="holidays.years", sentence=_YEARS, value=repr(years))
    return found


def _commonest(week: Mapping[str, Iterable[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    """The hours most days of the week have; of equally common ones those of the earlier day."""
    shape: object = week  # WorkCalendar refuses what is no mapping, in better words
    given = [tuple(week.get(day, ())) for day in _WEEKDAYS] if isinstance(shape, Mapping) else []
    return next((hours for hours, _ in Counter(hours for hours in given if hours).most_common(1)), ())


_COUNTRY = Text(
    en="{field}: the library holidays knows no country {value}. Use its ISO 3166 code, such as CN or DE.",
    zh="{field}：holidays 库没有国家 {value}。请使用 ISO 3166 代码，例如 CN 或 DE。",
)
_REGION = Text(
    en="{field}: the country has no region {value} in the library holidays. Use one of {known}.",
    zh="{field}：holidays 库中该国没有地区 {value}。请使用 {known} 之一。",
)
_YEARS = Text(
    en="{field}: {value} holds no years. Give whole numbers, such as range(2024, 2028).",
    zh="{field}：{value} 不含年份。请给出整数，例如 range(2024, 2028)。",
)
_RANGE = Text(
    en="{field}: the library holidays knows {first} to {last} of this country. Ask for years inside.",
    zh="{field}：holidays 库只有该国 {first} 至 {last} 年的数据。请改用其中的年份。",
)
