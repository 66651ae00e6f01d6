"""The extension's words are whole: both languages, the same values, Chinese punctuation, each said somewhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from careplug import text
from careplug_flask.words import own
from tests.docs.test_catalogue import _values, half_width

HOME = Path(__file__).resolve().parent.parent / "src" / "careplug_flask"
LOCALES = sorted((HOME / "locale").glob("*.toml"))
SOURCES = sorted([*HOME.rglob("*.py"), *HOME.rglob("*.html")])
_LITERAL = re.compile(r"""['"]([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)+)['"]""")
_MADE = re.compile(r"""f['"]([a-z][a-z0-9_]*\.[^'"]*?\{[^'"]*)['"]|['"]([a-z][a-z0-9_.]*\.)['"]\s*(?:~|\+)""")
_SAID = re.compile(r"""\bsay\(\s*['"]([A-Za-z0-9_.]+)['"](?!\s*~)""")


def _codes(file: Path) -> dict:
    import tomllib

    return text.flatten(tomllib.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", LOCALES, ids=lambda file: file.stem)
def test_every_sentence_is_in_both_languages_with_the_same_values(file):
    sentences = _codes(file)
    assert sentences
    assert [code for code, words in sentences.items() if not (words.en and words.zh)] == []
    assert [code for code, words in sentences.items() if _values(words.en) != _values(words.zh)] == []


@pytest.mark.parametrize("file", LOCALES, ids=lambda file: file.stem)
def test_chinese_has_chinese_punctuation(file):
    assert [(code, words.zh) for code, words in _codes(file).items() if half_width(words.zh)] == []


def test_no_code_is_in_two_files_or_in_the_core():
    found = Counter(code for file in LOCALES for code in _codes(file))
    assert [code for code, times in found.items() if times > 1] == []
    assert sorted(set(found) & set(text.catalogue())) == []


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(HOME)))
def test_what_is_said_has_words(file):
    known = set(own()) | set(text.catalogue())
    said = set(_SAID.findall(file.read_text(encoding="utf-8")))
    assert sorted(said - known) == []


def test_no_sentence_is_dead():
    texts = [file.read_text(encoding="utf-8") for file in SOURCES]
    literals = {code for source in texts for code in _LITERAL.findall(source)}
    made = [_pattern(first or second) for source in texts for first, second in _MADE.findall(source)]
    spoken = {code for code in own() if _short(code) in literals or code in literals}
    rest = [code for code in own() if code not in spoken and not code.startswith("cli.")]
    assert [
        code for code in rest if not any(re.fullmatch(each, _short(code)) or re.fullmatch(each, code) for each in made)
    ] == []


def _short(code: str) -> str:
    return code.removeprefix("error.")


def _pattern(made: str) -> str:
    """The codes that a text with holes may become: each hole is one or more words."""
    return "".join(
        r"[\w.-]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", made)
    ) + (r"[\w.-]*" if made.endswith(".") else "")
