"""Pages by key: the token behind ``--after``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from careplug.cli.problems import Usage
from careplug.cli.session import Session
from careplug.clock import from_text, to_text
from careplug.errors import Invalid

__all__ = ["NONE", "more", "read", "token"]

NONE = "-"
"""What stands in a token for a sorting value that is missing."""


def token(value: datetime | str | None, ident: str) -> str:
    """The text that names a row as the last one seen: its sorting value and id."""
    shown = to_text(value) if isinstance(value, datetime) else NONE if value is None else value
    return f"{shown}~{ident}"


def read(text: str, *, instant: bool = True) -> tuple[Any, ...] | None:
    """The page key of a token; None for an empty one. ``Usage`` for anything that is no token."""
    if not text:
        return None
    value, tilde, ident = text.rpartition("~")
    try:
        if not (tilde and ident):
            raise Invalid("clock.form")
        return (None if value == NONE else from_text(value)) if instant else value, ident
    except Invalid:
        raise Usage("cli.after", field="--after", value=text) from None


def more(session: Session, count: int, limit: int, last: str) -> None:
    """Say how to go on where a page was full."""
    if count == limit and not session.as_json:
        from careplug.cli.output import line

        line(session.say("cli.more", token=last))
