"""The page of the API is the table of operations."""

from __future__ import annotations

from tests.docs import api_page


def test_the_page_of_the_api_is_what_the_table_says():
    assert api_page.PAGE.read_text(encoding="utf-8") == api_page.page(), "run python -m tests.docs.api_page"


def test_every_operation_is_on_the_page():
    text = api_page.PAGE.read_text(encoding="utf-8")
    named = [each["operationId"] for methods in api_page.said()["paths"].values() for each in methods.values()]
    assert len(named) > 50
    assert [name for name in named if f"`{name}`" not in text] == []
