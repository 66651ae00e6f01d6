"""The runner of the benches: a bench can be renewed alone, a missed aim is said."""

from __future__ import annotations

from tests.benchmarks import __main__ as runner


def test_a_row_shows_a_missed_aim_and_its_notes():
    row = {"name": "add", "ours_us": 1.5, "floor_us": 1.0, "ratio": 1.5, "aim": "<= 1.3", "met": False, "rounds": 20000}
    assert runner.cells(row) == ["add", "1.5", "1", "1.5", "<= 1.3", "**no**", "rounds 20,000"]
    assert runner.cells({"name": "rows a second", "ours_us": 7.0})[3:] == ["", "", "", ""]


def test_one_part_of_the_page_is_replaced_and_the_others_stay():
    page = runner.put(runner.INTRODUCTION, "one", "<!-- one -->\nfigures of May\n<!-- /one -->\n")
    page = runner.put(page, "two", "<!-- two -->\nsecond\n<!-- /two -->\n")
    page = runner.put(page, "one", "<!-- one -->\nnew\n<!-- /one -->\n")
    assert "figures of May" not in page
    assert page.index("new") < page.index("second")
    assert page.startswith(runner.INTRODUCTION.rstrip())


def test_the_benches_are_found():
    assert "import" in runner.names()
