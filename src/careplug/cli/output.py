"""What a command prints: tables for people, canonical JSON for programs, progress on standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import attrs

from careplug.cli.layout import plain as printable
from careplug.cli.layout import width, wrap
from careplug.cli.session import Session
from careplug.refs import Ref
from careplug.timeline.facts import canonical

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Column", "Tell", "data_of", "emit", "line", "pairs", "progress", "table"]

Tell = Callable[..., None]
"""Called with how much is done and, where that is known, how much there is."""

_FOLDED = 14
"""A cell that may be folded is at least so wide."""

_PIPED = 120
"""Columns where nobody says how wide the output is."""


@attrs.frozen
class Column:
    """A column of a table: ``code`` of its title; ``whole`` ones are never wrapped, ``right`` ones hold numbers."""

    code: str
    whole: bool = False
    right: bool = False
    ratio: int | None = None


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    known = stream.isatty() or os.environ.get("COLUMNS")
    return Console(
        file=stream, markup=False, emoji=False, highlight=False, soft_wrap=False, width=None if known else _PIPED
    )


def line(text: str = "") -> None:
    """A line for people, on standard output, whatever its length."""
    print(printable(text))


def table(session: Session, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """A table for people. Chinese letters are counted as two columns, long cells are folded, none is cut.

    A column that holds nothing is left out. On a terminal too narrow for the table each row is a paragraph.
    """
    used = [number for number in range(len(columns)) if any(row[number] for row in rows)]
    shown = [columns[number] for number in used]
    heads = [session.say(column.code) for column in shown]
    cells = [[printable(row[number]) for number in used] for row in rows]
    if title:
        line(title)
    room = _console(sys.stdout).width
    if _least(shown, heads, cells) > room:
        for row in cells:
            print("\n".join(_paragraph(shown, heads, row, room)))
    else:
        _grid(shown, heads, cells)


def _grid(columns: Sequence[Column], heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    for number, (column, head) in enumerate(zip(columns, heads, strict=True)):
        shown.add_column(
            head,
            justify="right" if column.right else "left",
            no_wrap=column.whole,
            overflow="fold",
            ratio=column.ratio,
            min_width=min(_widest(head, rows, number), _FOLDED),
        )
    for row in rows:
        shown.add_row(*row)
    _print(shown)


def _widest(head: str, rows: Sequence[Sequence[str]], number: int) -> int:
    lines = (each for row in rows for each in row[number].split("\n"))
    return max(width(head), max(map(width, lines), default=0))


def _least(columns: Sequence[Column], heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How many columns of the terminal a table needs where every cell that may be folded is."""
    widest = [_widest(head, rows, number) for number, head in enumerate(heads)]
    needed = (wide if column.whole else min(wide, _FOLDED) for column, wide in zip(columns, widest, strict=True))
    return sum(needed) + 3 * len(columns)


def _paragraph(columns: Sequence[Column], heads: Sequence[str], row: Sequence[str], room: int) -> list[str]:
    """A row as lines: its cells one behind the other, numbers with their heading."""
    lines = [""]
    for column, head, cell in zip(columns, heads, row, strict=True):
        if not cell:
            continue
        words = f"{head} {cell}" if column.right else cell
        parts = wrap(words, room - 2)
        if lines[-1] and (len(parts) > 1 or width(lines[-1]) + 2 + width(parts[0]) > room):
            lines.append("  ")
        lines[-1] += ("  " if lines[-1].strip() else "") + parts[0]
        lines += [f"  {part}" for part in parts[1:]]
    return lines


def pairs(session: Session, rows: Sequence[tuple[str, str]]) -> None:
    """Labels and values below each other; ``rows`` hold codes of labels. Empty values are left out."""
    from rich.table import Table

    shown = Table.grid(padding=(0, 2))
    shown.add_column(no_wrap=True, style="dim")
    shown.add_column(overflow="fold")
    for code, value in rows:
        if value:
            shown.add_row(session.say(code), printable(value))
    _print(shown)


def _print(shown: Any) -> None:
    """Without the blanks that fill lines up, and the empty lines around."""
    console = _console(sys.stdout)
    with console.capture() as captured:
        console.print(shown)
    lines = [each.rstrip() for each in captured.get().split("\n")]
    print("\n".join(lines).strip("\n"))


def emit(data: object) -> None:
    """One line of canonical JSON: sorted keys, UTC instants as ISO text, no floats."""
    print(canonical(data_of(data)))


def data_of(value: object) -> Any:
    """An entity, or anything made of entities, as data ``canonical`` takes."""
    cls: Any = type(value)
    if attrs.has(cls) and not isinstance(value, Ref):
        return {field.name: data_of(getattr(value, field.name)) for field in attrs.fields(cls)}
    if isinstance(value, Mapping):
        return {str(key): data_of(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [data_of(part) for part in value]
    return value


@contextlib.contextmanager
def progress(session: Session, code: str) -> Iterator[Tell]:
    """A bar on standard error while something long goes on; call what it gives with (done, total).

    Nothing is shown for programs (``--json``) or where standard error is no terminal.
    """
    if session.as_json or not sys.stderr.isatty():
        yield _silent
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_console(sys.stderr), transient=True) as bar:
        task = bar.add_task(session.say(code), total=None)

        def tell(done: int, total: int | None = None) -> None:
            """Move the bar."""
            bar.update(task, completed=done, total=total)

        yield tell


def _silent(done: int, total: int | None = None) -> None:
    """Nobody watches."""
