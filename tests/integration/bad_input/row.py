"""One row of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from tests.integration.bad_input.world import World

SURFACES = ("API", "CLI", "TOML", "database")


@attrs.frozen
class Row:
    """What is given and what is said to it.

    ``given`` says the input in words; ``act`` gives it. A row of the command line has ``words`` instead: what stands
    behind ``careplug``; ``code`` is the exit code it must end with.
    """

    surface: str
    given: str
    act: Callable[[World], Any] | None
    cls: str
    field: str
    en: str
    zh: str
    words: tuple[str, ...] = ()
    code: int = 0

    def __str__(self) -> str:
        return f"{self.surface}: {self.given}"
