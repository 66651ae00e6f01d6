"""The REST API below ``PREFIX/api/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from careplug.errors import CareError, NotFound
from careplug_flask import guard
from careplug_flask.errors import NoMethod, error
from careplug_flask.rest import bulk, cases, clocks, files, house, talk
from careplug_flask.rest.openapi import document
from careplug_flask.rest.resources import operations as of_resources
from careplug_flask.rest.serve import broken, encode, problem, view
from careplug_flask.rest.table import Table, collect

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug_flask.state import State

__all__ = ["blueprint", "table_of"]

VERSION = "v1"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def table_of(care: Care) -> Table:
    """The operations of a ``Care``: the core's, and those of its plugins' resources."""
    return Table((*collect((cases, talk, files, bulk, clocks, house)), *house.operations(), *of_resources(care)))


def blueprint(found: State) -> Blueprint:
    """The API as a blueprint; nothing of it reaches beyond its own paths."""
    made = Blueprint("careplug_api", __name__, url_prefix=f"{found.options.url_prefix}/api/{VERSION}")
    by_path = found.table.paths()
    for methods in by_path.values():
        for method, each in methods.items():
            made.add_url_rule(
                each.rule,
                each.name,
                view(each),
                methods=[method],
                strict_slashes=False,
                provide_automatic_options=False,
            )
    made.add_url_rule("/openapi.json", "openapi", _openapi, provide_automatic_options=False)
    every = {"methods": [*METHODS, "OPTIONS", "TRACE"], "provide_automatic_options": False}
    made.add_url_rule("/", "nowhere", _nowhere, defaults={"rest": ""}, **every)  # type: ignore[arg-type]
    made.add_url_rule("/<path:rest>", "nowhere", _nowhere, **every)  # type: ignore[arg-type]
    made.register_error_handler(CareError, problem)
    made.register_error_handler(HTTPException, _http)
    made.register_error_handler(Exception, _broken)
    made.after_request(guard.headers)
    return made


def _openapi() -> Response:
    """The OpenAPI document."""
    from careplug_flask.identity import visitor
    from careplug_flask.state import state

    visitor().must()
    return Response(encode(document(state(), visitor().language)), mimetype="application/json")


def _nowhere(rest: str) -> Response:
    """Whatever is below the API and is no operation: 404, or 405 where another method is one."""
    from flask import current_app

    adapter = current_app.create_url_adapter(request)
    allowed = []
    for method in METHODS:
        try:
            endpoint = adapter.match(method=method)[0] if adapter is not None else ""
        except HTTPException:
            continue
        if not str(endpoint).endswith(".nowhere"):
            allowed.append(method)
    if not allowed:
        return problem(error(NotFound, "flask.page", field="path", value=request.path))
    made = problem(error(NoMethod, "flask.method", field="method", value=request.method, known=", ".join(allowed)))
    made.headers["Allow"] = ", ".join(allowed)
    return made


def _http(found: HTTPException) -> Response:
    """An error of Flask or Werkzeug inside the API, as a problem."""
    from careplug_flask.rest.wire.base import Problem

    status = found.code or 500
    shown = Problem(title=found.name, status=status, detail=found.description or "", code="http")
    return Response(encode(shown), status=status, mimetype="application/problem+json")


def _broken(found: Exception) -> Response:
    return broken(found)
