"""Priority from impact and urgency: a stored, editable matrix (ITIL's three by three). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from careplug.errors import Invalid

__all__ = ["DEFAULT_MATRIX", "Matrix", "check_level"]

DEFAULT_MATRIX: Mapping[str, Any] = {"rows": [[1, 2, 3], [2, 3, 4], [3, 4, 4]]}
"""Rows are impact 1–3, columns urgency 1–3; priority 1 is the emergency of S6."""


@attrs.frozen
class Matrix:
    """Nine priorities, 1 (emergency) to 4."""

    rows: tuple[tuple[int, ...], ...]

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Matrix:
        """Read a stored matrix; ``Invalid`` names the row or cell that is wrong."""
        rows = data.get("rows")
        if set(data) != {"rows"} or not isinstance(rows, list) or len(rows) != 3:
            raise Invalid("matrix.rows", field=f"matrix.{name}.rows")
        for number, row in enumerate(rows, 1):
            if not isinstance(row, list) or len(row) != 3:
                raise Invalid("matrix.row", field=f"matrix.{name}.rows[{number}]")
            for cell in row:
                if type(cell) is not int or not 1 <= cell <= 4:
                    raise Invalid("matrix.cell", field=f"matrix.{name}.rows[{number}].cell", value=repr(cell))
        return cls(tuple(tuple(row) for row in rows))

    def priority(self, impact: int, urgency: int) -> int:
        """The priority of an impact and an urgency, each 1–3."""
        return self.rows[check_level(impact, "impact") - 1][check_level(urgency, "urgency") - 1]


def check_level(value: object, field: str) -> int:
    """The value if it is 1, 2 or 3; ``Invalid`` otherwise."""
    if type(value) is not int or not 1 <= value <= 3:
        raise Invalid("feedback.level", field=field, value=repr(value))
    return value
