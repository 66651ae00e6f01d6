"""The catalogue is whole: every code that is raised or said has a sentence, in both languages, with one set of values,
which the raising line supplies; no sentence is there that nobody says; Chinese has Chinese punctuation.
"""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections import Counter

import pytest

from careplug import errors, text
from careplug.errors import Invalid
from tests.housekeeping import ROOT

FILES = sorted((ROOT / "src").rglob("*.py"))
LOCALES = sorted((ROOT / "src/careplug/locale").glob("*.toml"))
ERRORS = {name for name in errors.__all__ if name != "HandlersFailed"}


def codes(source: str) -> list[str]:
    """The literal codes of errors without a sentence of their own, of `say(…)`, and of the headings of tables."""
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
        elif name in ("say", "Column"):
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
    source = 'raise Invalid("no.such", field="x")\nraise errors.Refused("own", sentence=Text(en="a", zh="b"))\nsay("label.x")\nColumn("a.b", right=True)'
    assert codes(source) == ["error.no.such", "label.x", "a.b"]


# -- what the raising lines supply --

PLUGIN_FILES = sorted((ROOT / "plugins").glob("*/src/**/*.py"))
RAISED = ERRORS | {"Usage", "Broken"}


def raises(source: str) -> list[tuple[int, str, set[str] | None, str]]:
    """Errors with a literal code: line, code, the values supplied (None: not seen here), the name of `sentence`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[1:] if name == "error" else node.args
        if name not in RAISED | {"error"} or not first or not isinstance(first[0], ast.Constant):
            continue
        given = {keyword.arg for keyword in node.keywords}
        own = next((ast.unparse(each.value) for each in node.keywords if each.arg == "sentence"), "")
        known = None if None in given else {str(each) for each in given}
        found.append((node.lineno, str(first[0].value), known, own))
    return found


def own_sentences(file) -> dict[str, text.Text]:
    """The sentences of a plugin's distribution: those named in a file, and its `SENTENCES` by code."""
    import importlib

    module = importlib.import_module(".".join(file.relative_to(file.parents[1]).with_suffix("").parts))
    found = {name: value for name, value in vars(module).items() if isinstance(value, text.Text)}
    errors_of = file.parent / "errors.py"
    if errors_of.is_file():
        found |= importlib.import_module(f"{file.parent.name}.errors").SENTENCES
    return found


@pytest.mark.parametrize("file", [*FILES, *PLUGIN_FILES], ids=lambda file: "/".join(file.parts[-3:]))
def test_every_raising_line_supplies_the_values_of_its_sentence(file):
    plugin = file in PLUGIN_FILES
    own = (
        own_sentences(file)
        if plugin and file.parent.name.startswith("careplug_") and file.name != "__init__.py"
        else {}
    )
    lacking = []
    for line, code, given, named in raises(file.read_text(encoding="utf-8")):
        words = own.get(named) or own.get(code) or text.catalogue().get(f"error.{code}")
        assert words is not None, f"{file.name}:{line}: nobody has words for {code}"
        assert (bool(words.en), _values(words.en)) == (bool(words.zh), _values(words.zh)), f"{file.name}:{line}: {code}"
        values = {value.partition("!")[0] for value in _values(words.en)}
        if given is not None and values - given:
            lacking.append((line, code, sorted(values - given)))
    # `clock.form` of the pages is caught where it is raised, and only the token is shown
    assert [each for each in lacking if (file.name, each[1]) != ("paging.py", "clock.form")] == []


def test_a_line_that_forgets_a_value_is_noticed():
    source = 'raise Invalid("text.long", field="x", length=3)\nraise Invalid("x.y", sentence=_OWN, **more)'
    assert raises(source) == [(1, "text.long", {"field", "length"}, ""), (2, "x.y", None, "_OWN")]


@pytest.mark.parametrize("code", sorted(code for code in text.catalogue() if code.startswith("error.")))
def test_an_error_names_its_field_and_keeps_within_the_catalogue_in_every_language(code):
    words = text.catalogue()[code]
    alone = {"error.cli.other", "error.cli.interrupted", "error.cli.internal"}  # said of no input at all
    assert "{field}" in words.en or code in alone
    error = Invalid(
        code.removeprefix("error."), field="place.of.it", **dict.fromkeys(_values(words.en) - {"field"}, "V")
    )
    assert error.text("qps") == f"⟦{error.text('en')}⟧"
    assert error.text("zh_CN") != error.text("en") or code == "error.cli.other"
    assert "{" not in error.text("en").replace("{1: function}", "").replace('{"acme.greeting"', "")


def pattern(node: ast.JoinedStr) -> str:
    """The codes an f-string may make."""
    parts = [str(part.value) if isinstance(part, ast.Constant) else None for part in node.values]
    return "".join(r"[\w.-]+" if part is None else re.escape(part) for part in parts)


def spoken(sources: list[str]) -> tuple[set[str], set[str], set[str]]:
    """Every text in the code; the patterns of all f-strings; those of f-strings that are an error's code."""
    texts, said, raised = set(), set(), set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            said.add(pattern(node))
        made: list[ast.AST] = []
        if isinstance(node, ast.Call):
            made = list(node.args[:2])
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            made = list(ast.walk(node.value))
        raised |= {pattern(each) for each in made if isinstance(each, ast.JoinedStr)}
    return texts, {each for each in said if re.search(r"[a-z]\\\.|\\\.[a-z]", each)}, raised


def dead(known: list[str], sources: list[str]) -> list[str]:
    """The codes that nobody says."""
    texts, said, raised = spoken(sources)
    errors_of = [code.removeprefix("error.") for code in known if code.startswith("error.")]
    found = [code for code in errors_of if code not in texts and not any(re.fullmatch(each, code) for each in raised)]
    others = [code for code in known if not code.startswith("error.") and code not in texts]
    return found + [code for code in others if not any(re.fullmatch(each, code) for each in said)]


def test_no_sentence_is_dead():
    assert dead(sorted(text.catalogue()), [file.read_text(encoding="utf-8") for file in FILES]) == []


def test_a_dead_sentence_is_noticed():
    source = 'say("a.b")\nsay(f"word.{x}")\nraise Invalid("c.d", field=f"c.{y}")\ncode = f"e.{z}"'
    assert dead(["a.b", "a.c", "word.x", "error.c.d", "error.c.x", "error.e.f"], [source]) == ["c.x", "a.c"]


# -- Chinese as people write it --

SYNTAX = ("类型:标识", "role:名称", "person:登录名")
"""What is typed as it stands: the colon is part of it."""


def half_width(sentence: str) -> list[str]:
    """Western punctuation beside Chinese characters."""
    for part in SYNTAX:
        sentence = sentence.replace(part, "")
    return re.findall(r"[\u4e00-\u9fff][,:;?!(]|[,:;?!)][\u4e00-\u9fff]|\}[,:;]", sentence)


@pytest.mark.parametrize("file", LOCALES, ids=lambda file: file.stem)
def test_chinese_has_chinese_punctuation(file):
    sentences = text.flatten(tomllib.loads(file.read_text(encoding="utf-8")))
    assert [(code, words.zh) for code, words in sentences.items() if half_width(words.zh)] == []


def test_western_punctuation_is_noticed():
    assert [half_width(each) for each in ("{field}:空", "空,", "（空)次")] == [["}:"], ["空,"], [")次"]]
    assert half_width("{field}：空，写 kind:id（例如 person:li）。") == []
