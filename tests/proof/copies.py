"""Copies of a SQLite database taken while a process writes into it, fifty in each of three ways that are safe.

`backup`: `storage.back_up`, one snapshot while the writer goes on. `locked`: the file and its write-ahead log copied byte by
byte by `cp` while a transaction begun with BEGIN IMMEDIATE holds the writers up. `frozen`: the same two files while the
writer stands still wherever it is (SIGSTOP, often in the middle of a write or of a checkpoint), which is what a snapshot of
the file system sees. None has the file `-shm`. Each copy opens, verifies, has rows, clocks and outbox as its facts say, and
misses nothing that was acknowledged before the copying began.

`bare` is the way that is not safe, counted and no part of the verdict: both files copied with nothing held, in either order.
A checkpoint between the two moves pages from the log into the file, and the next writer begins the log anew: a copy of
the file before and of the log after misses what was acknowledged (`bare damaged`), which happens now and then and cannot be
excluded.

It runs in one piece; a part of it is at least one copy of each kind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.proof import _crash
from tests.services import database

WHOLE = 50
_FRESH = 10
"""Rounds on one database; then another one begins, so that checking does not grow with the square of them."""


def run(scale: float) -> dict[str, object]:
    """Take a part of the fifty copies of each kind."""
    begun = time.perf_counter()
    rounds = max(1, round(WHOLE * scale))
    figures: Counter[str] = Counter()
    wrong: list[str] = []
    for start in range(0, rounds, _FRESH):
        with tempfile.TemporaryDirectory() as folder, database("sqlite", Path(folder)) as url:
            _copied(_Original(url, Path(folder)), range(start, min(rounds, start + _FRESH)), figures, wrong)
    found: dict[str, object] = {**figures, "mismatches": len(wrong)}
    if wrong:
        found["wrong"] = "; ".join(wrong[:5])
    return {**found, "seconds": time.perf_counter() - begun}


class _Original:
    """The database that is written, and the ways to copy it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.house = _crash.House(url, folder)
        self.file = Path(url.removeprefix("sqlite:///"))
        (self.writer,) = self.house.start()

    def backup(self, target: Path) -> None:
        """careplug's own way."""
        with contextlib.closing(self.house.care()) as care:
            care.storage.back_up(target)  # type: ignore[attr-defined]

    def locked(self, target: Path) -> None:
        """Both files while no writer can begin. By another process: closing a file frees its locks on SQLite's."""
        with contextlib.closing(sqlite3.connect(self.file, isolation_level=None, timeout=60)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            self.bare(target)
            connection.execute("ROLLBACK")

    def frozen(self, target: Path) -> None:
        """Both files while the writer stands still."""
        with self.standing():
            self.bare(target)

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """While the writer stands still."""
        self.writer.send_signal(signal.SIGSTOP)
        os.waitpid(self.writer.pid, os.WUNTRACED)
        try:
            yield
        finally:
            self.writer.send_signal(signal.SIGCONT)

    def bare(self, target: Path, *, first: str = "") -> None:
        """Both files, one after the other; ``first`` is the suffix of which."""
        for suffix in sorted(("", "-wal"), key=lambda each: each != first):
            if self.file.with_name(self.file.name + suffix).exists():
                subprocess.run(["cp", f"{self.file}{suffix}", f"{target}{suffix}"], check=True)

    def bare_log_first(self, target: Path) -> None:
        """Both files, the log before the file."""
        self.bare(target, first="-wal")


def _copied(original: _Original, rounds: range, figures: Counter[str], wrong: list[str]) -> None:
    chance = Random(rounds.start)
    safe = {"backup": original.backup, "locked": original.locked, "frozen": original.frozen}
    try:
        for number in rounds:
            risky = original.bare if number % 2 else original.bare_log_first
            for way, copy in {**safe, "bare": risky}.items():
                time.sleep(chance.uniform(0.05, 0.4))
                told, found = _copy(original, copy, original.house.folder / f"{way}-{number}.db")
                figures[way] += 1
                if way == "bare":
                    figures["bare_damaged"] += bool(found)
                    continue
                figures["acknowledged_before"] += told
                wrong += [f"{way} {number}: {each}" for each in found]
    finally:
        original.house.close()


def _copy(original: _Original, copy: Callable[[Path], Any], target: Path) -> tuple[int, list[str]]:
    """Take a copy and look at it while the writer waits: what was acknowledged before, and what is wrong with the copy."""
    told = original.house.told()
    copy(target)
    with original.standing():
        return len(told), damage(original.house, target, told)


def damage(house: _crash.House, copy: Path, told: list[dict[str, Any]]) -> list[str]:
    """What is wrong with a copy: all that the check of the database finds, or that it does not open."""
    try:
        with contextlib.closing(house.care(f"sqlite:///{copy}")) as care:
            return _crash.wrong(care, told)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
