from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug import text
from careplug.errors import Invalid
from careplug.messages.seeds import SEEDS
from careplug.messages.templates import PLACEHOLDERS, Template, TemplateText
from careplug.messages.words import instant

TEMPLATES = [seed for seed in SEEDS if seed.kind == "template"]
FULL = {"subject": {"en": "s", "zh": "主题"}, "body": {"en": "b", "zh": "正文"}}


def names(template):
    return {name for texts in (template.title, template.body) for part in texts.values() for name in part.names}


@pytest.mark.parametrize("seed", TEMPLATES, ids=lambda seed: seed.name)
def test_a_seed_says_the_same_in_both_languages(seed):
    template = Template.parse(seed.name, seed.data)
    for texts in (template.title, template.body):
        assert texts["en"].names == texts["zh"].names
        assert texts["en"] != texts["zh"]
    assert "number" in names(template)
    assert all((seed.label.en, seed.label.zh))


def test_every_placeholder_is_named_in_both_languages_and_used():
    assert all(words.en and words.zh for words in PLACEHOLDERS.values())
    used = set().union(*(names(Template.parse(seed.name, seed.data)) for seed in TEMPLATES))
    assert used - set(PLACEHOLDERS) == set()


@given(st.text())
def test_a_text_without_placeholders_is_the_text(words):
    escaped = words.replace("{", "{{").replace("}", "}}")
    assert TemplateText.parse(escaped, "f").fill(lambda name: pytest.fail(name)) == words


@given(before=st.text(), value=st.text(), after=st.text())
def test_a_value_is_put_in_once_and_never_read_again(before, value, after):
    literal = [part.replace("{", "{{").replace("}", "}}") for part in (before, after)]
    found = TemplateText.parse(f"{literal[0]}{{text}}{literal[1]}", "f").fill(lambda name: value)
    assert found == before + value + after


@given(st.text(alphabet="{}number.data_[]!:0 ", max_size=30))
def test_a_text_is_either_refused_or_filled_without_a_brace_of_ours(words):
    try:
        parsed = TemplateText.parse(words, "f")
    except Invalid:
        return
    assert all(name in PLACEHOLDERS or name.startswith("data.") for name in parsed.names)
    filled = parsed.fill(lambda name: "")
    assert filled.count("{") == words.count("{{")


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        ("{number.__class__}", "template.brace", "f"),
        ("{number[0]}", "template.brace", "f"),
        ("{number!r}", "template.brace", "f"),
        ("{number:>999999999}", "template.brace", "f"),
        ("{}", "template.brace", "f"),
        ("{0}", "template.brace", "f"),
        ("{ number }", "template.brace", "f"),
        ("a } b", "template.brace", "f"),
        ("{data.a.b}", "template.brace", "f"),
        ("{nmuber}", "template.placeholder", "f.nmuber"),
    ],
)
def test_what_is_no_placeholder_is_refused(words, code, field):
    with pytest.raises(Invalid) as caught:
        TemplateText.parse(words, "f")
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({**FULL, "title": {}}, "definition.keys", "template.t.title"),
        ({"body": FULL["body"]}, "template.texts", "template.t.subject"),
        ({**FULL, "body": "hello"}, "template.texts", "template.t.body"),
        ({**FULL, "body": {"en": "x", "de": "y"}}, "definition.keys", "template.t.body.de"),
        ({**FULL, "body": {"en": 3}}, "definition.text", "template.t.body.en"),
        ({**FULL, "body": {"en": " ", "zh": ""}}, "template.empty", "template.t.body"),
        ({**FULL, "subject": {"en": "{x"}}, "template.brace", "template.t.subject.en"),
    ],
)
def test_a_malformed_template_names_its_key(data, code, field):
    with pytest.raises(Invalid) as caught:
        Template.parse("t", data)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert field in caught.value.text("en")
    assert field in caught.value.text("zh")


def test_a_language_left_out_uses_the_others_words():
    template = Template.parse("t", {"subject": {"zh": "主题"}, "body": {"en": "body"}})
    assert template.render("en", str) == ("主题", "body\n")
    assert template.render("zh-Hans-CN", str) == ("主题", "body\n")


def test_the_subject_line_is_one_line_and_not_too_long():
    template = Template.parse("t", {**FULL, "subject": {"en": "[{number}] {subject}"}})
    values = {"number": "CP-1", "subject": "a\r\nBcc: all@example.org\x85b\u2028c"}
    title, _ = template.render("en", values.__getitem__)
    assert title == "[CP-1] a Bcc: all@example.org b c"
    title, _ = template.render("en", {"number": "1", "subject": "长" * 5000}.__getitem__)
    assert len(title) == 200
    assert title.endswith("…")


def test_the_made_up_language_marks_what_came_through_the_template():
    assert Template.parse("t", FULL).render("qps", str) == ("⟦s⟧", "⟦b\n⟧")


@pytest.mark.parametrize(
    ("zone", "language", "words"),
    [
        ("Asia/Shanghai", "en", "2 January 2026, 11:04 (UTC+8)"),
        ("Asia/Shanghai", "zh_CN", "2026年1月2日 11:04（UTC+8）"),
        ("Asia/Kolkata", "en", "2 January 2026, 08:34 (UTC+5:30)"),
        ("America/New_York", "en_GB", "1 January 2026, 22:04 (UTC-5)"),
        ("Europe/London", "en", "2 January 2026, 03:04 (UTC)"),
        ("Nowhere/City", "en", "2 January 2026, 03:04 (UTC)"),
        ("../../etc/passwd", "zh", "2026年1月2日 03:04（UTC）"),
    ],
)
def test_an_instant_stands_on_the_readers_clock(zone, language, words):
    assert instant(datetime(2026, 1, 2, 3, 4, 59, tzinfo=UTC), zone, language) == words


def test_a_code_without_a_word_is_shown_as_itself():
    assert (text.Catalogue().word("kind", "fault", "zh"), text.Catalogue().word("kind", "fault", "en")) == (
        "故障",
        "fault",
    )
    assert text.Catalogue().word("kind", "spillage", "zh") == "spillage"


def test_every_kind_has_a_word():
    from careplug.feedback.entities import KINDS

    assert [kind for kind in KINDS if f"word.kind.{kind}" not in text.catalogue()] == []
