"""Questions: random criteria, orders, pages and tallies, answered as the memory storage answers them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.criteria import All, Criteria, Is, Not, Order
from careplug.criteria import Any as AnyOf
from careplug.errors import Invalid
from careplug.ports import Measure, Storage, Tally
from careplug.refs import Ref
from careplug.storage.memory import MemoryStorage
from careplug.testing._entities import SPECS, Item, Mood
from careplug.testing._support import NOON, Base, item, new_tenant, random_tests, reading, writing

__all__ = ["Queries"]

_NAMES = (
    "",
    " ",
    "a",
    "A",
    "a ",
    "ab",
    "Äb",
    "b",
    "中",
    "中文",
    "😀",
    "😁",
    "\U0010ffff",
    "a\U0010ffff",
    "%",
    "a_",
    "\\",
)
_REFS = (Ref("person", "1"), Ref("person", "2"), Ref("team", "1"), Ref("Team", "1"), Ref("person", "1 "))
_POOLS: dict[str, tuple[Any, ...]] = {
    "name": _NAMES,
    "count": (-(2**63), -1, 0, 1, 2, 2**63 - 1),
    "level": (0, 1, 2),
    "amount": (Decimal("-1.5"), Decimal(0), Decimal("0.0001"), Decimal(3)),
    "at": (NOON, NOON + timedelta(microseconds=1), NOON - timedelta(days=400), datetime(1000, 1, 1, tzinfo=UTC)),
    "day": (date(2024, 2, 29), date(2026, 1, 2), date(1000, 1, 1), date(9999, 12, 31)),
    "span": (timedelta(), timedelta(microseconds=-1), timedelta(days=3)),
    "flag": (True, False),
    "mood": tuple(Mood),
    "owner": _REFS,
}
_ALWAYS = ("level", "mood")
_SORTABLE = ("name", "count", "level", "amount", "at", "day", "span", "flag", "mood", "custom.plant", "id")
_PLANTS = ("", "a", "A", "中")


def _items() -> st.SearchStrategy[list[dict[str, Any]]]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        name: st.sampled_from(pool) if name in _ALWAYS else st.none() | st.sampled_from(pool)
        for name, pool in _POOLS.items()
    }
    fields["custom"] = st.just({}) | st.fixed_dictionaries({"plant": st.none() | st.sampled_from(_PLANTS)})
    return st.lists(st.fixed_dictionaries(fields), max_size=14)


def _comparison(name: str, pool: Sequence[Any]) -> st.SearchStrategy[Criteria]:
    value = st.sampled_from(pool)
    plain = isinstance(pool[0], (str, int, Decimal, date, timedelta)) and not isinstance(pool[0], bool)
    ops = ["eq", "lt", "le", "gt", "ge"] if plain else ["eq"]
    made: st.SearchStrategy[Criteria] = st.builds(Is, st.just(name), st.sampled_from(ops), value)
    made |= st.builds(Is, st.just(name), st.just("in"), st.lists(value, max_size=3).map(tuple))
    made |= st.builds(Is, st.just(name), st.just("is_null"), st.booleans())
    if isinstance(pool[0], str):
        made |= st.builds(Is, st.just(name), st.just("prefix"), value)
    return made


_criteria: st.SearchStrategy[Criteria] = st.recursive(
    st.one_of(
        [
            *(_comparison(name, pool) for name, pool in _POOLS.items()),
            _comparison("owner_kind", ("person", "team", "Team")),
            _comparison("owner_id", ("1", "1 ", "2")),
            _comparison("custom.plant", _PLANTS),
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: All(*parts))
        | st.lists(inner, max_size=3).map(lambda parts: AnyOf(*parts))
        | inner.map(Not)
    ),
    max_leaves=5,
)
_order = st.lists(st.builds(Order, st.sampled_from(_SORTABLE), st.booleans()), max_size=3, unique_by=lambda o: o.field)
_measures = st.lists(
    st.sampled_from(
        [Measure("count"), Measure("count", "name"), Measure("count", "custom.plant")]
        + [Measure(op, field) for op in ("sum", "mean") for field in ("level", "amount", "span")]
        + [Measure(op, field) for op in ("min", "max") for field in ("count", "amount", "at", "day", "span", "name")]
    ),
    min_size=1,
    max_size=4,
)
_by = st.lists(st.sampled_from(["name", "level", "flag", "mood", "day", "at", "owner", "custom.plant"]), max_size=2)


def _filled(store: Storage, tenant: str, rows: Sequence[dict[str, Any]]) -> Storage:
    """The same items in the store and in a memory storage, which is given back."""
    memory = MemoryStorage()
    memory.bind(SPECS)
    items = [item(tenant, **row) for row in rows]
    for place in (store, memory):
        with writing(place, tenant) as transaction:
            for one in items:
                transaction.add(one)
    return memory


def _key(one: Item, order: Sequence[Order]) -> tuple[Any, ...]:
    names = [part.field for part in order]
    values = [one.custom.get("plant") if name == "custom.plant" else getattr(one, name) for name in names]
    return tuple(values) if "id" in names else (*values, one.id)


def _types(one: Tally) -> list[type]:
    return [type(value) for value in (*one.key, *one.values)]


class Queries(Base):
    """Find, order, pages, tally, remove: row by row as in memory."""

    @random_tests
    @given(rows=_items(), questions=st.lists(st.tuples(_criteria, _order), min_size=1, max_size=6))
    def test_random_criteria_and_orders(
        self, store: Storage, rows: list[dict[str, Any]], questions: list[tuple[Criteria, list[Order]]]
    ) -> None:
        """Any criteria in any order find the memory storage's rows, in its order, with and without a limit."""
        tenant = new_tenant()
        memory = _filled(store, tenant, rows)
        with reading(store, tenant) as ours, reading(memory, tenant) as reference:
            for criteria, order in questions:
                found, wanted = ours.find(Item, criteria, order=order), reference.find(Item, criteria, order=order)
                assert found == wanted, criteria
                some = ours.find(Item, criteria, order=order, limit=2)
                assert some == wanted[:2]

    @random_tests
    @given(rows=_items(), order=_order, size=st.integers(1, 4), criteria=st.none() | _criteria)
    def test_pages_leave_no_gap_and_repeat_nothing(
        self, store: Storage, rows: list[dict[str, Any]], order: list[Order], size: int, criteria: Criteria | None
    ) -> None:
        """Pages by key, put together, are the whole, also where order values tie or are NULL."""
        tenant = new_tenant()
        _filled(store, tenant, rows)
        with reading(store, tenant) as transaction:
            whole = transaction.find(Item, criteria, order=order)
            found: list[Item] = []
            after: Sequence[Any] | None = None
            while page := transaction.find(Item, criteria, order=order, limit=size, after=after):
                found += page
                assert len(found) <= len(whole)
                after = _key(page[-1], order)
            assert found == whole

    @random_tests
    @given(rows=_items(), by=_by, measures=_measures, criteria=st.none() | _criteria)
    def test_random_tallies(
        self,
        store: Storage,
        rows: list[dict[str, Any]],
        by: list[str],
        measures: list[Measure],
        criteria: Criteria | None,
    ) -> None:
        """Groups, values and their types are the memory storage's."""
        tenant = new_tenant()
        memory = _filled(store, tenant, rows)
        with reading(store, tenant) as ours, reading(memory, tenant) as reference:
            found = ours.tally(Item, criteria, by=by, measures=measures)
            wanted = reference.tally(Item, criteria, by=by, measures=measures)
        assert found == wanted
        assert [_types(one) for one in found] == [_types(one) for one in wanted]

    @random_tests
    @given(rows=_items(), criteria=_criteria)
    def test_random_removals(self, store: Storage, rows: list[dict[str, Any]], criteria: Criteria) -> None:
        """``remove`` takes what ``find`` would find, says how many, and leaves the rest."""
        tenant = new_tenant()
        memory = _filled(store, tenant, rows)
        left = []
        for place in (store, memory):
            with writing(place, tenant) as transaction:
                left.append((transaction.remove(Item, criteria), transaction.find(Item)))
        assert left[0] == left[1]

    def test_missing_values_are_neither_true_nor_false(self, store: Storage, tenant: str) -> None:
        """NULL matches no comparison and no negated one; empty All is true, empty AnyOf and ``in ()`` are false."""
        none, one, two = item(tenant), item(tenant, count=1), item(tenant, count=2)
        with writing(store, tenant) as transaction:
            for each in (none, one, two):
                transaction.add(each)
            expected: list[tuple[Criteria, list[Item]]] = [
                (Is("count", "eq", 1), [one]),
                (Not(Is("count", "eq", 1)), [two]),
                (Is("count", "in", ()), []),
                (Not(Is("count", "in", ())), [one, two]),
                (Not(Is("count", "in", (2,))), [one]),
                (Is("count", "is_null", True), [none]),
                (AnyOf(Is("count", "gt", 1), Not(Is("count", "gt", 1))), [one, two]),
                (All(), [none, one, two]),
                (AnyOf(), []),
                (Not(AnyOf()), [none, one, two]),
            ]
            for criteria, wanted in expected:
                assert transaction.find(Item, criteria) == wanted, criteria

    def test_missing_values_come_last_either_way(self, store: Storage, tenant: str) -> None:
        """NULL sorts last ascending and descending; among themselves by id, in the same direction."""
        items = [item(tenant, name=name) for name in ("b", None, "a", None, "")]
        with writing(store, tenant) as transaction:
            for each in items:
                transaction.add(each)
            up = transaction.find(Item, order=[Order("name")])
            down = transaction.find(Item, order=[Order("name", descending=True)])
        assert [one.name for one in up] == ["", "a", "b", None, None]
        assert [one.name for one in down] == ["b", "a", "", None, None]
        assert up[3].id < up[4].id
        assert down[3].id > down[4].id

    def test_a_reference_is_compared_whole_or_by_part(self, store: Storage, tenant: str) -> None:
        """A ``Ref`` is equal by kind and id together; its parts can be asked for alone."""
        items = [item(tenant, owner=ref) for ref in _REFS]
        with writing(store, tenant) as transaction:
            for each in (*items, item(tenant)):
                transaction.add(each)
            assert transaction.find(Item, Is("owner", "eq", _REFS[2])) == [items[2]]
            assert transaction.find(Item, Is("owner", "in", _REFS[:2])) == items[:2]
            assert transaction.find(Item, Is("owner_id", "eq", "1")) == [items[0], items[2], items[3]]
            assert len(transaction.find(Item, Is("owner", "is_null", True))) == 1
            assert len(transaction.find(Item, Not(Is("owner", "in", ())))) == len(items)

    def test_texts_may_be_longer_than_their_column(self, store: Storage, tenant: str) -> None:
        """A question longer than the column is an ordinary question, neither cut nor refused."""
        with writing(store, tenant) as transaction:
            transaction.add(item(tenant, name="x" * 20))
            assert transaction.find(Item, Is("name", "eq", "x" * 21)) == []
            assert len(transaction.find(Item, Is("name", "lt", "x" * 21))) == 1

    def test_picked_fields_are_those_of_the_whole(self, store: Storage, tenant: str) -> None:
        """``pick`` gives what ``find`` gives, page by page; unknown and document fields are ``Invalid``."""
        names = ("name", "count", "level", "amount", "at", "day", "span", "flag", "mood", "owner", "owner_id", "id")
        with writing(store, tenant) as transaction:
            transaction.add(item(tenant))
            for number in range(5):
                values = {name: pool[number % len(pool)] for name, pool in _POOLS.items()}
                transaction.add(item(tenant, **values))
        order = (Order("level", descending=True), Order("name"))
        with reading(store, tenant) as transaction:
            whole = transaction.find(Item, order=order, limit=4)
            picked = transaction.pick(Item, names, order=order, limit=4)
            after = (whole[1].level, whole[1].name, whole[1].id)
            assert transaction.pick(Item, ["id"], order=order, after=after, limit=2) == [(e.id,) for e in whole[2:]]
            assert transaction.pick(Item, ["name"], Is("level", "lt", -1)) == []
            for fields in (["nothing"], ["custom"]):
                with pytest.raises(Invalid):
                    transaction.pick(Item, fields)
        plain = [
            tuple(entity.owner and entity.owner.id if name == "owner_id" else getattr(entity, name) for name in names)
            for entity in whole
        ]
        assert picked == plain

    def test_limits(self, store: Storage, tenant: str) -> None:
        """0 finds nothing, None everything, more than there is what there is."""
        with writing(store, tenant) as transaction:
            for _ in range(5):
                transaction.add(item(tenant))
            assert [len(transaction.find(Item, limit=limit)) for limit in (0, 1, 5, 9, None)] == [0, 1, 5, 5, 5]

    def test_an_empty_tally(self, store: Storage, tenant: str) -> None:
        """Over no rows: a count of 0 and None measures without groups, no group at all with them."""
        measures = [Measure("count"), Measure("sum", "amount"), Measure("mean", "span"), Measure("max", "at")]
        with reading(store, tenant) as transaction:
            assert transaction.tally(Item, measures=measures) == [Tally((), (0, None, None, None))]
            assert transaction.tally(Item, by=["level"], measures=measures) == []

    def test_a_tally_over_all_tenants(self, store: Storage, tenant: str) -> None:
        """Asked for all tenants and without a condition it counts every row there is: exports and audits rely on it."""
        with writing(store, tenant) as transaction:
            for level in (1, 1, 2):
                transaction.add(item(tenant, level=level))
        with reading(store, None) as transaction:
            assert transaction.tally(Item)[0].values == (len(transaction.find(Item)),)

    def test_sums_and_means_are_exact(self, store: Storage, tenant: str) -> None:
        """A tenth added ten times is one; a mean is rounded half to even at the fourth place."""
        with writing(store, tenant) as transaction:
            for number in range(10):
                transaction.add(item(tenant, amount=Decimal("0.1"), count=number % 3, level=1 if number < 2 else 0))
            measures = [Measure("sum", "amount"), Measure("mean", "amount"), Measure("mean", "count")]
            assert transaction.tally(Item, measures=measures)[0].values == (Decimal(1), Decimal("0.1"), Decimal("0.9"))
            transaction.remove(Item, None)
            for text in ("0.0001", "0.0002"):
                transaction.add(item(tenant, amount=Decimal(text)))
            assert transaction.tally(Item, measures=[Measure("mean", "amount")])[0].values == (Decimal("0.0002"),)

    @pytest.mark.parametrize(
        "criteria",
        [
            Is("unknown", "eq", 1),
            Is("custom.unknown", "eq", "a"),
            Is("name; DROP TABLE x", "eq", 1),
            Is("count", "eq", "1"),
            Is("count", "eq", True),
            Is("count", "lt", 1.5),
            Is("count", "eq", 2**63),
            Is("count", "prefix", "1"),
            Is("name", "eq", 5),
            Is("name", "eq", "\0"),
            Is("name", "prefix", "\ud800"),
            Is("at", "lt", datetime(2026, 1, 1)),
            Is("at", "lt", date(2026, 1, 1)),
            Is("amount", "eq", Decimal("0.00001")),
            Is("owner", "eq", "person:1"),
            Is("owner", "lt", Ref("person", "1")),
            Is("custom", "eq", "{}"),
        ],
        ids=str,
    )
    def test_questions_that_make_no_sense(self, store: Storage, tenant: str, criteria: Criteria) -> None:
        """Unknown fields and operators and values of another type are ``Invalid``, never an error of the database."""
        with reading(store, tenant) as transaction, pytest.raises(Invalid) as caught:
            transaction.find(Item, criteria)
        assert caught.value.field
        assert "⟦" not in caught.value.text("zh")

    def test_orders_and_pages_that_make_no_sense(self, store: Storage, tenant: str) -> None:
        """Unknown columns, page keys of wrong length or type and sums of words are ``Invalid``."""
        with reading(store, tenant) as transaction:
            with pytest.raises(Invalid):
                transaction.find(Item, order=[Order("unknown")])
            with pytest.raises(Invalid):
                transaction.find(Item, order=[Order("level")], after=(1,))
            with pytest.raises(Invalid):
                transaction.find(Item, order=[Order("level")], after=("one", "id"))
            with pytest.raises(Invalid):
                transaction.tally(Item, by=["unknown"])
            for measure in (
                Measure("sum", "name"),
                Measure("median", "count"),
                Measure("sum"),
                Measure("max", "custom"),
            ):
                with pytest.raises(Invalid):
                    transaction.tally(Item, measures=[measure])

    def test_custom_fields(self, store: Storage, tenant: str) -> None:
        """A declared custom field is found by; undeclared keys live beside it in the document."""
        here, there = item(tenant, custom={"plant": "苏州"}), item(tenant, custom={"plant": "a", "free": 1})
        with writing(store, tenant) as transaction:
            transaction.add(here)
            transaction.add(there)
            assert transaction.find(Item, Is("custom.plant", "eq", "苏州")) == [here]
            transaction.save(attrs.evolve(here, custom={"free": True}), was=here)
            assert transaction.find(Item, Is("custom.plant", "is_null", True)) == [
                attrs.evolve(here, custom={"free": True})
            ]
