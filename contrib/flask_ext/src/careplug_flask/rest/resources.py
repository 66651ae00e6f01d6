"""The resources of plugins as operations: list, add, read, edit, and what can be done with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from careplug_flask.rest.table import Operation

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["operations"]


def operations(care: Care) -> tuple[Operation, ...]:
    """The operations of every resource."""
    return ()
