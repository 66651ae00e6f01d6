"""The group ``careplug``: which commands there are, each imported when it is used."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from careplug.cli.base import CareGroup
from careplug.cli.session import Session

if TYPE_CHECKING:
    from careplug.contributions import Command
    from careplug.plugin.merge import Contributions

__all__ = ["COMMANDS", "root"]

_SECTIONS: Mapping[str, Mapping[str, str]] = {
    "cases": {
        "submit": "submit:submit",
        "show": "show:show",
        "list": "lists:list_",
        "search": "search:search",
        "records": "records:records",
        "step": "step:step",
        "reply": "reply:reply",
        "note": "reply:note",
        "call": "reply:call",
        "pause": "pause:pause",
        "resume": "pause:resume",
        "prioritise": "step:prioritise",
    },
    "promises": {
        "due": "due:due",
        "explain": "explain:explain",
        "report": "report:report",
        "replay": "explain:replay",
        "preview": "change:preview",
        "apply": "change:apply",
    },
    "opinions": {
        "survey": "survey:survey",
    },
    "data": {
        "import": "import_:import_",
        "verify": "audit:verify",
        "checkpoint": "audit:checkpoint",
        "rebuild": "audit:rebuild",
        "erase": "audit:erase",
        "privacy": "privacy:privacy",
        "retention": "privacy:retention",
        "export": "transfer:export",
        "restore": "transfer:restore",
        "backup": "transfer:backup",
        "drill": "transfer:drill",
    },
    "house": {
        "init": "init:init",
        "db": "db:db",
        "definitions": "definitions:definitions",
        "parties": "parties:parties",
        "messages": "messages:messages",
        "worker": "worker:worker",
        "plugins": "plugins:plugins",
        "doctor": "plugins:doctor",
        "demo": "demo:demo",
    },
}

COMMANDS: Mapping[str, str] = {name: place for part in _SECTIONS.values() for name, place in part.items()}
"""Every command of the core by name: module of ``careplug.cli`` and object in it."""


class Root(CareGroup):
    """The top of the tree. Plugins are loaded only for a name the core does not know, and for the list in help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The core's commands, then those of plugins."""
        return [*COMMANDS, *_contributed(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by name; None where nobody brings it."""
        place = COMMANDS.get(cmd_name)
        if place is not None:
            module, _, name = place.partition(":")
            found: click.Command = getattr(importlib.import_module(f"careplug.cli.{module}"), name)
            return found
        brought = _contributed(ctx).get(cmd_name)
        return brought.load() if brought is not None else None

    def sections(self, ctx: click.Context) -> Iterator[tuple[str, list[str]]]:
        """The commands as help shows them."""
        yield from ((title, list(names)) for title, names in _SECTIONS.items())
        brought = sorted(_contributed(ctx))
        if brought:
            yield "of_plugins", brought

    def help_code(self, ctx: click.Context, name: str) -> str:
        """Where the words of a command stand; nothing is imported for them."""
        brought = _contributed(ctx).get(name) if name not in COMMANDS else None
        if brought is None:
            return f"cli.cmd.{name}"
        session = ctx.find_object(Session)
        return brought.help.get(session.language if session is not None else "en")


def _contributed(ctx: click.Context) -> dict[str, Command]:
    """The commands of plugins, and those made of their resources, that hide none of the core. A command hides a resource."""
    session = ctx.find_object(Session)
    if session is None:
        return {}
    kept: dict[str, Command] | None = ctx.meta.get("careplug.contributed")
    if kept is None:
        given = session.look_for_plugins().contributions
        brought = (*_of_resources(given, session.language), *given.commands)
        kept = {item.name: item for item in brought if item.name not in COMMANDS}
        ctx.meta["careplug.contributed"] = kept
    return kept


def _of_resources(given: Contributions, language: str) -> Iterator[Command]:
    """A group of commands for each resource, made when it is used."""
    if not given.resources:
        return
    from careplug.cli.resources import about, group_of
    from careplug.contributions import Command

    specs = {spec.cls: spec for spec in given.entities}
    for each in given.resources:
        yield Command(each.name, functools.partial(group_of, each, specs[each.entity], language), about(each))


def _version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    found = version("careplug")
    session = ctx.find_object(Session)
    as_json = session is not None and session.as_json
    click.echo(f'{{"careplug":"{found}"}}' if as_json else f"careplug {found}")
    ctx.exit()


@click.group("careplug", cls=Root, help="cli.cmd.careplug")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version)
def root() -> None:
    """The options are read by their callbacks."""
