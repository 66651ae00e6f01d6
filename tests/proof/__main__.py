"""Runs one proof in slices: `python -m tests.proof NAME [--scale 1.0] [--slice 0.01]`; without a name, lists them."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import time
from pathlib import Path

from tests import proof
from tests.housekeeping import ROOT, commit, figure, machine, table, today

STATES = ROOT / "build" / "proof"
PAGES = ROOT / "docs" / "proof"


def _state(path: Path, key: dict[str, object]) -> dict[str, object]:
    """What an earlier run of the same proof on the same code left, else a fresh start."""
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["key"] == key:
            return found
        print(f"{path.relative_to(ROOT)} is of other code or another scale: starting afresh")
    return {"key": key, "done": 0, "figures": {}}


def _save(path: Path, state: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".new")
    half.write_text(json.dumps(state, indent=1, default=str), encoding="utf-8")
    half.replace(path)  # a stop in the middle leaves the old state, never half a file


def _slices(name: str, run: proof.Run, scale: float, size: float) -> proof.Figures:
    # A proof that takes no seed cannot be cut into different parts, so it runs in one piece.
    cuttable = "seed" in inspect.signature(run).parameters
    count = max(1, round(scale / size)) if cuttable else 1
    path = STATES / f"{name}.json"
    state = _state(path, {"commit": commit(), "scale": scale, "slices": count})
    if state["done"]:
        print(f"{name}: going on after {state['done']} of {count} slices")
    for number in range(state["done"], count):
        begun = time.perf_counter()
        found = run(scale / count, seed=number) if cuttable else run(scale)
        found.setdefault("seconds", time.perf_counter() - begun)
        state["figures"] = proof.merged(state["figures"], found)
        state["done"] = number + 1
        _save(path, state)
        print(f"{name}: slice {number + 1} of {count}, {state['figures']}", flush=True)
        if proof.trouble(found):
            break
    path.unlink(missing_ok=True)
    return state["figures"]


def _write(name: str, about: str, scale: float, figures: proof.Figures) -> Path:
    page = PAGES / f"{name}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    if not page.exists():
        title = name.replace("_", " ").capitalize()
        page.write_text(f"# {title}\n\n{about}\n\nRun it: `make proof NAME={name}`.\n", encoding="utf-8")
    rows = [[key.replace("_", " "), figure(value)] for key, value in figures.items()]
    verdict = "; ".join(proof.trouble(figures)) or "holds"
    with page.open("a", encoding="utf-8") as file:
        file.write(f"\n## {today()}, commit {commit()}, {scale:.0%} of the whole: {verdict}\n\n")
        file.write(f"{machine()}.\n\n{table(rows, ['figure', 'value'])}\n")
    return page


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("name", nargs="?", choices=proof.names(), metavar="NAME")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the whole proof (default 1.0)")
    parser.add_argument("--slice", type=float, default=0.01, help="part that runs between two saves (default 0.01)")
    given = parser.parse_args(arguments)
    if given.name is None:
        print("\n".join(proof.names()) or "no proofs yet")
        return 0
    run, about = proof.load(given.name)
    figures = _slices(given.name, run, given.scale, given.slice)
    page = _write(given.name, about, given.scale, figures)
    print(f"{page.relative_to(ROOT)} has the figures")
    for line in proof.trouble(figures):
        print(f"FAILED: {line}")
    return 1 if proof.trouble(figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
