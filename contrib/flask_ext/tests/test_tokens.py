"""Keys to the API: what they open, when they end, and that they are kept nowhere."""

from __future__ import annotations

import io
import json
import logging
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta

import pytest
from flask import Flask

from careplug import Actor, Care, Ref
from careplug.cli.main import run
from careplug.clock import ManualClock
from careplug.demo.stage import START
from careplug.errors import Invalid, NotFound, Refused
from careplug_flask.extension import Careplug
from careplug_flask.tokens import Tokens, actor_of

BOSS = Actor(Ref("person", "boss"), frozenset({"admin"}))
ZHAO = Actor.engineer("zhao", "manager")
LI = Actor.customer("li")
CASES = "/careplug/api/v1/feedback"


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest.fixture
def care(tmp_path, clock):
    with Care(f"sqlite:///{tmp_path}/keys.db", clock=clock) as made:
        made.upgrade()
        yield made


@pytest.fixture
def client(care):
    app = Flask("host")
    Careplug(app, care=care)
    return app.test_client()


def issue(care, *, actor=BOSS, person="wang", roles=("engineer",), tenant="", **more):
    with care.unit(actor=actor, tenant=tenant) as unit:
        return unit.get(Tokens).issue("a key", Ref("person", person), roles=roles, **more)


def ask(client, key, path=CASES, **more):
    return client.open(path, headers={"Authorization": f"Bearer {key}"}, **more)


def submit(care, person, subject, tenant=""):
    with care.unit(actor=Actor.customer(person), tenant=tenant) as unit:
        return unit.feedback.submit("fault", subject)


def subjects(answer):
    assert answer.status_code == 200, answer.json
    return [each["subject"] for each in answer.json["items"]]


# -- what a key opens --


def test_a_key_acts_as_whom_it_names(care, client):
    submit(care, "li", "of li")
    submit(care, "he", "of he")
    _, engineer = issue(care)
    _, customer = issue(care, person="li", roles=("customer",))
    assert sorted(subjects(ask(client, engineer))) == ["of he", "of li"]
    assert subjects(ask(client, customer)) == ["of li"]


def test_a_customers_key_sees_the_cases_of_its_organisations(care, client):
    with care.unit(actor=Actor.engineer("wang")) as unit:
        house = Ref("organisation", "water")
        unit.feedback.submit("fault", "of a colleague", requester=Ref("person", "he"), organisation=house)
    _, key = issue(care, person="li", roles=("customer",), organisations=[house])
    assert subjects(ask(client, key)) == ["of a colleague"]


def test_a_key_is_confined_to_its_scopes(care, client):
    case = submit(care, "li", "of li")
    _, key = issue(care, scopes=("feedback.read", "feedback.list"))
    assert subjects(ask(client, key)) == ["of li"]
    answer = ask(client, key, f"{CASES}/{case.id}/replies", method="POST", json={"body": "hello"})
    assert answer.status_code == 403, answer.json
    assert "permission.feedback.reply" in answer.json["field"]


def test_scopes_never_add_to_what_the_roles_allow(care, client):
    _, key = issue(care, person="li", roles=("customer",), scopes=("*",))
    assert ask(client, key, "/careplug/api/v1/clocks").status_code == 403


def test_a_key_opens_its_own_tenant_alone(care, client):
    submit(care, "li", "here")
    submit(care, "li", "there", tenant="other")
    _, here = issue(care)
    _, there = issue(care, tenant="other")
    assert subjects(ask(client, here)) == ["here"]
    assert subjects(ask(client, there)) == ["there"]


# -- when it opens nothing --


def test_a_key_ends_when_it_was_told_to(care, client, clock):
    _, key = issue(care, expires_at=START + timedelta(days=2))
    clock.move(timedelta(days=2) - timedelta(microseconds=1))
    assert ask(client, key).status_code == 200
    clock.move(timedelta(microseconds=1))
    assert ask(client, key).status_code == 401


def test_a_revoked_key_opens_nothing(care, client, clock):
    made, key = issue(care)
    with care.unit(actor=ZHAO) as unit:
        first = unit.get(Tokens).revoke(made.id)
    assert ask(client, key).status_code == 401
    clock.move(timedelta(hours=1))
    with care.unit(actor=ZHAO) as unit:
        assert unit.get(Tokens).revoke(made.id).revoked_at == first.revoked_at


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key + "x",
        lambda key: key.replace("cpt_", "cpx_"),
        lambda key: key.rpartition("_")[0],
        lambda key: "cpt_" + "0" * 32 + "_" + key.rpartition("_")[2],
        lambda key: "cpt_" + "é" * 32 + "_x",
        lambda key: "cpt__",
        lambda key: "",
    ],
)
def test_a_wrong_key_is_answered_like_an_unknown_one(care, client, spoil):
    _, key = issue(care)
    answers = [ask(client, spoil(key)), ask(client, "cpt_unknown")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json["code"] == answers[1].json["code"]


def test_a_key_opens_no_page(care, client):
    _, key = issue(care)
    assert ask(client, key, "/careplug/").status_code == 401


# -- who may issue one --


def test_customers_and_engineers_issue_none(care):
    for actor in (LI, Actor.engineer("wang")):
        with pytest.raises(Refused):
            issue(care, actor=actor)


@pytest.mark.parametrize("role", ["admin", "import", "system"])
def test_a_manager_hands_out_no_more_than_a_managers_roles(care, role):
    assert issue(care, actor=ZHAO, roles=("manager",))
    with pytest.raises(Refused) as caught:
        issue(care, actor=ZHAO, roles=("engineer", role))
    assert (caught.value.code, caught.value.field) == ("flask.token_above", "token.roles.above")
    assert issue(care, actor=BOSS, roles=(role,))


def test_a_key_issues_no_wider_key(care):
    _, key = issue(care, roles=("manager",), scopes=("tokens.manage", "feedback.read"))
    actor, _ = actor_of(care, key)
    assert issue(care, actor=actor, scopes=("feedback.read",))
    for scopes in (("*",), ("feedback.*",)):
        with pytest.raises(Refused) as caught:
            issue(care, actor=actor, scopes=scopes)
        assert caught.value.field == "token.scopes.above"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"roles": ("boss",)}, "flask.token_role"),
        ({"roles": ()}, "flask.token_role"),
        ({"scopes": ()}, "flask.token_scope"),
        ({"expires_at": START}, "flask.token_end"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(care, more, code):
    with pytest.raises(Invalid) as caught:
        issue(care, **more)
    assert caught.value.code == code


def test_keys_of_another_tenant_are_not_there(care):
    made, _ = issue(care, tenant="other")
    with care.unit(actor=BOSS) as unit:
        assert unit.get(Tokens).find() == []
        with pytest.raises(NotFound):
            unit.get(Tokens).revoke(made.id)


# -- nothing of it is kept --


def test_the_secret_is_in_no_file_no_log_no_answer(care, client, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    made, key = issue(care)
    secret = key.rpartition("_")[2]
    assert ask(client, key).status_code == 200
    wrong = ask(client, f"{key}x")
    assert wrong.status_code == 401
    assert secret not in wrong.get_data(as_text=True)
    assert secret not in caplog.text
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("keys.db*"))
    assert made.digest.encode() in stored
    assert secret.encode() not in stored


# -- on the command line --


def careplug(*words):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("CAREPLUG_DATABASE", "CAREPLUG_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def issued(*more):
    words = ("tokens", "issue", "--name", "sync", "--for", "person:wang", "--is", "engineer", *more)
    code, out, err = careplug(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_the_command_line_issues_lists_and_revokes(house):
    made = issued("--scope", "feedback.read", "--days", "7", "--organisation", "organisation:water")
    assert made["scopes"] == ["feedback.read"]
    assert made["organisations"] == ["organisation:water"]
    assert made["expires_at"] > made["created_at"]
    assert "digest" not in made
    with Care("sqlite:///careplug.db") as care:
        actor, tenant = actor_of(care, made["key"])
        assert (actor.key, actor.scopes, tenant) == ("person:wang", ("feedback.read",), "")
    listed = [json.loads(line) for line in careplug("tokens", "list", "--json")[1].splitlines()]
    assert [(each["id"], each["state"], "key" in each, "digest" in each) for each in listed] == [
        (made["id"], "valid", False, False)
    ]
    assert careplug("tokens", "revoke", made["id"])[0] == 0
    assert json.loads(careplug("tokens", "list", "--json")[1])["state"] == "revoked"
    with Care("sqlite:///careplug.db") as care, pytest.raises(Refused):
        actor_of(care, made["key"])


@pytest.mark.parametrize(("language", "words"), [("zh", "密钥仅显示这一次"), ("en", "shown this once")])
def test_people_read_the_key_once(house, language, words):
    given = ("--name", "sync", "--for", "person:wang", "--is", "engineer", "--lang", language)
    code, out, _ = careplug("tokens", "issue", *given)
    assert code == 0
    assert words in out
    key = next(line for line in out.splitlines() if line.startswith("cpt_"))
    code, out, _ = careplug("tokens", "list", "--lang", language)
    assert code == 0
    assert key.rpartition("_")[2] not in out
    assert ("有效" if language == "zh" else "valid") in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("revoke", "nothing"), 1, "没有密钥 nothing"),
        (("issue", "--name", "x", "--for", "person:wang"), 2, "--is"),
        (("issue", "--name", "x", "--for", "wang", "--is", "engineer"), 2, "--for"),
        (("issue", "--name", "x", "--for", "person:wang", "--is", "boss"), 2, "boss"),
        (
            ("issue", "--name", "x", "--for", "person:wang", "--is", "engineer", "--role", "engineer"),
            1,
            "tokens.manage",
        ),
        (("list", "--role", "customer"), 1, "tokens.manage"),
    ],
)
def test_what_goes_wrong_has_a_sentence_and_a_code(house, words, code, said):
    found = careplug("tokens", *words, "--lang", "zh")
    assert (found[0], found[1]) == (code, "")
    assert said in found[2]


def test_pages_of_keys_go_on_behind_each_other(house):
    made = [issued()["id"] for _ in range(3)]
    first = [json.loads(line) for line in careplug("tokens", "list", "--limit", "2", "--json")[1].splitlines()]
    rest = careplug("tokens", "list", "--limit", "2", "--after", first[-1]["after"], "--json")[1]
    assert [each["id"] for each in first] + [json.loads(rest)["id"]] == made[::-1]
