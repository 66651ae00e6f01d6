"""How PostgreSQL looks for what is due before it knows anything about a table: a new database is that way for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from careplug.messages.entities import SPECS, Message
from careplug.refs import Ref, new_id
from careplug_sqlalchemy.api import SqlAlchemyStorage

NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)
COUNT = 300


def message(number):
    ident = new_id()
    at = NOW + timedelta(seconds=number)
    return Message(
        id=ident,
        key=ident,
        subject="feedback",
        subject_id=new_id(),
        sequence=1,
        event="submitted",
        subscription="received",
        recipient=Ref("person", "li"),
        channel="relay",
        template="received",
        lane=ident[:32],
        created_at=at,
        next_at=at,
    )


@pytest.mark.service
def test_a_claim_asks_the_index_of_the_lane_before_there_are_statistics(new_database):
    storage = SqlAlchemyStorage(new_database("postgresql"))
    storage.bind(SPECS)
    storage.upgrade()
    unit = storage.begin(tenant="", writes=True)
    for number in range(COUNT):
        unit.add(message(number))
    unit.commit()
    unit.close()
    asked = []
    event.listen(storage.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    unit = storage.begin(tenant=None, writes=True)
    found = unit.claim(Message, now=NOW + timedelta(days=1), limit=50, lease=timedelta(minutes=1), lane="lane")
    assert len(found) == 50
    unit.rollback()
    unit.close()
    ((statement, values),) = [each for each in asked if "SKIP LOCKED" in each[0]]
    with storage.engine.connect() as connection:
        plan = list(connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT TEXT) {statement}", values).scalars())
        connection.rollback()
    older = [line for line in plan if " older" in line]
    assert older, plan
    assert all("careplug_message_lane_ix" in line for line in older), "\n".join(plan)
    assert not any("Rows Removed by Filter" in line for line in plan), "\n".join(plan)
    storage.close()
