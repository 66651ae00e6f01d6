from __future__ import annotations

import time

import attrs
import pytest

from careplug.contributions import FactType, Handler, HookSpecs, Messages, Seed
from careplug.plugin import HOOK_API, doctor, hookspec
from careplug.plugin.diagnosis import SLOW
from careplug.text import Text
from tests.unit.plugin.tiny import LAMP, handler, load, module, nothing


@attrs.frozen
class Where:
    zone: str = "UTC"


def _deprecated():
    made = module("specs")
    made.careplug_old = hookspec(warn_on_impl=DeprecationWarning("use careplug_new"))(lambda: None)
    return module("owner", careplug_hooks=lambda: (HookSpecs(made),), careplug_old=lambda: ())


def _slow():
    end = time.perf_counter() + SLOW
    while time.perf_counter() < end:
        pass
    return ()


CASES = [
    ("failed", "error", module("p", careplug_jobs=lambda: 1 / 0), {}),
    ("blocked", "note", module("p", careplug_jobs=lambda: ()), {"block": ("p",)}),
    ("api_newer", "warning", module("p", careplug_api=HOOK_API + 1, careplug_jobs=lambda: ()), {}),
    ("empty", "warning", module("p"), {}),
    ("slow_loading", "warning", module("p", careplug_jobs=_slow), {}),
    ("subject", "warning", module("p", careplug_entities=lambda: (FactType("lit", "lmap"),)), {}),
    ("handler", "warning", module("p", careplug_handlers=lambda: (Handler("h", nothing, ("no.such",)),)), {}),
    (
        "sentence",
        "warning",
        module("p", careplug_surfaces=lambda: (Messages({"error.plugin.raised": Text("a", "b")}),)),
        {},
    ),
    ("seed", "error", module("p", careplug_definitions=lambda: (Seed("template", "t", {"title": {"en": "x"}}),)), {}),
    ("settings", "warning", handler("other"), {"settings": {"p": {"zone": "x"}}}),
    (
        "variable",
        "warning",
        module("p", careplug_settings=Where, careplug_jobs=lambda: ()),
        {"environ": {"CAREPLUG_P_ZOEN": "x"}},
    ),
    ("block", "warning", handler("other"), {"block": ("p",)}),
]


@pytest.mark.parametrize(("code", "level", "plugin", "options"), CASES, ids=[case[0] for case in CASES])
def test_a_finding(code, level, plugin, options):
    found = [finding for finding in doctor(load(plugin, **options)) if finding.plugin == "p"]
    assert [(finding.code, finding.level) for finding in found] == [(code, level)]
    for language in ("en", "zh_CN"):
        sentence = found[0].text(language)
        assert "p" in sentence
        assert "{" not in sentence
        assert not sentence.startswith("plugin.doctor")
    assert found[0].text("en") != found[0].text("zh_CN")


def test_a_deprecated_hook_is_found():
    with pytest.warns(DeprecationWarning, match="careplug_new"):
        plugins = load(_deprecated())
    assert [(each.code, each.params["hook"]) for each in doctor(plugins)] == [("deprecated", "careplug_old")]


def test_a_healthy_plugin_has_no_finding():
    fine = module(
        "fine",
        careplug_api=HOOK_API,
        careplug_settings=Where,
        careplug_entities=lambda: (LAMP, FactType("lit", "lamp")),
        careplug_handlers=lambda: (Handler("h", nothing, ("lit",)),),
    )
    plugins = load(fine, settings={"fine": {"zone": "x"}}, environ={"CAREPLUG_FINE_ZONE": "y"})
    assert [each for each in doctor(plugins) if each.plugin != "careplug"] == []


def test_the_core_alone_has_no_finding():
    assert doctor(load()) == []


def test_a_startup_that_broke_is_found():
    plugins = load(module("p", careplug_startup=lambda: 1 / 0))
    assert [each for each in doctor(plugins) if each.plugin == "p"] == []
    plugins.startup(None)
    assert [each.code for each in doctor(plugins) if each.plugin == "p"] == ["failed"]


def test_errors_come_first():
    plugins = load(module("a"), module("z", careplug_jobs=lambda: 1 / 0), block=("gone",))
    assert [each.code for each in doctor(plugins)] == ["failed", "empty", "block"]
