"""Copies of a SQLite file while others write, and drills that find what could not be restored."""

from __future__ import annotations

import resource
import signal
import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest

from careplug import Actor, Care, Ref
from careplug.audit import checkpoint, erase_contact, verify
from careplug.cli.main import main
from careplug.clock import ManualClock
from careplug.demo.stage import START
from careplug.errors import CareError, Invalid, NotFound, Refused
from careplug.feedback.entities import Attachment, Feedback
from careplug.privacy import export_contact
from careplug.storage.files import FolderFiles
from careplug.transfer import backup, drill, export
from tests.integration.carry.story import BOSS, open_care, torture

KEY = b"a key of thirty-two random bytes"
ADMIN = Actor(Ref("person", "root"), frozenset({"admin"}))


@pytest.fixture
def care(tmp_path):
    with open_care(f"sqlite:///{tmp_path}/care.db", ManualClock(START), files=FolderFiles(tmp_path / "files")) as made:
        torture(made, ManualClock(START), long=400)
        yield made


@pytest.fixture
def opener(tmp_path):
    """Makes a Care as a drill wants it: with the files of the one in use, unless it brings its own."""

    def make(url, **more):
        return open_care(url, ManualClock(START), **{"files": FolderFiles(tmp_path / "files"), **more})

    return make


def test_a_backup_is_the_database_of_one_moment(care, opener, tmp_path):
    report = backup(care, tmp_path / "copy.db")
    assert report.bytes == (tmp_path / "copy.db").stat().st_size
    with opener(f"sqlite:///{tmp_path}/copy.db") as copy:
        assert export(copy, tmp_path / "of copy").digest == export(care, tmp_path / "of care").digest


def test_backups_while_others_write_are_never_torn(care, opener, tmp_path):
    stop, acknowledged = threading.Event(), []

    def write():
        while not stop.is_set():
            with care.unit(actor=BOSS) as unit:
                made = unit.feedback.submit("fault", f"busy {len(acknowledged)}")
                unit.feedback.note(made.id, "n" * 5_000)
            acknowledged.append(made.id)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for number in range(8):
            known = list(acknowledged)
            backup(care, tmp_path / f"{number}.db")
            report = drill(tmp_path / f"{number}.db", opener)
            assert report.whole, report.text()
            with (
                opener(f"sqlite:///{tmp_path}/{number}.db") as copy,
                copy.transaction(tenant="", writes=False) as store,
            ):
                assert set(known) <= {row.id for row in store.find(Feedback)}
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert len(acknowledged) > 8


def test_what_was_erased_is_in_no_backup_made_afterwards(care, tmp_path):
    secret = "Zebediah Quirke 13912345678"
    with care.unit(actor=BOSS) as unit:
        for _ in range(20):
            unit.feedback.submit("fault", secret, secret * 50, requester=Ref("person", "zq"), contact_name=secret)
    backup(care, tmp_path / "before.db")
    erase_contact(care, Ref("person", "zq"), request="R-1", actor=ADMIN)
    backup(care, tmp_path / "after.db")
    assert secret.encode() in (tmp_path / "before.db").read_bytes()
    assert secret.encode() not in (tmp_path / "after.db").read_bytes()


def test_a_backup_replaces_nothing_and_says_where_it_cannot_write(care, tmp_path):
    (tmp_path / "there.db").write_text("mine")
    for name, field in (("there.db", "backup.file.exists"), ("no/folder.db", "backup.file")):
        with pytest.raises(Invalid) as caught:
            backup(care, tmp_path / name)
        assert caught.value.field == field
    assert (tmp_path / "there.db").read_text() == "mine"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.service
@pytest.mark.parametrize(("name", "tool"), [("postgresql", "pg_dump"), ("mariadb", "mariadb-dump")])
def test_a_server_is_refused_with_its_own_tools_name(new_database, tmp_path, name, tool):
    with open_care(new_database(name), ManualClock(START)) as care:
        care.upgrade()
        with pytest.raises(Refused) as caught:
            backup(care, tmp_path / "copy.db")
    assert tool in caught.value.text("en")
    assert tool in caught.value.text("zh_CN")


def test_a_storage_without_a_file_is_refused(tmp_path):
    with Care() as care, pytest.raises(Refused) as caught:
        backup(care, tmp_path / "copy.db")
    assert caught.value.code == "transfer.no_backup"


def test_only_an_administrator_makes_a_backup(care, tmp_path):
    with pytest.raises(Refused):
        backup(care, tmp_path / "copy.db", actor=BOSS)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_drill_says_that_all_is_well_in_both_languages(care, opener, tmp_path, language):
    backup(care, tmp_path / "copy.db")
    export(care, tmp_path / "export", key=KEY)
    for report in (drill(tmp_path / "copy.db", opener), drill(tmp_path / "export", opener, key=KEY)):
        assert report.whole, report.text()
        words = report.text(language)
        assert ("succeeded" in words) == (language == "en")
        assert ("演练成功" in words) == (language == "zh_CN")
        assert "{" not in words


def test_a_drill_finds_a_page_that_was_damaged(care, opener, tmp_path):
    path = tmp_path / "copy.db"
    backup(care, path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096] = bytes(4096)
    path.write_bytes(data)
    try:
        report = drill(path, opener)
    except CareError as error:
        pytest.fail(str(error))
    assert not report.whole
    assert report.problems
    assert "failed" in report.text("en")


def test_a_drill_finds_an_edited_fact_and_a_case_that_the_checkpoint_misses(care, opener, tmp_path):
    checkpoint(care, tmp_path / "checkpoint", key=KEY)
    backup(care, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as raw:
        raw.execute(
            "UPDATE careplug_fact SET data = replace(data, 'fault', 'alarm') WHERE sequence = 1 AND tenant = 'acme'"
        )
        for table, column in (("feedback", "id"), ("fact", "subject_id"), ("personal", "subject_id")):
            raw.execute(f"DELETE FROM careplug_{table} WHERE tenant = '' AND {column} IS NOT NULL")
        raw.commit()
    assert drill(tmp_path / "copy.db", opener).verified.counts.keys() == {"edited"}
    report = drill(tmp_path / "copy.db", opener, key=KEY, checkpoint=tmp_path / "checkpoint")
    assert report.verified.counts.keys() == {"edited", "removed"}
    assert not report.whole


def test_a_drill_names_a_missing_attachment(care, opener, tmp_path):
    backup(care, tmp_path / "copy.db")
    with care.transaction(tenant=None, writes=False) as store:
        row = store.find(Attachment)[0]
    care.setup.files.delete(row.key, tenant=row.tenant)
    report = drill(tmp_path / "copy.db", opener)
    assert (report.whole, report.files_missing) == (False, 1)
    assert row.key in report.text("zh_CN")


def test_a_drill_of_something_else_says_so(opener, tmp_path):
    (tmp_path / "text").write_text("not a database")
    (tmp_path / "folder").mkdir()
    for name, cls, field in (
        ("text", Invalid, "drill.file"),
        ("nothing", NotFound, "drill.path"),
        ("folder", NotFound, "export.folder"),
    ):
        with pytest.raises(cls) as caught:
            drill(tmp_path / name, opener)
        assert caught.value.field == field


@contextmanager
def little_room(size):
    """No file can grow beyond ``size`` bytes: as on a disk that is full."""
    was, heard = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
        signal.signal(signal.SIGXFSZ, heard)


def test_where_there_is_no_room_the_folder_is_named_and_an_export_is_finished_later(care, opener, tmp_path):
    backup(care, tmp_path / "copy.db")
    with little_room(1_000), pytest.raises(Invalid) as caught:
        export(care, tmp_path / "export")
    assert (caught.value.code, caught.value.field) == ("transfer.write", "export.folder.write")
    with little_room(1_000), pytest.raises(Invalid) as caught:
        drill(tmp_path / "copy.db", opener)
    assert (caught.value.code, caught.value.field) == ("transfer.scratch", "drill.folder")
    assert export(care, tmp_path / "export").whole
    assert drill(tmp_path / "copy.db", opener).whole


def test_what_holds_peoples_words_is_for_its_owners_eyes_alone(care, tmp_path):
    export(care, tmp_path / "export")
    backup(care, tmp_path / "copy.db")
    export_contact(care, Ref("person", "li"), tmp_path / "li.zip", actor=BOSS)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("export", "copy.db", "li.zip")]
    assert modes == [0o700, 0o600, 0o600]


def test_a_copy_of_a_database_that_is_not_there_is_refused_and_none_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for asked in (["backup", "copy.db"], ["export", "carried"]):
        with pytest.raises(SystemExit) as ended:
            main(["--lang", "en", "-d", "sqlite:///tpyo.db", *asked])
        assert ended.value.code == 1
        assert "there is no database tpyo.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_drill_leaves_nothing_behind_and_the_database_alone(care, opener, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    backup(care, tmp_path / "copy.db")
    before = (tmp_path / "copy.db").read_bytes()
    drill(tmp_path / "copy.db", opener)
    assert (tmp_path / "copy.db").read_bytes() == before
    assert list((tmp_path / "scratch").iterdir()) == []
    assert verify(care).whole
