"""The distributions as a stranger gets them: wheels and sdists built, installed without the repository, and run."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from careplug.text import catalogue
from tests.housekeeping import ROOT

pytestmark = pytest.mark.slow

FOLDERS = [
    ROOT,
    *sorted(path.parent for base in ("plugins", "contrib") for path in (ROOT / base).glob("*/pyproject.toml")),
]
_IGNORED = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis"
)


def _project(folder: Path) -> dict:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    # neither the checkout nor this interpreter's packages may help
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the wheels and sdists of all distributions, built from a copy of the checkout."""
    work = tmp_path_factory.mktemp("wheels")
    shutil.copytree(ROOT, work / "copy", ignore=_IGNORED, symlinks=True)
    (work / "dist").mkdir()
    script = (
        "import sys, os; from flit_core import buildapi\n"
        "for folder in sys.argv[2:]:\n"
        "    os.chdir(folder); buildapi.build_wheel(sys.argv[1]); buildapi.build_sdist(sys.argv[1])\n"
    )
    copies = [work / "copy" / folder.relative_to(ROOT) for folder in FOLDERS]
    _run(sys.executable, "-c", script, work / "dist", *copies, cwd=work)
    return work / "dist"


@pytest.fixture(scope="module")
def clean(built, tmp_path_factory):
    """The interpreter of a new environment that holds our wheels and what they need, and nothing else."""
    home = tmp_path_factory.mktemp("clean") / "venv"
    _run(sys.executable, "-m", "venv", "--without-pip", home, cwd=built)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    wheels = [f"{next(built.glob(f'{_stem(folder)}-*.whl'))}{'[cli]' if folder == ROOT else ''}" for folder in FOLDERS]
    constraints = ["-c", ROOT / "constraints.txt"]
    wheels += ["Flask-SQLAlchemy", "Flask-Login"]  # what the shop of docs/host is made of
    _run(sys.executable, "-m", "pip", "--python", python, "install", "-q", *constraints, *wheels, cwd=built)
    return python


def _stem(folder: Path) -> str:
    return _project(folder)["name"].replace("-", "_")


def _label(folder: Path) -> str:
    return _project(folder)["name"]


@pytest.mark.parametrize("folder", FOLDERS, ids=_label)
def test_a_wheel_holds_its_package_and_nothing_else(folder, built):
    with zipfile.ZipFile(next(built.glob(f"{_stem(folder)}-*.whl"))) as wheel:
        names = wheel.namelist()
        metadata = email.message_from_bytes(wheel.read(next(n for n in names if n.endswith("/METADATA"))))
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {_stem(folder)}
    assert f"{_stem(folder)}/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert metadata["License-Expression"] == "Apache-2.0"
    source = folder / "src" / _stem(folder)
    expected = {file.relative_to(folder / "src").as_posix() for file in source.rglob("*") if file.is_file()}
    assert {name for name in expected if "__pycache__" not in name} <= set(names), "data files are in the wheel too"


@pytest.mark.parametrize("folder", FOLDERS, ids=_label)
def test_an_sdist_does_not_swallow_its_neighbours(folder, built):
    with tarfile.open(next(built.glob(f"{_stem(folder)}-*.tar.gz"))) as sdist:
        tops = {name.split("/")[1] for name in sdist.getnames() if "/" in name}
    assert tops <= {"src", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO"}


@pytest.mark.parametrize("folder", FOLDERS[1:], ids=_label)
def test_a_plugin_announces_itself(folder):
    points = _project(folder)["entry-points"]["careplug"]
    assert list(points.values()) == [_stem(folder)]
    assert _project(folder)["version"] == _project(ROOT)["version"], "released together"


def test_the_wheels_work_without_the_repository(clean, tmp_path):
    code = (
        "import careplug, importlib.metadata as m\n"
        "from careplug.text import catalogue\n"
        "print(careplug.__file__); print(len(catalogue()))\n"
        "print(sorted(p.load().__name__ for p in m.entry_points(group='careplug')))\n"
    )
    place, sentences, plugins = _run(clean, "-c", code, cwd=tmp_path).splitlines()
    assert str(ROOT) not in place
    assert int(sentences) == len(catalogue())
    assert plugins == str(sorted(_stem(folder) for folder in FOLDERS[1:]))


def test_the_calendar_works_from_the_wheel(clean, tmp_path):
    code = (
        "from datetime import UTC, datetime, timedelta\n"
        "from careplug.sla import WorkCalendar, due\n"
        "week = {d: [('09:00', '17:00')] for d in ('mon', 'tue', 'wed', 'thu', 'fri')}\n"
        "start = datetime(2026, 11, 6, 16, tzinfo=UTC)\n"
        "print(due(WorkCalendar('w', 'UTC', week=week), start, timedelta(hours=2)).isoformat())\n"
    )
    assert _run(clean, "-c", code, cwd=tmp_path).strip() == "2026-11-09T10:00:00+00:00"


def test_the_command_line_works_from_the_wheel(clean, tmp_path):
    assert _project(ROOT)["version"] in _run(clean.with_name("careplug"), "--version", cwd=tmp_path)


# -- a host that exists already: docs/host, alone and with careplug mounted in it --


@pytest.fixture(scope="module")
def shop(clean, tmp_path_factory):
    """What the probe saw: the shop's answers and tables without and with careplug, and a walk through the mounted part."""
    folder = tmp_path_factory.mktemp("host") / "shop"
    shutil.copytree(ROOT / "docs" / "host", folder, ignore=_IGNORED)
    probe = shutil.copy(ROOT / "tests" / "integration" / "host_probe.py", folder)
    return json.loads(_run(clean, probe, cwd=folder).splitlines()[-1])


def test_the_host_runs_on_the_wheels_alone(shop):
    assert str(ROOT) not in shop["careplug"] + shop["flask"] + "".join(shop["path"])


def test_the_hosts_pages_headers_and_errors_are_what_they_were(shop):
    assert len(shop["alone"]) >= 18
    assert {status for _, _, status, _, _ in shop["alone"]} >= {
        "200 OK",
        "302 FOUND",
        "400 BAD REQUEST",
        "404 NOT FOUND",
    }
    assert shop["beside"] == shop["alone"], "status, headers and the digest of the body, byte for byte"


def test_the_hosts_tables_are_what_they_were(shop):
    assert set(shop["tables_alone"]["rows"]) == {"users", "orders"}
    assert shop["tables_beside"] == shop["tables_alone"]


def test_what_was_mounted_works(shop):
    seen = {what: rest for what, *rest in shop["through"]}
    assert seen["nobody is sent to the shop's login"] == [302, "/login?next=/service/my"]
    assert seen["the page stands in the shop's layout"] == [True, True]
    assert seen["submit without the form's token"][0] == 400
    assert seen["submit"][0] == 303
    assert "/service/cases/" in seen["submit"][1]
    assert seen["the case is in the list"][0] is True
    assert seen["an order is returned"][0] == 302
    assert seen["the API knows the session"][0] == 200
