"""The names that pages must speak of, taken from the code: hooks, settings, fact types, commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from tests.housekeeping import ROOT

if TYPE_CHECKING:
    from careplug.contributions import FactType


def hooks() -> list[str]:
    """Every hook that `careplug.plugin.hookspecs` specifies."""
    from careplug.plugin import hookspecs

    found = inspect.getmembers(hookspecs, inspect.isfunction)
    return sorted(name for name, _ in found if name.startswith("careplug_"))


def fact_type_objects() -> list[FactType]:
    """The fact types that the core's own contributions bring."""
    from careplug.contributions import FactType
    from careplug.plugin import builtin

    return [found for found in builtin.careplug_entities() if isinstance(found, FactType)]


def fact_types() -> list[str]:
    """Their names."""
    return sorted({found.name for found in fact_type_objects()})


def fact_table() -> dict[str, tuple[set[str], bool]]:
    """What docs/reference/facts.md says of each type: its personal data keys, and whether it is final."""
    text = (ROOT / "docs" / "reference" / "facts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \| (yes|no) \|$", text, flags=re.MULTILINE)
    return {name: (set(personal.split(", ")) - {"none"}, final == "yes") for name, personal, final in rows}


def settings() -> list[str]:
    """Every environment variable `CAREPLUG_…` that the code reads, of the core and the plugins."""
    pattern = re.compile(r"""["'](CAREPLUG_[A-Z_]+)["']""")
    folders = [ROOT / "src", *(ROOT / "plugins").glob("*/src"), *(ROOT / "contrib").glob("*/src")]
    files = (file for folder in folders for file in folder.rglob("*.py"))
    return sorted({name for file in files for name in pattern.findall(file.read_text(encoding="utf-8"))})


def commands() -> list[str]:
    """Every command of the command line, `careplug db plan` as "db plan"."""
    import click

    from careplug.cli.main import main

    def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[str]:
        if not isinstance(command, click.Group):
            yield " ".join(words)
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, name
            yield from walk(child, (*words, name))

    group = main if isinstance(main, click.Command) else _group()
    return sorted(walk(group, ()))


def _group() -> object:
    """The click group where `main` is a plain function around it."""
    import click

    from careplug.cli import main as module

    groups = [value for value in vars(module).values() if isinstance(value, click.Group)]
    assert groups, "careplug.cli.main holds no click group"
    return groups[0]


@cache
def reference() -> str:
    """All pages of docs/reference as one text."""
    return "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "reference").rglob("*.md")))


def undocumented(names: list[str], prefix: str = "") -> list[str]:
    """Those of the names that no reference page sets in backticks: `name`, `name(`, `careplug name …`."""
    text = reference()
    return [n for n in names if not re.search(rf"`{re.escape(prefix + n)}(?![\w.-])[^`\n]*`", text)]
