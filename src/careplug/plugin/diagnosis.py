"""``doctor``: what will break, and what looks like a slip, in the plugins of a ``Care``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from careplug.errors import CareError
from careplug.plugin.markers import HOOK_API
from careplug.plugin.report import BLOCKED, FAILED, PluginLine
from careplug.plugin.settings import variable
from careplug.plugin.sources import CORE, VARIABLE
from careplug.text import catalogue, say

if TYPE_CHECKING:
    from careplug.plugin.manager import Plugins

__all__ = ["ERROR", "NOTE", "SLOW", "WARNING", "Finding", "doctor"]

ERROR = "error"
"""Something does not work now."""

WARNING = "warning"
"""Something will break with an update, or is most likely a slip."""

NOTE = "note"
"""Somebody wanted it so; worth knowing."""

SLOW = 1.0
"""Seconds of loading or startup from which on a plugin is reported as slow."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing the doctor found: ``code`` below ``plugin.doctor.``, the plugin concerned, the values."""

    code: str
    level: str
    plugin: str = ""
    params: Mapping[str, str] = attrs.field(factory=dict)
    error: CareError | None = None

    def text(self, language: str = "en") -> str:
        """The finding as a person reads it: what is the matter and what to do."""
        reason = self.error.text(language) if self.error else ""
        return say(f"plugin.doctor.{self.code}", language, plugin=self.plugin, reason=reason, **self.params)


def doctor(plugins: Plugins) -> list[Finding]:
    """What is wrong with the plugins of a ``Care`` or will be after an update: errors first, then by plugin."""
    found = [finding for line in plugins.report for look in _OF_LINES for finding in look(line)]
    found += [finding for look in _OF_ALL for finding in look(plugins)]
    levels = (ERROR, WARNING, NOTE)
    return sorted(
        found, key=lambda each: (levels.index(each.level), each.plugin, each.code, sorted(each.params.items()))
    )


def _status(line: PluginLine) -> Iterator[Finding]:
    if line.status == FAILED:
        yield Finding(code="failed", level=ERROR, plugin=str(line.owner), error=line.error)
    if line.status == BLOCKED:
        yield Finding(code="blocked", level=NOTE, plugin=str(line.owner), error=line.error)


def _api(line: PluginLine) -> Iterator[Finding]:
    if line.api is not None and line.api > HOOK_API:
        params = {"wanted": str(line.api), "have": str(HOOK_API)}
        yield Finding(code="api_newer", level=WARNING, plugin=str(line.owner), params=params)


def _deprecated(line: PluginLine) -> Iterator[Finding]:
    for hook, words in line.deprecated.items():
        yield Finding(code="deprecated", level=WARNING, plugin=str(line.owner), params={"hook": hook, "words": words})


def _slow(line: PluginLine) -> Iterator[Finding]:
    for code, seconds in (("slow_loading", line.loading), ("slow_startup", line.startup)):
        if seconds >= SLOW:
            yield Finding(code=code, level=WARNING, plugin=str(line.owner), params={"seconds": f"{seconds:.1f}"})


def _empty(line: PluginLine) -> Iterator[Finding]:
    if line.status not in {FAILED, BLOCKED} and not line.hooks and line.name != CORE:
        yield Finding(code="empty", level=WARNING, plugin=str(line.owner))


def _subjects(plugins: Plugins) -> Iterator[Finding]:
    given = plugins.contributions
    entities = {spec.name for spec in given.entities} | {"*"}
    for fact in given.fact_types.values():
        if fact.subject not in entities:
            params = {"fact": fact.name, "subject": fact.subject}
            yield Finding(code="subject", level=WARNING, plugin=str(given.owner(fact)), params=params)
    known = {fact.name for fact in given.fact_types.values()}
    for handler in given.handlers:
        for name in handler.facts:
            if name not in known:
                params = {"handler": handler.name, "fact": name}
                yield Finding(code="handler", level=WARNING, plugin=str(given.owner(handler)), params=params)


def _sentences(plugins: Plugins) -> Iterator[Finding]:
    given = plugins.contributions
    for code in sorted(set(given.sentences) & set(catalogue())):
        owner = given.owners["sentence", code]
        if owner.name != CORE:
            yield Finding(code="sentence", level=WARNING, plugin=str(owner), params={"sentence": code})


def _seeds(plugins: Plugins) -> Iterator[Finding]:
    """A seed that its kind's reader refuses would only be met when somebody needs it: a template at its first message."""
    from careplug.plugin.builtin import PARSERS

    given = plugins.contributions
    for seed in given.seeds:
        parse = PARSERS.get(seed.kind)
        try:
            if parse is not None:
                parse(seed.name, seed.data)
        except CareError as error:
            params = {"seed": f"{seed.kind} {seed.name}"}
            yield Finding(code="seed", level=ERROR, plugin=str(given.owner(seed)), params=params, error=error)


def _tables(plugins: Plugins) -> Iterator[Finding]:
    declared = plugins.declared()
    out = {line.name for line in plugins.report if line.status in {FAILED, BLOCKED}}
    for name in plugins.environment.tables:
        if name not in declared and name not in out:
            yield Finding(code="settings", level=WARNING, plugin=name)


def _variables(plugins: Plugins) -> Iterator[Finding]:
    declared = plugins.declared()
    known = {
        variable(name, field.alias or field.name)
        for name, cls in declared.items()
        for field in attrs.fields(cls)
        if field.init
    }
    prefixes = {variable(name, ""): name for name in declared}
    for name in sorted(set(plugins.environment.variables) - known - {VARIABLE}):
        near = max((prefix for prefix in prefixes if name.startswith(prefix)), key=len, default="")
        if near:
            yield Finding(code="variable", level=WARNING, plugin=prefixes[near], params={"variable": name})


def _block(plugins: Plugins) -> Iterator[Finding]:
    names = {line.name for line in plugins.report}
    for name in plugins.environment.block:
        if name not in names:
            yield Finding(code="block", level=WARNING, plugin=name)


_OF_LINES: tuple[Callable[[PluginLine], Iterator[Finding]], ...] = (_status, _api, _deprecated, _slow, _empty)
_OF_ALL: tuple[Callable[[Plugins], Iterator[Finding]], ...] = (
    _subjects,
    _sentences,
    _seeds,
    _tables,
    _variables,
    _block,
)
