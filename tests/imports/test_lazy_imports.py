"""What an import pulls in, seen from a new interpreter: a host pays for what it uses and for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = {
    "alembic", "click", "flask", "holidays", "jinja2", "numpy", "psycopg", "pymysql", "rich", "sqlalchemy",
    "asyncio", "multiprocessing", "unittest",
}  # fmt: skip
"""What `import careplug` and the pure rooms must not bring along."""

PLUGINS = {"careplug_crypto", "careplug_sqlalchemy", "careplug_holidays"}


def pulled_in(code: str, **environment: str) -> set[str]:
    """The modules that a new interpreter holds after running the code, less those it starts with."""
    script = f"import sys; before = set(sys.modules)\n{code}\nimport json; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def _tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def _ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "careplug"}


def test_the_measure_itself_sees_an_import():
    assert "decimal" in pulled_in("import decimal")
    assert "decimal" not in pulled_in("import sys")


def test_import_careplug_is_cheap():
    modules = pulled_in("import careplug")
    assert modules & (HEAVY | PLUGINS) == set()
    assert _tops(modules) & {"cattrs", "pluggy", "zoneinfo"} == set(), "the facade loads them, the name alone does not"


def test_the_facade_is_free_of_command_line_and_database():
    assert pulled_in("from careplug.care import Care") & (HEAVY | PLUGINS) == set()


@pytest.mark.parametrize("module", ["calendar", "target", "measure"])
def test_the_calendar_can_be_taken_home_alone(module):
    modules = pulled_in(f"import careplug.sla.{module}")
    siblings = {"calendar", "target", "measure"}
    public = {name for name in _ours(modules) if not any(part.startswith("_") for part in name.split("."))}
    allowed = {"careplug", "careplug.errors", "careplug.sla", *(f"careplug.sla.{name}" for name in siblings)}
    assert public <= allowed, f"{sorted(public - allowed)} came along"
    assert {name for name in _ours(modules) if name not in public and not name.startswith("careplug.sla._")} == set()
    assert modules & (HEAVY | PLUGINS) == set()


def test_the_fixed_names_are_where_people_look_for_them():
    code = "from careplug.sla import WorkCalendar, WorkingTime, WorkingDays, Elapsed, CalendarDays, due, elapsed"
    assert pulled_in(code) & (HEAVY | PLUGINS) == set()


def test_zone_data_is_read_only_when_a_calendar_is_made():
    assert not any(name.startswith("tzdata") for name in pulled_in("import careplug.sla.calendar", PYTHONTZPATH=""))


@pytest.mark.parametrize("plugin", sorted(PLUGINS))
def test_a_plugin_is_cheap_until_it_is_used(plugin):
    modules = pulled_in(f"import {plugin}")
    assert (
        modules & {"sqlalchemy", "alembic", "holidays", "cryptography", "psycopg", "pymysql", "click", "rich"} == set()
    )
