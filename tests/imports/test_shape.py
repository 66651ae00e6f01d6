"""The shape of the house: small modules, small functions, everything public explained; nothing of one machine."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

from tests.housekeeping import ROOT

MODULES = sorted(
    file
    for base in ("src", "plugins", "contrib")
    for file in (ROOT / base).rglob("*.py")
    if "tests" not in file.relative_to(ROOT).parts and "__pycache__" not in file.parts
)
LONGEST_MODULE, LONGEST_FUNCTION, NINE_IN_TEN = 400, 60, 25


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = node.body[0]
    doc = first.end_lineno - first.lineno + 1 if ast.get_docstring(node, clean=False) is not None else 0
    return node.end_lineno - node.lineno + 1 - doc


def functions(file: Path) -> list[tuple[int, str]]:
    """Length and name of every function of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(length(node), node.name) for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_can_be_read_in_one_go(file):
    assert file.read_text(encoding="utf-8").count("\n") <= LONGEST_MODULE
    assert [name for lines, name in functions(file) if lines > LONGEST_FUNCTION] == []


def test_nine_functions_in_ten_fit_into_a_glance():
    lengths = sorted(lines for file in MODULES for lines, _ in functions(file))
    assert statistics.quantiles(lengths, n=10)[-1] <= NINE_IN_TEN


def test_no_file_names_a_machine_or_a_registry():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not listed:
        pytest.skip("not a git checkout")
    pattern = re.compile(r"(?<![\w.])/(?:work|root|home|opt)/\w|https?://[^\s)]*/(?:simple|packages)/")
    files = (ROOT / name for name in listed.split("\0") if name and name != "tests/imports/test_shape.py")
    texts = {file: file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file()}
    assert [str(file.relative_to(ROOT)) for file, text in texts.items() if pattern.search(text)] == []
