"""Bad input: every row of the table is really given; the error, its field and both sentences are as it says, and no
table of the database has a row more or less.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter

import pytest

from careplug.cli.main import run
from careplug.errors import CareError
from tests.integration.bad_input.row import SURFACES
from tests.integration.bad_input.table import ROWS
from tests.integration.bad_input.world import World

ACTS = [row for row in ROWS if row.act is not None]
TYPED = [row for row in ROWS if row.words]


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CAREPLUG_")]:
            patch.delenv(name)
        world = World(tmp_path_factory.mktemp("world"))
        yield world
        world.care.close()


@pytest.fixture
def world(lasting, tmp_path, monkeypatch):
    lasting.scratch = tmp_path
    monkeypatch.chdir(lasting.folder)
    for name in [name for name in os.environ if name.startswith("CAREPLUG_")]:
        monkeypatch.delenv(name)
    # the command line meets the database as the world made it, whatever else is installed here
    monkeypatch.setenv("CAREPLUG_PLUGINS", "sqlalchemy")
    return lasting


def fits(said, world, text):
    """Whether a sentence is the table's, in which `<…>` stands for somebody else's words and `<name>` for an id."""
    found = text.replace(str(world.scratch), "<FOLDER>")
    for name, ident in world.ids.items():
        found = found.replace(ident, f"<{name}>")
    return re.fullmatch(re.escape(said).replace(re.escape("<…>"), ".*"), found) is not None


def test_the_table_is_large_enough_and_every_surface_is_in_it():
    assert len(ROWS) >= 60
    per_surface = Counter(row.surface for row in ROWS)
    assert set(per_surface) == set(SURFACES)
    assert min(per_surface.values()) >= 15
    assert len(ACTS) + len(TYPED) == len(ROWS)


def test_no_two_rows_share_class_and_field():
    assert [found for found, times in Counter((row.cls, row.field) for row in ROWS).items() if times > 1] == []


def test_no_two_rows_give_the_same():
    assert [found for found, times in Counter(str(row) for row in ROWS).items() if times > 1] == []


@pytest.mark.parametrize("row", ACTS, ids=str)
def test_what_is_given_is_refused_in_words_and_changes_nothing(row, world):
    before = world.counts()
    with pytest.raises(CareError) as caught:
        row.act(world)
    error = caught.value
    assert (type(error).__name__, error.field) == (row.cls, row.field)
    assert fits(row.en, world, error.text("en")), error.text("en")
    assert fits(row.zh, world, error.text("zh_CN")), error.text("zh_CN")
    assert world.counts() == before


@pytest.mark.parametrize("row", TYPED, ids=str)
def test_what_is_typed_is_refused_in_words_and_changes_nothing(row, world, capsys):
    before = world.counts()
    words = [word.format(**world.numbers) for word in row.words]
    assert run(["--json", *words]) == row.code
    told = json.loads(capsys.readouterr().err)["error"]
    assert (told["class"], told["field"]) == (row.cls, row.field)
    for language, said in (("en", row.en), ("zh", row.zh)):
        assert run(["--lang", language, *words]) == row.code
        shown = capsys.readouterr()
        assert shown.out == ""
        *usage, sentence = shown.err.splitlines()
        assert fits(f"careplug: {said}", world, sentence), shown.err
        assert len(usage) <= (row.cls == "Usage"), "nothing is shown but the sentence and, for a usage error, the usage"
    assert world.counts() == before
