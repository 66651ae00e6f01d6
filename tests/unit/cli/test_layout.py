from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from careplug.cli.layout import plain, width, wrap


def test_chinese_letters_take_two_columns():
    assert width("受理 ok。") == 2 * 2 + 1 + 2 + 2


def test_chinese_breaks_without_blanks_and_no_line_begins_with_a_closing_mark():
    lines = wrap("各项指标的达成情况,逐段列出。", 12)
    assert all(width(line) <= 14 for line in lines)
    assert len(lines) > 1
    assert not any(line[0] in ",。" for line in lines)


@given(st.text(alphabet="ab cd受理,。(编号) \n", max_size=80), st.integers(8, 40))
def test_wrapping_loses_no_letter(text, columns):
    assert "".join("".join(wrap(text, columns)).split()) == "".join(text.split())


@given(st.lists(st.text(alphabet="abc受理", min_size=1, max_size=6), min_size=1, max_size=12), st.integers(14, 40))
def test_no_line_is_too_long_where_words_fit(words, columns):
    assert all(width(line) <= columns for line in wrap(" ".join(words), columns))


def test_words_of_customers_cannot_steer_the_terminal():
    assert plain("a\x1b[2Jb\nc\x07") == "a [2Jb\nc "
