"""What a program may give wrongly where there is no unit: values, calendars, targets, the parts of a Care."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from careplug import Ref
from careplug.audit import checkpoint
from careplug.money import Money
from careplug.sla import CalendarDays, Elapsed, WorkCalendar, WorkingDays, WorkingTime, due
from tests.integration.bad_input.row import Row

HOURS = [("09:00", "12:00"), ("13:00", "18:00")]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)
OFFICE = WorkCalendar("office", "Asia/Shanghai", WEEK)
TARGET = WorkingTime(timedelta(hours=2))


def _calendar(**given: Any) -> WorkCalendar:
    return WorkCalendar(**{"name": "office", "zone": "Asia/Shanghai", "week": WEEK, **given})


ROWS: tuple[Row, ...] = (
    Row(
        "API",
        "a channel nobody brings",
        lambda w: w.care.channel("fax"),
        "NotFound",
        "channel.fax",
        en="channel.fax: there is no channel fax; known: console. Install the plugin that brings it.",
        zh="channel.fax：没有渠道 fax；现有：console。请安装提供该渠道的插件。",
    ),
    Row(
        "API",
        "a plugin name as plain text",
        lambda w: w.open(None, require="holidays"),
        "Invalid",
        "require",
        en="require: 'holidays' is no list of plugin names; give a tuple such as (\"holidays\",).",
        zh="require：'holidays' 不是插件名称列表；请给出元组，例如 (\"holidays\",)。",
    ),
    Row(
        "API",
        "a clock set back",
        lambda w: w.clock.set(w.later(days=-1)),
        "Invalid",
        "clock.to",
        en="clock.to: 2026-01-04T02:00:00.000000Z lies before 2026-01-05T02:00:00.000000Z; this clock only moves on. Set a later time.",
        zh="clock.to：2026-01-04T02:00:00.000000Z 早于 2026-01-05T02:00:00.000000Z；此时钟只能向前。请设置更晚的时间。",
    ),
    Row(
        "API",
        "a reference without an id",
        lambda w: Ref.parse("person:"),
        "Invalid",
        "ref",
        en="ref: person: is no reference; write kind:id, such as person:42.",
        zh="ref：person: 不是引用；请写成 kind:id，例如 person:42。",
    ),
    Row(
        "API",
        "amounts of two currencies",
        lambda w: Money(Decimal(1), "CNY") + Money(Decimal(1), "EUR"),
        "Invalid",
        "currency.mixed",
        en="currency.mixed: CNY + EUR cannot be added; convert to one currency first.",
        zh="currency.mixed：CNY + EUR 不能相加；请先换算为同一种货币。",
    ),
    Row(
        "API",
        "an amount in a float",
        lambda w: Money(1.5, "CNY"),
        "Invalid",
        "amount",
        en='amount: 1.5 is no Decimal; write Decimal("12.50"), never a float.',
        zh='amount：1.5 不是 Decimal；请写 Decimal("12.50")，不要使用浮点数。',
    ),
    Row(
        "API",
        "a shift that overlaps another",
        lambda w: _calendar(week={"mon": [("09:00", "12:00"), ("11:00", "18:00")]}),
        "Invalid",
        "calendar.week.mon",
        en="calendar.week.mon: 09:00–12:00 and 11:00–18:00 overlap. Join them or move one, so that no minute is counted twice.",
        zh="calendar.week.mon：09:00–12:00 与 11:00–18:00 重叠。请合并或移动其中一个，以免同一分钟计两次。",
    ),
    Row(
        "API",
        "a zone nobody knows",
        lambda w: _calendar(zone="Mars/Base"),
        "Invalid",
        "calendar.zone",
        en="calendar.zone: this machine knows no time zone Mars/Base. Use an IANA name such as Asia/Shanghai; the package tzdata brings them.",
        zh="calendar.zone：本机没有时区“Mars/Base”。请使用 IANA 名称，例如 Asia/Shanghai；安装 tzdata 可获得时区数据。",
    ),
    Row(
        "API",
        "a make-up day that is a datetime",
        lambda w: _calendar(dates={datetime(2026, 2, 14): HOURS}),
        "Invalid",
        "calendar.dates.2026-02-14 00:00:00",
        en="calendar.dates.2026-02-14 00:00:00: 2026-02-14T00:00:00 carries a time of day, and whose midnight it means is open. Give its date() instead.",
        zh="calendar.dates.2026-02-14 00:00:00：2026-02-14T00:00:00 带有时刻，无法判断属于哪一天。请改用其 date()。",
    ),
    Row(
        "API",
        "a closure that ends before it begins",
        lambda w: _calendar(closures=[(w.later(hours=1), w.later(hours=0))]),
        "Invalid",
        "calendar.closures.0",
        en="calendar.closures.0: it ends at 2026-01-05T02:00:00+00:00, not after its start 2026-01-05T03:00:00+00:00. Give the earlier time first.",
        zh="calendar.closures.0：结束 2026-01-05T02:00:00+00:00 不晚于开始 2026-01-05T03:00:00+00:00。请先写较早的时间。",
    ),
    Row(
        "API",
        "a calendar that never opens",
        lambda w: _calendar(week={}).next_open(w.later(hours=0)),
        "Invalid",
        "calendar.next_open.t",
        en="calendar.next_open.t: the calendar does not open within ten years of it. Add hours to its week or dates, or shorten its closures.",
        zh="calendar.next_open.t：十年之内日历没有任何开放时段。请在周历或日期中补充时段，或缩短停业时段。",
    ),
    Row(
        "API",
        "half a working day",
        lambda w: WorkingDays(1.5),
        "Invalid",
        "working_days.n",
        en="working_days.n: 1.5 is no number of days. Give a whole number.",
        zh="working_days.n：1.5 不是天数。请给出整数。",
    ),
    Row(
        "API",
        "a negative promise",
        lambda w: Elapsed(timedelta(hours=-2)),
        "Invalid",
        "elapsed.amount",
        en="elapsed.amount: -1 day, 22:00:00 is negative, and nothing can be promised for the past. Give zero or more.",
        zh="elapsed.amount：-1 day, 22:00:00 为负，无法承诺过去的时间。请给出零或正值。",
    ),
    Row(
        "API",
        "a day that ends at noon",
        lambda w: CalendarDays(3, ends="noon"),
        "Invalid",
        "calendar_days.ends",
        en="calendar_days.ends: 'noon' is no way for a day to end. Use one of same_time, midnight.",
        zh="calendar_days.ends：'noon' 不是一天的结束方式。请使用 same_time, midnight 之一。",
    ),
    Row(
        "API",
        "a target of text",
        lambda w: due(OFFICE, w.later(hours=0), "2 h"),
        "Invalid",
        "target",
        en="target: '2 h' is no target. Give WorkingTime, WorkingDays, Elapsed, CalendarDays or a timedelta.",
        zh="target：'2 h' 不是时限目标。请给出 WorkingTime、WorkingDays、Elapsed、CalendarDays 或 timedelta。",
    ),
    Row(
        "API",
        "a pause that ends before it begins",
        lambda w: due(OFFICE, w.later(hours=0), TARGET, pauses=[(w.later(hours=2), w.later(hours=1))]),
        "Invalid",
        "pauses.0",
        en="pauses.0: it ends at 2026-01-05T03:00:00+00:00, before its start 2026-01-05T04:00:00+00:00. Give the earlier time first.",
        zh="pauses.0：结束 2026-01-05T03:00:00+00:00 早于开始 2026-01-05T04:00:00+00:00。请先写较早的时间。",
    ),
    Row(
        "API",
        "a deadline from a time without a zone",
        lambda w: due(OFFICE, datetime(2026, 1, 5), TARGET),
        "Invalid",
        "due.start",
        en='due.start: 2026-01-05T00:00:00 has no time zone, so it names no instant. Attach one, such as tzinfo=ZoneInfo("Asia/Shanghai").',
        zh='due.start：2026-01-05T00:00:00 没有时区，无法确定时间点。请附上时区，例如 tzinfo=ZoneInfo("Asia/Shanghai")。',
    ),
    Row(
        "API",
        "seconds as floats",
        lambda w: OFFICE.add_many([1.5], [60]),
        "Invalid",
        "calendar.add_many.starts",
        en="calendar.add_many.starts: an array of float64 is not taken. Give whole seconds as int64.",
        zh="calendar.add_many.starts：不接受 float64 类型的数组。请以 int64 给出整秒。",
    ),
    Row(
        "API",
        "a file name with a NUL",
        lambda w: w.care.setup.files.put(io.BytesIO(b"x"), name="a\0b", media_type="text/plain", tenant=""),
        "Invalid",
        "attachment.name",
        en="attachment.name: a\u0000b is no name of a file; give 1 to 255 characters without NUL.",
        zh="attachment.name：a\u0000b 不是有效的文件名；请给出 1 至 255 个字符，且不含 NUL。",
    ),
    Row(
        "API",
        "a key of three bytes",
        lambda w: checkpoint(w.care, w.scratch / "heads", key=b"abc"),
        "Invalid",
        "key",
        en="key: a checkpoint needs a key of at least 16 bytes, this one has 3. Make one with 32 random bytes and keep it away from the database.",
        zh="key：检查点密钥至少 16 字节，现为 3 字节。请生成 32 个随机字节，并存放在数据库之外。",
    ),
)
