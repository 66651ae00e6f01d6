"""The plugin ``accounts``: handed to a ``Care`` that is served alone, so that only its database has the table."""

from __future__ import annotations

from careplug.contributions import EntitySpec, ServiceFactory
from careplug.plugin import hookimpl

__all__ = ["careplug_entities", "careplug_name", "careplug_services"]

careplug_name = "accounts"


@hookimpl
def careplug_entities() -> tuple[EntitySpec, ...]:
    """The accounts."""
    from careplug_flask.standalone.accounts import SPECS

    return SPECS


@hookimpl
def careplug_services() -> tuple[ServiceFactory, ...]:
    """The service that adds and changes them."""
    from careplug_flask.standalone.accounts import Accounts

    return (ServiceFactory(Accounts, Accounts, "accounts"),)
