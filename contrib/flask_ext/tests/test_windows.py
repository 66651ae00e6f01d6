"""How often somebody came: windows that move, in the memory of one process, and what the API writes of an entity."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import msgspec
import pytest
from limits import parse_many

from careplug.feedback.entities import Feedback, Pause
from careplug.messages.entities import Party
from careplug.ports import Address
from careplug.refs import Ref
from careplug_flask.guard import Limiter, Windows
from careplug_flask.options import Options
from careplug_flask.rest.shapes import plain, shape
from careplug_flask.rest.wire import cases, house

THREE = parse_many("3 per minute")[0]
NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)


class Watch:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Watch()


def test_a_window_moves(watch):
    windows = Windows(watch)
    for _ in range(3):
        assert windows.hit(THREE, "api", "li") == 0
        watch.now += 10
    assert windows.hit(THREE, "api", "li") == 30  # the first hit is 30 seconds old
    watch.now += 29
    assert windows.hit(THREE, "api", "li") == 1
    watch.now += 1
    assert windows.hit(THREE, "api", "li") == 0
    assert windows.hit(THREE, "api", "li") == 10  # refused ones are not counted, the second one still is


def test_everybody_and_everything_has_a_window_of_its_own(watch):
    windows = Windows(watch)
    for who, name in (("li", "api"), ("wang", "api"), ("li", "submit")):
        assert [windows.hit(THREE, name, who) for _ in range(4)] == [0, 0, 0, 60]


def test_who_came_no_more_is_forgotten(watch):
    windows = Windows(watch)
    for number in range(1000):
        windows.hit(THREE, "api", f"visitor {number}")
    watch.now += 30
    windows.hit(THREE, "api", "late")
    assert len(windows) == 1001
    watch.now += 59
    windows.hit(THREE, "api", "late")
    assert len(windows) == 1


def test_a_limit_of_none_lets_nobody_in(watch):
    assert Windows(watch).hit(parse_many("0 per minute")[0], "api", "li") == 60


@pytest.mark.parametrize("storage", ["memory://", "memory://?shared=1"])
def test_the_limiter_says_when_to_come_again(storage):
    limiter = Limiter(Options(rate_limits={"api": "2 per hour; 5 per day"}, rate_storage=storage))
    assert [limiter.hit("api", "li") for _ in range(2)] == [0, 0]
    assert 3590 <= limiter.hit("api", "li") <= 3600
    assert limiter.hit("unknown", "li") == 0


CASES = (
    Feedback(id="1", number="CP-1", kind="fault", state="received", received_at=NOW),
    Feedback(
        id="2",
        number="CP-2",
        kind="fault",
        state="received",
        received_at=NOW,
        requester=Ref("person", "a:b"),
        team=Ref("team", "1"),
        closed_at=NOW,
        custom={"when": NOW, "ref": Ref("a", "b")},
        pauses=(Pause("waiting", "customer", NOW, 3),),
        links=({"to": "3", "relation": "related"},),
        flags=("late",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=["few fields", "all kinds of fields"])
def test_a_case_is_written_field_by_field(case):
    written = msgspec.to_builtins(shape(cases.Case, case))
    whole = msgspec.to_builtins(plain(case))
    times = {name: value.isoformat().replace("+00:00", "Z") for name, value in _times(case)}
    assert written == {name: times.get(name, whole[name]) for name in written}
    assert list(written) == [field.name for field in msgspec.structs.fields(cases.Case)]


def test_nothing_of_an_entity_is_shared_with_what_is_written():
    first, second = (shape(cases.Case, CASES[0]) for _ in range(2))
    assert first.custom is not second.custom
    assert first.flags is not second.flags


def test_a_reference_that_must_be_there_is_text():
    party = Party(id="1", ref=Ref("person", "li"), name="Li", addresses=(Address("mail", "li@example.org"),))
    written = msgspec.to_builtins(shape(house.Party, party))
    assert written["ref"] == "person:li"
    assert written["addresses"][0]["value"] == "li@example.org"


def _times(case):
    found = attrs.asdict(case, recurse=False)
    return [(name, value) for name, value in found.items() if isinstance(value, datetime)]
