"""What benches and proofs write beside their figures: when, from which commit, on what machine."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

_MEASURED = ("src", "plugins", "contrib", "tests", "pyproject.toml")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def commit() -> str:
    """The short hash of what is checked out, with `+` where code differs from it; `unknown` outside git."""
    found = _git("rev-parse", "--short=10", "HEAD")
    return (found + ("+" if _git("status", "--porcelain", "--", *_MEASURED) else "")) or "unknown"


def today() -> str:
    """The date in UTC as 2026-11-23."""
    return datetime.now(UTC).date().isoformat()


def machine() -> str:
    """Cores, system and Python, nothing that names the machine."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def table(rows: list[list[str]], head: list[str]) -> str:
    """Rows as a Markdown table; a bar in a cell does not break it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def figure(value: object) -> str:
    """A number as people read it: 20,000 and 0.0123 and 1.25; anything else as it says itself."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
