"""Tiny plugins: modules made on the spot, and distributions with entry points in a folder."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from careplug.contributions import EntitySpec, Handler
from careplug.entity import column
from careplug.plugin import Plugins, hookimpl

NONE = {"CAREPLUG_PLUGINS": ""}


@attrs.frozen(kw_only=True)
class Lamp:
    """A small entity."""

    id: str
    tenant: str = ""
    name: str = column(length=40)


LAMP = EntitySpec(name="lamp", cls=Lamp)


def nothing(*_: Any) -> None:
    """A function to point at."""


def module(name: str, /, **members: Any) -> ModuleType:
    """A module with these members; functions called careplug_… are marked as implementations."""
    made = ModuleType(name)
    for key, value in members.items():
        marked = key.startswith("careplug_") and callable(value) and not isinstance(value, type)
        setattr(made, key, hookimpl(value) if marked else value)
    return made


def handler(name: str, owner: str = "") -> ModuleType:
    """A plugin that contributes one handler."""
    return module(owner or name, careplug_handlers=lambda: (Handler(name, nothing),))


def load(*plugins: object, environ: dict[str, str] | None = None, **options: Any) -> Plugins:
    """The host's plugins alone, without what is installed."""
    return Plugins.load(plugins, environ={**NONE, **(environ or {})}, **options)


def code(plugins: Plugins, name: str) -> str:
    """The code of a plugin's failure, `loaded` or `blocked`-code."""
    line = plugins.report.line(name)
    assert line is not None, plugins.report.text()
    return line.error.code if line.error else line.status


def install(
    folder: Path, name: str, source: str, *, version: str = "1.0", points: dict[str, str] | None = None
) -> None:
    """A distribution careplug-NAME with module tiny_NAME in a folder that is on sys.path."""
    (folder / f"tiny_{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    info = folder / f"careplug_{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: careplug-{name}\nVersion: {version}\n", "utf-8")
    lines = [f"{key} = {value}" for key, value in (points or {name: f"tiny_{name}"}).items()]
    (info / "entry_points.txt").write_text("[careplug]\n" + "\n".join(lines) + "\n", encoding="utf-8")
