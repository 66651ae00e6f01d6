"""Clocks, receipts, and how promises were kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from careplug.sla.receipt import to_data
from careplug.sla.words import receipt_text
from careplug_flask.rest.common import case_of, ident_of, paged
from careplug_flask.rest.cursor import key_of
from careplug_flask.rest.shapes import given, plain, shaper
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.clocks import (
    Attainment,
    Attainments,
    Clock,
    ClockPage,
    ClockQuery,
    Clocks,
    PeriodQuery,
    Receipt,
    Receipts,
)


@operation("GET", "/clocks", tag="clocks", query=ClockQuery, answer=ClockPage)
def list_clocks(call: Call) -> Reply:
    """Open clocks by due time, standing ones last."""
    asked: ClockQuery = call.query
    values = given(asked)
    after = key_of(values.pop("after", None), (datetime, str))
    rows = call.unit.sla.due(**{**values, "limit": asked.limit + 1}, after=after)
    make = shaper(Clock)
    items = [make(row) for row in rows[: asked.limit]]
    return paged(ClockPage, items, rows, asked.limit, lambda row: (row.due_at, row.id))


@operation("GET", "/feedback/{id}/clocks", tag="clocks", answer=Clocks)
def list_clocks_of_feedback(call: Call) -> Reply:
    """The clocks of a case."""
    case = case_of(call.unit, call.path["id"])
    make = shaper(Clock)
    return Reply(value=Clocks(items=[make(row) for row in call.unit.sla.clocks([case.id])]))


@operation("GET", "/feedback/{id}/receipts", tag="clocks", answer=Receipts)
def explain_feedback(call: Call) -> Reply:
    """The receipts of a case: what counted, what did not and why."""
    ident = ident_of(call.unit, call.path["id"])
    items = [_receipt(found, call.language) for found in call.unit.sla.explain(ident)]
    return Reply(value=Receipts(items=items))


def _receipt(found: Any, language: str) -> Receipt:
    data: dict[str, Any] = plain(to_data(found))
    data.pop("source"), data.pop("losers"), data.pop("legs")
    return Receipt(**data, text=receipt_text(found, language))


@operation("GET", "/attainment", tag="clocks", query=PeriodQuery, answer=Attainments)
def report_attainment(call: Call) -> Reply:
    """How each metric was kept in a period."""
    rows = call.unit.sla.attainment(**given(call.query))
    items = [
        Attainment(
            metric=row.metric,
            met=row.met,
            missed=row.missed,
            void=row.void,
            open=row.open,
            overdue=row.overdue,
            share=None if row.share is None else f"{row.share:.4f}",
        )
        for row in rows
    ]
    return Reply(value=Attainments(items=items))
