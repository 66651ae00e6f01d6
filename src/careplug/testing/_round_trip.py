"""What goes in comes out: the same value, of the same type, or nothing goes in at all."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.criteria import Is, Order
from careplug.errors import Conflict, Invalid
from careplug.money import Money
from careplug.ports import Storage
from careplug.refs import Ref
from careplug.testing._entities import Keyed, Mood, Part, Thing
from careplug.testing._support import NOON, Base, keyed, new_tenant, random_tests, reading, same, thing, writing
from careplug.text import Text

__all__ = ["RoundTrip"]

BIG = 2**63 - 1
WORDS = ("", " ", "a", "A", "a ", " a", "é", "e\u0301", "ß", "ss", "中文", "客户反馈", "😀", "😁", "👩‍🔧", "\U0010ffff", "\ue000",
         "'", '"', "\\", "%", "_", "\\u0000", "\t\r\n", "\x01\x7f", "null", "{}", "ﬁ", "ｶ", "カ", "\u200b", "\ufeff")  # fmt: skip
"""Texts that databases are known to confuse, cut or trim."""

PART = Part(
    at=datetime(2026, 3, 29, 1, 59, 59, 999999, UTC),
    day=date(2024, 2, 29),
    span=timedelta(days=-3, microseconds=1),
    amount=Decimal("-0.0001"),
    who=Ref("person", "a:b:c"),
    mood=Mood.BAD,
)
TORTURE: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "empty": {"text_or_none": "", "words_or_none": "", "raw_or_none": b"", "data_or_none": {}, "label_or_none": Text()},
    "zero": {"count_or_none": 0, "flag_or_none": False, "span_or_none": timedelta(), "amount_or_none": Decimal(0)},
    "largest": {
        "count": BIG,
        "count_or_none": -BIG - 1,
        "amount": Decimal("922337203685475.9999"),
        "amount_or_none": Decimal("-922337203685475.9999"),
        "text": "😀" * 200,
        "span": timedelta(days=100_000_000 - 1, microseconds=999_999),
        "span_or_none": -timedelta(days=100_000_000 - 1),
    },
    "money": {"price": Money(Decimal("-12.3456"), "CNY"), "price_or_none": Money(Decimal("0.0001"), "USD")},
    "microseconds": {"at": NOON.replace(microsecond=1), "at_or_none": NOON.replace(microsecond=999_999)},
    "zone": {"at": datetime(2026, 1, 1, 0, 30, tzinfo=UTC), "at_or_none": datetime(2025, 10, 26, 1, 30, tzinfo=UTC)},
    "chinese": {
        "text": "软件售后服务",
        "words": "处理措施：远程协助。",
        "label": Text(en="", zh="维保期"),
        "mood": Mood.BAD,
    },
    "bytes": {"raw": bytes(range(256)), "raw_or_none": b"\0"},
    "documents": {
        "tags": ("b", "a", "", "😀"),
        "numbers": [BIG, 0, -1],
        "names": frozenset({"b", "a"}),
        "data": {"z": None, "a": [1, {"k": "\\u0000 客户"}], "": "", "n": 10**30},
        "data_or_none": {"nested": {"list": [], "map": {}}},
        "parts": (PART, attrs.evolve(PART, parts=(PART,), mood=None)),
        "by_name": {"一": PART},
    },
    "custom": {
        "custom": {"plant": "苏州", "since": NOON, "cost": Decimal("-1.5"), "until": date(2030, 12, 31), "free": [1]},
    },
    "references": {"owner": Ref("设备", "id with spaces:and:colons"), "owner_or_none": Ref("p", "0")},
}
"""Values by what they are about; each is stored in a ``Thing`` of its own."""


class _Loud(enum.Enum):
    GOOD = "good"


REFUSED: tuple[tuple[str, Any], ...] = (
    ("text", "a\0b"),
    ("text", "\ud800"),
    ("text", "x" * 201),
    ("text", 5),
    ("text", None),
    ("text_or_none", b"bytes"),
    ("words", "long and \udfff"),
    ("words_or_none", "\0"),
    ("count", 1.0),
    ("count", True),
    ("count", 2**63),
    ("count_or_none", -(2**63) - 1),
    ("count_or_none", "1"),
    ("flag", 1),
    ("flag_or_none", "yes"),
    ("at", datetime(2026, 1, 1)),
    ("at_or_none", date(2026, 1, 1)),
    ("at_or_none", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))),
    ("day", NOON),
    ("day_or_none", "2026-01-01"),
    ("span", 60),
    ("span_or_none", timedelta.max),
    ("amount", 1.5),
    ("amount", 1),
    ("amount_or_none", Decimal("0.00001")),
    ("amount_or_none", Decimal("NaN")),
    ("amount_or_none", Decimal(10) ** 15),
    ("raw", "text"),
    ("mood", "good"),
    ("mood_or_none", _Loud.GOOD),
    ("owner", "person:1"),
    ("owner", Ref("k" * 41, "1")),
    ("owner_or_none", Ref("person", "\0")),
    ("label", Text(en="\ud83d")),
    ("tags", ["a"]),
    ("tags", ("a\0",)),
    ("names", frozenset({"\udc00"})),
    ("data", {"rate": 0.5}),
    ("data", {1: "one"}),
    ("data", {"when": NOON}),
    ("data_or_none", {"a": {"b": float("nan")}}),
    ("parts", (attrs.evolve(PART, at=datetime(2026, 1, 1)),)),
    ("parts", (attrs.evolve(PART, amount=1.5),)),  # type: ignore[arg-type]
    ("parts", (attrs.evolve(PART, who=Ref("a:b", "c")),)),
    ("custom", {"since": "2026-01-01"}),
    ("custom", {"cost": 1.5}),
    ("custom", {"plant": "x" * 31}),
)
"""Attribute and value: each is ``Invalid`` and names the attribute."""

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(WORDS)
_cents = st.integers(-(10**18), 10**18).map(lambda number: Decimal(number).scaleb(-4))
_times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
_spans = st.timedeltas(-timedelta(days=40_000), timedelta(days=40_000))
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_refs = st.builds(Ref, st.sampled_from(["person", "设备"]), st.text("ab:😀 ", min_size=1, max_size=5))
_parts = st.builds(
    Part, at=_times, day=st.dates(), span=_spans, amount=_cents, who=_refs, mood=st.none() | st.sampled_from(Mood)
)
_things = st.fixed_dictionaries(
    {
        "text": _text,
        "text_or_none": st.none() | _text,
        "words": _text,
        "count": st.integers(-BIG - 1, BIG),
        "flag_or_none": st.none() | st.booleans(),
        "at": _times,
        "day": st.dates(date(1000, 1, 1)),
        "span": _spans,
        "amount": _cents,
        "raw": st.binary(max_size=20),
        "mood_or_none": st.none() | st.sampled_from(Mood),
        "owner_or_none": st.none() | _refs,
        "price_or_none": st.none() | st.builds(Money, _cents, st.sampled_from(["CNY", "EUR"])),
        "label_or_none": st.none() | st.builds(Text, _text, _text),
        "tags": st.lists(_text, max_size=3).map(tuple),
        "names": st.frozensets(_text, max_size=3),
        "data": st.dictionaries(_text, _json, max_size=3),
        "parts": st.lists(_parts, max_size=2).map(tuple),
    }
)


class RoundTrip(Base):
    """What goes in comes out."""

    def _kept(self, store: Storage, tenant: str, given: Thing) -> None:
        with writing(store, tenant) as transaction:
            transaction.add(given)
        with reading(store, tenant) as transaction:
            found = transaction.get(Thing, given.id)
            assert found is not None
            same(found, given)

    @pytest.mark.parametrize("name", TORTURE)
    def test_torture(self, store: Storage, tenant: str, name: str) -> None:
        """One value in which databases differ, read back as it was given, type included."""
        self._kept(store, tenant, thing(tenant, **TORTURE[name]))

    def test_saved_as_added(self, store: Storage, tenant: str) -> None:
        """``save`` stores each of these values as ``add`` does, and can go back to the first."""
        first = thing(tenant)
        with writing(store, tenant) as transaction:
            transaction.add(first)
        for values in TORTURE.values():
            changed = attrs.evolve(first, **values)
            with writing(store, tenant) as transaction:
                transaction.save(changed)
            with writing(store, tenant) as transaction:
                found = transaction.get(Thing, first.id)
                assert found is not None
                same(found, changed)
                transaction.save(first, was=found)
        with reading(store, tenant) as transaction:
            assert transaction.get(Thing, first.id) == first

    def test_first_and_last_dates(self, store: Storage, tenant: str) -> None:
        """The first and the last instant the storage declares, to the microsecond."""
        low = datetime(self.first_year, 1, 1, tzinfo=UTC)
        high = datetime(self.last_year, 12, 31, 23, 59, 59, 999_999, UTC)
        self._kept(store, tenant, thing(tenant, at=low, day=low.date(), at_or_none=high, day_or_none=high.date()))

    def test_another_zone_is_the_same_instant(self, store: Storage, tenant: str) -> None:
        """A time given in another zone is read back as that instant in UTC."""
        there = NOON.astimezone(timezone(timedelta(hours=8)))
        given = thing(tenant, at=there)
        with writing(store, tenant) as transaction:
            transaction.add(given)
            found = transaction.get(Thing, given.id)
            assert found is not None
            same(found, attrs.evolve(given, at=NOON))

    def test_a_mebibyte_of_text(self, store: Storage, tenant: str) -> None:
        """Long texts and documents are neither cut nor refused."""
        self._kept(store, tenant, thing(tenant, words="客😀a\n" * (1 << 18), data={"body": "中" * (1 << 18)}))

    @random_tests
    @given(values=_things)
    def test_random_values(self, store: Storage, values: Mapping[str, Any]) -> None:
        """Whatever an entity may hold is read back equal and of equal types."""
        tenant = new_tenant()
        self._kept(store, tenant, thing(tenant, **values))

    def test_many_rows_of_different_shape_in_one_flush(self, store: Storage, tenant: str) -> None:
        """Rows with NULL in different columns may be written together without lending each other values."""
        given = [thing(tenant, **values) for values in TORTURE.values()]
        with writing(store, tenant) as transaction:
            for one in given:
                transaction.add(one)
        with reading(store, tenant) as transaction:
            assert transaction.find(Thing) == sorted(given, key=lambda one: one.id)

    def test_missing_is_not_empty(self, store: Storage, tenant: str) -> None:
        """NULL and '' stay two values, in rows and in questions."""
        missing, empty = thing(tenant), thing(tenant, text_or_none="")
        with writing(store, tenant) as transaction:
            transaction.add(missing)
            transaction.add(empty)
            assert transaction.find(Thing, Is("text_or_none", "is_null", True)) == [missing]
            assert transaction.find(Thing, Is("text_or_none", "eq", "")) == [empty]

    def test_keys_differ_where_code_points_do(self, store: Storage, tenant: str) -> None:
        """Emoji, case, blanks, accents and width: to a careless collation they are equal."""
        with writing(store, tenant) as transaction:
            for word in WORDS:
                transaction.add(keyed(tenant, word))
            transaction.flush()
            for word in WORDS:
                assert [one.key for one in transaction.find(Keyed, Is("key", "eq", word))] == [word]
        with pytest.raises(Conflict), writing(store, tenant) as transaction:
            transaction.add(keyed(tenant, "😁"))

    def test_texts_sort_by_code_point(self, store: Storage, tenant: str) -> None:
        """No collation of a language: order is that of code points, both ways."""
        with writing(store, tenant) as transaction:
            for word in WORDS:
                transaction.add(keyed(tenant, word))
            up = transaction.find(Keyed, order=[Order("key")])
            down = transaction.find(Keyed, order=[Order("key", descending=True)])
        assert [one.key for one in up] == sorted(WORDS)
        assert [one.key for one in down] == sorted(WORDS, reverse=True)

    @pytest.mark.parametrize(("attribute", "value"), REFUSED, ids=[f"{n}-{v!r:.24}" for n, v in REFUSED])
    def test_refused(self, store: Storage, tenant: str, attribute: str, value: Any) -> None:
        """What a field cannot hold is ``Invalid`` naming it, for every way of writing; nothing is stored."""
        good = thing(tenant)
        with writing(store, tenant) as transaction:
            transaction.add(good)
        bad = attrs.evolve(good, **{attribute: value})
        for write in ("add", "add_if_absent", "save"):
            with pytest.raises(Invalid) as caught, writing(store, tenant) as transaction:
                getattr(transaction, write)(bad if write == "save" else attrs.evolve(bad, id="other"))
            assert caught.value.field.startswith(f"suite_thing.{attribute}")
            assert value is None or caught.value.field in caught.value.text("zh")
        with reading(store, tenant) as transaction:
            assert transaction.find(Thing) == [good]
