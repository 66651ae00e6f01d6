"""The extension's own sentences, and which HTTP status an error of careplug becomes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

from careplug.errors import (
    CareError,
    Conflict,
    InDoubt,
    Invalid,
    NotFound,
    Refused,
    Retry,
    SchemaMissing,
    SchemaNewer,
    Unavailable,
)
from careplug.text import Catalogue, Text
from careplug_flask.words import own, say

__all__ = [
    "SENTENCES",
    "Away",
    "BadRequest",
    "HostError",
    "Missing",
    "TooMany",
    "Unauthorised",
    "Unsupported",
    "error",
    "of_database",
    "status_of",
    "title_of",
    "told",
]

E = TypeVar("E", bound=CareError)
_log = logging.getLogger("careplug_flask")


class BadRequest(Invalid):
    """What was sent cannot be read at all: 400."""


class HostError(CareError):
    """The host set careplug up wrongly: 500. The visitor is told that something broke, the log what and how to mend it."""


class Away(CareError):
    """The database does not answer: 503."""


class Unauthorised(Refused):
    """Nobody is known, or the key is wrong: 401."""


class Missing(Refused):
    """A header that the request must have is not there: 428."""


class Stale(Conflict):
    """The version that If-Match names is not the current one: 412."""


class NoLength(Invalid):
    """Bytes are sent without saying how many: 411."""


class Large(Invalid):
    """More bytes than are taken: 413."""


class Unsupported(Invalid):
    """Another media type than the operation takes: 415."""


class TooMany(Refused):
    """More often than the limit allows: 429. ``params["after"]`` is when to come again, in seconds."""


class NoMethod(NotFound):
    """The path is right, the method is not: 405."""


SENTENCES: Mapping[str, Text] = {
    code.removeprefix("error."): words for code, words in own().items() if code.startswith("error.")
}
"""The sentences of the errors that the extension raises itself, by code."""

_STATUS: tuple[tuple[type[CareError], int], ...] = (
    (BadRequest, 400),
    (Unauthorised, 401),
    (Missing, 428),
    (Stale, 412),
    (NoLength, 411),
    (Large, 413),
    (Unsupported, 415),
    (TooMany, 429),
    (NoMethod, 405),
    (NotFound, 404),
    (Refused, 403),
    (Conflict, 409),
    (Invalid, 422),
    (Retry, 503),
    (InDoubt, 503),
    (Away, 503),
    (Unavailable, 503),
    (SchemaMissing, 503),
    (SchemaNewer, 503),
)


def error(cls: type[E], code: str, *, field: str = "", **params: Any) -> E:
    """An error of the extension with its own sentence."""
    return cls(code, field=field, sentence=SENTENCES[code], **params)


def told(found: CareError, language: str, catalogue: Catalogue) -> str:
    """What the visitor reads of an error. A mistake of the host's is logged whole, and the visitor told no more than that."""
    if not isinstance(found, HostError):
        return found.text(language, catalogue)
    _log.error("%s", found.text("en", catalogue), exc_info=found)
    return say("host.broken", language)


def of_database(found: BaseException) -> bool:
    """Whether an exception is the database's: it does not answer, or not as it should. What it says is not for visitors."""
    return isinstance(found, Unavailable) or type(found).__module__.partition(".")[0] in {
        "sqlalchemy",
        "sqlite3",
        "psycopg",
        "pymysql",
    }


def title_of(found: CareError, language: str) -> str:
    """The title of an error's page or problem: its status in words."""
    if isinstance(found, SchemaMissing | SchemaNewer):
        return say("status.schema", language)
    return say(f"status.{status_of(found)}", language)


def status_of(found: CareError) -> int:
    """The HTTP status of an error: NotFound 404, Refused 403, Conflict 409, Invalid 422, what passes by itself 503."""
    return next((status for cls, status in _STATUS if isinstance(found, cls)), 500)
