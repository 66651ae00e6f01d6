"""``create_app``: the app factory of the house that is served alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, Response, make_response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from careplug.care import Care
from careplug.errors import CareError, NotFound
from careplug_flask import guard
from careplug_flask.errors import BadRequest, Large, NoMethod, error
from careplug_flask.extension import Careplug
from careplug_flask.standalone import login, passwords, plugin
from careplug_flask.standalone.place import beside, secret_key
from careplug_flask.web.views import failed
from careplug_flask.words import own

__all__ = ["create_app"]

_HOURS = 12
"""How long a session lasts after the last request."""


def create_app(
    care: Care | None = None,
    *,
    database: str = "",
    secret: str = "",
    https: bool = False,
    config: Mapping[str, Any] | None = None,
) -> Flask:
    """A Flask app with local accounts and careplug at its root, for any WSGI server.

    ``care`` was made with the plugin ``careplug_flask.standalone.plugin``; without one it is made of ``database`` (else
    ``CAREPLUG_DATABASE``), which is brought up to date. ``secret`` signs sessions (else ``CAREPLUG_SECRET_KEY``, else the
    key beside the database). ``https`` says that people come by HTTPS, so that cookies are sent no other way. ``config``
    are more settings of the app, ``CAREPLUG_…`` among them.
    """
    url = database or os.environ.get("CAREPLUG_DATABASE", "sqlite:///careplug.db")
    app = Flask("careplug_flask.standalone", static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=secret or secret_key(url, os.environ),
        SESSION_COOKIE_NAME="careplug_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=_HOURS),
        PREFERRED_URL_SCHEME="https" if https else "http",
        CAREPLUG_URL_PREFIX="",
        CAREPLUG_LOGIN_VIEW="account.login",
        CAREPLUG_LOGOUT_VIEW="account.logout",
    )
    app.config.update(config or {})
    app.register_blueprint(login.pages())
    app.register_error_handler(HTTPException, _http)
    careplug = _careplug(app, care, url)
    careplug.actor_loader(login.actor)
    careplug.language_loader(login.language)
    passwords.nobody()  # the first wrong login must not take longer than the others
    return app


def _careplug(app: Flask, care: Care | None, url: str) -> Careplug:
    if care is not None:
        return Careplug(app, care=care)
    from careplug.storage.files import FolderFiles

    made = Careplug(app, storage=url, plugins=[plugin], files=FolderFiles(f"{beside(url)}.files"))
    opened = made.state_of(app).care
    if opened.storage.plan():
        opened.upgrade()
    return made


# -- the house's own pages for what no route answers --


def _http(found: HTTPException) -> AnyResponse:
    """A page in the reader's language instead of Werkzeug's: not found, not with this method, broken."""
    if found.response is not None or (found.code or 500) < 400:
        return found.get_response()
    try:
        response = make_response(failed(_said(found)), found.code or 500)
    except Exception:  # nothing works: the database is away
        response = _plain(found.code or 500)
    for name, value in found.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return guard.headers(response)


def _said(found: HTTPException) -> CareError:
    if found.code == 404:
        return error(NotFound, "flask.page", field="path", value=request.path)
    if found.code == 405:
        known = ", ".join(sorted(getattr(found, "valid_methods", None) or ()))
        return error(NoMethod, "flask.method", field="method", value=request.method, known=known)
    if found.code == 413:
        return error(Large, "flask.large", field="body", most=request.max_content_length or 0)
    if (found.code or 500) < 500:
        return error(BadRequest, "flask.request", field="request", problem=found.name)
    return error(CareError, "flask.broken", field="app")


def _plain(status: int) -> Response:
    words = own()["problem.flask.broken"]
    response = make_response(f"{words.zh}\n{words.en}\n", status)
    response.mimetype = "text/plain"
    return response
