"""What this room hands over to a ``Care``, through the same door as a plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from careplug.contributions import ChannelFactory, Handler, ServiceFactory
from careplug.messages.console import open_console
from careplug.messages.directory import Parties
from careplug.messages.entities import SPECS
from careplug.messages.seeds import SEEDS
from careplug.messages.service import Messages, erase, handle, recall
from careplug.messages.subscriptions import Subscription
from careplug.messages.templates import Template
from careplug.text import Text

__all__ = ["ACTIONS", "CHANNELS", "HANDLERS", "PARSERS", "SEEDS", "SERVICES", "SPECS"]

HANDLERS = (
    Handler("messages.notify", handle, rank=200),
    Handler("messages.recall", recall, ("voided",), rank=210),
    Handler("messages.erase", erase, ("erased",), rank=220),
)
"""In the transaction of the fact. Erasing comes last, so that nothing made before it escapes it."""

SERVICES = (
    ServiceFactory(Messages, Messages, "messages"),
    ServiceFactory(Parties, Parties, "parties"),
)

CHANNELS = (ChannelFactory("console", open_console, Text("Console", "控制台")),)

PARSERS: Mapping[str, Callable[[str, Mapping[str, Any]], Any]] = {
    "template": Template.parse,
    "subscription": Subscription.parse,
}
"""How the definitions of this room are read: ``DefinitionCache(parsers=…)``."""

ACTIONS = ("messages.read", "messages.send", "messages.manage", "parties.read", "parties.manage")
"""What the services of this room ask ``unit.allow`` for."""
