"""Surveys: what the answers add up to, and what is done about it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import url_for

from careplug.survey import scoring
from careplug.survey.entities import GROUPS
from careplug_flask.rest.common import paged, ref
from careplug_flask.rest.cursor import key_of
from careplug_flask.rest.shapes import given
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.surveys import (
    Estimate,
    Improvement,
    ImprovementEdit,
    ImprovementIn,
    ImprovementPage,
    ImprovementQuery,
    OutcomeIn,
    ScoreQuery,
    SurveyBlock,
    SurveyGroup,
    SurveyQuestion,
    SurveyScores,
)

if TYPE_CHECKING:
    from careplug.survey.entities import Improvement as Row
    from careplug.survey.questions import Question
    from careplug.survey.results import GroupResult, QuestionResult
    from careplug.unit import CareUnit

__all__ = ["kind_of"]

_TAG = "surveys"


@operation("GET", "/surveys/forms/{name}/scores", tag=_TAG, query=ScoreQuery, answer=SurveyScores)
def report_survey_scores(call: Call) -> Reply:
    """What the answers to a form add up to."""
    values = given(call.query)
    filters = {name: values.pop(name) for name in GROUPS if name in values}
    found = call.unit.surveys.scores(call.path["name"], filters=filters, **values)
    groups = [_group(each) for each in found.groups]
    return Reply(
        value=SurveyScores(form=found.name, digest=found.digest, by=found.by, left_out=found.left_out, groups=groups)
    )


def _group(found: GroupResult) -> SurveyGroup:
    return SurveyGroup(
        key=None if found.key in (None, "") else str(found.key),
        responses=found.responses,
        low=found.low,
        rate=_estimate("share", found.rate),
        questions=[_question(each) for each in found.questions],
        blocks=[
            SurveyBlock(
                block=each.block,
                alpha=_decimal(each.alpha.value),
                items=each.alpha.items,
                rows=each.alpha.rows,
                incomplete=each.alpha.incomplete,
            )
            for each in found.blocks
        ],
    )


def _question(found: QuestionResult) -> SurveyQuestion:
    return SurveyQuestion(
        key=found.question.key,
        answers=found.answers,
        left_out=found.left_out,
        counts={str(answer): count for answer, count in found.counts.items()},
        score=_score(kind_of(found.question), found.score),
    )


def kind_of(question: Question) -> str:
    """What the score of a question is: ``csat``, ``nps``, ``ces``, the share of ``yes``, or a ``mean``."""
    return question.measure or ("yes" if question.type == "yes_no" else "mean")


def _score(measure: str, found: scoring.Score | None) -> Estimate | None:
    """A score as a figure; of effort the mean."""
    if found is None:
        return None
    return _estimate(measure, found.mean if isinstance(found, scoring.Ces) else found)


def _estimate(measure: str, found: scoring.Share | scoring.Nps | scoring.Mean) -> Estimate:
    value, low, high = _decimal(found.value), _decimal(found.low), _decimal(found.high)
    return Estimate(measure=measure, value=value, low=low, high=high, of=found.of)


def _decimal(value: Any) -> str | None:
    return None if value is None else str(value)


# -- improvements --


@operation("GET", "/improvements", tag=_TAG, query=ImprovementQuery, answer=ImprovementPage)
def list_improvements(call: Call) -> Reply:
    """Improvements, the one due first on top."""
    asked: ImprovementQuery = call.query
    values = {**given(asked), "limit": asked.limit + 1, "after": key_of(given(asked).get("after"), (date, str))}
    values["owner"] = ref(values.get("owner"), "query.owner")
    rows = call.unit.surveys.improvements(**values)
    items = [_improvement(call.unit, row) for row in rows[: asked.limit]]
    return paged(ImprovementPage, items, rows, asked.limit, lambda row: (row.due_on, row.id))


@operation("POST", "/improvements", tag=_TAG, body=ImprovementIn, answer=Improvement, status=201)
def plan_improvement(call: Call) -> Reply:
    """Plan an improvement."""
    values = _owned(given(call.body))
    made = call.unit.surveys.plan_improvement(values.pop("title"), **values)
    return _told(call.unit, made, 201)


@operation("GET", "/improvements/{id}", tag=_TAG, answer=Improvement)
def get_improvement(call: Call) -> Reply:
    """One improvement with its effect."""
    return _told(call.unit, call.unit.surveys.improvement(call.path["id"]))


@operation("PATCH", "/improvements/{id}", tag=_TAG, body=ImprovementEdit, answer=Improvement, edits=True)
def edit_improvement(call: Call) -> Reply:
    """Change what is planned."""
    values = _owned(given(call.body))
    made = call.unit.surveys.change_improvement(call.path["id"], expected=call.expected or 0, **values)
    return _told(call.unit, made)


@operation("POST", "/improvements/{id}/done", tag=_TAG, body=OutcomeIn, answer=Improvement, edits=True)
def finish_improvement(call: Call) -> Reply:
    """Say how it was carried out."""
    expected, result = call.expected or 0, call.body.result
    return _told(call.unit, call.unit.surveys.improvement_done(call.path["id"], expected=expected, result=result))


@operation("POST", "/improvements/{id}/drop", tag=_TAG, body=OutcomeIn, answer=Improvement, edits=True)
def drop_improvement(call: Call) -> Reply:
    """Say why it is given up."""
    expected, result = call.expected or 0, call.body.result
    return _told(call.unit, call.unit.surveys.drop_improvement(call.path["id"], expected=expected, result=result))


@operation("POST", "/improvements/{id}/measure", tag=_TAG, answer=Improvement, edits=True)
def measure_improvement(call: Call) -> Reply:
    """Count the answers since it was carried out, beside those before."""
    made, _ = call.unit.surveys.measure_improvement(call.path["id"], expected=call.expected or 0)
    return _told(call.unit, made)


def _owned(values: dict[str, Any]) -> dict[str, Any]:
    if "owner" in values:
        values["owner"] = ref(values["owner"], "body.owner")
    return values


def _told(unit: CareUnit, row: Row, status: int = 200) -> Reply:
    location = url_for("careplug_api.getImprovement", id=row.id) if status == 201 else ""
    return Reply(value=_improvement(unit, row), etag=str(row.version), status=status, location=location)


def _improvement(unit: CareUnit, row: Row) -> Improvement:
    found = unit.surveys.effect(row)
    question = unit.surveys.form(row.form).form.question(row.question)
    measure = kind_of(question) if question is not None else ""
    return Improvement(
        id=row.id,
        title=row.title,
        plan=row.plan,
        result=row.result,
        form=row.form,
        question=row.question,
        filters=dict(row.filters),
        owner=str(row.owner) if row.owner is not None else None,
        due_on=row.due_on,
        state=row.state,
        days=row.days,
        planned_at=row.planned_at,
        done_at=row.done_at,
        measured_at=row.measured_at,
        version=row.version,
        before=_score(measure, found.before),
        after=_score(measure, found.after),
        verdict=found.verdict,
    )
