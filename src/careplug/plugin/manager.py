"""``Plugins``: all plugins of one ``Care``, what they contribute, and the few calls that go on while it lives."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from careplug.errors import CareError, Invalid, NotFound, PluginFailed
from careplug.plugin.candidate import Candidate, contained, not_tuple, raised_error, say_failure
from careplug.plugin.decision import Decider, decide
from careplug.plugin.loader import Loader
from careplug.plugin.markers import PROJECT
from careplug.plugin.merge import Contributions
from careplug.plugin.report import FAILED, LOADED, Owner, PluginLine, Report, RequiredFailed
from careplug.plugin.settings import load_settings, read_toml
from careplug.plugin.sources import CORE, find
from careplug.refs import Actor

__all__ = ["Plugins"]

T = TypeVar("T")


class Plugins:
    """The plugins of one ``Care``: built by ``load``, never shared, never module-global.

    ``contributions`` holds everything they contribute. Nothing of a failed plugin is in it. Thread-safe once
    loaded; ``startup`` and ``shutdown`` are called once each by the ``Care``.
    """

    def __init__(self, loader: Loader, require: Sequence[str], environment: Environment) -> None:
        self._loader = loader
        self._require = tuple(require)
        self._lock = threading.Lock()
        self._started: list[Candidate] | None = None
        self._deciders = tuple(Decider.of(each) for each in self._with("careplug_allow"))
        self.environment = environment
        self.contributions: Contributions = loader.contributions
        self.own_settings = _own_settings(environment)
        """The core's own settings, by class."""

    @classmethod
    def load(
        cls,
        plugins: Sequence[object] = (),
        *,
        require: Sequence[str] = (),
        block: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        toml: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    ) -> Plugins:
        """Find, import, check and join all plugins.

        First the core's own contributions, then ``plugins`` (modules or objects) in their order, then the entry
        points of group ``careplug`` in name order, without those in ``block`` and those the environment variable
        ``CAREPLUG_PLUGINS`` leaves out. ``settings`` holds values by plugin name and key, ``toml`` is a file (or
        its content) with tables ``[plugins.NAME]``; ``environ`` defaults to the process's environment.

        A plugin that fails is a line of ``report`` and contributes nothing. ``RequiredFailed`` names all the
        plugins in ``require`` that did not load, with their reasons.
        """
        for field, names in (("require", require), ("block", block)):
            _check_names(field, names)
        if CORE in block:
            raise Invalid("plugin.block_core", field="block.careplug")
        environment = Environment.read(settings, toml, os.environ if environ is None else environ, block)
        sources = find(tuple(plugins), block=block, environ=environment.variables)
        loader = Loader(sources, settings=environment.tables, environ=environment.variables)
        loader.run()
        made = cls(loader, (CORE, *require), environment)
        made._insist("require")
        return made

    @property
    def report(self) -> Report:
        """What became of each plugin, as of now."""
        return Report(tuple(candidate.line() for candidate in self._loader.candidates))

    def settings(self, cls: type[T]) -> T:
        """The settings object of this class, as its plugin's hooks got it; ``NotFound`` where no plugin has it."""
        for candidate in self._loaded():
            if type(candidate.settings) is cls:
                return candidate.settings
        raise NotFound("plugin.no_settings", field="settings", cls=cls.__qualname__)

    def declared(self) -> dict[str, type]:
        """The settings class of each loaded plugin that has one, by plugin name, and those of the core by section."""
        from careplug.plugin.builtin import SETTINGS

        brought = {each.name: type(each.settings) for each in self._loaded() if each.settings is not None}
        return {**brought, **SETTINGS}

    def gather(self, hook: str, **arguments: Any) -> tuple[Any, ...]:
        """Everything that plugins give to a hook another plugin specified, in the order of the plugins.

        A hook that takes nothing but ``settings`` was called while loading. Any other is called now; a plugin
        that breaks is logged with its name and left out. ``NotFound`` for a hook nobody specified.
        """
        return tuple(item for _, items in self.gather_by_owner(hook, **arguments) for item in items)

    def gather_by_owner(self, hook: str, **arguments: Any) -> tuple[tuple[Owner, tuple[Any, ...]], ...]:
        """As ``gather``, each plugin's part with its owner."""
        wanted = self._loader.manager.arguments(hook)
        if wanted is None:
            known = ", ".join(self._loader.manager.specified())
            raise NotFound("plugin.gather_unknown", field=f"gather.{hook}", hook=hook, known=known)
        if set(wanted) - {"settings"} != set(arguments):
            known = ", ".join(sorted(set(wanted) - {"settings"})) or "—"
            raise Invalid("plugin.gather_arguments", field=f"gather.{hook}.arguments", hook=hook, known=known)
        if not arguments:
            bundles = [each.bundle for each in self._loaded() if each.bundle is not None]
            return tuple((part.owner, part.gathered[hook]) for part in bundles if hook in part.gathered)
        found = ((each, self._ask(hook, each, wanted, arguments)) for each in self._with(hook))
        return tuple((each.owner, items) for each, items in found if items is not None)

    def allow(self, actor: Actor, action: str, subject: object | None = None) -> None:
        """Ask every plugin whether an actor may do something; any denial wins, and nothing outvotes it.

        ``Refused`` with ``params["plugin"]`` and the plugin's own sentence. A plugin that breaks while it is asked
        refuses too: whether it would have denied is not known.
        """
        decide(self._deciders, actor, action, subject)

    def startup(self, care: Any) -> None:
        """Tell each plugin that the ``Care`` is ready. A second call does nothing.

        A plugin that breaks is failed in the report; its contributions stay, because the storage is bound to them.
        Where the host requires it: the others are shut down again and ``RequiredFailed`` is raised.
        """
        with self._lock:
            if self._started is not None:
                return
            self._started = []
        for candidate in self._loaded():
            if not candidate.implements("careplug_startup") or self._start(candidate, care):
                self._started.append(candidate)
        try:
            self._insist("startup")
        except RequiredFailed:
            self.shutdown(care)
            raise

    def shutdown(self, care: Any) -> None:
        """Tell each plugin that the ``Care`` ends, in reverse order; only those whose startup went well."""
        with self._lock:
            ending, self._started = self._started or [], []
        for candidate in reversed(ending):
            if candidate.implements("careplug_shutdown"):
                _, error = self._tell("careplug_shutdown", candidate, care)
                if error is not None:
                    say_failure(candidate.owner, error)

    def _start(self, candidate: Candidate, care: Any) -> bool:
        began = time.perf_counter()
        _, error = self._tell("careplug_startup", candidate, care)
        candidate.startup = time.perf_counter() - began
        return not candidate.fail(error)

    def _tell(self, hook: str, candidate: Candidate, care: Any) -> tuple[Any, CareError | None]:
        call = self._caller(hook, candidate)
        field = f"plugins.{candidate.name}.{hook}"
        return contained(lambda: call(care=care), lambda raised: raised_error(raised, field, hook))

    def _ask(
        self, hook: str, candidate: Candidate, wanted: Sequence[str], arguments: Mapping[str, Any]
    ) -> tuple[Any, ...] | None:
        field = f"plugins.{candidate.name}.{hook}"
        own = {"settings": candidate.settings} if "settings" in wanted else {}
        call = self._caller(hook, candidate)
        results, error = contained(lambda: call(**own, **arguments), lambda raised: raised_error(raised, field, hook))
        if error is None:
            error = next((not_tuple(each, field, hook) for each in results or [None] if type(each) is not tuple), None)
        if error is not None:
            say_failure(candidate.owner, error)
            return None
        return tuple(item for result in results or () for item in result)

    def _with(self, hook: str) -> list[Candidate]:
        return [candidate for candidate in self._loaded() if candidate.implements(hook)]

    def _loaded(self) -> list[Candidate]:
        return [candidate for candidate in self._loader.candidates if candidate.loaded]

    def _caller(self, hook: str, candidate: Candidate) -> Callable[..., Any]:
        return self._loader.caller(hook, candidate)

    def _insist(self, field: str) -> None:
        """Raise one error with every required plugin that is not loaded."""
        report = self.report
        lines = [report.line(name) or _absent(name) for name in dict.fromkeys(self._require)]
        bad = tuple(line for line in lines if line.status != LOADED)
        if bad:
            raise RequiredFailed(bad, field)


@attrs.frozen
class Environment:
    """What the host said about plugins: settings by plugin name, the process's variables, the blocked names."""

    tables: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, str]
    block: tuple[str, ...]

    @classmethod
    def read(
        cls,
        settings: Mapping[str, Mapping[str, Any]] | None,
        toml: str | os.PathLike[str] | Mapping[str, Any] | None,
        environ: Mapping[str, str],
        block: Sequence[str],
    ) -> Environment:
        """Join file and mapping; a value of the mapping beats the file's."""
        content = toml if isinstance(toml, Mapping) else read_toml(toml) if toml is not None else {}
        tables = content.get("plugins", {})
        for field, table in (("toml.plugins", tables), ("settings", settings or {})):
            if not isinstance(table, Mapping):
                raise Invalid("settings.plugins", field=field, value=type(table).__name__)
        joined: dict[str, Any] = {**tables}
        for name, values in (settings or {}).items():
            parts: tuple[Any, Any] = (joined.get(name, {}), values)
            # What is no table is left as it is: the plugin's own line in the report will say so.
            joined[name] = {**parts[0], **parts[1]} if all(isinstance(part, Mapping) for part in parts) else values
        # Only ours: settings of plugins may be secret, other people's secrets are none of our business.
        variables = {key: value for key, value in environ.items() if key.startswith(f"{PROJECT.upper()}_")}
        return cls(joined, variables, tuple(block))


def _own_settings(environment: Environment) -> dict[type, Any]:
    """The core's settings; ``Invalid`` names a key that is wrong: there is no plugin that could stay out."""
    from careplug.plugin.builtin import SETTINGS

    content, variables = {"plugins": environment.tables}, environment.variables
    return {cls: load_settings(cls, name, toml=content, environ=variables) for name, cls in SETTINGS.items()}


def _absent(name: str) -> PluginLine:
    return PluginLine(
        name=name, status=FAILED, error=PluginFailed("plugin.not_there", field=f"require.{name}", plugin=name)
    )


def _check_names(field: str, names: Sequence[str]) -> None:
    # A text is a sequence of texts too: require="holidays" would ask for eight plugins of one letter.
    given: Any = names
    if isinstance(given, str) or not all(isinstance(name, str) and name for name in given):
        raise Invalid("plugin.names", field=field, value=repr(names)[:80])
