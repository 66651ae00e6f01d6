"""Pictures of every page in every language and width: `python -m tests.browser.screenshots [--only TEXT]`.

They go to `build/screenshots/NAME-ROLE-LANGUAGE-WIDTH.png`. What does not fit, is not translated or went wrong on the
way is printed as a table. Exit code 1 when there is any finding, 2 when there was nothing to look at or no browser.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import attrs

from tests.browser import checks, kit, scenes
from tests.browser.scenes import Entry, Scene
from tests.housekeeping import ROOT, table

FOLDER = ROOT / "build" / "screenshots"


@attrs.frozen
class Shot:
    """One picture to be taken."""

    scene: Scene
    language: str
    width: int

    @property
    def name(self) -> str:
        """The name of its file without the ending."""
        words = (self.scene.name, self.scene.role, self.language, str(self.width))
        return "-".join(re.sub(r"[^\w.-]+", "_", word) for word in words)


def matrix(
    rows: Iterable[Scene],
    only: str = "",
    languages: Iterable[str] = scenes.LANGUAGES,
    widths: Iterable[int] = scenes.WIDTHS,
) -> list[Shot]:
    """All pictures whose name holds the text `only`. Two of one name are an error: one would overwrite the other."""
    shots = [Shot(*each) for each in product(rows, languages, widths)]
    names = [shot.name for shot in shots]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two scenes of one name and role: {', '.join(twice)}")
    return [shot for shot in shots if only in shot.name]


def _look(page: Any, server: Any, shot: Shot, file: Path) -> Iterator[checks.Finding]:
    scene = shot.scene
    path = scene.path if isinstance(scene.path, str) else scene.path(server)
    answer = page.goto(path)
    if answer is None or answer.status != scene.status:
        yield checks.Finding("status", path, str(answer and answer.status), f"not {scene.status}")
    if scene.wait:
        page.locator(scene.wait).first.wait_for()
    page.screenshot(path=file, full_page=True, animations="disabled")
    yield from checks.overflow(page, ignore=scene.ignore)
    yield from checks.untranslated(page, language=shot.language, allow=scene.allow)


def take(chromium: kit.Chromium, server: Any, shot: Shot, folder: Path, entry: Entry) -> list[checks.Finding]:
    """Take one picture; what was found on the page, a failure to come there included."""
    found: list[checks.Finding] = []
    troubles: list[kit.Trouble] = []
    try:
        with kit.visit(
            chromium,
            server.url,
            width=shot.width,
            language=shot.language,
            cookies=entry.cookies,
            headers=entry.headers,
            troubles=troubles,
        ) as page:
            found.extend(_look(page, server, shot, folder / f"{shot.name}.png"))
    except Exception as error:  # the other pictures are wanted all the same
        found.append(checks.Finding("failed", type(error).__name__, str(error).partition("\n")[0]))
    expected = f"status of {shot.scene.status}" if shot.scene.status >= 400 else None
    for trouble in troubles:
        if expected is None or expected not in trouble.text:
            found.append(checks.Finding(trouble.kind, trouble.url, trouble.text))
    return found


def run(
    chromium: kit.Chromium,
    shots: Iterable[Shot],
    server: Any,
    folder: Path,
    entry: Callable[[Any, str, str], Entry],
) -> dict[str, list[checks.Finding]]:
    """Take the pictures; the findings by the name of the picture."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        shot.name: take(chromium, server, shot, folder, entry(server, shot.scene.role, shot.language)) for shot in shots
    }


def report(found: dict[str, list[checks.Finding]]) -> str:
    """The findings as a table, and how many there are."""
    rows = [[name, each.check, each.element, each.text, each.detail] for name, each in _each(found)]
    last = f"{len(found)} pictures, {len(rows)} findings"
    return f"{table(rows, ['picture', 'check', 'element', 'text', 'detail'])}\n\n{last}" if rows else last


def _each(found: dict[str, list[checks.Finding]]) -> Iterator[tuple[str, checks.Finding]]:
    for name, findings in found.items():
        for finding in findings:
            yield name, finding


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only pictures with TEXT in their name")
    wanted = parser.parse_args(arguments)
    shots = matrix(scenes.SCENES, wanted.only)
    trouble = kit.missing() or (
        "" if shots else f"no scene with {wanted.only!r} in its name in tests/browser/scenes.py"
    )
    if trouble:
        print(trouble, file=sys.stderr)
        return 2
    with scenes.server() as server, kit.launched() as chromium:
        found = run(chromium, shots, server, FOLDER, scenes.entry)
    print(report(found))
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
