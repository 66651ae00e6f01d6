"""Where a page begins, as text for an address: the page key of the last row before it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from careplug.clock import from_text, to_text
from careplug.errors import CareError, Invalid
from careplug.refs import Ref
from careplug_flask.errors import error

__all__ = ["cursor", "key_of"]


_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def cursor(key: Sequence[Any]) -> str:
    """The text of a page key."""
    words = _write([_written(part) for part in key])
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


def key_of(text: str | None, kinds: Sequence[type]) -> tuple[Any, ...] | None:
    """The page key of a text, None for none; ``Invalid`` for anything whose parts are not of these kinds."""
    if not text:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        found = tuple(_read(part) for part in parts)
    except (binascii.Error, ValueError, TypeError, CareError, RecursionError):
        found = ()
    fits = len(found) == len(kinds) and all(
        part is None or type(part) is kind for part, kind in zip(found, kinds, strict=True)
    )
    if not fits or found[-1] is None or not _sound(found):
        raise error(Invalid, "flask.cursor", field="query.after", value=text[:40])
    return found


def _sound(found: Sequence[Any]) -> bool:
    """Whether a database can compare with all of it."""
    texts = (part for part in found if isinstance(part, str))
    numbers = (part for part in found if isinstance(part, int))
    return all("\0" not in text and text.isprintable() for text in texts) and all(abs(each) < 2**62 for each in numbers)


def _written(part: Any) -> Any:
    if isinstance(part, datetime):
        return {"t": to_text(part)}
    if isinstance(part, date):
        return {"d": part.isoformat()}
    if isinstance(part, Decimal):
        return {"n": str(part)}
    return {"r": str(part)} if isinstance(part, Ref) else part


def _read(part: Any) -> Any:
    if not isinstance(part, dict):
        if part is None or isinstance(part, str | int | bool):
            return part
        raise TypeError(type(part).__name__)
    ((kind, text),) = part.items()
    if not isinstance(text, str):
        raise TypeError(type(text).__name__)
    if kind == "t":
        return from_text(text)
    if kind == "n":
        return Decimal(text)
    return date.fromisoformat(text) if kind == "d" else Ref.parse(text)
