"""Makes `flask_kit` importable: in importlib mode the tests of a distribution are no package. Apps on SQLite files."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import flask_kit


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory):
    """A SQLite file with cases of both sides, and what is in it: made once, copied for each test."""
    file = tmp_path_factory.mktemp("seeded") / "seeded.db"
    app = flask_kit.make_app(f"sqlite:///{file}")
    seen = flask_kit.seed(app)
    flask_kit.care_of(app).close()
    return file, seen


@pytest.fixture
def seeded_house(seeded_file, tmp_path):
    """A function that opens an app on a copy of the seeded database, with settings of the test's own."""
    file, seen = seeded_file
    made = []

    def open_house(**config):
        copy = tmp_path / f"house{len(made)}.db"
        shutil.copy(file, copy)
        made.append(flask_kit.House(f"sqlite:///{copy}", seen, **config))
        return made[-1]

    yield open_house
    for house in made:
        house.close()


@pytest.fixture(scope="session")
def _standing_house(seeded_file, tmp_path_factory):
    file, seen = seeded_file
    copy = tmp_path_factory.mktemp("house") / "house.db"
    shutil.copy(file, copy)
    made = flask_kit.House(f"sqlite:///{copy}", seen)
    yield made, file, copy
    made.close()


@pytest.fixture
def house(_standing_house):
    """An app on the seeded database as it was at first: `house.app`, `house.api(actor)`, `house.seen`.

    The app stands for all tests, for making one costs half a second; the database is put back for each.
    """
    made, file, copy = _standing_house
    with (
        contextlib.closing(sqlite3.connect(file)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    made.reset()
    return made
