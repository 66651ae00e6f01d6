"""A browser for tests: Debian's Chromium under Playwright, a server beside it, and what went wrong on a page.

    with serve(app) as url, visitor(url, width=PHONE, language="zh") as page:
        page.goto("/cases")
        assert checks.overflow(page) == []

`visitor` is a fixture. When its block ends the page must have had no trouble: no error on the console or in a
script, no request that failed, nothing that the content security policy held back. Without a browser the test is
skipped with the reason, or fails when CAREPLUG_TEST_SERVICES=required.

Playwright is imported when a browser is first asked for, so this module can be loaded without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import os
import shutil
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PHONE, DESKTOP = 390, 1280
"""Widths in CSS pixels. Below 600 the visitor holds a phone: touch, and a page without a viewport tag is 980 wide."""

ARGUMENTS = (
    "--no-sandbox",  # root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_LOCALES = {"zh": "zh-CN", "zh_CN": "zh-CN", "en": "en-US"}
_TIMEOUT_MS = 15_000  # a shared machine stalls for seconds at times
_POLICY = """
document.addEventListener("securitypolicyviolation", (event) => window.careplugPolicy(
    `${event.effectiveDirective} held back ${event.blockedURI || "inline"} ${event.sample}`.trim()));
"""


# ---------------------------------------------------------------------------------------------- the browser


@functools.cache
def program() -> str:
    """The path of the browser, or nothing where there is none."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), "")


@functools.cache
def missing() -> str:
    """What a test with a browser lacks on this machine; nothing where all is there."""
    for package in ("playwright", "axe_playwright_python", "flask"):
        if importlib.util.find_spec(package) is None:
            return f"no Python package {package}"
    return "" if program() else f"no browser: none of {', '.join(_PROGRAMS)} is on the path"


@attrs.frozen
class Chromium:
    """A running browser, and the event loop that Playwright leaves behind as "running" in our thread."""

    browser: Browser
    _loop: asyncio.AbstractEventLoop

    @contextlib.contextmanager
    def awake(self) -> Iterator[Browser]:
        """The browser, to be spoken to inside this block only.

        Between the blocks no event loop seems to run: else `asyncio.run` of any later test on this worker would be
        refused for as long as the browser lives.
        """
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self._loop)
        try:
            yield self.browser
        finally:
            asyncio._set_running_loop(before)


@contextlib.contextmanager
def launched() -> Iterator[Chromium]:
    """One browser of our own, closed at the end. Only one at a time in a thread (Playwright)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(ARGUMENTS))
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        try:
            yield Chromium(browser, loop)
        finally:
            asyncio._set_running_loop(loop)
            browser.close()


def needed() -> None:
    """Where something is missing the test is skipped, or fails if services are required."""
    trouble = missing()
    if trouble and os.environ.get("CAREPLUG_TEST_SERVICES") == "required":
        pytest.fail(f"{trouble}, and CAREPLUG_TEST_SERVICES=required")
    if trouble:
        pytest.skip(trouble)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One browser a worker; every visitor has a profile of its own in it."""
    needed()
    with launched() as found:
        yield found


# ---------------------------------------------------------------------------------------------- visitors


@attrs.frozen
class Trouble:
    """Something that went wrong on a page: `console`, `script`, `request` or `policy`, and where."""

    kind: str
    text: str
    url: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text} [{self.url}]"


class Troubled(AssertionError):
    """A visit had troubles that were not expected, or lacked one that was."""


def _listen(context: BrowserContext, page: Page, found: list[Trouble]) -> None:
    def console(message: Any) -> None:
        url = message.location.get("url", "")
        if urlsplit(url).path == "/favicon.ico":  # the browser asks for it by itself
            return
        # The browser words it as "… violates the following Content Security Policy directive".
        kind = "policy" if "Content Security Policy" in message.text else "console"
        if message.type == "error" or kind == "policy":
            found.append(Trouble(kind, message.text, url))

    def request(failed: Any) -> None:
        # A page that is left while it still loads cancels what it had asked for: htmx polls, a click that goes away.
        if failed.failure != "net::ERR_ABORTED":
            found.append(Trouble("request", f"{failed.method} {failed.failure}", failed.url))

    page.on("console", console)
    page.on("pageerror", lambda error: found.append(Trouble("script", str(error), page.url)))
    page.on("requestfailed", request)
    page.on("crash", lambda crashed: found.append(Trouble("script", "the page crashed", crashed.url)))
    # What a script catches, such as a refused eval, never reaches the console.
    context.expose_binding("careplugPolicy", lambda source, text: found.append(Trouble("policy", text, page.url)))
    page.add_init_script(_POLICY)


def _settled(page: Page) -> None:
    """Let what the page has already done arrive here."""
    with contextlib.suppress(Exception):  # a page that crashed or was closed has nothing more to say
        page.evaluate("() => 0")


def judge(found: Iterable[Trouble], expect: Iterable[str] = ()) -> None:
    """Raise `Troubled` unless each trouble is expected and each expected word came, as a part of some trouble."""
    found, expect = list(found), list(expect)
    left = [str(each) for each in found if not any(word in str(each) for word in expect)]
    lacking = [f"expected but did not come: {word}" for word in expect if not any(word in str(f) for f in found)]
    if left or lacking:
        raise Troubled("\n".join(dict.fromkeys(left + lacking)))


def _context(browser: Browser, base_url: str, width: int, language: str, **options: Any) -> BrowserContext:
    phone = width < 600
    headers = dict(options.pop("headers", None) or {})
    if language in _LOCALES:
        options["locale"] = _LOCALES[language]
    else:  # the browser knows no such language; the server may
        headers.setdefault("Accept-Language", language)
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": 844 if phone else 800},
        is_mobile=phone,
        has_touch=phone,
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        extra_http_headers=headers,
        **options,
    )
    context.set_default_timeout(_TIMEOUT_MS)
    return context


@contextlib.contextmanager
def visit(
    chromium: Chromium,
    base_url: str,
    *,
    width: int = DESKTOP,
    language: str = "en",
    javascript: bool = True,
    cookies: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    expect: Iterable[str] = (),
    troubles: list[Trouble] | None = None,
) -> Iterator[Page]:
    """A page of a new visitor who has seen nothing yet; `page.goto("/path")` is relative to `base_url`.

    `language` is asked for as the browser does (Accept-Language). `expect` are words of troubles that must come (a
    page that answers 404 says "404" on the console). With a list for `troubles` they are put in there, and nothing
    is asserted. Only troubles of the page handed over are heard, not those of windows it opens.
    """
    found: list[Trouble] = [] if troubles is None else troubles
    with chromium.awake() as browser, contextlib.ExitStack() as stack:
        context = _context(browser, base_url, width, language, headers=headers, java_script_enabled=javascript)
        stack.callback(context.close)
        if cookies:
            context.add_cookies([{"name": k, "value": v, "url": base_url} for k, v in cookies.items()])
        page = context.new_page()
        _listen(context, page, found)
        try:
            yield page
        except BaseException as error:
            for trouble in found:
                error.add_note(f"the page had trouble: {trouble}")
            raise
        _settled(page)
    if troubles is None:
        judge(found, expect)


@pytest.fixture
def visitor(chromium: Chromium) -> Any:
    """`visitor(base_url, width=…, language=…, …)`: see `visit`."""
    return functools.partial(visit, chromium)


# ---------------------------------------------------------------------------------------------- the server


def _hang_up(connection: socket.socket) -> None:
    """No further request comes from it; an answer under way is still written."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


def _handler() -> type:
    from werkzeug.serving import WSGIRequestHandler

    class Handler(WSGIRequestHandler):
        """Quiet, and known to its server while the connection is open."""

        def setup(self) -> None:
            super().setup()
            self.server.connections.add(self.connection)
            if self.server.closing:  # accepted in the last moment
                _hang_up(self.connection)

        def finish(self) -> None:
            self.server.connections.discard(self.connection)
            super().finish()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """No line for each request."""

    return Handler


@contextlib.contextmanager
def serve(app: Any, *, host: str = "127.0.0.1") -> Iterator[str]:
    """The URL of a WSGI application, served by threads of this process until the block ends.

    At the end no thread and no connection is left, so what the application holds can be closed after it.
    """
    from werkzeug.serving import make_server

    server = make_server(host, 0, app, threaded=True, request_handler=_handler())
    server.connections, server.closing = set(), False
    server.daemon_threads = False  # those are not waited for
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="careplug-test-server")
    thread.start()
    try:
        yield f"http://{host}:{server.port}"
    finally:
        server.shutdown()
        server.closing = True
        for connection in list(server.connections):  # browsers open some in advance, and ask for nothing
            _hang_up(connection)
        thread.join()  # it closes the server, which waits for its threads
