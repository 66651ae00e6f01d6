"""What the extension keeps for one app, and how it is found: ``app.extensions["careplug"]``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
from flask import Flask, current_app, has_app_context
from itsdangerous import URLSafeTimedSerializer
from werkzeug.local import LocalProxy

from careplug_flask.errors import HostError, error
from careplug_flask.options import Options

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.refs import Actor, Ref
    from careplug_flask.guard import Limiter
    from careplug_flask.rest.table import Table
    from careplug_flask.web.render import Renderer

__all__ = ["KEY", "Loaders", "State", "current_care", "state"]

KEY = "careplug"


@attrs.define
class Loaders:
    """The host's callbacks: who is there, with which roles, of which tenant, in which language and time zone."""

    actor: Callable[[], Actor | Ref | None] | None = None
    roles: Callable[[Ref], Iterable[str]] | None = None
    tenant: Callable[[], str] | None = None
    language: Callable[[], str | None] | None = None
    zone: Callable[[], str | None] | None = None


@attrs.define(kw_only=True, slots=False)
class State:
    """Everything of one app. Thread-safe: built in ``init_app`` and not changed afterwards.

    ``sqlalchemy`` is the host's Flask-SQLAlchemy where units join its session. ``owned`` says that the ``Care`` was made
    here. ``limiter`` counts how often somebody came, ``table`` holds the operations of the API, ``renderer`` the pages' own
    Jinja environment: put there while the app is set up, since they lie above this floor.
    """

    app: Flask
    care: Care
    options: Options
    loaders: Loaders
    owned: bool
    limiter: Limiter
    sqlalchemy: Any = None
    table: Table = attrs.field(init=False)
    renderer: Renderer = attrs.field(init=False)

    @property
    def session(self) -> Any:
        """The host's session of this context, None where units have their own transactions."""
        return self.sqlalchemy.session if self.sqlalchemy is not None else None

    @cached_property
    def signer(self) -> URLSafeTimedSerializer:
        """Signs links that work without a login."""
        key = self.options.secret_key or self.app.secret_key
        if not key:
            raise error(HostError, "flask.secret", field="config.SECRET_KEY")
        return URLSafeTimedSerializer(key, salt="careplug.link")


def state() -> State:
    """The state of the current app; ``RuntimeError`` that says what to do where there is none."""
    if not has_app_context():
        raise RuntimeError(
            "careplug is used outside of an application context. Push one with `with app.app_context():`, "
            "or hold on to `careplug.state_of(app).care`."
        )
    found: State | None = current_app.extensions.get(KEY)
    if found is None:
        raise RuntimeError(
            f"careplug is not set up on the app {current_app.name!r}. Call `Careplug(app)` or `careplug.init_app(app)` first."
        )
    return found


current_care: Any = LocalProxy(lambda: state().care)
"""The ``Care`` of the current app."""
