"""Surveys through the command line: asking, answering, results, actions, in both languages and as JSON."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.kit import blank, case, cli  # noqa: F401  fixtures


@pytest.fixture
def asked(cli, case, monkeypatch):
    """A case that somebody was asked about: its number and the link."""
    monkeypatch.setenv("CAREPLUG_SURVEY_LINK", "https://service.example/s")
    monkeypatch.setenv("CAREPLUG_SURVEY_KEY", "k" * 32)
    return case, cli("survey", "invite", case, "--json").data


def write(tmp_path, **answers):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(answers), encoding="utf-8")
    return str(path)


def test_without_a_link_asking_is_refused_and_the_doctor_says_who_waits(cli, case, tmp_path):
    refused = cli("survey", "invite", case, "--json")
    assert (refused.code, refused.error["code"]) == (1, "survey.not_ready")
    assert "cannot be asked" not in cli("doctor").out
    trigger = tmp_path / "trigger.json"
    shown = cli("definitions", "show", "survey_trigger", "after_closing").out
    trigger.write_text(shown.replace('"active": false', '"active": true'), encoding="utf-8")
    assert cli("definitions", "put", "survey_trigger", "after_closing", trigger).code == 0
    assert "Customers cannot be asked, 0 invitations wait: set link, key" in cli("doctor").out


def test_a_link_is_answered_once(cli, asked, tmp_path):
    _, invitation = asked
    assert invitation["link"].startswith("https://service.example/s/")
    answers = write(tmp_path, satisfaction=1, comment="Three days!")
    done = cli("survey", "answer", invitation["link"], answers)
    assert "calls for a follow-up" in done.out
    again = cli("survey", "answer", invitation["link"], answers, "--json")
    assert (again.code, again.error["code"]) == (3, "survey.answered")
    shown = " ".join(cli("survey", "responses", "--low").out.split())  # wherever a line is folded
    assert "Three days!" in shown
    assert " Contact Answers " in shown
    assert "1 of 5" in shown
    assert "1（满分 5）" in cli("survey", "responses", "--lang", "zh").out
    assert cli("survey", "responses", "--json").data["answers"] == {"satisfaction": 1}


def test_invitations_are_listed_and_taken_back(cli, asked):
    number, invitation = asked
    shown = cli("survey", "invitations", "--case", number)
    assert "sent" in shown.out
    assert cli("survey", "withdraw", invitation["id"]).code == 0
    assert "已撤回" in cli("survey", "invitations", "--lang", "zh").out
    assert cli("survey", "invitations", "--state", "withdrawn", "--json").data["reason"] == "by_hand"


def test_results_and_actions(cli, asked, tmp_path):
    number, _ = asked
    assert cli("survey", "paper", "csat", write(tmp_path, satisfaction=5), "--case", number).code == 0
    text = cli("survey", "results", "csat", "--by", "kind").out
    assert "── fault" in text
    assert "100.0 %" in text
    data = cli("survey", "results", "csat", "--json").data
    assert data["questions"][0]["counts"] == {"5": 1}
    assert data["questions"][0]["score"]["low"] == "0.206549"
    assert cli("survey", "results", "csat", "--where", "kind=question", "--json").data["responses"] == 0
    made = cli("survey", "plan", "Call first", "--form", "csat", "--due", "2026-06-30", "--json").data
    assert "Call first" in cli("survey", "actions").out
    assert cli("survey", "measure", made["id"]).code == 1
    assert cli("survey", "done", made["id"], "--result", "Everybody calls").code == 0
    assert "Not to be told yet" in cli("survey", "measure", made["id"]).out
    assert cli("survey", "plan", "x", "--form", "csat", "--due", "soon").code == 2


def test_actions_are_listed_by_page_and_given_up(cli, asked):
    titles = {"2026-06-30": "Call first", "2026-05-31": "Two on duty", "": "Some day"}
    for due, title in titles.items():
        assert cli("survey", "plan", title, "--form", "csat", *(("--due", due) if due else ())).code == 0
    seen, after = [], ""
    for _ in titles:
        found = cli("survey", "actions", "--limit", "1", "--json", *(("--after", after) if after else ())).data
        seen.append(found["title"])
        after = found["page"]
    assert seen == ["Two on duty", "Call first", "Some day"]
    assert cli("survey", "actions", "--after", after).out.strip() == "Nothing is planned."
    assert "--after 2026-05-31~" in cli("survey", "actions", "--limit", "1").out
    assert cli("survey", "actions", "--after", "soon~x").code == 2
    assert cli("survey", "drop", found["id"], "--result", "Nobody left").code == 0
    dropped = cli("survey", "actions", "--state", "dropped", "--json").data
    assert (dropped["title"], dropped["result"]) == ("Some day", "Nobody left")


def test_forms_are_listed_in_both_languages(cli, case):
    assert "满意度调查" in cli("survey", "forms", "--lang", "zh").out
    names = [json.loads(line)["name"] for line in cli("survey", "forms", "--json").out.splitlines()]
    assert names == ["ces", "csat", "feedback_sheet", "nps", "opinion", "return_visit"]
