"""What may go wrong on a command line, and the exit code of each."""

from __future__ import annotations

from careplug.errors import (
    CareError,
    Conflict,
    InDoubt,
    Invalid,
    PluginFailed,
    Retry,
    SchemaMissing,
    SchemaNewer,
    Unavailable,
)

__all__ = [
    "BROKEN",
    "CODES",
    "DAMAGE",
    "INTERNAL",
    "INTERRUPTED",
    "PARTLY",
    "PIPE",
    "Broken",
    "ReaderGone",
    "Usage",
    "code_of",
]

DAMAGE = 5
"""``verify``, ``rebuild``, ``restore`` or ``drill`` found what should not be."""

BROKEN = 6
"""The surroundings do not work: no database, a required plugin failed, an extra is missing, ``doctor`` found errors."""

PARTLY = 7
"""Done, but not for everything: an import rejected rows."""

INTERNAL = 70
"""A mistake of careplug or a plugin (EX_SOFTWARE)."""

INTERRUPTED = 130
"""Ctrl-C."""

PIPE = 141
"""Whoever read our output stopped reading."""

CODES = (0, 1, 2, 3, 4, DAMAGE, BROKEN, PARTLY, INTERNAL, INTERRUPTED, PIPE)
"""Every exit code; the sentence of each is ``cli.exit.CODE``."""


class Usage(Invalid):
    """The command line itself is wrong: exit code 2. ``usage`` is the line that shows how it is right."""

    usage = ""


class ReaderGone(Exception):
    """A ``BrokenPipeError`` under a name that click does not turn into an exit code of its own."""


class Broken(CareError):
    """What the command needs does not work here: exit code 6."""


_BY_CLASS: tuple[tuple[type[CareError], int], ...] = (
    (Usage, 2),
    (Broken, BROKEN),
    (PluginFailed, BROKEN),
    (Unavailable, BROKEN),
    (Conflict, 3),
    (Retry, 3),
    (InDoubt, 3),
    (SchemaMissing, 4),
    (SchemaNewer, 4),
)


def code_of(error: CareError) -> int:
    """The exit code of an error: 1 where its class has none of its own."""
    return next((code for cls, code in _BY_CLASS if isinstance(error, cls)), 1)
