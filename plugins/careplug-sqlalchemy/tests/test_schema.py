from __future__ import annotations

from typing import Any

import attrs
import pytest
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text
from sqlalchemy_kit import SPECS, TASK, TICKET, Ticket, opened

from careplug.entity import EntitySpec, FieldSpec, column
from careplug.errors import Conflict, Invalid, SchemaMissing, SchemaNewer
from careplug.refs import new_id
from careplug_sqlalchemy import rewrite
from careplug_sqlalchemy.api import SqlAlchemyStorage, tables


@attrs.frozen(kw_only=True)
class Old:
    """Version 1: a device as it was."""

    id: str
    tenant: str = column(length=40, default="")
    label: str = column(length=20)
    place: str = column(length=20, default="")


@attrs.frozen(kw_only=True)
class New:
    """Version 2: the serial number out of the label, unique; longer labels; a place may be unknown."""

    id: str
    tenant: str = column(length=40, default="")
    label: str = column(length=50)
    serial: str = column(length=20)
    level: int = 3
    tags: tuple[str, ...] = ()
    place: str | None = column(length=20, default=None)


def serial(row):
    return {**row, "serial": row["label"].partition("-")[2], "level": 4}


OLD = EntitySpec(name="device", cls=Old, indexes=(("label",),), plugin="devices")
NEW = EntitySpec(
    name="device",
    cls=New,
    version=2,
    indexes=(("label",),),
    unique=(("serial",),),
    upcasters={1: serial},
    plugin="devices",
)


def filled(url, rows=25):
    storage = opened(url, (OLD, *SPECS))
    unit = storage.begin(tenant="t", writes=True)
    for number in range(rows):
        unit.add(Old(id=new_id(), label=f"pump-{number}", place="hall"))
    unit.commit()
    unit.close()
    storage.close()


def stored(storage, cls, tenant="t"):
    unit = storage.begin(tenant=tenant, writes=False)
    found = unit.find(cls)
    unit.close()
    return found


def test_upgrade_backfills_through_the_upcaster_before_the_unique_key_is_made(database_url):
    filled(database_url)
    storage = SqlAlchemyStorage(database_url)
    storage.bind((NEW, *SPECS))
    with pytest.raises(SchemaMissing) as missing:
        storage.begin(tenant="t", writes=True)
    assert "careplug db upgrade" in str(missing.value)
    names = [step.name for step in storage.plan()]
    assert {"add:careplug_device.serial", "rewrite:careplug_device", "index:careplug_device_serial_ux"} <= set(names)
    assert names.index("rewrite:careplug_device") < names.index("index:careplug_device_serial_ux")
    assert all(step.sql for step in storage.plan())
    assert not any(step.destructive for step in storage.plan())
    storage.upgrade()
    assert storage.plan() == []
    found = stored(storage, New)
    assert [(one.serial, one.level, one.tags, one.place) for one in found] == [
        (str(number), 4, (), "hall") for number in range(25)
    ]
    unit = storage.begin(tenant="t", writes=True)
    unit.add(New(id=new_id(), label="a label of more than twenty characters", serial="x"))
    unit.flush()
    unit.add(New(id=new_id(), label="", serial="3"))
    with pytest.raises(Conflict) as twice:
        unit.flush()
    assert twice.value.field == "device.serial"
    unit.close()
    storage.close()


def test_old_rows_that_are_not_unique_are_a_conflict_that_names_the_key(database_url):
    filled(database_url, rows=3)
    storage = SqlAlchemyStorage(database_url)
    storage.bind((attrs.evolve(NEW, upcasters={1: lambda row: {**row, "serial": "same"}}), *SPECS))
    with pytest.raises(Conflict) as twice:
        storage.upgrade()
    assert twice.value.code == "storage.backfill_unique"
    with pytest.raises(SchemaMissing):
        storage.check()
    storage.close()


def test_a_stopped_rewrite_goes_on_where_it_was(database_url, monkeypatch):
    monkeypatch.setattr(rewrite, "BATCH", 4)
    filled(database_url)
    seen = []

    def stopping(row):
        seen.append(row["id"])
        if len(seen) == 11:
            raise RuntimeError("power cut")
        return serial(row)

    storage = SqlAlchemyStorage(database_url)
    storage.bind((attrs.evolve(NEW, upcasters={1: stopping}), *SPECS))
    with pytest.raises(Invalid) as failed:
        storage.upgrade()
    assert failed.value.code == "storage.upcast"
    assert failed.value.params["id"] == seen[-1]
    with pytest.raises(SchemaMissing):
        storage.check()
    done = len(seen)
    storage.upgrade()
    # the first two batches of four are not done again, the third was undone as a whole
    assert len(seen) - done == 25 - 8
    assert {one.level for one in stored(storage, New)} == {4}
    storage.close()


def test_a_process_that_meets_a_newer_schema_stops(database_url):
    filled(database_url, rows=1)
    newer = opened(database_url, (NEW, *SPECS))
    newer.close()
    storage = SqlAlchemyStorage(database_url)
    storage.bind((OLD, *SPECS))
    for call in (storage.check, storage.plan, storage.upgrade, lambda: storage.begin(tenant="t", writes=False)):
        with pytest.raises(SchemaNewer) as refused:
            call()
        assert refused.value.params["plugin"] == "devices"
    storage.close()


def test_a_plugin_that_left_blocks_nobody_and_comes_back(database_url):
    filled(database_url, rows=2)
    without = SqlAlchemyStorage(database_url)
    without.bind(SPECS)
    without.check()
    assert without.plan() == []
    grown = attrs.evolve(TICKET, indexes=(*TICKET.indexes, ("title",)))
    without.bind((grown, TASK))
    assert [step.name for step in without.upgrade()] == ["index:careplug_ticket_title_ix"]
    without.close()
    again = SqlAlchemyStorage(database_url)
    again.bind((OLD, grown, TASK))
    again.check()
    assert len(stored(again, Old)) == 2
    again.close()


def test_what_takes_something_away_waits_until_it_is_named(database_url):
    filled(database_url, rows=2)
    opened(database_url, (NEW, *SPECS)).close()

    @attrs.frozen(kw_only=True)
    class Less:
        """Without place and label."""

        id: str
        tenant: str = column(length=40, default="")
        serial: str = column(length=20)

    spec = EntitySpec(name="device", cls=Less, version=3, plugin="devices")
    storage = SqlAlchemyStorage(database_url)
    storage.bind((spec, *SPECS))
    storage.upgrade()
    storage.check()
    # what the entity no longer knows has a default, so rows can still be added
    unit = storage.begin(tenant="t", writes=True)
    unit.add(Less(id=new_id(), serial="new"))
    unit.commit()
    unit.close()
    names = {step.name for step in storage.plan() if step.destructive}
    assert "drop-column:careplug_device.place" in names
    assert "drop-index:careplug_device_label_ix" in names
    storage.upgrade(allow=["drop-column:careplug_device.place"])
    assert "place" not in {found["name"] for found in inspect(storage.engine).get_columns("careplug_device")}
    assert "label" in {found["name"] for found in inspect(storage.engine).get_columns("careplug_device")}
    with pytest.raises(Invalid) as unknown:
        storage.upgrade(allow=["drop-column:careplug_device.plaice"])
    assert unknown.value.code == "storage.unknown_step"
    assert len(stored(storage, Less)) == 3
    storage.close()


def test_an_entity_that_its_plugin_gave_up_is_dropped_only_by_name(database_url):
    filled(database_url, rows=1)
    other = EntitySpec(name="gauge", cls=Old, plugin="devices")
    storage = opened(database_url, (other, *SPECS))
    assert [(step.name, step.destructive) for step in storage.plan()] == [("drop-table:careplug_device", True)]
    storage.upgrade(allow=["drop-table:careplug_device"])
    assert not inspect(storage.engine).has_table("careplug_device")
    assert storage.plan() == []
    storage.close()


def test_a_column_never_changes_its_kind(database_url):
    filled(database_url, rows=1)

    @attrs.frozen(kw_only=True)
    class Other:
        """The label a number."""

        id: str
        label: int = 0

    storage = SqlAlchemyStorage(database_url)
    storage.bind((EntitySpec(name="device", cls=Other, version=2, plugin="devices"), *SPECS))
    with pytest.raises(Invalid) as refused:
        storage.upgrade()
    assert refused.value.field == "device.label"
    storage.close()


def test_a_custom_field_gets_a_column_and_hiding_it_deletes_nothing(database_url):
    @attrs.frozen(kw_only=True)
    class Case:
        """An entity with custom fields."""

        id: str
        custom: dict[str, Any] = attrs.field(factory=dict)

    plain = EntitySpec(name="case", cls=Case)
    declared = attrs.evolve(plain, extra=(FieldSpec(entity="case", name="plant", indexed=True),))
    opened(database_url, (plain,)).close()
    storage = opened(database_url, (declared,))
    unit = storage.begin(tenant="", writes=True)
    unit.add(Case(id=new_id(), custom={"plant": "Wuhan"}))
    unit.commit()
    unit.close()
    storage.bind((plain,))
    storage.check()
    assert storage.upgrade() == []
    assert stored(storage, Case, "")[0].custom == {"plant": "Wuhan"}
    storage.close()


def test_a_server_database_is_never_changed_without_the_command(new_database, tmp_path):
    for name in ("postgresql", "mariadb"):
        storage = SqlAlchemyStorage(new_database(name))
        storage.bind(SPECS)
        with pytest.raises(SchemaMissing):
            storage.begin(tenant="", writes=True)
        storage.plan()
        assert inspect(storage.engine).get_table_names() == []
        storage.close()


def test_an_embedded_file_is_made_at_first_use_but_not_into_a_database_of_others(tmp_path):
    url = f"sqlite:///{tmp_path / 'own.db'}"
    storage = SqlAlchemyStorage(url)
    storage.bind(SPECS)
    storage.begin(tenant="", writes=True).close()
    assert storage.plan() == []
    with storage.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    storage.close()
    other = SqlAlchemyStorage(f"sqlite:///{tmp_path / 'host.db'}")
    with other.engine.begin() as connection:
        connection.execute(text("CREATE TABLE host (id INTEGER)"))
    other.bind(SPECS)
    with pytest.raises(SchemaMissing):
        other.check()
    assert inspect(other.engine).get_table_names() == ["host"]
    other.close()


def test_another_schema_of_postgresql(new_database):
    url = new_database("postgresql")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA service"))
    engine.dispose()
    storage = opened(url, schema="service")
    unit = storage.begin(tenant="", writes=True)
    unit.add(Ticket(id=new_id()))
    assert unit.next_number() == 1
    unit.commit()
    unit.close()
    assert storage.plan() == []
    with storage.engine.connect() as connection:
        found = Table("careplug_ticket", MetaData(), schema="service", autoload_with=connection)
        assert connection.execute(select(func.count()).select_from(found)).scalar() == 1
    storage.close()


@attrs.frozen(kw_only=True)
class Long:
    """Too long for MariaDB's keys."""

    id: str
    name: str = column(length=800, default="")
    body: str = column(long=True, default="")


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (EntitySpec(name="wide", cls=Long, indexes=(("name",),)), "storage.index_length"),
        (EntitySpec(name="wide", cls=Long, indexes=(("body",),)), "storage.index_kind"),
        (EntitySpec(name="Wide!", cls=Long), "storage.name"),
    ],
)
def test_an_entity_that_one_database_could_not_keep_is_refused_on_all(spec, code):
    with pytest.raises(Invalid) as refused:
        tables([spec])
    assert refused.value.code == code
    assert spec.name in refused.value.field


def test_unique_keys_and_indexes_begin_with_the_tenant():
    for table in tables(SPECS).values():
        for index in table.indexes:
            names = [one.name for one in index.columns]
            assert names[0] == "tenant" or index.name == f"{table.name}_claim_ix"
