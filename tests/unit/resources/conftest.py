"""A Care with the workshop, in memory and on SQLite, and its people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.refs import Ref
from careplug.resources import Resources
from tests.unit.resources.workshop import plugin

ADMIN = Actor(Ref("person", "root"), frozenset({"admin"}))


@pytest.fixture(params=["memory", "sqlite"])
def care(request, tmp_path):
    url = None if request.param == "memory" else f"sqlite:///{tmp_path / 'workshop.db'}"
    clock = ManualClock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC))
    with Care(url, plugins=[plugin()], environ={"CAREPLUG_PLUGINS": "sqlalchemy"}, clock=clock) as care:
        assert [line.name for line in care.report().failed] == []
        care.upgrade()
        yield care


@pytest.fixture
def work(care):
    """`work(lambda r: r.add(…))` in a unit of the admin, or of somebody else."""

    def call(do, actor=ADMIN, tenant=""):
        with care.unit(actor=actor, tenant=tenant) as unit:
            return do(unit.get(Resources))

    return call
