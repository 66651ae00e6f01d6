"""One plugin on its way in, and the errors of what can go wrong with it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from careplug.contributions import HookSpecs
from careplug.errors import CareError, PluginFailed
from careplug.plugin.implementations import Implementation
from careplug.plugin.items import HOOKS, fault
from careplug.plugin.merge import Bundle
from careplug.plugin.report import BLOCKED, FAILED, LOADED, Owner, PluginLine
from careplug.plugin.sources import Source

__all__ = [
    "Candidate",
    "contained",
    "import_error",
    "item_fault",
    "misfit",
    "not_tuple",
    "passes",
    "raised_error",
    "say_failure",
]

T = TypeVar("T")

log = logging.getLogger("careplug.plugin")

_PASSING = (KeyboardInterrupt, GeneratorExit)
_NO_PLUGIN = (str, bytes, int, float, tuple, list, dict, set, type(None))


def contained(
    call: Callable[[], T], failure: Callable[[BaseException], CareError]
) -> tuple[T | None, CareError | None]:
    """What ``call`` returns, or the error ``failure`` makes of what it raised.

    SystemExit and other strange ends are contained too: a plugin that exits must not take the host down. Only
    KeyboardInterrupt and GeneratorExit pass, which are about the process and not about the plugin.
    """
    try:
        return call(), None
    except BaseException as error:
        if passes(error):
            raise
        made = failure(error)
        if made is not error:
            made.__cause__ = error
        return None, made


def passes(error: BaseException) -> bool:
    """Whether an error is about the process and not about the plugin that it came out of."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(_PASSING) is not None
    return isinstance(error, _PASSING)


def say_failure(owner: Owner, error: CareError) -> None:
    """One line in the log, with the plugin's name and version, and the traceback of its own error."""
    cause = error.__cause__
    log.error("plugin %s: %s", owner, error, exc_info=cause if isinstance(cause, Exception) else None)


@attrs.define(eq=False)
class Candidate:
    """One plugin on its way in: what is known of it so far. Lives as long as the ``Plugins`` it belongs to.

    ``specs`` and ``bundle`` are None until it was asked. ``specified`` are the hooks it lets others implement.
    ``loaded`` means that its contributions are in use, which stays so where its startup fails later.
    """

    source: Source
    plugin: Any = None
    error: CareError | None = None
    implementations: tuple[Implementation, ...] = ()
    settings: Any = None
    api: int | None = None
    loading: float = 0.0
    startup: float = 0.0
    specs: tuple[HookSpecs, ...] | None = None
    specified: frozenset[str] = frozenset()
    bundle: Bundle | None = None
    deprecated: dict[str, str] = attrs.field(factory=dict)
    loaded: bool = False

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.source.name

    @property
    def owner(self) -> Owner:
        """The plugin's name and version."""
        return Owner(self.source.name, self.source.version)

    @property
    def alive(self) -> bool:
        """Whether nothing is wrong with it so far."""
        return self.error is None and self.source.blocked is None

    def fail(self, error: CareError | None) -> bool:
        """Take it out for this reason, once; says whether there was one."""
        if error is not None and self.error is None:
            self.error = error
            say_failure(self.owner, error)
            for each in (error, error.__cause__):
                if each is not None:
                    each.__traceback__ = None  # it is logged; kept, its frames would live as long as the report
        return error is not None

    def implements(self, hook: str) -> bool:
        """Whether it implements a hook."""
        return any(found.hook == hook for found in self.implementations)

    def line(self) -> PluginLine:
        """Its line in the report."""
        status = BLOCKED if self.source.blocked else FAILED if self.error else LOADED
        return PluginLine(
            name=self.name,
            version=self.source.version,
            distribution=self.source.distribution,
            source=self.source.origin,
            status=status,
            error=self.source.blocked or self.error,
            contributed=self.bundle.counts() if self.bundle and self.loaded else {},
            hooks=tuple(sorted({found.hook for found in self.implementations})),
            deprecated=dict(self.deprecated),
            api=self.api,
            loading=self.loading,
            startup=self.startup,
        )


def misfit(plugin: object, field: str) -> CareError | None:
    """The error of an object that cannot be a plugin, None for one that can."""
    if isinstance(plugin, _NO_PLUGIN):
        return PluginFailed("plugin.no_object", field=f"{field}.object", value=type(plugin).__name__)
    _, error = contained(
        lambda: hash(plugin),
        lambda _: PluginFailed("plugin.unhashable", field=f"{field}.object", value=type(plugin).__name__),
    )
    return error


def import_error(raised: BaseException, field: str) -> CareError:
    """The error of a plugin whose import raised."""
    place = f"{field}.import"
    if isinstance(raised, SystemExit):
        return PluginFailed("plugin.exited", field=place, where="import", status=raised.code)
    if isinstance(raised, ModuleNotFoundError):
        return PluginFailed("plugin.import_missing", field=place, module=raised.name or str(raised))
    return PluginFailed("plugin.import", field=place, error=_words(raised))


def raised_error(raised: BaseException, field: str, where: str) -> CareError:
    """The error of a plugin whose code raised; an error of ours is that error itself."""
    if isinstance(raised, CareError):
        return raised
    if isinstance(raised, SystemExit):
        return PluginFailed("plugin.exited", field=field, where=where, status=raised.code)
    return PluginFailed("plugin.raised", field=field, where=where, error=_words(raised))


def _words(raised: BaseException) -> str:
    try:
        return f"{type(raised).__name__}: {raised}"
    except Exception:  # an error that cannot even be printed
        return type(raised).__name__


def not_tuple(result: object, field: str, hook: str) -> CareError:
    """The error of an implementation that returned something else than a tuple."""
    if inspect.iscoroutine(result):
        result.close()  # else Python warns, far from here, that nobody awaited it
    return PluginFailed("plugin.returned", field=field, hook=hook, value=type(result).__name__)


def item_fault(item: object, hook: str, field: str) -> CareError | None:
    """What is wrong with one thing returned for a hook of the core, None where nothing is."""
    allowed = HOOKS.get(hook)
    if allowed is None:
        return None
    if not isinstance(item, allowed):
        names = ", ".join(cls.__name__ for cls in allowed)
        return PluginFailed("plugin.item_type", field=f"{field}.item", value=type(item).__name__, known=names)
    return fault(item, field)
