"""The server: waitress for the requests, the worker in a thread beside it, both ended by a signal."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import attrs
from flask import Flask
from waitress import create_server, wasyncore

from careplug.errors import Invalid, Refused
from careplug.worker import Worker
from careplug_flask.errors import error

__all__ = ["Listening", "Way", "listen", "run", "way_of"]

_PATIENCE = 5.0
"""How many seconds an answer that is being made may still take once the server is to end."""

_LARGEST = 64 * 1024 * 1024
"""Bytes of a request that are read at all; the app's own limits are lower."""

_log = logging.getLogger("careplug_flask.serve")


@attrs.frozen
class Way:
    """How people come: ``url`` where a proxy stands before us (empty: straight), and the proxy's address."""

    url: str = ""
    proxy: str = ""

    @property
    def https(self) -> bool:
        """Whether they come by HTTPS."""
        return self.url.startswith("https://")

    @property
    def prefix(self) -> str:
        """The path below which the proxy has put us; empty for none."""
        return urlsplit(self.url).path.rstrip("/")


def way_of(url: str, proxy: str) -> Way:
    """The way of ``--url`` and ``--proxy``; ``Invalid`` for what is no address."""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise error(Invalid, "flask.serve_url", field="--url", value=url)
    return Way(url.rstrip("/"), proxy or ("127.0.0.1" if url else ""))


@attrs.define
class Listening:
    """A server that holds its port and answers nobody yet: at ``url`` for people, at ``direct`` for the proxy."""

    server: Any
    sockets: dict[int, Any]
    url: str
    direct: str


def listen(app: Flask, *, host: str, port: int, threads: int, way: Way) -> Listening:
    """Take the port (0: a free one); ``Refused`` where it cannot be had."""
    try:
        held = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as problem:
        words = getattr(problem, "strerror", None) or str(problem)
        raise error(Refused, "flask.serve_port", field="--port", value=port, problem=words) from None
    settings: dict[str, Any] = {"sockets": [held], "threads": threads, "ident": None}
    settings |= {"url_prefix": way.prefix, "url_scheme": "https" if way.https else "http"}
    settings |= {"max_request_body_size": _LARGEST, "clear_untrusted_proxy_headers": True}
    if way.proxy:
        settings["trusted_proxy"] = way.proxy
        settings["trusted_proxy_headers"] = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, **settings)
    name, number = held.getsockname()[:2]
    direct = f"http://[{name}]:{number}" if ":" in name else f"http://{name}:{number}"
    return Listening(server, sockets, way.url or direct, direct)


def run(listening: Listening, worker: Worker | None, *, ready: Callable[[], None]) -> None:
    """Answer requests until SIGINT or SIGTERM; what is being answered then is finished, and the worker's round too."""
    beside = threading.Thread(target=_work, args=(worker,), name="careplug-worker", daemon=True)
    with _signals() as told:
        if worker is not None:
            beside.start()
        try:
            ready()
            while not told:
                wasyncore.loop(timeout=0.5, use_poll=True, map=listening.sockets, count=1)
        finally:
            if worker is not None:
                worker.stop()
            _finish(listening)
    if worker is not None:
        beside.join()


def _work(worker: Worker) -> None:
    try:
        worker.run()
    except Exception:
        _log.exception("the worker ended; requests are still answered")


def _finish(listening: Listening) -> None:
    """Let answers that are being made out, for a while; then close everything."""
    until = time.monotonic() + _PATIENCE
    while _busy(listening) and time.monotonic() < until:
        wasyncore.loop(timeout=0.1, use_poll=True, map=listening.sockets, count=1)
    listening.server.task_dispatcher.shutdown()
    wasyncore.close_all(listening.sockets, ignore_all=True)


def _busy(listening: Listening) -> bool:
    each = listening.sockets.values()
    return any(getattr(one, "requests", None) or getattr(one, "total_outbufs_len", 0) for one in each)


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """A list that is no longer empty once a signal asked us to end. What stood there before comes back."""
    told: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        """Take note; the loop looks at it twice a second."""
        told.append(number)

    main = threading.current_thread() is threading.main_thread()
    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT) if main}
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
