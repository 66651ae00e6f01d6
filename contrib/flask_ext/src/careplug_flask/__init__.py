"""careplug inside a Flask app that already exists. ``from careplug_flask import Careplug`` is where a host begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from careplug.contributions import Command, EntitySpec, Grant, Messages, ServiceFactory
from careplug.plugin import hookimpl
from careplug.text import Text

if TYPE_CHECKING:
    from careplug_flask.extension import Careplug
    from careplug_flask.state import current_care

__all__ = ["Careplug", "careplug_entities", "careplug_services", "careplug_surfaces", "current_care"]

_HOMES = {"Careplug": "extension", "current_care": "state"}


def __getattr__(name: str) -> Any:
    """Load what a host imports when it is first used (PEP 562): the command line loads plugins without Flask."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"careplug_flask.{_HOMES[name]}"), name)


@hookimpl
def careplug_entities() -> tuple[EntitySpec, ...]:
    """Keys to the API."""
    from careplug_flask.tokens import SPECS

    return SPECS


@hookimpl
def careplug_services() -> tuple[ServiceFactory, ...]:
    """The service that issues and revokes keys."""
    from careplug_flask.tokens import Tokens

    return (ServiceFactory(Tokens, Tokens, "tokens"),)


@hookimpl
def careplug_surfaces() -> tuple[Command | Grant | Messages, ...]:
    """The commands ``careplug serve``, ``accounts`` and ``tokens``, who may manage keys, the words of it all."""
    from careplug_flask.words import own

    return (
        Command(
            "serve",
            _serve,
            Text(en="A service desk of its own, with local accounts.", zh="独立运行的服务台，使用本地账户。"),
        ),
        Command("accounts", _accounts, Text(en="Local accounts of careplug serve.", zh="独立运行时的本地账户。")),
        Command("tokens", _tokens, Text(en="Keys to the API: issue, list, revoke.", zh="API 密钥：签发、列出、吊销。")),
        Grant("manager", ("tokens.manage",)),
        Messages({code: words for code, words in own().items() if code.startswith(("error.", "cli."))}),
    )


def _serve() -> Any:
    from careplug_flask.commands.serve import serve

    return serve


def _accounts() -> Any:
    from careplug_flask.commands.house import insist

    insist("argon2")  # said in words before the import fails
    from careplug_flask.commands.accounts import accounts

    return accounts


def _tokens() -> Any:
    from careplug_flask.commands.tokens import tokens

    return tokens
