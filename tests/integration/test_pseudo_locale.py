"""No sentence of the command line escapes the catalogue: in the made-up language every one stands between ⟦ and ⟧.

What is left outside is data: commands, options, codes, numbers, names, instants. Anything else is a finding.
"""

from __future__ import annotations

import json
import re
import sqlite3

import click
import pytest

from careplug.cli.root import COMMANDS, root
from tests.unit.cli.kit import blank, case, cli  # noqa: F401  fixtures

_INSIDE = re.compile(r"⟦[^⟦⟧]*⟧")
_DATA = re.compile(
    r"""
    --?[a-z][a-z-]*                         # options
    | CP-\d{4}-\d{6}                        # numbers of cases
    | [0-9a-f]{12,}(?:-[0-9a-f-]+)?         # digests and ids
    | [0-9a-f]{8}-[0-9a-f-]{27}
    | (?:person|organisation|team|system):\w+
    | Asia/Shanghai | UTC
    | \d[\d:.,TZ+−-]*
    """,
    re.VERBOSE,
)
_ALLOWED = {
    "careplug",
    *COMMANDS,
    # commands of careplug-flask and careplug-crypto, where they are installed
    *("accounts", "serve", "tokens", "crypto"),
    # what stood in the input
    *("printer", "broken", "paper", "person", "customer", "answer"),
    # codes of definitions and where they come from
    *("standard", "office", "always", "emergency", "seed", "policy", "state", "calendar", "metric", "pause_reason"),
}  # fmt: skip


def escaped(text: str, *data: str) -> list[str]:
    """The words outside the brackets that are no data."""
    while _INSIDE.search(text):
        text = _INSIDE.sub(" ", text)
    for each in sorted(data, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", " ", text)
    words = re.findall(r"[^\W\d_][\w]*", _DATA.sub(" ", text))
    return [word for word in words if word.lower() not in _ALLOWED]


def walk(command, words):
    yield words, command
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            yield from walk(command.get_command(ctx, name), (*words, name))


PAGES = list(walk(root, ()))


@pytest.fixture
def pseudo(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")

    def call(*arguments):
        return cli(*arguments, "--lang", "qps", "--zone", "Asia/Shanghai")

    return call


@pytest.mark.parametrize("words", [words for words, _ in PAGES], ids=" ".join)
def test_help(pseudo, words):
    done = pseudo(*words, "--help")
    names = {name for path, _ in PAGES for name in path}
    assert done.code == 0
    assert escaped(done.out, *names) == []


def test_the_measure_itself_sees_an_escaped_word():
    assert escaped("⟦Usage:⟧ careplug list [OPTIONS]") == ["OPTIONS"]
    assert escaped("⟦a ⟦b⟧ c⟧ CP-2026-000001 2026-01-01 10:00 person:li") == []
    assert escaped("受理") == ["受理"]


def test_typical_runs(pseudo, case, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps({
        "calendar": "always", "targets": [{"metric": "resolution", "target": {"type": "elapsed", "hours": 4}}],
    }), encoding="utf-8")  # fmt: skip
    said = ("The printer is broken", "No paper comes out", "李雷", "We are on it", "Toner", "Prints", "root", "p.json")
    runs = [
        ["init", "--force"], ["submit", "fault", "The printer is broken"], ["show", case], ["list"], ["records"], ["records", "--csv"],
        ["reply", case, "We are on it"], ["note", case, "We are on it"], ["call", case, "out"], ["pause", case, "waiting_customer"],
        ["due"], ["explain", case], ["explain", case, "--all"], ["show", case], ["resume", case],
        ["prioritise", case, "--impact", "1", "--reason", "Toner"], ["replay", case, "--policy", "p.json"],
        ["preview", "policy", "standard", "p.json"], ["apply", "policy", "standard", "p.json"], ["step", case, "confirm"],
        ["step", case, "resolve", "--measure", "Toner", "--result", "Prints"], ["report"], ["report", "--by", "month"], ["show", case],
        ["definitions", "list", "--kind", "policy"], ["parties", "add", "person:wang", "--name", "王磊"], ["parties", "list"],
        ["messages", "list"], ["db", "check"], ["db", "plan"], ["db", "upgrade"], ["plugins"], ["doctor"], ["verify"], ["rebuild"],
        ["erase", "person:li", "--request", "T-1"], ["records", "--output", "r.csv"], ["list", "--category", "void"],
    ]  # fmt: skip
    data = (
        *said,
        "王磊",
        "fault",
        "zh_CN",
        "console",
        "wang",
        "root",
        "T-1",
        "received",
        "replied",
        "resolved",
        "onsite_repair",
        "factory_repair",
    )
    steps = (
        "confirm",
        "dispatch",
        "diagnose",
        "handle",
        "verify",
        "resolve",
        "close",
        "reject",
        "withdraw",
        "merge",
        "reopen",
    )
    for run in runs:
        done = pseudo(*run)
        assert done.code == 0, (run, done.err)
        assert "⟦" in done.out, run
        assert escaped(done.out, *data, *steps, "█") == [], run


def test_the_story(pseudo):
    done = pseudo("demo")
    chinese = re.sub(r"[\u4e00-\u9fff(),:、。]+", " ", done.out)  # the story is told in Chinese: it is data
    assert escaped(chinese, "wang", "zhou", "chen", "zhao") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"], ["list", "--frob"], ["list", "--limit", "0"], ["list", "--kind", "noise"], ["list", "--since", "x"], ["list", "a"],
        ["list", "--limit"], ["show"], ["show", "CP-2026-999999"], ["submit", "fault", ""], ["prioritise", "x"], ["list", "--after", "x"],
        ["list", "-c", "none.toml"], ["list", "-d", "frob://x"], ["list", "-d", "sqlite:////no/such/x.db"], ["apply", "policy", "none"],
        ["preview", "policy", "standard", "none.json"], ["step", "CP-2026-999999", "fly"], ["init"], ["import", "none.csv", "--map", "none"],
        ["checkpoint", "x"], ["messages", "retry", "none"], ["list", "--actor", "li"], ["list", "--role", "king"], ["db"], [],
    ],
    ids=" ".join,
)  # fmt: skip
def test_typical_errors(pseudo, tmp_path, arguments):
    (tmp_path / "careplug.toml").write_text("", encoding="utf-8")
    done = pseudo(*arguments) if arguments != [] and arguments != ["db"] else pseudo(*arguments, "--help")
    text = done.err or done.out
    assert "⟦" in text
    names = {name for path, _ in PAGES for name in path}
    assert escaped(text.replace("careplug: ", ""), *names) == []


def test_damage_and_dead_letters(pseudo, case, tmp_path):
    with sqlite3.connect(tmp_path / "careplug.db") as database:
        database.execute("UPDATE careplug_fact SET data = replace(data, 'fault', 'alarm') WHERE sequence = 1")
        database.execute("UPDATE careplug_feedback SET state = 'flown', subject = 'x'")
    database.close()
    for run, code in ((["verify"], 5), (["rebuild"], 5), (["doctor"], 0)):
        done = pseudo(*run)
        assert done.code == code
        assert escaped(done.out) == [], run
