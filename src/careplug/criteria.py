"""Conditions as data: ``All``, ``Any``, ``Not`` over ``Is(field, op, value)``.

One algebra serves the storage (which rows), policies (which cases) and subscriptions (who is told).
It follows SQL's three values: a comparison with a missing value is neither true nor false, and only
what is true matches. Conditions can be stored; there is no expression language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any as Value

import attrs

from careplug.errors import Invalid

__all__ = [
    "OPS",
    "All",
    "Any",
    "Criteria",
    "Is",
    "Not",
    "Order",
    "from_data",
    "matches",
    "page_size",
    "parts",
    "to_data",
]

OPS = ("eq", "in", "lt", "le", "gt", "ge", "is_null", "prefix")
"""Comparisons: ``in`` takes a tuple, ``is_null`` True or False, ``prefix`` text by code point."""


@attrs.frozen
class Is:
    """One comparison of a field with a value."""

    field: str
    op: str
    value: Value

    def __attrs_post_init__(self) -> None:
        if self.op not in OPS:
            raise Invalid("criteria.op", field=f"{self.field}.op", value=self.op, known=", ".join(OPS))
        if self.op == "in" and not isinstance(self.value, tuple):
            raise Invalid("criteria.in", field=f"{self.field}.in", value=repr(self.value))
        if self.op == "is_null" and not isinstance(self.value, bool):
            raise Invalid("criteria.is_null", field=f"{self.field}.is_null", value=repr(self.value))
        if self.op == "prefix" and not isinstance(self.value, str):
            raise Invalid("criteria.prefix", field=f"{self.field}.prefix", value=repr(self.value))
        if self.value is None:
            raise Invalid("criteria.none", field=self.field)


@attrs.frozen(init=False)
class All:
    """True where every part is; no parts: always."""

    parts: tuple[Criteria, ...]

    def __init__(self, *parts: Criteria) -> None:
        self.__attrs_init__(parts)


@attrs.frozen(init=False)
class Any:
    """True where at least one part is; no parts: never."""

    parts: tuple[Criteria, ...]

    def __init__(self, *parts: Criteria) -> None:
        self.__attrs_init__(parts)


@attrs.frozen
class Not:
    """True where the part is false (not where it is unknown)."""

    part: Criteria


Criteria = Is | All | Any | Not


@attrs.frozen
class Order:
    """Sort by a field; missing values come last either way. The id breaks ties, in the direction of the last field."""

    field: str
    descending: bool = False


_COMPARE: Mapping[str, Callable[[Value, Value], bool]] = {
    "eq": lambda have, want: bool(have == want),
    "in": lambda have, want: have in want,
    "lt": lambda have, want: bool(have < want),
    "le": lambda have, want: bool(have <= want),
    "gt": lambda have, want: bool(have > want),
    "ge": lambda have, want: bool(have >= want),
    "prefix": lambda have, want: isinstance(have, str) and have.startswith(want),
}


def matches(criteria: Criteria | None, get: Callable[[str], Value]) -> bool:
    """Whether an object matches; ``get`` gives a field's value by name, None for a missing one."""
    return criteria is None or _truth(criteria, get) is True


def _truth(criteria: Criteria, get: Callable[[str], Value]) -> bool | None:
    if isinstance(criteria, Is):
        have = get(criteria.field)
        if criteria.op == "is_null":
            return bool((have is None) == criteria.value)
        return None if have is None else _COMPARE[criteria.op](have, criteria.value)
    if isinstance(criteria, Not):
        inner = _truth(criteria.part, get)
        return None if inner is None else not inner
    seen = [_truth(part, get) for part in criteria.parts]
    decides = isinstance(criteria, Any)
    if decides in seen:
        return decides
    return None if None in seen else not decides


def parts(criteria: Criteria | None) -> Iterator[Is]:
    """Every comparison inside, in reading order: to check names before anything runs."""
    if isinstance(criteria, Is):
        yield criteria
    elif isinstance(criteria, Not):
        yield from parts(criteria.part)
    elif criteria is not None:
        for part in criteria.parts:
            yield from parts(part)


def page_size(limit: object, field: str) -> int:
    """How many rows a page may have: at least one. ``Invalid`` else: SQLite takes −1, and None, as all there are."""
    if type(limit) is not int or limit < 1:
        raise Invalid("page.limit", field=f"{field}.limit", value=repr(limit)[:60])
    return limit


def to_data(criteria: Criteria) -> dict[str, Value]:
    """The condition as plain JSON data."""
    if isinstance(criteria, Is):
        value = list(criteria.value) if criteria.op == "in" else criteria.value
        return {"field": criteria.field, "op": criteria.op, "value": value}
    if isinstance(criteria, Not):
        return {"not": to_data(criteria.part)}
    return {"all" if isinstance(criteria, All) else "any": [to_data(part) for part in criteria.parts]}


def from_data(data: object, field: str = "when") -> Criteria:
    """Read what ``to_data`` wrote; ``Invalid`` names the place that is malformed."""
    if isinstance(data, Mapping):
        keys = set(data)
        if keys == {"field", "op", "value"} and isinstance(data["field"], str) and isinstance(data["op"], str):
            value = tuple(data["value"]) if isinstance(data["value"], list) else data["value"]
            return Is(data["field"], data["op"], value)
        if keys == {"not"}:
            return Not(from_data(data["not"], f"{field}.not"))
        for key, build in (("all", All), ("any", Any)):
            if keys == {key} and isinstance(data[key], Sequence) and not isinstance(data[key], str):
                return build(*(from_data(part, f"{field}.{key}[{n}]") for n, part in enumerate(data[key])))
    raise Invalid("criteria.form", field=field, value=repr(data)[:80])
