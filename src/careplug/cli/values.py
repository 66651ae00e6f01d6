"""Kinds of values on the command line. Each says what is wrong in our own words, as ``Usage``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from careplug.cli.problems import Usage
from careplug.errors import Invalid
from careplug.refs import Ref

__all__ = ["DOCUMENT", "FILE", "PAIR", "REF", "TEXT", "TIME", "Choice", "Whole", "Word", "field_of"]


def field_of(param: click.Parameter | None) -> str:
    """How an error names a parameter: ``--kind``, or the argument's name."""
    if param is None:
        return ""
    return max(param.opts, key=len) if isinstance(param, click.Option) else str(param.name)


if TYPE_CHECKING:
    _Kind = click.ParamType[Any]
else:
    _Kind = click.ParamType  # generic from click 8.2 on only


class Word(_Kind):
    """Any text; ``meta`` names it in help (``cli.meta.META``)."""

    def __init__(self, meta: str) -> None:
        self.name = meta
        self.meta = meta

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is."""
        return value


class Reference(Word):
    """``kind:id``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The reference; ``Usage`` for another form."""
        if isinstance(value, Ref):
            return value
        try:
            return Ref.parse(value, field=field_of(param))
        except Invalid as error:
            raise Usage(error.code, field=error.field, value=value) from None


class Pair(Word):
    """``name=value``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Name and value; ``Usage`` for another form."""
        if isinstance(value, tuple):
            return value
        name, equals, rest = value.partition("=")
        if not (name and equals):
            raise Usage("cli.pair", field=field_of(param), value=value)
        return name, rest


class Whole(Word):
    """A whole number between two ends."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__("whole")
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; ``Usage`` for anything else or one outside."""
        try:
            found = int(value)
        except (TypeError, ValueError):
            found = self.low - 1
        if not self.low <= found <= self.high:
            raise Usage("cli.whole", field=field_of(param), value=value, low=self.low, high=self.high)
        return found


class Choice(Word):
    """One of some codes."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__("choice")
        self.codes = tuple(codes)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The code; ``Usage`` names those there are."""
        if value not in self.codes:
            raise Usage("cli.choice", field=field_of(param), value=value, known=", ".join(self.codes))
        return value


TEXT = Word("text")
TIME = Word("time")
"""Read by ``Session.time``, once all options are known: ``--zone`` may stand behind it."""
FILE = Word("file")
DOCUMENT = Word("document")
"""A file of JSON or TOML, read by ``careplug.cli.documents.load``."""
REF = Reference("ref")
PAIR = Pair("pair")
