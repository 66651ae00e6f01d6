"""After erasing a contact the words are in no byte: not of a table, an index, a log, a dump, a backup, an export or a file.

A contact with an unusual name goes through everything that keeps words. Before the erasure each place is shown to hold
them, in every spelling it is kept in, so that the search afterwards can fail.
"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from careplug import Actor, Care, Ref, Worker
from careplug.audit import rebuild, verify
from careplug.clock import ManualClock
from careplug.contributions import Handler
from careplug.criteria import Is
from careplug.errors import Invalid
from careplug.imports import run_import
from careplug.messages.directory import Parties
from careplug.messages.entities import Message
from careplug.plugin import hookimpl
from careplug.ports import Address
from careplug.privacy import entries, erase_contact, export_contact
from careplug.refs import new_id
from careplug.storage.files import FolderFiles
from careplug.survey.entities import Response
from careplug.tasks import Task
from careplug.transfer import backup, export
from careplug.words import tokens
from tests.services import server
from tests.unit.imports import logs

NAME, LATIN, PHONE, MAIL = "欧阳鑫淼", "Zbigniewska", "13987654321", "zbigniewska.ou@example.test"
SAID = "朝阳路阁楼的打印机"
SECRETS = (NAME, LATIN, PHONE, MAIL, SAID)
OTHER = "张三丰"
LI, BOSS = Ref("person", "c-17"), Actor.engineer("zhao", "admin")
EVERYTHING = f"{NAME} {LATIN} {PHONE} {MAIL} {SAID}"

MAP = """
name = "old"
apply = []
[log]
zone = "Asia/Shanghai"
times = ["%d.%m.%Y %H:%M"]
[columns]
case = "No"
received = "In"
subject = "What"
body = "Words"
contact_name = "Who"
contact_phone = "Phone"
[refs.requester]
kind = "person"
columns = "Id"
[steps]
closed = "Out"
"""
HEAD = ("No", "In", "Out", "What", "Words", "Who", "Phone", "Id")


class House:
    """A handler that fails quoting what it was given."""

    @hookimpl
    def careplug_handlers(self):
        """It breaks with the customer's words in its error."""
        return (Handler("house.breaks", self.fail, facts=("replied",), durable=True),)

    def fail(self, unit, fact) -> None:
        """Say what must not be kept."""
        raise Invalid("feedback.kind", field="kind", value=fact.data["body"])


@attrs.define
class Place:
    """A database, its folder of files, and what can be made of them."""

    name: str
    url: str
    folder: Path

    def open(self) -> Care:
        """A Care on it."""
        settings = {"survey": {"key": "k" * 40, "link": "https://desk.example/s/{token}"}}
        clock = ManualClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
        files = FolderFiles(self.folder / "files")
        return Care(self.url, plugins=[House()], clock=clock, files=files, settings=settings, environ={})

    def bytes_of(self, care: Care, label: str) -> dict[str, bytes]:
        """Everything that is kept, or made of what is kept, as bytes by where it is."""
        found = {"files": b"".join(path.read_bytes() for path in (self.folder / "files").rglob("*") if path.is_file())}
        carried = self.folder / f"export-{label}"
        export(care, carried)
        found["export"] = b"".join(path.read_bytes() for path in carried.rglob("*") if path.is_file())
        if self.name == "sqlite":
            backup(care, self.folder / f"backup-{label}.db")
            found["backup"] = (self.folder / f"backup-{label}.db").read_bytes()
            main = Path(self.url.removeprefix("sqlite:///"))
            found["database"] = b"".join(
                each.read_bytes() for each in (main, main.with_name(f"{main.name}-wal")) if each.exists()
            )
        else:
            found["database"] = dump(self.name, self.url)
        return found


def dump(name: str, url: str) -> bytes:
    """The whole database as its own tool writes it."""
    found, database = server(name), url.rpartition("/")[2]
    login = ["-h", found.host, "-U" if name == "postgresql" else "-u", found.user]
    port = ["-p" if name == "postgresql" else "-P", str(found.port)]
    tool = "pg_dump" if name == "postgresql" else "mariadb-dump"
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} on this machine")
    done = subprocess.run([tool, *login, *port, database], capture_output=True, check=True)
    return done.stdout


def spellings(word: str) -> set[bytes]:
    """How a word may stand in bytes: plain, escaped, in base64 at each of three places, in hex, as UTF-16."""
    raw = word.encode()
    found = {raw, ascii(word)[1:-1].encode(), json.dumps(word)[1:-1].upper().encode(), raw.hex().encode()}
    found |= {raw.hex().upper().encode(), word.encode("utf-16-le"), raw.replace(b"@", b"\\u0040")}
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        # what the neighbours' bits cannot change
        found.add(whole[4 if shift else 0 : -4])
    return {each for each in found if len(each) >= 8}


def codes(word: str) -> set[bytes]:
    """The tokens that stand for a word in the index, whoever may find by it, each without who and where."""
    found = set()
    for access in ("public", "internal", "contact"):
        found |= {token[4:].encode() for token in tokens("feedback", "", [(access, word)]).split()}
    return {code for code in found if len(code) >= 6}


def where(kept: dict[str, bytes], word: str) -> set[str]:
    """The places that hold a word in any spelling, or its tokens."""
    wanted = spellings(word) | codes(word)
    return {place for place, raw in kept.items() if any(each in raw for each in wanted)}


def live(care: Care, folder: Path) -> list[str]:
    """A life that leaves words everywhere; the ids of the contact's cases."""
    with care.unit(actor=BOSS) as unit:
        addresses = [Address("console", MAIL), Address("sms", PHONE)]
        unit.get(Parties).add(LI, name=f"{NAME} {LATIN}", addresses=addresses)
        unit.get(Parties).add(Ref("person", "c-18"), name=OTHER, addresses=[Address("console", "a@b.test")])
    mine = [_case(care, number) for number in range(3)]
    with care.unit(actor=Actor.customer("c-18")) as unit:
        other = unit.feedback.submit("fault", f"{OTHER}的电视", contact_name=OTHER).id
    Worker(care).run_due()
    with care.unit(actor=BOSS) as unit:
        unit.feedback.reply(mine[0], f"waiting for {EVERYTHING}")  # its message waits: nobody runs the worker
        unit.feedback.reply(other, "to somebody else")
    _survey(care, mine[0])
    _quoted(care, mine[0])
    rows = [("C-1", "03.02.2026 09:00", "", f"{SAID} {LATIN}", EVERYTHING, NAME, PHONE, "c-17")]
    run_import(care, logs.write(folder / "log.csv", HEAD, rows), logs.map_of(MAP))
    (folder / "log.csv").unlink()
    with care.read(actor=BOSS) as unit:
        told = unit.store.find(Message, Is("recipient", "eq", LI))
        assert {message.state for message in told} == {"sent", "pending"}
        assert any(message.address == MAIL and LATIN in message.body for message in told)
        return [case.id for case in unit.feedback.find(Is("requester", "eq", LI))]


def _case(care: Care, number: int) -> str:
    with care.unit(actor=Actor.customer("c-17")) as unit:
        ident = unit.feedback.submit(
            "fault",
            f"{SAID} {number}",
            EVERYTHING,
            contact_name=f"{NAME} {LATIN}",
            contact_phone=PHONE,
            contact_mail=MAIL,
            key=f"{MAIL}-{number}",
        ).id
    care.clock.move(timedelta(minutes=7))
    stream = io.BytesIO(f"a passport of {EVERYTHING}".encode())
    stored = care.setup.files.put(stream, name=f"{NAME}.txt", media_type="text/plain", tenant="")
    with care.unit(actor=BOSS) as unit:
        unit.feedback.attach(ident, stored)
        unit.feedback.note(ident, f"note: {EVERYTHING}")
        unit.feedback.reply(ident, f"reply: {EVERYTHING}")
        unit.feedback.call(ident, "in", body=EVERYTHING, phone=PHONE)
        unit.feedback.step(ident, "confirm")
        unit.feedback.step(ident, "handle")
        unit.feedback.step(ident, "resolve", measure=f"visited {LATIN}", result=f"{NAME} is content")
    return ident


FORM = {
    "title": {"en": "How was it?", "zh": "如何？"},
    "questions": [
        {"key": "said", "type": "text", "text": {"en": "What else?", "zh": "还有吗？"}},
        {"key": "sign", "type": "signature", "text": {"en": "Signature", "zh": "签名"}, "personal": True},
    ],
}


def _survey(care: Care, ident: str) -> None:
    """An answer about a case and one about none, both with words and a signature."""
    answers = {"said": EVERYTHING, "sign": {"name": f"{NAME} {LATIN}"}}
    with care.unit(actor=BOSS) as unit:
        unit.surveys.put_form("mine", FORM)
    with care.unit(actor=BOSS) as unit:
        unit.surveys.enter("mine", answers, feedback_id=ident)
    with care.unit(actor=BOSS) as unit:
        unit.surveys.enter("mine", answers, contact=LI)


def _quoted(care: Care, ident: str) -> None:
    """Errors of handlers that some other worker stored with their words, of a case and of answers."""
    with care.transaction(tenant="") as store:
        task = next(task for task in store.find(Task, Is("subject_id", "eq", ident)) if task.handler == "house.breaks")
        store.save(attrs.evolve(task, last_error=EVERYTHING[:400]), was=task)
        for number, response in enumerate(store.find(Response)):
            told = {"id": new_id(), "subject": "response", "subject_id": response.id, "handler": f"house.{number}"}
            store.add(attrs.evolve(task, **told, last_error=EVERYTHING[:400]))


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def place(request, new_database, tmp_path):
    return Place(request.param, new_database(request.param), tmp_path)


@pytest.fixture
def care(place):
    made = place.open()
    made.upgrade()
    yield made
    made.close()


@pytest.mark.service
def test_after_erasing_a_contact_the_words_are_in_no_byte(care, place):
    mine = live(care, place.folder)
    assert len(mine) == 4
    before = place.bytes_of(care, "before")
    assert {word: where(before, word) for word in SECRETS} == {key: set(before) for key in SECRETS}
    for word in (NAME, LATIN, SAID):
        assert any(code in before["database"] for code in codes(word)), "the index holds the word"

    report = erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert (report.cases, report.party, report.traces, report.files) == (4, True, True, 3)
    assert report.rows
    after = place.bytes_of(care, "after")
    assert {word: where(after, word) for word in SECRETS} == {key: set() for key in SECRETS}
    assert where(after, OTHER) == {place for place in after if place != "files"}
    _still_whole(care, mine)
    care.close()
    if place.name == "sqlite":
        main = Path(place.url.removeprefix("sqlite:///"))
        kept = {each.name: each.read_bytes() for each in main.parent.glob(f"{main.name}*")}
        assert {word: where(kept, word) for word in SECRETS} == {key: set() for key in SECRETS}


def _still_whole(care: Care, mine: list[str]) -> None:
    assert verify(care).whole
    assert rebuild(care, write=False).whole
    with care.read(actor=BOSS) as unit:
        assert [fact.type for fact in entries(unit)] == ["contact_erased"]
        assert all(unit.feedback.facts(ident)[-1].type == "erased" for ident in mine)
        waiting = unit.store.find(Message, Is("recipient", "eq", LI))
        assert {message.state for message in waiting} <= {"sent", "cancelled"}
        assert {(message.title, message.body, message.address) for message in waiting} == {("", "", "")}
    again = erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert (again.cases, again.before, again.values, again.rows) == (0, 4, 0, 0)


def test_importing_a_changed_row_of_an_erased_case_brings_no_word_back(care, place):
    live(care, place.folder)
    erase_contact(care, LI, request="letter 7", actor=BOSS)
    rows = [
        ("C-1", "03.02.2026 09:00", "04.02.2026 09:00", f"{SAID} anew", EVERYTHING, f"{NAME} {LATIN}", PHONE, "c-17")
    ]
    report = run_import(care, logs.write(place.folder / "log.csv", HEAD, rows), logs.map_of(MAP))
    (place.folder / "log.csv").unlink()
    assert report.counts["updated"] == 1
    assert report.counts["facts"] >= 1, "that it was closed is told"
    after = place.bytes_of(care, "after")
    assert {word: where(after, word) for word in SECRETS} == {key: set() for key in SECRETS}
    assert verify(care).whole


def test_the_search_finds_every_spelling():
    for word in SECRETS:
        forms = [
            word.encode(),
            json.dumps(word).encode(),
            base64.b64encode(f"x{word}yz".encode()),
            word.encode().hex().encode(),
        ]
        assert all(where({"here": b"..." + form + b"..."}, word) for form in forms), word
        assert not where({"here": b"nothing of it"}, word)
    assert re.fullmatch(rb"[a-z0-9_]+", next(iter(codes(NAME))))


@pytest.mark.service
def test_an_export_of_the_contact_holds_all_of_it(care, place):
    mine = live(care, place.folder)
    report = export_contact(care, LI, place.folder / "li.zip", actor=BOSS, request="letter 8", language="en")
    with zipfile.ZipFile(place.folder / "li.zip") as archive:
        names = archive.namelist()
        rows = {
            name: [json.loads(line) for line in archive.read(name).decode().splitlines()]
            for name in names
            if name.endswith("l") and name.startswith("data")
        }
        page = archive.read("index.html").decode()
        files = [archive.read(name).decode() for name in names if name.startswith("files/")]
    assert {row["id"] for row in rows["data/feedback.jsonl"]} == set(mine)
    assert {name.partition("/")[2].partition(".")[0] for name in rows} >= {
        "attachment",
        "invitation",
        "message",
        "party",
        "response",
    }
    assert all(
        NAME in json.dumps(rows[f"data/{name}.jsonl"], ensure_ascii=False) for name in ("feedback", "party", "response")
    )
    assert report.files == len(files) == 3
    assert all(EVERYTHING in text for text in files)
    assert NAME in page
    assert "<script" not in page
    assert not re.search(r"<(h3|td)>\d{4}-\d\d-\d\dT", page)  # instants are written for people
    assert re.search(r"<h3>\d{4}-\d\d-\d\d \d\d:\d\d UTC", page)
    assert OTHER not in page
    texts = [fact["data"].get("body", "") for row in rows["data/feedback.jsonl"] for fact in row["facts"]]
    assert f"note: {EVERYTHING}" in texts
    with care.read(actor=BOSS) as unit:
        assert [(fact.type, fact.data["request"]) for fact in entries(unit)] == [("contact_exported", "letter 8")]
    with pytest.raises(Invalid) as caught:
        export_contact(care, LI, place.folder / "li.zip", actor=BOSS)
    assert caught.value.field == "export.file.exists"
