"""What became of each plugin: one line a plugin, in the reader's language, and the error of a required one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from careplug.errors import CareError, PluginFailed
from careplug.text import Catalogue, language_of, say

__all__ = ["BLOCKED", "FAILED", "LOADED", "Owner", "PluginLine", "Report", "RequiredFailed", "listed"]

LOADED = "loaded"
"""The plugin works."""

FAILED = "failed"
"""The plugin broke; nothing of it is in use, unless it broke at startup."""

BLOCKED = "blocked"
"""The host or the environment keeps the plugin out; its code was not imported."""


@attrs.frozen
class Owner:
    """Who brought something: a plugin's name and the version of its distribution (empty where it has none)."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


@attrs.frozen(kw_only=True)
class PluginLine:
    """What became of one plugin.

    ``status`` is ``LOADED``, ``FAILED`` or ``BLOCKED``; ``source`` is ``"core"``, ``"host"`` or ``"entry point"``.
    ``error`` says why it failed or is blocked. ``contributed`` counts what is in use by kind (``{"handler": 2}``).
    ``loading`` and ``startup`` are seconds spent in its import and registration hooks, and in its startup.
    ``deprecated`` are the deprecated hooks it implements, with the words of their deprecation.
    """

    name: str
    version: str = ""
    distribution: str = ""
    source: str = "entry point"
    status: str = LOADED
    error: CareError | None = None
    contributed: Mapping[str, int] = attrs.field(factory=dict)
    hooks: tuple[str, ...] = ()
    deprecated: Mapping[str, str] = attrs.field(factory=dict)
    api: int | None = None
    loading: float = 0.0
    startup: float = 0.0

    @property
    def owner(self) -> Owner:
        """The plugin's name and version."""
        return Owner(self.name, self.version)

    def reason(self, language: str = "en", catalogue: Catalogue | None = None) -> str:
        """Why it failed or is blocked; empty for a plugin that works."""
        return "" if self.error is None else self.error.text(language, catalogue)

    def text(self, language: str = "en") -> str:
        """The line as a person reads it."""
        counts = [f"{say(f'plugin.kind.{kind}', language)} {n}" for kind, n in sorted(self.contributed.items())]
        return say(
            f"plugin.line.{self.status}",
            language,
            plugin=str(self.owner),
            counts=listed(counts, language) or say("plugin.line.nothing", language),
            loading=f"{self.loading:.3f}",
            startup=f"{self.startup:.3f}",
            reason=self.reason(language),
        )

    def data(self) -> dict[str, Any]:
        """The line as JSON data: the code and values of the reason, no sentence."""
        error = self.error
        return {
            "name": self.name,
            "version": self.version,
            "distribution": self.distribution,
            "source": self.source,
            "status": self.status,
            "code": error.code if error else "",
            "field": error.field if error else "",
            "params": {key: str(value) for key, value in error.params.items()} if error else {},
            "contributed": dict(self.contributed),
            "hooks": list(self.hooks),
            "api": self.api,
            "loading_ms": round(self.loading * 1000),
            "startup_ms": round(self.startup * 1000),
        }


@attrs.frozen
class Report:
    """All lines, in the order in which the plugins were met: the core, the host's, then entry points by name."""

    lines: tuple[PluginLine, ...]

    def __iter__(self) -> Iterator[PluginLine]:
        return iter(self.lines)

    def line(self, name: str) -> PluginLine | None:
        """The line of a plugin, a loaded one before any other of its name; None where there is none."""
        found = [line for line in self.lines if line.name == name]
        return min(found, key=lambda line: line.status != LOADED, default=None)

    @property
    def failed(self) -> tuple[PluginLine, ...]:
        """The lines of plugins that failed."""
        return tuple(line for line in self.lines if line.status == FAILED)

    def text(self, language: str = "en") -> str:
        """The report as a person reads it, a line a plugin."""
        return "\n".join(line.text(language) for line in self.lines)

    def data(self) -> list[dict[str, Any]]:
        """The report as JSON data."""
        return [line.data() for line in self.lines]


class RequiredFailed(PluginFailed):
    """Plugins in ``require=`` did not load; ``lines`` holds all of them, each with its reason."""

    def __init__(self, lines: tuple[PluginLine, ...], field: str = "require") -> None:
        super().__init__("plugin.required", field=field, names=", ".join(line.name for line in lines))
        self.lines = lines

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.lines, self.field)

    def text(self, language: str = "en", catalogue: Catalogue | None = None) -> str:
        """The sentence, with every plugin's own reason in it."""
        parts = (
            say("plugin.required", language, plugin=str(line.owner), reason=line.reason(language, catalogue))
            for line in self.lines
        )
        return say("error.plugin.required", language, field=self.field, plugins=" ".join(parts), **self.params)


def listed(words: list[str], language: str) -> str:
    """Words put in a row, as the language does it."""
    return ("、" if language_of(language) == "zh_CN" else ", ").join(words)
