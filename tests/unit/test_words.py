"""The one reading of texts: what is a word, what finds it, how it is encoded, where it is marked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.errors import Invalid
from careplug.marks import Marker
from careplug.words import ACCESS, coded, read_query, tokens, words

TEXTS = st.text(
    st.sampled_from("漏水泵异响一abAB019-./@_ ，。！ＡＢ１ｶﾞガé\u0301ßİﬁ㍿🔥한글กา\u200d\U00020bb7")
    | st.characters(codec="utf-8"),
    max_size=40,
)


def finds(text, query):
    """Whether the tokens of a text hold those of a query, as every index asks it."""
    have = tokens("e", "", [("public", text)]).split()
    return all(
        any(token.startswith(group.tokens) if group.prefix else token in group.tokens for token in have)
        for group in coded(read_query(query), "e", "", ("public",)).groups
    )


@pytest.mark.parametrize(
    ("text", "found", "missed"),
    [
        ("地下室水泵漏水", ["水泵", "漏水", "水", "室水泵", "水泵 漏水"], ["水漏", "泵水", "漏"[:0] + "油"]),
        (
            "CP-2026-000123",
            ["cp-2026-000123", "CP-2026", "000123", "2026", "CP_2026"],
            ["CP-000123", "0001", "CP-2025"],
        ),
        ("version 3.2.1", ["3.2.1", "3.2", "2.1", "VERSION"], ["3.1", "vers"]),
        ("call 138-0013-8000", ["13800138000", "138-0013-8000", "0013", "138-0013"], ["0138001"]),
        ("13800138000", ["138-0013-8000", "138*"], ["138"]),
        ("tel. 021/66668888", ["021-66668888", "66668888", "02166668888"], ["0216666"]),
        ("zhang.san@example.com", ["example.com", "zhang.san", "ZHANG.SAN@EXAMPLE.COM"], ["san.com"]),
        ("ＰＵＭＰ　Ｂ柱", ["pump", "b柱", "PUMP 柱"], ["柱b漏"]),
        ("Straße ﬁne", ["strasse", "FINE", "STRASSE"], ["stra"]),
        ("e\u0301te\u0301", ["été", "ÉTÉ"], ["ete"]),
        ("ok 🔥", ["🔥", "🔥 ok"], ["🚗"]),
        ("𠮷野家", ["𠮷野", "野家", "𠮷"], ["吉野"]),
    ],
)
def test_what_a_text_is_found_by(text, found, missed):
    assert [query for query in found if not finds(text, query)] == []
    assert [query for query in missed if finds(text, query)] == []


@given(TEXTS)
def test_every_word_of_a_text_finds_it_and_is_a_token_for_every_database(text):
    for word in set(words(text)):
        if len(word) <= 100 and not re.search(r"\*", word):
            assert finds(text, word), word
    for token in tokens("e", "t", [("public", text), ("contact", text)]).split():
        assert re.fullmatch(r"[pc][a-z0-9_]{4,67}", token), token


@given(TEXTS, TEXTS)
def test_marks_leave_out_nothing_and_stand_where_words_are(text, query):
    try:
        asked = read_query(query)
    except Invalid:
        return
    marker = Marker(asked)
    parts = marker.highlight(text)
    assert "".join(part.text for part in parts) == text
    assert all(part.text for part in parts) or text == ""
    assert bool(marker.excerpt(text)) == any(part.hit for part in parts)


@given(TEXTS, TEXTS)
def test_marks_do_not_depend_on_what_else_stands_in_a_text(text, query):
    """Texts of plain letters are read by a shorter way, which an accent behind them closes."""
    try:
        marker = Marker(read_query(query))
    except Invalid:
        return
    alone, beside = ([part.text for part in marker.highlight(each) if part.hit] for each in (text, f"{text} ǯ\u0301"))
    assert alone == beside


@given(st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12), max_size=8))
def test_different_words_are_different_tokens(some):
    read = {word for text in some for word in words(text)}
    assert len(tokens("e", "", [("public", text) for text in some]).split()) == len(read)


def test_marks_by_example():
    def marked(text, query):
        return "".join(
            f"[{part.text}]" if part.hit else part.text for part in Marker(read_query(query)).highlight(text)
        )

    assert marked("发动机和动机", "发动机") == "[发动机]和动机"
    assert marked("发动不了，动机", "发动机") == "[发动]不了，[动机]"
    assert marked("Ｐｕｍｐ pumps", "PUMP") == "[Ｐｕｍｐ] pumps"
    assert marked("ab ﬁne e\u0301te\u0301", "fine été") == "ab [ﬁne] [e\u0301te\u0301]"
    assert marked("138-0013-8000", "13800138000") == "[138-0013-8000]"
    assert marked("021/66668888", "021-66668888") == "[021/66668888]"
    assert marked("printer", "prin*") == "[prin]ter"
    assert "".join(
        part.text for part in Marker(read_query("漏水")).excerpt("头" * 500 + "漏水" + "尾" * 500)
    ).startswith("…头")


def test_tenants_and_entities_have_tokens_of_their_own():
    places = {tokens(entity, tenant, [("public", "pump")]) for entity in ("a", "b") for tenant in ("", "t")}
    assert len(places) == 4


def test_a_row_has_half_a_megabyte_of_tokens_at_most():
    text = " ".join(map(str, range(100_000)))
    made = tokens("e", "", [("public", text)])
    assert len(made) <= 500_000
    assert made.split()[-1] in {f"{made[:4]}{number}" for number in range(100_000)}


@pytest.mark.parametrize("bad", ["", " ", "，。", "x" * 101, "a\0", "\ud800", None, 7])
def test_what_cannot_be_asked_is_invalid(bad):
    with pytest.raises(Invalid):
        read_query(bad)


def test_access_is_one_of_those_there_are():
    assert ACCESS == ("head", "public", "internal", "contact")
    with pytest.raises(Invalid):
        tokens("e", "", [("secret", "pump")])
