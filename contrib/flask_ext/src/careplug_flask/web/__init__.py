"""The pages of customers and engineers below the mount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint
from werkzeug.wrappers import Response

from careplug.errors import CareError
from careplug_flask import guard
from careplug_flask.web import customer, engineer, home, reference, resources
from careplug_flask.web.views import failed

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["blueprint"]


def blueprint(found: State) -> Blueprint:
    """The pages as a blueprint; nothing of it reaches beyond its own paths."""
    made = Blueprint(
        "careplug",
        "careplug_flask",
        url_prefix=found.options.url_prefix or None,
        static_folder="static",
        static_url_path="/static" if found.options.url_prefix else "/careplug-static",
    )
    for module in (home, customer, engineer, resources, reference):
        module.mount(made, found)
    made.register_error_handler(CareError, _failed)
    made.after_request(guard.headers)
    return made


def _failed(error: CareError) -> Response:
    return failed(error)
