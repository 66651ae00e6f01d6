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
    assert seen["another's order is 404"][0] == 404
    assert seen["the API knows the session"][0] == 200


# -- a plugin of sixty lines: installed, and gone again --


@pytest.fixture(scope="module")
def visits(clean, shop, tmp_path_factory):
    """What the probe saw with the plugin's wheel installed, and on the same database after it was removed."""
    work = tmp_path_factory.mktemp("visits")
    source = shutil.copytree(ROOT / "tests" / "integration" / "visits", work / "plugin", ignore=_IGNORED)
    probe = shutil.copy(ROOT / "tests" / "integration" / "visits_probe.py", work)
    build = "import os, sys; from flit_core import buildapi; os.chdir(sys.argv[1]); buildapi.build_wheel(sys.argv[2])"
    _run(sys.executable, "-c", build, source, work, cwd=work)
    pip = (sys.executable, "-m", "pip", "--python", clean)
    _run(*pip, "install", "-q", "--no-deps", next(work.glob("careplug_visits-*.whl")), cwd=work)
    try:
        there = json.loads(_run(clean, probe, cwd=work).splitlines()[-1])
    finally:
        _run(*pip, "uninstall", "-q", "-y", "careplug-visits", cwd=work)
    return there, json.loads(_run(clean, probe, there["number"], cwd=work).splitlines()[-1])


def test_the_plugin_is_sixty_lines():
    file = ROOT / "tests" / "integration" / "visits" / "src" / "careplug_visits" / "__init__.py"
    assert file.read_text(encoding="utf-8").count("\n") <= 60


def test_what_the_plugin_brings_works_in_the_api(visits):
    there, _ = visits
    assert "visits" in there["loaded"]
    assert "visit" in there["steps"]
    assert there["visit step"] == [201, "visiting"] or there["visit step"] == [200, "visiting"]
    assert "visit" in there["metrics"], "its metric runs a clock"
    assert there["sent"] == 2, "the receipt on the console, and what its own channel took"
    assert there["add"][0] == 201
    assert there["customer adds"] == 403
    assert (there["finish"][0], there["finish"][1]["item"]["done"]) == (200, True)
    assert [item["report"] for item in there["list"]["items"]] == ["Seal changed"]
    assert len(there["paths"]) >= 3, "it stands in the OpenAPI document"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Visits", "Visit ahead", "Day")), ("zh", ("上门服务", "待上门", "日期"))],
)
def test_what_the_plugin_brings_is_on_pages_and_command_line(visits, language, words):
    there, _ = visits
    case, queue = there[f"case {language}"], there[f"queue {language}"]
    assert [word for word in words if word not in case] == [], "panel, state and navigation"
    assert queue[0] == 200
    assert words[0] in queue[1]
    status, page = there[f"visits {language}"]
    assert (status, words[2] in page, there["number"] in page) == (200, True, True)
    code, out, _ = there[f"command {language}"]
    assert (code, words[2] in out, there["number"] in out) == (0, True, True)


def test_when_it_is_gone_everything_else_runs(visits):
    _, gone = visits
    assert "visits" not in gone["loaded"]
    assert "visit" not in gone["steps"]
    assert "resolution" in gone["metrics"]
    assert (gone["visit step"][0], gone["add"][0]) == (422, 404) or gone["visit step"][0] in {403, 422}
    assert "Visits" not in gone["case en"]
    assert gone["queue zh"][0] == 200
    assert gone["visits en"][0] == 404
    assert gone["command zh"][0] == 2
    assert gone["departed"] == {"read": "visiting", "page": 200, "override": [200, "handling"], "verify": 0}


def test_the_doctor_names_what_it_left(visits):
    there, gone = visits
    assert all("visit" not in out for _, out, _ in there["doctor"])
    for _, out, _ in gone["doctor"]:
        assert "visits" in out, "the plugin, by the table that it left"
        assert "visit_agreed" in out, "the facts and the step that writes them"
        assert "bell" in out, "the channel that a subscription still names"
