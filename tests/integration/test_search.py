"""Search on real complaints: the rows that are found are those of a plain scan, on every database, and how good that is."""

from __future__ import annotations

import csv
import lzma
import re
import sqlite3

import pytest
from sqlalchemy import event

from careplug import Actor, Care, Ref
from careplug.criteria import Is
from careplug.errors import Refused
from careplug.imports import fields_of, read_map, run_import
from careplug.ports import Indexing
from careplug.refs import SYSTEM
from careplug.searching import Entry
from careplug.words import tokens
from careplug_sqlalchemy.searching import values_of
from tests.services import DATABASES

WORDS = (
    *("异响", "漏油", "顿挫", "抖动", "生锈", "天窗", "轮胎", "空调", "死机", "刹车"),
    *("变速箱", "发动机", "烧机油", "方向盘", "刹车片", "中控屏", "机油乳化", "自动启停", "玻璃升降", "车身抖动"),
)
"""Twenty words of two to four characters that customers use."""

LI, WANG = Actor.customer("li"), Actor.engineer("wang", "manager")


def complaints(folder):
    with lzma.open(folder / "zh_car_complaints.csv.xz", "rt", encoding="utf-8-sig", newline="") as file:
        return [row["desc"].strip() for row in csv.DictReader(file)]


def pairs(text):
    """The pairs of Chinese characters that stand side by side: what a scan compares, read anew here."""
    return {run[at : at + 2] for run in re.findall("[\u4e00-\u9fff]+", text) for at in range(len(run) - 1)}


@pytest.fixture(scope="module", params=DATABASES)
def imported(request, database_urls, data_folder):
    """The 1,500 complaints in a database of each kind."""
    found = read_map("zh_complaints", folders=(data_folder,))
    with Care(database_urls[request.param], plugins=[fields_of(found)]) as care:
        care.upgrade()
        assert run_import(care, data_folder / "zh_car_complaints.csv.xz", found).counts["cases"] == 1_500
        yield care


@pytest.mark.slow
def test_twenty_chinese_words_are_found_as_a_plain_scan_finds_them(imported, data_folder):
    """Exactly the rows whose text has every pair of the word; of substrings none is missed, and these few are more."""
    texts = complaints(data_folder)
    assert len(WORDS) == len(set(WORDS)) == 20
    more = {}
    with imported.read(actor=SYSTEM) as unit:
        for word in WORDS:
            found = sorted(hit.case.subject for hit in unit.feedback.search(word, limit=1_000))
            scanned = sorted(text for text in texts if pairs(word) <= pairs(text))
            plain = sorted(text for text in texts if word in text)
            assert found == scanned, word
            assert not set(plain) - set(found), word
            assert plain, word
            if len(found) > len(plain):
                more[word] = (len(plain), len(found))
    assert more == MORE


MORE = {}
"""Words that are found in more rows than they stand in, because their pairs stand apart there."""


@pytest.mark.slow
def test_two_words_and_filters_narrow_what_is_found(imported, data_folder):
    texts = complaints(data_folder)
    with imported.read(actor=SYSTEM) as unit:
        found = [hit.case for hit in unit.feedback.search("变速箱 顿挫", limit=1_000)]
        assert sorted(case.subject for case in found) == sorted(t for t in texts if "变速箱" in t and "顿挫" in t)
        open_ones = unit.feedback.search("变速箱 顿挫", Is("category", "eq", "open"), limit=1_000)
        assert {hit.case.id for hit in open_ones} == {case.id for case in found if case.category == "open"}
        assert 0 < len(open_ones) < len(found)
        first = unit.feedback.search("变速箱", limit=10)
        assert [hit.case.id for hit in first] == [hit.case.id for hit in unit.feedback.search("变速箱", limit=1_000)][
            :10
        ]
        assert "".join(part.text for part in first[0].subject if part.hit) == "变速箱"


@pytest.fixture(params=(None, *DATABASES))
def care(request, new_database):
    with Care(new_database(request.param) if request.param else None) as made:
        made.upgrade()
        yield made


def numbers(unit, text):
    return [found.case.number for found in unit.feedback.search(text)]


def test_who_may_read_a_word_finds_by_it(care):
    """Customers: their own cases, by public words. The service side: notes and contacts too, unless a role may not."""
    with care.unit(actor=LI) as unit:
        mine = unit.feedback.submit(
            "fault",
            "打印机坏了",
            "漏墨",
            contact_name="李雷",
            contact_phone="138-0013-8000",
            contact_mail="li@example.com",
        )
    with care.unit(actor=Actor.customer("chen")) as unit:
        unit.feedback.submit("fault", "打印机不响应")
    with care.unit(actor=WANG) as unit:
        unit.feedback.reply(mine.id, "请更换硒鼓")
        unit.feedback.note(mine.id, "客户急躁")
        unit.feedback.call(mine.id, "out", body="约定周五", phone="0371-66668888")
        unit.feedback.step(mine.id, "confirm")
        unit.feedback.step(mine.id, "resolve", cause="固件缺陷", measure="升级固件", result="恢复打印")
    with care.read(actor=LI) as unit:
        for text in ("打印机", "漏墨", "硒鼓", "升级", "恢复", mine.number, "000001"):
            assert numbers(unit, text) == [mine.number], text
        for text in ("急躁", "缺陷", "李雷", "13800138000", "li@example.com", "周五", "037166668888"):
            assert numbers(unit, text) == [], text
    with care.read(actor=WANG) as unit:
        assert len(numbers(unit, "打印机")) == 2
        for text in ("急躁", "缺陷", "李雷", "13800138000", "example.com", "周五", "037166668888"):
            assert numbers(unit, text) == [mine.number], text
        (found,) = unit.feedback.search("急躁")
        assert [(each.field, each.sequence > 0) for each in found.excerpts] == [("noted", True)]
    with care.read(actor=Actor(Ref("person", "x"), frozenset())) as unit, pytest.raises(Refused):
        unit.feedback.search("打印机")


def test_what_was_edited_or_voided_or_erased_is_not_found_any_more(care):
    with care.unit(actor=WANG) as unit:
        case = unit.feedback.submit("fault", "旧的主题", "秘密内容", contact_name="韩梅梅")
    with care.unit(actor=WANG) as unit:
        unit.feedback.edit(case.id, expected=case.version, subject="新的标题")
        unit.feedback.reply(case.id, "说错了的话")
    with care.read(actor=WANG) as unit:
        assert [len(numbers(unit, text)) for text in ("旧的", "标题", "说错", "秘密", "韩梅梅")] == [0, 1, 1, 1, 1]
        said = next(fact for fact in unit.feedback.facts(case.id) if fact.type == "replied")
    with care.unit(actor=WANG) as unit:
        unit.feedback.void(case.id, said.sequence, reason="看错")
    with care.read(actor=WANG) as unit:
        assert [len(numbers(unit, text)) for text in ("标题", "说错", "看错")] == [1, 0, 1]
    with care.unit(actor=WANG) as unit:
        unit.feedback.erase(case.id, request="letter 7")
    with care.read(actor=WANG) as unit:
        assert [len(numbers(unit, text)) for text in ("标题", "秘密", "韩梅梅", "看错", case.number)] == [0, 0, 0, 0, 1]


def test_the_index_is_built_anew_and_holds_the_same(care):
    with care.unit(actor=WANG) as unit:
        for number in range(30):
            case = unit.feedback.submit("fault", f"水泵漏水 {number}")
            unit.feedback.reply(case.id, f"密封圈 {number}")
    storage = care.storage
    if care.storage.name == "memory":
        assert not isinstance(storage, Indexing)  # it has no index
        return
    shelf = storage._prepared().shelf
    stray = Entry("personal", "gone", "", "feedback", case.id, tokens("feedback", "", [("public", "幽灵")]))
    with storage.engine.begin() as connection:
        connection.execute(shelf.table.delete().where(shelf.table.c.serial % 2 == 0))
        connection.execute(shelf.put, values_of(stray))
    with care.read(actor=WANG) as unit:
        assert numbers(unit, "幽灵") == [case.number]
        assert len(unit.feedback.search("漏水", limit=100)) + len(unit.feedback.search("密封圈", limit=100)) == 30
    assert storage.rebuild_index() == 90  # a case, what was submitted, what was said
    with care.read(actor=WANG) as unit:
        assert len(unit.feedback.search("水泵", limit=100)) == 30
        assert len(unit.feedback.search("密封圈", limit=100)) == 30
        assert len(numbers(unit, "密封圈 29")) == 1
        assert numbers(unit, "幽灵") == []


def test_no_byte_of_an_erased_word_is_left_in_the_file(tmp_path):
    """Neither the word nor its token in the index: FTS5 alone would only mark it as gone."""
    with Care(f"sqlite:///{tmp_path}/care.db") as care:
        with care.unit(actor=WANG) as unit:
            case = unit.feedback.submit("fault", "水泵漏水", contact_name="慕容雪")
            for number in range(200):
                unit.feedback.submit("fault", f"别的事情 {number}")
        token = tokens("feedback", "", [("contact", "慕容")]).split()[0]
        tail = token[-6:].encode()  # FTS5 leaves out what a token shares with the one before it
        assert tail in whole(tmp_path)
        with care.unit(actor=WANG) as unit:
            unit.feedback.erase(case.id, request="letter 7")
        care.storage.erase_traces()
    assert "慕容雪".encode() not in whole(tmp_path)
    assert tail not in whole(tmp_path)
    check = sqlite3.connect(tmp_path / "care.db")
    check.execute("INSERT INTO careplug_words_fts(careplug_words_fts, rank) VALUES ('integrity-check', 1)")
    check.close()


def whole(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.glob("care.db*")))


@pytest.mark.parametrize("name", ["sqlite", "postgresql", "mariadb"])
def test_a_search_is_one_statement_and_two_more_for_what_was_said(new_database, name):
    """Whatever was found, and however many cases; MariaDB reads its last rows before it asks its index."""
    with Care(new_database(name)) as care:
        care.upgrade()
        with care.unit(actor=WANG) as unit:
            for number in range(30):
                case = unit.feedback.submit("fault", f"水泵漏水 {number}")
                unit.feedback.reply(case.id, f"密封圈 {number}")
        asked = []
        event.listen(care.storage.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        for text, more in (("漏水", 0), ("密封圈", 2)):
            with care.read(actor=WANG) as unit:
                asked.clear()
                assert len([each.excerpts for each in unit.feedback.search(text, limit=10)]) == 10
                selects = [each for each in asked if each.lstrip().startswith(("SELECT", "WITH"))]
                assert len(selects) == 1 + more + (name == "mariadb" and text == "密封圈"), selects
