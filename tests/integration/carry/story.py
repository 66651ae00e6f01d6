"""Writes a database with the demo story and odd rows, and says what is in it: run once with the code of an earlier commit.

    git worktree add /tmp/old COMMIT
    PYTHONPATH=/tmp/old/src:/tmp/old/plugins/careplug-sqlalchemy/src:… python tests/integration/carry/story.py FOLDER NAME

makes ``FOLDER/NAME.db.xz`` and ``FOLDER/NAME.jsonl.xz``. Everything in it is invented. The dump is made of the fields of
the objects that the code itself reads, and knows nothing of how a database or an export writes them.
"""

from __future__ import annotations

import enum
import io
import json
import lzma
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

import careplug
from careplug import Actor, Care, Ref
from careplug.audit import erase_contact, verify
from careplug.clock import ManualClock
from careplug.demo.stage import START, play
from careplug.entity import EntitySpec, FieldSpec, column
from careplug.messages.directory import Parties
from careplug.money import Money
from careplug.plugin import hookimpl
from careplug.ports import Address
from careplug.refs import new_id
from careplug.text import Text
from careplug.worker import Worker

BOSS = Actor.engineer("zhao", "manager", language="zh_CN")
ADMIN = Actor(Ref("person", "root"), frozenset({"admin"}))
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
TENANTS = ("", "acme", "租户😀", "Acme", "acme ")
"""Case-only and blank-only differences among them."""


class Mood(enum.Enum):
    """An enum with a Chinese value."""

    GOOD = "good"
    BAD = "不满意"


@attrs.frozen(kw_only=True)
class Reading:
    """One of the values of a gauge."""

    at: datetime
    amount: Decimal
    who: Ref | None = None


@attrs.frozen(kw_only=True)
class Gauge:
    """Every kind of column: what each database writes in its own way."""

    id: str
    tenant: str = ""
    key: str = column(length=100)
    text: str = ""
    text_or_none: str | None = None
    words: str = column(long=True, default="")
    count: int | None = None
    flag: bool | None = None
    at: datetime | None = None
    day: date | None = None
    span: timedelta | None = None
    amount: Decimal | None = None
    price: Money | None = None
    raw: bytes | None = None
    mood: Mood = Mood.GOOD
    owner: Ref | None = None
    label: Text = Text()
    tags: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    readings: tuple[Reading, ...] = ()
    data: dict[str, Any] | None = None


FIELDS = (
    FieldSpec(name="plant", indexed=True, length=60, label=Text(en="Plant", zh="厂区")),
    FieldSpec(name="cost", type="decimal", indexed=True, label=Text(en="Cost", zh="费用")),
    FieldSpec(name="since", type="time", label=Text(en="Since", zh="自")),
    FieldSpec(name="until", type="date", label=Text(en="Until", zh="至")),
    FieldSpec(name="keeper", personal=True, label=Text(en="Keeper", zh="保管人")),
)


def plugin() -> ModuleType:
    """The plugin that the database needs: gauges, and custom fields of a case."""
    made = ModuleType("gauges", "Gauges, and fields of a case.")

    def careplug_entities() -> tuple[Any, ...]:
        """One entity with a unique key, five custom fields."""
        return (EntitySpec(name="gauge", cls=Gauge, unique=(("key",),), indexes=(("at",),)), *FIELDS)

    made.careplug_name = "gauges"  # type: ignore[attr-defined]
    made.careplug_entities = hookimpl(careplug_entities)  # type: ignore[attr-defined]
    return made


def gauges(tenant: str, long: int) -> list[Gauge]:
    """Rows that databases are known to confuse, cut, trim or round; ``long`` characters of the longest text."""
    reading = Reading(at=NOON.replace(microsecond=1), amount=Decimal("-0.0001"), who=Ref("person", "a:b"))
    values: list[dict[str, Any]] = [
        {"key": key}
        for key in (
            "a",
            "A",
            "a ",
            " a",
            "é",
            "e\u0301",
            "ß",
            "ss",
            "😀",
            "😁",
            "👩‍🔧",
            "中",
            "ｶ",
            "カ",
            "%",
            "_",
            "'",
            "\\",
        )
    ]
    values += [
        {"key": "nothing"},
        {"key": "empty", "text_or_none": "", "raw": b"", "data": {}, "label": Text(en="", zh="")},
        {"key": "zero", "count": 0, "flag": False, "span": timedelta(), "amount": Decimal(0)},
        {"key": "largest", "count": 2**63 - 1, "amount": Decimal("922337203685475.9999"), "text": "😀" * 200},
        {"key": "smallest", "count": -(2**63), "amount": Decimal("-922337203685475.9999"), "flag": True},
        {"key": "microsecond", "at": NOON.replace(microsecond=1), "span": timedelta(microseconds=1)},
        {"key": "before", "at": NOON.replace(microsecond=999_999), "span": -timedelta(days=40_000)},
        {"key": "old", "at": datetime(1900, 1, 1, tzinfo=UTC), "day": date(1000, 1, 1)},
        {"key": "new", "at": datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC), "day": date(9999, 12, 31)},
        {"key": "money", "price": Money(Decimal("-12.3456"), "CNY"), "amount": Decimal("0.1000")},
        {"key": "no money", "price": Money(Decimal(0), "USD")},
        {"key": "bytes", "raw": bytes(range(256)), "mood": Mood.BAD},
        {"key": "lines", "text": "\t\r\n", "words": "一行\r\n\u2028两行\n\x85\x0b\x0c" + "\x01\x7f"},
        {"key": "chinese", "text": "软件售后服务", "label": Text(zh="维保期"), "owner": Ref("设备", "id with: colons")},
        {
            "key": "documents",
            "tags": ("b", "a", "", "😀"),
            "names": frozenset({"b", "a"}),
            "readings": (reading, reading),
        },
        {"key": "nested", "data": {"z": None, "a": [1, {"k": "\\u0000 客户"}], "": "", "n": 10**30, "\n": True}},
        {"key": "long", "words": "长文本😀" * (long // 4)},
    ]
    return [Gauge(id=new_id(), tenant=tenant, **value) for value in values]


def write(care: Care, clock: ManualClock, *, long: int = 4_000) -> None:
    """The demo story, then odd cases in several tenants, an erased person, definitions in several revisions."""
    play(care, clock)
    clock.set(NOON)
    torture(care, clock, long=long)
    Worker(care).run_due()
    with care.unit(actor=BOSS, tenant=TENANTS[1]) as unit:
        office = unit.definitions.get("calendar", "office").data
        for closed in ("2026-05-01", "2026-05-04"):
            unit.changes.put("calendar", "office", {**office, "holidays": [closed]})
    with care.unit(actor=ADMIN) as unit:
        _token(unit)
    erase_contact(care, Ref("person", "sun"), request="2026-03 书面申请", actor=ADMIN)
    with care.transaction(tenant=None) as store:
        store.claim(_class(care, "job"), now=clock(), limit=1, lease=timedelta(minutes=5))


def torture(care: Care, clock: ManualClock, *, long: int) -> None:
    """Odd rows in each tenant: gauges, people, two cases with a file, custom fields and keys."""
    for tenant in TENANTS:
        _tenant(care, clock, tenant, long)


def _tenant(care: Care, clock: ManualClock, tenant: str, long: int) -> None:
    with care.unit(actor=ADMIN, tenant=tenant) as unit:
        for name in ("odd", "Odd", "odd "):
            ref = Ref("person", f"{name}{len(tenant)}")
            unit.get(Parties).add(ref, name=f"{name}😀", roles=("manager",), addresses=(Address("console", name),))
        for row in gauges(tenant, long):
            unit.store.add(row)
    file = care.setup.files.put(io.BytesIO("样张".encode()), name="样张 😀.txt", media_type="text/plain", tenant=tenant)
    with care.unit(actor=BOSS, tenant=tenant) as unit:
        custom = {
            "plant": "苏州 ",
            "cost": Decimal("-1.5"),
            "since": NOON,
            "until": date(2030, 12, 31),
            "keeper": "李😁",
        }
        first = unit.feedback.submit(
            "fault", "屏幕闪烁 😀", 'It\'s "odd" \\ %_', contact_name="李 ", custom=custom, key="k"
        )
        unit.feedback.attach(first.id, file)
        unit.feedback.pause(first.id, reason="waiting_parts")
        second = unit.feedback.submit("question", "怎么用", requester=Ref("person", "Odd"), key="K", source="shop")
        unit.feedback.link(second.id, first.id)
        clock.set(clock() + timedelta(hours=2, microseconds=7))
    with care.unit(actor=BOSS, tenant=tenant) as unit:
        unit.feedback.step(second.id, "confirm")
        unit.feedback.step(second.id, "dispatch", assignee=Ref("person", "wang"))
        unit.feedback.step(second.id, "diagnose")
        unit.feedback.step(second.id, "handle")
        unit.feedback.step(second.id, "verify")
        unit.feedback.step(second.id, "resolve", measure="重启", result="恢复")
        clock.set(clock() + timedelta(days=1))
    with care.unit(actor=BOSS, tenant=tenant) as unit:
        unit.feedback.step(second.id, "reopen", reason="又坏了")
        unit.feedback.note(first.id, "x" * long)


def _token(unit: Any) -> None:
    """A key of the API, where the extension is there."""
    from careplug_flask.tokens import Tokens

    unit.get(Tokens).issue("monitor", Ref("system", "monitor"), roles=["customer"], scopes=["feedback.*"])


def _class(care: Care, name: str) -> type:
    return care.setup.entities[name].cls


def dump(care: Care) -> list[str]:
    """Every stored object as a line of JSON, sorted: the entity's name and its fields."""
    lines = []
    with care.transaction(tenant=None, writes=False) as store:
        for name, spec in care.setup.entities.items():
            lines += [
                json.dumps([name, _plain(row)], ensure_ascii=False, sort_keys=True) for row in store.find(spec.cls)
            ]
    return sorted(lines)


def _plain(value: Any) -> Any:
    """A value as JSON that says its type where JSON does not."""
    if attrs.has(type(value)):
        return {field.name: _plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, enum.Enum):
        return value.value
    return value if value is None or isinstance(value, str | bool | int) else repr(value)


def open_care(
    url: str,
    clock: ManualClock | None = None,
    *,
    extra: Sequence[object] = (),
    gauged: bool = True,
    crypto: bool = False,
    **more: Any,
) -> Care:
    """A Care as the database needs it, with ``extra`` plugins; one that is not ``gauged`` lacks the plugin of gauges,
    one with ``crypto`` encrypts what is personal."""
    channels = {"console": {"stream": io.StringIO()}}
    environ = {"CAREPLUG_PLUGINS": "sqlalchemy,flask" + (",crypto" if crypto else "")}
    clock = clock or ManualClock(START)
    return Care(
        url, plugins=[*([plugin()] if gauged else []), *extra], clock=clock, channels=channels, environ=environ, **more
    )


def main(folder: Path, name: str) -> None:
    """Write the two files."""
    clock = ManualClock(START)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "old.db"
        with open_care(f"sqlite:///{path}", clock) as care:
            write(care, clock)
            report = verify(care)
            lines = dump(care)
            care.storage.erase_traces(vacuum=True)
        assert report.whole, report.text()
        (folder / f"{name}.db.xz").write_bytes(lzma.compress(path.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    packed = lzma.compress("".join(f"{line}\n" for line in lines).encode(), preset=9 | lzma.PRESET_EXTREME)
    (folder / f"{name}.jsonl.xz").write_bytes(packed)
    print(f"careplug of {careplug.__file__}: {len(lines)} rows, {report.subjects} cases, {report.facts} facts")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
