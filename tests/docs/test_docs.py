"""Every code block of the pages runs, and every name that people need is on a page."""

from __future__ import annotations

import json

import pytest

from tests.docs import blocks, names
from tests.housekeeping import ROOT

PAGES = blocks.pages()


def _label(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_label)
def test_every_block_says_what_it_is(page):
    strange = [(line, name) for line, name in blocks.languages(page) if name not in blocks.RUN | blocks.SHOWN]
    assert strange == [], f"{_label(page)}: use one of {sorted(blocks.RUN | blocks.SHOWN)}"


@pytest.mark.parametrize("page", [p for p in PAGES if blocks.languages(p)], ids=_label)
def test_every_block_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in blocks.document(page, tmp_path).examples():
        example.evaluate()


def test_every_hook_is_documented():
    assert names.hooks()
    assert names.undocumented(names.hooks()) == []


def test_every_fact_type_is_documented():
    assert names.fact_types()
    assert names.undocumented(names.fact_types()) == []


def test_the_page_of_facts_says_what_is_personal_and_what_is_final():
    said = names.fact_table()
    declared = {t.name: (set(t.personal) - {"because"}, t.final) for t in names.fact_type_objects()}
    assert {name: said[name] for name in declared} == declared


def test_every_command_is_documented():
    assert names.commands()
    assert names.undocumented(names.commands(), "careplug ") == []


def test_every_setting_is_documented():
    assert names.undocumented(names.settings()) == []


def test_a_console_block_is_taken_apart():
    text = "$ careplug submit \\\n    --kind fault\nF-1 ...\n$ careplug show X  # exit 4\n$ make test\n"
    assert blocks.steps(text) == [
        blocks.Step("careplug submit      --kind fault", "F-1 ..."),
        blocks.Step("careplug show X", "", 4),
        blocks.Step("make test", ""),
    ]


def test_a_wrong_page_is_noticed(tmp_path):
    def failures(text):
        page = tmp_path / "page.md"
        page.write_text(text, encoding="utf-8")
        found = []
        for example in blocks.document(page, tmp_path).examples():
            try:
                example.evaluate()
            except Exception as error:
                found.append(type(error).__name__)
        return found

    assert failures("```python\nx = 1\n```\n\n```python\nassert x == 1\n```\n") == []
    assert failures("```python\nassert 1 == 2\n```\n") == ["AssertionError"]
    assert failures("```python\n>>> 1 + 1\n3\n```\n") == ["SybilFailure"]
    assert failures("```toml\nx = \n```\n") == ["TOMLDecodeError"]
    assert failures("```console\n$ make nonsense\n```\n") == ["SybilFailure"]
    assert failures("```console\n$ rm -rf x\n```\n") == ["SybilFailure"]
    assert failures("```json\n# file: a.json\n{}\n```\n") == []
    saved = "```python\n# file: test_a.py\ndef test():\n    assert 1 == 2\n```\n"
    assert failures(f"{saved}\n```console\n$ pytest test_a.py  # exit 1\n```\n") == []
    assert failures(f"{saved}\n```console\n$ pytest test_a.py\n```\n") == ["SybilFailure"]
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {}


def test_a_name_counts_only_between_backticks(monkeypatch):
    monkeypatch.setattr(names, "reference", lambda: "`careplug db plan --json` and submit, `received`, `step.x`")
    assert names.undocumented(["db plan", "submit"], "careplug ") == ["submit"]
    assert names.undocumented(["received", "submit", "step"]) == ["submit", "step"]


def test_the_mounted_shop_of_the_tutorial_is_the_one_that_is_tried():
    page = (ROOT / "docs" / "tutorial" / "mount-in-flask.md").read_text(encoding="utf-8")
    shown = page.partition("# file: mounted.py\n")[2].partition("```")[0]
    assert shown == (ROOT / "docs" / "host" / "mounted.py").read_text(encoding="utf-8")
