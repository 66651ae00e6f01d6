"""The story: ends well, says the same twice, and shows what it promises."""

from __future__ import annotations

import re

import pytest

from careplug.care import Care
from careplug.clock import ManualClock
from careplug.demo import play
from careplug.demo.stage import END, SCENES, START
from careplug.refs import SYSTEM
from tests.unit.cli.kit import blank, cli  # noqa: F401  fixtures


@pytest.fixture(scope="module")
def played():
    """The story on the reference storage: the quickest stage."""
    clock = ManualClock(START)
    with Care(clock=clock, channels={"console": {"stream": _Silent()}}) as care:
        yield care, play(care, clock)


class _Silent:
    def write(self, text):
        return len(text)

    def flush(self):
        pass


def test_two_months_of_three_customers(played):
    care, story = played
    assert 25 <= len(story.idents) <= 40
    assert len(SCENES) == story.scenes
    with care.read(actor=SYSTEM) as unit:
        cases = unit.feedback.find(limit=100)
        kinds = {fact.type for case in cases for fact in unit.feedback.facts(case.id)}
        organisations = {case.organisation for case in cases}
    assert len(organisations) == 3
    assert (END - START).days >= 56
    steps = {"submitted", "confirmed", "dispatched", "diagnosing", "handling", "verifying", "resolved", "closed"}
    assert (
        steps
        | {"paused", "resumed", "reopened", "rejected", "withdrawn", "merged", "escalated", "expected", "appointed"}
        <= kinds
    )


def test_breaches_and_the_make_up_workday(played):
    care, story = played
    with care.read(actor=SYSTEM) as unit:
        kept = {item.metric: item for item in unit.sla.attainment()}
        response = next(item for item in unit.sla.explain(story.idents["b7"]) if item.metric == "response")
        holidays = next(item for item in unit.sla.explain(story.idents["b8"]) if item.metric == "response")
        repair = next(item for item in unit.sla.explain(story.idents["b5"]) if item.metric == "factory_repair")
    assert kept["response"].missed == 1
    assert kept["resolution"].missed == 2
    assert kept["factory_repair"].met == 1
    assert {kind for segment in response.segments for _, kind in segment.days} == {"make_up"}
    assert response.due_at.isoformat() == "2026-02-14T01:20:00+00:00"
    assert holidays.due_at.isoformat() == "2026-02-24T01:15:00+00:00"
    assert repair.due_at.isoformat() == "2026-02-24T10:00:00+00:00", "four days and the make-up Saturday, to the close"


def test_every_chain_of_the_story_holds(played):
    from careplug.audit import verify

    assert verify(played[0]).whole


def test_the_report_is_the_same_every_time_and_in_both_languages(cli, tmp_path):
    first = cli("demo", "--lang", "zh", "--keep", "story.db")
    assert first.code == 0, first.err
    kept, again = first.out.splitlines()[:-1], cli("demo", "--lang", "zh").out.splitlines()
    assert [line for line in kept if line] == [line for line in again if line]
    assert re.search("调休上班", first.out)
    english = cli("demo", "--lang", "en")
    assert "make-up workday" in english.out
    assert "How the promises were kept" in english.out
    assert len(cli("-d", "sqlite:///story.db", "list", "--limit", "100", "--json").lines) == 36
    assert cli("-d", "sqlite:///story.db", "verify").code == 0


def test_the_story_can_be_told_as_it_goes(cli):
    done = cli("demo", "--verbose", "--lang", "zh")
    assert "王磊" in done.out
    assert "console" in done.out, "the messages are shown"
    assert len(done.out.splitlines()) > len(SCENES)


def test_for_programs(cli):
    data = cli("demo", "--json").data
    assert (data["cases"], data["receipt"]["state"]) == (36, "met")
