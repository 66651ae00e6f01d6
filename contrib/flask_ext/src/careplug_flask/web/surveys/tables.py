"""Results and responses as CSV: UTF-8 with its mark, so that spreadsheets read Chinese; in bounded memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Response, request, stream_with_context

from careplug.survey.questions import OTHER
from careplug_flask import guard, work
from careplug_flask.rest.survey_results import kind_of
from careplug_flask.state import state
from careplug_flask.web.context import Words, words
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import Form as Typed
from careplug_flask.web.surveys import figures
from careplug_flask.web.surveys.results import Asked, asked, group_label

if TYPE_CHECKING:
    from careplug.survey.entities import Response as Answered
    from careplug.survey.forms import Form
    from careplug.unit import CareUnit

__all__ = ["answers", "scores"]

_BATCH = 500
_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEAD = ("group", "question", "text", "measure", "answers", "value", "low", "high")
_ABOUT = ("answered_at", "number", "channel", "contact", "organisation", "product", "kind", "assignee", "low")


def _line(values: Iterable[Any]) -> str:
    """A line of the table. What a spreadsheet would take for a formula is kept from it (OWASP)."""
    out = io.StringIO()
    csv.writer(out).writerow(_plain(value) for value in values)
    return out.getvalue()


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return (
        f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) and not _numeric(text) else text
    )


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _file(name: str, lines: Iterable[str]) -> Response:
    made = Response(lines, mimetype="text/csv")
    made.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return made


def scores(name: str) -> Response:
    """The figures of a form's results, a question of a group each line."""
    insist("survey.scores.own")
    wanted = asked(Typed(request.args.to_dict()))
    with work.reading() as unit:
        said = words(state(), unit)
        found = unit.surveys.scores(name, by=wanted.by, **wanted.period)  # type: ignore[arg-type]
        rows = [
            _score(said, group_label(said, found, group.key) if wanted.by else "", each)
            for group in found.groups
            for each in group.questions
        ]
    return _file(f"{name}-scores", [_MARK, _line(_HEAD), *map(_line, rows)])


def _score(said: Words, label: str, each: Any) -> Sequence[Any]:
    figure = figures.figure_of(said, each)
    measured = [figure.number, figure.low, figure.high] if figure is not None else [None] * 3
    kind = kind_of(each.question) if figure is not None else ""
    return (label, each.question.key, said.text(each.question.text), kind, each.answers, *measured)


def answers(name: str) -> Response:
    """Every response to a form, newest first: a column for each question of the form as it is asked now."""
    insist("survey.responses")
    guard.limit("act")
    wanted = asked(Typed(request.args.to_dict()))
    with work.reading() as unit:
        form = unit.surveys.form(name).form
        first = _page(unit, name, wanted, None)
    return _file(f"{name}-responses", stream_with_context(_all(name, form, wanted, first)))


Rows = list[tuple["Answered", Mapping[str, Any]]]


def _page(unit: CareUnit, name: str, wanted: Asked, after: Sequence[Any] | None) -> Rows:
    rows = unit.surveys.responses(form=name, **wanted.period, after=after, limit=_BATCH)  # type: ignore[arg-type]
    return [(row, unit.surveys.answers_of(row)) for row in rows]


def _all(name: str, form: Form, wanted: Asked, rows: Rows) -> Iterator[str]:
    """The first rows and all that follow, in pages, each from a snapshot of its own."""
    keys = [question.key for question in form.questions]
    yield _MARK + _line((*_ABOUT, *keys))
    while rows:
        yield "".join(_line((*_about(row), *(_cell(said.get(key)) for key in keys))) for row, said in rows)
        if len(rows) < _BATCH:
            return
        last = rows[-1][0]
        with work.reading() as unit:
            rows = _page(unit, name, wanted, (last.answered_at, last.id))


def _about(row: Answered) -> Iterator[Any]:
    """What is known of a response; of an anonymous one its month is its time."""
    yield row.month if row.anonymous else row.answered_at.isoformat()
    for name in _ABOUT[1:-1]:
        yield getattr(row, name)
    yield "low" if row.low else ""


def _cell(answer: Any) -> Any:
    """An answer in one cell: keys as they are stored, words of one's own behind theirs."""
    if isinstance(answer, list):
        return "; ".join(str(_cell(each)) for each in answer)
    if isinstance(answer, Mapping):
        if OTHER in answer:
            return f"{OTHER}: {answer[OTHER]}"
        return answer.get("name") or json.dumps(answer)
    return answer
