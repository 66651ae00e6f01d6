"""The pages about plugins say what the code says."""

from __future__ import annotations

import inspect
import re

import attrs
import pytest

from careplug import contributions
from careplug.plugin import hookspecs
from careplug.plugin.items import HOOKS, kind_of
from careplug.text import catalogue
from tests.housekeeping import ROOT

PAGE = (ROOT / "docs/reference/hooks.md").read_text(encoding="utf-8")
SPECS = {name: getattr(hookspecs, name) for name in hookspecs.__all__}


def signature(name):
    return f"{name}{inspect.signature(SPECS[name])}".replace("'", "")


def test_there_are_twelve():
    assert len(SPECS) == 12
    assert list(SPECS) == sorted(SPECS)
    marked = {name for name, value in vars(hookspecs).items() if hasattr(value, "careplug_spec")}
    assert marked == set(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_is_documented_as_it_is(name):
    section = re.search(rf"^## `{name}`\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert section, name
    assert f"```text\n{signature(name)}\n```" in section[1]
    assert f"@hookimpl\ndef {name}(" in section[1]


def test_no_hook_is_documented_that_is_not_there():
    assert set(re.findall(r"^## `(careplug_\w+)`$", PAGE, re.MULTILINE)) == set(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_says_when_who_and_what_with_an_example(name):
    words = inspect.getdoc(SPECS[name])
    assert "alled" in words or "asked" in words
    assert "mplement" in words
    assert f"    @hookimpl\n    def {name}(" in words


@pytest.mark.parametrize("name", HOOKS)
def test_what_a_hook_may_return_is_what_it_says(name):
    promised = set(re.findall(r"\b[A-Z]\w+", signature(name).partition("->")[2]))
    assert promised == {cls.__name__ for cls in HOOKS[name]}


def test_everything_that_can_be_contributed_has_a_hook():
    offered = {cls.__name__ for types in HOOKS.values() for cls in types} | {"Denied", "Action"}
    assert offered == set(contributions.__all__)


def test_every_kind_has_a_name_in_both_languages():
    for cls in (cls for types in HOOKS.values() for cls in types):
        blank = object.__new__(cls)
        words = catalogue()[f"plugin.kind.{kind_of(blank)}"]
        assert words.en
        assert words.zh


def test_the_attributes_of_a_plugin_are_documented():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/careplug/plugin").glob("*.py"))
    read = set(re.findall(r'getattr\(plugin, "(careplug_\w+)"', source))
    assert read == {"careplug_api", "careplug_settings", "careplug_name"}
    assert [name for name in read if f"| `{name}` |" not in PAGE] == []


def test_every_type_of_a_setting_is_documented():
    from careplug.plugin.values import _SCALARS, _SEQUENCES

    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    names = [hint.__name__ for hint in (*_SCALARS, *_SEQUENCES) if not attrs.has(hint) and hint.__name__ != "Sequence"]
    assert [name for name in names if not re.search(rf"`{name}[`\[]", page)] == []
