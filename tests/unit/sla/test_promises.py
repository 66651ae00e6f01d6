"""What a customer is told of the clocks of a case: the times promised, and no more."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from sqlalchemy import event

from careplug import Actor, Care, Refused
from careplug.sla.service import Promise
from tests.unit.feedback.desk import LI, WANG, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


def told(desk: Desk, ident: str) -> dict[str, Promise]:
    """What the customer is told, by metric."""
    with desk.care.read(actor=LI) as unit:
        return {each.metric: each for each in unit.sla.promises(unit.feedback.get(ident))[ident]}


def test_a_customer_is_told_what_the_clocks_say(desk: Desk):
    case = desk.submit()
    found = told(desk, case.id)
    with desk.care.read(actor=WANG) as unit:
        clocks = {clock.metric: clock for clock in unit.sla.clocks([case.id])}
    assert list(found) == ["response", "resolution"]
    assert [each.due_at for each in found.values()] == [clocks["response"].due_at, clocks["resolution"].due_at]
    assert {each.state for each in found.values()} == {"running"}
    names = [field.name for field in attrs.fields(Promise)]
    assert names == ["metric", "state", "due_at", "stopped_at", "provisional"]


def test_what_was_kept_and_what_stands(desk: Desk):
    case = desk.submit()
    desk.clock.move(timedelta(minutes=10))
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.reply(case.id, "您好")
        unit.feedback.pause(case.id, "waiting_customer")
    found = told(desk, case.id)
    assert (found["response"].state, found["response"].stopped_at) == ("met", desk.clock())
    assert (found["resolution"].state, found["resolution"].due_at) == ("standing", None)


def test_a_reopening_goes_on_with_what_was_promised(desk: Desk):
    case = desk.submit()
    with desk.care.unit(actor=WANG) as unit:
        unit.feedback.reply(case.id, "您好")
        unit.feedback.step(case.id, "confirm")
        unit.feedback.step(case.id, "resolve", measure="重启", result="恢复")
    with desk.care.unit(actor=LI) as unit:
        unit.feedback.step(case.id, "reopen", reason="又坏了")
    found = told(desk, case.id)
    assert {each.state for each in found.values()} == {"running"}  # answered anew, the time to solve goes on


def test_several_cases_take_one_query(tmp_path):
    care = Care(f"sqlite:///{tmp_path / 'promises.db'}")
    care.upgrade()
    with care.unit(actor=LI) as unit:
        for _ in range(3):
            unit.feedback.submit("fault", "打不开")
    statements: list[str] = []
    with care.read(actor=LI) as unit:
        cases = unit.feedback.find()
        event.listen(care.storage.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        found = unit.sla.promises(*cases)
        assert unit.sla.promises() == {}
    assert {len(each) for each in found.values()} == {2}
    assert len(statements) == 1
    care.close()


def test_who_may_not_read_a_case_is_told_nothing(desk: Desk):
    case = desk.submit()
    nobody = Actor(LI.ref, frozenset(), side="customer")
    with desk.care.read(actor=nobody) as unit, pytest.raises(Refused):
        unit.sla.promises(case)
