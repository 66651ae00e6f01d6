"""The REST API below ``PREFIX/api/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from careplug.errors import CareError, NotFound
from careplug_flask import guard
from careplug_flask.errors import NoMethod, error
from careplug_flask.identity import visitor
from careplug_flask.rest import (
    bulk,
    cases,
    clocks,
    definitions,
    files,
    house,
    reading,
    searching,
    survey_results,
    surveys,
    talk,
)
from careplug_flask.rest.openapi import document
from careplug_flask.rest.resources import operations as of_resources
from careplug_flask.rest.serve import aborted, answer, broken, problem, view
from careplug_flask.rest.table import Operation, Reply, Table, collect
from careplug_flask.state import state

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

    from careplug.care import Care
    from careplug_flask.state import State

__all__ = ["blueprint", "table_of"]

VERSION = "v1"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def table_of(care: Care) -> Table:
    """The operations of a ``Care``: the core's, and those of its plugins' resources."""
    return Table(
        (
            *collect((cases, searching, talk, files, bulk, clocks, surveys, survey_results, house)),
            *definitions.operations(),
            *of_resources(care),
        )
    )


def blueprint(found: State) -> Blueprint:
    """The API as a blueprint; nothing of it reaches beyond its own paths."""
    made = Blueprint("careplug_api", __name__, url_prefix=f"{found.options.url_prefix}/api/{VERSION}")
    plain: dict[str, Any] = {"strict_slashes": False, "provide_automatic_options": False}
    for methods in found.table.paths().values():
        for method, each in methods.items():
            made.add_url_rule(each.rule, each.name, view(each), methods=[method], **plain)
        others = [method for method in METHODS if method not in methods]
        # said for each path, so that /feedback/bulk is never read as the id of a case
        made.add_url_rule(next(iter(methods.values())).rule, "nowhere", _nowhere, methods=others, **plain)
    made.add_url_rule("/openapi.json", "openapi", _openapi, provide_automatic_options=False)
    made.record(_whatever_else)
    made.register_error_handler(CareError, problem)
    made.register_error_handler(HTTPException, aborted)
    made.register_error_handler(Exception, broken)
    made.after_request(guard.headers)
    return made


def _whatever_else(setup: BlueprintSetupState) -> None:
    """Every other path below the API, with every method there is."""
    for rest in ("/", "/<path:rest>"):
        setup.app.url_map.add(Rule(f"{setup.url_prefix}{rest}", endpoint=f"{setup.blueprint.name}.nowhere"))


def _openapi() -> Response:
    """The OpenAPI document."""
    guard.limit("api")
    visitor().must()
    reading.query(_DOCUMENT)
    return answer(_DOCUMENT, Reply(value=document(state(), visitor().language)))


_DOCUMENT = Operation(name="openapi", method="GET", path="/openapi.json", run=_openapi, tag="")


def _nowhere(**_: str) -> Response:
    """Whatever is below the API and is no operation: OPTIONS is answered, else 405 where another method is one, else 404."""
    allowed = _allowed()
    if not allowed:
        return problem(error(NotFound, "flask.page", field="path", value=ascii(request.path[:200])[1:-1]))
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": allowed})
    made = problem(error(NoMethod, "flask.method", field="method", value=request.method[:40], known=allowed))
    made.headers["Allow"] = allowed
    return made


def _allowed() -> str:
    """The methods that the path of this request has, empty for none."""
    adapter = current_app.create_url_adapter(request)
    found = []
    for method in METHODS if adapter is not None else ():
        try:
            endpoint = str(adapter.match(method=method)[0])  # type: ignore[union-attr]
        except HTTPException:
            continue
        if not endpoint.endswith(".nowhere"):
            found += [method, "HEAD"] if method == "GET" else [method]
    return ", ".join([*found, "OPTIONS"]) if found else ""
