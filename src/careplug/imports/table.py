"""The log as a stream of rows: .csv, .csv.gz and .csv.xz, read once and never held."""

from __future__ import annotations

import csv
import gzip
import io
import lzma
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from careplug.errors import Invalid, NotFound
from careplug.imports.map import Log

__all__ = ["LONGEST_CELL", "Table"]

LONGEST_CELL = 1_048_576
"""Characters a cell may have: as much as the body of a case."""

Line = tuple[int, list[str] | None]
"""The number of a row, the heading being row 1, and its cells; None where the row cannot be read."""


class Table:
    """An open log; a context manager. ``header`` are the names of its columns. Lives as long as its ``with`` block."""

    def __init__(self, path: str | Path, log: Log) -> None:
        self.path = Path(path)
        self._log = log

    def __enter__(self) -> Self:
        try:
            self._raw: IO[bytes] = self.path.open("rb")
            self._size = max(1, self.path.stat().st_size)
        except OSError as error:
            raise NotFound("import.log_file", field="log", value=str(self.path), why=error.strerror) from None
        try:
            # What is no text in this encoding becomes lone surrogates: the row is rejected, not the file.
            text = io.TextIOWrapper(
                _open(self._raw, self.path.suffix), self._log.encoding, errors="surrogateescape", newline=""
            )
            self._reader = csv.reader(text, delimiter=self._log.delimiter)
            _, header = next(self._lines(0))
        except StopIteration:
            self._raw.close()
            raise Invalid("import.log_empty", field="log.header", value=str(self.path)) from None
        except BaseException:
            self._raw.close()
            raise
        self.header = tuple(header or ())
        twice = next((name for name in self.header if self.header.count(name) > 1), None)
        if twice is not None:
            self._raw.close()
            raise Invalid("import.column_twice", field=f"log.header.{twice}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    def __iter__(self) -> Iterator[Line]:
        return self._lines(1)

    @property
    def share(self) -> float:
        """How much of the file was read, 0 to 1."""
        return min(1.0, self._raw.tell() / self._size)

    def _lines(self, number: int) -> Iterator[Line]:
        limit = csv.field_size_limit()
        while True:
            number += 1
            csv.field_size_limit(LONGEST_CELL)
            try:
                cells: list[str] | None = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                cells = None
            except (lzma.LZMAError, OSError, EOFError) as error:
                raise Invalid("import.log_damaged", field=f"log.row.{number}", why=str(error)) from None
            finally:
                csv.field_size_limit(limit)
            if cells != []:  # an empty line is no row
                yield number, cells


def _open(raw: IO[bytes], suffix: str) -> Any:
    if suffix == ".xz":
        return lzma.open(raw)
    if suffix == ".gz":
        return gzip.open(raw)
    return raw
