"""A request on its way through an operation: read and checked, run in a unit, written; errors become problems."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from careplug.errors import CareError, Conflict, NotFound
from careplug_flask import guard, work
from careplug_flask.errors import Away, HostError, Large, Stale, TooMany, error, of_database, status_of, title_of, told
from careplug_flask.identity import reading_language, visitor
from careplug_flask.rest import reading
from careplug_flask.rest.table import Call, Operation, Reply
from careplug_flask.rest.wire.base import PROBLEM, Problem
from careplug_flask.state import state
from careplug_flask.words import own, say

__all__ = ["aborted", "answer", "broken", "encode", "internal", "problem", "problem_of", "view"]

_log = logging.getLogger("careplug_flask.api")
_encoder = msgspec.json.Encoder()
_STALE = ("version.stale", "storage.stale", "party.stale", "resource.stale", "definition.stale")
"""The conflicts that say that the version of If-Match is no longer the current one."""


def encode(value: Any) -> bytes:
    """A value of the wire's types as JSON."""
    return _encoder.encode(value)


def view(each: Operation) -> Callable[..., Response]:
    """The Flask view of an operation."""
    decoder = msgspec.json.Decoder(each.body) if each.body is not None else None

    def serve(**path: str) -> Response:
        """One request."""
        try:
            _let_in(each)
            return answer(each, _run(each, decoder, path))
        except CareError as found:
            return problem(found)
        except RequestEntityTooLarge:  # the host's own MAX_CONTENT_LENGTH, or more fields than a form may have
            return problem(error(Large, "flask.large_host", field="body"))

    serve.__name__ = each.name
    return serve


def _let_in(each: Operation) -> None:
    """Count the request and ask who it is from; who comes by a link is known once the body is read."""
    guard.limit("api" if each.enter is None else "link")
    if each.enter is None:
        visitor().must()
        if each.writes:
            guard.check_csrf("flask.csrf_api")


def _run(each: Operation, decoder: Any, path: dict[str, str]) -> Reply:
    if not all(part.isprintable() and len(part) <= 200 for part in path.values()):
        raise error(NotFound, "flask.page", field="path", value=ascii(request.path[:200])[1:-1])
    known: dict[str, Any] = {"path": path, "language": visitor().language, "query": reading.query(each)}
    if each.edits or (each.compares and "If-Match" in request.headers):
        known["expected"] = reading.expected()
    if each.keyed:
        known["key"] = reading.key(visitor().must().key)
    if each.raw:
        reply: Reply = each.run(known)
        return reply
    if decoder is not None:
        known["body"] = reading.body(decoder)
    if each.enter is not None:
        each.enter(known["body"])
    try:
        if each.writes:
            return work.changing(lambda unit: each.run(Call(unit=unit, **known)))  # type: ignore[no-any-return]
        with work.reading() as unit:
            return each.run(Call(unit=unit, **known))  # type: ignore[no-any-return]
    except Conflict as found:
        if "expected" in known and found.code in _STALE:
            raise _stale(found) from None
        raise


def _stale(found: Conflict) -> Stale:
    """A conflict of versions as what it is to somebody who sent If-Match: 412."""
    made = Stale(found.code, field="header.If-Match", sentence=found.sentence)
    made.params = found.params
    return made


def answer(each: Operation, reply: Reply) -> Response:
    """The response of a reply. What is read has a tag: its version where it has one, else a digest of what is sent."""
    if isinstance(reply.value, Response):
        return reply.value
    sent = encode(reply.value)
    tag = reply.etag or ("" if each.writes else hashlib.sha256(sent).hexdigest()[:32])
    if not each.writes and request.if_none_match.contains_weak(tag):
        made = Response(status=304)
    else:
        made = Response(sent, status=reply.status or each.status, mimetype=each.sends)
    if tag:
        made.set_etag(tag)
    if reply.location:
        made.headers["Location"] = reply.location
    if reply.next:
        again = {**request.args.to_dict(), "after": reply.next}
        made.headers["Link"] = f'<{request.base_url}?{urlencode(again)}>; rel="next"'
    made.headers.update(reply.headers)
    return made


def problem_of(found: CareError, language: str) -> Problem:
    """An error as problem details (RFC 9457), its sentence in the reader's language."""
    status = status_of(found)
    return Problem(
        title=title_of(found, language),
        status=status,
        detail=told(found, language, state().care.catalogue),
        code=found.code,
        field="" if isinstance(found, HostError) else found.field,
    )


def problem(found: CareError) -> Response:
    """The answer to a request that cannot be done."""
    if of_database(found):
        return broken(found)
    language = reading_language()
    shown = problem_of(found, language)
    made = Response(encode(shown), status=shown.status, mimetype=PROBLEM)
    made.headers["Content-Language"] = language.replace("_", "-")
    if shown.status == 401:
        made.headers["WWW-Authenticate"] = 'Bearer realm="careplug"'
    if isinstance(found, TooMany):
        made.headers["Retry-After"] = str(found.params["after"])
    elif shown.status == 503:
        made.headers["Retry-After"] = "1"
    return made


def aborted(found: HTTPException) -> Any:
    """What Flask, Werkzeug or a callback of the host's broke off with: its own response, or its status as a problem."""
    status = found.code or 500
    if found.response is not None or status < 400:
        return found.get_response()
    language = reading_language()
    title = say(f"status.{status}", language) if f"status.{status}" in own() else found.name
    detail = say("error.flask.http", language, field="request", value=status)
    shown = Problem(title=title, status=status, detail=detail, code="flask.http", field="request")
    return Response(encode(shown), status=status, mimetype=PROBLEM)


def broken(found: Exception) -> Response:
    """The answer where careplug or a plugin broke, or the database does not answer."""
    if of_database(found):
        _log.error("%s %s: the database does not answer", request.method, request.path, exc_info=found)
        return problem(error(Away, "flask.database", field="database"))
    return Response(encode(internal(found, reading_language())), status=500, mimetype=PROBLEM)


def internal(found: Exception, language: str) -> Problem:
    """A mistake of careplug or a plugin: logged whole, told without its words."""
    _log.exception("an operation failed", exc_info=found)
    return Problem(title=say("status.500", language), status=500, code="internal")
