"""Text into values and values into data: what is parsed is what was written, whatever the type."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.contributions import FieldSpec
from careplug.errors import Invalid
from careplug.money import Money
from careplug.refs import Ref
from careplug.resources import describe, field_of, parse, plain_value
from careplug.text import Text
from tests.unit.resources.workshop import BINS, SPECS, TOOLS, Size

TOOL = {info.name: info for info in describe(TOOLS, SPECS[0])}


@pytest.mark.parametrize("name", [name for name in TOOL if name not in ("tenant", "id")])
@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_is_none(name, text):
    assert parse(TOOL[name], text) is None


@pytest.mark.parametrize(("name", "text", "value"), [
    ("name", " Drill ", " Drill "), ("note", "a\nb", "a\nb"), ("count", " 12 ", 12), ("count", "-3", -3), ("lent", "是", True),
    ("lent", "No", False), ("bought", "2026-02-14", date(2026, 2, 14)), ("weight", "1.50", Decimal("1.50")),
    ("checked_at", "2026-02-14T09:30:00+08:00", datetime(2026, 2, 14, 1, 30, tzinfo=UTC)),
    ("price", "12.50 CNY", Money(Decimal("12.50"), "CNY")), ("owner", "person:a:b", Ref("person", "a:b")),
    ("label", "Drill|钻", Text("Drill", "钻")), ("label", "钻", Text("钻")), ("size", "large", Size.LARGE),
    ("tags", '["a"]', ("a",)), ("every", "1d2h3m4.5s", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
    ("every", "-90s", timedelta(seconds=-90)),
])  # fmt: skip
def test_what_people_write(name, text, value):
    assert parse(TOOL[name], text) == value


def test_a_declared_field_is_parsed_as_it_says():
    spec = FieldSpec(name="visits", type="int", label=Text("Visits", "次数"))
    assert parse(spec, "3") == 3
    with pytest.raises(Invalid) as caught:
        parse(spec, "three")
    assert (caught.value.code, caught.value.field) == ("field.int", "visits")
    assert caught.value.text("zh_CN") == "visits：three 不是整数；请写数字，例如 12。"
    assert field_of(spec).label == Text("Visits", "次数")


VALUES = {
    "every": st.timedeltas(timedelta(days=-900_000), timedelta(days=900_000)),
    "bought": st.dates(),
    "checked_at": st.datetimes(timezones=st.just(UTC)),
    "weight": st.decimals(-(10**6), 10**6, places=4),
    "owner": st.builds(Ref, st.text("abc", min_size=1), st.text("abc:1", min_size=1)),
    "count": st.integers(-(2**63), 2**63 - 1),
    "size": st.sampled_from(Size),
    "lent": st.booleans(),
}


@given(st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name])))
def test_what_is_shown_as_data_is_read_again(pair):
    name, value = pair
    assert parse(TOOL[name], str(plain_value(value))) == value


def test_data_is_json():
    assert plain_value(Money(Decimal("1.10"), "CNY")) == {"amount": "1.10", "currency": "CNY"}
    assert plain_value(Text("a", "b")) == {"en": "a", "zh": "b"}
    assert plain_value({"a": (Ref("b", "c"), {Size.SMALL})}) == {"a": ["b:c", ["small"]]}
    assert plain_value(datetime(2026, 1, 2, 3, tzinfo=UTC)) == "2026-01-02T03:00:00.000000Z"
    assert plain_value(timedelta(0)) == "0s"
    assert plain_value(FieldSpec(name="a"))["name"] == "a"


# -- what a surface is told of fields --


def test_the_fields_of_a_resource():
    infos = describe(TOOLS, SPECS[0])
    assert [info.name for info in infos if info.column] == ["name", "owner", "lent"], "in the order of its columns"
    assert "photo" not in TOOL, "bytes are nothing a page shows"
    assert "custom" not in TOOL
    assert (TOOL["name"].required, TOOL["name"].length, TOOL["name"].label) == (True, 20, Text("Name", "名称"))
    assert (TOOL["size"].choices, TOOL["size"].type) == (("small", "large"), "choice")
    assert [TOOL[name].type for name in ("note", "price", "owner", "label", "tags", "every")] == [
        "long", "money", "ref", "text2", "json", "duration",
    ]  # fmt: skip
    assert TOOL["place"].label == Text("place"), "a field without a label shows its name"
    assert (TOOL["bought"].nullable, TOOL["count"].nullable, TOOL["version"].editable) == (True, False, False)
    assert {info.name for info in infos if info.filter} == {"lent", "owner", "size", "bought", "name"}


def test_without_columns_a_list_shows_what_fits_a_cell():
    assert [info.name for info in describe(BINS, SPECS[1]) if info.column] == ["code", "full", "made_at"]
