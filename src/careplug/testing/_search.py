"""Searching: what is found by which words, by whom, in which order, and that the index follows every write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.criteria import All, Is
from careplug.errors import CareError, Invalid
from careplug.ports import Storage, Transaction
from careplug.refs import new_id
from careplug.storage.memory import MemoryStorage
from careplug.testing._entities import SPECS, Letter, Remark, Thing
from careplug.testing._support import Base, new_tenant, random_tests, reading, writing
from careplug.words import ACCESS, PUBLIC

__all__ = ["Search"]

_WORDS = (
    *(
        "漏水",
        "水泵",
        "水",
        "变速箱",
        "发动机异响",
        "异响",
        "Ｂ柱",
        "pump",
        "Pump",
        "ＰＵＭＰ",
        "CP-2026-000123",
        "2026",
    ),
    *("3.2.1", "3.2", "138-0013-8000", "13800138000", "🔥", "Straße", "STRASSE", "été", "e\u0301te\u0301", "the", "a"),
    *("li@example.com", "example.com", "x" * 60, "𠮷野", "㍿", "+-*/", "100%", "it's"),
)
_texts = st.lists(st.sampled_from(_WORDS), max_size=5).flatmap(
    lambda some: st.sampled_from(["", " ", "，"]).map(lambda blank: blank.join(some))
)
_letters = st.fixed_dictionaries({"title": _texts, "body": _texts, "note": _texts, "phone": _texts})
_queries = st.lists(st.sampled_from((*_WORDS, "pu*", "cp-20*")), min_size=1, max_size=3).map(" ".join)
_access = st.sampled_from([PUBLIC, ACCESS, ("internal",), ("contact",), ("public",)])
_deeds = st.lists(
    st.one_of(
        st.tuples(st.just("add"), _letters),
        st.tuples(st.just("save"), _letters),
        st.tuples(st.just("save_all"), _letters),
        st.tuples(st.just("overwrite"), _letters),
        st.tuples(st.just("remark"), _texts),
        st.tuples(st.just("remove"), st.none()),
        st.tuples(st.just("forget"), st.none()),
        st.tuples(st.just("undone"), _letters),
        st.tuples(st.just("commit"), st.none()),
    ),
    max_size=12,
)


def _letter(tenant: str, **values: Any) -> Letter:
    return Letter(id=new_id(), tenant=tenant, **values)


def _play(store: Storage, tenant: str, deeds: Sequence[tuple[str, Any]], idents: Iterator[str]) -> None:
    """Do the deeds; both storages get the same ids, so that their answers can be compared."""
    letters: list[Letter] = []
    remarks: list[Remark] = []
    transaction = store.begin(tenant=tenant, writes=True)
    try:
        for deed, told in deeds:
            if deed == "commit":
                transaction.commit()
                transaction.close()
                transaction = store.begin(tenant=tenant, writes=True)
            else:
                _do(transaction, tenant, deed, told, letters, remarks, idents)
        transaction.commit()
    finally:
        transaction.close()


def _do(
    transaction: Transaction,
    tenant: str,
    deed: str,
    told: Any,
    letters: list[Letter],
    remarks: list[Remark],
    idents: Iterator[str],
) -> None:
    if deed == "add":
        letters.append(Letter(id=next(idents), tenant=tenant, **told))
        transaction.add(letters[-1])
    elif deed == "undone":
        _undone(transaction, Letter(id=next(idents), tenant=tenant, **told))
    elif not letters:
        return
    elif deed == "remark":
        remarks.append(Remark(id=next(idents), tenant=tenant, about=letters[0].id, words=told))
        transaction.add(remarks[-1])
    elif deed == "remove":
        gone = letters.pop()
        assert transaction.remove(Letter, Is("id", "eq", gone.id)) == 1
    elif deed == "forget":
        assert transaction.remove(Remark, None) == len(remarks)
        remarks.clear()
    else:
        was, letters[-1] = letters[-1], attrs.evolve(letters[-1], **told)
        if deed == "save_all":
            transaction.save_all([(letters[-1], was)])
        else:
            transaction.save(letters[-1], was=was if deed == "save" else None)


class _Undone(Exception):
    pass


def _undone(transaction: Transaction, letter: Letter) -> None:
    with pytest.raises(_Undone), transaction.savepoint():
        transaction.add(letter)
        transaction.flush()
        raise _Undone


def _ids(transaction: Transaction, text: str, **more: Any) -> list[str]:
    return [hit.entity.id for hit in transaction.search(Letter, text, **more)]


class Search(Base):
    """Part of ``StorageSuite``; only what has the capability ``search`` is asked."""

    @pytest.fixture
    def searching(self, store: Storage) -> Storage:
        """The storage, if it searches."""
        if "search" not in store.capabilities:
            pytest.skip("this storage has no text search")
        return store

    def test_search_is_offered_or_refused(self, store: Storage, tenant: str) -> None:
        """Without the capability the question is refused; with it, for an entity without words, and for all tenants."""
        with reading(store, tenant) as transaction, pytest.raises(CareError):
            transaction.search(Thing, "pump")
        with reading(store, None) as transaction, pytest.raises(CareError):
            transaction.search(Letter, "pump")

    def test_words_are_found_where_they_stand(self, searching: Storage, tenant: str) -> None:
        """Two Chinese characters inside a sentence, half-width for full-width, upper for lower case, parts of numbers."""
        found = _letter(tenant, title="The ＰＵＭＰ leaks", body="地下室水泵漏水，见 CP-2026-000123")
        with writing(searching, tenant) as transaction:
            transaction.add(found)
            transaction.add(_letter(tenant, title="something else", body="水表漏了"))
        with reading(searching, tenant) as transaction:
            for text in ("pump", "漏水", "水泵", "泵", "CP-2026-000123", "2026 pump", "000123", "lea*", "漏水 LEAKS"):
                assert _ids(transaction, text) == [found.id], text
            for text in ("pumps", "水漏", "pump nothing", "CP-2025", "lea"):
                assert _ids(transaction, text) == [], text

    def test_nobody_finds_by_words_they_may_not_read(self, searching: Storage, tenant: str) -> None:
        """Notes and phone numbers are found only by who asks with that access; tenants do not meet."""
        secret = _letter(tenant, title="pump", note="狡猾的客户", phone="138-0013-8000")
        with writing(searching, tenant) as transaction:
            transaction.add(secret)
        with reading(searching, tenant) as transaction:
            assert _ids(transaction, "pump") == [secret.id]
            assert _ids(transaction, "客户") == []
            assert _ids(transaction, "13800138000") == []
            assert _ids(transaction, "客户", access=("internal",)) == [secret.id]
            assert _ids(transaction, "13800138000", access=("internal",)) == []
            assert _ids(transaction, "pump 客户 13800138000", access=ACCESS) == [secret.id]
            with pytest.raises(Invalid):
                transaction.search(Letter, "pump", access=("secret",))
        with reading(searching, new_tenant()) as transaction:
            assert _ids(transaction, "pump", access=ACCESS) == []

    def test_what_comes_first_stands_in_the_head(self, searching: Storage, tenant: str) -> None:
        """Hits in the head come first, and in both parts what was written last; a limit cuts behind them."""
        made = [_letter(tenant, **{field: "pump 漏水"}) for field in ("title", "body", "title", "body")]
        for letter in made:
            with writing(searching, tenant) as transaction:
                transaction.add(letter)
        first, second, third, fourth = (letter.id for letter in made)
        with reading(searching, tenant) as transaction:
            hits = transaction.search(Letter, "漏水 pump")
            assert [hit.entity.id for hit in hits] == [third, first, fourth, second]
            assert [hit.head for hit in hits] == [True, True, False, False]
            assert {(hit.source, hit.source_id == hit.entity.id) for hit in hits} == {("suite_letter", True)}
            assert _ids(transaction, "pump", limit=3) == [third, first, fourth]
            assert _ids(transaction, "pump", access=("public",)) == [fourth, second]

    def test_criteria_narrow_a_search(self, searching: Storage, tenant: str) -> None:
        """A condition leaves out hits before the limit counts them."""
        made = [_letter(tenant, title="pump", level=number % 2) for number in range(12)]
        with writing(searching, tenant) as transaction:
            for letter in made:
                transaction.add(letter)
        with reading(searching, tenant) as transaction:
            odd = transaction.search(Letter, "pump", Is("level", "eq", 1), limit=5)
            assert [hit.entity.level for hit in odd] == [1] * 5
            assert transaction.search(Letter, "pump", All(Is("level", "eq", 1), Is("level", "eq", 0))) == []

    def test_what_is_said_about_a_row_leads_to_it(self, searching: Storage, tenant: str) -> None:
        """A row of another entity is found by its words and gives the row it is about, once, however much was said."""
        letter = _letter(tenant, title="pump")
        with writing(searching, tenant) as transaction:
            transaction.add(letter)
            for number in range(30):
                transaction.add(Remark(id=new_id(), tenant=tenant, about=letter.id, words=f"密封圈 {number}"))
            transaction.add(Remark(id=new_id(), tenant=tenant, about=new_id(), words="密封圈"))
        with reading(searching, tenant) as transaction:
            hits = transaction.search(Letter, "密封圈", limit=5)
            assert [(hit.entity, hit.source) for hit in hits] == [(letter, "suite_remark")]
            assert _ids(transaction, "密封圈 29") == [letter.id]
            assert _ids(transaction, "密封圈 30") == []

    def test_the_index_follows_every_write(self, searching: Storage, tenant: str) -> None:
        """Saved, removed and undone words: found as long as they stand there, and no longer."""
        letter, other = _letter(tenant, title="alpha"), _letter(tenant, title="beta")
        with writing(searching, tenant) as transaction:
            assert transaction.add_if_absent(letter)
            transaction.add(other)
            changed = attrs.evolve(letter, title="gamma")
            transaction.save(changed, was=letter)
        with reading(searching, tenant) as transaction:
            assert [_ids(transaction, word) for word in ("alpha", "beta", "gamma")] == [[], [other.id], [letter.id]]
        transaction = searching.begin(tenant=tenant, writes=True)
        transaction.save(attrs.evolve(changed, title="delta"))
        transaction.remove(Letter, Is("title", "eq", "beta"))
        transaction.flush()
        transaction.rollback()
        transaction.close()
        with reading(searching, tenant) as transaction:
            assert [_ids(transaction, word) for word in ("beta", "gamma", "delta")] == [[other.id], [letter.id], []]
        with writing(searching, tenant) as transaction:
            transaction.save(attrs.evolve(changed, title=""))
            assert transaction.remove(Letter, Is("title", "eq", "beta")) == 1
        with reading(searching, tenant) as transaction:
            assert [_ids(transaction, word) for word in ("beta", "gamma")] == [[], []]

    def test_bad_questions_are_refused(self, searching: Storage, tenant: str) -> None:
        """No word, too much, half a character, no text at all: each is ``Invalid``."""
        bad: Any
        with reading(searching, tenant) as transaction:
            for bad in ("", " \n", "，。！", "+-*/", "x" * 101, "a\0b", "a\ud800", None, 7):
                with pytest.raises(Invalid) as caught:
                    transaction.search(Letter, bad)
                assert caught.value.field.startswith("search."), repr(bad)

    def test_long_texts_are_searched_as_far_as_the_index_goes(self, searching: Storage, tenant: str) -> None:
        """A text of a million characters is stored whole and found by what it begins with."""
        body = "起点 " + " ".join(f"w{number:x}" for number in range(150_000))
        with writing(searching, tenant) as transaction:
            transaction.add(_letter(tenant, body=body))

        def found() -> bool:
            """Whether it is found; MariaDB moves the words of so long a text into its index after the commit."""
            with reading(searching, tenant) as transaction:
                return len(_ids(transaction, "起点 w3e8")) == 1

        assert any(found() for _ in range(200))

    @random_tests
    @given(deeds=_deeds, questions=st.lists(st.tuples(_queries, _access), min_size=4, max_size=8))
    def test_answers_are_those_of_the_reference(
        self, searching: Storage, deeds: list[tuple[str, Any]], questions: list[tuple[str, Sequence[str]]]
    ) -> None:
        """Whatever was written in whatever order, the same rows are found as in memory."""
        reference, tenant = MemoryStorage(), new_tenant()
        reference.bind(SPECS)
        idents = [new_id() for _ in deeds]
        _play(reference, tenant, deeds, iter(idents))
        _play(searching, tenant, deeds, iter(idents))
        with reading(reference, tenant) as right, reading(searching, tenant) as asked:
            for text, access in questions:
                try:
                    wanted = right.search(Letter, text, access=access)
                except Invalid:
                    continue
                found = asked.search(Letter, text, access=access)
                assert {(hit.entity.id, hit.head) for hit in found} == {(hit.entity.id, hit.head) for hit in wanted}, (
                    text
                )
