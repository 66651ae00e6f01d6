"""Every command, option and argument has its words, in both languages."""

from __future__ import annotations

import re

import click
import pytest

from careplug.cli.base import GLOBALS
from careplug.cli.help import full, short
from careplug.cli.root import COMMANDS, root
from careplug.cli.values import Word
from careplug.text import Catalogue, catalogue


def walk(command, ctx):
    yield command, ctx
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            child = command.get_command(ctx, name)
            yield from walk(child, click.Context(child, info_name=name, parent=ctx))


ALL = list(walk(root, click.Context(root, info_name="careplug")))


@pytest.mark.parametrize(("command", "ctx"), ALL, ids=lambda value: getattr(value, "command_path", ""))
@pytest.mark.parametrize("language", ["en", "zh_CN", "qps"])
def test_help_is_whole(command, ctx, language):
    text = full(command, ctx, language, GLOBALS)
    assert not re.findall(r"\bcli\.[a-z_.]+", text), "a code without a sentence shows as itself"
    assert "{" not in text
    assert short(command.help, language, Catalogue())


@pytest.mark.parametrize(("command", "ctx"), ALL, ids=lambda value: getattr(value, "command_path", ""))
def test_every_parameter_has_a_kind_of_ours(command, ctx):
    for param in command.params:
        if isinstance(param, click.Option) and (param.is_flag or param.count):
            continue
        assert isinstance(param.type, Word), param.name
        assert f"cli.meta.{param.type.meta}" in catalogue()


def test_the_help_of_chinese_readers_is_chinese():
    text = full(root, ALL[0][1], "zh_CN", GLOBALS)
    assert "受理一条反馈" in text
    assert "Take a feedback in" not in text


def test_every_command_is_where_the_table_says():
    assert len(ALL) >= len(COMMANDS)
    assert {command.name for command, ctx in ALL if ctx.parent is ALL[0][1]} == set(COMMANDS)
