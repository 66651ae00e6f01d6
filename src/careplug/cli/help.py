"""Help and usage lines, made when they are asked for, in the language of the run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence

import click

from careplug.cli.layout import width, wrap
from careplug.cli.session import Session
from careplug.cli.values import Choice, Whole, Word
from careplug.text import Catalogue, Text, fill, say

__all__ = ["full", "short", "usage"]

_LEFT = 30
"""Columns of the terms of a list; a longer term has its line alone."""


def short(code: str, language: str, words: Catalogue) -> str:
    """The first line of a command's help."""
    found = words.find(code)
    if found is None:
        return code.partition("\n")[0]
    return Text(found.en.partition("\n")[0], found.zh.partition("\n")[0]).get(language)


def usage(command: click.Command, ctx: click.Context, language: str) -> str:
    """The line that shows how a command is called."""
    words = [say("cli.help.usage", language), ctx.command_path, say("cli.help.options_word", language)]
    words += [_argument(param, ctx, language) for param in command.params if isinstance(param, click.Argument)]
    if isinstance(command, click.Group):
        words.append(say("cli.help.command_word", language))
    return " ".join(words)


def full(command: click.Command, ctx: click.Context, language: str, globals_: Sequence[click.Option]) -> str:
    """The whole help of a command."""
    columns = max(min(shutil.get_terminal_size().columns, 100), 40)
    catalogue = _catalogue(ctx)
    about = catalogue.say(command.help or "", language)
    parts = [usage(command, ctx, language), "\n".join(wrap(about, columns))]
    own = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    parts += _section("arguments", _arguments(command, ctx, language), columns, language)
    if isinstance(command, click.Group):
        for title, members in _commands(command, ctx):
            rows = [(name, short(_help_of(command, ctx, name), language, catalogue)) for name in members]
            parts += _section(title, rows, columns, language)
    parts += _section("options", [_option(command, ctx, param, language) for param in own], columns, language)
    if ctx.parent is None:
        parts += _section(
            "everywhere", [_option(command, ctx, param, language) for param in globals_], columns, language
        )
        parts += _exits(columns, language)
    else:
        names = " ".join(max(param.opts, key=len) for param in globals_)
        parts.append("\n".join(wrap(say("cli.help.see_everywhere", language, names=names), columns)))
    return "\n\n".join(parts) + "\n"


def _section(title: str, rows: Sequence[tuple[str, str]], columns: int, language: str) -> list[str]:
    if not rows:
        return []
    left = min(max(width(term) for term, _ in rows), _LEFT) + 4
    lines = [say(f"cli.help.{title}", language)]
    for term, words in rows:
        wrapped = wrap(words, max(columns - left, 24))
        head = f"  {term}"
        if width(head) + 2 > left:
            lines.append(head)
            head = ""
        for line in wrapped:
            lines.append((head + " " * (left - width(head)) + line).rstrip())
            head = ""
    return ["\n".join(lines)]


def _arguments(command: click.Command, ctx: click.Context, language: str) -> list[tuple[str, str]]:
    found = []
    for param in command.params:
        if isinstance(param, click.Argument):
            about = _words(command, ctx, "arg", param, language)
            found.append((_argument(param, ctx, language).strip("[]."), about))
    return found


def _argument(param: click.Argument, ctx: click.Context, language: str) -> str:
    name = _catalogue(ctx).say(f"cli.argument.{param.name}", language)
    name = f"{name}..." if param.nargs == -1 else name
    return name if param.required else f"[{name}]"


def _option(command: click.Command, ctx: click.Context, param: click.Option, language: str) -> tuple[str, str]:
    names = ", ".join(sorted((*param.opts, *param.secondary_opts), key=len))
    meta = "" if param.is_flag or param.count else f" {_meta(param, ctx, language)}"
    return names + meta, _words(command, ctx, "opt", param, language)


def _meta(param: click.Parameter, ctx: click.Context, language: str) -> str:
    kind = param.type
    return _catalogue(ctx).say(f"cli.meta.{kind.meta if isinstance(kind, Word) else 'text'}", language)


def _catalogue(ctx: click.Context) -> Catalogue:
    """The sentences of this run, those of the plugin whose command it is among them."""
    session = ctx.find_object(Session)
    return session.catalogue if session is not None else Catalogue()


def _words(command: click.Command, ctx: click.Context, group: str, param: click.Parameter, language: str) -> str:
    """What is said of a parameter: its command's own words, else those shared by all commands."""
    said = getattr(param, "help", None)  # of a field of a plugin's resource: in the language of the run already
    own, catalogue = (command.help or "").removeprefix("cli.cmd."), _catalogue(ctx)
    code = f"cli.{group}.{own}.{param.name}"
    found = catalogue.find(code) or catalogue.find(f"cli.{group}.{param.name}") or Text(code)
    tail: list[str] = []
    if isinstance(param.type, Choice):
        tail.append(say("cli.help.one_of", language, known=", ".join(param.type.codes)))
    if isinstance(param.type, Whole):
        tail.append(say("cli.help.between", language, low=param.type.low, high=param.type.high))
    if isinstance(param, click.Option) and param.required:
        tail.append(say("cli.help.required", language))
    default = param.default
    if isinstance(param, click.Option) and not param.is_flag and isinstance(default, str | int) and default != "":
        tail.append(say("cli.help.default", language, value=default))
    return " ".join([said or fill(found.get(language), {}), *tail])


def _commands(group: click.Group, ctx: click.Context) -> Iterator[tuple[str, list[str]]]:
    sections = getattr(group, "sections", None)
    if sections is None:
        yield "commands", group.list_commands(ctx)
    else:
        yield from sections(ctx)


def _help_of(group: click.Group, ctx: click.Context, name: str) -> str:
    lazy = getattr(group, "help_code", None)
    if lazy is not None:
        return str(lazy(ctx, name))
    found = group.get_command(ctx, name)
    return (found.help or "") if found is not None else ""


def _exits(columns: int, language: str) -> list[str]:
    from careplug.cli.problems import CODES

    rows = [(str(code), say(f"cli.exit.{code}", language)) for code in CODES]
    return _section("exits", rows, columns, language)
