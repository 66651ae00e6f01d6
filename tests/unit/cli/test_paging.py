from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.cli.paging import read, token
from careplug.cli.problems import Usage


@given(st.datetimes(min_value=datetime(1970, 1, 1)) | st.none(), st.uuids())
def test_a_token_comes_back_as_the_key(value, ident):
    moment = value.replace(tzinfo=UTC) if value else None
    assert read(token(moment, str(ident))) == (moment, str(ident))


@given(st.text(min_size=1), st.uuids())
def test_a_name_may_hold_anything(name, ident):
    assert read(token(name, str(ident)), instant=False)[1] == str(ident)


@pytest.mark.parametrize("text", ["x", "~", "2026~a", "~id", "2026-01-01T00:00~id"])
def test_no_token(text):
    with pytest.raises(Usage) as raised:
        read(text)
    assert raised.value.field == "--after"


def test_without_a_token_there_is_no_key():
    assert read("") is None
