"""The visitor tells of every trouble, the server leaves nothing behind, and a missing browser is said."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import urllib.error
import urllib.request

import pytest

from tests.browser import kit
from tests.browser.site import application


@pytest.fixture(scope="module")
def url(chromium):
    with kit.serve(application()) as found:
        yield found


# ---------------------------------------------------------------------------------------------- troubles


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/wrong/inline-style", "policy", "style-src"),
        ("/script/throws", "script", "on purpose"),
        ("/script/says", "console", "said on purpose"),
        ("/script/evaluates", "policy", "script-src held back eval"),
        ("/nowhere", "console", "404"),
    ],
)
def test_a_trouble_fails_the_visit_unless_it_is_expected(visitor, url, path, kind, words):
    with pytest.raises(kit.Troubled, match=f"(?m)^{kind}: .*{words}"), visitor(url) as page:
        page.goto(path)
    found = []
    with visitor(url, troubles=found) as page:
        page.goto(path)
    assert {each.kind for each in found} == {kind}
    with visitor(url, expect=["style-src" if kind == "policy" and "inline" in path else words]) as page:
        page.goto(path)


def test_a_request_that_fails(visitor, url):
    with pytest.raises(kit.Troubled, match="request: GET net::ERR_CONNECTION_REFUSED"), visitor(url) as page:
        page.route("**/gone", lambda route: route.abort("connectionrefused"))
        with page.expect_event("requestfailed"):
            page.goto("/script/fetches")


def test_an_expected_trouble_that_does_not_come(visitor, url):
    with pytest.raises(kit.Troubled, match="did not come: 404"), visitor(url, expect=["404"]) as page:
        page.goto("/right/zh")


def test_a_test_that_fails_says_the_troubles_too(visitor, url):
    with pytest.raises(ZeroDivisionError) as failed, visitor(url) as page:
        page.goto("/script/throws")
        1 / 0  # noqa: B018
    assert any("on purpose" in note for note in failed.value.__notes__)


def test_nothing_is_held_against_a_page_without_its_scripts(visitor, url):
    with visitor(url, javascript=False) as page:
        page.goto("/script/throws")
        assert page.title() == "页"


# ---------------------------------------------------------------------------------------------- visitors


@pytest.mark.parametrize(("language", "asked"), [("zh", "zh-CN"), ("en", "en-US"), ("qps", "qps")])
def test_what_a_visitor_brings_along(visitor, url, language, asked):
    with visitor(url, language=language, cookies={"seat": "7"}, headers={"X-Role": "engineer"}) as page:
        told = page.goto("/asked").json()
        assert told == {"language": asked, "seat": "7", "role": "engineer"}


def test_visitors_share_nothing(visitor, url):
    with visitor(url, cookies={"seat": "7"}) as page:
        assert page.goto("/asked").json()["seat"] == "7"
    with visitor(url) as page:
        assert "seat" not in page.goto("/asked").json()


@pytest.mark.parametrize(("width", "touch"), [(kit.PHONE, True), (kit.DESKTOP, False)])
def test_phone_and_desk(visitor, url, width, touch):
    with visitor(url, width=width) as page:
        page.goto("/right/en")
        assert page.evaluate("[innerWidth, matchMedia('(pointer: coarse)').matches]") == [width, touch]


def test_other_tests_may_run_event_loops_meanwhile(visitor, url):
    async def answer():
        return 42

    for _ in range(2):
        with visitor(url) as page:
            page.goto("/right/en")
        assert asyncio.run(answer()) == 42


def test_two_visitors_at_once(visitor, url):
    with visitor(url) as one, visitor(url, language="zh") as two:
        one.goto("/right/en")
        two.goto("/right/zh")
        assert (one.title(), two.title()) == ("Case", "服务单")


# ---------------------------------------------------------------------------------------------- server


def test_the_server_leaves_no_thread_and_no_connection():
    pytest.importorskip("flask")
    before = set(threading.enumerate())
    with contextlib.ExitStack() as stack:
        with kit.serve(application()) as url:
            # One that asks for nothing, as browsers open them in advance. It is taken before the one that asks.
            idle = stack.enter_context(socket.create_connection(url.removeprefix("http://").split(":")))
            with urllib.request.urlopen(f"{url}/asked") as answer:
                assert answer.status == 200
            assert set(threading.enumerate()) > before
        assert set(threading.enumerate()) == before
        assert idle.recv(1) == b""
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"{url}/asked")


def test_a_server_ends_when_its_block_fails():
    pytest.importorskip("flask")
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), kit.serve(application()):
        1 / 0  # noqa: B018
    assert set(threading.enumerate()) == before


# ---------------------------------------------------------------------------------------------- without a browser


def test_a_missing_browser_skips_or_fails(monkeypatch):
    monkeypatch.setattr(kit, "program", lambda: "")
    monkeypatch.setattr(kit, "missing", kit.missing.__wrapped__)
    monkeypatch.delenv("CAREPLUG_TEST_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no "):
        kit.needed()
    monkeypatch.setenv("CAREPLUG_TEST_SERVICES", "required")
    with pytest.raises(pytest.fail.Exception, match="required"):
        kit.needed()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(kit.importlib.util, "find_spec", lambda name: None)
    assert kit.missing.__wrapped__() == "no Python package playwright"
