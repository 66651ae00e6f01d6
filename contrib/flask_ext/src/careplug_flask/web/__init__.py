"""The pages of customers and engineers below the mount."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from flask import Blueprint, request
from werkzeug.wrappers import Response

from careplug.errors import CareError
from careplug_flask import guard
from careplug_flask.errors import Away, error, of_database
from careplug_flask.web import customer, engineer, home, reference, resources, search_page
from careplug_flask.web.surveys import routes as surveys
from careplug_flask.web.views import failed

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["blueprint"]

_log = logging.getLogger("careplug_flask")


def blueprint(found: State) -> Blueprint:
    """The pages as a blueprint; nothing of it reaches beyond its own paths."""
    made = Blueprint(
        "careplug",
        "careplug_flask",
        url_prefix=found.options.url_prefix or None,
        static_folder="static",
        static_url_path="/static" if found.options.url_prefix else "/careplug-static",
    )
    for module in (home, customer, engineer, search_page, surveys, resources, reference):
        module.mount(made, found)
    made.register_error_handler(CareError, _failed)
    for kind in _of_database():
        made.register_error_handler(kind, _away)
    made.after_request(guard.headers)
    return made


def _failed(found: CareError) -> Response:
    return _away(found) if of_database(found) else failed(found)


def _of_database() -> tuple[type[Exception], ...]:
    """What a database raises that does not answer. All else is the host's to show, as it always was."""
    known = sys.modules.get("sqlalchemy.exc")  # another storage brings other errors
    return (known.OperationalError, known.InterfaceError, known.TimeoutError) if known is not None else ()


def _away(found: Exception) -> Response:
    _log.error("%s %s: the database does not answer", request.method, request.path, exc_info=found)
    return failed(error(Away, "flask.database", field="database"))
