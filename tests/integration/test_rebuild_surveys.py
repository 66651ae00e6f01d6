"""Rows of surveys that were damaged by SQL come back as their facts say; what was erased stays erased."""

from __future__ import annotations

import importlib
from datetime import date

import attrs
import pytest
import sqlalchemy as sa

from careplug import audit
from careplug.audit import rebuild
from careplug.refs import new_id
from careplug.survey.entities import Improvement, Invitation, Response, Score
from tests.integration.test_audit_rebuild import garbage
from tests.unit.survey_life.bureau import DAY, HAN, LI, TEAM, Bureau

SAD = {"satisfaction": 1, "comment": "拖了三天"}
TABLES = (Invitation, Response, Improvement)


@pytest.fixture
def bureau(database_url):
    made = Bureau(database_url, plugins="sqlalchemy")
    yield made
    made.care.close()


def life(bureau):
    """A low answer with its follow-up, erased; one of another; one reminded; two on paper, one anonymous; an improvement."""
    bureau.ask(quiet_days=0)
    case = bureau.done()
    bureau.later()
    low = bureau.answer(bureau.token(), SAD)
    bureau.done(HAN)
    bureau.later()
    bureau.answer(bureau.token(bureau.invitations(contact=HAN.ref)[0]), {"satisfaction": 5})
    bureau.done()
    bureau.later(9 * DAY)
    with bureau.unit() as unit:
        unit.surveys.put_form("team", {**TEAM, "anonymous": "choice"})
        made = unit.surveys.plan_improvement("更快回复", form="csat", owner=LI.ref)
        unit.surveys.improvement_done(made.id, expected=made.version, result="两人值班")
    paper = bureau.enter("team", {"a": 4, "b": 5, "c": 3}, contact=LI.ref, at=bureau.clock() - DAY)
    bureau.enter("team", {"a": 1, "b": 1, "c": 1}, contact=HAN.ref, anonymous=True)
    with bureau.unit() as unit:
        unit.feedback.erase(case.id, request="letter 7")
    return low, paper


def stored(bureau):
    """The rows; those of scores without the ids that nobody refers to."""
    rows = {cls: {row.id: row for row in bureau.rows(cls)} for cls in TABLES}
    return rows, sorted(repr(attrs.evolve(row, id="")) for row in bureau.rows(Score))


def table(connection, name):
    return sa.Table(f"careplug_{name}", sa.MetaData(), autoload_with=connection)


def test_every_row_of_a_survey_comes_back_from_its_facts(bureau):
    life(bureau)
    before = stored(bureau)
    assert rebuild(bureau.care, write=False).whole, rebuild(bureau.care).text()
    assert len(before[1]) == 10
    with bureau.care.storage.engine.begin() as connection:
        for name in ("invitation", "response", "improvement"):
            rows = table(connection, name)
            idents = connection.execute(sa.select(rows.c.id)).scalars().all()
            for number, ident in enumerate(idents):
                values = {c.name: wrong(c, number) for c in rows.columns if c.name not in ("id", "tenant")}
                connection.execute(sa.update(rows).where(rows.c.id == ident).values(values))
        connection.execute(sa.delete(table(connection, "score")))
    dry = rebuild(bureau.care, write=False)
    assert not dry.whole
    report = rebuild(bureau.care)
    assert (report.rows, report.damaged) == (dry.rows, dry.damaged) == (5 + 4 + 1 + 10, 5 + 4 + 1)
    rows, scores = stored(bureau)
    assert ({cls: {k: loose(v) for k, v in found.items()} for cls, found in rows.items()}, scores) == (
        {cls: {k: loose(v) for k, v in found.items()} for cls, found in before[0].items()},
        before[1],
    )
    assert rebuild(bureau.care, write=False).whole
    assert audit.verify(bureau.care).whole
    assert "拖了三天" not in repr(bureau.rows(Response)), "what was erased stays erased"


def wrong(column, number):
    """A value of the column's type that nobody wrote."""
    if isinstance(column.type, sa.Boolean):
        return True
    return date(1999, 1, 1) if isinstance(column.type, sa.Date) else garbage(column, number)


def loose(row):
    """A row without who holds it at the moment."""
    return attrs.evolve(row, fence=0, leased_until=None) if isinstance(row, Invitation) else row


def test_single_damages_of_surveys_are_named_and_put_right(bureau):
    low, paper = life(bureau)
    before = stored(bureau)
    with bureau.care.storage.engine.begin() as connection:
        response, score = table(connection, "response"), table(connection, "score")
        connection.execute(sa.update(response).where(response.c.id == low.id).values(texts='{"comment":"wieder da"}'))
        connection.execute(sa.delete(response).where(response.c.id == paper.id))
        of_paper = score.c.response_id == paper.id
        connection.execute(sa.update(score).where(of_paper, score.c.question == "a").values(value=1))
        row = connection.execute(sa.select(score).where(of_paper, score.c.question == "b")).mappings().one()
        connection.execute(sa.insert(score).values({**row, "id": new_id()}))
        stray = new_id()
        connection.execute(sa.insert(score).values({**row, "id": new_id(), "response_id": stray}))
        connection.execute(sa.delete(score).where(of_paper, score.c.question == "c"))
    report = rebuild(bureau.care)
    seen = {(item.subject_id, item.what, item.key, item.how, item.fields) for item in report.differences}
    assert seen == {
        (low.id, "response", f"{low.number}/csat", "different", ("texts",)),
        (paper.id, "response", "team", "missing", ()),
        (paper.id, "score", "team/a", "different", ("value",)),
        (paper.id, "score", "team/b", "extra", ()),
        (paper.id, "score", "team/c", "missing", ()),
        (stray, "score", "team/b", "extra", ()),
    }
    assert stored(bureau) == before
    assert rebuild(bureau.care).whole
    for language in ("en", "zh"):
        assert all(item.subject_id in report.text(language) for item in report.differences)


def test_rows_of_a_response_without_its_facts_are_left_to_verify(bureau):
    low, _ = life(bureau)
    with bureau.care.storage.engine.begin() as connection:
        facts = table(connection, "fact")
        connection.execute(sa.delete(facts).where(facts.c.subject_id == low.id))
    before = stored(bureau)
    assert rebuild(bureau.care).whole
    assert stored(bureau) == before
    assert not audit.verify(bureau.care).whole


def test_more_responses_than_a_batch_are_compared_each_once(bureau, monkeypatch):
    monkeypatch.setattr(importlib.import_module("careplug.audit.rebuild"), "BATCH", 2)
    for number in range(5):
        bureau.enter("csat", {"satisfaction": number % 5 + 1}, contact=LI.ref)
    told = []
    report = rebuild(bureau.care, progress=lambda done, of: told.append((done, of)))
    assert (report.whole, report.subjects, told[-1]) == (True, 10, (10, 10))
    with bureau.care.storage.engine.begin() as connection:
        connection.execute(sa.update(table(connection, "score")).values(value=3))
    assert rebuild(bureau.care).rows == 4, "one was a three"
    assert rebuild(bureau.care).whole
