"""Setting up and running through the command line: definitions, parties, messages, worker, schema, trust."""

from __future__ import annotations

import json
import lzma
import signal
import sqlite3

import pytest

from tests.unit.cli.kit import blank, case, cli, start  # noqa: F401  fixtures


def test_definitions_are_listed_shown_and_put(cli, tmp_path):
    rows = cli("definitions", "list", "--kind", "pause_reason", "--json").lines
    names = {row["name"] for row in rows}
    assert {"waiting_approval", "scheduled"} <= names, "two of one content are both there"
    text = cli("definitions", "show", "pause_reason", "waiting_vendor").out
    assert json.loads(text) == {"party": "vendor", "ends_on_reply": False}
    (tmp_path / "mine.json").write_text('{"party": "own"}', encoding="utf-8")
    done = cli("definitions", "put", "pause_reason", "mine", "mine.json", "--label-en", "Waiting for us")
    assert "revision 1" in done.out
    assert "known kinds" not in done.out
    strange = cli("definitions", "put", "pause_raeson", "mine", "mine.json").out
    assert "Nobody here is known to read the kind pause_raeson; known kinds: calendar" in strange
    (tmp_path / "mine.toml").write_text('party = "vendor"', encoding="utf-8")
    second = cli("definitions", "put", "pause_reason", "mine", "mine.toml", "--json").data
    assert (second["revision"], second["label"]["en"]) == (2, "Waiting for us")
    first = cli("definitions", "list", "--kind", "pause_reason", "--all", "--json").lines
    retired = next(row for row in first if row["name"] == "mine" and row["state"] == "retired")
    assert cli("definitions", "accept", "pause_reason", "mine", retired["digest"][:8], "--json").data["revision"] == 1
    wrong = cli("definitions", "accept", "pause_reason", "mine", "ffff", "--json")
    assert (wrong.code, wrong.error["code"]) == (1, "cli.definition.digest")


def test_a_malformed_definition_is_refused_by_its_key(cli, tmp_path):
    (tmp_path / "p.toml").write_text("calendar = 1", encoding="utf-8")
    done = cli("definitions", "put", "policy", "standard", "p.toml", "--json")
    assert (done.code, done.error["field"]) == (1, "policy.standard.calendar")


def test_parties_and_the_messages_they_get(cli, case):
    done = cli("parties", "add", "person:li", "--name", "Li Lei", "--is", "vip", "--address", "mail=li@example.com")
    assert done.code == 0
    assert "li@example.com" in cli("parties", "list").out
    assert cli("parties", "list", "--is", "nobody", "--json").lines == []
    cli("submit", "fault", "Again", "--requester", "person:li")
    waiting = cli("messages", "list", "--state", "pending", "--json").lines
    assert {row["recipient"] for row in waiting} == {"person:li"}
    assert cli("messages", "cancel", waiting[0]["id"]).code == 0
    first = cli("worker", "--once", "--json")
    (done,) = [json.loads(line) for line in first.out.splitlines() if line.startswith("{")]
    assert (done["messages"]["sent"], done["failed"]) == (1, 0)
    assert "sent 1" in cli("messages", "list").out
    again = cli("messages", "retry", waiting[0]["id"], "--json")
    assert (again.code, again.error["code"]) == (1, "message.finished")


def test_the_worker_ends_gracefully(tmp_path, cli, case):
    for name in (signal.SIGTERM, signal.SIGINT):
        running = start(tmp_path, "worker", "--poll", "60", "--json")
        assert running.stdout.readline(), "the first round was told"
        running.send_signal(name)
        out, err = running.communicate(timeout=30)
        assert (running.returncode, err) == (0, ""), out


def test_a_database_that_fits_and_one_that_does_not(cli, tmp_path):
    assert cli("db", "upgrade").code == 0
    assert cli("db", "check", "--json").data == {"fits": True}
    assert cli("db", "plan", "--json").lines == []
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE somebody_elses (id TEXT)")
    old.close()
    lacking = cli("-d", "sqlite:///old.db", "db", "check", "--json")
    assert (lacking.code, lacking.error["class"]) == (4, "SchemaMissing")
    steps = cli("-d", "sqlite:///old.db", "db", "plan", "--json").lines
    assert any("careplug_feedback" in " ".join(step["sql"]) for step in steps)
    assert "CREATE TABLE careplug_fact" in cli("-d", "sqlite:///old.db", "db", "plan").out
    assert cli("-d", "sqlite:///old.db", "db", "upgrade").code == 0
    assert cli("-d", "sqlite:///old.db", "db", "check").code == 0


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_server_is_changed_by_the_command_alone(cli, new_database, name):
    url = new_database(name)
    assert cli("-d", url, "list", "--json").error["class"] == "SchemaMissing"
    assert cli("-d", url, "init", "--zone", "UTC").code == 0
    assert cli("list").code == 4
    assert cli("db", "upgrade").code == 0
    assert cli("submit", "fault", "打印机坏了").code == 0
    assert "打印机坏了" in cli("list").out


def test_damage_is_found(cli, case, tmp_path, monkeypatch):
    monkeypatch.setenv("CAREPLUG_CHECKPOINT_KEY", "0123456789abcdef0123456789abcdef")
    assert cli("checkpoint", "heads.jsonl").code == 0
    assert cli("verify", "--checkpoint", "heads.jsonl").code == 0
    done = cli("verify")
    assert done.code == 0
    assert "Without a checkpoint" in done.out
    with sqlite3.connect(tmp_path / "careplug.db") as database:
        database.execute("UPDATE careplug_fact SET data = replace(data, 'fault', 'alarm') WHERE sequence = 1")
    database.close()
    found = cli("verify", "--json")
    assert (found.code, found.data["counts"]) == (5, {"edited": 1})
    assert cli("checkpoint", "x", "--key-file", "not-there", "--json").error["code"] == "cli.document.file"


def test_plugins_and_doctor(cli, case):
    assert {"careplug", "sqlalchemy"} <= {row["name"] for row in cli("plugins", "--json").lines}
    assert "sqlalchemy" in cli("plugins").out
    assert (cli("doctor").code, cli("doctor", "--json").lines) == (0, [])


def test_doctor_counts_what_a_plugin_left_behind(cli, case, tmp_path):
    with sqlite3.connect(tmp_path / "careplug.db") as database:
        database.execute("UPDATE careplug_feedback SET state = 'awaiting_drone'")
        database.execute("UPDATE careplug_fact SET type = 'flown' WHERE sequence = 2")
    database.close()
    found = cli("doctor", "--json").lines
    assert {row["code"] for row in found} == {"state", "fact"}
    text = cli("doctor").out
    assert "awaiting_drone" in text
    assert "flown" in text


def test_an_import(cli, tmp_path, data_folder):
    log = data_folder / "boston311_2015_20k.csv.xz"
    with lzma.open(log, "rt", encoding="utf-8") as whole, (tmp_path / "log.csv").open("w") as part:
        part.writelines(line for number, line in enumerate(whole) if number < 60)
    for name in ("boston311_2015_rules.csv", "boston311_2015_calendar.json"):
        (tmp_path / name).write_bytes((data_folder / name).read_bytes())
    done = cli("import", "log.csv", "--map", "boston311", "--json")
    assert done.code in (0, 7), done.err
    assert done.data["rows"] == 59
    again = cli("import", "log.csv", "--map", "boston311", "--json").data
    assert again["counts"]["known"] == 59
