"""Personal columns under a cipher, on every database: switched on, rotated, left again, and tampered with."""

from __future__ import annotations

import pytest

from careplug import Actor, Care
from careplug.audit import rebuild, verify
from careplug.criteria import Is, Order
from careplug.errors import Invalid, SchemaMissing
from careplug.feedback.entities import Feedback
from careplug.messages.directory import Parties
from careplug.messages.entities import Party
from careplug.ports import Measure
from careplug_crypto.api import FernetCipher, key_id, new_key, rewrite, status

OLD, NEW, WRONG = new_key(), new_key(), new_key()


def _case(care: Care, ident: str) -> Feedback:
    with care.read(actor=Actor.engineer("zhao", "manager")) as unit:
        return unit.feedback.get(ident)


def _by_key(care: Care) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in status(care):
        found[item.key] = found.get(item.key, 0) + item.values
    return found


def test_what_is_written_is_read_again_and_nobody_else_can_read_it(house):
    care = house.fresh(OLD)
    ident = house.fill(care)
    case = _case(care, ident)
    assert (case.subject, case.contact_name, case.body) == ("泵房漏水", "欧阳振华 Ouyang", "")
    with care.unit(actor=house.boss) as unit:
        unit.feedback.edit(ident, expected=case.version, contact_phone="13900000000")
        unit.feedback.reply(ident, "我们马上到 We come at once")
        assert unit.get(Parties).find()[0].name == "欧阳振华"
    assert _case(care, ident).contact_phone == "13900000000"
    assert verify(care).whole
    assert rebuild(care, write=False).whole
    assert house.words() == set()
    assert "We come at once" not in house.dump()
    care.close()


def test_an_empty_text_stays_empty_and_nothing_is_plain(house):
    care = house.fresh(OLD)
    house.fill(care)
    assert house.execute("SELECT body FROM careplug_feedback") == [("",)]
    assert set(_by_key(care)) == {key_id(OLD)}
    care.close()


def test_pages_of_a_few_fields_are_opened_too(house):
    care = house.fresh(OLD)
    house.fill(care)
    with care.read(actor=house.boss) as unit:
        assert unit.store.pick(Feedback, ("number", "subject")) == [("CP-2026-000001", "泵房漏水")]
        assert unit.store.pick(Party, ("name", "ref"))[0][0] == "欧阳振华"
    care.close()


def test_what_is_encrypted_is_no_question(house):
    care = house.fresh(OLD)
    house.fill(care)
    questions = (
        lambda store: store.find(Feedback, Is("subject", "eq", "泵房漏水")),
        lambda store: store.find(Feedback, order=[Order("contact_name")]),
        lambda store: store.tally(Feedback, by=["contact_mail"]),
        lambda store: store.tally(Feedback, measures=[Measure("max", "body")]),
    )
    for ask in questions:
        with care.read(actor=house.boss) as unit, pytest.raises(Invalid) as caught:
            ask(unit.store)
        assert caught.value.code == "criteria.sealed"
    with care.read(actor=house.boss) as unit:
        assert unit.store.find(Feedback, Is("subject", "is_null", value=True)) == []
    care.close()


def test_a_database_in_use_is_switched_over_and_back(house):
    care = house.fresh()
    looks = f"cpx1:{key_id(WRONG)}:gAAAA{'A' * 95}="
    idents = [house.fill(care), house.fill(care, looks)]
    care.close()
    before = house.words()
    assert house.codes() == {"泵房漏水", "欧阳振华"}

    care = house.open(OLD)
    with pytest.raises(SchemaMissing):
        _case(care, idents[0])
    care.upgrade()
    assert [_case(care, ident).subject for ident in idents] == ["泵房漏水", looks]
    assert house.words() == before
    assert rewrite(care, "encrypt").values > 10
    assert set(_by_key(care)) == {key_id(OLD)}
    assert [_case(care, ident).subject for ident in idents] == ["泵房漏水", looks]
    assert house.codes() == set()
    care.close()
    assert looks not in house.dump()
    assert house.words() == set()

    care = house.open(OLD)
    assert rewrite(care, "decrypt").retired == (key_id(OLD),)
    care.close()
    care = house.open()
    care.upgrade()
    assert [_case(care, ident).subject for ident in idents] == ["泵房漏水", looks]
    with care.read(actor=house.boss) as unit:
        assert [party.name for party in unit.get(Parties).find()] == ["欧阳振华"] * 2
    assert all(step.destructive for step in care.storage.plan())  # an index that is of no more use may go
    care.close()


def test_keys_rotate_in_batches_that_may_be_stopped(house, monkeypatch):
    from careplug_sqlalchemy import reseal

    monkeypatch.setattr(reseal, "BATCH", 2)
    care = house.fresh(OLD)
    idents = [house.fill(care, f"case {number}") for number in range(5)]
    care.close()
    care = house.open(NEW, OLD)
    with pytest.raises(KeyboardInterrupt):
        rewrite(care, "rotate", progress=_interrupted(after=3))
    part = _by_key(care)
    assert set(part) == {key_id(OLD), key_id(NEW)}
    told: list[tuple[int, int]] = []
    done = rewrite(care, "rotate", progress=lambda so_far, total: told.append((so_far, total)))
    assert done.values == part[key_id(OLD)] == told[-1][0] == told[-1][1]
    assert done.retired == (key_id(OLD),)
    care.close()
    care = house.open(NEW)
    assert [_case(care, ident).subject for ident in idents] == [f"case {number}" for number in range(5)]
    assert rewrite(care, "rotate").values == 0
    care.close()


def _interrupted(after: int):
    calls = []

    def tell(done: int, total: int) -> None:
        calls.append((done, total))
        if len(calls) == after:
            raise KeyboardInterrupt

    return tell


def test_a_wrong_key_is_named_and_nothing_is_written(house):
    care = house.fresh(OLD)
    house.fill(care)
    care.close()
    before = house.dump()
    care = house.open(WRONG)
    for attempt in (
        lambda: _case(care, "x"),
        lambda: house.fill(care),
        care.upgrade,
        lambda: rewrite(care, "rotate"),
    ):
        with pytest.raises(Invalid) as caught:
            attempt()
        assert (caught.value.code, caught.value.field) == ("storage.cipher_key", f"cipher.{key_id(OLD)}")
        assert key_id(OLD) in caught.value.text("zh_CN")
    care.close()
    assert house.dump() == before


def test_an_encrypted_database_is_refused_without_a_cipher(house):
    care = house.fresh(OLD)
    house.fill(care)
    care.close()
    before = house.dump()
    for care in (house.open(), house.open(block=("crypto", "holidays"))):
        for attempt in (lambda care=care: house.fill(care), care.upgrade):
            with pytest.raises(Invalid) as caught:
                attempt()
            assert (caught.value.code, caught.value.field) == ("storage.cipher_missing", "database.cipher")
        care.close()
    assert house.dump() == before


def test_a_value_that_was_moved_or_changed_is_refused(house):
    care = house.fresh(OLD)
    one, two = house.fill(care, "first"), house.fill(care, "second")
    stored = dict(house.execute("SELECT id, subject FROM careplug_feedback"))
    for value, code in (
        (stored[two], "crypto.moved"),
        (stored[one][:-12] + "AAAAAAAAAAA=", "crypto.damaged"),
        (stored[one][:40], "crypto.damaged"),
        (f"{stored[one][:60]}欧阳", "crypto.damaged"),
    ):
        house.execute("UPDATE careplug_feedback SET subject = :value WHERE id = :id", value=value, id=one)
        with pytest.raises(Invalid) as caught:
            _case(care, one)
        assert caught.value.code == code
        assert caught.value.field.startswith(f"cipher.feedback.subject:{one}")
    house.execute(
        "UPDATE careplug_feedback SET subject = contact_name, contact_name = :value WHERE id = :id",
        value=stored[one],
        id=one,
    )
    with pytest.raises(Invalid) as caught:
        _case(care, one)
    assert caught.value.code == "crypto.moved"
    assert _case(care, two).subject == "second"
    care.close()


def test_a_value_of_a_key_that_came_and_went_is_never_taken_for_plain_text(small):
    care = small.fresh(OLD)
    ident = small.fill(care)
    stored = small.execute("SELECT subject FROM careplug_feedback")[0][0]
    care.close()
    care = small.open(NEW, OLD)
    rewrite(care, "rotate")
    care.close()
    care = small.open(NEW)
    small.execute("UPDATE careplug_feedback SET subject = :value", value=stored)
    with pytest.raises(Invalid) as caught:
        _case(care, ident)
    assert caught.value.code == "storage.cipher_key"
    care.close()


def test_the_same_text_is_never_stored_the_same_twice():
    cipher = FernetCipher((OLD,))
    made = {cipher.seal("欧阳", "feedback.subject:1") for _ in range(20)}
    assert len(made) == 20
    assert {cipher.open(each, "feedback.subject:1") for each in made} == {"欧阳"}
    assert {cipher.key_of(each) for each in made} == {key_id(OLD)}
