"""Running the command line in this process, in a folder of its own, and as a program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from careplug.care import Care
from careplug.cli.main import run

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "COLUMNS": "120", "NO_COLOR": "1", "TZ": "UTC"}


@attrs.frozen
class Done:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def data(self) -> dict:
        """Its one JSON object."""
        (found,) = self.lines
        return found

    @property
    def error(self) -> dict:
        """The JSON error on standard error."""
        return json.loads(self.err)["error"]


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """An embedded database with its tables, made once and copied by each test."""
    path = tmp_path_factory.mktemp("blank") / "careplug.db"
    with Care(f"sqlite:///{path}") as care:
        care.upgrade()
    return path


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys, blank):
    """`cli("list", "--json")` runs a command in the test's own folder, in English unless told otherwise."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(blank, tmp_path / "careplug.db")
    for name in [name for name in os.environ if name.startswith("CAREPLUG_") and name != "CAREPLUG_TEST_SERVICES"]:
        monkeypatch.delenv(name)
    for name, value in {**ENVIRONMENT, "LC_MESSAGES": ""}.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Done:
        code = run([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call


def environment(**more: str) -> dict[str, str]:
    """The environment of a program: ours without settings of careplug."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAREPLUG_", "LC_"))}
    return {**kept, **ENVIRONMENT, **more}


def start(folder: Path, *arguments: str, **options) -> subprocess.Popen:
    """`careplug …` as a program of its own, its output piped."""
    # A shell's background job has Ctrl-C switched off, and so have its children: a terminal's program has not.
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    script += "from careplug.cli.main import main; main()"
    pipe = subprocess.PIPE
    options = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, "env": environment(), **options}
    return subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=folder, text=True, **options)


@pytest.fixture
def case(cli):
    """The number of a case that is there."""
    arguments = ("--body", "No paper comes out", "--requester", "person:li", "--contact-name", "李雷")
    return cli("submit", "fault", "The printer is broken", *arguments, "--json").data["number"]
