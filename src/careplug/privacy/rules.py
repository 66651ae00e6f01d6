"""How long what is kept: a retention rule, read from its definition. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

import attrs

from careplug.errors import Invalid
from careplug.feedback.entities import KINDS

__all__ = ["ACTIONS", "KEYS", "UNITS", "Rule"]

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "feedback": ("erase", "anonymise", "attachments", "messages"),
    "message": ("delete",),
}
"""What a rule can do, by what it is about."""

UNITS = ("days", "months", "years")
KEYS = ("entity", "kinds", "after", "do")
_LONGEST = 36_500


@attrs.frozen(kw_only=True)
class Rule:
    """After ``count`` ``unit`` the ``actions`` are taken: of cases since they ended, of messages since they were made.

    ``kinds`` narrows cases to some kinds of feedback; none means all.
    """

    name: str
    entity: str
    kinds: tuple[str, ...]
    count: int
    unit: str
    actions: tuple[str, ...]

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Self:
        """The rule of a definition (kind ``retention``); ``Invalid`` names the key that is wrong."""
        place = f"retention.{name}"
        unknown = sorted(set(data) - set(KEYS))
        if unknown:
            raise Invalid("definition.keys", field=f"{place}.{unknown[0]}", known=", ".join(KEYS))
        entity = data.get("entity", "feedback")
        if entity not in ACTIONS:
            raise Invalid(
                "retention.entity", field=f"{place}.entity", value=repr(entity)[:60], known=", ".join(ACTIONS)
            )
        kinds, actions = _texts(data.get("kinds", ()), f"{place}.kinds"), _texts(data.get("do", ()), f"{place}.do")
        if kinds and entity != "feedback":
            raise Invalid("retention.kinds", field=f"{place}.kinds.entity", entity=entity)
        strange = sorted(set(kinds) - set(KINDS))
        if strange:
            raise Invalid("retention.kind", field=f"{place}.kinds.kind", value=strange[0], known=", ".join(KINDS))
        wrong = sorted(set(actions) - set(ACTIONS[entity]))
        if wrong or not actions:
            known, value = ", ".join(ACTIONS[entity]), wrong[0] if wrong else "–"
            raise Invalid("retention.action", field=f"{place}.do.action", value=value, known=known, entity=entity)
        unit, count = _age(data.get("after"), f"{place}.after")
        return cls(name=name, entity=entity, kinds=kinds, count=count, unit=unit, actions=actions)

    def cutoff(self, now: datetime) -> datetime:
        """What ended before this instant is old enough. A month back from the 31st is its last day."""
        if self.unit == "days":
            return now - timedelta(days=self.count)
        months = now.year * 12 + now.month - 1 - self.count * (12 if self.unit == "years" else 1)
        year, month = divmod(months, 12)
        if year < 1:
            return datetime.min.replace(tzinfo=now.tzinfo)
        day = min(now.day, calendar.monthrange(year, month + 1)[1])
        return now.replace(year=year, month=month + 1, day=day)


def _texts(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) and part for part in value):
        raise Invalid("retention.list", field=field, value=repr(value)[:60])
    return tuple(dict.fromkeys(value))


def _age(value: Any, field: str) -> tuple[str, int]:
    given = list(value.items()) if isinstance(value, Mapping) else []
    if len(given) != 1 or given[0][0] not in UNITS or type(given[0][1]) is not int or not 0 < given[0][1] <= _LONGEST:
        raise Invalid("retention.after", field=field, value=repr(value)[:60], longest=_LONGEST)
    return given[0]
