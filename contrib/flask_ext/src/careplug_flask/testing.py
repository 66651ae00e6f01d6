"""For the tests of hosts: a client that acts as somebody, without logging in.

``client(app, Actor.customer("li")).get("/careplug/")``. It works only while ``app.testing`` is true; no header of a
request can do what it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from careplug_flask.identity import ACTING

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from careplug.refs import Actor

__all__ = ["client"]


def client(app: Flask, actor: Actor | None = None, *, tenant: str = "", language: str = "en") -> FlaskClient:
    """A test client whose requests come from this actor (None: from nobody known), in this language.

    ``RuntimeError`` where ``app.testing`` is not set: the actor would not be believed.
    """
    if not app.testing:
        raise RuntimeError("careplug_flask.testing needs app.testing = True; it must never work anywhere else.")
    made: Any = app.test_client()
    if actor is not None:
        made.environ_base |= {ACTING: actor, "careplug.tenant": tenant}
    made.environ_base["HTTP_ACCEPT_LANGUAGE"] = language.replace("_", "-")
    return made  # type: ignore[no-any-return]
