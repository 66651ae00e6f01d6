"""The queue narrowed to a person, a priority, a kind; and what is left, on the clock that a target counts by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from careplug import Actor, Care
from careplug.clock import ManualClock
from careplug.errors import Invalid, Refused
from careplug.queue import Left, left, queue, queue_page
from careplug.refs import Ref

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, ten o'clock in Shanghai
WANG, LI = Actor.engineer("wang"), Actor.customer("li")


@pytest.fixture
def desk():
    clock = ManualClock(START)
    with Care(clock=clock, environ={"CAREPLUG_PLUGINS": ""}) as care:
        yield care, clock


def submit(care, subject, **told):
    with care.unit(actor=LI) as unit:
        return unit.feedback.submit(told.pop("kind", "fault"), subject, **told)


def subjects(care, **asked):
    with care.read(actor=WANG) as unit:
        return {line.subject for line in queue_page(unit, metric="response", **asked).lines}


def test_it_is_narrowed_by_what_the_cases_say(desk):
    care, _ = desk
    submit(care, "urgent", impact=1, urgency=1)
    submit(care, "asked", kind="question")
    mine = submit(care, "mine")
    with care.unit(actor=WANG) as unit:
        unit.feedback.assign(mine.id, assignee=WANG.ref)
    assert subjects(care) == {"urgent", "asked", "mine"}
    assert subjects(care, priority=1) == {"urgent"}
    assert subjects(care, kind="question") == {"asked"}
    assert subjects(care, assignee=WANG.ref) == {"mine"}
    assert subjects(care, assignee=WANG.ref, kind="question") == set()
    assert subjects(care, assignee=Ref("person", "nobody")) == set()


def test_clocks_that_count_for_nothing_can_be_left_out(desk):
    care, _ = desk
    case = submit(care, "solved")
    with care.unit(actor=WANG) as unit:
        unit.feedback.step(case.id, "handle")
        unit.feedback.step(case.id, "resolve", measure="m", result="r")
    with care.read(actor=WANG) as unit:
        assert [line.metric for line in queue(unit)] == ["acceptance"]
        assert queue_page(unit, counted=True).lines == ()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("asked", [{}, {"kind": "question"}, {"priority": 4}, {"assignee": WANG.ref}])
def test_pages_join_without_a_gap(desk, size, asked, monkeypatch):
    care, clock = desk
    monkeypatch.setattr("careplug.queue.STRIDE", 3)
    for number in range(12):
        made = submit(care, f"case {number}", kind="question" if number % 3 else "fault", impact=1 + number % 3)
        if number % 2:
            with care.unit(actor=WANG) as unit:
                unit.feedback.assign(made.id, assignee=WANG.ref)
        clock.move(timedelta(minutes=1))
    with care.read(actor=WANG) as unit:
        whole = [line.clock_id for line in queue_page(unit, limit=200, **asked).lines]
        seen, after = [], None
        for _ in range(200):
            page = queue_page(unit, limit=size, after=after, **asked)
            seen += [line.clock_id for line in page.lines]
            after = page.following
            if after is None:
                break
    assert whole
    assert seen == whole


def test_a_page_stops_where_enough_was_looked_at(desk, monkeypatch):
    care, clock = desk
    monkeypatch.setattr("careplug.queue.STRIDE", 3)
    monkeypatch.setattr("careplug.queue.STRIDES", 2)
    for number in range(20):
        submit(care, f"case {number}")
    clock.move(timedelta(minutes=1))
    submit(care, "rare", kind="training")
    with care.read(actor=WANG) as unit:
        page = queue_page(unit, metric="response", kind="training", limit=2)
        assert (page.lines, page.stopped) == ((), True)
        while page.following is not None:
            page = queue_page(unit, metric="response", kind="training", limit=2, after=page.following)
        assert [line.subject for line in page.lines] == ["rare"]


def test_what_is_left_is_counted_as_the_target_counts(desk):
    care, clock = desk
    case = submit(care, "x")
    with care.unit(actor=WANG) as unit:
        unit.feedback.note(case.id, "x")

    def rest(metric):
        with care.read(actor=WANG) as unit:
            (line,) = queue_page(unit, metric=metric).lines
            return left(unit, line, unit.now())

    assert rest("response") == Left(timedelta(minutes=30), working=True)
    assert rest("resolution") == Left(timedelta(hours=24), working=False)
    clock.move(timedelta(minutes=20))
    assert rest("response") == Left(timedelta(minutes=10), working=True, soon=True)
    clock.move(timedelta(hours=19, minutes=30))  # half past five in the morning
    assert rest("resolution") == Left(timedelta(hours=4, minutes=10), working=False, soon=True)
    late = rest("response")
    assert late.late
    assert late.span == -timedelta(hours=6, minutes=30)  # the lunch and the night do not count
    with care.unit(actor=WANG) as unit:
        unit.feedback.pause(case.id, "waiting_customer")
    assert rest("resolution") is None


def test_it_asks_who_is_there_and_how_long_a_page_is(desk):
    care, _ = desk
    with care.read(actor=LI) as unit, pytest.raises(Refused):
        queue_page(unit)
    with care.read(actor=WANG) as unit, pytest.raises(Invalid) as caught:
        queue_page(unit, limit=0)
    assert caught.value.field == "queue.limit"
