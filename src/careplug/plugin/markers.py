"""The two marks: ``@hookimpl`` on what a plugin implements, ``@hookspec`` on what a plugin lets others implement."""

from __future__ import annotations

import pluggy

__all__ = ["GROUP", "HOOK_API", "PREFIX", "PROJECT", "hookimpl", "hookspec"]

PROJECT = "careplug"
"""The project name pluggy files the marks under."""

GROUP = "careplug"
"""The entry point group of plugins."""

PREFIX = "careplug_"
"""What every hook's name begins with."""

HOOK_API = 1
"""The version of the hooks. It grows when a hook is added, gets an argument, or is deprecated; a plugin says
which one it was written for in a module attribute ``careplug_api``."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of its name."""

hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks a function as a hook that other plugins may implement (see ``careplug_hooks``)."""
