"""A request on its way through an operation: read and checked, run in a unit, written; errors become problems."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from careplug.errors import CareError, Invalid
from careplug_flask import guard, work
from careplug_flask.errors import BadRequest, Large, Missing, TooMany, Unsupported, error, status_of
from careplug_flask.identity import visitor
from careplug_flask.rest.table import JSON, Call, Operation, Reply
from careplug_flask.rest.wire.base import Problem
from careplug_flask.state import state
from careplug_flask.words import say

__all__ = ["encode", "misfit", "problem", "problem_of", "view"]

_log = logging.getLogger("careplug_flask.api")
_encoder = msgspec.json.Encoder()
_ETAG = re.compile(r'\s*(?:W/)?"(\d{1,18})(?:\.\d{1,18})?"\s*')
_MOST = 4 * 1024 * 1024
"""The longest JSON body in bytes: a body of words may have a million characters of up to four bytes."""


def encode(value: Any) -> bytes:
    """A value of the wire's types as JSON."""
    return _encoder.encode(value)


def view(each: Operation) -> Callable[..., Response]:
    """The Flask view of an operation."""
    decoder = msgspec.json.Decoder(each.body) if each.body is not None else None

    def serve(**path: str) -> Response:
        """One request."""
        try:
            guard.limit("api")
            visitor().must()
            if each.writes:
                guard.check_csrf()
            return _answer(each, _run(each, decoder, path))
        except CareError as found:
            return problem(found)
        except HTTPException as found:
            if isinstance(found, RequestEntityTooLarge):
                return problem(error(Large, "flask.large", field="body", most=state().options.max_upload))
            raise

    serve.__name__ = each.name
    return serve


def _run(each: Operation, decoder: Any, path: dict[str, str]) -> Reply:
    who = visitor()
    known: dict[str, Any] = {"path": path, "language": who.language}
    if each.query is not None:
        known["query"] = _query(each)
    elif request.args.keys() - {"lang"}:
        raise _unknown_query(min(request.args.keys() - {"lang"}))
    if each.edits:
        known["expected"] = _expected()
    if each.keyed:
        known["key"] = _key(who.must().key)
    if each.raw:
        reply: Reply = each.run(known)
        return reply
    if decoder is not None:
        known["body"] = _body(decoder)
    if each.writes:
        written: Reply = work.changing(lambda unit: each.run(Call(unit=unit, **known)))
        return written
    with work.reading() as unit:
        read: Reply = each.run(Call(unit=unit, **known))
    return read


def _body(decoder: Any) -> Any:
    """The body by its type; 415 for another media type, 400 for what is no JSON, 422 for what does not fit."""
    if request.mimetype != JSON:
        raise error(Unsupported, "flask.media", field="header.Content-Type", value=request.mimetype or "–", wanted=JSON)
    if (request.content_length or 0) > _MOST:
        raise error(Large, "flask.large", field="body", most=_MOST)
    data = request.get_data(cache=False)
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong), "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise error(BadRequest, "flask.json", field="body", problem=str(wrong)) from None


def _query(each: Operation) -> Any:
    """The query string by the operation's type."""
    given: dict[str, Any] = {}
    for name, values in request.args.lists():
        if name == "lang":
            continue
        if len(values) > 1:
            raise error(Invalid, "flask.query_twice", field=f"query.{name}")
        given[name] = values[0]
    try:
        return msgspec.convert(given, each.query, strict=False, str_keys=True)
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong), "query") from None


def _unknown_query(name: str) -> CareError:
    return error(Invalid, "flask.unknown", field=f"query.{name}")


_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<place>[^`]*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`(?P<more>[^,]*)(?:, got `(?P<got>[^`]+)`)?")
_LACKING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_STRANGE = re.compile(r"Object contains unknown field `(?P<name>[^`]+)`")


def misfit(words: str, where: str) -> CareError:
    """What msgspec found, as an error of ours: the place is the field, the sentence is in both languages."""
    parts = _PLACE.match(words)
    what, place = (parts["what"], parts["place"] or "") if parts else (words, "")
    field = where + place.replace("[...]", "")
    for pattern, code in ((_LACKING, "flask.lacking"), (_STRANGE, "flask.unknown")):
        found = pattern.match(what)
        if found:
            return error(Invalid, code, field=f"{field}.{found['name']}")
    found = _EXPECTED.match(what)
    if found and found["got"]:
        return error(Invalid, "flask.type", field=field, wanted=found["wanted"], got=found["got"])
    if found:
        return error(Invalid, "flask.form", field=field, wanted=found["wanted"] + found["more"])
    return error(Invalid, "flask.other", field=field, problem=what)


def _expected() -> int:
    """The version of If-Match; 428 where it is missing, 412 where it cannot be a current one."""
    given = request.headers.get("If-Match")
    if given is None:
        raise error(Missing, "flask.if_match", field="header.If-Match")
    found = _ETAG.fullmatch(given)
    if found is None:
        raise error(BadRequest, "flask.etag", field="header.If-Match", value=given[:40])
    return int(found[1])


def _key(actor: str) -> str:
    """The idempotency key as it is stored: the actor is part of it, for two people may choose the same."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return ""
    if not 0 < len(given) <= 200:
        raise error(BadRequest, "flask.key", field="header.Idempotency-Key")
    return hashlib.sha256(f"{actor}\n{given}".encode(errors="surrogatepass")).hexdigest()


def _answer(each: Operation, reply: Reply) -> Response:
    if isinstance(reply.value, Response):
        return reply.value
    status = reply.status or each.status
    if reply.etag and not each.writes and request.if_none_match.contains_weak(reply.etag):
        made = Response(status=304)
    elif status == 204:
        made = Response(status=204)
    else:
        made = Response(encode(reply.value), status=status, mimetype=each.sends)
    if reply.etag:
        made.set_etag(reply.etag)
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
        title=say(f"status.{status}", language),
        status=status,
        detail=found.text(language, state().care.catalogue),
        code=found.code,
        field=found.field,
    )


def problem(found: CareError) -> Response:
    """The answer to a request that cannot be done."""
    language = _language()
    shown = problem_of(found, language)
    made = Response(encode(shown), status=shown.status, mimetype="application/problem+json")
    made.headers["Content-Language"] = language.replace("_", "-")
    if shown.status == 401:
        made.headers["WWW-Authenticate"] = 'Bearer realm="careplug"'
    if isinstance(found, TooMany):
        made.headers["Retry-After"] = str(found.params["after"])
    elif shown.status == 503:
        made.headers["Retry-After"] = "1"
    return made


def _language() -> str:
    """The reader's language, also where it is unknown who reads."""
    from careplug_flask.identity import language

    return language(state(), None)


def broken(found: Exception) -> Response:
    """A mistake of careplug or a plugin: logged whole, told without its words."""
    _log.exception("an operation failed", exc_info=found)
    shown = Problem(title=say("status.500", _language()), status=500, code="internal")
    return Response(encode(shown), status=500, mimetype="application/problem+json")
