"""``careplug records``: the feedback and handling record (S1), as a table, CSV or JSON lines.

Columns, in the order of the paper form: date received, content, measures taken, date handled, result. The number
stands before them, because a line must be found again.
"""

from __future__ import annotations

import contextlib
import csv
import sys
from collections.abc import Iterator
from typing import IO, Any

from careplug.cli.base import command, option, pass_session
from careplug.cli.filters import criteria_of, filters
from careplug.cli.output import Column, emit, line, progress, table
from careplug.cli.session import Session
from careplug.cli.values import FILE
from careplug.cli.wording import moment
from careplug.errors import Invalid
from careplug.feedback.reading import Record

__all__ = ["records"]

_COLUMNS = (
    Column("cli.column.number", whole=True),
    Column("cli.column.received", whole=True),
    Column("cli.column.content"),
    Column("cli.column.measure"),
    Column("cli.column.handled", whole=True),
    Column("cli.column.result"),
)


@command("records")
@filters
@option("--csv", "as_csv", is_flag=True)
@option("--output", kind=FILE)
@pass_session
def records(session: Session, /, as_csv: bool, output: str | None, **chosen: Any) -> None:
    """Print or write the record, oldest first; CSV and JSON of any length in bounded memory."""
    with session.read() as unit:
        found = unit.feedback.records(criteria_of(session, chosen))
        if output:
            count = _write(session, found, output)
            if session.as_json:
                emit({"file": output, "records": count})
            else:
                line(session.say("cli.records.written", count=count, file=output))
        elif session.as_json:
            for record in found:
                emit(record)
        elif as_csv:
            _csv(session, found, sys.stdout)
        else:
            rows = [_cells(session, record) for record in found]
            table(session, _COLUMNS, rows) if rows else line(session.say("cli.list.none"))


def _cells(session: Session, record: Record) -> tuple[str, ...]:
    received, handled = moment(session, record.received_at), moment(session, record.handled_at)
    return record.number, received, record.content, record.measure, handled, record.result


def _write(session: Session, found: Iterator[Record], path: str) -> int:
    """Into a file, with the mark by which spreadsheet programs know UTF-8."""
    with contextlib.ExitStack() as stack:
        try:
            stream = stack.enter_context(open(path, "w", encoding="utf-8-sig", newline=""))  # noqa: PTH123
        except OSError as error:
            problem = error.strerror or type(error).__name__
            raise Invalid("cli.output", field="--output", path=path, problem=problem) from None
        tell = stack.enter_context(progress(session, "cli.records.progress"))
        return _csv(session, _counted(found, tell), stream)


def _counted(found: Iterator[Record], tell: Any) -> Iterator[Record]:
    for number, record in enumerate(found, 1):
        if number % 500 == 0:
            tell(number, None)
        yield record


def _csv(session: Session, found: Iterator[Record], stream: IO[str]) -> int:
    writer = csv.writer(stream)
    writer.writerow([session.say(column.code) for column in _COLUMNS])
    count = 0
    for record in found:
        writer.writerow([_safe(cell) for cell in _cells(session, record)])
        count += 1
    return count


def _safe(cell: str) -> str:
    """A spreadsheet program would run a cell that begins like a formula; a quotation mark makes it text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
