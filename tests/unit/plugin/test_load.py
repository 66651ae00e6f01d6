from __future__ import annotations

import logging
import subprocess
import sys
import time

import attrs
import pytest

from careplug.contributions import Command, FactType, FieldSpec, Handler, Messages, Resource, Seed
from careplug.errors import Invalid, NotFound, PluginFailed
from careplug.plugin import Plugins, RequiredFailed, hookimpl
from careplug.text import Text
from tests.unit.plugin.tiny import LAMP, Lamp, code, handler, load, module, nothing


def test_a_good_plugin_is_used_and_named():
    good = module(
        "good",
        careplug_entities=lambda: (LAMP, FactType("lit", "lamp"), FieldSpec(entity="lamp", name="watt", type="int")),
        careplug_definitions=lambda: (Seed("calendar", "night", {"zone": "UTC"}),),
        careplug_handlers=lambda: (Handler("good.log", nothing, facts=("lit",)),),
        careplug_surfaces=lambda: (
            Command("lamp", nothing),
            Resource("lamps", Lamp),
            Messages({"good.hello": Text("Hello", "你好")}),
        ),
    )
    plugins = load(good)
    given = plugins.contributions
    spec = next(spec for spec in given.entities if spec.name == "lamp")
    assert spec.plugin == "good"
    assert [field.name for field in spec.extra] == ["watt"]
    assert given.fact_types["lamp", "lit"].name == "lit"
    assert given.sentences["good.hello"].zh == "你好"
    item = next(handler for handler in given.handlers if handler.name == "good.log")
    assert given.owner(item).name == "good"
    assert given.owner(spec).name == "good"
    line = plugins.report.line("good")
    assert line.status == "loaded"
    assert line.contributed == {
        "entity": 1, "fact": 1, "field": 1, "seed": 1, "handler": 1, "command": 1, "resource": 1, "messages": 1
    }  # fmt: skip
    assert "entities 1" in line.text("en")
    assert "实体 1" in line.text("zh_CN")


def test_the_core_comes_first_and_through_the_same_door():
    plugins = load(handler("one"))
    assert [line.name for line in plugins.report] == ["careplug", "one"]
    assert plugins.report.line("careplug").source == "core"


def test_an_object_may_be_a_plugin():
    class Pager:
        careplug_name = "pager"

        @hookimpl
        def careplug_handlers(self):
            return (Handler("pager.call", nothing),)

        @property
        def trap(self):
            raise AssertionError("a property must not be read")

    assert code(load(Pager()), "pager") == "loaded"


@pytest.mark.parametrize("thing", [None, "careplug_holidays", 5, (), {}])
def test_what_cannot_be_a_plugin_is_named(thing):
    plugins = load(thing)
    assert [line.error.code for line in plugins.report.failed] == ["plugin.no_object"]


def test_an_unhashable_object_fails_alone():
    @attrs.define
    class Odd:
        careplug_name = "odd"

    plugins = load(Odd(), handler("fine"))
    assert code(plugins, "odd") == "plugin.unhashable"
    assert code(plugins, "fine") == "loaded"


def test_the_same_object_twice():
    one = handler("one")
    assert [line.status for line in load(one, one).report] == ["loaded", "loaded", "failed"]


def test_two_plugins_of_one_name():
    plugins = load(handler("a", owner="same"), handler("b", owner="same"))
    assert [line.error.code for line in plugins.report.failed] == ["plugin.same_name"]
    assert code(plugins, "same") == "loaded"


def test_blocked_is_not_imported_and_is_said():
    plugins = load(handler("one"), handler("two"), block=("two",))
    assert code(plugins, "two") == "plugin.blocked"
    assert [each.name for each in plugins.contributions.handlers if each.name in {"one", "two"}] == ["one"]


def test_the_core_cannot_be_blocked():
    with pytest.raises(Invalid) as caught:
        load(block=("careplug",))
    assert caught.value.code == "plugin.block_core"


@pytest.mark.parametrize("option", ["require", "block"])
@pytest.mark.parametrize("value", ["holidays", (1,), ("",)])
def test_names_are_a_list_of_names(option, value):
    with pytest.raises(Invalid) as caught:
        load(**{option: value})
    assert (caught.value.code, caught.value.field) == ("plugin.names", option)


def test_all_required_failures_come_as_one_error():
    bad = module("bad", careplug_handlers=lambda: 1 / 0)
    wrong = module("wrong", careplug_jobs=lambda: [5])
    with pytest.raises(PluginFailed) as caught:
        load(bad, wrong, handler("fine"), handler("kept_out"), require=("fine", "bad", "wrong", "absent", "kept_out"),
             block=("kept_out",))  # fmt: skip
    assert isinstance(caught.value, RequiredFailed)
    assert [line.name for line in caught.value.lines] == ["bad", "wrong", "absent", "kept_out"]
    for language, words in (("en", "ZeroDivisionError"), ("zh_CN", "未安装插件 absent")):
        assert words in caught.value.text(language)
    assert "{" not in caught.value.text("en")


def test_a_required_plugin_that_loads_is_no_error():
    assert code(load(handler("one"), require=("one",)), "one") == "loaded"


def test_a_failure_is_logged_with_name_and_traceback(caplog):
    with caplog.at_level(logging.ERROR, logger="careplug.plugin"):
        load(module("bad", careplug_handlers=lambda: 1 / 0))
    assert "bad" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_two_in_one_process_do_not_leak():
    first, second = load(handler("one")), load(handler("two"))
    names = [{each.name for each in plugins.contributions.handlers} & {"one", "two"} for plugins in (first, second)]
    assert names == [{"one"}, {"two"}]
    assert first.report.line("two") is None
    assert load().report.line("one") is None


def test_one_plugin_object_serves_two_cares():
    one = handler("one")
    assert [code(load(one), "one"), code(load(one), "one")] == ["loaded", "loaded"]


def test_a_slow_plugin_is_reported_with_its_time():
    def careplug_handlers():
        end = time.perf_counter() + 0.05
        while time.perf_counter() < end:
            pass
        return ()

    line = load(module("slow", careplug_handlers=careplug_handlers)).report.line("slow")
    assert 0.05 <= line.loading < 5
    assert line.data()["loading_ms"] >= 50


def test_a_hook_of_a_plugin_is_called_once_whatever_fails_beside_it():
    calls = []

    def careplug_handlers():
        calls.append(1)
        return ()

    plugins = load(
        module("careful", careplug_handlers=careplug_handlers),
        module("bad", careplug_jobs=lambda: 1 / 0),
        module("lost", careplug_entities=lambda: (FieldSpec(entity="nowhere", name="x"),)),
    )
    assert (len(plugins.report.failed), calls) == (2, [1])


def test_settings_reach_the_hooks_of_their_plugin_alone():
    @attrs.frozen
    class Where:
        zone: str

    seen = {}
    far = module(
        "far",
        careplug_settings=Where,
        careplug_definitions=lambda settings: seen.update(far=settings) or (),
    )
    near = module("near", careplug_definitions=lambda settings: seen.update(near=settings) or ())
    plugins = load(far, near, settings={"far": {"zone": "Asia/Shanghai"}})
    assert seen == {"far": Where("Asia/Shanghai"), "near": None}
    assert plugins.settings(Where) == Where("Asia/Shanghai")
    with pytest.raises(NotFound):
        plugins.settings(str)


def test_wrong_settings_are_that_plugins_failure():
    @attrs.frozen
    class Where:
        zone: str

    plugins = load(module("far", careplug_settings=Where), handler("fine"), settings={"far": {"zoen": "x"}})
    error = plugins.report.line("far").error
    assert (error.code, error.field) == ("settings.unknown", "plugins.far.zoen")
    assert code(plugins, "fine") == "loaded"


def test_a_mapping_beats_the_file_and_the_environment_both(tmp_path):
    @attrs.frozen
    class Three:
        a: int
        b: int
        c: int

    file = tmp_path / "care.toml"
    file.write_text("[plugins.three]\na = 1\nb = 1\nc = 1\n", encoding="utf-8")
    plugins = load(
        module("three", careplug_settings=Three),
        toml=file,
        settings={"three": {"b": 2, "c": 2}},
        environ={"CAREPLUG_THREE_C": "3"},
    )
    assert plugins.settings(Three) == Three(1, 2, 3)


@pytest.mark.parametrize("value", ["text", [1]])
def test_a_table_of_settings_that_is_none(value):
    with pytest.raises(Invalid) as caught:
        load(settings=value)
    assert caught.value.code == "settings.plugins"


def test_the_front_door_is_cheap():
    script = (
        "import sys; before = set(sys.modules); from careplug.plugin import hookimpl;"
        "print([m for m in ('importlib.metadata', 'tomllib', 'cattrs', 'careplug.plugin.manager', 'careplug.text')"
        " if m in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_is_discovered_when_there_is_nothing_to_discover():
    script = (
        "import sys; before = set(sys.modules); from careplug.plugin import Plugins;"
        "Plugins.load(environ={'CAREPLUG_PLUGINS': ''}); print('importlib.metadata' in set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("CAREPLUG_PLUGINS", "")
    assert [line.name for line in Plugins.load().report] == ["careplug"]


def test_the_report_can_be_stored():
    data = load(module("bad", careplug_handlers=lambda: 1 / 0)).report.data()
    assert data[1]["code"] == "plugin.raised"
    assert data[1]["params"]["error"] == "ZeroDivisionError: division by zero"
