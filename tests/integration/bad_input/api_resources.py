"""What a program, a form or a command line may hand over wrongly for a plugin's resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from careplug import Actor
from careplug.resources import Resources
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import World

ENGINEER = Actor.engineer("wang")


def _quotes(call: Callable[[Resources], Any], actor: Actor | None = None) -> Callable[[World], Any]:
    """What ``call`` does with the resources, as the admin unless told otherwise."""

    def act(world: World) -> Any:
        return world.work(lambda unit: call(unit.get(Resources)), actor or Actor.engineer("zhao", "admin"))

    return act


ROWS: tuple[Row, ...] = (
    Row(
        "API",
        "a resource nobody brings",
        _quotes(lambda r: r.find("boats")),
        "NotFound",
        "resource",
        en="resource: there is no resource boats; known: quotes. Install the plugin that brings it.",
        zh="resource：没有资源 boats；现有：quotes。请安装提供该资源的插件。",
    ),
    Row(
        "API",
        "words for an amount in a form",
        _quotes(lambda r: r.add("quotes", {"number": "Q-2", "amount": "dear"})),
        "Invalid",
        "quotes.amount",
        en="quotes.amount: dear is no number; write it as 12.50.",
        zh="quotes.amount：dear 不是数；请写成 12.50。",
    ),
    Row(
        "API",
        "a time without a zone in a form",
        _quotes(lambda r: r.add("quotes", {"number": "Q-2", "at": "2026-02-14T09:30"})),
        "Invalid",
        "quotes.at",
        en="quotes.at: 2026-02-14T09:30 is no time with a zone; write it as 2026-02-14T09:30:00+08:00.",
        zh="quotes.at：2026-02-14T09:30 不是带时区的时间；请写成 2026-02-14T09:30:00+08:00。",
    ),
    Row(
        "API",
        "half a number in a form",
        _quotes(lambda r: r.add("quotes", {"number": "Q-2", "count": "1.5"})),
        "Invalid",
        "quotes.count",
        en="quotes.count: 1.5 is no whole number; write digits, such as 12.",
        zh="quotes.count：1.5 不是整数；请写数字，例如 12。",
    ),
    Row(
        "API",
        "a document in a form that is no JSON",
        _quotes(lambda r: r.add("quotes", {"number": "Q-2", "lines": "one, two"})),
        "Invalid",
        "quotes.lines",
        en='quotes.lines: one, two is no JSON; write a list or a map, such as ["a", "b"].',
        zh='quotes.lines：one, two 不是 JSON；请写列表或映射，例如 ["a", "b"]。',
    ),
    Row(
        "API",
        "a field that is not in the form",
        _quotes(lambda r: r.add("quotes", {"number": "Q-2", "tax": "1"})),
        "Invalid",
        "quotes.tax",
        en="quotes.tax: this cannot be set here; what can: number, amount, count, at, lines.",
        zh="quotes.tax：此处不能设置该字段；可设置：number, amount, count, at, lines。",
    ),
    Row(
        "API",
        "a list narrowed by what is no filter",
        _quotes(lambda r: r.find("quotes", filters={"lines": "x"})),
        "Invalid",
        "quotes.lines.filter",
        en="quotes.lines.filter: the list cannot be narrowed by this; use one of: number.",
        zh="quotes.lines.filter：列表不能按此筛选；可用：number。",
    ),
    Row(
        "API",
        "an entry that is not there",
        _quotes(lambda r: r.get("quotes", "nobody")),
        "NotFound",
        "quotes.id",
        en="quotes.id: there is none with the id 'nobody'. Look it up in the list.",
        zh="quotes.id：没有标识为 'nobody' 的记录。请在列表中查找。",
    ),
    Row(
        "API",
        "a resource that no role was granted",
        _quotes(lambda r: r.add("quotes", {"number": "Q-2"}), ENGINEER),
        "Refused",
        "permission.quotes.add",
        en="permission.quotes.add: person:wang may not do quotes.add. Ask somebody whose role allows it.",
        zh="permission.quotes.add：person:wang 无权执行 quotes.add。请由具有相应角色的人员操作。",
    ),
)
