"""Metrics as data: which facts start, stop, restart and void a clock (SLA 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from careplug import criteria
from careplug.errors import Invalid

__all__ = ["Metric", "On"]

_LISTS = ("starts", "stops", "restarts", "voided_by", "abandoned_by")
_KEYS = (*_LISTS, "counted")


@attrs.frozen
class On:
    """A fact type, and what its data must say: ``replied`` where ``side`` is service."""

    fact: str
    when: criteria.Criteria | None = None

    def matches(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether a fact of this type and data is meant."""
        return kind == self.fact and criteria.matches(self.when, data.get)

    @classmethod
    def parse(cls, data: object, field: str) -> On:
        """Read ``{"fact": …, "when": …}``."""
        if not isinstance(data, Mapping) or not set(data) <= {"fact", "when"} or not isinstance(data.get("fact"), str):
            raise Invalid("metric.on", field=field, value=repr(data)[:60])
        when = criteria.from_data(data["when"], f"{field}.when") if "when" in data else None
        return cls(data["fact"], when)


@attrs.frozen(kw_only=True)
class Metric:
    """What is measured.

    A stopping fact meets or misses the target; a voiding one takes the whole case out of the count; one of
    ``abandoned_by`` ends a clock that nobody stopped: missed if it was late by then, void otherwise. ``counted``
    metrics enter attainment and verdicts; others only drive the clock's levels.
    """

    name: str
    starts: tuple[On, ...]
    stops: tuple[On, ...]
    restarts: tuple[On, ...] = ()
    voided_by: tuple[On, ...] = ()
    abandoned_by: tuple[On, ...] = ()
    counted: bool = True

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Metric:
        """Read a stored metric; ``Invalid`` names the key that is wrong."""
        place = f"metric.{name}"
        unknown = set(data) - set(_KEYS)
        if unknown:
            raise Invalid("definition.keys", field=f"{place}.{min(unknown)}", known=", ".join(_KEYS))
        parts = {key: _ons(data.get(key, []), f"{place}.{key}") for key in _LISTS}
        if not parts["starts"]:
            raise Invalid("metric.starts", field=f"{place}.starts.empty")
        counted = data.get("counted", True)
        if not isinstance(counted, bool):
            raise Invalid("definition.bool", field=f"{place}.counted", value=repr(counted))
        return cls(name=name, counted=counted, **parts)

    def facts(self) -> frozenset[str]:
        """The fact types this metric listens to."""
        return frozenset(
            on.fact for on in (*self.starts, *self.stops, *self.restarts, *self.voided_by, *self.abandoned_by)
        )


def _ons(value: object, field: str) -> tuple[On, ...]:
    if not isinstance(value, list):
        raise Invalid("definition.list", field=field, value=repr(value)[:60])
    return tuple(On.parse(item, f"{field}[{number}]") for number, item in enumerate(value))
