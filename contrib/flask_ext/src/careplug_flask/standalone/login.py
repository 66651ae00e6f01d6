"""Logging in and out, and who is logged in: what a host hands over to careplug, done as any host would."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError
from careplug.refs import Actor
from careplug_flask import guard
from careplug_flask.errors import TooMany, Unauthorised, error, status_of
from careplug_flask.identity import visitor
from careplug_flask.standalone.accounts import Account, by_id, checked
from careplug_flask.state import state
from careplug_flask.web.forms import posted
from careplug_flask.web.views import failed, show
from careplug_flask.work import reading

__all__ = ["account_of_session", "actor", "language", "local", "pages"]

IDENT, STAMP = "careplug_account", "careplug_stamp"


# -- what the extension asks --


def account_of_session() -> Account | None:
    """The account that is logged in; none where it was switched off or its password changed since."""
    if "careplug_account" not in g:
        ident = session.get(IDENT)
        found = by_id(state().care, ident) if isinstance(ident, str) else None
        if found is None or not found.active or found.stamp != session.get(STAMP):
            found = None
        g.careplug_account = found
    account: Account | None = g.careplug_account
    return account


def actor() -> Actor | None:
    """Whom the session acts as."""
    found = account_of_session()
    return found.actor if found is not None else None


def language() -> str | None:
    """The account's language; what somebody chooses on a page goes before it."""
    found = account_of_session()
    return found.language if found is not None else None


# -- the pages --


def pages() -> Blueprint:
    """The pages ``/login`` and ``/logout``."""
    made = Blueprint("account", __name__)
    made.add_url_rule("/login", "login", _login, methods=["GET", "POST"])
    made.add_url_rule("/logout", "logout", _logout, methods=["GET", "POST"])
    made.register_error_handler(CareError, _failed)
    made.after_request(guard.headers)
    return made


def local(place: str) -> str:
    """The path to go on to: one of this app, else the door. Browsers read two slashes as another site, backslashes too."""
    plain = place.isprintable() and "\\" not in place
    return place if plain and place.startswith("/") and not place.startswith("//") else f"{request.script_root}/"


def _login() -> AnyResponse:
    target = local(request.values.get("next", ""))
    if request.method != "POST":
        return redirect(target) if visitor().actor is not None else _form(target)
    form = posted()
    try:
        guard.check_csrf()
        guard.limit("login")
        found = checked(state().care, form.text("login"), form["password"])
        if found is None:
            raise error(Unauthorised, "flask.login_wrong", field="login")
    except CareError as problem:
        return _form(target, problem)
    session.clear()  # whatever was prepared before the login is not taken over
    session.permanent = True
    session[IDENT], session[STAMP] = found.id, found.stamp
    return redirect(target, code=303)


def _form(target: str, problem: CareError | None = None) -> Response:
    status = status_of(problem) if problem is not None else 200
    form = posted()
    values = {"form": form, "target": target, "problem": problem, "login_url": ""}  # nobody is sent here from here
    response = show("standalone/login.html", None, status=status, **values)
    if isinstance(problem, TooMany):
        response.headers["Retry-After"] = str(problem.params["after"])
    return response


def _logout() -> AnyResponse:
    if request.method != "POST":
        return _leaving()
    guard.check_csrf()
    session.clear()
    return redirect(f"{request.script_root}/login", code=303)


def _leaving() -> Response:
    """The page that asks once more; with the person's name where somebody is logged in."""
    found = account_of_session()
    if found is None:
        return show("standalone/logout.html", None, account=None, login_url="")
    with reading() as unit:
        return show("standalone/logout.html", unit, account=found, logout_url="")


def _failed(found: CareError) -> AnyResponse:
    return failed(found)
