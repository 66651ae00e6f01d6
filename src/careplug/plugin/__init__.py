"""The plugin layer: marks, hook specifications, the manager, settings.

Cheap to import: a plugin that says ``from careplug.plugin import hookimpl`` pulls in pluggy and nothing
else. The manager and all that it needs come with the first use of their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from careplug.plugin.markers import HOOK_API, hookimpl, hookspec

if TYPE_CHECKING:
    from careplug.plugin.diagnosis import Finding, doctor
    from careplug.plugin.manager import Plugins
    from careplug.plugin.merge import Contributions
    from careplug.plugin.report import Owner, PluginLine, Report, RequiredFailed
    from careplug.plugin.settings import load_settings

__all__ = [
    "HOOK_API",
    "Contributions",
    "Finding",
    "Owner",
    "PluginLine",
    "Plugins",
    "Report",
    "RequiredFailed",
    "doctor",
    "hookimpl",
    "hookspec",
    "load_settings",
]

_HOMES = {
    "Contributions": "merge",
    "Finding": "diagnosis",
    "Owner": "report",
    "PluginLine": "report",
    "Plugins": "manager",
    "Report": "report",
    "RequiredFailed": "report",
    "doctor": "diagnosis",
    "load_settings": "settings",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
