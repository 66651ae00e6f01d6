"""Proofs: the claims that take hours to check. Each is a module here with one function:

    def run(scale: float, *, seed: int = 0) -> dict[str, object]:

`scale` is the part of the whole proof to run (1.0 is all, 0.01 what `make test` runs), `seed` says which part, so
that a hundred slices of one per cent are not the same slice a hundred times. It returns its figures: whole numbers
are added up over the slices, so are seconds, `max_…` and `min_…` keep the extreme, anything else the last value.
A figure called `mismatches` that is not 0, or any exception, means that the proof failed.

`make proof NAME=…` runs one in slices, keeps what is done in `build/proof/NAME.json`, goes on there when it was
stopped, and appends the figures with date and commit to `docs/proof/NAME.md`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping

import tests.proof as _here

Figures = dict[str, object]
Run = Callable[..., Figures]

PASSED = {"mismatches": 0}
"""Figures that have one right value only."""


def names() -> list[str]:
    """All proofs there are, by module name."""
    found = (module.name for module in pkgutil.iter_modules(_here.__path__))
    return sorted(name for name in found if not name.startswith(("_", "test_", "conftest")))


def load(name: str) -> tuple[Run, str]:
    """The `run` function of a proof and what the module says about itself."""
    module = importlib.import_module(f"tests.proof.{name}")
    return module.run, (module.__doc__ or "").strip()


def trouble(figures: Mapping[str, object]) -> list[str]:
    """What in the figures says that the proof failed; empty when it holds."""
    return [f"{key} = {figures[key]}, not {good}" for key, good in PASSED.items() if figures.get(key, good) != good]


def merged(before: Mapping[str, object], after: Mapping[str, object]) -> Figures:
    """The figures of two slices as one."""
    result: Figures = dict(before)
    for key, value in after.items():
        old = before.get(key)
        if old is None or isinstance(value, bool) or not isinstance(value, int | float):
            result[key] = value
        elif key.startswith(("max_", "min_")):
            result[key] = (max if key.startswith("max_") else min)(old, value)  # type: ignore[type-var]
        else:
            result[key] = old + value  # type: ignore[operator]
    return result
