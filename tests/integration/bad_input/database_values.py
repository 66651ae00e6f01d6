"""What no database can keep or be asked: values that it would change, fields that it has not, rows that moved on."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from careplug.criteria import Is, Order
from careplug.feedback.entities import Attachment, Feedback
from careplug.messages.entities import Party
from careplug.ports import Measure
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import BOSS, Quote, World


@attrs.frozen(kw_only=True)
class Stray:
    """A class that no plugin declares."""

    id: str
    tenant: str = ""


def _quote(**given: Any) -> Quote:
    return Quote(**{"id": "0190", "number": "Q-1", **given})


def _attachment(**given: Any) -> Attachment:
    whole = {"feedback_id": "1", "sequence": 1, "key": "k", "name": "n", "media_type": "a/b", "size": 1, "digest": "d"}
    return Attachment(**{"id": "0191", **whole, **given})


def _add(world: World, *entities: object) -> None:
    with world.care.unit(actor=BOSS) as unit:
        for entity in entities:
            unit.store.add(entity)


def _stale(world: World) -> None:
    with world.care.unit(actor=BOSS) as unit:
        party = unit.store.get(Party, world.ids["party"])
        assert party is not None
        unit.store.save(attrs.evolve(party, name="x"), expected=7)


def _over(world: World) -> None:
    with world.care.unit(actor=BOSS) as unit:
        store = unit.store
    store.find(Feedback)


ROWS: tuple[Row, ...] = (
    Row(
        "database",
        "NUL in a text",
        lambda w: _add(w, _quote(number="a\0b")),
        "Invalid",
        "quote.number",
        en="quote.number: the text holds a NUL character, which databases cut at; remove it.",
        zh="quote.number：文本含有 NUL 字符，数据库会在此处截断；请删除该字符。",
    ),
    Row(
        "database",
        "half a character",
        lambda w: w.work(lambda u: u.feedback.submit("fault", "x", channel="\ud83d")),
        "Invalid",
        "channel.surrogate",
        en="channel.surrogate: the text holds half a character (a lone surrogate); decode the source correctly or replace it.",
        zh="channel.surrogate：文本含有半个字符（孤立代理项）；请用正确的编码读取来源，或替换该字符。",
    ),
    Row(
        "database",
        "a text longer than its column",
        lambda w: _add(w, _attachment(digest="x" * 65)),
        "Invalid",
        "attachment.digest",
        en="attachment.digest: 65 characters where 64 fit; shorten the text.",
        zh="attachment.digest：共 65 个字符，最多只能存 64 个；请缩短文本。",
    ),
    Row(
        "database",
        "a float for a Decimal",
        lambda w: _add(w, _quote(amount=12.5)),
        "Invalid",
        "quote.amount",
        en="quote.amount: 12.5 is a float, which no sum keeps exact; pass an int, a Decimal or text.",
        zh="quote.amount：12.5 是浮点数，求和会失真；请改用整数、Decimal 或文本。",
    ),
    Row(
        "database",
        "a Decimal with five places",
        lambda w: _add(w, _quote(tax=Decimal("0.00001"))),
        "Invalid",
        "quote.tax",
        en="quote.tax: 0.00001 has more than four decimal places; round it first.",
        zh="quote.tax：0.00001 超过四位小数；请先舍入。",
    ),
    Row(
        "database",
        "a truth value for a number",
        lambda w: _add(w, _quote(count=True)),
        "Invalid",
        "quote.count",
        en="quote.count: True is a truth value where a number belongs; pass an int.",
        zh="quote.count：此处应为数字，收到的却是真假值 True；请传入整数。",
    ),
    Row(
        "database",
        "a number of 65 bits",
        lambda w: _add(w, _attachment(size=2**64)),
        "Invalid",
        "attachment.size",
        en="attachment.size: 18446744073709551616 lies outside what every database can hold (64 bits, years 1 to 9999); pass a smaller one.",
        zh="attachment.size：18446744073709551616 超出各数据库都能保存的范围（64 位、公元 1 至 9999 年）；请传入更小的值。",
    ),
    Row(
        "database",
        "a time without a zone",
        lambda w: _add(w, _quote(at=datetime(2026, 1, 5))),
        "Invalid",
        "quote.at",
        en="quote.at: 2026-01-05T00:00:00 has no time zone; pass an aware datetime, e.g. with zoneinfo or datetime.UTC.",
        zh="quote.at：2026-01-05T00:00:00 没有时区；请传入带时区的时间，例如用 zoneinfo 或 datetime.UTC。",
    ),
    Row(
        "database",
        "a float in a document",
        lambda w: _add(w, _quote(lines={"km": 1.5})),
        "Invalid",
        "quote.lines",
        en="quote.lines: 1.5 is a float, which no sum keeps exact; pass an int, a Decimal or text.",
        zh="quote.lines：1.5 是浮点数，求和会失真；请改用整数、Decimal 或文本。",
    ),
    Row(
        "database",
        "a missing value",
        lambda w: _add(w, _attachment(media_type=None)),
        "Invalid",
        "attachment.media_type",
        en="attachment.media_type: a value is needed here; give one, or declare the field optional.",
        zh="attachment.media_type：此处必须有值；请填写，或把该字段声明为可空。",
    ),
    Row(
        "database",
        "a search by a field that is none",
        lambda w: w.work(lambda u: u.feedback.find(Is("colour", "eq", "red"))),
        "Invalid",
        "feedback.colour",
        en="feedback.colour: feedback has no field colour to search or sort by; known are: <…>.",
        zh="feedback.colour：feedback 没有可供查询或排序的字段 colour；可用的有：<…>。",
    ),
    Row(
        "database",
        "text compared with a number",
        lambda w: w.work(lambda u: u.feedback.find(Is("priority", "eq", "high"))),
        "Invalid",
        "feedback.priority",
        en="feedback.priority: 'high' is no int; pass a value of that type.",
        zh="feedback.priority：'high' 不是 int 类型；请传入该类型的值。",
    ),
    Row(
        "database",
        "a comparison that is none",
        lambda w: w.work(lambda u: u.feedback.find(Is("number", "like", "CP%"))),
        "Invalid",
        "number.op",
        en="number.op: like is no comparison; use one of: eq, in, lt, le, gt, ge, is_null, prefix.",
        zh="number.op：like 不是比较方式；可用：eq, in, lt, le, gt, ge, is_null, prefix。",
    ),
    Row(
        "database",
        "a search for a missing value",
        lambda w: w.work(lambda u: u.feedback.find(Is("site", "eq", None))),
        "Invalid",
        "site",
        en="site: nothing equals a missing value; use is_null.",
        zh="site：空值不能比较；请使用 is_null。",
    ),
    Row(
        "database",
        "a document as the order",
        lambda w: w.work(lambda u: u.feedback.find(order=(Order("custom"),))),
        "Invalid",
        "feedback.custom.order",
        en="feedback.custom.order: a json column has no order; sort by another field.",
        zh="feedback.custom.order：json 列没有顺序；请按其他字段排序。",
    ),
    Row(
        "database",
        "a page key of another order",
        lambda w: w.work(lambda u: u.feedback.find(after=("x",))),
        "Invalid",
        "feedback.after",
        en="feedback.after: a page key has 2 values (one for each order, then the id), 1 were given; pass the key of the last row.",
        zh="feedback.after：分页键应有 2 个值（每个排序一个，最后是 id），实际给出 1 个；请传入最后一行的键。",
    ),
    Row(
        "database",
        "the sum of texts",
        lambda w: w.work(lambda u: u.store.tally(Feedback, measures=(Measure("sum", "subject"),))),
        "Invalid",
        "feedback.subject.sum",
        en="feedback.subject.sum: sum(subject) cannot be computed; use count, sum, mean, min or max of a field that allows it.",
        zh="feedback.subject.sum：无法计算 sum(subject)；请使用 count、sum、mean、min 或 max，并选择适用的字段。",
    ),
    Row(
        "database",
        "a claim of what nobody can claim",
        lambda w: w.work(lambda u: u.store.claim(Feedback, now=w.clock(), limit=1, lease=timedelta(minutes=1))),
        "Invalid",
        "feedback",
        en="feedback: feedback cannot be claimed; declare claimable=True with next_at, leased_until and fence.",
        zh="feedback：feedback 不可领取；请声明 claimable=True 并提供 next_at、leased_until 和 fence。",
    ),
    Row(
        "database",
        "a class nobody declared",
        lambda w: w.work(lambda u: u.store.add(Stray(id="1"))),
        "Invalid",
        "entity.Stray",
        en="entity.Stray: Stray is no entity of this storage; declare it through the hook careplug_entities.",
        zh="entity.Stray：Stray 不是此存储的实体；请通过钩子 careplug_entities 声明。",
    ),
    Row(
        "database",
        "the same key twice",
        lambda w: _add(w, _quote(number="Q-1"), _quote(number="Q-1")),
        "Conflict",
        "quote.number",
        en="quote.number: a row with this key is already stored; use another key or read the stored one.",
        zh="quote.number：已存在相同键的记录；请换一个键或读取已有记录。",
    ),
    Row(
        "database",
        "saving what was never stored",
        lambda w: w.work(lambda u: u.store.save(_quote())),
        "NotFound",
        "quote.id",
        en="quote.id: 0190 is not stored for this tenant; add it, or look whether it was removed.",
        zh="quote.id：该租户没有 0190；请先添加，或检查是否已被删除。",
    ),
    Row(
        "database",
        "saving over a newer version",
        _stale,
        "Conflict",
        "party.version",
        en="party.version: version 7 of <party> was changed by somebody else; read it again and repeat the change.",
        zh="party.version：<party> 的版本 7 已被他人修改；请重新读取后再改。",
    ),
    Row(
        "database",
        "a transaction that has ended",
        _over,
        "Invalid",
        "transaction.feedback",
        en="transaction.feedback: the transaction has ended; open another one.",
        zh="transaction.feedback：事务已结束；请重新打开一个。",
    ),
)
