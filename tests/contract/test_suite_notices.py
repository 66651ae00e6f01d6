"""A suite is worth what it notices: storages that are wrong in one thing each fail the test that is about it."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from careplug.criteria import All, Is
from careplug.errors import CareError, Conflict, NotFound
from careplug.storage.memory import MemoryStorage, MemoryTransaction
from careplug.testing import _queries
from careplug.testing._support import new_tenant
from careplug.testing.storage import SPECS, StorageSuite
from careplug.words import ACCESS, PUBLIC


class NoVersions(MemoryTransaction):
    def save(self, entity, *, was=None, expected=None):
        super().save(entity, was=was)


class WritesAll(MemoryTransaction):
    def save(self, entity, *, was=None, expected=None):
        super().save(entity, expected=expected)


class NullsFirst(MemoryTransaction):
    def find(self, cls, criteria=None, *, order=(), limit=None, after=None, lock=False):
        found = super().find(cls, criteria, order=order, after=after)
        if order and hasattr(cls, order[0].field):
            found.sort(key=lambda one: getattr(one, order[0].field) is not None)
        return found[:limit]


class FindsTooMuch(MemoryTransaction):
    """NOT takes what is unknown along."""

    def find(self, cls, criteria=None, *, order=(), limit=None, after=None, lock=False):
        found = super().find(cls, criteria, order=order, limit=limit, after=after)
        if type(criteria).__name__ == "Not" and limit is None:
            rest = [one for one in super().find(cls, None, order=order) if one not in found]
            found += [one for one in rest if getattr(one, "count", 1) is None]
        return found


class Careless(MemoryTransaction):
    """A collation without case and trailing blanks."""

    def add(self, entity):
        if hasattr(entity, "key"):
            for one in self.find(type(entity)):
                if one.key.rstrip().casefold() == entity.key.rstrip().casefold():
                    raise Conflict("storage.unique", field="suite_keyed.key")
        super().add(entity)


class Milliseconds(MemoryTransaction):
    def add(self, entity):
        if hasattr(entity, "at") and entity.at is not None:
            entity = attrs.evolve(entity, at=entity.at.replace(microsecond=entity.at.microsecond // 1000 * 1000))
        super().add(entity)


class EmptyIsNull(MemoryTransaction):
    def add(self, entity):
        if getattr(entity, "text_or_none", None) == "":
            entity = attrs.evolve(entity, text_or_none=None)
        super().add(entity)


class NoSavepoints(MemoryTransaction):
    def savepoint(self):
        return contextlib.nullcontext()


class AlwaysAdded(MemoryTransaction):
    def add_if_absent(self, entity):
        super().add_if_absent(entity)
        return True


class ReadersWrite(MemoryTransaction):
    def _refuse_reader(self, field):
        pass


class OneHouse(MemoryTransaction):
    """No tenants."""

    def find(self, cls, criteria=None, *, order=(), limit=None, after=None, lock=False):
        self.tenant, own = None, self.tenant
        try:
            return super().find(cls, criteria, order=order, limit=limit, after=after)
        finally:
            self.tenant = own


class NoFence(MemoryTransaction):
    def mark(self, entity):
        found = self.get(type(entity), entity.id)
        return super().mark(attrs.evolve(entity, fence=found.fence) if found else entity)


class NoLanes(MemoryTransaction):
    def claim(self, cls, *, now, limit, lease, criteria=None, lane=""):
        return super().claim(cls, now=now, limit=limit, lease=lease, criteria=criteria)


class NewestFirst(MemoryTransaction):
    def claim(self, cls, *, now, limit, lease, criteria=None, lane=""):
        found = super().claim(cls, now=now, limit=limit, lease=lease, criteria=criteria, lane=lane)
        return found[::-1]


class LeasesOnBusinessTime(MemoryTransaction):
    def claim(self, cls, *, now, limit, lease, criteria=None, lane=""):
        lease += now - self.database_time() if now < self.database_time() else timedelta(0)
        return super().claim(cls, now=now, limit=limit, lease=lease, criteria=criteria, lane=lane)


class TruncatingMeans(MemoryTransaction):
    def tally(self, cls, criteria=None, *, by=(), measures=()):
        found = super().tally(cls, criteria, by=by, measures=measures)
        return [
            attrs.evolve(one, values=tuple(float(v) if type(v).__name__ == "Decimal" else v for v in one.values))
            for one in found
        ]


class SavesTheFirst(MemoryTransaction):
    def save_all(self, changes):
        super().save_all(changes[:1])


class SkipsWhatIsGone(MemoryTransaction):
    def save_all(self, changes):
        for entity, was in changes:
            with contextlib.suppress(NotFound):
                self.save(entity, was=was)


class PicksTexts(MemoryTransaction):
    """What the database holds, not what the field does."""

    def pick(self, cls, fields, criteria=None, *, order=(), limit=None, after=None):
        found = super().pick(cls, fields, criteria, order=order, limit=limit, after=after)
        return [tuple(str(value) if isinstance(value, Decimal) else value for value in row) for row in found]


class SameNumbers(MemoryTransaction):
    def next_number(self):
        return super().next_number() // 2 + 1


class TellsEverybody(MemoryTransaction):
    """Whoever asks finds by all words."""

    def search(self, cls, text, criteria=None, *, access=PUBLIC, limit=50):
        return super().search(cls, text, criteria, access=ACCESS if "secret" not in access else access, limit=limit)


class CutsBeforeCriteria(MemoryTransaction):
    def search(self, cls, text, criteria=None, *, access=PUBLIC, limit=50):
        return [
            hit
            for hit in super().search(cls, text, access=access, limit=limit)
            if criteria is None or self.find(cls, All(Is("id", "eq", hit.entity.id), criteria))
        ]


class OldestHitsFirst(MemoryTransaction):
    def search(self, cls, text, criteria=None, *, access=PUBLIC, limit=50):
        return super().search(cls, text, criteria, access=access, limit=1_000)[::-1][:limit]


class FindsTheirOwnRowsOnly(MemoryTransaction):
    def search(self, cls, text, criteria=None, *, access=PUBLIC, limit=50):
        return [hit for hit in super().search(cls, text, criteria, access=access) if hit.source == "suite_letter"]


class FindsWhatWas(MemoryTransaction):
    """An index that is not written when a row is saved."""

    def save(self, entity, *, was=None, expected=None):
        super().save(
            attrs.evolve(entity, title=was.title) if was is not None and was.title else entity, expected=expected
        )


WRONG = {
    TellsEverybody: ["test_nobody_finds_by_words_they_may_not_read"],
    CutsBeforeCriteria: ["test_criteria_narrow_a_search"],
    OldestHitsFirst: ["test_what_comes_first_stands_in_the_head"],
    FindsTheirOwnRowsOnly: ["test_what_is_said_about_a_row_leads_to_it"],
    FindsWhatWas: ["test_the_index_follows_every_write"],
    NoVersions: ["test_stale_versions_conflict", "test_no_update_is_lost_with_versions"],
    WritesAll: ["test_only_what_differs_is_written"],
    NullsFirst: ["test_missing_values_come_last_either_way"],
    FindsTooMuch: ["test_missing_values_are_neither_true_nor_false"],
    Careless: ["test_keys_differ_where_code_points_do"],
    Milliseconds: ["test_torture"],
    EmptyIsNull: ["test_missing_is_not_empty"],
    NoSavepoints: ["test_savepoints_are_undone_alone", "test_a_broken_key_in_a_savepoint_leaves_the_rest"],
    AlwaysAdded: ["test_add_if_absent", "test_of_many_who_add_a_key_one_does"],
    OneHouse: ["test_tenants_see_nothing_of_each_other"],
    NoFence: ["test_the_late_mark_is_refused"],
    NoLanes: ["test_of_a_lane_only_the_oldest"],
    NewestFirst: ["test_the_oldest_due_come_first", "test_ties_go_by_id"],
    LeasesOnBusinessTime: ["test_leases_run_on_the_clock_of_the_database", "test_a_claim_is_stored"],
    TruncatingMeans: ["test_sums_and_means_are_exact"],
    SavesTheFirst: ["test_several_are_saved_at_once"],
    SkipsWhatIsGone: ["test_one_that_is_gone_fails_several"],
    PicksTexts: ["test_picked_fields_are_those_of_the_whole"],
    SameNumbers: ["test_a_number_is_given_once"],
}


class Wrong(MemoryStorage):
    def __init__(self, cls):
        super().__init__()
        self._cls = cls

    def begin(self, *, tenant, writes):
        transaction = super().begin(tenant=tenant, writes=writes)
        transaction.__class__ = self._cls
        return transaction


def passes(cls, test):
    store = Wrong(cls)
    store.bind(SPECS)
    run = getattr(StorageSuite(), test)
    more = ["microseconds"] if test == "test_torture" else []
    try:
        run(store, new_tenant(), *more)
    except (AssertionError, CareError, ExceptionGroup, pytest.fail.Exception):
        return False
    return True


@pytest.mark.parametrize(
    ("cls", "test"), [(cls, test) for cls, tests in WRONG.items() for test in tests], ids=lambda one: str(one)[-40:]
)
def test_it_is_noticed(cls, test):
    assert passes(MemoryTransaction, test)
    assert not passes(cls, test)


def test_a_storage_that_forgets_whose_an_entity_is_is_noticed():
    class Forgetful(MemoryStorage):
        def recorded(self):
            return {plugin: names[1:] for plugin, names in super().recorded().items()}

    store = Forgetful()
    store.bind(SPECS)
    with pytest.raises(AssertionError, match="is not recorded"):
        StorageSuite().test_what_is_recorded_names_every_entity(store)


@pytest.mark.parametrize("write", ["add", "remove", "claim"])
def test_a_reader_that_writes_is_noticed(write):
    store = Wrong(ReadersWrite)
    store.bind(SPECS)
    with pytest.raises((AssertionError, pytest.fail.Exception, IndexError)):
        StorageSuite().test_a_reader_refuses_to_write(store, new_tenant(), write)


class RepeatsPages(MemoryTransaction):
    def find(self, cls, criteria=None, *, order=(), limit=None, after=None, lock=False):
        found = super().find(cls, criteria, order=order, limit=limit, after=after)
        if after is not None and found:
            found = (super().find(cls, Is("id", "eq", after[-1])) + found)[:limit]
        return found


QUESTIONS = st.lists(st.tuples(_queries._criteria, _queries._order), min_size=1, max_size=6)
RANDOM = {
    "test_random_criteria_and_orders": {"questions": QUESTIONS},
    "test_pages_leave_no_gap_and_repeat_nothing": {
        "order": _queries._order, "size": st.integers(1, 4), "criteria": st.none()
    },
    "test_random_tallies": {"by": _queries._by, "measures": _queries._measures, "criteria": st.none()},
}  # fmt: skip


@pytest.mark.parametrize(
    ("cls", "test"),
    [
        (NullsFirst, "test_random_criteria_and_orders"),
        (FindsTooMuch, "test_random_criteria_and_orders"),
        (Milliseconds, "test_random_criteria_and_orders"),
        (RepeatsPages, "test_pages_leave_no_gap_and_repeat_nothing"),
        (TruncatingMeans, "test_random_tallies"),
    ],
)
def test_random_tests_notice_too(cls, test):
    """Without shrinking, which takes minutes and tells nothing here."""
    store = Wrong(cls)
    store.bind(SPECS)
    run = getattr(StorageSuite, test).hypothesis.inner_test

    @settings(phases=[Phase.generate], max_examples=200, database=None, deadline=None)
    @given(values=st.fixed_dictionaries({"rows": _queries._items(), **RANDOM[test]}))
    def once(values):
        run(StorageSuite(), store=store, **values)

    with pytest.raises((AssertionError, ExceptionGroup)):
        once()
