"""Plugins come in by the front door: public modules and names of the core, published ones of each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.housekeeping import ROOT

FILES = sorted(
    file for base in ("plugins", "contrib") for file in (ROOT / base).glob("*/src/**/*.py") if "tests" not in file.parts
)
PUBLISHED = {"api", "testing"}


def imported(source: str) -> list[str]:
    """Every dotted name that a source file imports; `from a.b import c` is `a.b.c`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def trespasses(source: str, own: str) -> list[str]:
    """The imports of a plugin's file that go past the front door."""
    wrong = []
    for name in imported(source):
        top, *rest = name.split(".")
        private = any(part.startswith("_") and not part.startswith("__") for part in rest)
        other = re.fullmatch(r"careplug_\w+", top) and top != own
        if (top == "careplug" and private) or (other and (not rest or rest[0] not in PUBLISHED)):
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_plugin_uses_public_names(file: Path):
    own = file.relative_to(ROOT).parts[3]
    assert trespasses(file.read_text(encoding="utf-8"), own) == []


def test_a_trespass_is_noticed():
    code = "from careplug import _values\nimport careplug.sla._table\nfrom careplug_other import service\n"
    assert trespasses(code, "careplug_mine") == ["careplug._values", "careplug.sla._table", "careplug_other.service"]
    assert trespasses("from careplug_other.api import Rules\nfrom careplug_mine import _x\n", "careplug_mine") == []


def test_tests_of_plugins_are_no_package():
    # a second package called `tests` would hide the house's own
    assert list(ROOT.glob("plugins/*/tests/__init__.py")) + list(ROOT.glob("contrib/*/tests/__init__.py")) == []


def test_every_module_of_the_core_says_what_is_public():
    modules = [file for file in (ROOT / "src").rglob("*.py") if not file.name.startswith("_")]
    silent = [str(f.relative_to(ROOT)) for f in modules if "__all__" not in f.read_text(encoding="utf-8")]
    assert silent == []
