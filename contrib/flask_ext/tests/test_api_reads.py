"""Reading writes nothing: no GET of the table sends the database anything that could change it."""

from __future__ import annotations

import pytest
from flask_kit import CHEN, LI, WANG, ZHAO, Statements, state_of
from test_api_operations import HAPPY, filled

from careplug_flask.tokens import Tokens

READS = [name for name, (_, method, _, _) in HAPPY.items() if method == "GET"]


@pytest.mark.parametrize("name", READS)
def test_reading_writes_nothing(house, name):
    with house.care.unit(actor=ZHAO) as unit:
        _, text = unit.get(Tokens).issue("reader", ZHAO.ref, roles=("manager",))
    path = filled(house, HAPPY[name][2])
    with Statements(house.care.storage.engine) as seen:
        for who in (LI, CHEN, WANG, ZHAO, None):
            house.api(who).get(path)
        house.api(None).get(path, headers={"Authorization": f"Bearer {text}"})
        house.api(ZHAO).get(path, headers={"If-None-Match": '"x"'})
        house.api(ZHAO)("HEAD", path)
    assert seen.all, "nothing was asked at all: the listener is on the wrong engine"
    assert seen.writes() == []


def test_every_read_is_tried(house):
    assert set(READS) == {each.name for each in state_of(house.app).table.operations if not each.writes}


def test_a_write_is_noticed(house):
    with Statements(house.care.storage.engine) as seen:
        house.api(LI).submit()
    assert [each.split()[0] for each in seen.writes()]
