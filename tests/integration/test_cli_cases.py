"""Cases through the command line: what people read, what programs read, what ends up in the database."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.unit.cli.kit import blank, case, cli  # noqa: F401  fixtures


def test_init_then_a_first_case(cli):
    done = cli("init", "--zone", "Asia/Shanghai")
    assert done.code == 0
    assert "careplug.toml written" in done.out
    assert cli("submit", "fault", "The printer is broken").out.startswith("CP-")
    assert "Asia/Shanghai" in cli("due").out
    again = cli("init", "--json")
    assert (again.code, again.error["code"]) == (1, "cli.init.exists")
    assert cli("init", "--force", "--prefix", "HELP").code == 0
    assert cli("submit", "fault", "x", "--json").data["number"].startswith("HELP-")


def test_a_life_in_eight_steps(cli, case):
    steps = (["confirm"], ["dispatch", "--assignee", "person:wang"], ["diagnose"], ["handle"], ["verify"])
    for words in steps:
        assert cli("step", case, *words).code == 0
    refused = cli("step", case, "resolve", "--json")
    assert (refused.code, refused.error["code"]) == (1, "step.requires")
    done = cli("step", case, "resolve", "--measure", "New toner", "--result", "Prints again", "--json").data
    assert (done["state"], done["measure"], done["assignee"]) == ("resolved", "New toner", "person:wang")
    assert cli("step", case, "close").code == 0
    shown = cli("show", case, "--json").data
    kinds = [fact["type"] for fact in shown["facts"]]
    assert [kind for kind in kinds if kind not in ("policy_decided", "verdict")] == [
        "submitted", "confirmed", "dispatched", "diagnosing", "handling", "verifying", "resolved", "closed",
    ]  # fmt: skip
    assert {clock["metric"]: clock["state"] for clock in shown["clocks"]}["resolution"] == "met"


def test_the_id_does_for_the_number(cli, case):
    ident = cli("show", case, "--json").data["id"]
    assert cli("show", ident, "--json").data["number"] == case


def test_what_people_read_of_a_case(cli, case):
    cli("reply", case, "We are on it")
    cli("pause", case, "waiting_customer", "--note", "which model?")
    shown = cli("show", case).out
    for words in (
        "The printer is broken",
        "No paper comes out",
        "李雷",
        "waiting for the customer's answer",
        "which model?",
    ):
        assert words.lower() in shown.lower()
    chinese = cli("show", case, "--lang", "zh").out
    assert "等待客户答复" in chinese
    assert "已暂停" in chinese


def test_pause_stands_in_the_queue_with_its_reason(cli, case, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    cli("pause", case, "waiting_customer")
    rows = cli("due", "--json").lines
    standing = [row for row in rows if row["due_at"] is None]
    assert {row["metric"] for row in standing} == {"resolution", "total"}
    assert rows[-1]["due_at"] is None, "what stands still comes last"
    assert "standing: waiting for the customer's answer" in cli("due").out.lower()
    assert cli("resume", case).code == 0, "the only pause needs no reason"
    assert all(row["due_at"] for row in cli("due", "--json").lines)


def test_a_call_meets_the_response(cli, case):
    assert cli("call", case, "in", "--unanswered").code == 0
    assert _response(cli, case)["state"] == "running"
    assert cli("call", case, "out", "Will come at nine").code == 0
    assert _response(cli, case)["state"] == "met"


def _response(cli, number):
    return next(row for row in cli("show", number, "--json").data["clocks"] if row["metric"] == "response")


def test_notes_are_for_colleagues(cli, case):
    cli("note", case, "Handle with care")
    customer = ("--actor", "person:li", "--role", "customer")
    assert "Handle with care" in cli("show", case).out
    assert "Handle with care" not in cli("show", case, *customer).out
    other = cli("show", case, "--actor", "person:sun", "--role", "customer", "--json")
    assert (other.code, other.error["code"]) == (1, "feedback.missing")


def test_prioritise_moves_the_deadline(cli, case):
    before = _response(cli, case)
    done = cli("prioritise", case, "--impact", "1", "--urgency", "1", "--reason", "Nobody can pay", "--json").data
    assert done["priority"] == 1
    after = _response(cli, case)
    assert (before["policy"], after["policy"]) == ("standard", "emergency")


def test_words_come_from_a_file(cli, case, tmp_path):
    (tmp_path / "answer.txt").write_text("先重启打印机。", encoding="utf-8")
    assert cli("reply", case, "--file", "answer.txt").code == 0
    assert "先重启打印机" in cli("show", case).out
    both = cli("reply", case, "x", "--file", "answer.txt", "--json")
    assert (both.code, both.error["code"]) == (2, "cli.text_or_file")


def test_back_dating_needs_a_reason(cli, case):
    cli("submit", "fault", "x", "--at", "2026-01-05T09:00+08:00", "--because", "Came in by phone", "--json")
    refused = cli("submit", "fault", "x", "--at", "2026-01-05T09:00+08:00", "--json")
    assert (refused.code, refused.error["field"]) == (1, "because")
    found = cli("list", "--until", "2026-01-06", "--json").lines
    assert [row["received_at"] for row in found] == ["2026-01-05T01:00:00.000000Z"]


def test_a_time_without_an_offset_is_on_the_clock_of_the_zone(cli):
    arguments = ("submit", "fault", "x", "--at", "2026-01-05T09:00", "--because", "late", "--json")
    assert cli(*arguments, "--zone", "Asia/Shanghai").data["received_at"].startswith("2026-01-05T01:00")
    assert cli(*arguments, "--zone", "UTC").data["received_at"].startswith("2026-01-05T09:00")


def test_a_list_is_paged_by_key(cli):
    for number in range(5):
        cli("submit", "question", f"q{number}")
    seen, after = [], ""
    while True:
        page = cli("list", "--limit", "2", "--json", *(("--after", after) if after else ())).lines
        if not page:
            break
        seen += [row["subject"] for row in page]
        after = page[-1]["after"]
    assert seen == ["q4", "q3", "q2", "q1", "q0"]
    shown = cli("list", "--limit", "2").out
    token = shown.rsplit("--after ", 1)[1].strip()
    assert "q2" in cli("list", "--limit", "2", "--after", token).out


def test_a_list_is_filtered(cli, case):
    cli("submit", "question", "Another one", "--impact", "1", "--urgency", "1")
    assert [row["subject"] for row in cli("list", "--kind", "question", "--json").lines] == ["Another one"]
    assert [row["subject"] for row in cli("list", "--priority", "1", "--json").lines] == ["Another one"]
    assert [row["number"] for row in cli("list", "--requester", "person:li", "--json").lines] == [case]
    assert cli("list", "--category", "done").out.strip() == "Nothing found."


def test_the_record_has_the_columns_of_the_form_in_their_order(cli, case, tmp_path):
    """S1: date received, content, measures taken, date handled, result."""
    cli("step", case, "confirm")
    cli("step", case, "resolve", "--measure", "=New toner", "--result", "Prints\nagain")
    rows = list(csv.reader(io.StringIO(cli("records", "--csv").out)))
    assert rows[0] == ["Number", "Received", "Content", "Measures taken", "Handled", "Result"]
    assert rows[1][2:4] == ["The printer is broken\nNo paper comes out", "'=New toner"]
    assert rows[1][5] == "Prints\nagain"
    assert cli("records", "--output", "record.csv", "--lang", "zh").code == 0
    written = (tmp_path / "record.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    head = next(csv.reader(io.StringIO(written.decode("utf-8-sig"))))
    assert head == ["编号", "受理日期", "内容", "处理措施", "处理日期", "处理结果"]
    (record,) = cli("records", "--json").lines
    assert (record["number"], record["measure"]) == (case, "=New toner")


def test_receipts_as_text_and_data(cli, case):
    cli("pause", case, "waiting_customer")
    text = cli("explain", case, "--metric", "resolution").out
    assert "Promised: 24 h around the clock" in text
    assert "paused" in text
    (receipt,) = cli("explain", case, "--metric", "resolution", "--json").lines
    assert [segment["kind"] for segment in receipt["segments"]][-1] == "paused"
    assert "24 小时" in cli("explain", case, "--lang", "zh").out


def test_what_if_we_had_signed_four_hours(cli, case, tmp_path):
    policy = {"calendar": "always", "targets": [{"metric": "resolution", "target": {"type": "elapsed", "hours": 4}}]}
    (tmp_path / "four.json").write_text(json.dumps(policy), encoding="utf-8")
    (receipt,) = cli("replay", case, "--policy", "four.json", "--json").lines
    assert receipt["target"] == {"type": "elapsed", "microseconds": 4 * 3600 * 10**6}
    assert cli("explain", case, "--metric", "resolution", "--json").data["target"]["microseconds"] == 24 * 3600 * 10**6


@pytest.mark.parametrize("name", ["office.json", "office.toml"])
def test_preview_then_apply(cli, case, tmp_path, name):
    cli("call", case, "out")
    calendar = {"name": "always", "zone": "Asia/Shanghai", "week": {"mon": [["09:00", "10:00"]]}}
    text = json.dumps(calendar)
    if name.endswith("toml"):
        text = 'name = "always"\nzone = "Asia/Shanghai"\n[week]\nmon = [["09:00", "10:00"]]\n'
    (tmp_path / name).write_text(text, encoding="utf-8")
    policy = {
        "calendar": "always",
        "targets": [{"metric": "resolution", "target": {"type": "working_time", "hours": 8}}],
    }
    (tmp_path / "p.json").write_text(json.dumps(policy), encoding="utf-8")
    moves = cli("preview", "policy", "standard", "p.json", "--json").lines
    assert {(move["number"], move["metric"], move["new_state"]) for move in moves} == {
        (case, "resolution", "running"),
        (case, "total", "void"),  # the new policy promises nothing about it
    }
    before = cli("due", "--metric", "resolution", "--json").data["due_at"]
    moved = next(move for move in moves if move["metric"] == "resolution")
    assert moved["old_due"] == before
    assert "Nothing was stored" in cli("preview", "policy", "standard", "p.json").out
    assert cli("apply", "policy", "standard", "p.json", "--json").data["moved"] == 1
    after = cli("due", "--metric", "resolution", "--json").data["due_at"]
    assert after == moved["new_due"] != before
    assert cli("apply", "policy", "standard", "--json").data["moved"] == 0
    assert cli("apply", "calendar", "always", name, "--json").data["moved"] == 1


def test_attainment(cli, case):
    cli("reply", case, "On it")
    cli("step", case, "confirm")
    cli("step", case, "resolve", "--measure", "a", "--result", "b")
    rows = {row["metric"]: row for row in cli("report", "--json").lines}
    assert (rows["response"]["met"], rows["response"]["share"]) == (1, "1.000000")
    assert "100.0 %" in cli("report").out
    months = cli("report", "--by", "month", "--json").lines
    assert sum(row["met"] for row in months if row["metric"] == "response") == 1
    assert cli("report", "--until", "2020-01-01").code == 0


def test_a_tenant_is_another_world(cli, case):
    assert cli("list", "--tenant", "other", "--json").lines == []
    assert cli("submit", "fault", "x", "--tenant", "other").code == 0
    assert [row["number"] for row in cli("list", "--json").lines] == [case]


def test_options_may_stand_before_or_behind(cli, case):
    assert cli("--json", "list").data["number"] == case
    assert cli("--lang", "zh", "list").out == cli("list", "--lang", "zh").out


def test_the_environment_names_the_database(cli, case, monkeypatch):
    monkeypatch.setenv("CAREPLUG_DATABASE", "sqlite:///other.db")
    assert cli("list", "--json").lines == []
    assert cli("list", "-d", "sqlite:///careplug.db", "--json").data["number"] == case
