"""The token of an invitation: forged, expired, another's, used for something else: each says what it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.errors import CareError, Invalid, Refused
from careplug.survey.tokens import LONGEST, Claim, read, sign, tenant_of

END = datetime(2026, 3, 16, tzinfo=UTC)
NOW = END - timedelta(days=1)
CLAIM = Claim("acme", "01a21dce-cac8-7002-8210-3470c1fe8081", END)
KEY, OTHER = "k" * 32, "o" * 32
TOKEN = sign(CLAIM, KEY)


def test_a_token_says_what_was_signed_and_is_the_same_each_time():
    assert read(TOKEN, [KEY], now=NOW) == CLAIM
    assert sign(CLAIM, KEY) == TOKEN
    assert tenant_of(TOKEN) == "acme"
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_one_signed_with_an_old_key_is_still_taken():
    assert read(TOKEN, [OTHER, KEY], now=NOW) == CLAIM


@pytest.mark.parametrize("keys", [[], [OTHER]])
def test_one_that_nobody_here_signed_is_refused(keys):
    with pytest.raises(Refused) as refused:
        read(TOKEN, keys, now=NOW)
    assert refused.value.code == "survey.token_forged"


@pytest.mark.parametrize(
    "claim",
    [
        Claim("evil", CLAIM.invitation, END),
        Claim("acme", "another", END),
        Claim("acme", CLAIM.invitation, END + timedelta(days=9)),
        Claim("acme", CLAIM.invitation, END, "other"),
    ],
)
def test_the_seal_of_one_claim_fits_no_other(claim):
    mixed = f"{sign(claim, OTHER).partition('.')[0]}.{TOKEN.partition('.')[2]}"
    with pytest.raises(Refused) as refused:
        read(mixed, [KEY], now=NOW)
    assert refused.value.code == "survey.token_forged"


def test_it_ends_exactly_when_it_says():
    assert read(TOKEN, [KEY], now=END - timedelta(microseconds=1)) == CLAIM
    with pytest.raises(Refused) as refused:
        read(TOKEN, [KEY], now=END)
    assert refused.value.code == "survey.token_expired"


def test_one_for_another_purpose_opens_nothing():
    with pytest.raises(Refused) as refused:
        read(sign(Claim("", "x", END, "unsubscribe"), KEY), [KEY], now=NOW)
    assert refused.value.code == "survey.token_purpose"


@pytest.mark.parametrize(
    "text",
    ["", ".", "a", "a.b", "x" * (LONGEST + 1), TOKEN + "=", TOKEN + "A", " " + TOKEN, TOKEN[:-1], "é.é", None, 7],
)
def test_what_is_no_token_is_said_to_be_none(text):
    with pytest.raises((Invalid, Refused)) as refused:
        read(text, [KEY], now=NOW)
    assert refused.value.code in ("survey.token_form", "survey.token_forged")


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_no_text_breaks_it(text):
    with pytest.raises(CareError):
        read(text, [KEY], now=NOW)


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABab01-_."))
def test_a_letter_that_is_changed_makes_it_worthless(place, letter):
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises((Invalid, Refused)):
            read(changed, [KEY], now=NOW)
