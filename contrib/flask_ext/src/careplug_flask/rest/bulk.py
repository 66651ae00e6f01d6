"""Many at once, as JSON lines: a line a case on the way in, a line a case on the way out, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from flask import Response, request, stream_with_context

from careplug.errors import CareError
from careplug_flask import work
from careplug_flask.errors import BadRequest, Large, Unsupported, error, status_of
from careplug_flask.identity import visitor
from careplug_flask.rest.cases import criteria_of, submitted
from careplug_flask.rest.serve import encode, misfit, problem_of
from careplug_flask.rest.shapes import shaper
from careplug_flask.rest.table import LINES, Call, Reply, operation
from careplug_flask.rest.wire.cases import BulkLine, Case, CaseFilter, CaseIn

_MOST_LINES = 10_000
_LONGEST = 5 * 1024 * 1024
_BATCH = 200


@operation("POST", "/feedback/bulk", tag="bulk", answer=BulkLine, raw=LINES, sends=LINES)
def submit_many(known: dict[str, Any]) -> Reply:
    """Take many cases in: each line is stored by itself, and answered by a line in the same order."""
    if request.mimetype != LINES:
        raise error(
            Unsupported, "flask.media", field="header.Content-Type", value=request.mimetype or "–", wanted=LINES
        )
    language = visitor().language
    if (request.content_length or 0) > _LONGEST * 4:
        raise error(Large, "flask.large", field="body", most=_LONGEST * 4)
    lines = request.stream
    answers = (encode(_one(number, line, language)) + b"\n" for number, line in _numbered(lines))
    return Reply(value=Response(stream_with_context(answers), mimetype=LINES))


def _numbered(stream: Any) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, by their numbers."""
    number = 0
    while number < _MOST_LINES:
        line = stream.readline(_LONGEST)
        if not line:
            return
        number += 1
        if line.strip():
            yield number, line


def _one(number: int, line: bytes, language: str) -> BulkLine:
    try:
        body = _decoder.decode(line)
        case = work.changing(lambda unit: submitted(Call(unit=unit, path={}, language=language), body))
    except msgspec.ValidationError as wrong:
        found: CareError = misfit(str(wrong), f"line[{number}]")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        found = error(BadRequest, "flask.json", field=f"line[{number}]", problem=str(wrong))
    except CareError as wrong:
        found = wrong
    else:
        return BulkLine(line=number, status=201, id=case.id, number=case.number)
    return BulkLine(line=number, status=status_of(found), problem=problem_of(found, language))


_decoder = msgspec.json.Decoder(CaseIn)


@operation("GET", "/feedback/bulk", tag="bulk", query=CaseFilter, answer=Case, sends=LINES)
def export_many(call: Call) -> Reply:
    """Every case that matches, newest first, a line each."""
    call.unit.allow("feedback.list")
    return Reply(value=Response(stream_with_context(_all(call.query)), mimetype=LINES))


def _all(asked: CaseFilter) -> Iterator[bytes]:
    make, criteria = shaper(Case), criteria_of(asked)
    after: tuple[Any, ...] | None = None
    while True:
        with work.reading() as unit:
            rows = unit.feedback.find(criteria, limit=_BATCH, after=after)
        yield from (encode(make(row)) + b"\n" for row in rows)
        if len(rows) < _BATCH:
            return
        after = (rows[-1].received_at, rows[-1].id)
