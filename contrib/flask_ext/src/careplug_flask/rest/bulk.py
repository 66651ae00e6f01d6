"""Many at once, as JSON lines: a line a case on the way in, a line a case on the way out, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Response, request, stream_with_context

from careplug.errors import CareError
from careplug_flask import work
from careplug_flask.errors import Large, error, status_of
from careplug_flask.identity import visitor
from careplug_flask.rest import reading
from careplug_flask.rest.cases import brake, criteria_of, submitted
from careplug_flask.rest.common import shower
from careplug_flask.rest.serve import encode, internal, problem_of
from careplug_flask.rest.table import LINES, Call, Reply, operation
from careplug_flask.rest.wire.cases import BulkLine, Case, CaseFilter, CaseIn

if TYPE_CHECKING:
    from careplug.criteria import Criteria
    from careplug.feedback.entities import Feedback

_MOST_LINES = 10_000
_LONGEST = 5 * 1024 * 1024
_LARGEST = 20 * 1024 * 1024
_BATCH = 200
_decoder = msgspec.json.Decoder(CaseIn)


@operation("POST", "/feedback/bulk", tag="bulk", answer=BulkLine, raw=LINES, sends=LINES)
def submit_many(known: dict[str, Any]) -> Reply:
    """Take many cases in: each line is stored by itself, and answered by a line in the same order."""
    reading.media(LINES)
    if (request.content_length or 0) > _LARGEST:
        raise error(Large, "flask.large", field="body", most=_LARGEST)
    with work.reading() as unit:
        unit.allow("feedback.submit")
    language = visitor().language
    answers = (encode(_one(number, line, language)) + b"\n" for number, line in _numbered(request.stream))
    return Reply(value=Response(stream_with_context(answers), mimetype=LINES))


def _numbered(stream: Any) -> Iterator[tuple[int, bytes | CareError]]:
    """The lines that hold something, by their numbers; an error in place of one that is not read."""
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        if number > _MOST_LINES:
            yield number, error(Large, "flask.bulk_lines", field=f"line[{number}]", most=_MOST_LINES)
            return
        if len(line) == _LONGEST and not line.endswith(b"\n"):
            while (rest := stream.readline(_LONGEST)) and not rest.endswith(b"\n"):
                continue
            yield number, error(Large, "flask.large", field=f"line[{number}]", most=_LONGEST)
        elif line.strip():
            yield number, line


def _one(number: int, line: bytes | CareError, language: str) -> BulkLine:
    try:
        if isinstance(line, CareError):
            raise line
        body = reading.decoded(_decoder, line, f"line[{number}]")
        brake()
        case = work.changing(lambda unit: submitted(unit, body))
    except CareError as found:
        return BulkLine(line=number, status=status_of(found), problem=problem_of(found, language))
    except Exception as found:
        # the answer has begun: what breaks one line must not cost the answers to the others
        return BulkLine(line=number, status=500, problem=internal(found, language))
    return BulkLine(line=number, status=201, id=case.id, number=case.number)


@operation("GET", "/feedback/bulk", tag="bulk", query=CaseFilter, answer=Case, sends=LINES)
def export_many(call: Call) -> Reply:
    """Every case that matches, newest first, a line each."""
    criteria = criteria_of(call.query)
    first = call.unit.feedback.find(
        criteria, limit=_BATCH
    )  # what is wrong with the query is said before the answer begins
    return Reply(value=Response(stream_with_context(_all(criteria, first, shower(call.unit))), mimetype=LINES))


def _all(criteria: Criteria | None, rows: Sequence[Feedback], show: Callable[[Feedback], Case]) -> Iterator[bytes]:
    """The first rows and all that follow, in pages, each from a snapshot of its own."""
    while rows:
        yield b"".join(encode(show(row)) + b"\n" for row in rows)
        if len(rows) < _BATCH:
            return
        with work.reading() as unit:
            rows = unit.feedback.find(criteria, limit=_BATCH, after=(rows[-1].received_at, rows[-1].id))
