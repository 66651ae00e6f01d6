"""Attachments: sent as a form, kept outside the transaction, gone again where the case refuses them."""

from __future__ import annotations

import hashlib
import io

import pytest
from flask_kit import API, CHEN, LI, WANG, facts

FORM = "multipart/form-data"


def form(name="a.txt", content=b"words", media="text/plain"):
    return {"data": {"file": (io.BytesIO(content), name, media)}, "content_type": FORM}


def attach(house, who=LI, case=None, **more):
    return house.api(who)("POST", f"/feedback/{case or house.seen.busy}/attachments", **form(**more))


def kept(house):
    return len(house.files._kept)


def test_what_was_sent_is_what_is_read(house):
    content = bytes(range(256)) * 300
    made = attach(house, name="photo.png", content=content, media="image/png").get_json()
    assert (made["name"], made["media_type"], made["size"]) == ("photo.png", "image/png", len(content))
    assert made["digest"] == hashlib.sha256(content).hexdigest()
    read = house.api(WANG).get(f"/feedback/{house.seen.busy}/attachments/{made['id']}")
    assert read.data == content
    assert read.mimetype == "application/octet-stream"
    assert read.headers["Content-Disposition"] == "attachment; filename=photo.png"
    assert read.headers["ETag"] == f'"{made["digest"]}"'
    listed = house.api(LI).get(f"/feedback/{house.seen.busy}/attachments").get_json()["items"]
    assert [each["id"] for each in listed] == [house.seen.attachment, made["id"]]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("/srv/data/报表.xlsx", "报表.xlsx"),
        ("it's.txt", "it's.txt"),
        ("a b;c.txt", "a b;c.txt"),
    ],
)
def test_a_name_is_no_path(house, sent, name):
    made = attach(house, name=sent).get_json()
    assert made["name"] == name
    read = house.api(LI).get(f"/feedback/{house.seen.busy}/attachments/{made['id']}")
    assert "/" not in read.headers["Content-Disposition"].replace("''", "")
    assert "\n" not in read.headers["Content-Disposition"]


def test_a_path_of_windows_is_no_name(house):
    head = b"--x\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''C%3A%5CUsers%5Cscreen.png\r\n"
    answer = house.api(LI)(
        "POST",
        f"/feedback/{house.seen.busy}/attachments",
        data=head + b"Content-Type: image/png\r\n\r\nwords\r\n--x--\r\n",
        content_type=f"{FORM}; boundary=x",
    )
    assert answer.get_json()["name"] == "screen.png"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"name": "x" * 256}, 422),
        ({"name": "folder/"}, 422),
        ({"name": "a\x00b.txt"}, 422),
        ({"media": "x" * 300 + "/y"}, 422),
        ({"media": "nonsense"}, 422),
    ],
)
def test_a_name_or_type_that_cannot_be_kept(house, more, status):
    before, told = kept(house), facts(house, house.seen.busy)
    answer = attach(house, **more)
    assert answer.status_code == status
    assert (kept(house), facts(house, house.seen.busy)) == (before, told)


def test_a_file_that_the_case_refuses_is_deleted_again(house):
    """Chen may attach to own cases; of Li's nothing is known, and nothing stays."""
    before = kept(house)
    for case in (house.seen.busy, house.seen.north, "none"):
        assert attach(house, CHEN, case).status_code == 404
    assert kept(house) == before
    assert attach(house, CHEN, house.seen.other).status_code == 201
    assert kept(house) == before + 1


def test_a_file_is_deleted_where_the_case_changes_hands_meanwhile(seeded_house):
    """The file is put into the store while the case is Li's; when the fact is to be written it is not any more."""
    from careplug.storage.files import MemoryFiles

    class Slow(MemoryFiles):
        def put(self, stream, **more):
            stored = super().put(stream, **more)
            with house.care.unit(actor=WANG) as unit:
                case = unit.feedback.get(house.seen.busy)
                unit.feedback.edit(case.id, expected=case.version, requester=CHEN.ref)
            return stored

    house = seeded_house(files=Slow())
    house.files._kept.clear()
    assert attach(house).status_code == 404
    assert kept(house) == 0


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"data": {"file": "no file"}, "content_type": FORM}, 422, "flask.file"),
        ({"data": {"other": (io.BytesIO(b"x"), "a.txt")}, "content_type": FORM}, 422, "flask.unknown"),
        ({"data": {"file": (io.BytesIO(b"x"), "a"), "note": "lost?"}, "content_type": FORM}, 422, "flask.unknown"),
        (
            {"data": {"file": [(io.BytesIO(b"x"), "a"), (io.BytesIO(b"y"), "b")]}, "content_type": FORM},
            422,
            "flask.query_twice",
        ),
        ({"data": {"file": (io.BytesIO(b"x"), "")}, "content_type": FORM}, 422, "flask.file"),
        ({"data": b"nonsense", "content_type": f"{FORM}; boundary=x"}, 422, "flask.file"),
        ({"data": b"nonsense", "content_type": FORM}, 422, "flask.file"),
        ({"data": b"words", "content_type": "text/plain"}, 415, "flask.media"),
        ({}, 415, "flask.media"),
    ],
)
def test_what_is_no_form_with_a_file(house, more, status, code):
    answer = house.api(LI)("POST", f"/feedback/{house.seen.busy}/attachments", **more)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_size_limit(seeded_house):
    house = seeded_house(max_upload=2000)
    before = kept(house)
    assert attach(house, content=b"x" * 1000).status_code == 201
    answer = attach(house, content=b"x" * 2001)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "flask.large")
    assert "2000" in answer.get_json()["detail"]
    assert kept(house) == before + 1


def test_the_hosts_own_limit(seeded_house):
    house = seeded_house()
    house.app.config["MAX_CONTENT_LENGTH"] = 500
    assert attach(house, content=b"x" * 600).status_code == 413
    answer = house.api(LI).post("/feedback", {"kind": "fault", "subject": "x", "body": "y" * 600})
    assert (answer.status_code, answer.get_json()["code"]) == (413, "flask.large_host")


def test_a_form_without_a_length_is_not_taken(house):
    answer = house.api(LI).http.post(
        f"{API}/feedback/{house.seen.busy}/attachments",
        input_stream=io.BytesIO(b"x"),
        content_type=f"{FORM}; boundary=x",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (411, "flask.length")


def test_a_file_that_is_gone_from_its_store(house):
    house.files._kept.clear()
    answer = house.api(LI).get(f"/feedback/{house.seen.busy}/attachments/{house.seen.attachment}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "files.gone")
