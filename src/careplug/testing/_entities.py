"""The entities of the storage suite: together they have every kind of column."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from careplug.entity import EntitySpec, FieldSpec, Searched, Words, column
from careplug.money import Money
from careplug.refs import Ref
from careplug.text import Text

__all__ = ["SPECS", "Item", "Keyed", "Letter", "Mood", "Part", "Remark", "Task", "Thing"]


class Mood(enum.Enum):
    """An enum with a Chinese value."""

    GOOD = "good"
    BAD = "不满意"


@attrs.frozen(kw_only=True)
class Part:
    """A value inside a document: everything that JSON alone does not know."""

    at: datetime
    day: date
    span: timedelta
    amount: Decimal
    who: Ref
    mood: Mood | None = None
    parts: tuple[Part, ...] = ()


@attrs.frozen(kw_only=True)
class Thing:
    """Every kind of column, with and without a value."""

    id: str
    tenant: str = ""
    version: int = 1
    text: str = ""
    text_or_none: str | None = None
    words: str = column(long=True, default="")
    words_or_none: str | None = column(long=True, default=None)
    count: int = 0
    count_or_none: int | None = None
    flag: bool = False
    flag_or_none: bool | None = None
    at: datetime
    at_or_none: datetime | None = None
    day: date
    day_or_none: date | None = None
    span: timedelta = timedelta()
    span_or_none: timedelta | None = None
    amount: Decimal = Decimal(0)
    amount_or_none: Decimal | None = None
    raw: bytes = b""
    raw_or_none: bytes | None = None
    mood: Mood = Mood.GOOD
    mood_or_none: Mood | None = None
    owner: Ref
    owner_or_none: Ref | None = None
    price: Money
    price_or_none: Money | None = None
    label: Text = Text()
    label_or_none: Text | None = None
    tags: tuple[str, ...] = ()
    numbers: list[int] = attrs.field(factory=list)
    names: frozenset[str] = frozenset()
    data: Mapping[str, Any] = attrs.field(factory=dict)
    data_or_none: dict[str, Any] | None = None
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = attrs.field(factory=dict)
    custom: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Keyed:
    """Unique keys: one that always has a value, one of two parts that may be missing."""

    id: str
    tenant: str = ""
    key: str = column(length=100)
    part: str | None = column(length=40, default=None)
    place: int | None = None
    version: int = 1
    note: str = ""
    remark: str = ""


@attrs.frozen(kw_only=True)
class Item:
    """What random criteria ask for: nearly everything may be missing."""

    id: str
    tenant: str = ""
    name: str | None = column(length=20, default=None)
    count: int | None = None
    level: int = 0
    amount: Decimal | None = None
    at: datetime | None = None
    day: date | None = None
    span: timedelta | None = None
    flag: bool | None = None
    mood: Mood = Mood.GOOD
    owner: Ref | None = None
    custom: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Task:
    """What workers claim."""

    id: str
    tenant: str = ""
    note: str = ""
    lane: str | None = column(length=40, default=None)
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0


@attrs.frozen(kw_only=True)
class Letter:
    """What is searched, by whom."""

    id: str
    tenant: str = ""
    title: str = column(length=500, default="")
    body: str = column(long=True, default="")
    note: str = column(long=True, default="")
    phone: str = column(long=True, default="")
    level: int = 0


@attrs.frozen(kw_only=True)
class Remark:
    """What is said about a letter."""

    id: str
    tenant: str = ""
    about: str = column(length=36)
    words: str = column(long=True, default="")


SPECS = (
    EntitySpec(
        name="suite_thing",
        cls=Thing,
        extra=(
            FieldSpec(entity="suite_thing", name="plant", indexed=True, length=30),
            FieldSpec(entity="suite_thing", name="since", type="time", indexed=True),
            FieldSpec(entity="suite_thing", name="cost", type="decimal", indexed=True),
            FieldSpec(entity="suite_thing", name="until", type="date"),
        ),
    ),
    EntitySpec(name="suite_keyed", cls=Keyed, unique=(("key",), ("part", "place"))),
    EntitySpec(
        name="suite_item",
        cls=Item,
        indexes=(("level",), ("count", "at"), ("owner",)),
        extra=(FieldSpec(entity="suite_item", name="plant", indexed=True, length=30),),
    ),
    EntitySpec(name="suite_task", cls=Task, indexes=(("lane",),), claimable=True),
    EntitySpec(
        name="suite_letter",
        cls=Letter,
        search=(Searched("title", "head"), "body", Searched("note", "internal"), Searched("phone", "contact")),
    ),
    EntitySpec(
        name="suite_remark",
        cls=Remark,
        search=("words",),
        leads=lambda remark: Words("suite_letter", remark.about, (("public", remark.words),)),
    ),
)
"""What ``storage_factory`` is asked to keep."""
