"""The hot questions go by their indexes on every database: no table that grows is read from end to end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from careplug import Care, Worker
from careplug.criteria import Is
from careplug.queue import queue
from tests.proof.scale.changed import BOSS
from tests.proof.scale.fill import fill
from tests.proof.scale.floors import Floors
from tests.proof.scale.measures import MANAGER, Desk, middle
from tests.proof.scale.places import Hands, Place, tidied
from tests.proof.scale.plans import plans
from tests.proof.scale.stories import NOW
from tests.services import DATABASES, database

SIZE = 2_000
NEWEST = "careplug_feedback_category_received_at_ix"
QUEUE = "careplug_clock_open_due_at_ix"
REPORT = "careplug_clock_counted_metric_state_stopped_at_ix"

pytestmark = pytest.mark.service


@pytest.fixture(scope="module", params=DATABASES)
def desk(request, tmp_path_factory):
    with (
        database(request.param, tmp_path_factory.mktemp("plans")) as url,
        Care(url, clock=Hands(), block=("holidays", "flask")) as care,
    ):
        care.upgrade()
        fill(care, SIZE)
        tidied(care)
        yield Desk(Place(request.param, SIZE), care, Floors(care))


def explained(desk, ask, actor=MANAGER):
    def job():
        with desk.care.read(actor=actor) as unit:
            return ask(unit)

    assert job(), "nothing was found, so nothing is shown"
    found = plans(desk.floors.engine, job)
    for plan in found:
        assert plan.scanned == [], plan
    return found


def first(found, index):
    assert found[0].uses(index), found[0]
    return found[0]


@pytest.mark.parametrize("deep", [False, True])
def test_a_page_of_the_newest_open_cases_goes_by_its_index(desk, deep):
    after = middle(desk, "newest") if deep else None
    found = explained(desk, lambda unit: unit.feedback.find(Is("category", "eq", "open"), after=after))
    assert not first(found, NEWEST).sorts, found[0]


@pytest.mark.parametrize("deep", [False, True])
def test_a_page_of_the_queue_goes_by_due_time(desk, deep):
    after = middle(desk, "queue") if deep else None
    found = explained(desk, lambda unit: queue(unit, after=after))
    assert not first(found, QUEUE).sorts, found[0]


def test_a_sweep_looks_at_what_is_due_alone(desk):
    worker, counts = Worker(desk.care), dict.fromkeys(("levels", "closed", "late", "failed"), 0)
    (claim,) = plans(desk.floors.engine, lambda: worker._clocks(NOW, counts))
    assert claim.scanned == [], claim
    assert claim.uses("careplug_clock_claim_ix"), claim
    assert not claim.sorts, claim


@pytest.mark.parametrize("since", [None, NOW - timedelta(days=60)])
def test_attainment_is_counted_by_the_index_alone(desk, since):
    found = explained(desk, lambda unit: unit.sla.attainment(since=since))
    verdicts = first(found, REPORT)
    covered = {"sqlite": "COVERING INDEX", "postgresql": "Index Only Scan", "mariadb": "Using index"}
    assert any(covered[verdicts.database] in line for line in verdicts.lines), verdicts
    if verdicts.database != "postgresql":  # which of two indexes is cheaper for so few late clocks is its own choice
        assert found[-1].uses(QUEUE), found[-1]


def test_a_changed_calendar_walks_the_open_clocks(desk):
    office = {"name": "office", "zone": "Asia/Shanghai", "week": {"mon": [["09:00", "12:00"]]}}
    found = explained(desk, lambda unit: list(unit.changes.preview("calendar", "office", office, limit=50)), BOSS)
    page = next(plan for plan in found if "careplug_clock" in plan.statement)
    assert page.uses("careplug_clock_open_feedback_id_ix"), page
    assert not page.sorts, page
    story = next(plan for plan in found if "careplug_fact" in plan.statement)
    assert story.uses("careplug_fact_subject_subject_id_sequence_ux"), story
