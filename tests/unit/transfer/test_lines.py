"""A row as a line and back: every kind of value, older versions, and lines that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from careplug.entity import EntitySpec, FieldSpec, column
from careplug.errors import CareError
from careplug.refs import Ref, new_id
from careplug.rows import Codec
from careplug.transfer.lines import Lines
from tests.integration.carry.story import Gauge, gauges

GAUGES = Lines(Codec(EntitySpec(name="gauge", cls=Gauge)))


@attrs.frozen(kw_only=True)
class Old:
    id: str
    tenant: str = ""
    minutes: int = 0


@attrs.frozen(kw_only=True)
class New:
    id: str
    tenant: str = ""
    span: timedelta
    note: str = column(length=20, default="none")
    tags: tuple[str, ...] = ("a",)
    owner: Ref | None = None
    made_at: datetime
    price: Decimal = Decimal("1.5")


def _to_spans(row):
    return {**row, "span": row.pop("minutes") * 60_000_000}


OLD = Lines(Codec(EntitySpec(name="job_sheet", cls=Old)))
NEW = Lines(Codec(EntitySpec(name="job_sheet", cls=New, version=2, upcasters={1: _to_spans})))


@pytest.mark.parametrize("row", gauges("a ", 400), ids=lambda row: row.key)
def test_every_value_comes_back_and_its_line_is_one_line(row):
    line = GAUGES.write(row)
    assert line.count(b"\n") == 1
    assert GAUGES.reader(1, GAUGES.columns)(line) == row


@pytest.mark.parametrize("row", gauges("", 400), ids=lambda row: row.key)
def test_a_line_is_canonical_json(row):
    line = GAUGES.write(row).decode()
    data = json.loads(line)
    assert json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n" == line


def test_a_line_says_null_and_empty_apart_and_amounts_as_text():
    made = Gauge(id=new_id(), key="k", text_or_none="", amount=Decimal("0.1"), at=datetime(2026, 1, 2, 3, 4, 5, 6, UTC))
    data = json.loads(GAUGES.write(made))
    assert (data["text_or_none"], data["words"], data["count"]) == ("", "", None)
    assert (data["amount"], data["at"]) == ("0.1000", "2026-01-02T03:04:05.000006Z")


def test_a_row_of_an_older_version_goes_through_its_upcasters_and_new_columns_get_their_defaults():
    found = NEW.reader(1, OLD.columns)(OLD.write(Old(id="x", minutes=90)))
    zero = datetime(1970, 1, 1, tzinfo=UTC)
    assert found == New(id="x", span=timedelta(minutes=90), made_at=zero)


def test_custom_fields_travel_inside_their_document_and_not_twice():
    @attrs.frozen(kw_only=True)
    class Kept:
        id: str
        tenant: str = ""
        custom: dict[str, Any] = attrs.field(factory=dict)

    extra = (FieldSpec(entity="kept", name="cost", type="decimal", indexed=True),)
    lines = Lines(Codec(EntitySpec(name="kept", cls=Kept, extra=extra)))
    made = Kept(id="x", custom={"cost": Decimal("1.50"), "gone": [1]})
    assert list(lines.columns) == ["custom", "id", "tenant"]
    assert lines.reader(1, lines.columns)(lines.write(made)) == made


def test_nobody_holds_a_lease_in_a_copy():
    @attrs.frozen(kw_only=True)
    class Work:
        id: str
        tenant: str = ""
        next_at: datetime | None = None
        leased_until: datetime | None = None
        fence: int = 0

    lines = Lines(Codec(EntitySpec(name="work", cls=Work, claimable=True)))
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    held, free = (Work(id="x", next_at=moment, leased_until=moment, fence=3), Work(id="x", next_at=moment))
    assert lines.write(held) == lines.write(free)


@pytest.mark.parametrize(
    "change",
    [
        {"count": "1"},
        {"count": True},
        {"at": "yesterday"},
        {"at": "2026-01-02T03:04:05"},
        {"day": "2026-02-30"},
        {"amount": "much"},
        {"amount": "0.00001"},
        {"amount": 1.5},
        {"raw": "?"},
        {"mood": "soso"},
        {"data": {"rate": 0.5}},
        {"tags": {}},
        {"more": 1},
    ],
    ids=str,
)
def test_a_line_that_holds_something_else_is_refused(change):
    data = json.loads(GAUGES.write(Gauge(id="x", key="k")))
    with pytest.raises((CareError, TypeError, ValueError, ArithmeticError)):
        GAUGES.reader(1, GAUGES.columns)(json.dumps({**data, **change}).encode())


@pytest.mark.parametrize("line", [b"", b"[]\n", b"{}\n", b'{"id":"x"}\n', b"\xff\n", b"nothing\n"])
def test_a_line_that_is_no_row_is_refused(line):
    with pytest.raises((TypeError, ValueError)):
        GAUGES.reader(1, GAUGES.columns)(line)
