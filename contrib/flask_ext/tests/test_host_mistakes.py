"""What a host may get wrong: the log names the place and the remedy, the visitor is told no more than that it was logged."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from sqlalchemy import exc

from careplug import Actor, Ref
from careplug.errors import Invalid
from careplug.text import Text
from careplug_flask import Careplug
from tests.integration.wire import through


@pytest.fixture
def app(tmp_path):
    made = Flask("host", instance_path=str(tmp_path))
    made.config.update(SECRET_KEY="s", CAREPLUG_DATABASE=f"sqlite:///{tmp_path}/one.db")
    return made


def mounted(app, loader=None, **config):
    app.config.update(config)
    careplug = Careplug(app)
    careplug.actor_loader(loader or (lambda: Actor.customer("li")))
    return careplug, app.test_client()


WRONG_PEOPLE = [
    ("ann", "actor_loader"),
    ({"id": 1}, "actor_loader"),
    (Ref("person", 5), "actor_loader"),
    (Actor(Ref("person", 5), frozenset({"customer"})), "actor_loader"),
    (Actor(Ref("person", ""), frozenset({"customer"})), "actor_loader"),
    (Actor(Ref("person", "li"), "customer"), "actor_loader.roles"),
    (Actor(Ref("person", "li"), frozenset({None})), "actor_loader.roles"),
]


@pytest.mark.parametrize(("given", "field"), WRONG_PEOPLE, ids=[repr(given)[:50] for given, _ in WRONG_PEOPLE])
@pytest.mark.parametrize("path", ["/careplug/my", "/careplug/api/v1/feedback"])
def test_a_loader_that_returns_something_else(app, caplog, given, field, path):
    _, client = mounted(app, lambda: given)
    with caplog.at_level(logging.ERROR):
        answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert field in caplog.text
    assert field not in answer.get_data(as_text=True)
    assert "It was logged" in answer.get_data(as_text=True)


@pytest.mark.parametrize("roles", ["customer", None, [], [7]])
def test_roles_that_are_none(app, caplog, roles):
    careplug, client = mounted(app, lambda: Ref("person", "li"))
    careplug.roles_loader(lambda ref: roles)
    assert client.get("/careplug/my").status_code == 500
    assert "roles_loader" in caplog.text


def test_a_role_nobody_knows_is_logged_and_lets_nothing_through(app, caplog):
    careplug, client = mounted(app, lambda: Ref("person", "li"))
    careplug.roles_loader(lambda ref: ["janitor"])
    assert client.get("/careplug/cases").status_code == 403
    assert "'janitor'" in caplog.text


def test_a_reference_without_roles_is_a_customer(app):
    _, client = mounted(app, lambda: Ref("person", "li"))
    assert client.get("/careplug/my").status_code == 200


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"CAREPLUG_BASE_TEMPLATE": "no.html"}, "CAREPLUG_BASE_TEMPLATE"),
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
    ],
)
def test_a_setting_that_shows_only_with_a_page(app, caplog, config, field):
    _, client = mounted(app, **config)
    answer = client.get("/careplug/submit", headers={"Accept-Language": "zh"})
    assert answer.status_code == 500
    assert field in caplog.text
    assert "错误已记录" in answer.get_data(as_text=True)


def test_a_login_that_is_no_endpoint(app, caplog):
    _, client = mounted(app, lambda: None, CAREPLUG_LOGIN_VIEW="shop.nowhere")
    assert client.get("/careplug/my").status_code == 500
    assert "CAREPLUG_LOGIN_VIEW" in caplog.text


def test_a_zone_that_is_none_falls_back(app, caplog):
    careplug, client = mounted(app)
    careplug.zone_loader(lambda: "Mars/Olympus")
    assert client.get("/careplug/my").status_code == 200
    assert "Mars/Olympus" in caplog.text


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("CAREPLUG_BLOCKS", {"haed": "x"}, "title, content, head, scripts"),
        ("CAREPLUG_BLOCKS", {"head": 1}, "title, content, head, scripts"),
        ("CAREPLUG_BLOCKS", ["head"], "NAME OF A BLOCK"),
        ("CAREPLUG_TITLE", 5, "text, or"),
    ],
)
def test_a_setting_of_the_wrong_form(app, key, value, words):
    app.config[key] = value
    with pytest.raises(Invalid) as caught:
        Careplug(app)
    assert key in caught.value.field
    assert words in caught.value.text("en")
    assert caught.value.text("en") != caught.value.text("zh_CN")


@pytest.mark.parametrize("path", ["/careplug/my", "/careplug/api/v1/feedback"])
def test_a_database_that_does_not_answer(app, caplog, monkeypatch, path):
    careplug, client = mounted(app)
    client.get(path)

    def away(*_, **__):
        raise exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(careplug.state_of(app).care.storage, "begin", away)
    answer = client.get(path)
    assert answer.status_code == 503
    assert f"GET {path}" in caplog.text
    assert "gone" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/careplug/my", "/careplug/api/v1/feedback"])
def test_a_server_that_went_away_is_logged_and_told_without_its_address(app, caplog, new_database, path):
    with through(new_database("postgresql")) as (wire, url):
        careplug, client = mounted(app, CAREPLUG_DATABASE=url)
        careplug.state_of(app).care.upgrade()
        assert client.get(path).status_code == 200
        wire.close()
        lost, away = client.get(path), client.get(path, headers={"Accept-Language": "zh"})
    assert (lost.status_code, away.status_code) == (503, 503)
    assert str(wire.port) not in lost.get_data(as_text=True) + away.get_data(as_text=True)
    assert "无响应" in away.get_data(as_text=True)
    assert f"GET {path}" in caplog.text
    assert f"port {wire.port} failed" in caplog.text


def test_a_unit_for_somebody_named_asks_no_request(app):
    careplug, _ = mounted(app, loader=lambda: 1 / 0)
    careplug.tenant_loader(lambda: 1 / 0)
    with app.app_context(), careplug.unit(actor=Actor.customer("li")) as unit:
        assert unit.feedback.submit("fault", "x").requester == Ref("person", "li")


def test_files_are_kept_where_every_process_sees_them(app, tmp_path):
    import io

    _, client = mounted(app)
    client.application.testing = True
    from careplug_flask.testing import client as acting

    li = acting(app, Actor.customer("li"))
    case = li.post("/careplug/api/v1/feedback", json={"kind": "fault", "subject": "x"}).get_json()
    sent = li.post(
        f"/careplug/api/v1/feedback/{case['id']}/attachments", data={"file": (io.BytesIO(b"log"), "log.txt")}
    )
    assert sent.status_code == 201
    kept = [file for file in (tmp_path / "careplug-files").rglob("*") if file.is_file()]
    assert [file.read_bytes() for file in kept] == [b"log"]


def test_all_style_sheets_reach_the_hosts_head(tmp_path):
    (tmp_path / "templates").mkdir()
    base = "<html><head>{% block head %}<i>h</i>{% endblock %}</head><body>{% block content %}{% endblock %}{% block js %}{% endblock %}"
    (tmp_path / "templates" / "base.html").write_text(base)
    app = Flask("host", root_path=str(tmp_path), instance_path=str(tmp_path))
    app.config.update(
        SECRET_KEY="s",
        CAREPLUG_DATABASE=f"sqlite:///{tmp_path}/two.db",
        CAREPLUG_BASE_TEMPLATE="base.html",
        CAREPLUG_BLOCKS={"head": "head", "scripts": "js"},
        CAREPLUG_TITLE=Text(en="Desk", zh="台"),
    )
    app.config["CAREPLUG_BLOCKS"] = {"head": "head", "scripts": "js"}
    _, client = mounted(app)
    head, _, body = client.get("/careplug/my").get_data(as_text=True).partition("</head>")
    assert "<i>h</i>" in head
    for name in ("pico.scoped.css", "careplug.css", "engineer.css"):
        assert name in head
        assert name not in body
    assert body.count("careplug.js") == 1
