"""Runs the benches and writes their page: `python -m tests.benchmarks [NAME …]` (all without a name)."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Mapping

import tests.benchmarks as here
from tests.housekeeping import ROOT, commit, figure, machine, table, today

PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
HEAD = ["what", "ours, µs", "floor, µs", "ratio", "aim", "met", "note"]
_KNOWN = ("name", "ours_us", "floor_us", "ratio", "aim", "met")
_MET = {True: "yes", False: "**no**", None: ""}

INTRODUCTION = """\
# Benchmarks

`make bench` writes this page. Ours and the floor (the least code that gives the same answer) are measured in turns in
one run; the figures are medians. Ratios hold from machine to machine, times do not. An aim that is missed is shown as
missed.
"""


def names() -> list[str]:
    """All benches there are, without their `bench_`."""
    return sorted(m.name[6:] for m in pkgutil.iter_modules(here.__path__) if m.name.startswith("bench_"))


def cells(row: Mapping[str, object]) -> list[str]:
    """One measured row as text; keys beyond the known ones go into the note."""
    values = [row.get(key) for key in _KNOWN[:-1]]
    note = ", ".join(f"{key.replace('_', ' ')} {figure(value)}" for key, value in row.items() if key not in _KNOWN)
    met = row.get("met")
    return ["" if value is None else figure(value) for value in values] + [
        _MET[None if met is None else bool(met)],
        note,
    ]


def section(name: str, rows: list[dict[str, object]]) -> str:
    """The part of the page that one bench owns, between marks, so that one bench can be renewed alone."""
    about = (importlib.import_module(f"tests.benchmarks.bench_{name}").__doc__ or "").strip()
    title = name.replace("_", " ").capitalize()
    when = f"{today()}, commit {commit()}, {machine()}."
    return f"<!-- {name} -->\n## {title}\n\n{about}\n\n{when}\n\n{table([cells(r) for r in rows], HEAD)}\n<!-- /{name} -->\n"


def put(page: str, name: str, text: str) -> str:
    """The page with that bench's part replaced, or added at the end."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->\n"
    if begin not in page:
        return f"{page.rstrip()}\n\n{text}"
    before, _, rest = page.partition(begin)
    return before + text + rest.partition(end)[2]


def show(name: str, rows: list[dict[str, object]]) -> None:
    """The same table for the eyes, columns in line."""
    lines = [HEAD, *(cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    print(f"\n{name}")
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    wanted = parser.parse_args(arguments).names or names()
    if unknown := set(wanted) - set(names()):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else INTRODUCTION
    missed = 0
    for name in wanted:
        rows = importlib.import_module(f"tests.benchmarks.bench_{name}").run()
        show(name, rows)
        missed += sum(row.get("met") is False for row in rows)
        page = put(page, name, section(name, rows))
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")  # after each bench: a stop keeps what was measured
    print(f"\n{PAGE.relative_to(ROOT)} has the figures; aims missed: {missed}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
