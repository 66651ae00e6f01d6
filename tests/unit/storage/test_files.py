"""File stores: bytes come back, names lead nowhere, half a file is none."""

from __future__ import annotations

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from careplug.errors import Invalid, NotFound
from careplug.storage.files import FolderFiles, MemoryFiles

PDF = "application/pdf"


@pytest.fixture(params=["memory", "folder"])
def files(request, tmp_path):
    return MemoryFiles(limit=1000) if request.param == "memory" else FolderFiles(tmp_path / "files", limit=1000)


def put(files, data=b"data", name="a.pdf", media_type=PDF, tenant=""):
    return files.put(io.BytesIO(data), name=name, media_type=media_type, tenant=tenant)


def read(files, key):
    with files.open(key, tenant="") as stream:
        return stream.read()


@pytest.mark.parametrize("data", [b"", b"\0", b"x" * 1000, bytes(range(256))])
def test_bytes_come_back(files, data):
    kept = put(files, data, "报告 (终).pdf")
    assert read(files, kept.key) == data
    assert kept.size == len(data)
    assert kept.digest == hashlib.sha256(data).hexdigest()
    assert (kept.name, kept.media_type) == ("报告 (终).pdf", PDF)
    assert list(files.keys()) == [kept.key]


def test_equal_files_are_apart(files):
    first, second = put(files), put(files)
    assert first.key != second.key
    assert first.digest == second.digest
    files.delete(first.key, tenant="")
    assert read(files, second.key) == b"data"
    assert list(files.keys()) == [second.key]


def test_tenants_are_apart(files):
    keys = {put(files, tenant=tenant).key.partition("/")[0] for tenant in ("", "a", "A", "../a", "\ud800")}
    assert len(keys) == 5


def test_a_key_of_another_tenant_opens_and_deletes_nothing(files):
    kept = put(files, tenant="a")
    with pytest.raises(NotFound):
        files.open(kept.key, tenant="b")
    files.delete(kept.key, tenant="b")
    with files.open(kept.key, tenant="a") as stream:
        assert stream.read() == b"data"


def test_a_deleted_file_is_gone(files):
    kept = put(files)
    files.delete(kept.key, tenant="")
    files.delete(kept.key, tenant="")
    with pytest.raises(NotFound) as caught:
        files.open(kept.key, tenant="")
    assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "C:\\boot.ini", "a/b.pdf", "..", "\u202egpj.exe", "con", "a\nb"]
)
def test_names_of_people_lead_nowhere(tmp_path, name):
    files = FolderFiles(tmp_path / "files")
    kept = put(files, name=name)
    assert kept.name == name
    assert name not in kept.key
    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path == tmp_path / "files" / kept.key


@pytest.mark.parametrize("key", ["", "..", "../secret", "/etc/passwd", "a/../../secret", "0" * 16 + "/..", "a\0b"])
def test_keys_lead_nowhere_else(files, tmp_path, key):
    (tmp_path / "secret").write_bytes(b"secret")
    put(files)
    with pytest.raises(NotFound):
        files.open(key, tenant="")
    files.delete(key, tenant="")
    assert (tmp_path / "secret").exists()


def test_too_large(files):
    put(files, b"x" * 1000)
    with pytest.raises(Invalid) as caught:
        put(files, b"x" * 1001)
    assert (caught.value.code, caught.value.field) == ("files.large", "attachment.size")
    assert "1000" in caught.value.text("zh")
    assert len(list(files.keys())) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "attachment.name"),
        ({"name": "x" * 256}, "attachment.name"),
        ({"name": "a\0"}, "attachment.name"),
        ({"media_type": ""}, "attachment.media_type"),
        ({"media_type": "pdf"}, "attachment.media_type"),
        ({"media_type": "text/html\r\nSet-Cookie: a"}, "attachment.media_type"),
    ],
)
def test_refused(files, values, field):
    with pytest.raises(Invalid) as caught:
        put(files, **values)
    assert caught.value.field == field
    assert list(files.keys()) == []


def test_a_text_stream_is_refused(files):
    with pytest.raises(Invalid) as caught:
        files.put(io.StringIO("text"), name="a", media_type=PDF, tenant="")
    assert caught.value.code == "files.stream"
    assert list(files.keys()) == []


class _Breaks(io.BytesIO):
    def read(self, size=-1):
        found = super().read(min(size, 10))
        if not found:
            raise OSError("the network went away")
        return found


def test_half_a_file_is_none(tmp_path):
    files = FolderFiles(tmp_path)
    with pytest.raises(OSError, match="went away"):
        files.put(_Breaks(b"x" * 25), name="a", media_type=PDF, tenant="")
    assert list(files.keys()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_another_process_is_writing_is_no_file(tmp_path):
    files = FolderFiles(tmp_path)
    kept = put(files)
    (tmp_path / kept.key).with_name(".part-0123456789abcdef").write_bytes(b"half")
    assert list(files.keys()) == [kept.key]


def test_damage_is_noticed(tmp_path):
    files = FolderFiles(tmp_path)
    kept = put(files, b"the signed acceptance record")
    (tmp_path / kept.key).write_bytes(b"the signed acceptance recorD")
    with pytest.raises(Invalid) as caught:
        files.open(kept.key, tenant="")
    assert caught.value.code == "files.damaged"
    assert kept.key in caught.value.text("zh")


def test_a_folder_that_does_not_exist_yet_is_empty(tmp_path):
    files = FolderFiles(tmp_path / "none")
    assert list(files.keys()) == []
    assert not (tmp_path / "none").exists()


def test_files_outlive_the_process(tmp_path):
    kept = put(FolderFiles(tmp_path))
    assert read(FolderFiles(os.fspath(tmp_path)), kept.key) == b"data"


def test_several_threads(files):
    def one(number):
        return put(files, str(number).encode()), number

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(40)))
    assert [read(files, kept.key) for kept, _ in found] == [str(number).encode() for _, number in found]
    assert len(list(files.keys())) == 40


def test_a_file_comes_back_under_its_key_and_again_changes_nothing(files):
    kept = put(files, b"one")
    files.delete(kept.key, tenant="")
    for _ in range(2):
        files.put_back(kept.key, io.BytesIO(b"one"), tenant="")
        assert read(files, kept.key) == b"one"
    assert list(files.keys()) == [kept.key]


@pytest.mark.parametrize(
    ("tenant", "data", "field"),
    [
        ("acme", b"one", "attachment.key.tenant"),
        ("", b"two", "attachment.digest"),
        ("", b"x" * 1001, "attachment.size"),
    ],
)
def test_nothing_comes_back_under_a_key_that_is_not_its_own(files, tenant, data, field):
    kept = put(files, b"one")
    files.delete(kept.key, tenant="")
    with pytest.raises(Invalid) as caught:
        files.put_back(kept.key, io.BytesIO(data), tenant=tenant)
    assert caught.value.field == field
    assert list(files.keys()) == []
