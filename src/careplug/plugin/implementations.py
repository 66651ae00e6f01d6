"""Finding a plugin's hook implementations and saying what is wrong with one, before any is called."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import attrs
import pluggy

from careplug.errors import CareError, PluginFailed
from careplug.plugin.markers import PREFIX, PROJECT

if TYPE_CHECKING:
    from pluggy import HookimplOpts

__all__ = ["Implementation", "Manager", "misuse", "unknown", "unmarked"]


@attrs.frozen
class Implementation:
    """One function of a plugin that implements a hook."""

    hook: str
    attribute: str
    function: Any
    options: HookimplOpts

    @property
    def optional(self) -> bool:
        """Whether the hook may be one that nobody specified (``@hookimpl(optionalhook=True)``)."""
        return bool(self.options.get("optionalhook"))


class Manager(pluggy.PluginManager):
    """pluggy's manager, which looks at each plugin's names once: we scan before we register."""

    def __init__(self) -> None:
        super().__init__(PROJECT)
        self._scanned: dict[int, Mapping[str, HookimplOpts]] = {}

    def parse_hookimpl_opts(self, plugin: object, name: str) -> HookimplOpts | None:
        """What the scan found under a name."""
        known = self._scanned.get(id(plugin))
        return super().parse_hookimpl_opts(plugin, name) if known is None else known.get(name)

    def enter(self, plugin: object, name: str, implementations: Sequence[Implementation]) -> None:
        """Register a plugin with the implementations that ``scan`` found."""
        self._scanned[id(plugin)] = {found.attribute: found.options for found in implementations}
        self.register(plugin, name)

    def scan(self, plugin: object) -> tuple[Implementation, ...]:
        """The hook implementations of a module or an object, by name."""
        found = []
        for name in _names(plugin):
            options = super().parse_hookimpl_opts(plugin, name)
            if options is not None:
                hook = options.get("specname") or name
                found.append(Implementation(hook, name, getattr(plugin, name), options))
        return tuple(found)

    def arguments(self, hook: str) -> tuple[str, ...] | None:
        """What a hook hands over, None for a hook that nobody specified."""
        caller = getattr(self.hook, hook, None)
        return None if caller is None or caller.spec is None else tuple(caller.spec.argnames)

    def specified(self) -> list[str]:
        """The names of all hooks somebody specified, sorted."""
        return sorted(name for name in vars(self.hook) if self.arguments(name) is not None)


def _names(plugin: object) -> list[str]:
    if isinstance(plugin, ModuleType):
        # Only functions: to ask anything else for its mark could run code (a proxy, a lazy import).
        return sorted(name for name, value in vars(plugin).items() if isinstance(value, FunctionType | MethodType))
    return dir(plugin)


def unmarked(plugin: object, hooks: Collection[str], owner: str) -> CareError | None:
    """The error of a function that is called like a hook and lacks the mark, so that nobody would call it."""
    for name in hooks:
        value = inspect.getattr_static(plugin, name, None)
        if not isinstance(value, FunctionType):
            continue
        if not hasattr(value, f"{PROJECT}_impl") and not hasattr(value, f"{PROJECT}_spec"):
            return PluginFailed("plugin.unmarked", field=f"plugins.{owner}.{name}", hook=name)
    return None


def unknown(found: Implementation, hooks: Sequence[str], lost: Mapping[str, str], owner: str) -> CareError | None:
    """The error of an implementation whose hook nobody specified; ``lost`` are hooks of plugins that failed."""
    if found.optional:
        return None
    field = f"plugins.{owner}.{found.hook}"
    if found.hook in lost:
        return PluginFailed("plugin.hook_lost", field=field, hook=found.hook, owner=lost[found.hook])
    if not found.hook.startswith(PREFIX):
        return PluginFailed("plugin.hook_prefix", field=field, hook=found.hook)
    from difflib import get_close_matches

    # Without the prefix, which makes any two names look alike.
    near = get_close_matches(found.hook.removeprefix(PREFIX), [hook.removeprefix(PREFIX) for hook in hooks], n=1)
    if near:
        return PluginFailed("plugin.hook_misspelt", field=field, hook=found.hook, near=f"{PREFIX}{near[0]}")
    return PluginFailed("plugin.hook_unknown", field=field, hook=found.hook, known=", ".join(hooks))


def misuse(found: Implementation, arguments: Collection[str], owner: str) -> CareError | None:
    """What is wrong with an implementation itself: its kind, its options, its signature; None for a right one."""
    field = f"plugins.{owner}.{found.hook}"
    kind = _wrong_kind(found.function)
    if kind:
        return PluginFailed(f"plugin.{kind}", field=field)
    option = next((name for name in ("wrapper", "hookwrapper", "tryfirst", "trylast") if found.options.get(name)), None)
    if option:
        return PluginFailed("plugin.option", field=f"{field}.{option}", option=option)
    for name, parameter in inspect.signature(found.function).parameters.items():
        place = f"{field}.{name}"
        if parameter.kind not in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}:
            return PluginFailed("plugin.argument_kind", field=place, argument=str(parameter))
        if parameter.default is not parameter.empty:
            return PluginFailed("plugin.argument_default", field=place, argument=name)
        if name not in arguments:
            known = ", ".join(arguments)
            return PluginFailed("plugin.argument_unknown", field=place, argument=name, known=known or "—")
    return None


def _wrong_kind(function: Any) -> str:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "async"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return ""
