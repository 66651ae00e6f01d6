"""Runs the code blocks of a page: python, `$ careplug …` console sessions, TOML, JSON; see CONTRIBUTING.

* python: all blocks of a page share one namespace, in the page's own temporary folder.
* console: each line `$ careplug …`, `$ pytest …`, `$ flask …` or `$ python FILE.py` runs in that folder; the last two with
  the shop of docs/host beside it. Lines below it are its expected output, where `...` stands for anything; none means that
  only the exit code counts. `# exit 2` at the end of the command expects that code, `> FILE` keeps what it prints.
  Commands for a person (`make`, `pip`, `git`, `cd`, `python`) are not run; a `make` target must exist.
* toml, json: must parse.
* a first line `# file: NAME` saves the block under that name in the folder, for the blocks after it; python is then not
  run by itself.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import attrs
from sybil import Document, Example, Region, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

from tests.housekeeping import ROOT

SHOWN = {"text", "sql", "mermaid", "csv"}
"""Languages that are only read by people."""

RUN = {"python", "console", "toml", "json"}
"""Languages whose blocks are checked."""

FOR_PEOPLE = {"make", "pip", "git", "cd", "python", "python3", "export", "."}
_FENCE = re.compile(r"^(?P<ticks>```+|~~~+)(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=ticks)[ \t]*$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+# exit (\d+)$")
_FILE = "# file: "
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_CHECK = doctest.OutputChecker()


@attrs.frozen
class Step:
    """One command of a console block, with what it must print and how it must end."""

    command: str
    expected: str
    code: int = 0


def steps(text: str) -> list[Step]:
    """The commands of a console block; a backslash at the end continues one."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        code = _EXIT.search(command)
        found.append(Step(_EXIT.sub("", command).strip(), expected.strip(), int(code[1]) if code else 0))
    return found


def careplug(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """`careplug` as a person runs it, in a folder, in English, 120 columns wide."""
    return _program("careplug", arguments, folder)


def _program(name: str, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name(name)
    environment = {**os.environ, "COLUMNS": "120", "LANG": "en_GB.UTF-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return subprocess.run(
        [str(script), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def pytest(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A vendor's test run in a folder: no settings of ours, nothing left behind."""
    return _program("pytest", ["-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider", *arguments], folder)


def flask(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """`flask` in a folder that has the shop of docs/host."""
    _shop(folder)
    return _program("flask", arguments, folder)


def script(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A script beside the shop of docs/host."""
    _shop(folder)
    return _program(Path(sys.executable).name, arguments, folder)


def _shop(folder: Path) -> None:
    """Put the shop into the folder; what the page saved there stays."""
    if not (folder / "shop").exists():
        kept = {file.name for file in folder.iterdir()}
        away = shutil.ignore_patterns(*kept, "__pycache__", "instance")
        shutil.copytree(ROOT / "docs" / "host", folder, ignore=away, dirs_exist_ok=True)


_RUNNERS = {"careplug": careplug, "pytest": pytest, "flask": flask, "python": script}


def run_step(step: Step, folder: Path) -> str:
    """What is wrong with a command of the page; empty when it does what the page says."""
    words = shlex.split(step.command)
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
        return "" if words[1] in targets else f"the Makefile has no target {words[1]}"
    if words[0] in FOR_PEOPLE and not (words[0] == "python" and words[1].endswith(".py")):
        return ""
    if words[0] not in _RUNNERS:
        return f"no runner for {words[0]!r}; a block that is only to be read is `text`"
    into = words[-1] if words[-2:-1] == [">"] else ""
    done = _RUNNERS[words[0]](words[1:-2] if into else words[1:], folder)
    if into:
        (folder / into).write_text(done.stdout, encoding="utf-8")
    if done.returncode != step.code:
        return f"$ {step.command}\nended with {done.returncode}, not {step.code}:\n{done.stdout}{done.stderr}"
    got = done.stdout + done.stderr
    if step.expected and not _CHECK.check_output(step.expected + "\n", got.strip() + "\n", _FLAGS):
        return f"$ {step.command}\nprinted\n{got}\nbut the page says\n{step.expected}"
    return ""


def _console(example: Example) -> str:
    folder = example.namespace["folder"]
    return "\n".join(filter(None, (run_step(step, folder) for step in steps(str(example.parsed)))))


def _data(example: Example) -> str:
    text = str(example.parsed)
    if text.startswith(_FILE):
        text = _saved(example)
    language = example.region.lexemes["arguments"]
    if language == "toml":
        tomllib.loads(text)
    elif language == "json":
        json.loads(text)
    return ""


def _saved(example: Example) -> str:
    head, _, rest = str(example.parsed).partition("\n")
    (example.namespace["folder"] / head.removeprefix(_FILE).strip()).write_text(rest, encoding="utf-8")
    return rest


def _save(example: Example) -> str:
    compile(_saved(example), "page", "exec")
    return ""


class _Python(PythonCodeBlockParser):
    """Python that names a file is for later blocks to import or run."""

    def __call__(self, document: Document) -> Iterator[Region]:
        for region in super().__call__(document):
            if str(region.parsed).startswith(_FILE):
                region.evaluator = _save
            yield region


_SYBIL = Sybil(
    parsers=[
        _Python(doctest_optionflags=_FLAGS),
        CodeBlockParser("console", _console),
        *(CodeBlockParser(language, _data) for language in ("toml", "json", "csv", "text")),
    ],
    path=str(ROOT),
)


def pages() -> list[Path]:
    """README and every page of docs, of the plugins' READMEs too."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    return sorted([*found, *(ROOT / "plugins").glob("*/README.md"), *(ROOT / "contrib").glob("*/README.md")])


def languages(page: Path) -> list[tuple[int, str]]:
    """The fenced blocks of a page as (line, language); directives of MyST (`{toctree}`) are left out."""
    text = page.read_text(encoding="utf-8")
    fences = ((text.count("\n", 0, m.start()) + 1, m["info"].strip()) for m in _FENCE.finditer(text))
    return [(line, info) for line, info in fences if not info.startswith("{")]


def document(page: Path, folder: Path) -> Document:
    """The page, parsed, its python blocks finding `folder` in their namespace."""
    parsed = _SYBIL.parse(page)
    parsed.namespace["folder"] = folder
    parsed.namespace["__name__"] = "page"
    return parsed
