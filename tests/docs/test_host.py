"""The shop of docs/host with careplug in it does what the tutorial says of it; `test_wheels` asks the wheels the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.housekeeping import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    copy = tmp_path_factory.mktemp("host") / "copy"
    away = shutil.ignore_patterns("__pycache__", "instance")
    return shutil.copytree(ROOT / "docs" / "host", copy, ignore=away)


def _run(folder, *words):
    done = subprocess.run(
        [sys.executable, *map(str, words)], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nobody_returns_what_is_not_theirs(folder):
    told = json.loads(_run(folder, ROOT / "tests" / "integration" / "host_probe.py").splitlines()[-1])["through"]
    seen = {what: rest for what, *rest in told}
    assert seen["only one's own orders have a button"] == [True, True]
    assert seen["another's order is 404"][0] == 404
    assert seen["an order that is no number is 404"][0] == 404
    assert seen["an order is returned"][0] == 302
    assert seen["the same order again is 404"][0] == 404


_WHO = """
from flask_login import login_user
from mounted import create_app, who
from shop.models import User

with create_app().test_request_context():
    print(who())
    for role in ("customer", "engineer", "manager", "accountant"):
        login_user(User(id=1, login="x", role=role))
        found = who()
        print(role, found and (found.side, sorted(found.roles)))
"""


def test_only_the_roles_in_the_list_are_somebody(folder):
    assert _run(folder, "-c", _WHO).splitlines() == [
        "None",
        "customer ('customer', ['customer'])",
        "engineer ('service', ['engineer'])",
        "manager ('service', ['engineer', 'manager'])",
        "accountant None",
    ]


def test_people_are_made_once(folder):
    first, again = _run(folder, "people.py"), _run(folder, "people.py")
    assert [line.partition(":")[0] for line in first.splitlines()] == [
        "ann (customer)",
        "wang (engineer)",
        "zhao (manager)",
    ]
    assert again.splitlines() == [f"{login} is there already" for login in ("ann", "wang", "zhao")]
