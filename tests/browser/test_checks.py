"""Every check finds what is wrong on purpose, and nothing on pages that are right."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.browser import checks
from tests.browser.kit import DESKTOP, PHONE, serve
from tests.browser.site import RIGHT, application


@pytest.fixture(scope="module")
def url(chromium):
    with serve(application()) as found:
        yield found


def told(findings):
    return [(each.check, each.element) for each in findings]


# ---------------------------------------------------------------------------------------------- right


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("language", RIGHT)
def test_a_right_page_has_no_finding(visitor, url, language, width):
    with visitor(url, language=language, width=width) as page:
        page.goto(f"/right/{language}")
        assert checks.overflow(page) == []
        assert checks.untranslated(page, language=language) == []
        # "qps" is for private use in BCP 47; axe knows the registered ones only
        assert checks.axe(page, rules={"html-lang-valid": language != "qps"}).failures == []


# ---------------------------------------------------------------------------------------------- fit


@pytest.mark.parametrize(
    ("name", "width", "expected"),
    [
        ("wide", PHONE, [("page", "html"), ("wide", "div#w.wide")]),
        ("wide", DESKTOP, []),
        ("off", PHONE, [("wide", "p.off")]),
        ("cut", DESKTOP, [("clipped", "p.cut")]),
        ("cut-inside", DESKTOP, [("clipped", "b")]),
        ("low", DESKTOP, [("clipped", "p.low")]),
        ("dots", DESKTOP, [("clipped", "p.dots")]),
        ("tight", DESKTOP, [("spilled", "button.tight")]),
    ],
)
def test_what_does_not_fit(visitor, url, name, width, expected):
    with visitor(url, language="zh", width=width) as page:
        page.goto(f"/wrong/{name}")
        assert told(checks.overflow(page)) == expected


def test_what_may_be_cut_is_named(visitor, url):
    with visitor(url, language="zh") as page:
        page.goto("/wrong/dots")
        assert checks.overflow(page, ignore=".dots") == []
        assert told(checks.overflow(page, ignore=".cut")) == [("clipped", "p.dots")]


def test_a_page_that_a_phone_lays_out_for_a_desk(visitor, url):
    with visitor(url, language="zh", width=PHONE) as page:
        page.goto("/narrow")
        (finding,) = checks.overflow(page)
    assert finding.check == "page"
    assert "980" in finding.detail


# ---------------------------------------------------------------------------------------------- language


@pytest.mark.parametrize(
    ("name", "element", "words", "source"),
    [
        ("word", "p", "Report", "text"),
        ("hidden-word", "p.hidden", "Nothing found", "text"),
        ("placeholder", "input", "Search", "placeholder"),
        ("title", "p", "Tooltip", "title"),
        ("aria", "button", "Close", "aria-label"),
        ("alt", "img", "picture", "alt"),
        ("value", "input", "Send", "value"),
        ("made", "p.made", "more", "::after"),
        ("confirm", "button", "Really", "hx-confirm"),
        ("nested", "p", "replied", "text"),
        ("code", "p", "waiting_customer", "text"),
    ],
)
def test_english_on_a_chinese_page(visitor, url, name, element, words, source):
    with visitor(url, language="zh") as page:
        page.goto(f"/wrong/{name}")
        assert checks.untranslated(page) == [checks.Finding("untranslated", element, words, f"in {source}")]
        assert checks.untranslated(page, allow=words.split()) == []


@pytest.mark.parametrize(
    ("language", "body", "words"),
    [
        ("en", "<p>A 报表 page</p>", "报表"),
        ("qps", "<p>⟦Case⟧ open</p>", "open"),
        ("qps", "<p>⟦Case⟧ 已关闭</p>", "已关闭"),
        ("qps", "<p>⟦A <b>half</b></p><p>sentence⟧</p>", "⟦ A half"),
        ("qps", '<p>⟦of <b translate="no">Wang</b>⟧ by <i>hand</i></p>', "by hand"),
    ],
)
def test_words_of_another_language(visitor, url, language, body, words):
    with visitor(url, language=language) as page:
        page.goto(f"/text/{language}?body={quote(body)}")
        found = [each.text for each in checks.untranslated(page) if each.element == "p"]
    assert found[0] == words


def test_the_title_counts(visitor, url):
    with visitor(url) as page:
        page.goto(f"/text/en?body={quote('<p>Well</p>')}")
        assert checks.untranslated(page) == [checks.Finding("untranslated", "title", "页", "in text")]


@pytest.mark.parametrize(("language", "wanted"), [("", "no lang"), ("zh", "lang is not en")])
def test_a_page_that_does_not_say_its_language(visitor, url, language, wanted):
    with visitor(url) as page:
        page.goto(f"/text/{language}?body=1")
        found = [each for each in checks.untranslated(page, language="en") if each.check == "language"]
    assert [each.detail for each in found] == [wanted]


def test_what_only_those_without_scripts_read(visitor, url):
    address = f"/text/zh?body={quote('<noscript><p>Please reload</p></noscript>')}"
    with visitor(url, language="zh", javascript=False) as page:
        page.goto(address)
        assert [each.text for each in checks.untranslated(page)] == ["Please reload"]
    with visitor(url, language="zh") as page:
        page.goto(address)
        assert checks.untranslated(page) == []


# ---------------------------------------------------------------------------------------------- accessibility


@pytest.mark.parametrize(("name", "rule"), [("nameless", "button-name"), ("pale", "color-contrast")])
def test_what_keeps_people_out(visitor, url, name, rule):
    with visitor(url, language="zh") as page:
        page.goto(f"/wrong/{name}")
        told = checks.axe(page)
        (failure,) = told.failures
        assert (failure.rule, told.ran[rule]) == (rule, "violations")
        assert failure.nodes[0]["target"]
        assert rule in told.report()
        assert checks.axe(page, rules={rule: False}).failures == []
        assert checks.axe(page, inside="h1").failures == []


def test_what_axe_finds_less_grave_is_told_and_does_not_count(visitor, url):
    with visitor(url, language="zh") as page:
        page.goto(f"/text/zh?body={quote('<h2>题</h2><h4>题</h4>')}")
        told = checks.axe(page)
    assert {"heading-order", "page-has-heading-one"} <= {each.rule for each in told.violations}
    assert told.failures == []
    assert len(told.ran) > 80


def test_axe_needs_scripts(visitor, url):
    with visitor(url, language="zh", javascript=False) as page:
        page.goto("/right/zh")
        with pytest.raises(ValueError, match="without JavaScript"):
            checks.axe(page)
        assert checks.overflow(page) == []
