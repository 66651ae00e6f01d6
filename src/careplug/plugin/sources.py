"""Where plugins come from: the core itself, objects of the host, entry points of installed distributions.

Finding them is an explicit call. Nothing of a plugin is imported here; ``Source.load`` does that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attrs

from careplug.errors import CareError, PluginFailed
from careplug.plugin.markers import GROUP, PREFIX

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["CORE", "VARIABLE", "Source", "find", "selected"]

CORE = "careplug"
"""The name of the core's own contributions, which come in through the same door."""

VARIABLE = "CAREPLUG_PLUGINS"
"""Which entry points to load: unset for all, empty for none, else names with commas between them."""


@attrs.frozen(kw_only=True)
class Source:
    """One plugin before its import. ``blocked`` says why it is not to be imported, ``broken`` why it cannot be."""

    name: str
    origin: str
    load: Callable[[], Any]
    version: str = ""
    distribution: str = ""
    blocked: CareError | None = None
    broken: CareError | None = None


def selected(environ: Mapping[str, str]) -> frozenset[str] | None:
    """The entry points that the environment asks for; None where it leaves it open."""
    value = environ.get(VARIABLE)
    if value is None:
        return None
    return frozenset(name.strip() for name in value.split(",") if name.strip())


def find(plugins: Sequence[object], *, block: Collection[str], environ: Mapping[str, str]) -> list[Source]:
    """Every plugin there is: the core, the host's objects in their order, entry points in name order.

    A module or object of the host that is also an entry point is one plugin, under the entry point's name.
    """
    wanted = selected(environ)
    points = [] if wanted is not None and not wanted else _entry_points()
    found = [Source(name=CORE, origin="core", load=_core)]
    for plugin in plugins:
        same = next((point for point in points if _is(point, plugin)), None)
        if same is not None:
            points = [point for point in points if not _is(point, plugin)]
        found.append(_host(plugin, same))
    found.extend(_entry(point) for point in points)
    missing = (wanted or frozenset()) - {source.name for source in found}
    found.extend(_missing(name) for name in sorted(missing))
    return [_screen(source, block, wanted) for source in found]


def _core() -> ModuleType:
    from careplug.plugin import builtin

    return builtin


def _host(plugin: object, point: EntryPoint | None) -> Source:
    if point is not None:
        entry = _entry(point)
        return attrs.evolve(entry, origin="host", load=lambda: plugin)
    return Source(name=_name_of(plugin), origin="host", load=lambda: plugin)


def _name_of(plugin: object) -> str:
    """``careplug_name`` where the plugin has one, else the module's or class's name without ``careplug_``."""
    given = getattr(plugin, "careplug_name", None)
    if isinstance(given, str) and given:
        return given
    name = getattr(plugin, "__name__", None)
    return name.removeprefix(PREFIX) if isinstance(name, str) else type(plugin).__name__


def _entry(point: EntryPoint) -> Source:
    version, distribution = _distribution(point)
    return Source(name=point.name, origin="entry point", load=point.load, version=version, distribution=distribution)


def _missing(name: str) -> Source:
    broken = PluginFailed("plugin.not_installed", field=f"{VARIABLE}.{name}", plugin=name)
    return Source(name=name, origin="entry point", load=partial(_raise, broken), broken=broken)


def _raise(error: Exception) -> None:
    raise error


def _screen(source: Source, block: Collection[str], wanted: frozenset[str] | None) -> Source:
    if source.origin == "core":
        return source
    field = f"plugins.{source.name}"
    if source.name in block:
        return attrs.evolve(source, blocked=PluginFailed("plugin.blocked", field=f"{field}.block"))
    if source.origin == "entry point" and wanted is not None and source.name not in wanted:
        return attrs.evolve(source, blocked=PluginFailed("plugin.not_selected", field=f"{field}.{VARIABLE}"))
    return source


def _is(point: EntryPoint, plugin: object) -> bool:
    """Whether an entry point means an object at hand, found out without an import."""
    module, _, path = point.value.partition("[")[0].replace(" ", "").partition(":")
    found: object = sys.modules.get(module)
    for part in filter(None, path.split(".")):
        found = getattr(found, part, None)
    return found is not None and found is plugin


def _distribution(point: EntryPoint) -> tuple[str, str]:
    """Version and name of an entry point's distribution; empty where its metadata is damaged."""
    try:
        return (point.dist.version, point.dist.name) if point.dist is not None else ("", "")
    except Exception:
        return "", ""


def _entry_points() -> list[EntryPoint]:
    from importlib import metadata

    try:
        found = list(metadata.entry_points(group=GROUP))
    except Exception:
        found = list(_one_by_one())
    return sorted(found, key=lambda point: (point.name, _distribution(point)))


def _one_by_one() -> Iterator[EntryPoint]:
    """The entry points of every distribution whose list can be read: one damaged list must not hide the others."""
    from importlib import metadata

    seen: set[str] = set()
    for distribution in metadata.distributions():
        try:
            name, points = distribution.name, distribution.entry_points
        except Exception:  # noqa: S112  not ours to report: the damage may be in any package of the environment
            continue
        if name not in seen:
            seen.add(name)
            yield from points.select(group=GROUP)
