"""Erasing a person leaves every chain valid and the words nowhere: not in a table, not in a byte of SQLite's files."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from careplug import Actor, Care, Ref, Worker
from careplug.audit import erase_contact, verify
from careplug.clock import ManualClock
from careplug.errors import Invalid, Refused
from careplug.messages.directory import Parties
from careplug.ports import Address

NAME, PHONE, MAIL, SAID = "欧阳震华", "13912345678", "ouyang@example.test", "家住朝阳路的打印机"
WORDS = (NAME, PHONE, MAIL, SAID, "她本人来电", "ouyang-passport.png")
NOWHERE: dict[str, list[str]] = {word: [] for word in WORDS}
OTHER = "张三丰"
LI = Ref("person", "c-17")
CUSTOMER, ENGINEER, BOSS = Actor.customer("c-17"), Actor.engineer("wang"), Actor.engineer("zhao", "manager")


@pytest.fixture
def care(database_url):
    care = Care(database_url, clock=ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    care.upgrade()
    yield care
    care.close()


def live(care, cases=3):
    """Some cases of the person, worked on and told about, and as many of somebody else."""
    with care.unit(actor=BOSS) as unit:
        unit.get(Parties).add(LI, name=NAME, addresses=[Address("console", MAIL), Address("sms", PHONE)])
        unit.get(Parties).add(Ref("person", "c-18"), name=OTHER, addresses=[Address("console", "x")])
    mine = [case(care, CUSTOMER, number, NAME) for number in range(cases)]
    theirs = [case(care, Actor.customer("c-18"), number, OTHER) for number in range(cases)]
    Worker(care).run_due()
    return mine, theirs


def case(care, who, number, name):
    own = name == NAME
    with care.unit(actor=who) as unit:
        ident = unit.feedback.submit(
            "fault",
            f"{SAID if own else '打印机'} {number}",
            f"{name}:{'长文' * 3000}",
            contact_name=name,
            contact_phone=PHONE if own else "1",
            contact_mail=MAIL if own else "a@b.test",
            key=f"{name if own else 'k'}-{number}",
        ).id
    care.clock.move(timedelta(minutes=7))
    stored = care.setup.files.put(io.BytesIO(b"picture"), name="ouyang-passport.png", media_type="image/png", tenant="")
    with care.unit(actor=BOSS) as unit:
        if own:
            unit.feedback.attach(ident, stored)
        unit.feedback.call(ident, "in", body="她本人来电" if own else "来电", phone=PHONE if own else "1")
        unit.feedback.step(ident, "confirm")
        unit.feedback.edit(ident, expected=unit.feedback.get(ident).version, subject=f"{name} {number}")
        unit.feedback.step(ident, "handle")
        unit.feedback.step(ident, "resolve", measure=f"换了{name}的硒鼓", result="好了")
    return ident


def texts(care):
    """Every text of every table."""
    found = []
    meta = sa.MetaData()
    meta.reflect(care.storage.engine)
    with care.storage.engine.connect() as connection:
        for table in meta.tables.values():
            found += [(table.name, str(value)) for row in connection.execute(sa.select(table)) for value in row]
    return found


def where(care, word):
    return sorted({name for name, text in texts(care) if word in text or ascii(word)[1:-1] in text})


def test_the_words_are_nowhere_and_the_chains_are_whole(care):
    mine, theirs = live(care)
    assert all(where(care, word) for word in WORDS)
    report = erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert (report.cases, report.before, report.files, report.keys, report.party) == (3, 0, 3, 3, True)
    assert {word: where(care, word) for word in WORDS} == NOWHERE
    assert where(care, OTHER)
    assert verify(care).whole
    assert len(list(care.setup.files.keys())) == 3
    with care.read(actor=BOSS) as unit:
        assert unit.get(Parties).of(LI).name == ""
        for ident in mine:
            erased = unit.feedback.get(ident)
            assert erased.contact_name == erased.body == erased.measure == "███"
            assert erased.requester == LI
            assert unit.feedback.facts(ident)[-1].type == "erased"
        assert OTHER in unit.feedback.get(theirs[0]).body
    again = erase_contact(care, str(LI), request="letter 7", actor=BOSS)
    assert (again.cases, again.before, again.values, again.files, again.messages) == (0, 3, 0, 0, 0)
    assert verify(care).whole
    for language in ("en", "zh"):
        assert str(LI) in report.text(language)


def test_no_byte_of_the_sqlite_files_holds_the_words(new_database):
    url = new_database("sqlite")
    care = Care(url, clock=ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    file = Path(url.removeprefix("sqlite:///"))
    files = [file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")]

    def bytes_with(word):
        return [each.name for each in files if each.exists() and word.encode() in each.read_bytes()]

    live(care, cases=25)
    assert all(bytes_with(word) for word in WORDS)
    report = erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert report.traces
    assert report.cases == 25
    assert {word: bytes_with(word) for word in WORDS} == NOWHERE
    assert bytes_with(OTHER)
    care.close()
    assert {word: bytes_with(word) for word in WORDS} == NOWHERE


def test_a_broken_run_goes_on_where_it_was():
    care = Care(clock=ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    mine, _ = live(care, cases=25)
    kept = care.setup.files.delete
    calls = []

    def fail(key, *, tenant):
        calls.append(key)
        if len(calls) == 3:
            raise OSError("no space left")
        kept(key, tenant=tenant)

    care.setup.files.delete = fail
    with pytest.raises(OSError, match="no space"):
        erase_contact(care, LI, request="letter 7", actor=BOSS)
    report = erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert (report.cases, report.before) == (5, 20)
    assert len(list(care.setup.files.keys())) == 25, "those of the other person"
    with care.read(actor=BOSS) as unit:
        counts = [sum(fact.type == "erased" for fact in unit.feedback.facts(ident)) for ident in mine]
    assert counts == [1] * 25


def test_messages_to_the_person_about_other_cases_are_blanked():
    care = Care(clock=ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    _, theirs = live(care, cases=1)
    with care.unit(actor=BOSS) as unit:
        unit.messages.enqueue(
            recipient=LI,
            channel="console",
            template="resolved",
            subject="feedback",
            subject_id=theirs[0],
            source="hand",
        )
    Worker(care).run_due()
    with care.read(actor=BOSS) as unit:
        assert any(m.address == MAIL for m in unit.messages.find(subject_id=theirs[0]))
    erase_contact(care, LI, request="letter 7", actor=BOSS)
    with care.read(actor=BOSS) as unit:
        found = unit.messages.find(subject_id=theirs[0])
        assert not any(m.address == MAIL for m in found)
        assert any(m.body for m in found), "those to others keep their words"


def test_who_may_not_erase_erases_nothing():
    care = Care(clock=ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    mine, _ = live(care, cases=1)
    with pytest.raises(Refused):
        erase_contact(care, LI, request="letter 7", actor=ENGINEER)
    with pytest.raises(Invalid) as caught:
        erase_contact(care, 17, request="letter 7", actor=BOSS)
    assert caught.value.field == "erase.contact"
    with pytest.raises(Invalid):
        erase_contact(care, LI, request="", actor=BOSS)
    with care.read(actor=BOSS) as unit:
        assert unit.feedback.get(mine[0]).contact_name == NAME
