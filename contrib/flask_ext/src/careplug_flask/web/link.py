"""The page of one case for whoever holds its signed link: no login, no other case, no navigation."""

from __future__ import annotations

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from careplug_flask import guard, work
from careplug_flask.identity import become, guest, read_link
from careplug_flask.rest.files import download
from careplug_flask.state import state
from careplug_flask.web.case import Place, case_file, customer_case

__all__ = ["act", "file", "page"]


def page(token: str) -> Response:
    """The case of a link."""
    place = _enter(token)
    with work.reading() as unit:
        return customer_case(unit, place)


def act(token: str, action: str) -> AnyResponse:
    """What a form of that page does."""
    from careplug_flask.web.customer import act as do

    return do(_enter(token), action)


def file(token: str, ident: str) -> Response:
    """An attachment of that case."""
    place = _enter(token)
    with work.reading() as unit:
        row = case_file(unit, place.number, ident)
    return download(row)


def _enter(token: str) -> Place:
    """Let the holder of a link in as the person it was made for; the tenant is the link's. Tries are counted first."""
    guard.limit("link")
    link = read_link(state(), token)
    become(guest(state(), link))
    with work.reading() as unit:
        return Place(unit.feedback.get(link.case).number, token)
