"""Verify and checkpoint against damage done by SQL, on every database."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import sqlalchemy as sa

from careplug import Actor, Care
from careplug.audit import checkpoint, rebuild, verify
from careplug.clock import ManualClock
from careplug.errors import Invalid, NotFound
from careplug.tasks import again
from careplug.timeline import chain
from careplug.timeline.facts import FactRow

KEY = b"0123456789abcdef0123456789abcdef"
CUSTOMER, ENGINEER = Actor.customer("li"), Actor.engineer("wang")


@pytest.fixture
def house(database_url):
    clock = ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
    care = Care(database_url, clock=clock)
    care.upgrade()
    yield Damaged(care, clock)
    care.close()


class Damaged:
    """A Care and a way round it."""

    def __init__(self, care, clock):
        self.care, self.clock = care, clock
        self.engine = care.storage.engine
        meta = sa.MetaData()
        names = ("careplug_fact", "careplug_feedback", "careplug_personal")
        self.fact, self.feedback, self.personal = (sa.Table(n, meta, autoload_with=self.engine) for n in names)

    def case(self, tenant=""):
        """A case of seven facts: submitted, policy_decided, confirmed, replied, noted, paused, resumed."""
        with self.care.unit(actor=CUSTOMER, tenant=tenant) as unit:
            ident = unit.feedback.submit("fault", "打印机坏了", contact_name="李雷", contact_phone="13800001111").id
        self.clock.move(timedelta(minutes=5))
        with self.care.unit(actor=ENGINEER, tenant=tenant) as unit:
            unit.feedback.step(ident, "confirm")
            unit.feedback.reply(ident, "您好")
            unit.feedback.note(ident, "备注")
            unit.feedback.pause(ident, "waiting_parts")
            unit.feedback.resume(ident, "waiting_parts")
        return ident

    def run(self, *statements):
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, ident):
        with self.care.transaction(tenant=None, writes=False) as store:
            found = store.find(FactRow)
        return sorted((row for row in found if row.subject_id == ident), key=lambda row: row.sequence)

    def at(self, ident, sequence):
        return sa.and_(self.fact.c.subject_id == ident, self.fact.c.sequence == sequence)

    def set(self, ident, at, **values):
        self.run(sa.update(self.fact).where(self.at(ident, at)).values(**values))

    def copy(self, ident, sequence, to):
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(self.fact).where(self.at(ident, sequence))).mappings().one()
        self.run(sa.insert(self.fact).values({**row, "id": "0" * 36, "sequence": to}))

    def cut(self, ident):
        """Take the last fact and bring the row in line: nobody can see that."""
        *_, before, last = self.rows(ident)
        self.run(
            sa.delete(self.personal).where(self.personal.c.id == last.id),
            sa.delete(self.fact).where(self.fact.c.id == last.id),
            sa.update(self.feedback)
            .where(self.feedback.c.id == ident)
            .values(sequence=before.sequence, head=before.hash),
        )

    def remove(self, ident):
        self.run(
            sa.delete(self.personal).where(self.personal.c.subject_id == ident),
            sa.delete(self.fact).where(self.fact.c.subject_id == ident),
            sa.delete(self.feedback).where(self.feedback.c.id == ident),
        )

    def recompute(self, ident):
        """Change what a fact says and seal everything behind it anew."""
        previous = chain.START
        for row in self.rows(ident):
            data = row.data.replace('"side":"service"', '"side":"customer"')
            made = attrs.evolve(row, data=data)
            previous = chain.seal(previous, made)
            self.set(ident, row.sequence, data=data, hash=previous)
        self.run(sa.update(self.feedback).where(self.feedback.c.id == ident).values(head=previous))


def found(report):
    return {(item.subject_id, item.code, item.sequence) for item in report.damages}


def test_damage_inside_a_chain_is_found(house):
    whole, edited, deleted, swapped, copied, value, gone, orphan, later, foreign = (house.case() for _ in range(10))
    assert verify(house.care).whole
    house.set(edited, 4, data=house.rows(edited)[3].data.replace("service", "customer"))
    house.run(sa.delete(house.fact).where(house.at(deleted, 3)))
    for old, new in ((4, 99), (6, 4), (99, 6)):
        house.set(swapped, old, sequence=new)
    house.copy(copied, 4, 8)
    said = sa.func.replace(house.personal.c["values"], "您好", "再见")
    about = sa.and_(house.personal.c.subject_id == value, house.personal.c.sequence == 4)
    house.run(sa.update(house.personal).where(about).values({"values": said}))
    house.run(sa.delete(house.personal).where(house.personal.c.subject_id == gone, house.personal.c.sequence == 5))
    house.run(sa.delete(house.feedback).where(house.feedback.c.id == orphan))
    house.run(sa.delete(house.fact).where(house.at(later, 7)))
    house.run(sa.update(house.fact).where(house.fact.c.subject_id == foreign).values(tenant="other"))
    report = verify(house.care)
    here = found(report)
    assert (edited, "edited", 4) in here
    assert (deleted, "missing", 4) in here
    assert {(swapped, "disordered", 4), (swapped, "disordered", 6)} <= here
    assert (copied, "duplicated", 8) in here
    assert (value, "personal", 4) in here
    assert (gone, "personal", 5) in here
    assert (orphan, "orphan", 7) in here
    assert (later, "head", 7) in here
    assert {code for ident, code, _ in here if ident == foreign} == {"orphan", "edited", "head", "personal"}
    assert {ident for ident, _, _ in here} == {edited, deleted, swapped, copied, value, gone, orphan, later, foreign}
    assert whole not in {ident for ident, _, _ in here}
    assert all(damage.code in report.text("zh") or damage.subject_id in report.text("zh") for damage in report.damages)


def test_only_a_checkpoint_shows_what_was_cut_removed_or_computed_anew(house, tmp_path):
    cut, removed, rewritten, grown = (house.case() for _ in range(4))
    other = house.case(tenant="t2")
    file = tmp_path / "heads.jsonl"
    assert checkpoint(house.care, file, key=KEY).heads == 5
    with house.care.unit(actor=ENGINEER) as unit:
        unit.feedback.note(grown, "more")
    house.cut(cut)
    house.remove(removed)
    house.recompute(rewritten)
    alone = verify(house.care)
    assert alone.whole
    assert alone.unseen == ("cut", "removed", "rewritten")
    assert "Without a checkpoint" in alone.text("en")
    assert "没有检查点" in alone.text("zh")
    beside = verify(house.care, checkpoint=file, key=KEY)
    assert found(beside) == {(cut, "cut", 7), (removed, "removed", 7), (rewritten, "rewritten", 7)}
    assert beside.unseen == ()
    assert "Without a checkpoint" not in beside.text("en")
    house.remove(other)
    one = verify(house.care, tenant="t2", checkpoint=file, key=KEY)
    assert found(one) == {(other, "removed", 7)}


def test_a_checkpoint_that_was_changed_is_not_believed(house, tmp_path):
    ident = house.case()
    file = tmp_path / "heads.jsonl"
    checkpoint(house.care, file, key=KEY)
    lines = file.read_bytes().splitlines(keepends=True)
    house.cut(ident)
    head = house.rows(ident)[-1]
    forged = lines[1].replace(b",7,", b",6,")[:-68] + f'"{head.hash}"]\n'.encode()
    for changed in (
        [lines[0], forged, lines[2]],
        [lines[0], lines[2]],
        lines[:2],
        [*lines, lines[1]],
        [lines[0].replace(b"2026", b"2027"), *lines[1:]],
    ):
        file.write_bytes(b"".join(changed))
        report = verify(house.care, checkpoint=file, key=KEY)
        assert dict(report.counts) == {"signature": 1}
        assert report.unseen
    file.write_bytes(b"".join(lines))
    assert dict(verify(house.care, checkpoint=file, key=b"another key of 16").counts) == {"signature": 1}
    assert dict(verify(house.care, checkpoint=file, key=KEY).counts) == {"cut": 1}


def test_two_who_write_the_same_cases_at_once_leave_whole_chains(house):
    idents = [house.case(), house.case()]
    troubles = []

    def write(order):
        try:
            for number in range(8):
                again(lambda number=number: one(order, number))
        except Exception as error:
            troubles.append(error)

    def one(order, number):
        with house.care.unit(actor=ENGINEER) as unit:
            for ident in order:
                unit.feedback.note(ident, f"{number}")

    threads = [threading.Thread(target=write, args=(order,)) for order in (idents, idents[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert [len(house.rows(ident)) for ident in idents] == [23, 23]
    assert verify(house.care).whole
    assert rebuild(house.care).whole


def test_keys_and_files_that_cannot_be_used_are_refused(house, tmp_path):
    file = tmp_path / "heads.jsonl"
    for key in (b"", b"short", "a text is no key of ours"):
        with pytest.raises(Invalid) as caught:
            checkpoint(house.care, file, key=key)
        assert (caught.value.code, caught.value.field) == ("audit.key", "key")
        assert list(tmp_path.glob("*.jsonl")) == []
    with pytest.raises(Invalid) as caught:
        checkpoint(house.care, tmp_path / "no" / "such" / "folder", key=KEY)
    assert caught.value.field == "checkpoint.out"
    with pytest.raises(NotFound):
        verify(house.care, checkpoint=file, key=KEY)
    checkpoint(house.care, file, key=KEY)
    with pytest.raises(Invalid) as caught:
        verify(house.care, checkpoint=file)
    assert caught.value.field == "key"
    file.write_text("name,due\n", encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        verify(house.care, checkpoint=file, key=KEY)
    assert caught.value.field == "checkpoint.header"
