"""What careplug's own responses and requests get, and the host's never: tokens of forms, headers, limits."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from flask import Response, current_app, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from limits import RateLimitItem, parse_many
from wtforms.validators import ValidationError

from careplug_flask.errors import BadRequest, HostError, Large, TooMany, Unauthorised, error
from careplug_flask.identity import LANGUAGE_COOKIE, is_api, visitor
from careplug_flask.options import Options
from careplug_flask.state import state

__all__ = ["Limiter", "Windows", "check_csrf", "csrf_field", "csrf_token", "fits", "headers", "limit"]

_DAY = 86_400
_SWEEP = 60.0
"""Seconds between two looks for keys that nobody came with any more."""


def csrf_field() -> str:
    """The name of the form field that carries the token: the host's, where it has chosen one."""
    return str(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"))


def csrf_token() -> str:
    """A token for a form or the header ``X-CSRFToken``; empty where the host checks its requests another way."""
    here = state()
    if not here.options.csrf or visitor().via == "test":
        return ""
    if not here.app.secret_key:
        raise error(HostError, "flask.secret", field="config.SECRET_KEY")
    return str(generate_csrf())


def check_csrf(code: str = "flask.csrf") -> None:
    """``BadRequest`` where a request that changes something does not carry the token of its visitor's session.

    A request with a key needs none: no browser sends it by itself.
    """
    if not state().options.csrf or visitor().via in {"token", "test"}:
        return
    fits()
    given = request.form.get(csrf_field()) or request.headers.get("X-CSRFToken")
    try:
        validate_csrf(given, time_limit=current_app.config.get("WTF_CSRF_TIME_LIMIT", _DAY))
    except ValidationError as wrong:
        raise error(BadRequest, code, field=csrf_field()) from wrong


def fits() -> None:
    """``Large`` for a request that is longer than an attachment may be. Asked before anything of a form is read."""
    most = state().options.max_upload
    if (request.content_length or 0) > most:
        raise error(Large, "flask.large", field="body", most=most)


def headers(response: Response) -> Response:
    """The headers of a response of careplug's; one that is there already stays."""
    here = state()
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
    }
    if here.options.csp:
        wanted["Content-Security-Policy"] = here.options.csp
    there = {name.lower() for name, _ in response.headers}
    if is_api():
        # kept by the reader's own cache, asked about each time: that is what the tags are for
        wanted["Cache-Control"] = "private, no-cache"
        wanted["Vary"] = "Authorization, Cookie, Accept-Language"
        if "vary" in there:
            response.vary.update(("Authorization", "Cookie", "Accept-Language"))
    elif request.endpoint != "careplug.static":
        wanted["Cache-Control"] = "no-store"
    for name, value in wanted.items():
        if name.lower() not in there:
            response.headers.add(name, value)
    asked = request.args.get("lang", "")
    if asked and not is_api() and response.status_code < 400:
        path = here.options.url_prefix or "/"
        response.set_cookie(
            LANGUAGE_COOKIE, visitor().language, max_age=365 * _DAY, path=request.script_root + path, samesite="Lax"
        )
    return response


class Limiter:
    """Moving windows in the storage that the host named; thread-safe."""

    def __init__(self, options: Options) -> None:
        self._limits: dict[str, list[RateLimitItem]] = {
            name: list(parse_many(text)) for name, text in options.rate_limits.items()
        }
        self._windows: Windows | _Elsewhere
        self._windows = Windows() if options.rate_storage == "memory://" else _Elsewhere(options.rate_storage)

    def hit(self, name: str, who: str) -> int:
        """Count one; 0 where it is allowed, else the seconds until it is."""
        for item in self._limits.get(name, ()):
            wait = self._windows.hit(item, name, who)
            if wait:
                return max(1, math.ceil(wait))
        return 0


class Windows:
    """Moving windows in the memory of this process: when each key was hit. Thread-safe.

    That of ``limits`` starts a thread every hundredth of a second and has it walk all keys, which a busy service feels.
    Keys whose hits are all past are forgotten once a minute.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._hits: dict[str, tuple[int, deque[float]]] = {}
        self._swept = now()

    def __len__(self) -> int:
        return len(self._hits)

    def hit(self, item: RateLimitItem, name: str, who: str) -> float:
        """Count one; 0 where it is allowed, else the seconds until it is."""
        seconds, key = item.get_expiry(), item.key_for(name, who)
        with self._lock:
            now = self._now()
            if now - self._swept >= _SWEEP:
                self._sweep(now)
            _, hits = self._hits.setdefault(key, (seconds, deque()))
            while hits and hits[0] <= now - seconds:
                hits.popleft()
            if len(hits) >= item.amount:
                return hits[0] + seconds - now if hits else seconds
            hits.append(now)
        return 0

    def _sweep(self, now: float) -> None:
        self._swept = now
        self._hits = {key: found for key, found in self._hits.items() if found[1] and found[1][-1] > now - found[0]}


class _Elsewhere:
    """Windows in another storage of ``limits``, which several processes share."""

    def __init__(self, uri: str) -> None:
        from limits.storage import storage_from_string
        from limits.strategies import MovingWindowRateLimiter

        self._strategy = MovingWindowRateLimiter(storage_from_string(uri))

    def hit(self, item: RateLimitItem, name: str, who: str) -> float:
        """Count one; 0 where it is allowed, else the seconds until it is."""
        if self._strategy.hit(item, name, who):
            return 0
        return max(1, self._strategy.get_window_stats(item, name, who).reset_time - time.time())


def limit(name: str) -> None:
    """Count this request for its visitor; ``TooMany`` where it comes too often.

    Whoever sends a wrong key is counted too, by address, so that keys cannot be tried out at will.
    """
    try:
        who = visitor()
    except Unauthorised:
        _count(name, request.remote_addr or "?")
        raise
    _count(name, f"{who.tenant}/{who.actor.key}" if who.actor is not None else request.remote_addr or "?")


def _count(name: str, who: str) -> None:
    wait = state().limiter.hit(name, who)
    if wait:
        raise error(TooMany, "flask.too_many", field=f"limit.{name}", after=wait)
