from __future__ import annotations

import pytest

from careplug.cli.layout import width
from careplug.cli.output import Column, data_of, emit, table
from careplug.cli.session import Session
from careplug.refs import Ref
from careplug.text import Text

COLUMNS = (
    Column("cli.column.number", whole=True),
    Column("cli.column.priority", right=True),
    Column("cli.column.subject"),
    Column("cli.column.assignee"),
)
ROWS = [
    ["CP-2026-000001", "4", "发票打印不出来,三个窗口都一样", ""],
    ["CP-2026-000002", "12", "[bold]x[/bold] :smile:", ""],
]


@pytest.mark.parametrize("columns", [30, 40, 60, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    table(Session(language="en"), COLUMNS, ROWS)
    out = capsys.readouterr().out
    assert max(width(line) for line in out.splitlines()) <= columns
    for row in ROWS:
        assert row[0] in out
    letters = "".join(out.split())
    assert "发票打印不出来" in letters or columns < 60
    assert set("发票打印不出来三个窗口都一样") <= set(letters)


def test_a_wide_table_lines_up_under_chinese_letters(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    table(
        Session(language="zh_CN"), COLUMNS[:1] + COLUMNS[2:3] + COLUMNS[1:2], [[row[0], row[2], row[1]] for row in ROWS]
    )
    lines = [line for line in capsys.readouterr().out.splitlines() if "CP-" in line]
    assert len({width(line) for line in lines}) == 1, "the last column is flush right"


def test_words_of_customers_are_no_markup_and_an_empty_column_is_left_out(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    table(Session(language="en"), COLUMNS, ROWS)
    out = capsys.readouterr().out
    assert "[bold]x[/bold] :smile:" in out
    assert "In charge" not in out


def test_json_is_canonical(capsys):
    emit({"b": Ref("person", "li"), "a": [Text(en="x")], "中": None})
    assert capsys.readouterr().out == '{"a":[{"en":"x","zh":""}],"b":"person:li","中":null}\n'
    assert data_of(Ref("a", "b")) == Ref("a", "b")
