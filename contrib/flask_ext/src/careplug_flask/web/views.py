"""How pages answer: shown from a snapshot; a form that fails is shown again with what was typed, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError
from careplug_flask import guard, work
from careplug_flask.errors import HostError, TooMany, Unauthorised, status_of, title_of, told
from careplug_flask.identity import become, login_url, nobody, reading_language, visitor
from careplug_flask.state import state

__all__ = ["answer", "attempt", "failed", "show"]

T = TypeVar("T")
_log = logging.getLogger("careplug_flask")


def show(template: str, unit: Any, /, *, status: int = 200, **values: Any) -> Response:
    """A page of this template. ``unit`` is the snapshot it is made from."""
    return make_response(state().renderer.page(template, unit, **values), status)


def attempt(
    deed: Callable[[Any], T],
    *,
    done: Callable[[T], str],
    again: Callable[[Any, CareError], Response],
    limit: str = "",
) -> AnyResponse:
    """Answer a form: ``deed(unit)`` in one transaction, then go on to ``done(result)``.

    Where it fails ``again(unit, problem)`` shows the page once more from a snapshot, with what was typed. Nobody known
    is left to the login.
    """
    return answer(lambda: work.changing(deed), done=done, again=again, limit=limit)


def answer(
    act: Callable[[], T],
    *,
    done: Callable[[T], str],
    again: Callable[[Any, CareError], Response],
    limit: str = "",
) -> AnyResponse:
    """As ``attempt``, for what is more than one transaction: files go to their store outside of any."""
    visitor().must()
    try:
        guard.check_csrf()
        if limit:
            guard.limit(limit)
        result = act()
    except Unauthorised:
        raise
    except CareError as problem:
        with work.reading() as unit:
            response = again(unit, problem)
        response.status_code = status_of(problem)
        return response
    return redirect(done(result), code=303)


def failed(found: CareError) -> AnyResponse:
    """The page of an error that no form of ours can show; to the login where nobody is known."""
    here, status = state(), status_of(found)
    if isinstance(found, Unauthorised):
        login = login_url(here)
        if login and request.method in ("GET", "HEAD") and not (request.endpoint or "").startswith("careplug.link"):
            return redirect(login)
    language = reading_language()
    values: dict[str, Any] = {"problem": found, "words": "", "status": status, "title": title_of(found, language)}
    if isinstance(found, HostError):
        # whatever the host got wrong may be needed for a page as people know it: its layout, its people
        become(nobody(here, language))
        values["words"] = told(found, language, here.care.catalogue)
    response = make_response(_page(found, alone=isinstance(found, HostError), **values), status)
    if isinstance(found, TooMany):
        response.headers["Retry-After"] = str(found.params["after"])
    return response


def _page(found: CareError, **values: Any) -> str:
    """The page, with the navigation where somebody is known and the database answers."""
    page, who = state().renderer.page, visitor()
    if who.actor is not None and who.via != "link" and values["status"] < 500:
        try:
            with work.reading() as unit:
                return page("error.html", unit, **values)
        except Exception:
            _log.exception("the page of %r could not be made with its navigation", found)
    return page("error.html", None, **values)
