"""Who is in the story: a provider, its people, three customers, and the hours they agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import attrs

from careplug.ports import Address
from careplug.refs import Actor, Ref

__all__ = ["ACTORS", "CALENDAR", "PEOPLE", "PROVIDER", "Person"]

PROVIDER = Ref("organisation", "yunling")


@attrs.frozen
class Person:
    """Somebody in the story, or one of its organisations: reference, name, whom they belong to, their roles there."""

    ref: Ref
    name: str
    organisation: Ref | None = None
    roles: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where they can be reached: people by the console, under their names."""
        return (Address("console", self.name),) if self.ref.kind == "person" else ()


def _person(ident: str, name: str, organisation: Ref, *roles: str) -> Person:
    return Person(Ref("person", ident), name, organisation, roles)


_WATER, _SCHOOL, _FREIGHT = (Ref("organisation", name) for name in ("dongjiang", "qiming", "hengtai"))

PEOPLE = (
    Person(PROVIDER, "云岭软件"),
    Person(_WATER, "东江水务集团"),
    Person(_SCHOOL, "启明中学"),
    Person(_FREIGHT, "恒泰物流"),
    _person("zhou", "周岚", PROVIDER, "team:hotline"),
    _person("wang", "王磊", PROVIDER, "team:software"),
    _person("chen", "陈锋", PROVIDER, "team:field"),
    _person("zhao", "赵敏", PROVIDER, "manager"),
    _person("li", "李敏", _WATER),
    _person("he", "何静", _SCHOOL),
    _person("sun", "孙强", _FREIGHT),
)

ACTORS: Mapping[str, Actor] = {
    person.ref.id: Actor.engineer(person.ref.id, *({"manager"} & set(person.roles)), language="zh_CN")
    if person.organisation == PROVIDER
    else Actor.customer(person.ref.id, organisations=(person.organisation,), language="zh_CN")
    for person in PEOPLE
    if person.organisation is not None
}
"""Everybody who acts, by name."""


def _days(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


_HOURS = [["09:00", "12:00"], ["13:00", "18:00"]]

CALENDAR: Mapping[str, Any] = {
    "name": "cn_standard",
    "zone": "Asia/Shanghai",
    "week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _HOURS),
    "holidays": [
        *_days(date(2026, 1, 1), date(2026, 1, 3)),
        *_days(date(2026, 2, 15), date(2026, 2, 23)),
        *_days(date(2026, 4, 4), date(2026, 4, 6)),
    ],
    "dates": dict.fromkeys(("2026-01-04", "2026-02-14", "2026-02-28"), _HOURS),
    "published_until": "2026-04-30",
}
"""The hours where careplug-holidays, which knows whole years, is not installed: New Year to the Qingming festival of
2026 as the State Council announced it, with the make-up workdays before and after the Spring Festival.
"""
