"""Rows: what the storage suite does not show, because it sees only whole storages."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.documents import canonical, document, make_converter
from careplug.entity import EntitySpec, FieldSpec, column
from careplug.errors import Invalid
from careplug.money import Money
from careplug.refs import Ref
from careplug.rows import Codec, codecs
from careplug.testing.storage import SPECS
from careplug.text import Text

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Level(enum.Enum):
    LOW = "low"
    HIGH = "高"


@attrs.frozen(kw_only=True)
class Case:
    id: str
    tenant: str = ""
    subject: str = column(length=10, default="")
    body: str | None = column(long=True, default=None)
    level: Level = Level.LOW
    at: datetime | None = None
    span: timedelta | None = None
    cost: Decimal | None = None
    price: Money | None = None
    owner: Ref | None = None
    label: Text = Text()
    refs: tuple[Ref, ...] = ()
    times: dict[str, datetime] = attrs.field(factory=dict)
    custom: dict[str, Any] = attrs.field(factory=dict)


FIELDS = (
    FieldSpec(entity="case", name="plant", indexed=True, length=5),
    FieldSpec(entity="case", name="since", type="time", indexed=True),
    FieldSpec(entity="case", name="cost", type="decimal"),
)
SPEC = EntitySpec(name="case", cls=Case, extra=FIELDS)
CODEC = Codec(SPEC)


def test_a_row_is_flat_and_plain():
    case = Case(
        id="1",
        subject="主题",
        level=Level.HIGH,
        at=NOON.astimezone(timezone(timedelta(hours=8))),
        span=timedelta(seconds=1),
        cost=Decimal("1.5"),
        price=Money(Decimal("-0.01"), "CNY"),
        owner=Ref("person", "7"),
        refs=(Ref("a", "b"),),
        times={"b": NOON, "a": NOON},
        custom={"plant": "苏州", "since": NOON, "cost": Decimal("2.50"), "free": [1]},
    )
    row = CODEC.to_row(case)
    assert row == {
        "id": "1",
        "tenant": "",
        "subject": "主题",
        "body": None,
        "level": "高",
        "at": NOON,
        "span": 1_000_000,
        "cost": 15_000,
        "price_amount": -100,
        "price_currency": "CNY",
        "owner_kind": "person",
        "owner_id": "7",
        "label_en": "",
        "label_zh": "",
        "refs": '["a:b"]',
        "times": '{"a":"2026-01-02T12:00:00.000000Z","b":"2026-01-02T12:00:00.000000Z"}',
        "custom": '{"cost":"2.50","free":[1],"plant":"苏州","since":"2026-01-02T12:00:00.000000Z"}',
        "x_plant": "苏州",
        "x_since": NOON,
    }
    assert row["at"].tzinfo is UTC
    assert CODEC.from_row({**row, "more": "columns"}) == case
    assert CODEC.from_values([row[name] for name in CODEC.names]) == case


def test_only_what_differs():
    case = Case(id="1", owner=Ref("person", "7"))
    assert CODEC.changes(case, case) == {}
    changed = attrs.evolve(case, owner=Ref("person", "8"), custom={"plant": "a"})
    assert CODEC.changes(case, changed) == {"owner_id": "8", "custom": '{"plant":"a"}', "x_plant": "a"}
    assert CODEC.changes(case, attrs.evolve(case, owner=None)) == {"owner_kind": None, "owner_id": None}


def test_values_of_a_custom_field_that_is_no_longer_declared_are_kept():
    before = Case(id="1", custom={"plant": "a", "cost": Decimal("1.5")})
    later = Codec(EntitySpec(name="case", cls=Case))
    read = later.from_row(CODEC.to_row(before))
    assert read.custom == {"plant": "a", "cost": "1.5"}
    assert CODEC.from_row({**CODEC.to_row(before), "custom": later.to_row(read)["custom"]}) == before


def test_subclasses_are_stored_as_what_they_stand_for():
    class Words(str):
        __slots__ = ()

    class Moment(datetime):
        pass

    row = CODEC.to_row(Case(id=Words("1"), subject=Words("a"), at=Moment(2026, 1, 2, 12, tzinfo=UTC)))
    assert [type(row[name]) for name in ("id", "subject", "at")] == [str, str, datetime]
    assert row["at"] == NOON


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("subject", ["subject"]),
        ("owner", ["owner_kind", "owner_id"]),
        ("owner_id", ["owner_id"]),
        ("price", ["price_amount", "price_currency"]),
        ("price_amount", ["price_amount"]),
        ("label", ["label_en", "label_zh"]),
        ("custom.plant", ["x_plant"]),
        ("id", ["id"]),
        ("tenant", ["tenant"]),
    ],
)
def test_names_of_columns(field, names):
    assert [column.name for column in CODEC.resolve(field)] == names


@pytest.mark.parametrize("field", ["", "Subject", "owner.id", "custom.cost", "custom.other", "x_plant", "subject "])
def test_names_nobody_has(field):
    with pytest.raises(Invalid) as caught:
        CODEC.resolve(field)
    assert caught.value.code == "criteria.field"
    assert caught.value.field == f"case.{field}"
    assert "custom.plant" in caught.value.text("en")


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("subject", "longer than ten characters", ("longer than ten characters",)),
        ("level", Level.HIGH, ("高",)),
        ("level", "高", ("高",)),
        ("cost", Decimal("0.5"), (5_000,)),
        ("cost", 2, (20_000,)),
        ("span", timedelta(microseconds=-1), (-1,)),
        ("owner", Ref("person", "7"), ("person", "7")),
        ("owner", None, (None, None)),
        ("price", Money(Decimal(1), "CNY"), (10_000, "CNY")),
        ("price_amount", Decimal(1), (10_000,)),
        ("custom.since", NOON, (NOON,)),
        ("at", NOON.astimezone(timezone(timedelta(hours=-5))), (NOON,)),
    ],
)
def test_keys_are_stored_values(field, value, stored):
    assert CODEC.key(field, value) == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", 5),
        ("subject", "\0"),
        ("subject", "\ud800"),
        ("level", 1),
        ("cost", 0.5),
        ("cost", True),
        ("cost", Decimal("0.00001")),
        ("span", 5),
        ("at", datetime(2026, 1, 1)),
        ("at", date(2026, 1, 1)),
        ("owner", "person:7"),
        ("owner", Ref("person", "\0")),
        ("price", Decimal(1)),
        ("refs", "[]"),
        ("custom.since", "2026-01-01"),
    ],
)
def test_keys_of_another_type(field, value):
    with pytest.raises(Invalid) as caught:
        CODEC.key(field, value)
    assert caught.value.field.startswith(f"case.{field}")
    assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("level", Level.HIGH),
        ("cost", Decimal("1.5")),
        ("span", timedelta(days=-1)),
        ("owner", Ref("person", "7")),
        ("price", Money(Decimal("-1.5"), "CNY")),
        ("price_amount", Decimal("-1.5")),
        ("label", Text(en="a", zh="b")),
        ("owner_id", "7"),
        ("at", NOON),
        ("owner", None),
        ("cost", None),
    ],
)
def test_values_come_back_from_keys(field, value):
    assert CODEC.value(field, CODEC.key(field, value)) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("level", "a state of a plugin that is gone"),
        ("refs", "{}"),
        ("refs", "not json"),
        ("refs", "[5]"),
        ("times", '{"a":"yesterday"}'),
        ("custom", "[]"),
    ],
)
def test_stored_values_that_do_not_fit(name, text):
    row = {**CODEC.to_row(Case(id="1")), name: text}
    with pytest.raises(Invalid) as caught:
        CODEC.from_row(row)
    assert caught.value.code == "row.stored"
    assert caught.value.field == f"case.{name}"


def test_every_refusal_says_what_to_do_in_two_languages():
    seen = set()
    for values in (
        {"subject": None}, {"subject": 5}, {"subject": "\0"}, {"subject": "\udc00"}, {"subject": "x" * 11},
        {"subject": 1.5}, {"at": datetime(2026, 1, 1)}, {"at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))},
        {"refs": (Ref("a:b", "c"),)}, {"custom": {1: 2}}, {"custom": {"a": object()}}, {"owner": "person:1"},
        {"price": 5}, {"label": None}, {"times": []},
    ):  # fmt: skip
        with pytest.raises(Invalid) as caught:
            CODEC.to_row(Case(id="1", **values))
        error = caught.value
        seen.add(error.code)
        assert error.field.startswith(f"case.{next(iter(values))}")
        for language in ("en", "zh"):
            assert error.text(language).startswith(error.field)
            assert "{" not in error.text(language).replace("{}", "")
    assert seen == {
        "row.null", "row.type", "row.nul", "row.surrogate", "row.long", "row.float", "row.naive", "row.range", "row.ref",
        "row.json_key", "row.json",
    }  # fmt: skip


# --------------------------------------------------------------------------------------------- declarations


def test_custom_fields_need_a_place():
    @attrs.frozen
    class Bare:
        id: str

    with pytest.raises(Invalid) as caught:
        Codec(EntitySpec(name="bare", cls=Bare, extra=FIELDS))
    assert caught.value.code == "entity.no_custom"


def test_every_attribute_must_be_an_argument():
    @attrs.frozen
    class Computed:
        id: str
        size: int = attrs.field(init=False, default=0)

    with pytest.raises(Invalid) as caught:
        Codec(EntitySpec(name="computed", cls=Computed))
    assert caught.value.field == "computed.size"


def test_private_attributes_have_their_alias():
    @attrs.frozen
    class Hidden:
        id: str
        _note: str = ""

    codec = Codec(EntitySpec(name="hidden", cls=Hidden))
    assert codec.from_row(codec.to_row(Hidden("1", note="a"))) == Hidden("1", note="a")


def test_one_codec_a_class():
    assert set(codecs(SPECS)) == {spec.cls for spec in SPECS}


# ------------------------------------------------------------------------------------------------ documents

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner),
    max_leaves=10,
)  # fmt: skip


@given(_json)
def test_canonical_text_is_one_text_for_equal_data(data):
    text = canonical(data, "data")
    assert json.loads(text) == data
    assert canonical(json.loads(text), "data") == text
    shuffled = dict(reversed(data.items())) if isinstance(data, dict) else data
    assert canonical(shuffled, "data") == text


def test_canonical_text():
    assert canonical({"b": 1, "a": [True, None, "中 \\u0000"]}, "d") == '{"a":[true,null,"中 \\\\u0000"],"b":1}'
    assert canonical({"b", "a"}, "d") == '["a","b"]'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"a": [0.1]}, "row.float"),
        ([float("inf")], "row.float"),
        ({1: 2}, "row.json_key"),
        ({None: 2}, "row.json_key"),
        ("\0", "row.nul"),
        (["\\\0"], "row.nul"),
        ({"\0": 1}, "row.nul"),
        (NOON, "row.json"),
        (Decimal(1), "row.json"),
        (b"", "row.json"),
    ],
)
def test_what_is_no_json(data, code):
    with pytest.raises(Invalid) as caught:
        canonical(data, "data")
    assert caught.value.code == code
    assert caught.value.field == "data"


@attrs.frozen
class Leaf:
    at: datetime
    amount: Decimal
    day: date | None = None
    level: Level = Level.LOW
    data: Mapping[str, Any] = attrs.field(factory=dict)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (tuple[Leaf, ...], (Leaf(NOON, Decimal("1.50"), date(2026, 1, 1), Level.HIGH, {"a": [1]}),)),
        (dict[str, tuple[Leaf, ...]], {"a": (Leaf(NOON, Decimal("-0")),)}),
        (Leaf, Leaf(NOON, Decimal("1E+3"))),
        (list[Ref], [Ref("a", "b:c")]),
        (dict[str, tuple[str, ...]], {"a": ("b",)}),
        (dict[date, int], {date(2026, 1, 1): 1}),
        (tuple[str, int], ("a", 1)),
        (frozenset[str], frozenset({"a", "b"})),
        (Mapping[str, timedelta], {"a": timedelta(microseconds=-1)}),
        (tuple[dict[str, Any], ...], ({"a": [1, {}]},)),
        (list[list[int]], [[1], []]),
    ],
    ids=str,
)
def test_documents_come_back_by_their_type(hint, value):
    found = document(hint, "x.y", make_converter())
    text = found.encode(value)
    back = found.decode(text)
    assert back == value
    assert type(back) is type(value)
    assert found.encode(back) == text


def test_keys_of_another_version_are_skipped():
    found = document(Leaf, "x.y")
    text = found.encode(Leaf(NOON, Decimal(1)))
    assert found.decode(text[:-1] + ',"added_later":{"a":1}}') == Leaf(NOON, Decimal(1))


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (tuple[str, ...], ["a"]),
        (tuple[str, ...], "abc"),
        (dict[str, Any], []),
        (list[int], (1,)),
        (Leaf, {"at": NOON}),
        (tuple[Leaf, ...], (Leaf(datetime(2026, 1, 1), Decimal(1)),)),
        (tuple[Leaf, ...], (Leaf(NOON, 1.5),)),
        (tuple[Leaf, ...], (Leaf(NOON, Decimal("NaN")),)),
        (tuple[Leaf, ...], (Leaf(NOON, Decimal(1), NOON),)),
        (tuple[Leaf, ...], (Leaf(NOON, Decimal(1), data={"a": NOON}),)),
        (list[Ref], [Ref("", "a")]),
        (dict[str, datetime], {"a": "2026-01-01T00:00:00Z"}),
    ],
    ids=str,
)
def test_documents_of_another_type(hint, value):
    with pytest.raises(Invalid) as caught:
        document(hint, "x.y").encode(value)
    assert caught.value.field == "x.y"
