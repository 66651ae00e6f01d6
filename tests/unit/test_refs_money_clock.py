"""References, actors and ids; amounts; instants and clocks: the floor everything stands on."""

from __future__ import annotations

import decimal
import threading
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.clock import ManualClock, aware, from_text, system_now, to_text
from careplug.errors import CareError, Invalid
from careplug.money import Money, scaled, unscaled
from careplug.refs import IMPORT, SYSTEM, Actor, Ref, new_id

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def told(error: CareError) -> None:
    """The error names its field in both languages, and they differ."""
    assert error.field
    assert error.field in error.text("en")
    assert error.field in error.text("zh")
    assert error.text("en") != error.text("zh")
    assert "{" not in error.text("en")


# ------------------------------------------------------------------------------------------------- references


def test_a_reference_is_written_kind_colon_id():
    assert str(Ref("person", "7")) == "person:7"
    assert Ref.parse("person:a:b") == Ref("person", "a:b")
    assert Ref.parse("设备: 1 ") == Ref("设备", " 1 ")


@pytest.mark.parametrize("text", ["", "person", ":7", "person:", ":"])
def test_what_is_no_reference(text):
    with pytest.raises(Invalid) as caught:
        Ref.parse(text, field="requester")
    assert caught.value.code == "ref.form"
    assert caught.value.field == "requester"


@given(st.text(min_size=1).filter(lambda kind: ":" not in kind), st.text(min_size=1))
def test_references_come_back(kind, ident):
    assert Ref.parse(str(Ref(kind, ident))) == Ref(kind, ident)


def test_actors():
    customer = Actor.customer("7", organisations=(Ref("organisation", "1"),), language="zh_CN")
    assert (customer.side, customer.key, customer.person) == ("customer", "person:7", True)
    assert customer.roles == {"customer"}
    engineer = Actor.engineer("8", "manager")
    assert engineer.side == "service"
    assert engineer.roles == {"engineer", "manager"}
    assert hash(engineer) == hash(Actor.engineer("8", "manager"))


def test_no_job_is_a_person():
    assert not SYSTEM.person
    assert not IMPORT.person
    assert SYSTEM.side == IMPORT.side == "system"


def test_ids_are_uuids_of_version_7_that_sort_by_their_making():
    made = [new_id() for _ in range(20_000)]  # more than fit in one millisecond
    assert made == sorted(set(made))
    for text in made[:50]:
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert parsed.version == 7
        assert parsed.variant == uuid.RFC_4122
    stamp = int(made[-1].replace("-", "")[:12], 16)
    assert abs(stamp / 1000 - datetime.now(UTC).timestamp()) < 60


def test_ids_of_several_threads_differ():
    made: list[str] = []

    def make():
        made.extend([new_id() for _ in range(2000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


# ------------------------------------------------------------------------------------------------------- money


@given(st.integers(-(2**63) + 20_000, 2**63 - 20_000))
def test_amounts_come_back(number):
    assert scaled(unscaled(number)) == number


@given(st.decimals(-(10**14), 10**14, places=4))
def test_amounts_are_exact(value):
    assert unscaled(scaled(value)) == value


@pytest.mark.parametrize("prec", [1, 5, 28])
def test_the_hosts_decimal_context_does_not_matter(prec):
    with decimal.localcontext(decimal.Context(prec=prec, traps=[decimal.Inexact, decimal.Rounded])):
        value = Decimal("123456789.1234")
        assert scaled(value) == 1234567891234
        assert unscaled(1234567891234) == value
        assert (Money(value, "CNY") + Money(value, "CNY")).amount == Decimal("246913578.2468")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "money.type"),
        (1, "money.type"),
        ("1", "money.type"),
        (Decimal("NaN"), "money.range"),
        (Decimal("sNaN"), "money.range"),
        (Decimal("-Infinity"), "money.range"),
        (Decimal(10) ** 15, "money.range"),
        (Decimal("1E+400"), "money.range"),
        (Decimal("0.00001"), "money.fine"),
        (Decimal("1." + "0" * 70 + "1"), "money.fine"),
        (Decimal("1E-400"), "money.fine"),
    ],
)
def test_what_is_no_amount(value, code):
    with pytest.raises(Invalid) as caught:
        scaled(value, "quote.amount")
    assert caught.value.code == code
    assert caught.value.field == "quote.amount"
    told(caught.value)


def test_trailing_zeros_are_not_finer():
    assert scaled(Decimal("1." + "0" * 70)) == 10_000
    assert scaled(Decimal("1E+3")) == 10_000_000
    assert scaled(Decimal("-0")) == 0


@pytest.mark.parametrize("currency", ["", "cny", "CN", "CNYY", "人民币", "C N", "12A"])
def test_what_is_no_currency(currency):
    with pytest.raises(Invalid) as caught:
        Money(Decimal(1), currency)
    assert caught.value.code == "money.currency"
    told(caught.value)


def test_only_one_currency_adds():
    assert Money(Decimal("1.5"), "CNY") + Money(Decimal("-0.5"), "CNY") == Money(Decimal(1), "CNY")
    with pytest.raises(Invalid) as caught:
        Money(Decimal(1), "CNY") + Money(Decimal(1), "EUR")
    told(caught.value)
    assert str(Money(Decimal("1.50"), "CNY")) == "1.50 CNY"


# ------------------------------------------------------------------------------------------------------- clock


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), ZoneInfo("America/New_York")])))
def test_instants_come_back_from_their_text(value):
    try:
        there = value.astimezone(UTC)
    except OverflowError:
        return
    text = to_text(there)
    assert len(text) == 27
    assert text.endswith("Z")
    assert from_text(text) == there


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_texts_sort_as_instants_do(one, other):
    assert (to_text(one) < to_text(other)) == (one < other)


def test_any_offset_is_read():
    assert from_text("2026-01-02T20:00:00+08:00") == NOON
    assert from_text("2026-01-02T12:00Z") == NOON
    assert aware(NOON.astimezone(ZoneInfo("Asia/Shanghai")), "at").tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-01-02", "2026-01-02T12:00:00"])
def test_what_is_no_instant(text):
    with pytest.raises(Invalid) as caught:
        from_text(text, "pause.until")
    assert caught.value.field == "pause.until"
    told(caught.value)


@pytest.mark.parametrize("value", [None, "2026-01-02", date(2026, 1, 2), 0, datetime(2026, 1, 2)])
def test_only_aware_datetimes(value):
    with pytest.raises(Invalid) as caught:
        aware(value, "received_at")
    told(caught.value)


def test_a_manual_clock_moves_when_it_is_moved():
    clock = ManualClock(NOON)
    assert clock() == clock() == NOON
    clock.move(timedelta(hours=1))
    assert clock() == NOON + timedelta(hours=1)
    clock.set(clock())
    with pytest.raises(Invalid) as caught:
        clock.move(timedelta(microseconds=-1))
    assert caught.value.code == "clock.backwards"
    told(caught.value)
    assert clock() == NOON + timedelta(hours=1)
    with pytest.raises(Invalid):
        ManualClock(datetime(2026, 1, 1))


def test_the_clock_of_the_machine_is_utc():
    assert system_now().tzinfo is UTC
