"""A database file written by the code of an earlier commit: upgraded, verified, exported, it says what it said then."""

from __future__ import annotations

import base64
import datetime as dt
import json
import lzma
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from careplug.audit import rebuild, verify
from careplug.clock import ManualClock
from careplug.demo.stage import START
from careplug.errors import SchemaMissing
from careplug.refs import Ref
from careplug.transfer import drill, export, restore
from tests.integration.carry.story import BOSS, NOON, TENANTS, open_care

HERE = Path(__file__).with_name("carry")
NAME = "11faaa7"
LEASES = {"leased_until", "fence"}


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "old.db"
    path.write_bytes(lzma.decompress((HERE / f"{NAME}.db.xz").read_bytes()))
    return path


@pytest.fixture(scope="module")
def said():
    """What the code of that commit read: entity and fields of every row."""
    text = lzma.decompress((HERE / f"{NAME}.jsonl.xz").read_bytes()).decode()
    return [json.loads(line) for line in text.split("\n") if line]


def exported(folder):
    """Every row of an export by entity, tenant and id."""
    found = {}
    for path in sorted((folder / "rows").iterdir()):
        name = path.name.partition(".")[0]
        for line in path.read_bytes().splitlines():
            row = json.loads(line)
            found[name, row["tenant"], row["id"]] = row
    return found


def told(value):
    """A field's value of the old code, which says its type in Python's words, as an export writes it."""
    if isinstance(value, str) and value.startswith(("datetime.", "Decimal(", "b'", 'b"')):
        return written(eval(value, {"datetime": dt, "Decimal": Decimal}))
    return value


def written(value):
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
        case date():
            return value.isoformat()
        case timedelta():
            return value // timedelta(microseconds=1)
        case Decimal():
            return f"{value:.4f}"
        case bytes():
            return base64.b64encode(value).decode()
    return value


def same(name, fields, row):
    """Whether an exported row says what the old code read; the fields that are not the same."""
    wrong = []
    for field, value in fields.items():
        if field in LEASES:
            continue
        parts = {key: each for key, each in row.items() if key.startswith(f"{field}_") and key not in fields}
        if isinstance(value, dict) and field not in row:  # a reference, an amount, words in two languages
            expected = {f"{field}_{key}": told(each) for key, each in value.items()}
            if expected != parts:
                wrong.append((name, field, expected, parts))
        elif value is None and field not in row:
            wrong += [(name, field, None, parts)] if set(parts.values()) != {None} else []
        elif (flat(value) if isinstance(value, dict | list) else told(value)) != row[field]:
            wrong.append((name, field, value, row[field]))
    return wrong


def flat(value):
    """A document with the words of the old dump for its instants, amounts and references."""
    if isinstance(value, dict):
        if set(value) == {"kind", "id"}:
            return str(Ref(value["kind"], value["id"]))
        return {key: flat(each) for key, each in value.items()}
    if isinstance(value, list):
        return [flat(each) for each in value]
    found = told(value)
    # a document holds an amount as it was written, a column with four places
    return str(Decimal(value[9:-2])) if isinstance(value, str) and value.startswith("Decimal(") else found


def test_the_old_file_asks_for_an_upgrade_or_fits(old_file):
    with open_care(f"sqlite:///{old_file}", ManualClock(START)) as care:
        try:
            care.storage.check()
        except SchemaMissing:
            assert care.storage.plan()
        care.upgrade()
        care.storage.check()
        assert all(step.destructive for step in care.storage.plan())  # an index that nobody uses any more stays


def test_the_old_file_upgraded_verifies_and_goes_on(old_file):
    with open_care(f"sqlite:///{old_file}", ManualClock(NOON + timedelta(days=30))) as care:
        care.upgrade()
        report = verify(care)
        assert report.whole, report.text()
        assert (report.subjects, report.facts) == (46, 568)
        for tenant in TENANTS:
            folded = rebuild(care, tenant=tenant, write=False)
            assert folded.whole, folded.text()
        with care.unit(actor=BOSS) as unit:
            number = unit.feedback.submit("fault", "and on").number
        assert int(number.rpartition("-")[2]) == 47
        assert verify(care).whole


def test_the_old_file_upgraded_exports_what_its_own_code_read(old_file, said, tmp_path):
    with open_care(f"sqlite:///{old_file}", ManualClock(START)) as care:
        care.storage.upgrade()
        report = export(care, tmp_path / "export")
    rows = exported(tmp_path / "export")
    assert Counter(name for name, _ in said) == Counter(name for name, _, _ in rows)
    assert report.rows == len(said)
    wrong = [each for name, fields in said for each in same(name, fields, rows[name, fields["tenant"], fields["id"]])]
    assert wrong == []


def test_the_comparison_sees_a_difference(said, old_file, tmp_path):
    with open_care(f"sqlite:///{old_file}", ManualClock(START)) as care:
        care.storage.upgrade()
        export(care, tmp_path / "export")
    rows = exported(tmp_path / "export")
    seen = set()
    for name, fields in said:
        row = rows[name, fields["tenant"], fields["id"]]
        for column, value in row.items():
            old = any(column == field or column.startswith(f"{field}_") for field in fields)
            if old and (name, column) not in seen and column not in LEASES and value:
                seen.add((name, column))
                assert same(name, fields, {**row, column: "something else"}), (name, column)
    assert len(seen) > 100


def test_the_old_file_is_carried_into_a_new_database_and_its_missing_files_are_named(old_file, tmp_path):
    with open_care(f"sqlite:///{old_file}", ManualClock(START)) as care:
        care.upgrade()
        report = export(care, tmp_path / "export")
        assert report.files_missing == len(TENANTS)
        with open_care(f"sqlite:///{tmp_path}/new.db", ManualClock(START)) as new:
            came = restore(new, tmp_path / "export")
            assert came.verified.whole
            assert came.counts == {}
            assert came.files_missing == len(TENANTS)
            assert export(new, tmp_path / "again").digest == report.digest


def test_a_drill_of_the_old_file_upgrades_its_copy_alone(old_file):
    before = old_file.read_bytes()
    report = drill(old_file, lambda url, **more: open_care(url, ManualClock(START), **more))
    assert report.verified.whole
    assert report.rows > 1_500
    assert report.files_missing == len(TENANTS)
    assert old_file.read_bytes() == before
