"""The catalogue is whole: every code that the core raises or says has a sentence, in both languages, with one set of values."""

from __future__ import annotations

import ast
import string
import tomllib
from collections import Counter

import pytest

from careplug import errors, text
from tests.housekeeping import ROOT

FILES = sorted((ROOT / "src").rglob("*.py"))
LOCALES = sorted((ROOT / "src/careplug/locale").glob("*.toml"))
ERRORS = {name for name in errors.__all__ if name != "HandlersFailed"}


def codes(source: str) -> list[str]:
    """The literal codes of errors without a sentence of their own, and of `say(…)`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0].value
        if not isinstance(first, str) or any(keyword.arg == "sentence" for keyword in node.keywords):
            continue
        if name in ERRORS:
            found.append(f"error.{first}")
        elif name == "say":
            found.append(first)
    return found


def _values(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT / "src")))
def test_every_code_has_a_sentence(file):
    assert [code for code in codes(file.read_text(encoding="utf-8")) if code not in text.catalogue()] == []


@pytest.mark.parametrize("file", LOCALES, ids=lambda file: file.stem)
def test_every_sentence_is_in_both_languages_with_the_same_values(file):
    sentences = text.flatten(tomllib.loads(file.read_text(encoding="utf-8")))
    assert [code for code, words in sentences.items() if not (words.en and words.zh)] == []
    assert [code for code, words in sentences.items() if _values(words.en) != _values(words.zh)] == []


def test_no_code_is_in_two_files():
    found = Counter(code for file in LOCALES for code in text.flatten(tomllib.loads(file.read_text(encoding="utf-8"))))
    assert [code for code, times in found.items() if times > 1] == []


def test_a_missing_sentence_is_noticed():
    source = 'raise Invalid("no.such", field="x")\nraise errors.Refused("own", sentence=Text(en="a", zh="b"))\nsay("label.x")'
    assert codes(source) == ["error.no.such", "label.x"]
