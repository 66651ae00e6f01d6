"""What goes wrong is said in words, with its field, in both languages, with an exit code; nothing shows a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from careplug.cli import problems
from careplug.text import catalogue
from tests.unit.cli.kit import blank, case, cli, environment, start  # noqa: F401  fixtures

TABLE = [
    # arguments, exit code, class, code, field
    (["frobnicate"], 2, "Usage", "cli.no_command", "frobnicate"),
    (["db", "frobnicate"], 2, "Usage", "cli.no_command", "frobnicate"),
    (["--json"], 2, "Usage", "cli.no_command_given", "careplug"),
    (["list", "--qqq"], 2, "Usage", "cli.no_option", "--qqq"),
    (["list", "--stat", "x"], 2, "Usage", "cli.no_option_near", "--stat"),
    (["list", "--limit"], 2, "Usage", "cli.no_value", "--limit"),
    (["list", "--limit", "0"], 2, "Usage", "cli.whole", "--limit"),
    (["list", "--limit", "many"], 2, "Usage", "cli.whole", "--limit"),
    (["list", "--kind", "noise"], 2, "Usage", "cli.choice", "--kind"),
    (["list", "--requester", "li"], 2, "Usage", "ref.form", "--requester"),
    (["list", "--since", "yesterday"], 2, "Usage", "cli.time", "--since"),
    (["list", "--after", "x"], 2, "Usage", "cli.after", "--after"),
    (["submit", "fault", "x", "--answered=yes"], 2, "Usage", "cli.flag_value", "--answered"),
    (["list", "one", "two"], 2, "Usage", "cli.extra", "list"),
    (["list", "--role", "king"], 2, "Usage", "cli.choice", "--role"),
    (["show"], 2, "Usage", "cli.missing_argument", "number"),
    (["prioritise", "CP-1"], 2, "Usage", "cli.missing_option", "--reason"),
    (["submit", "fault", "x", "--custom", "colour"], 2, "Usage", "cli.pair", "--custom"),
    (["reply", "CP-1"], 2, "Usage", "cli.text_or_file", "--file"),
    (["show", "CP-2026-999999"], 1, "NotFound", "feedback.missing", "feedback.id"),
    (["submit", "fault", ""], 1, "Invalid", "text.required", "subject"),
    (["submit", "fault", "x", "--custom", "colour=red"], 1, "Invalid", "custom.unknown", "custom.colour"),
    (["submit", "fault", "x", "--body-file", "none.txt"], 1, "Invalid", "cli.document.file", "--body-file"),
    (["list", "--zone", "Mars/Base"], 1, "Invalid", "cli.zone", "--zone"),
    (["list", "-c", "none.toml"], 1, "Invalid", "settings.file", "toml.file"),
    (["list", "-d", "frob://x"], 1, "Invalid", "care.storage", "storage"),
    (["list", "-d", "postgresql+asyncpg://x"], 1, "Invalid", "storage.driver", "storage.driver"),
    (["list", "-d", "sqlite:///no/such/folder/x.db"], 6, "Broken", "cli.database", "--database"),
    (["list", "-d", "postgresql://nobody@127.0.0.1:1/x"], 6, "Unavailable", "storage.unreachable", "database"),
    (["records", "--output", "no/such/folder.csv"], 1, "Invalid", "cli.output", "--output"),
    (["preview", "policy", "standard", "none.json"], 1, "Invalid", "cli.document.file", "document"),
    (["preview", "policy", "standard", "bad.json"], 1, "Invalid", "cli.document.syntax", "document"),
    (["preview", "policy", "standard", "list.json"], 1, "Invalid", "cli.document.table", "document"),
    (["preview", "policy", "standard", "latin.json"], 1, "Invalid", "cli.document.encoding", "document"),
    (["preview", "policy", "standard", "bad.toml"], 1, "Invalid", "settings.syntax", "toml.syntax"),
    (["init", "--prefix", "a b"], 1, "Invalid", "cli.init.prefix", "--prefix"),
    (["demo", "--keep", "bad.json"], 1, "Refused", "cli.demo.exists", "--keep"),
    (["erase", "person:li", "--request", "T-1", "--role", "engineer"], 1, "Refused", "permission.role", None),
    (["db", "upgrade", "--allow", "nonsense"], 1, "Invalid", "storage.unknown_step", None),
    (["definitions", "show", "policy", "none"], 1, "NotFound", "definition.missing", "definition.policy"),
    (["messages", "cancel", "none"], 1, "NotFound", "message.missing", "message.id"),
    (["import", "none.csv", "--map", "boston311"], 1, "NotFound", None, None),
    (["import", "none.csv", "--map", "none.toml"], 1, "NotFound", None, None),
]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    (tmp_path / "bad.toml").write_text("x =", encoding="utf-8")


@pytest.mark.parametrize(("arguments", "code", "cls", "key", "field"), TABLE, ids=lambda value: str(value)[:60])
def test_every_mistake_is_said(cli, files, arguments, code, cls, key, field):
    done = cli("--json", *_plain(arguments))
    told = done.error
    assert (done.code, told["class"]) == (code, cls)
    assert key is None or told["code"] == key
    assert field is None or told["field"] == field
    assert done.out == ""
    english, chinese = cli("--lang", "en", *_plain(arguments)), cli("--lang", "zh", *_plain(arguments))
    for spoken in (english, chinese):
        assert spoken.code == code
        assert "careplug: " in spoken.err
        assert "Traceback" not in spoken.err
        assert "{" not in spoken.err.replace('{"a"', "")
    assert english.err != chinese.err
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese.err)


def _plain(arguments):
    return [each for each in arguments if each != "--json"]


def test_every_exit_code_has_a_sentence():
    assert {f"cli.exit.{code}" for code in problems.CODES} == {
        code for code in catalogue() if code.startswith("cli.exit.")
    }


def test_no_two_errors_of_the_table_are_the_same():
    said = [(cls, key, field) for _, _, cls, key, field in TABLE if key and field]
    twice = {each for each in said if said.count(each) > 1}
    allowed = {
        ("Usage", "cli.no_command", "frobnicate"),
        ("Usage", "cli.whole", "--limit"),
    }
    assert twice == allowed


def test_a_stale_version_is_three(cli, case):
    done = cli("step", case, "confirm", "--expected", "7", "--json")
    assert (done.code, done.error["class"], done.error["field"]) == (3, "Conflict", "feedback.version")


def test_nothing_behind_the_name_is_help_and_two(cli):
    done = cli()
    assert (done.code, done.out) == (2, "")
    assert "Usage: careplug" in done.err
    assert cli("db").code == 2
    assert (cli("--help").code, cli("-h").err) == (0, "")


def test_a_usage_error_shows_how_it_is_right(cli):
    assert cli("show").err.splitlines()[0] == "Usage: careplug show [OPTIONS] NUMBER"


def test_version(cli):
    assert cli("--version").out.startswith("careplug ")
    assert set(cli("--version", "--json").data) == {"careplug"}


def test_output_that_nobody_reads(tmp_path, cli):
    for number in range(3):
        cli("submit", "fault", f"case {number}", "--body", "x" * 100_000)
    with start(tmp_path, "list", "--json") as running:
        running.stdout.close()
        err = running.stderr.read()
    assert (running.returncode, err) == (problems.PIPE, "")


def test_interrupted(tmp_path, cli, case):
    os.mkfifo(tmp_path / "words")
    running = start(tmp_path, "reply", case, "--file", "words")
    with (tmp_path / "words").open("w"):  # opens once the other side reads
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == problems.INTERRUPTED
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert [fact["type"] for fact in cli("show", case, "--json").data["facts"]] == ["submitted", "policy_decided"]


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_it_says_what_to_install(tmp_path, missing):
    script = f"import sys; sys.modules[{missing!r}] = None; from careplug.cli.main import main; main(['list'])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == problems.BROKEN
    assert 'pip install "careplug[cli]"' in done.stderr
    assert "Traceback" not in done.stderr


PLUGIN = """
import click
from careplug.contributions import Command
from careplug.errors import Refused
from careplug.plugin import hookimpl
from careplug.text import Text


@click.command("stock")
@click.option("--shelf", type=int)
@click.pass_obj
def stock(session, shelf):
    print("shelf", shelf, session.language)


@click.command("bug")
def bug():
    raise RuntimeError("no such drone")


@hookimpl
def careplug_surfaces():
    return (
        Command("stock", lambda: stock, Text(en="Spare parts", zh="备件")),
        Command("bug", lambda: bug, Text(en="Breaks", zh="出错")),
        Command("list", lambda: bug, Text(en="Hides the core's", zh="覆盖")),
    )
"""


@pytest.fixture
def with_plugin(tmp_path):
    """An installed plugin: a module and the metadata of its distribution on the path."""
    site = tmp_path / "site"
    (site / "drones-1.0.dist-info").mkdir(parents=True)
    (site / "drones.py").write_text(PLUGIN, encoding="utf-8")
    (site / "drones-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: drones\nVersion: 1.0\n")
    (site / "drones-1.0.dist-info" / "entry_points.txt").write_text("[careplug]\ndrones = drones\n")

    def call(*arguments, **more):
        path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH", ""))))
        running = start(tmp_path, *arguments, env=environment(PYTHONPATH=path, **more))
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err

    return call


def test_commands_of_plugins_are_mounted(with_plugin):
    code, out, err = with_plugin("stock", "--shelf", "7")
    assert (code, out, err) == (0, "shelf 7 en\n", "")
    _, out, _ = with_plugin("--help", "--lang", "zh")
    assert "来自插件" in out
    assert "备件" in out
    assert "覆盖" not in out, "no plugin hides a command of the core"
    code, _, err = with_plugin("stock", "--shelf", "x", "--json")
    assert code == 2


def test_a_mistake_in_the_code_is_seventy(with_plugin):
    code, _, err = with_plugin("bug")
    assert code == problems.INTERNAL
    assert "no such drone" in err
    assert "Traceback" not in err
    assert "Traceback" in with_plugin("bug", CAREPLUG_DEBUG="1")[2]


def test_a_required_plugin_that_is_not_there_is_six(cli, tmp_path):
    (tmp_path / "careplug.toml").write_text('[careplug]\nrequire = ["drones"]\n', encoding="utf-8")
    done = cli("list", "--json")
    assert (done.code, done.error["class"]) == (problems.BROKEN, "RequiredFailed")
