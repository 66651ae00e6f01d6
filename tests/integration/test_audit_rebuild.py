"""After every projection column was overwritten and every clock deleted by SQL, rebuild restores all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
import sqlalchemy as sa

from careplug import Actor, Care, Ref, Worker
from careplug.audit import rebuild, verify
from careplug.clock import ManualClock
from careplug.feedback.entities import Feedback
from careplug.sla.entities import Clock, FiredLevel

CUSTOMER, BOSS = Actor.customer("li"), Actor.engineer("zhao", "manager")


@pytest.fixture
def care(database_url):
    care = Care(database_url, clock=ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    care.upgrade()
    yield care
    care.close()


def lives(care, tenant=""):
    """Three cases: one resolved late and reopened, one that waits, one closed by the worker."""
    clock, idents = care.clock, []
    for number in range(3):
        with care.unit(actor=CUSTOMER, tenant=tenant) as unit:
            idents.append(
                unit.feedback.submit("fault", f"坏了 {number}", site=Ref("site", "s"), impact=number % 3 + 1).id
            )
    first, second, third = idents
    clock.move(timedelta(hours=30))
    Worker(care).run_due()
    with care.unit(actor=BOSS, tenant=tenant) as unit:
        for ident in idents:
            unit.feedback.step(ident, "confirm")
        unit.feedback.pause(second, "waiting_customer")
        unit.feedback.pause(second, "force_majeure")
        for ident in (first, third):
            unit.feedback.step(ident, "handle")
            unit.feedback.step(ident, "resolve", measure="重启", result="恢复")
    with care.unit(actor=CUSTOMER, tenant=tenant) as unit:
        unit.feedback.step(first, "reopen", reason="又坏了")
    clock.move(timedelta(days=9))
    Worker(care).run_due()
    return idents


def everything(care):
    """What is stored of cases, clocks and fired levels; who holds a clock is not part of it."""
    with care.transaction(tenant=None, writes=False) as store:
        cases = {row.id: row for row in store.find(Feedback)}
        clocks = {row.id: attrs.evolve(row, fence=0, leased_until=None) for row in store.find(Clock)}
        levels = {(row.clock_id, row.level): row.due_at for row in store.find(FiredLevel)}
    return cases, clocks, levels


def overwrite(care):
    """Overwrite every column of every case but its id, with something of the column's type; delete all clocks."""
    meta = sa.MetaData()
    with care.storage.engine.begin() as connection:
        table = sa.Table("careplug_feedback", meta, autoload_with=connection)
        idents = connection.execute(sa.select(table.c.id)).scalars().all()
        for number, ident in enumerate(idents):
            values = {c.name: garbage(c, number) for c in table.columns if c.name != "id"}
            connection.execute(sa.update(table).where(table.c.id == ident).values(values))
        for name in ("careplug_clock", "careplug_fired_level"):
            connection.execute(sa.delete(sa.Table(name, meta, autoload_with=connection)))


def garbage(column, number):
    kind = column.type
    if isinstance(kind, sa.DateTime):
        return datetime(1999, 1, 1, tzinfo=UTC) if getattr(kind, "timezone", False) else datetime(1999, 1, 1)
    if isinstance(kind, sa.Integer | sa.Boolean):
        return 0 if isinstance(kind, sa.SmallInteger) or getattr(kind, "display_width", 0) == 1 else 7
    return f"x{number}"


def test_everything_comes_back_from_the_facts(care):
    lives(care)
    lives(care, tenant="other")
    before = everything(care)
    assert before[2], "levels fired"
    assert rebuild(care).whole
    overwrite(care)
    dry = rebuild(care, write=False)
    assert (dry.whole, dry.damaged, dry.written) == (False, 6, False)
    report = rebuild(care)
    assert (report.cases, report.damaged, report.failed) == (6, 6, ())
    assert everything(care) == before
    assert rebuild(care).whole
    assert verify(care).whole
    care.clock.move(timedelta(days=1))
    assert Worker(care).run_due().levels == 0, "no level fires twice"


def test_single_damages_are_named_and_put_right(care):
    idents = lives(care)
    before = everything(care)
    meta = sa.MetaData()
    with care.storage.engine.begin() as connection:
        case, clock = (sa.Table(f"careplug_{n}", meta, autoload_with=connection) for n in ("feedback", "clock"))
        connection.execute(sa.update(case).where(case.c.id == idents[0]).values(priority=4, state="closed"))
        connection.execute(sa.delete(case).where(case.c.id == idents[1]))
        row = connection.execute(sa.select(clock).where(clock.c.feedback_id == idents[2])).mappings().first()
        connection.execute(sa.insert(clock).values({**row, "id": "f" * 36, "metric": "made_up"}))
        connection.execute(sa.update(clock).where(clock.c.id == row["id"]).values(state="met", policy="none"))
    report = rebuild(care, tenant="")
    seen = {(item.subject_id, item.what, item.how, item.fields) for item in report.differences}
    assert (idents[0], "feedback", "different", ("state", "priority")) in seen
    assert (idents[1], "feedback", "missing", ()) in seen
    assert (idents[2], "clock", "extra", ()) in seen
    assert any(found[:3] == (idents[2], "clock", "different") for found in seen)
    assert report.rows == len(seen) == 4
    assert everything(care) == before
    for language in ("en", "zh"):
        assert all(item.subject_id in report.text(language) for item in report.differences)


def test_only_the_cases_asked_for_are_rebuilt(care):
    first, *_ = lives(care)
    before = everything(care)
    overwrite(care)
    assert rebuild(care, idents=[first]).cases == 1
    with care.transaction(tenant=None, writes=False) as store:
        assert store.get(Feedback, first) == before[0][first]
    left = rebuild(care, write=False)
    assert {item.subject_id for item in left.differences} == set(before[0]) - {first}
    assert left.damaged == 2
