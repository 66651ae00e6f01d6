"""`careplug serve` as a process of its own, asked over real HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import attrs
import pytest
import requests

from careplug import Care
from careplug.criteria import Is
from careplug.messages.entities import Message

WAIT = 120
"""Seconds that a loaded machine may take."""


@attrs.define
class Served:
    """A server process and what it said first."""

    process: subprocess.Popen
    folder: Path
    said: dict

    @property
    def url(self):
        return self.said["url"]

    def stop(self, number=signal.SIGTERM):
        """Its exit code, and everything else it printed."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=WAIT)
        return self.process.returncode, out + self.errors()

    def errors(self):
        return (self.folder / "errors.txt").read_text(encoding="utf-8")


def serve(folder, *words, **environ):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CAREPLUG_")}
    command = [Path(sys.executable).with_name("careplug"), "serve", "--port", "0", "--json", *words]
    with (folder / "errors.txt").open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env={**clean, **environ}
        )
    line = process.stdout.readline()
    if not line:
        process.wait(WAIT)
        raise AssertionError((folder / "errors.txt").read_text(encoding="utf-8"))
    return Served(process, folder, json.loads(line))


@pytest.fixture
def served():
    """A function that starts a server; whatever still runs at the end is ended."""
    made = []

    def start(*arguments, **environ):
        made.append(serve(*arguments, **environ))
        return made[-1]

    yield start
    for each in made:
        if each.process.poll() is None:
            each.stop(signal.SIGKILL)
        each.process.stdout.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    found = serve(tmp_path_factory.mktemp("demo"), "--demo")
    yield found
    if found.process.poll() is None:
        found.stop()
    found.process.stdout.close()


def log_in(url, login, password, **more):
    browser = requests.Session()
    browser.headers["Accept-Language"] = "zh"
    page = browser.get(f"{url}/login", timeout=WAIT).text
    token = unescape(re.search(r'name="csrf_token" value="([^"]*)"', page)[1])
    data = {"csrf_token": token, "login": login, "password": password, **more}
    return browser, browser.post(f"{url}/login", data=data, timeout=WAIT, allow_redirects=False)


def cases(url, browser):
    answer = browser.get(f"{url}/api/v1/feedback", params={"limit": 100}, timeout=WAIT)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_the_demo_says_who_can_log_in(demo):
    logins = {each["login"]: each["roles"] for each in demo.said["logins"]}
    assert {name for name, roles in logins.items() if roles == ["customer"]} == {"li", "he", "sun"}
    assert logins["zhao"] == ["engineer", "manager"]
    assert set(demo.said["urls"]) == {"zh", "en"}
    assert demo.said["clock"].startswith("2026-03-03T02:0")


def test_a_customer_and_an_engineer_log_in_and_see_what_is_theirs(demo):
    li, answer = log_in(demo.url, "li", demo.said["password"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    wang, _ = log_in(demo.url, "wang", demo.said["password"])
    mine, all_of_them = cases(demo.url, li), cases(demo.url, wang)
    assert {case["organisation"] for case in mine} == {"organisation:dongjiang"}
    assert len(all_of_them) > len(mine) > 0
    for browser in (li, wang):
        page = browser.get(f"{demo.url}/", timeout=WAIT)
        assert page.status_code == 200
        assert '<html lang="zh-CN">' in page.text


def test_a_wrong_password_and_another_site_lead_nowhere(demo):
    browser, answer = log_in(demo.url, "li", "something-else")
    assert answer.status_code == 401
    assert "登录名或密码错误" in answer.text
    assert browser.get(f"{demo.url}/api/v1/feedback", timeout=WAIT).status_code == 401
    _, answer = log_in(demo.url, "li", demo.said["password"], next="//evil.example/")
    assert answer.headers["Location"] == "/"


def test_who_is_switched_off_is_out_at_once(demo):
    sun, _ = log_in(demo.url, "sun", demo.said["password"])
    assert cases(demo.url, sun)
    program = [Path(sys.executable).with_name("careplug"), "-d", demo.said["database"], "accounts", "deactivate", "sun"]
    assert subprocess.run(program, cwd=demo.folder, capture_output=True, check=True, text=True).stdout
    assert sun.get(f"{demo.url}/api/v1/feedback", timeout=WAIT).status_code == 401
    assert log_in(demo.url, "sun", demo.said["password"])[1].status_code == 401


def test_the_worker_runs_along(demo):
    li, _ = log_in(demo.url, "li", demo.said["password"])
    token = re.search(r'name="csrf_token" value="([^"]*)"', li.get(f"{demo.url}/logout", timeout=WAIT).text)[1]
    headers = {"X-CSRFToken": token, "Idempotency-Key": "the worker"}
    body = {"kind": "fault", "subject": "打印机无法联网"}
    answer = li.post(f"{demo.url}/api/v1/feedback", json=body, headers=headers, timeout=WAIT)
    assert answer.status_code == 201, answer.text
    assert answer.json()["received_at"].startswith("2026-03-03T02:")
    until = time.monotonic() + WAIT
    with Care(f"sqlite:///{demo.folder}/careplug-demo.db") as care:
        while time.monotonic() < until:
            with care.transaction(tenant="", writes=False) as store:
                found = store.find(Message, Is("subject_id", "eq", answer.json()["id"]))
            if found and all(message.state == "sent" for message in found):
                break
            time.sleep(0.5)  # another process does it: nothing tells us when
    assert [message.state for message in found] == ["sent"] * len(found) != []


def test_it_ends_cleanly_and_goes_on_where_it_was(demo, served):
    before = len(cases(demo.url, log_in(demo.url, "wang", demo.said["password"])[0]))
    code, printed = demo.stop(signal.SIGTERM)
    assert (code, printed) == (0, "")
    again = served(demo.folder, "--demo")
    assert again.said["password"] == demo.said["password"]
    assert again.said["clock"] >= demo.said["clock"]
    wang, answer = log_in(again.url, "wang", again.said["password"])
    assert answer.status_code == 303
    assert len(cases(again.url, wang)) == before
    assert again.stop(signal.SIGINT) == (0, "")
    stored = b"".join(file.read_bytes() for file in demo.folder.iterdir() if file.is_file())
    assert demo.said["password"].encode() not in stored
    assert (demo.folder / "careplug-demo.db.key").stat().st_mode & 0o777 == 0o600


def test_a_new_house_gets_an_administrator_whose_password_is_shown_once(tmp_path, served):
    first = served(tmp_path, "--no-worker", CAREPLUG_SECRET_KEY="a key of the environment")
    assert first.said["admin"] == "admin"
    admin, answer = log_in(first.url, "admin", first.said["password"])
    assert answer.status_code == 303
    assert cases(first.url, admin) == []
    assert not (tmp_path / "careplug.db.key").exists()
    assert first.stop()[0] == 0
    again = served(tmp_path, "--no-worker", CAREPLUG_SECRET_KEY="a key of the environment")
    assert not {"admin", "password"} & set(again.said)
    assert admin.get(f"{again.url}/api/v1/feedback", timeout=WAIT).status_code == 200  # the session outlived it
    assert again.stop()[0] == 0


def test_behind_a_proxy_cookies_are_for_https_and_links_know_the_prefix(tmp_path, served):
    house = served(tmp_path, "--no-worker", "--url", "https://desk.example.com/service")
    assert house.url == "https://desk.example.com/service"
    assert house.said["urls"]["zh"] == "https://desk.example.com/service/?lang=zh"
    direct = house.said["listening"]
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "desk.example.com", "X-Forwarded-For": "198.51.100.7"}
    answer = requests.get(f"{direct}/service/", headers=headers, timeout=WAIT, allow_redirects=False)
    assert answer.headers["Location"] == "/service/login?next=/service/"
    page = requests.get(f"{direct}/service/login", headers=headers, timeout=WAIT)
    assert "Secure" in page.headers["Set-Cookie"]
    assert "/service/careplug-static/" in page.text
