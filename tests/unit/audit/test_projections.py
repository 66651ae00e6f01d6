"""Entities of a plugin that facts say in full are rebuilt like those of the house; what cannot be folded is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
import pytest

from careplug import Care
from careplug.audit import rebuild
from careplug.clock import ManualClock
from careplug.contributions import EntitySpec, FactType
from careplug.criteria import Is
from careplug.entity import Projection, column
from careplug.errors import PluginFailed
from careplug.plugin import hookimpl
from careplug.refs import new_id
from careplug.timeline.facts import FactRow
from careplug.timeline.story import Timeline
from tests.integration.lives import BOSS, START


@attrs.frozen(kw_only=True)
class Pump:
    """An entity of a plugin with a timeline of its own, which workers claim."""

    id: str
    tenant: str = ""
    name: str
    built_at: datetime
    parts: list[str] = attrs.field(factory=list)
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0
    version: int = 1
    sequence: int = 0
    head: str = column(length=64, default="")
    last_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Part:
    """A row that follows from a pump."""

    id: str
    tenant: str = ""
    pump_id: str = column(length=36)
    name: str


def _built(was, data, fact):
    return {"name": data["name"], "built_at": fact.at, "parts": list(data["parts"])}


def _parts(unit, pump, facts):
    return [Part(id=new_id(), tenant=pump.tenant, pump_id=pump.id, name=name) for name in pump.parts]


class Plugin:
    """Brings pumps and their parts."""

    part = Projection(of="pump", by="pump_id", rows=_parts, names=("name",))

    @hookimpl
    def careplug_entities(self):
        return (
            EntitySpec(name="pump", cls=Pump, claimable=True, projection=Projection(names=("name",))),
            EntitySpec(name="part", cls=Part, indexes=(("pump_id",),), projection=self.part),
            FactType("built", "pump", fold=_built),
            FactType("renamed", "pump", fold=lambda was, data, fact: {"name": data["name"]}, edits=True),
        )


@pytest.fixture
def care():
    care = Care(clock=ManualClock(START), environ={"CAREPLUG_PLUGINS": ""}, plugins=[Plugin()])
    yield care
    care.close()


def build(care, name, *parts, tenant=""):
    with care.unit(actor=BOSS, tenant=tenant) as unit:
        timeline, now = unit.get(Timeline), unit.now()
        pump = timeline.new("pump", Pump(id=new_id(), tenant=tenant, name=name, built_at=now))
        timeline.append("pump", pump.id, "built", {"name": name, "parts": parts})
        timeline.append("pump", pump.id, "renamed", {"name": f"{name}!"})
        for part in _parts(unit, timeline.current("pump", pump.id), ()):
            unit.store.add(part)
        return pump.id


def rows(care, cls):
    with care.transaction(tenant=None, writes=False) as store:
        return store.find(cls)


def damage(care, row, **changes):
    with care.transaction(tenant=None) as store:
        store.save(attrs.evolve(row, **changes), was=row)


def test_what_a_plugin_declares_is_compared_and_put_right(care):
    first = build(care, "P1", "seal", "shaft")
    build(care, "P2", "seal", tenant="b")
    before = rows(care, Pump)
    assert rebuild(care).whole
    damage(care, next(row for row in before if row.id == first), name="?", version=7, parts=[])
    damage(care, next(row for row in rows(care, Part) if row.tenant == "b"), name="rotor")
    report = rebuild(care, write=False)
    seen = {(item.what, item.key, item.how, item.fields) for item in report.differences}
    assert seen == {
        ("pump", "P1!", "different", ("name", "parts", "version")),
        ("part", "seal", "missing", ()),
        ("part", "rotor", "extra", ()),
    }
    assert (report.subjects, report.damaged, report.written) == (2, 2, False)
    assert rebuild(care, tenant="b").rows == 2
    assert rebuild(care).rows == 1
    assert [attrs.evolve(row, fence=0) for row in rows(care, Pump)] == before
    assert sorted(row.name for row in rows(care, Part)) == ["seal", "seal", "shaft"]
    assert rebuild(care).whole


def test_who_holds_a_row_is_no_damage_and_a_worker_that_held_a_damaged_one_is_late(care):
    build(care, "P1")
    (pump,) = rows(care, Pump)
    damage(care, pump, leased_until=START + timedelta(minutes=1), fence=4)
    assert rebuild(care).whole
    damage(care, rows(care, Pump)[0], name="?")
    assert rebuild(care).rows == 1
    assert [(row.name, row.fence, row.leased_until) for row in rows(care, Pump)] == [("P1!", 5, None)]


def test_what_cannot_be_folded_is_named_and_nothing_of_it_deleted(care):
    ident = build(care, "P1", "seal")
    before = rows(care, Pump), rows(care, Part)
    fact = next(row for row in rows(care, FactRow) if row.subject_id == ident and row.sequence == 1)
    damage(care, fact, data="{}")
    report = rebuild(care)
    assert report.failed == ((ident, "KeyError"),)
    assert (rows(care, Pump), rows(care, Part)) == before
    with care.transaction(tenant=None) as store:
        store.remove(FactRow, Is("subject_id", "eq", ident))
    assert rebuild(care).whole, "a row without facts is the business of verify"
    assert (rows(care, Pump), rows(care, Part)) == before
    with care.transaction(tenant=None) as store:
        store.remove(Pump, None)
    assert [item.how for item in rebuild(care).differences] == ["extra"]
    assert rows(care, Part) == []


def test_cases_alone_are_rebuilt_where_cases_are_named(care):
    build(care, "P1")
    damage(care, rows(care, Pump)[0], name="?")
    assert rebuild(care, idents=["none"]).whole
    assert not rebuild(care).whole


def test_a_projection_by_a_field_that_the_rows_do_not_have_is_refused():
    class Wrong(Plugin):
        part = Projection(of="pump", by="pump", rows=_parts)

    with pytest.raises(PluginFailed) as caught:
        Care(environ={"CAREPLUG_PLUGINS": ""}, plugins=[Wrong()], require=("Wrong",))
    assert "part" in str(caught.value)
