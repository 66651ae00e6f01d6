"""``careplug NAME list|show|add|edit|ACTION``: the commands of a plugin's resource, made of what it declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import click

from careplug.cli import paging
from careplug.cli.base import GLOBALS, CareCommand, CareGroup, argument, option
from careplug.cli.output import Column, emit, line, pairs, table
from careplug.cli.problems import Usage
from careplug.cli.session import Session
from careplug.cli.values import TEXT, TIME, Choice, Whole, Word
from careplug.cli.wording import clock_zone, moment
from careplug.contributions import Action, Resource
from careplug.entity import EntitySpec
from careplug.resources import FieldInfo, Resources, as_data, describe, field_of, plain_value, value_at
from careplug.text import Text, say

__all__ = ["about", "group_of"]

_TAKEN = {
    *(name.removeprefix("--") for each in GLOBALS for name in each.opts),
    *("help", "limit", "after", "expected"),
}
_LARGEST = 2**31


class _Code(Choice):
    """One of some codes, or an empty text that clears the field."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The code; ``Usage`` names those there are."""
        return value if value == "" else super().convert(value, param, ctx)


# references are read by the service: an empty one clears the field
_KINDS: Mapping[str, Word] = {"time": TIME, "ref": Word("ref"), "bool": _Code(("true", "false"))}


def about(resource: Resource) -> Text:
    """What help says of a resource's group."""
    code, label = "cli.resource.about", resource.label or Text(resource.name)
    return Text(*(say(code, language, label=label.get(language)) for language in ("en", "zh_CN")))


def group_of(resource: Resource, spec: EntitySpec, language: str) -> CareGroup:
    """The group of commands of a resource, its words in one language."""
    maker = _Maker(resource, describe(resource, spec), language)
    made = CareGroup(resource.name, help=about(resource).get(language))
    for each in maker.commands():
        made.add_command(each)
    return made


class _Maker:
    """Makes the commands of one resource. Lives while its group is made; the commands run later, with a session."""

    def __init__(self, resource: Resource, fields: tuple[FieldInfo, ...], language: str) -> None:
        self.resource = resource
        self.fields = fields
        self.language = language

    def commands(self) -> Iterable[click.Command]:
        """Those there are: a resource without form fields has no ``add`` and no ``edit``."""
        yield self._list()
        yield self._show()
        if self.resource.fields:
            yield self._add()
            yield self._edit()
        yield from (self._act(action) for action in self.resource.actions)

    def _list(self) -> click.Command:
        chosen = [info for info in self.fields if info.filter]

        def run(session: Session, limit: int, after: str, given: Mapping[str, Any]) -> None:
            """Print a page."""
            with session.read() as unit:
                service = unit.get(Resources)
                key = _read(after, ordered=bool(self.resource.order))
                found = service.find(self.resource.name, filters=given, limit=limit, after=key)
                tokens = [_token(service.key(self.resource.name, each)) for each in found]
                now = unit.now()
            if session.as_json:
                for each, token in zip(found, tokens, strict=True):
                    emit({**as_data(self.fields, each), "after": token})
            elif not found:
                line(session.say("cli.list.none"))
            else:
                self._table(session, found, now)
                paging.more(session, len(found), limit, tokens[-1])

        paged = (option("--limit", kind=Whole(1, 500), default=25), option("--after", default=""))
        return self._command("list", "cli.resource.list", run, chosen, *paged, several=True)

    def _show(self) -> click.Command:
        def run(session: Session, ident: str, given: Mapping[str, Any]) -> None:
            """Print one."""
            with session.read() as unit:
                self._print(session, unit.get(Resources).get(self.resource.name, ident))

        return self._command("show", "cli.resource.show", run, (), argument("ident"))

    def _add(self) -> click.Command:
        def run(session: Session, given: Mapping[str, Any]) -> None:
            """Store one and print it."""
            with session.unit() as unit:
                made = unit.get(Resources).add(self.resource.name, given)
            self._print(session, made)

        form = [info for info in self.fields if info.editable]
        return self._command("add", "cli.resource.add", run, form, required=True)

    def _edit(self) -> click.Command:
        def run(session: Session, ident: str, given: Mapping[str, Any], expected: int | None = None) -> None:
            """Change one and print it."""
            with session.unit() as unit:
                made = unit.get(Resources).edit(self.resource.name, ident, given, expected=expected)
            self._print(session, made)

        form = [info for info in self.fields if info.editable]
        more = [argument("ident")]
        if any(info.name == "version" for info in self.fields):
            more.append(option("--expected", kind=Whole(0, _LARGEST), required=True))
        return self._command("edit", "cli.resource.edit", run, form, *more)

    def _act(self, action: Action) -> click.Command:
        def run(session: Session, ident: str, given: Mapping[str, Any]) -> None:
            """Do it and print what became of the entity."""
            with session.unit() as unit:
                done = unit.get(Resources).act(self.resource.name, ident, action.name, given)
            if done is not None:
                self._print(session, done)
            elif session.as_json:
                emit({"id": ident, "gone": True})
            else:
                line(session.say("cli.resource.done"))

        words = (action.label or Text(action.name)).get(self.language)
        fields = [field_of(spec) for spec in action.fields]
        return self._command(action.name, words, run, fields, argument("ident"), required=True)

    def _command(
        self,
        name: str,
        words: str,
        run: Callable[..., None],
        fields: Iterable[FieldInfo],
        *more: Callable[[Any], Any],
        required: bool = False,
        several: bool = False,
    ) -> click.Command:
        """A command whose options are fields; ``run`` gets what was given of them by name."""
        known = {f"field_{number}": info for number, info in enumerate(fields)}

        def call(session: Session, /, **told: Any) -> None:
            """Take the fields out of what click hands over, and run."""
            given = {info.name: _given(session, info, told.pop(key)) for key, info in known.items()}
            run(session, given={key: value for key, value in given.items() if value not in (None, [])}, **told)

        function = click.pass_obj(call)
        for each in more:
            function = each(function)
        for key, info in reversed(known.items()):
            function = self._option(key, info, required=required and info.required, several=several)(function)
        return click.command(name, cls=CareCommand, help=words)(function)

    def _option(self, key: str, info: FieldInfo, *, required: bool, several: bool) -> Callable[[Any], Any]:
        word = info.name.removeprefix("custom.").replace("_", "-")
        name = f"--field-{word}" if word in _TAKEN else f"--{word}"
        kind = _Code(info.choices) if info.type == "choice" else _KINDS.get(info.type, TEXT)
        return option(name, key, kind=kind, required=required, multiple=several, help=info.label.get(self.language))

    # -- what is printed --

    def _table(self, session: Session, found: Iterable[Any], now: datetime) -> None:
        shown = [info for info in self.fields if info.column or info.name == "id"]
        shown.sort(key=lambda info: info.name != "id")
        numbers = ("int", "decimal", "money", "duration")
        columns = [
            Column(info.label.get(self.language), whole=info.name == "id", right=info.type in numbers) for info in shown
        ]
        table(session, columns, [[self._cell(session, info, each) for info in shown] for each in found])
        if any(info.type == "time" for info in shown):
            line(session.say("cli.times_in", zone=clock_zone(session, now)))

    def _print(self, session: Session, entity: Any) -> None:
        if session.as_json:
            emit(as_data(self.fields, entity))
            return
        seen = [info for info in self.fields if info.name != "tenant"]
        seen.sort(key=lambda info: info.name != "id")
        pairs(session, [(info.label.get(self.language), self._cell(session, info, entity)) for info in seen])

    def _cell(self, session: Session, info: FieldInfo, entity: Any) -> str:
        value = value_at(entity, info.name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return session.say("cli.resource.yes" if value else "cli.resource.no")
        if info.type == "choice":
            code = str(plain_value(value))
            return session.catalogue.word(f"{self.resource.name}.{info.name}", code, session.language)
        if isinstance(value, datetime):
            return moment(session, value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Text):
            return value.get(session.language) if value else ""
        if info.type == "json":
            return json.dumps(plain_value(value), ensure_ascii=False) if value else ""
        return str(plain_value(value)) if info.type == "duration" else str(value)


def _given(session: Session, info: FieldInfo, value: Any) -> Any:
    """What stood on the command line: times without a zone are on the clock times are shown in."""
    if isinstance(value, tuple):
        return [_given(session, info, each) for each in value]
    if info.type == "time" and value:
        return session.time(value, info.name)
    return value


def _token(key: tuple[Any, ...]) -> str:
    """A page key as text: ``=VALUE~ID``, ``~ID`` where the row has no value to go by."""
    *first, ident = key
    value = plain_value(first[0]) if first else None
    return f"~{ident}" if value is None else f"={value}~{ident}"


def _read(token: str, *, ordered: bool) -> tuple[Any, ...] | None:
    if not token:
        return None
    value, tilde, ident = token.rpartition("~")
    if not (tilde and ident):
        raise Usage("cli.after", field="--after", value=token)
    if not ordered:
        return (ident,)
    return value.removeprefix("=") if value.startswith("=") else None, ident
