"""A plugin with everything a surface may show: an entity with a field of every type, actions, grants, sentences."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import attrs

from careplug.contributions import (
    Action,
    Command,
    EntitySpec,
    FieldSpec,
    Grant,
    Link,
    Messages,
    Panel,
    Resource,
)
from careplug.entity import column
from careplug.errors import Conflict, Invalid
from careplug.money import Money
from careplug.plugin import hookimpl
from careplug.ports import Address
from careplug.refs import Ref, new_id
from careplug.text import Text


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


@attrs.frozen(kw_only=True)
class Tool:
    """A field of every type."""

    id: str
    tenant: str = ""
    name: str = column(length=20)
    note: str = column(long=True, default="")
    place: str = column(length=30, default="shelf")
    count: int = 1
    lent: bool = False
    bought: date | None = None
    checked_at: datetime | None = None
    weight: Decimal | None = None
    price: Money | None = None
    owner: Ref | None = None
    label: Text = Text()
    size: Size = Size.SMALL
    tags: tuple[str, ...] = ()
    makers: tuple[Address, ...] = ()
    every: timedelta | None = None
    photo: bytes = b""
    version: int = 1
    custom: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Bin:
    """No version, no tenant's choice: made by the plugin's own code."""

    id: str
    tenant: str = ""
    code: str = column(length=10)
    full: bool = False
    made_at: datetime


def lend(unit, tool, values):
    if tool.lent:
        raise Invalid("workshop.lent", field="tools.lend", name=tool.name)
    lent = attrs.evolve(tool, lent=True, owner=Ref("person", values["to"]), version=tool.version + 1)
    unit.store.save(lent, was=tool)
    return lent


def scrap(unit, tool, values):
    from careplug.criteria import Is

    unit.store.remove(Tool, Is("id", "eq", tool.id))


def make_bin(unit, values):
    if values["code"].startswith("x"):
        raise Invalid("workshop.code", field="bins.code", sentence=Text("{field}: no x.", "{field}：不可用 x。"))
    made = Bin(id=new_id(), tenant=unit.tenant, code=values["code"].upper(), made_at=unit.now())
    if not unit.store.add_if_absent(made):
        raise Conflict("workshop.bin", field="bins.code")
    return made


def change_bin(unit, bin_, values):
    made = attrs.evolve(bin_, code=values.get("code", bin_.code).upper())
    unit.store.save(made, was=bin_)
    return made


TOOLS = Resource(
    "tools",
    Tool,
    Text("Tools", "工具"),
    columns=("name", "owner", "custom.bay", "lent"),
    filters=("lent", "owner", "size", "custom.bay", "bought", "name"),
    fields=(
        *("name", "note", "place", "count", "lent", "bought", "checked_at", "weight", "price", "owner", "label"),
        *("size", "tags", "makers", "every", "custom.bay", "custom.kind", "custom.since"),
    ),
    actions=(
        Action(
            "lend", lend, Text("Lend", "借出"), fields=(FieldSpec(name="to", label=Text("To", "借给"), required=True),)
        ),
        Action("scrap", scrap, Text("Scrap", "报废"), permission="tool.destroy"),
    ),
    permission="tool",
    labels={"name": Text("Name", "名称"), "lent": Text("Lent", "已借出"), "size": Text("Size", "尺寸")},
    order="name",
    rank=20,
)
BINS = Resource(
    "bins", Bin, Text("Bins", "料箱"), filters=("full",), fields=("code",), create=make_bin, change=change_bin, rank=30
)
LOGS = Resource("logs", Bin, Text("Log of bins", "料箱记录"), permission="bins", rank=10)

SENTENCES = {
    "error.workshop.lent": Text(
        "{field}: {name} is lent already. Wait for it.", "{field}：{name} 已借出。请等待归还。"
    ),
    "error.workshop.bin": Text(
        "{field}: there is such a bin. Choose another code.", "{field}：已有此料箱。请换一个编码。"
    ),
    "word.tools.size.small": Text("small", "小"),
    "word.tools.size.large": Text("large", "大"),
    "workshop.hello": Text("Hello {name}", "您好 {name}"),
    "error.text.long": Text("never shown", "不会显示"),
}
SPECS = (
    EntitySpec(name="tool", cls=Tool, indexes=(("name",),), unique=(("name",),)),
    EntitySpec(name="bin", cls=Bin, unique=(("code",),)),
    FieldSpec(entity="tool", name="bay", type="int", label=Text("Bay", "工位"), indexed=True),
    FieldSpec(entity="tool", name="kind", type="choice", choices=("hand", "power")),
    FieldSpec(entity="tool", name="since", type="date"),
)
GRANTS = (
    Grant("engineer", ("tool.read", "tool.lend", "tool.edit", "bins.read")),
    Grant("manager", ("tool.*",)),
)


def surfaces() -> tuple[Any, ...]:
    return (TOOLS, BINS, LOGS, Messages(SENTENCES), *GRANTS)


def plugin(name: str = "workshop", *, items: Any = None, entities: Any = SPECS, **more: Any) -> ModuleType:
    """The plugin as a module; ``items`` in place of its surfaces."""
    made = ModuleType(name)
    hooks = {
        "careplug_entities": lambda: tuple(entities),
        "careplug_surfaces": (lambda: tuple(items)) if items is not None else surfaces,
        **more,
    }
    for key, value in hooks.items():
        setattr(made, key, hookimpl(value))
    return made


EXTRAS = (
    Panel("tools", lambda unit, case: {"workshop.hello": 1}, Text("Tools", "工具"), sides=("service", "customer")),
    Link("shop", Text("Shop", "商店"), "/shop", rank=5),
    Command("due", lambda: None, Text("Never seen", "不可见")),
)
