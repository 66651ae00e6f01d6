"""The proofs of crashes can fail: each thing they look for is noticed when it is there."""

from __future__ import annotations

import contextlib
import copy
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tests.housekeeping import ROOT
from tests.proof import _crash, _relay, copies
from tests.proof._writer import DEEDS, Writer

EARLY = """
import os, signal, sys
from pathlib import Path
from tests.proof import _relay
from tests.proof._writer import LI, Writer, say

class Early(Writer):
    "Acknowledges its operation before the transaction is committed, and is killed between."
    def told(self, unit, case, key):
        told = super().told(unit, case, key)
        if self.number == 5:
            say(told)
            os.kill(os.getpid(), signal.SIGKILL)
        return told

writer = Early(_relay.opened(sys.argv[1], Path(sys.argv[2])), 1, say)
writer.begin()
while True:
    writer.number += 1
    say(writer.keep(LI, "submit", "", f"op:1:{writer.number}:submit"))
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A database on which a writer did a hundred operations, the messages sent, and what it said; nothing runs."""
    folder = tmp_path_factory.mktemp("crash")
    house, said = _crash.House(f"sqlite:///{folder / 'care.db'}", folder), []
    with contextlib.closing(house.care()) as care:
        writer = Writer(care, 1, said.append)
        writer.begin()
        while writer.number < 100:
            writer.one()
        house.drain(care)
    told = [line for line in said if "key" in line]
    assert {line["key"].rpartition(":")[2] for line in told} == {"submit", *DEEDS}, "every deed is in the story"
    return house, told


@pytest.fixture
def other(scene, tmp_path):
    """The same, to be damaged: the house and what was told."""
    house, told = copy.copy(scene[0]), scene[1]
    house.folder = shutil.copytree(house.folder, tmp_path / "crash")
    house.url = f"sqlite:///{house.folder / 'care.db'}"
    return house, told


def wrong(house, told):
    with contextlib.closing(house.care()) as care:
        return "\n".join(_crash.wrong(care, told) + _crash.unsent(care, house.folder))


def run(house, *statements):
    with contextlib.closing(sqlite3.connect(house.folder / "care.db", isolation_level=None)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount, statement


def test_what_is_right_is_right(other):
    assert wrong(*other) == ""


LAST = "(SELECT id FROM careplug_fact WHERE type = '{}' ORDER BY id DESC LIMIT 1)"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"DELETE FROM careplug_fact WHERE id = {LAST.format('replied')}", "is lost"),
        (f"UPDATE careplug_fact SET hash = 'f' WHERE id = {LAST.format('replied')}", "'f')"),
        ("UPDATE careplug_feedback SET priority = priority + 1", "priority"),
        ("UPDATE careplug_clock SET state = 'met' WHERE state = 'running'", "state"),
        ("DELETE FROM careplug_clock", "missing"),
        ("DELETE FROM careplug_message WHERE event = 'replied'", "0 times, not 1"),
        ("DELETE FROM careplug_attachment", "0 rows"),
        ("DELETE FROM careplug_request_key WHERE key LIKE '%:reply'", "key lost"),
        ("DELETE FROM careplug_request_key WHERE key LIKE '%:resume'", "key lost"),
        (f"DELETE FROM careplug_personal WHERE id = {LAST.format('replied')}", "claimed or kept, not both"),
    ],
)
def test_damage_is_noticed(other, statement, words):
    house, told = other
    run(house, statement)
    assert words in wrong(house, told)


def test_an_operation_that_was_done_twice_is_noticed(other):
    house, told = other
    line = next(line for line in told if line["key"].endswith(":note"))
    with contextlib.closing(house.care()) as care, care.unit(actor=DEEDS["note"][0]) as unit:
        unit.feedback.note(line["case"], line["key"])
    assert f"{line['key']}: 2 times" in wrong(house, told)


def test_a_message_that_counts_as_sent_and_reached_nobody_is_noticed(other):
    house, told = other
    lost, *rest = _relay.sent(house.folder)
    (house.folder / "sent.txt").write_text("\n".join(rest))
    assert f"message {lost} counts as sent" in wrong(house, told)


def test_a_writer_that_says_it_before_it_is_kept_is_caught(tmp_path):
    house = _crash.House(f"sqlite:///{tmp_path / 'care.db'}", tmp_path)
    with (tmp_path / "writer-1.out").open("wb") as out:
        words = [sys.executable, "-c", EARLY, house.url, str(tmp_path)]
        done = subprocess.run(words, env=_relay.environ(tmp_path), cwd=ROOT, stdout=out, timeout=60, check=False)
    assert done.returncode == -9
    assert len(house.told()) == 5
    found = wrong(house, house.told())
    assert "op:1:5:submit: fact 1 (submitted) is lost" in found
    assert "op:1:4" not in found


@pytest.mark.parametrize("first", ["", "-wal"])
def test_a_checkpoint_between_the_copies_of_file_and_log_is_damage_that_is_noticed(other, first):
    house, told = other
    source, target = house.folder / "care.db", house.folder / "copy.db"
    with contextlib.closing(house.care()) as care:
        said = []
        writer = Writer(care, 2, said.append)
        writer.begin()
        while writer.number < 20:
            writer.one()
        taken = {"": source.read_bytes(), "-wal": source.with_name("care.db-wal").read_bytes()}
        with contextlib.closing(sqlite3.connect(source)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        while writer.number < 40:
            writer.one()
        with contextlib.closing(sqlite3.connect(source)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        last = "-wal" if first == "" else ""
        taken[last] = source.with_name(source.name + last).read_bytes()
    for suffix, data in taken.items():
        target.with_name(target.name + suffix).write_bytes(data)
    known = told + [line for line in said if "key" in line and int(line["key"].split(":")[2]) <= 20]
    assert copies.damage(house, source, known) == []
    assert copies.damage(house, target, known)
