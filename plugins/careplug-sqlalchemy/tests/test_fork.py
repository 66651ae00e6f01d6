"""A process that forks: a server that loads the app once and then makes its workers."""

from __future__ import annotations

import os

import pytest
from sqlalchemy_kit import Ticket, opened

from careplug.refs import new_id

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def driver(storage):
    """The driver's connection that the next transaction works on."""
    unit = storage.begin(tenant="", writes=True)
    unit.add(Ticket(id=new_id()))
    unit.commit()
    found = unit._connection.connection.dbapi_connection
    unit.close()
    return found


def in_a_child(job):
    """What a forked process said: one byte."""
    end, start = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(start, b"+" if job() else b"-")
        finally:
            os._exit(0)
    os.close(start)
    with os.fdopen(end, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_a_forked_process_opens_connections_of_its_own(database_url):
    storage = opened(database_url)
    parents = [driver(storage) for _ in range(4)]  # the pool gives them out in turns
    assert any(parents[0] is other for other in parents[1:])

    def known():
        found = driver(storage)
        return any(found is each for each in parents)

    for _ in range(2):
        assert in_a_child(lambda: not known()) == b"+"
    assert known()
    unit = storage.begin(tenant="", writes=False)
    assert len(unit.find(Ticket)) == 7
    unit.close()
    storage.close()
