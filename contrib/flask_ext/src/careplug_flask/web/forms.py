"""What a form sent: texts as typed, kept for showing the form again, read as values with errors that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import request

from careplug.errors import Invalid
from careplug.refs import Ref
from careplug_flask.errors import error
from careplug_flask.identity import visitor
from careplug_flask.state import state

__all__ = ["Form", "posted", "typed"]

_ABSURD = 4
"""How many times the longest attachment is still read to give back what was typed beside it."""


class Form:
    """The fields of a form, or the values it begins with."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values: dict[str, str] = dict(values or {})

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def get(self, name: str, default: str = "") -> str:
        """What was typed into a field, as a mapping of plain values would say it."""
        return self.values.get(name, default)

    def text(self, name: str) -> str:
        """The text of a field, without the blanks around it; lines end as Python's do."""
        return self[name].replace("\r\n", "\n").strip()

    def whole(self, name: str) -> int:
        """A whole number; ``Invalid`` for anything else."""
        try:
            return int(self.text(name))
        except ValueError:
            raise error(Invalid, "flask.type", field=name, wanted="int", got=repr(self[name])[:40]) from None

    def ref(self, name: str) -> Ref | None:
        """A reference ``kind:id``, None for an empty field."""
        given = self.text(name)
        return Ref.parse(given, field=name) if given else None

    def moment(self, name: str) -> datetime | None:
        """What ``datetime-local`` sends, on the reader's clock; None for an empty field."""
        given = self.text(name)
        if not given:
            return None
        try:
            found = datetime.fromisoformat(given)
        except ValueError:
            raise error(Invalid, "flask.moment", field=name, value=given[:40]) from None
        return (found if found.tzinfo else found.replace(tzinfo=visitor().zone)).astimezone(UTC)

    def filled(self, *names: str) -> dict[str, Any]:
        """The texts of those of the fields that hold something."""
        return {name: self.text(name) for name in names if self.text(name)}


def posted() -> Form:
    """The form of this request."""
    return Form(request.form.to_dict())


def typed() -> Form:
    """The form of this request, also of one that is too long to be taken; empty where it is absurdly so."""
    if (request.content_length or 0) > _ABSURD * state().options.max_upload:
        return Form()
    return posted()
