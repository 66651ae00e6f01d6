"""The four real logs: what is stored, what is compared, what is rejected and what is kept with a warning."""

from __future__ import annotations

import lzma
from decimal import Decimal

import pytest

from careplug import Care
from careplug.imports import PACKAGED, fields_of, read_map, run_import
from careplug.refs import SYSTEM
from tests.unit.imports import logs

EXCAVATORS = """
name = "excavators"
apply = []
[log]
zone = "America/Denver"
times = ["%Y-%m-%d"]
[columns]
case = "row"
received = "BscStartDate"
subject = "OriginalShorttext"
kind = "PMType"
[kinds]
PM01 = "fault"
PM02 = "change"
PM04 = "inquiry"
PM05 = "inquiry"
PM06 = "installation"
PM13 = "inquiry"
[refs.system]
kind = "excavator"
columns = "Asset"
[custom.cost]
column = "Cost"
type = "decimal"
minimum = 0
"""


def unpacked(path):
    with lzma.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        return file.read()


@pytest.mark.slow
def test_boston_whole(data_folder, tmp_path):
    """All 20,000 rows: the figures of the city, due times from rules and calendar alone."""
    found = read_map("boston311", folders=(data_folder,))
    with Care(f"sqlite:///{tmp_path}/boston.db", plugins=[fields_of(found)]) as care:
        report = run_import(care, data_folder / "boston311_2015_20k.csv.xz", found)
        assert (report.rows, report.counts["cases"], report.rows_rejected, report.rows_warned) == (
            20_000,
            20_000,
            0,
            22,
        )
        assert report.checks == {
            "due_given": 15_559,
            "due_same": 14_890,
            "due_different": 669,
            "verdict_same": 12_434,
            "verdict_other": 605,
        }
        assert report.warnings == {"before_received": 22}
        with care.read(actor=SYSTEM) as unit:
            flagged = [case for case in unit.feedback.find(limit=20_000) if case.flags]
            assert len(flagged) == 22
            assert {case.flags for case in flagged} == {("before_received",)}
            assert {case.category for case in flagged} == {"done"}
            assert not any(clock.open for clock in unit.sla.clocks([case.id for case in flagged]))


@pytest.mark.slow
def test_servicenow_whole(data_folder, tmp_path):
    """All 22,713 updates, on memory; the proof does it on SQLite, twice, and without priorities."""
    care, report = logs.imported(read_map("servicenow"), data_folder / "servicenow_4000_incidents.csv.xz")
    assert (report.rows, report.counts["cases"], report.rows_rejected) == (22_713, 4_000, 0)
    kept = ("state_changes", "priority_changes", "reopens", "silent")
    assert [report.counts[key] for key in kept] == [10_221, 72, 47, 4_668]
    assert report.checks == {"priority_same": 22_713}
    assert report.facts["prioritised"] == 73  # one from (3, 2) to (2, 3): both are priority 4
    with care.read(actor=SYSTEM) as unit:
        assert unit.feedback.count() == 4_000
        reopened = [case.reopened for case in unit.feedback.find(limit=4_000)]
    assert sum(reopened) == 47


def test_chinese_complaints(data_folder):
    care, report = logs.imported(read_map("zh_complaints"), data_folder / "zh_car_complaints.csv.xz")
    assert (report.rows, report.counts["cases"], report.rows_rejected, report.rows_warned) == (1_500, 1_500, 0, 0)
    with care.read(actor=SYSTEM) as unit:
        cases = unit.feedback.find(limit=1_500)
        assert unit.sla.clocks([case.id for case in cases]) == []
    states = {
        state: sum(case.state == state for case in cases) for state in ("received", "confirmed", "resolved", "closed")
    }
    assert states == {"received": 616, "confirmed": 59, "resolved": 667, "closed": 158}
    assert report.violations["time.assumed"] == 59 + 667 + 158
    case = next(case for case in cases if case.subject == "一汽马自达阿特兹B柱异响 车内异响严重")
    assert str(case.organisation) == "brand:一汽马自达"
    assert str(case.product) == "car:一汽马自达 阿特兹"
    assert case.custom["fault_codes"] == "H93,H15,"
    assert case.received_at.isoformat() == "2020-06-07T16:00:00+00:00"


def test_a_shifted_row_is_rejected_and_negative_costs_are_kept_with_a_warning(data_folder, tmp_path):
    head, *rows = unpacked(data_folder / "excavator_mwo.csv.xz").splitlines()
    log = tmp_path / "mwo.csv"
    log.write_text("\n".join([f"row,{head}", *(f"{number},{row}" for number, row in enumerate(rows, 2))]), "utf-8")
    care, report = logs.imported(logs.map_of(EXCAVATORS), log)
    assert (report.rows, report.counts["cases"]) == (5_485, 5_484)
    assert [(item.row, item.code, item.column, item.value) for item in report.rejected] == [
        (3454, "kind", "PMType", "t swing")
    ]
    assert [item.row for item in report.warned] == [951, 1083, 1084, 3947, 4262, 4976]
    assert {item.code for item in report.warned} == {"range"}
    assert report.warned[0].value == "Cost = -339.81"
    with care.read(actor=SYSTEM) as unit:
        flagged = [case for case in unit.feedback.find(limit=6_000) if case.flags == ("range",)]
        assert min(case.custom["cost"] for case in flagged) == Decimal("-339.81")
        assert len(flagged) == 6
    assert "t swing" in report.text("zh")
    assert "import." not in report.text("zh") + report.text("en")


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_maps_can_be_read(name, data_folder):
    assert read_map(name, folders=(data_folder,)).name == name
