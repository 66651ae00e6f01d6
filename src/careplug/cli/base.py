"""Our commands, groups and options: click's, speaking the language of the run, with the options that work everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from careplug.cli import help as pages
from careplug.cli.problems import ReaderGone, Usage
from careplug.cli.session import Session
from careplug.cli.usage import translated
from careplug.cli.values import FILE, REF, TEXT, Choice, Word
from careplug.permissions import ROLES

__all__ = ["GLOBALS", "CareCommand", "CareGroup", "argument", "command", "group", "option", "pass_session"]

F = TypeVar("F", bound=Callable[..., Any])

pass_session = click.make_pass_decorator(Session)
"""Hands the run's ``Session`` to a command as its first argument."""


def _given(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if session is not None and value not in (None, (), False):
        session.given[str(param.name)] = value


def _global(*names: str, kind: Word = TEXT, **more: Any) -> click.Option:
    return click.Option(names, type=None if more.get("is_flag") else kind, expose_value=False, callback=_given, **more)


GLOBALS = (
    _global("-d", "--database", kind=Word("url")),
    _global("-c", "--config", kind=FILE),
    _global("--tenant"),
    _global("--actor", kind=REF),
    _global("--role", kind=Choice(sorted(ROLES)), multiple=True),
    _global("--lang", kind=Word("language")),
    _global("--zone", kind=Word("zone")),
    _global("--json", is_flag=True),
)
"""Options that may stand before or behind any command."""


class _Speaking(click.Command):
    """What our commands and groups have in common."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Both, whoever made the context: click keeps the option that it built first."""
        return ["-h", "--help"]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters and those that work everywhere."""
        return [*super().get_params(ctx), *GLOBALS]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words; too many are our own error, so that it is said in the right language."""
        ctx.allow_extra_args = True
        if isinstance(self, click.Group) and not args and not ctx.resilient_parsing:
            click.echo(self.get_help(ctx), err=True, nl=False)
            ctx.exit(2)
        try:
            rest = super().parse_args(ctx, args)
            if rest and not isinstance(self, click.Group) and not ctx.resilient_parsing:
                raise Usage("cli.extra", field=self.name or "", value=" ".join(rest))
        except click.UsageError as error:
            raise self._shown(translated(error, ctx), ctx) from None
        except Usage as error:
            raise self._shown(error, ctx) from None
        return rest

    def _shown(self, error: Usage, ctx: click.Context) -> Usage:
        error.usage = self.get_usage(ctx)
        return error

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone from None

    def get_help(self, ctx: click.Context) -> str:
        """The help page."""
        return pages.full(self, ctx, _language(ctx), GLOBALS)

    def get_usage(self, ctx: click.Context) -> str:
        """The usage line."""
        return pages.usage(self, ctx, _language(ctx))


class CareCommand(_Speaking, click.Command):
    """A command whose words stand in the catalogue: ``cli.cmd.NAME``, ``cli.opt…``, ``cli.arg…``."""


class CareGroup(_Speaking, click.Group):
    """A group of commands."""

    command_class = CareCommand
    group_class = type

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command behind the first word; ``Usage`` names the nearest ones."""
        name = args[0]
        found = self.get_command(ctx, name)
        if found is None and not ctx.resilient_parsing:
            raise Usage("cli.no_command", field=name, near=near(name, self.list_commands(ctx)))
        return name, found, args[1:]


def near(word: str, known: list[str]) -> str:
    """The known words that look like one; all of them where none does."""
    from difflib import get_close_matches

    return ", ".join(get_close_matches(word, known) or sorted(known))


def _language(ctx: click.Context) -> str:
    session = ctx.find_object(Session)
    return session.language if session is not None else "en"


def command(name: str, *, code: str = "") -> Callable[[Callable[..., Any]], CareCommand]:
    """Make a command; its words are ``cli.cmd.CODE`` (``CODE``: the name, below a group ``group.name``)."""

    def make(function: Callable[..., Any]) -> CareCommand:
        """Wrap a function as the command."""
        built = click.command(name, cls=CareCommand, help=f"cli.cmd.{code or name}")(function)
        built.short_help = built.help
        return built

    return make


def group(name: str) -> Callable[[Callable[..., Any]], CareGroup]:
    """Make a group of commands."""

    def make(function: Callable[..., Any]) -> CareGroup:
        """Wrap a function as the group."""
        return click.group(name, cls=CareGroup, help=f"cli.cmd.{name}")(function)

    return make


def option(*names: str, kind: Word = TEXT, **more: Any) -> Callable[[F], F]:
    """An option; its words are ``cli.opt.COMMAND.NAME`` or ``cli.opt.NAME``."""
    flag = more.get("is_flag") or any("/" in name for name in names)
    return click.option(*names, type=None if flag else kind, **more)


def argument(name: str, *, kind: Word = TEXT, **more: Any) -> Callable[[F], F]:
    """An argument; its name in help is ``cli.argument.NAME``, its words ``cli.arg.COMMAND.NAME`` or ``cli.arg.NAME``."""
    return click.argument(name, type=kind, **more)
