"""Every resource is a group of commands: help, lists, forms and actions, in both languages and for programs."""

from __future__ import annotations

import sys

import pytest

from tests.integration.test_pseudo_locale import escaped
from tests.unit.cli.kit import blank, cli  # noqa: F401  fixtures
from tests.unit.plugin.tiny import install


@pytest.fixture
def shop(cli, tmp_path, monkeypatch):
    """The workshop as an installed distribution."""
    site = tmp_path / "site"
    site.mkdir()
    source = "from careplug.plugin import hookimpl\nfrom tests.unit.resources import workshop\n"
    source += "@hookimpl\ndef careplug_entities():\n    return workshop.SPECS\n"
    source += "@hookimpl\ndef careplug_surfaces():\n    return (*workshop.surfaces(), *workshop.EXTRAS)\n"
    install(site, "workshop", source)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "tiny_workshop", raising=False)
    monkeypatch.setenv("CAREPLUG_PLUGINS", "sqlalchemy,workshop")
    assert cli("db", "upgrade").code == 0
    return cli


def add(shop, *more):
    return shop("tools", "add", "--name", "Drill", *more, "--json").data


def test_from_the_help_to_the_last_action(shop):
    assert "tools" in shop("--help").out.split("From plugins:")[1]
    made = add(
        shop, "--bought", "2026-01-02", "--owner", "person:li", "--bay", "4", "--label", "Drill|钻", "--every", "2h"
    )
    assert (made["owner"], made["custom.bay"], made["label"]) == ("person:li", 4, {"en": "Drill", "zh": "钻"})
    shown = shop("tools", "show", made["id"])
    assert (shown.code, shown.err) == (0, "")
    assert "Drill" in shown.out
    changed = shop(
        "tools", "edit", made["id"], "--expected", "1", "--count", "7", "--owner", "", "--size", "large",
        "--checked-at", "2026-01-02 10:00", "--zone", "Asia/Shanghai", "--json",
    )  # fmt: skip
    assert (changed.data["count"], changed.data["owner"], changed.data["version"]) == (7, None, 2)
    assert changed.data["checked_at"] == "2026-01-02T02:00:00.000000Z"
    lent = shop("tools", "lend", made["id"], "--to", "wang")
    assert (lent.code, "person:wang" in lent.out) == (0, True)
    again = shop("tools", "lend", made["id"], "--to", "wang", "--lang", "zh")
    assert (again.code, again.err) == (1, "careplug: tools.lend：Drill 已借出。请等待归还。\n")
    assert shop("tools", "scrap", made["id"]).out == "Done.\n"
    assert shop("tools", "list").out == "Nothing found.\n"
    other = add(shop)
    assert shop("tools", "scrap", other["id"], "--json").data == {"id": other["id"], "gone": True}


def test_lists_are_narrowed_and_paged(shop):
    for number, name in enumerate("dbac"):
        assert shop("tools", "add", "--name", name, "--lent", ("true", "false")[number % 2]).code == 0
    names = [row["name"] for row in shop("tools", "list", "--lent", "true", "--json").lines]
    assert names == ["a", "d"]
    both = shop("tools", "list", "--name", "a", "--name", "b", "--json").lines
    assert [row["name"] for row in both] == ["a", "b"]
    first = shop("tools", "list", "--limit", "3", "--json").lines
    rest = shop("tools", "list", "--limit", "3", "--after", first[-1]["after"], "--json").lines
    assert [row["name"] for row in (*first, *rest)] == ["a", "b", "c", "d"]
    assert "--after" in shop("tools", "list", "--limit", "3").out
    codes = [shop("bins", "add", "--code", code, "--json").data["code"] for code in "abc"]
    page = shop("bins", "list", "--limit", "2", "--json").lines
    last = shop("bins", "list", "--after", page[-1]["after"], "--json").lines
    assert [row["code"] for row in (*page, *last)] == codes[::-1]


def test_both_languages(shop):
    add(shop, "--size", "large", "--lent", "true", "--bay", "4")
    chinese = shop("tools", "list", "--lang", "zh").out
    assert [word for word in ("名称", "工位", "已借出", "是") if word not in chinese] == []
    assert "大" in shop("tools", "show", shop("tools", "list", "--json").data["id"], "--lang", "zh").out
    help_page = shop("tools", "lend", "--help", "--lang", "zh").out
    assert [word for word in ("借出", "借给", "必填。") if word not in help_page] == []
    assert "工具：列出、查看、修改。" in shop("tools", "--help", "--lang", "zh").out
    assert "One of: small, large." in shop("tools", "add", "--help").out


def test_no_word_escapes_the_catalogue(shop, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    ident = add(shop)["id"]
    names = (
        "tools",
        "bins",
        "list",
        "show",
        "add",
        "edit",
        "lend",
        "scrap",
        "ID",
        "Drill",
        "shelf",
        "small",
        "large",
        "true",
        "false",
    )
    runs = [
        *([*words, "--help"] for words in (["tools"], ["bins"], *(["tools", each] for each in names[2:8]))),
        ["tools", "list"], ["tools", "show", ident], ["tools", "add"], ["tools", "add", "--name", "Saw", "--count", "x"],
        ["tools", "edit", ident, "--expected", "9", "--count", "2"], ["tools", "scrap", ident], ["tools", "frob"],
    ]  # fmt: skip
    kinds = ("hand", "power")
    for run in runs:
        done = shop(*run, "--lang", "qps")
        text = done.out + done.err
        assert "⟦" in text, run
        assert [
            each for each in escaped(text.replace("careplug: ", ""), *names, *kinds, "tools.add") if each != "x"
        ] == [], run


WRONG = [
    (["tools", "add"], 2, "cli.missing_option", "--name"),
    (["tools", "add", "--name", "n" * 30], 1, "row.long", "tools.name"),
    (["tools", "add", "--name", "Saw", "--price", "12"], 1, "field.money", "tools.price"),
    (["tools", "add", "--name", "Saw", "--size", "huge"], 2, "cli.choice", "--size"),
    (["tools", "add", "--name", "Saw", "--owner", "li"], 1, "ref.form", "tools.owner"),
    (["tools", "add", "--name", "Saw", "--checked-at", "soon"], 2, "cli.time", "checked_at"),
    (["tools", "add", "--name", "Drill"], 3, "resource.taken", "tools.add"),
    (["tools", "edit", "ID", "--count", "2"], 2, "cli.missing_option", "--expected"),
    (["tools", "edit", "ID", "--expected", "5", "--count", "2"], 3, "resource.stale", "tools.version"),
    (["tools", "show", "nobody"], 1, "resource.entity", "tools.id"),
    (["tools", "lend", "ID"], 2, "cli.missing_option", "--to"),
    (["tools", "list", "--after", "x"], 2, "cli.after", "--after"),
    (["tools", "add", "--name", "x", "--role", "engineer"], 1, "permission.role", "permission.tool.add"),
    (["bins", "add", "--code", "xy"], 1, "workshop.code", "bins.code"),
    (["logs", "add"], 2, "cli.no_command", "add"),
]


def test_what_is_wrong_is_said(shop):
    ident = add(shop)["id"]
    for words, code, error, field in WRONG:
        done = shop(*(ident if word == "ID" else word for word in words), "--json")
        assert (done.code, done.error["code"], done.error["field"]) == (code, error, field), words
    assert len(shop("tools", "list", "--json").lines) == 1


def test_a_plugin_that_is_gone(shop, monkeypatch):
    add(shop)
    number = shop("submit", "fault", "Broken", "--json").data["number"]
    monkeypatch.setenv("CAREPLUG_PLUGINS", "sqlalchemy")
    found = shop("doctor")
    assert found.code == 0
    assert "holds bin, tool of the plugin workshop" in found.out
    assert (shop("show", number).code, shop("list").code, shop("tools", "list").code) == (0, 0, 2)


def test_the_core_wins_over_a_plugins_command_and_the_doctor_says_so(shop):
    assert shop("due").code == 0
    found = shop("doctor", "--json")
    (clash,) = [each for each in found.lines if each["code"] == "command"]
    assert (found.code, clash["level"], clash["plugin"]) == (0, "warning", "workshop 1.0")
    assert "due" in clash["text"]
