"""What a request carries, read by the operation's types: body, query, If-Match, Idempotency-Key."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from flask import request

from careplug.errors import CareError, Invalid
from careplug_flask.errors import BadRequest, Large, Missing, Stale, Unsupported, error
from careplug_flask.rest.misfit import kinds_of, misfit, named
from careplug_flask.rest.table import JSON, Operation

__all__ = ["body", "decoded", "expected", "key", "media", "query"]

MOST = 4 * 1024 * 1024
"""The longest JSON body in bytes: a body of words may have a million characters of up to four bytes."""
_DEEPEST = 64
_TAG = re.compile(r'\s*(?:W/)?"(?P<text>[\x21\x23-\x7e]{1,200})"\s*')
_VERSION = re.compile(r"(\d{1,18})(?:\.\d{1,18})?")
_WHOLE = re.compile(r"-?[0-9]{1,30}")
_TRUTH = {"true": True, "false": False}


def media(wanted: str) -> None:
    """``Unsupported`` where the request's body is of another type, or of text in another encoding than UTF-8."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != wanted or charset not in ("utf-8", "utf8", "us-ascii"):
        sent = request.headers.get("Content-Type", "")[:60] or "–"
        raise error(Unsupported, "flask.media", field="header.Content-Type", value=sent, wanted=wanted)


def body(decoder: msgspec.json.Decoder[Any]) -> Any:
    """The body by its type; 415 for another media type, 413 for too much, 400 for no JSON, 422 for what does not fit."""
    media(JSON)
    data = b"" if (request.content_length or 0) > MOST else request.stream.read(MOST + 1)
    if (request.content_length or len(data)) > MOST:
        raise error(Large, "flask.large", field="body", most=MOST)
    return decoded(decoder, data, "body")


def decoded(decoder: msgspec.json.Decoder[Any], data: bytes, where: str) -> Any:
    """JSON by a type. A name that is given twice is an error: whichever was meant, the other would be lost."""
    try:
        found = _fitting(decoder, data)
        plain = json.loads(data, object_pairs_hook=functools.partial(_once, where), parse_int=len, parse_float=len)
        _shallow(plain, where)
    except CareError:
        raise
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong), where, decoder.type) from None
    except (ValueError, msgspec.DecodeError, RecursionError) as wrong:
        raise _unreadable(wrong, where) from None
    return found


def _fitting(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    """The value of a type. Where a whole number is wanted 2.0 is one, as JSON Schema has it; msgspec takes only 2."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as wrong:
        if not _written_as_float(str(wrong)):
            raise
        plain = json.loads(data)
        while True:
            try:
                return msgspec.convert(plain, decoder.type)
            except msgspec.ValidationError as left:
                place = _written_as_float(str(left))
                if not place or not _made_whole(plain, place[1]):
                    raise


def _written_as_float(words: str) -> re.Match[str] | None:
    return re.fullmatch(r"Expected `int(?: \| null)?`, got `float` - at `\$([^`]*)`", words)


def _made_whole(plain: Any, place: str) -> bool:
    """Put 2 in the place of 2.0; whether it was a whole number."""
    around: Any = {"": plain}
    step: Any = ""
    while place:
        around = around[step]
        if isinstance(around, list):
            number, _, place = place.removeprefix("[").partition("]")
            step = int(number)
        else:
            step, place = named(place, around)
    value = around[step]
    whole = isinstance(value, float) and value.is_integer()
    if whole:
        around[step] = int(value)
    return whole


def _unreadable(wrong: Exception, where: str) -> CareError:
    """Bytes that are no JSON at all."""
    place = re.search(r"\(byte (\d+)\)", str(wrong))
    if isinstance(wrong, RecursionError):
        return error(BadRequest, "flask.json_deep", field=where, most=_DEEPEST)
    if isinstance(wrong, UnicodeDecodeError):
        return error(BadRequest, "flask.json_text", field=where)
    if place:
        return error(BadRequest, "flask.json", field=where, place=place[1])
    return error(BadRequest, "flask.json_end", field=where)


def _once(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise error(BadRequest, "flask.json_twice", field=where, value=twice[:40])
    return found


def _shallow(value: Any, where: str) -> None:
    """``BadRequest`` for data that is nested deeper than anything we keep."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            part
            for each in level
            if isinstance(each, dict | list)
            for part in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise error(BadRequest, "flask.json_deep", field=where, most=_DEEPEST)


def query(each: Operation) -> Any:
    """The query string by the operation's type, None where it has none; ``lang`` chooses the language of any answer."""
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise error(Invalid, "flask.query_twice", field=f"query.{name[:40]}")
        given[name] = values[0]
    asked = given.pop("lang", "zh")
    if asked.replace("_", "-").partition("-")[0].lower() not in ("zh", "en", "qps"):
        raise error(Invalid, "flask.choice", field="query.lang", value=asked[:40], known="zh, en")
    if each.query is None:
        if given:
            raise error(Invalid, "flask.unknown", field=f"query.{min(given)[:40]}")
        return None
    try:
        return msgspec.convert(_typed(given, kinds_of(each.query)), each.query)
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong), "query", each.query) from None


def _typed(given: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Numbers and truths, which an address can only hold as text."""
    found: dict[str, Any] = {}
    for name, text in given.items():
        kind = kinds.get(name, "")
        if kind == "int" and _WHOLE.fullmatch(text):
            found[name] = int(text)
        else:
            found[name] = _TRUTH.get(text, text) if kind == "bool" else text
    return found


def expected() -> int:
    """The version of If-Match; 428 where it is missing, 400 where it is no tag, 412 for one that is not of ours."""
    given = request.headers.get("If-Match")
    if given is None:
        raise error(Missing, "flask.if_match", field="header.If-Match")
    tag = _TAG.fullmatch(given)
    if tag is None:
        raise error(BadRequest, "flask.etag", field="header.If-Match", value=given[:40])
    found = _VERSION.fullmatch(tag["text"])
    if found is None:
        raise error(Stale, "flask.etag", field="header.If-Match", value=given[:40])
    return int(found[1])


def key(actor: str) -> str:
    """The idempotency key as it is stored: the actor is part of it, for two people may choose the same."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return ""
    if not 0 < len(given) <= 200:
        raise error(BadRequest, "flask.key", field="header.Idempotency-Key")
    return hashlib.sha256(f"{actor}\n{given}".encode(errors="surrogatepass")).hexdigest()
