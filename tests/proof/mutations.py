"""Single-line mutations in `sla/` and `feedback/` (the list is `tests/proof/mutations.toml`): tests must kill them.

Each one is tried on a copy of the source, beside the tests of the two rooms. One that survives is named; nine in ten
must not. At one per cent one mutation is tried, chosen by the seed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.housekeeping import ROOT

LIST = Path(__file__).with_name("mutations.toml")
TESTS = (
    ("tests/unit/sla/test_service_levels.py", "tests/unit/feedback", "tests/unit/sla/test_due.py"),
    ("tests/unit/sla", "tests/unit/audit", "tests/integration/test_lives.py"),
)
"""What is tried first, because it is quick, and what only the survivors of that meet."""


def load() -> list[dict[str, str]]:
    """The mutations; each must still stand exactly once in its file."""
    found = tomllib.loads(LIST.read_text(encoding="utf-8"))["mutation"]
    for item in found:
        text = (ROOT / "src" / "careplug" / item["file"]).read_text(encoding="utf-8")
        if text.count(item["old"]) != 1:
            raise AssertionError(f"{item['file']} has {text.count(item['old'])} times: {item['old']!r}")
    return list(found)


def killed(item: dict[str, str]) -> bool:
    """Whether a test fails with the mutation in place."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        file = copy / "careplug" / item["file"]
        file.write_text(file.read_text(encoding="utf-8").replace(item["old"], item["new"]), encoding="utf-8")
        return any(_fails(tests, copy) for tests in TESTS)


def _fails(tests: tuple[str, ...], source: Path) -> bool:
    """Whether one of these tests fails with the code in ``source``."""
    environ = os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1", "CAREPLUG_PROOF_SCALE": "0.01"}
    environ.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode not in (0, 1):
        raise AssertionError(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1


def run(scale: float, *, seed: int = 0) -> dict[str, object]:
    """Try a part of the mutations. The first one must be killed, or the check itself is broken."""
    every = load()
    count = max(1, round(len(every) * scale))
    start = seed * count
    tried = every[start : start + count]
    alive = [item for item in tried if not killed(item)]
    for item in alive:
        print(f"survived: {item['file']}: {item['old'].strip()}  ->  {item['new'].strip()}", flush=True)
    return {
        "tried": len(tried),
        "killed": len(tried) - len(alive),
        "survived": len(alive),
        "mismatches": sum(item is every[0] for item in alive),
    }
