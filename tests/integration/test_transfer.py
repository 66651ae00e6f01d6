"""Export and restore: around all databases, interrupted anywhere, into what is there already, with what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from types import ModuleType

import attrs
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event

from careplug import Actor, Ref
from careplug.audit import verify
from careplug.cli.main import run
from careplug.clock import ManualClock
from careplug.criteria import Is
from careplug.definitions import Definition, Stamp
from careplug.demo.stage import START
from careplug.entity import EntitySpec
from careplug.errors import CareError, Conflict, Invalid, Refused
from careplug.feedback.entities import Attachment, Feedback, RequestKey
from careplug.plugin import hookimpl
from careplug.storage.files import FolderFiles
from careplug.transfer import backup, chunks, export, restore
from tests.integration.carry.story import BOSS, TENANTS, open_care, torture, write
from tests.proof.carry import differing
from tests.services import DATABASES

KEY = b"a key of thirty-two random bytes"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The demo story and the odd rows, exported: the Care, and the folder of a signed export."""
    folder = tmp_path_factory.mktemp("whole")
    clock = ManualClock(START)
    with open_care(f"sqlite:///{folder}/whole.db", clock, files=FolderFiles(folder / "files")) as care:
        write(care, clock)
        export(care, folder / "export", key=KEY)
        yield care, folder / "export"


@pytest.fixture
def opened(tmp_path):
    """A function that opens a Care on a URL, with files of its own."""
    made = []

    def make(url, name="files", **more):
        made.append(open_care(url, ManualClock(START), files=FolderFiles(tmp_path / name), **more))
        made[-1].upgrade()
        return made[-1]

    yield make
    for care in made:
        care.close()


@pytest.fixture
def fresh(opened, tmp_path):
    """An empty SQLite database."""
    return opened(f"sqlite:///{tmp_path}/fresh.db")


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "ROWS", 40)


def rows_of(care, cls):
    with care.transaction(tenant=None, writes=False) as store:
        return store.find(cls)


def digest(care, folder):
    return export(care, folder).digest


@pytest.mark.service
@pytest.mark.parametrize("name", DATABASES)
def test_an_export_is_the_same_to_the_last_byte_from_every_database(whole, opened, new_database, tmp_path, name):
    there = opened(new_database(name))
    came = restore(there, whole[1], key=KEY)
    assert came.whole, came.text()
    assert came.verified.checkpoint.whole
    export(there, tmp_path / "again", key=KEY)
    assert differing(whole[1], tmp_path / "again") == 0
    assert json.loads((tmp_path / "again" / "manifest.json").read_text())["content"]["entities"]


def test_packed_and_plain_exports_have_one_digest(whole, fresh, tmp_path):
    care, folder = whole
    packed = export(care, tmp_path / "packed", compress=True)
    assert packed.digest == restore(fresh, folder).digest
    assert list((tmp_path / "packed" / "rows").glob("*.gz"))
    assert digest(fresh, tmp_path / "plain") == packed.digest


def test_numbers_go_on_behind_the_last_one(whole, fresh):
    care, folder = whole
    with care.transaction(tenant="") as store:
        last = store.next_number() - 1
    restore(fresh, folder)
    with fresh.unit(actor=BOSS) as unit:
        made = unit.feedback.submit("fault", "next")
    assert int(made.number.rpartition("-")[2]) == last + 1


def test_attachments_come_along_under_their_keys(whole, fresh):
    restore(fresh, whole[1])
    found = rows_of(fresh, Attachment)
    assert len(found) == len(TENANTS)
    for row in found:
        with fresh.setup.files.open(row.key, tenant=row.tenant) as stream:
            assert stream.read() == "样张".encode()


def test_a_missing_file_is_named_and_nothing_is_lost(whole, opened, tmp_path):
    bare = opened(f"sqlite:///{tmp_path}/bare.db", "bare")
    (folder := tmp_path / "copy").mkdir()
    restore(bare, whole[1])
    row = rows_of(bare, Attachment)[0]
    bare.setup.files.delete(row.key, tenant=row.tenant)
    report = export(bare, folder)
    assert not report.whole
    assert (report.files_missing, report.missing) == (1, (f"{row.tenant}:{row.id} {row.key}",))
    assert row.key in report.text("en")
    assert row.key in report.text("zh_CN")


def test_a_database_that_holds_something_is_refused_and_says_what(whole, fresh, tmp_path):
    with fresh.unit(actor=BOSS) as unit:
        unit.feedback.submit("fault", "mine")
    before = digest(fresh, tmp_path / "before")
    with pytest.raises(Conflict) as caught:
        restore(fresh, whole[1])
    assert caught.value.code == "transfer.not_empty"
    assert "feedback 1" in caught.value.text("en")
    assert digest(fresh, tmp_path / "after") == before


def test_what_is_absent_is_added_and_what_is_there_stays(whole, fresh, tmp_path):
    care, folder = whole
    restore(fresh, folder)
    kept = rows_of(fresh, Feedback)
    with fresh.transaction(tenant=None) as store:
        store.remove(Feedback, Is("id", "eq", kept[0].id))
        store.remove(Attachment, None)
    came = restore(fresh, folder, into_non_empty=True)
    assert came.whole, came.text()
    assert came.rows == 1 + len(TENANTS)
    assert restore(fresh, folder, into_non_empty=True).rows == 0
    assert digest(fresh, tmp_path / "again") == digest(care, tmp_path / "first")


def test_another_databases_cases_are_added_beside_ones_own(whole, fresh):
    with fresh.unit(actor=BOSS, tenant="mine") as unit:
        mine = unit.feedback.submit("fault", "mine")
    came = restore(fresh, whole[1], into_non_empty=True)
    assert came.whole, came.text()
    assert mine.id in {row.id for row in rows_of(fresh, Feedback)}
    assert len(rows_of(fresh, Feedback)) == 1 + len(rows_of(whole[0], Feedback))


def test_a_definition_whose_name_is_taken_comes_in_as_proposed(whole, fresh):
    with fresh.unit(actor=BOSS, tenant="acme") as unit:
        office = unit.definitions.get("calendar", "office").data
        unit.changes.put("calendar", "office", {**office, "holidays": ["2026-10-01"]})
    stamp = {row.tenant: row.token for row in rows_of(fresh, Stamp)}
    came = restore(fresh, whole[1], into_non_empty=True)
    active = [row for row in rows_of(fresh, Definition) if row.state == "active"]
    keys = [(row.tenant, row.kind, row.name) for row in active]
    assert came.proposed >= 1
    assert len(keys) == len(set(keys))
    assert {row.tenant: row.token for row in rows_of(fresh, Stamp)}["acme"] != stamp["acme"]


@pytest.mark.parametrize("what", ["content", "key"])
def test_a_row_in_the_way_undoes_all_and_is_named(whole, fresh, tmp_path, what):
    with fresh.unit(actor=Actor(Ref("person", "root"), frozenset({"admin"}))) as unit:
        mine = unit.feedback.submit("fault", "mine")
    theirs = next(row for row in rows_of(whole[0], Feedback) if not row.tenant)
    with fresh.transaction(tenant="") as store:
        if what == "content":
            store.add(theirs.__class__(id=theirs.id, number="X-1", kind="fault", state="received", received_at=START))
    if what == "key":
        assert mine.number in {row.number for row in rows_of(whole[0], Feedback)}
    before = digest(fresh, tmp_path / "before")
    with pytest.raises(Conflict) as caught:
        restore(fresh, whole[1], into_non_empty=True)
    assert caught.value.code == "transfer.conflicts"
    assert "feedback :" in caught.value.text("en")
    assert digest(fresh, tmp_path / "after") == before


@pytest.mark.service
@pytest.mark.parametrize("name", DATABASES)
def test_words_are_found_in_the_copy_as_in_the_original(whole, opened, new_database, name):
    there = opened(new_database(name))
    restore(there, whole[1])
    for tenant, words in (("", "发票"), ("", "课表"), ("acme", "屏幕闪烁"), ("acme", "怎么用")):
        found = []
        for care in (whole[0], there):
            with care.transaction(tenant=tenant, writes=False) as store:
                found.append([(hit.entity.id, hit.source, hit.source_id) for hit in store.search(Feedback, words)])
        assert found[0] == found[1] != [], words


def test_encrypted_columns_travel_in_plain_and_are_encrypted_anew(whole, opened, tmp_path):
    words = "屏幕闪烁"
    there = {}
    for name in ("one", "two"):
        settings = {"crypto": {"keys": (Fernet.generate_key().decode(),)}}
        there[name] = opened(f"sqlite:///{tmp_path}/{name}.db", settings=settings, crypto=True)
    first = restore(there["one"], whole[1], key=KEY)
    assert first.whole, first.text()
    assert export(there["one"], tmp_path / "plain", key=KEY).digest == first.digest
    assert restore(there["two"], tmp_path / "plain", key=KEY).whole
    assert export(there["two"], tmp_path / "again").digest == first.digest
    assert words.encode() in (tmp_path / "plain" / "rows" / "feedback.000001.jsonl").read_bytes()
    for name, care in there.items():
        backup(care, tmp_path / f"{name}.copy")
        assert words.encode() not in (tmp_path / f"{name}.copy").read_bytes()


# -- interrupted --


class Stop(Exception):
    """Somebody pulled the plug."""


def stopping(monkeypatch, cls, name, at):
    """Let the call of a method with this number raise, once."""
    real, calls = getattr(cls, name), iter(range(10_000))

    def call(*args, **more):
        if next(calls) == at:
            raise Stop
        return real(*args, **more)

    monkeypatch.setattr(cls, name, call)


@pytest.mark.parametrize("seed", range(6))
def test_an_interrupted_restore_goes_on_without_a_row_twice(whole, fresh, tmp_path, monkeypatch, small_chunks, seed):
    care, _ = whole
    export(care, tmp_path / "many", key=KEY)
    chance = Random(seed)
    kind = type(fresh.storage.begin(tenant="", writes=False))
    for _ in range(3):
        with monkeypatch.context() as patch:
            name, most = chance.choice([("add", 500), ("commit", 15), ("flush", 15)])
            stopping(patch, kind, name, chance.randrange(2, most))
            with pytest.raises(Stop):
                restore(fresh, tmp_path / "many", key=KEY)
        with pytest.raises(Conflict) as caught:
            export(fresh, tmp_path / "half")
        assert caught.value.code == "transfer.unfinished"
    came = restore(fresh, tmp_path / "many", key=KEY)
    assert came.whole, came.text()
    assert came.before > 0
    assert not [row for row in rows_of(fresh, RequestKey) if row.source == "careplug.restore"]
    export(fresh, tmp_path / "again", key=KEY)
    assert differing(tmp_path / "many", tmp_path / "again") == 0


def test_another_export_does_not_go_on_where_one_stopped(whole, fresh, tmp_path, monkeypatch, small_chunks):
    care, _ = whole
    export(care, tmp_path / "many")
    kind = type(fresh.storage.begin(tenant="", writes=False))
    with monkeypatch.context() as patch:
        stopping(patch, kind, "add", 200)
        with pytest.raises(Stop):
            restore(fresh, tmp_path / "many")
    with pytest.raises(Conflict) as caught:
        restore(fresh, whole[1])
    assert caught.value.code == "transfer.another"
    assert restore(fresh, tmp_path / "many").whole


@pytest.mark.parametrize("seed", range(4))
def test_an_interrupted_export_run_again_is_whole_and_keeps_what_is_right(
    whole, tmp_path, monkeypatch, small_chunks, seed
):
    care, _ = whole
    chance = Random(seed)
    with monkeypatch.context() as patch:
        stopping(patch, chunks.Writer, "add", chance.randrange(300, 1500))
        with pytest.raises(Stop):
            export(care, tmp_path / "export")
    left = sorted((tmp_path / "export" / "rows").iterdir())
    left[0].write_bytes(left[0].read_bytes()[:-5])
    (tmp_path / "export" / "rows" / "feedback.000099.jsonl").write_text("of another day")
    with pytest.raises(CareError):
        restore(care, tmp_path / "export")
    report = export(care, tmp_path / "export")
    assert report.kept == len(left) - 1
    export(care, tmp_path / "at once")
    assert differing(tmp_path / "export", tmp_path / "at once") == 0
    assert not (tmp_path / "export" / "unfinished").exists()


# -- what stays out --


def test_an_entity_of_a_plugin_that_is_gone_is_not_swallowed(whole, fresh, tmp_path):
    folder = whole[1]
    files = FolderFiles(tmp_path / "less files")
    with open_care(f"sqlite:///{tmp_path}/less.db", ManualClock(START), gauged=False, files=files) as less:
        less.upgrade()
        with pytest.raises(Invalid) as caught:
            restore(less, folder)
        assert (caught.value.code, caught.value.params["plugin"]) == ("transfer.plugin", "gauges")
        assert restore(less, folder, skip=["gauges"]).verified.whole
    restore(fresh, folder)
    with open_care(f"sqlite:///{tmp_path}/fresh.db", ManualClock(START), gauged=False) as less:
        with pytest.raises(Invalid) as caught:
            export(less, tmp_path / "less")
        assert (caught.value.code, caught.value.params["value"]) == ("transfer.left", "gauge")
        assert "gauge" not in export(less, tmp_path / "less", skip=["gauges"]).entities


def test_an_entity_that_cannot_say_whose_a_row_is_is_refused(tmp_path):
    @attrs.frozen(kw_only=True)
    class Bare:
        id: str

    made = ModuleType("bare")
    made.careplug_name = "bare"
    made.careplug_entities = hookimpl(lambda: (EntitySpec(name="bare", cls=Bare),))
    made.careplug_entities.__name__ = "careplug_entities"
    with open_care(f"sqlite:///{tmp_path}/bare.db", ManualClock(START), extra=[made]) as care:
        with pytest.raises(Invalid) as caught:
            export(care, tmp_path / "export")
        assert caught.value.code == "transfer.tenant"
        assert "bare" not in export(care, tmp_path / "export", skip=["bare"]).entities


@pytest.mark.parametrize(
    "change", [lambda data: data[:-40], lambda data: data[:200] + b"?" + data[201:], lambda _: b""]
)
def test_a_packed_file_that_is_damaged_is_refused_with_its_line(whole, fresh, tmp_path, change):
    export(whole[0], tmp_path / "packed", compress=True)
    path = tmp_path / "packed" / "rows" / "fact.000001.jsonl.gz"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Invalid) as caught:
        restore(fresh, tmp_path / "packed")
    assert caught.value.code in {"transfer.line", "transfer.changed"}
    assert str(path) in caught.value.text("zh_CN")
    assert rows_of(fresh, Feedback) == []


def test_rows_go_in_many_at_a_time(whole, fresh):
    sent = []
    event.listen(fresh.storage.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    rows = restore(fresh, whole[1]).rows
    assert rows > 1_500
    assert sum(text.startswith("INSERT") for text in sent) < rows / 20
    assert len(sent) < rows / 2


def test_the_command_line_says_how_it_ended(whole, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CAREPLUG_PLUGINS", "sqlalchemy,flask")
    monkeypatch.chdir(tmp_path)
    Path("key").write_bytes(KEY)
    url = f"sqlite:///{tmp_path}/typed.db"
    assert run(["-d", url, "restore", str(whole[1]), "--skip", "gauges"]) == 1
    assert "careplug.toml" in capsys.readouterr().err
    Path("careplug.toml").write_text('[careplug]\nfiles = "files"\n')
    assert run(["-d", url, "restore", str(whole[1]), "--skip", "gauges", "--key-file", "key"]) == 0
    assert "Nothing damaged was found." in capsys.readouterr().out
    shutil.rmtree("files")
    assert run(["-d", url, "--json", "export", "out", "--compress"]) == 5
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["files_missing"], told["signed"]) == (False, len(TENANTS), False)
    assert run(["-d", url, "restore", str(whole[1]), "--skip", "gauges"]) == 3
    assert run(["-d", url, "--lang", "zh", "backup", "copy.db", "--drill"]) == 5
    assert "演练失败" in capsys.readouterr().out
    assert run(["-d", url, "backup", "copy.db"]) == 1
    assert run(["drill", "nothing"]) == 1


def test_only_who_may_carries_anything(whole, fresh, tmp_path):
    care, folder = whole
    with pytest.raises(Refused):
        export(care, tmp_path / "export", actor=BOSS)
    with pytest.raises(Refused):
        restore(fresh, folder, actor=BOSS)
    assert not (tmp_path / "export").exists()
    assert verify(fresh).subjects == 0


def test_an_export_is_one_moment_while_others_write(fresh, opened, tmp_path):
    torture(fresh, ManualClock(START), long=400)
    steps = []

    def write_more(done, total):
        steps.append((done, total))
        with fresh.unit(actor=BOSS) as unit:
            unit.feedback.submit("fault", f"meanwhile {done}")

    before = len(rows_of(fresh, Feedback))
    report = export(fresh, tmp_path / "export", key=KEY, progress=write_more)
    assert len(steps) >= 1
    assert report.entities["feedback"] == before
    again = restore(opened(f"sqlite:///{tmp_path}/again.db", "more"), tmp_path / "export", key=KEY)
    assert again.verified.whole
    assert again.verified.checkpoint.heads == before
