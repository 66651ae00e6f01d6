"""What goes on while a Care lives: permission, startup, shutdown."""

from __future__ import annotations

import logging
import time

import pytest

from careplug.contributions import Denied
from careplug.errors import Refused
from careplug.plugin import RequiredFailed
from careplug.refs import SYSTEM
from careplug.text import Text
from tests.unit.plugin.tiny import handler, load, module

NO = Denied(Text("Only auditors export.", "只有审计员可以导出。"))


def test_nobody_objects():
    load(handler("one"), module("mild", careplug_allow=lambda actor, action, subject: None)).allow(SYSTEM, "x.do")


def test_arguments_go_by_their_names():
    seen = []
    one = module("one", careplug_allow=lambda subject, actor: seen.append((actor, subject)))
    two = module("two", careplug_allow=lambda action: seen.append(action))
    load(one, two).allow(SYSTEM, "x.do", 7)
    assert seen == [(SYSTEM, 7), "x.do"]


def test_an_interrupt_while_asked_passes():
    def careplug_allow():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(module("slow", careplug_allow=careplug_allow)).allow(SYSTEM, "x.do")


def test_any_denial_wins_and_names_its_plugin():
    seen = []
    mild = module("mild", careplug_allow=lambda action: seen.append(action))
    hard = module("hard", careplug_allow=lambda actor, action, subject: NO if subject == 7 else None)
    for order in ((mild, hard), (hard, mild)):
        plugins = load(*order)
        plugins.allow(SYSTEM, "x.do", 6)
        with pytest.raises(Refused) as caught:
            plugins.allow(SYSTEM, "x.do", 7)
        assert caught.value.params["plugin"] == "hard"
        assert caught.value.params["action"] == "x.do"
        assert caught.value.text("en") == "Only auditors export."
        assert caught.value.text("zh_CN") == "只有审计员可以导出。"
        assert caught.value.code == "plugin.denied"
    assert seen == ["x.do"] * 4, "every plugin is asked"


def test_the_sentence_does_not_depend_on_the_order():
    first = module("a", careplug_allow=lambda: Denied(Text("a", "甲")))
    second = module("b", careplug_allow=lambda: Denied(Text("b", "乙")))
    broken = module("0", careplug_allow=lambda: 1 / 0)
    for order in ((first, second, broken), (broken, second, first)):
        with pytest.raises(Refused) as caught:
            load(*order).allow(SYSTEM, "x.do")
        assert caught.value.params["plugin"] == "a"


@pytest.mark.parametrize(("function", "expected"), [
    (lambda: 1 / 0, "plugin.allow_failed"),
    (lambda: True, "plugin.allow_result"),
    (lambda: False, "plugin.allow_result"),
    (lambda: "no", "plugin.allow_result"),
    (lambda: Denied, "plugin.allow_result"),
])  # fmt: skip
def test_a_plugin_that_breaks_refuses(function, expected, caplog):
    plugins = load(module("bad", careplug_allow=function))
    with caplog.at_level(logging.ERROR, logger="careplug.plugin"), pytest.raises(Refused) as caught:
        plugins.allow(SYSTEM, "x.do")
    assert caught.value.code == expected
    assert caught.value.params["plugin"] == "bad"
    assert "bad" in caplog.text
    assert "{" not in caught.value.text("zh_CN")


def test_an_exit_while_asked_refuses():
    def careplug_allow():
        raise SystemExit

    with pytest.raises(Refused) as caught:
        load(module("bad", careplug_allow=careplug_allow)).allow(SYSTEM, "x.do")
    assert caught.value.code == "plugin.allow_failed"


def test_a_plugin_may_raise_its_own_refusal():
    def careplug_allow():
        raise Refused("acme.no", field="seal", sentence=Text("Sealed.", "已封存。"))

    with pytest.raises(Refused) as caught:
        load(module("hard", careplug_allow=careplug_allow)).allow(SYSTEM, "x.do")
    assert (caught.value.code, caught.value.params["plugin"], str(caught.value)) == ("acme.no", "hard", "Sealed.")


def test_startup_and_shutdown_in_order_once():
    seen = []

    def plugin(name):
        return module(
            name,
            careplug_startup=lambda care: seen.append(("up", name, care)),
            careplug_shutdown=lambda care: seen.append(("down", name, care)),
        )

    plugins = load(plugin("b"), plugin("a"))
    plugins.startup("care")
    plugins.startup("care")
    plugins.shutdown("care")
    plugins.shutdown("care")
    assert seen == [("up", "b", "care"), ("up", "a", "care"), ("down", "a", "care"), ("down", "b", "care")]


def test_shutdown_without_startup_calls_nobody():
    load(module("one", careplug_shutdown=lambda care: 1 / 0)).shutdown(None)


def test_a_startup_that_breaks_marks_its_plugin_and_stops_nobody(caplog):
    seen = []
    bad = module(
        "bad", careplug_startup=lambda: 1 / 0, careplug_shutdown=lambda: seen.append("must not be called"),
        careplug_jobs=lambda: (),
    )  # fmt: skip
    plugins = load(bad, module("fine", careplug_startup=lambda: seen.append("fine")))
    with caplog.at_level(logging.ERROR, logger="careplug.plugin"):
        plugins.startup(None)
    plugins.shutdown(None)
    assert seen == ["fine"]
    assert [(line.name, line.error.code) for line in plugins.report.failed] == [("bad", "plugin.raised")]
    assert plugins.report.line("bad").error.field == "plugins.bad.careplug_startup"
    assert "ZeroDivisionError" in caplog.text


def test_a_required_startup_that_breaks_ends_the_others():
    seen = []
    fine = module("fine", careplug_startup=lambda: None, careplug_shutdown=lambda: seen.append("down"))
    bad = module("bad", careplug_startup=lambda: 1 / 0)
    plugins = load(fine, bad, require=("bad",))
    with pytest.raises(RequiredFailed) as caught:
        plugins.startup(None)
    assert [line.name for line in caught.value.lines] == ["bad"]
    assert caught.value.field == "startup"
    assert seen == ["down"]


def test_a_shutdown_that_breaks_stops_nobody(caplog):
    seen = []
    first = module("first", careplug_shutdown=lambda: seen.append("first"))
    bad = module("bad", careplug_shutdown=lambda: 1 / 0)
    plugins = load(first, bad)
    plugins.startup(None)
    with caplog.at_level(logging.ERROR, logger="careplug.plugin"):
        plugins.shutdown(None)
    assert seen == ["first"]
    assert "bad" in caplog.text


def test_a_slow_startup_is_reported_with_its_time():
    def careplug_startup():
        end = time.perf_counter() + 0.05
        while time.perf_counter() < end:
            pass

    plugins = load(module("slow", careplug_startup=careplug_startup))
    plugins.startup(None)
    line = plugins.report.line("slow")
    assert 0.05 <= line.startup < 5
    assert line.loading < line.startup + 1
    assert f"{line.startup:.3f}" in line.text("en")
