"""Loading: import, check, register, collect, join; whoever fails leaves as a whole and the rest goes on.

Works in rounds, because one failure may cause others (a custom field of a plugin that failed, a hook whose
owner is gone): each round starts with the plugins that are left and ends when none fails. What a plugin's
own code returned is kept between rounds, so each hook of a plugin is called once.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from careplug.contributions import HookSpecs
from careplug.errors import CareError, PluginFailed
from careplug.plugin import hookspecs
from careplug.plugin.candidate import (
    Candidate,
    contained,
    import_error,
    item_fault,
    misfit,
    not_tuple,
    raised_error,
)
from careplug.plugin.implementations import Manager, misuse, unknown, unmarked
from careplug.plugin.items import HOOKS
from careplug.plugin.markers import PREFIX
from careplug.plugin.merge import Bundle, Contributions, clashes, dangling, merge
from careplug.plugin.settings import load_settings
from careplug.plugin.sources import Source

__all__ = ["Loader"]

_SETTINGS = {"settings"}


class Loader:
    """Brings plugins in. ``manager``, ``contributions`` and ``candidates`` are the result of ``run``."""

    def __init__(self, sources: Sequence[Source], *, settings: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self.candidates = [Candidate(source) for source in sources]
        self.manager = Manager()
        self.contributions = Contributions()
        self._settings = settings
        self._environ = environ
        self._lost: dict[str, str] = {}

    def run(self) -> None:
        """Load all. Afterwards every candidate is alive, failed or blocked."""
        taken: dict[str, Candidate] = {}
        for candidate in self.candidates:
            if candidate.source.blocked is None:
                self._timed(candidate, self._enter, taken)
        while not self._round():
            pass
        for candidate in self.alive():
            candidate.loaded = True

    def caller(self, hook: str, candidate: Candidate) -> Callable[..., Any]:
        """A call of one plugin's implementations of a hook, so that what breaks has its name.

        It returns a list of what they return; pluggy leaves out None.
        """
        # All that pluggy knows, not the living: one that failed a moment ago is still registered.
        return self.manager.subset_hook_caller(hook, self.manager.get_plugins() - {candidate.plugin})

    def alive(self) -> list[Candidate]:
        """The plugins that nothing is wrong with so far, in order."""
        return [candidate for candidate in self.candidates if candidate.alive]

    def _timed(self, candidate: Candidate, step: Callable[..., None], *arguments: Any) -> None:
        began = time.perf_counter()
        step(candidate, *arguments)
        candidate.loading += time.perf_counter() - began

    def _enter(self, candidate: Candidate, taken: dict[str, Candidate]) -> None:
        """Import a plugin, find its implementations, read its settings."""
        field = f"plugins.{candidate.name}"
        first = taken.setdefault(candidate.name, candidate)
        if candidate.fail(candidate.source.broken):
            return
        if first is not candidate:
            places = [each.source.distribution or each.source.origin for each in (first, candidate)]
            candidate.fail(PluginFailed("plugin.same_name", field=f"{field}.name", first=places[0], second=places[1]))
            return
        plugin, error = contained(candidate.source.load, lambda raised: import_error(raised, field))
        if candidate.fail(error) or candidate.fail(misfit(plugin, field)):
            return
        candidate.plugin = plugin
        again = next((other for other in self.alive() if other is not candidate and other.plugin is plugin), None)
        if again is not None:
            candidate.fail(PluginFailed("plugin.same_object", field=f"{field}.object", other=again.name))
            return
        _, error = contained(lambda: self._examine(candidate), lambda raised: raised_error(raised, field, "scan"))
        candidate.fail(error)

    def _examine(self, candidate: Candidate) -> None:
        plugin, field = candidate.plugin, f"plugins.{candidate.name}"
        candidate.implementations = self.manager.scan(plugin)
        api = getattr(plugin, "careplug_api", None)
        if api is not None and type(api) is not int:
            raise PluginFailed("plugin.api_type", field=f"{field}.careplug_api", value=repr(api))
        candidate.api = api
        cls = getattr(plugin, "careplug_settings", None)
        if cls is None:
            return
        if not (isinstance(cls, type) and attrs.has(cls)):
            raise PluginFailed("plugin.settings_type", field=f"{field}.careplug_settings", value=repr(cls))
        candidate.settings = load_settings(cls, candidate.name, toml={"plugins": self._settings}, environ=self._environ)

    def _round(self) -> bool:
        """Try with the plugins that are left; True where none of them failed."""
        begun = self.alive()
        self.manager = Manager()
        self.manager.add_hookspecs(hookspecs)
        for step in (self._register, self._specify, self._complete, self._collect, self._join):
            step()
            if len(self.alive()) != len(begun):
                for candidate in begun:
                    if not candidate.alive:
                        self._lose(candidate)
                return False
        return True

    def _register(self) -> None:
        """Register everybody whose implementations of the core's hooks are right."""
        core = {hook: self.manager.arguments(hook) or () for hook in self.manager.specified()}
        for candidate in self.alive():
            wrong = [
                misuse(found, core[found.hook], candidate.name)
                for found in candidate.implementations
                if found.hook in core
            ]
            error = next((each for each in wrong if each is not None), None)
            if not candidate.fail(unmarked(candidate.plugin, core, candidate.name) or error):
                self._admit(candidate)

    def _admit(self, candidate: Candidate) -> None:
        """Make pluggy know a plugin. A host that turns warnings into errors sees deprecations as failures here."""
        field = f"plugins.{candidate.name}"
        enter = self.manager.enter
        _, error = contained(
            lambda: enter(candidate.plugin, candidate.name, candidate.implementations),
            lambda raised: raised_error(raised, field, "registration"),
        )
        candidate.fail(error)

    def _specify(self) -> None:
        """Take up the hooks that plugins specify, before anybody's implementations of them are looked at."""
        for candidate in self.alive():
            if not candidate.implements("careplug_hooks"):
                continue
            if candidate.specs is None:
                self._timed(candidate, self._ask_specs)
            for part in candidate.specs or ():
                if candidate.alive:
                    self._specify_part(candidate, part)

    def _ask_specs(self, candidate: Candidate) -> None:
        items, error = self._items("careplug_hooks", candidate)
        candidate.specs = items
        candidate.fail(error)

    def _specify_part(self, candidate: Candidate, part: HookSpecs) -> None:
        field = f"plugins.{candidate.name}.careplug_hooks"
        _, error = contained(
            lambda: self._add_specs(candidate, part), lambda raised: raised_error(raised, field, "careplug_hooks")
        )
        candidate.fail(error)

    def _add_specs(self, candidate: Candidate, part: HookSpecs) -> None:
        field = f"plugins.{candidate.name}.careplug_hooks"
        parse = self.manager.parse_hookspec_opts
        names = {name: found for name in dir(part.module) if (found := parse(part.module, name)) is not None}
        for name, options in names.items():
            place = f"{field}.{name}"
            if self.manager.arguments(name) is not None:
                owner = self._owner_of(name, candidate)
                candidate.fail(PluginFailed("plugin.two_hooks", field=place, hook=name, owner=owner))
            elif not name.startswith(PREFIX):
                candidate.fail(PluginFailed("plugin.spec_prefix", field=place, hook=name))
            elif options.get("firstresult") or options.get("historic"):
                candidate.fail(PluginFailed("plugin.spec_option", field=place, hook=name))
        if not names:
            candidate.fail(PluginFailed("plugin.spec_none", field=field, module=repr(part.module)))
        if candidate.alive:
            candidate.specified |= names.keys()
            self._check_against(part.module, list(names))

    def _owner_of(self, hook: str, asking: Candidate) -> str:
        others = (other for other in self.alive() if other is not asking)
        return next((str(other.owner) for other in others if hook in other.specified), "careplug")

    def _check_against(self, module: Any, names: Sequence[str]) -> None:
        """Take out everybody who implements these new hooks wrongly, then make pluggy know them."""
        probe = Manager()
        probe.add_hookspecs(module)
        concerned = [each for each in self.alive() if any(found.hook in names for found in each.implementations)]
        for each in concerned:
            self.manager.unregister(each.plugin)
            for found in each.implementations:
                if found.hook in names:
                    each.fail(misuse(found, probe.arguments(found.hook) or (), each.name))
        self.manager.add_hookspecs(module)
        for each in concerned:
            if each.alive:
                self._admit(each)

    def _complete(self) -> None:
        """Take out everybody who implements a hook that nobody specified."""
        hooks = self.manager.specified()
        for candidate in self.alive():
            for found in candidate.implementations:
                if found.hook not in hooks:
                    candidate.fail(unknown(found, hooks, self._lost, candidate.name))
            self._note_deprecated(candidate)

    def _note_deprecated(self, candidate: Candidate) -> None:
        for found in candidate.implementations:
            caller = getattr(self.manager.hook, found.hook, None)
            spec = getattr(caller, "spec", None)
            if spec is not None and spec.warn_on_impl:
                candidate.deprecated[found.hook] = str(spec.warn_on_impl)
            for name, warning in ((spec.warn_on_impl_args if spec is not None else None) or {}).items():
                if name in inspect.signature(found.function).parameters:
                    candidate.deprecated[f"{found.hook}.{name}"] = str(warning)

    def _collect(self) -> None:
        for candidate in self.alive():
            if candidate.bundle is None:
                self._timed(candidate, self._ask)
            elif not all(self.manager.arguments(hook) is not None for hook in candidate.bundle.gathered):
                # An optional implementation, called in an earlier round, of a hook whose owner failed since.
                left = {k: v for k, v in candidate.bundle.gathered.items() if self.manager.arguments(k) is not None}
                candidate.bundle = attrs.evolve(candidate.bundle, gathered=left)

    def _ask(self, candidate: Candidate) -> None:
        """Call the registration hooks of one plugin, each once."""
        items: list[Any] = []
        gathered: dict[str, tuple[Any, ...]] = {}
        for hook in dict.fromkeys(found.hook for found in candidate.implementations):
            core = hook in HOOKS
            if hook == "careplug_hooks" or not (core or self._collected(hook)):
                continue
            given, error = self._items(hook, candidate)
            if candidate.fail(error):
                return
            if core:
                items.extend(given)
            else:
                gathered[hook] = given
        candidate.bundle = Bundle(candidate.owner, tuple(items), gathered)

    def _collected(self, hook: str) -> bool:
        """Whether a plugin's hook is called once while loading: where it takes nothing but the settings."""
        arguments = self.manager.arguments(hook)
        return arguments is not None and set(arguments) <= _SETTINGS

    def _items(self, hook: str, candidate: Candidate) -> tuple[tuple[Any, ...], CareError | None]:
        """What one plugin returns for a hook, as one checked tuple."""
        field = f"plugins.{candidate.name}.{hook}"
        names = set(self.manager.arguments(hook) or ()) & _SETTINGS
        arguments = dict.fromkeys(names, candidate.settings)
        results, error = contained(
            lambda: self.caller(hook, candidate)(**arguments), lambda raised: raised_error(raised, field, hook)
        )
        if results is None:
            return (), error
        if not results:
            return (), PluginFailed("plugin.returned_none", field=field, hook=hook)
        for result in results:
            if not isinstance(result, tuple):
                return (), not_tuple(result, field, hook)
        items = tuple(item for result in results for item in result)
        error = next((wrong for item in items if (wrong := item_fault(item, hook, field))), None)
        return ((), error) if error else (items, None)

    def _join(self) -> None:
        """Check all contributions against each other and make one of them."""
        bundles = [candidate.bundle for candidate in self.alive() if candidate.bundle is not None]
        errors = dangling(bundles) or clashes(bundles)
        for candidate in self.alive():
            candidate.fail(errors.get(candidate.name))
        if not errors:
            self.contributions = merge(bundles)

    def _lose(self, candidate: Candidate) -> None:
        """Remember the hooks of a plugin that failed: whoever implements them hears whose they were."""
        for name in candidate.specified:
            self._lost.setdefault(name, str(candidate.owner))
