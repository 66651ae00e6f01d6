"""The public names are typed, from outside: mypy --strict over sample code, right and wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.housekeeping import ROOT

pytestmark = pytest.mark.slow


def _mypy(*files: Path) -> str:
    # the installed package, as a host's mypy finds it: not our own configuration
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        f"--cache-dir={ROOT / 'build' / 'mypy-typing'}",
    ]
    done = subprocess.run([*command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout


def test_what_a_host_writes_is_typed():
    assert "Success" in (out := _mypy(Path(__file__).with_name("sample.py"))), out


def test_a_wrong_call_is_noticed(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from datetime import datetime, timedelta\n"
        "from careplug.sla import WorkCalendar, due\n"
        "def f(c: WorkCalendar, t: datetime) -> None:\n"
        "    c.add(t, timedelta(1), roll='sideways')\n"
        "    c.add(t, 3600)\n"
        "    due(c, '2026-01-01', timedelta(1))\n"
        "    due(c, t, timedelta(1)).isoformat()\n",
        encoding="utf-8",
    )
    out = _mypy(wrong)
    assert [f"wrong.py:{line}:" in out for line in (4, 5, 6, 7)] == [True] * 4, out
