"""Verify, checkpoint and rebuild over more cases than a batch, with plugins that left, and facts that cannot be folded."""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta

import attrs

from careplug import Care, Ref
from careplug.audit import _stream, checkpoint, rebuild, verify
from careplug.audit.checkpoint import heads_of
from careplug.clock import ManualClock
from careplug.contributions import EntitySpec, FactType
from careplug.criteria import Is
from careplug.plugin import hookimpl
from careplug.timeline.facts import FactRow
from careplug.timeline.story import Timeline
from tests.integration.lives import BOSS, LI, START

KEY = b"0123456789abcdef"


@attrs.frozen(kw_only=True)
class Asset:
    """A plugin's entity with a timeline of its own."""

    id: str
    tenant: str = ""
    name: str = ""
    sequence: int = 0
    head: str = ""
    last_at: datetime | None = None


class Plugin:
    """Brings an entity that owns a timeline."""

    @staticmethod
    @hookimpl
    def careplug_entities():
        return (EntitySpec(name="asset", cls=Asset), FactType("installed", "asset"), FactType("moved", "feedback"))


def desk(storage=None, **options):
    return Care(storage, clock=ManualClock(START), environ={"CAREPLUG_PLUGINS": ""}, **options)


def submit(care, count, tenant=""):
    made = []
    for number in range(count):
        with care.unit(actor=LI, tenant=tenant) as unit:
            made.append(unit.feedback.submit("fault", f"坏了 {number}", site=Ref("site", "s")).id)
    return made


def test_more_cases_than_a_batch_in_two_tenants(tmp_path, monkeypatch):
    monkeypatch.setattr(_stream, "BATCH", 7)
    monkeypatch.setattr(_stream, "PAGE", 5)
    care = desk()
    idents = submit(care, 20) + submit(care, 15, tenant="b")
    told = []
    report = checkpoint(care, tmp_path / "heads", key=KEY, progress=lambda done, of: told.append((done, of)))
    assert report.heads == 35
    assert told[-1] == (35, 35)
    assert [head.subject_id for head in heads_of(tmp_path / "heads")] == sorted(idents[:20]) + sorted(idents[20:])
    told.clear()
    found = verify(care, checkpoint=tmp_path / "heads", key=KEY, progress=lambda done, of: told.append((done, of)))
    assert found.whole
    assert found.subjects == 35
    assert told[-1] == (35, 35)
    with care.transaction(tenant=None) as store:
        store.remove(FactRow, Is("sequence", "eq", 2))
    assert sum(verify(care).counts.values()) == 35
    assert verify(care, tenant="b").subjects == 15
    assert rebuild(care, tenant="b").cases == 15


def test_a_report_names_a_thousand_and_counts_all(monkeypatch):
    monkeypatch.setattr(importlib.import_module("careplug.audit.verify"), "KEPT", 3)
    care = desk()
    submit(care, 5)
    with care.transaction(tenant="") as store:
        store.remove(FactRow, Is("sequence", "eq", 2))
    report = verify(care)
    assert len(report.damages) == 3
    assert dict(report.counts) == {"head": 5}
    assert "2" in report.text("en").splitlines()[4]
    for language in ("en", "zh", "qps"):
        assert len(report.text(language).splitlines()) == 7


def test_the_timeline_of_a_plugin_that_left_still_verifies(tmp_path):
    care = desk(plugins=[Plugin()])
    with care.unit(actor=BOSS) as unit:
        timeline = unit.get(Timeline)
        timeline.new("asset", Asset(id="a1", name="press"))
        timeline.append("asset", "a1", "installed", {"where": "hall 3"})
    assert verify(care).subjects == 1
    assert checkpoint(care, tmp_path / "heads", key=KEY).heads == 1
    alone = desk(care.storage)
    alone.storage = care.storage
    alone.setup = attrs.evolve(
        care.setup, entities={name: spec for name, spec in care.setup.entities.items() if name != "asset"}
    )
    report = verify(alone, checkpoint=tmp_path / "heads", key=KEY)
    assert report.whole, report.text()
    assert (report.subjects, report.facts) == (1, 1)
    assert checkpoint(alone, tmp_path / "again", key=KEY).heads == 1
    with care.transaction(tenant="") as store:
        store.remove(FactRow, None)
    assert dict(verify(alone, checkpoint=tmp_path / "heads", key=KEY).counts) == {"removed": 1}


def test_a_case_that_cannot_be_folded_is_named_and_left_alone():
    care = desk()
    first, second = submit(care, 2)
    with care.transaction(tenant="") as store:
        row = next(row for row in store.find(FactRow) if row.subject_id == first and row.sequence == 2)
        store.save(attrs.evolve(row, data='{"cause":"submitted"}'), was=row)
    report = rebuild(care)
    assert report.failed == ((first, "KeyError"),)
    assert not report.whole
    assert report.cases == 2
    assert first in report.text("en")
    assert second not in report.text("en")


def test_a_verdict_that_would_be_another_today_is_told_and_stands():
    care = desk()
    (ident,) = submit(care, 1)
    care.clock.move(timedelta(hours=2))
    with care.unit(actor=BOSS) as unit:
        unit.feedback.step(ident, "confirm")
        unit.feedback.step(ident, "resolve", measure="重启", result="恢复")
        unit.feedback.call(ident, "out", at=care.clock() - timedelta(minutes=110), because="补录")
    report = rebuild(care)
    assert report.whole
    said = {(item.metric, item.said, item.found) for item in report.reversals}
    assert said == {("response", "missed", "met")}
    for language in ("en", "zh"):
        assert ident in report.text(language)
    with care.read(actor=BOSS) as unit:
        assert {clock.state for clock in unit.sla.clocks([ident]) if clock.metric == "response"} == {"missed"}


def test_reading_writes_nothing():
    care = desk()
    submit(care, 1)
    with care.transaction(tenant=None, writes=False) as store:
        before = store.find(FactRow)
    verify(care)
    rebuild(care)
    with care.transaction(tenant=None, writes=False) as store:
        assert store.find(FactRow) == before
