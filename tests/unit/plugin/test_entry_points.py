"""Real entry points: distributions in a folder on sys.path."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from careplug.plugin import Plugins
from tests.unit.plugin.tiny import code, install

GOOD = """
    from careplug.contributions import Handler
    from careplug.plugin import hookimpl

    @hookimpl
    def careplug_handlers():
        return (Handler("NAME", print),)
"""


def good(name):
    return GOOD.replace("NAME", name)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("tiny_")]:
        del sys.modules[name]


def load(*plugins, names=None, **options):
    """With the entry points of these names, or of all."""
    return Plugins.load(plugins, environ={} if names is None else {"CAREPLUG_PLUGINS": names}, **options)


def tiny(plugins):
    return [line for line in plugins.report if line.name.startswith("t_")]


def test_an_installed_plugin_is_found_with_its_version(site):
    install(site, "t_good", good("a"), version="2.5")
    line = load().report.line("t_good")
    assert (line.status, line.version, line.distribution) == ("loaded", "2.5", "careplug-t_good")
    assert line.source == "entry point"


def test_in_name_order_whatever_the_distributions_are_called(site):
    install(site, "a", good("x"), points={"t_z": "tiny_a"})
    install(site, "z", good("y"), points={"t_a": "tiny_z"})
    assert [line.name for line in tiny(load())] == ["t_a", "t_z"]


def test_the_variable_empty_starts_with_none(site):
    install(site, "t_good", "raise AssertionError('must not be imported')")
    assert [line.name for line in load(names="").report] == ["careplug"]


def test_the_variable_restricts(site):
    install(site, "t_a", good("a"))
    install(site, "t_b", "raise AssertionError('must not be imported')")
    plugins = load(names=" t_a , t_missing")
    assert [(line.name, line.status) for line in tiny(plugins)] == [
        ("t_a", "loaded"), ("t_b", "blocked"), ("t_missing", "failed"),
    ]  # fmt: skip
    assert code(plugins, "t_b") == "plugin.not_selected"
    assert code(plugins, "t_missing") == "plugin.not_installed"


def test_a_blocked_one_is_not_imported(site):
    install(site, "t_b", "raise AssertionError('must not be imported')")
    assert code(load(names="t_b", block=("t_b",)), "t_b") == "plugin.blocked"


BROKEN = [
    ("raise ValueError('no licence')", "plugin.import", "ValueError: no licence"),
    ("import sys; sys.exit('bye')", "plugin.exited", "bye"),
    ("import no_such_module_here", "plugin.import_missing", "no_such_module_here"),
    ("def broken(:", "plugin.import", "SyntaxError"),
    ("from careplug.contributions import NoSuchThing", "plugin.import", "NoSuchThing"),
    ("raise BaseException('odd')", "plugin.import", "BaseException: odd"),
]


@pytest.mark.parametrize(("source", "expected", "words"), BROKEN)
def test_a_plugin_that_breaks_at_import(site, source, expected, words):
    install(site, "t_bad", source)
    install(site, "t_good", good("a"))
    plugins = load()
    error = plugins.report.line("t_bad").error
    assert (error.code, error.field) == (expected, "plugins.t_bad.import")
    assert words in error.text("en")
    assert words in error.text("zh_CN")
    assert code(plugins, "t_good") == "loaded"


def test_an_interrupt_at_import_passes(site):
    install(site, "t_bad", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load(names="t_bad")


def test_an_entry_point_to_a_name_that_is_not_there(site):
    install(site, "t_bad", "", points={"t_bad": "tiny_t_bad:plugin"})
    assert code(load(), "t_bad") == "plugin.import"


def test_an_entry_point_that_is_no_reference(site):
    install(site, "t_bad", "", points={"t_bad": "tiny t bad ??"})
    install(site, "t_good", good("a"))
    import tiny_t_good

    plugins = load(tiny_t_good)
    assert code(plugins, "t_bad") == "plugin.import"
    assert code(plugins, "t_good") == "loaded"


def test_an_entry_point_to_an_object(site):
    install(
        site,
        "t_obj",
        """
        from careplug.plugin import hookimpl
        class Plugin:
            @hookimpl
            def careplug_jobs(self):
                return ()
        plugin = Plugin()
        """,
        points={"t_obj": "tiny_t_obj:plugin"},
    )
    assert code(load(), "t_obj") == "loaded"


def test_two_distributions_with_one_name(site):
    install(site, "first", good("a"), points={"t_same": "tiny_first"})
    install(site, "second", good("b"), points={"t_same": "tiny_second"})
    plugins = load()
    assert [line.status for line in tiny(plugins)] == ["loaded", "failed"]
    error = tiny(plugins)[1].error
    assert error.code == "plugin.same_name"
    assert error.params == {"first": "careplug-first", "second": "careplug-second"}
    assert plugins.report.line("t_same").status == "loaded"


def test_one_module_under_two_names(site):
    install(site, "one", good("a"), points={"t_a": "tiny_one", "t_b": "tiny_one"})
    plugins = load()
    assert [code(plugins, name) for name in ("t_a", "t_b")] == ["loaded", "plugin.same_object"]


def test_a_module_the_host_hands_over_is_the_entry_point_itself(site):
    install(site, "t_good", good("a"), version="3.0")
    import tiny_t_good

    plugins = load(tiny_t_good, require=("t_good",))
    assert [(line.name, line.version, line.source) for line in tiny(plugins)] == [("t_good", "3.0", "host")]


def test_damaged_metadata_hides_nobody(site):
    install(site, "t_good", good("a"))
    damaged = site / "damaged-1.0.dist-info"
    damaged.mkdir()
    (damaged / "METADATA").write_text("Name: damaged\n", encoding="utf-8")
    (damaged / "entry_points.txt").write_bytes(b"[careplug]\n\xff\xfe = broken\n")
    assert code(load(), "t_good") == "loaded"


def test_a_distribution_without_metadata_has_no_version(site):
    install(site, "t_good", good("a"))
    (site / "careplug_t_good-1.0.dist-info" / "METADATA").unlink()
    assert code(load(), "t_good") == "loaded"


def test_importing_careplug_imports_no_plugin(site):
    install(site, "t_loud", "print('imported')")
    script = "import careplug, careplug.plugin, careplug.plugin.manager"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
