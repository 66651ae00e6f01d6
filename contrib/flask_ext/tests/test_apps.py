"""Several apps in one process, app factories, and settings that are wrong: each named, with what to do about it."""

from __future__ import annotations

import gc
import weakref

import pytest
from flask import Flask
from flask_kit import API, LI, ROOT, WANG, House, make_app, spoken, state_of

from careplug import Care
from careplug.errors import Invalid
from careplug_flask import Careplug, current_care
from careplug_flask.errors import HostError
from careplug_flask.options import _KEYS, Options
from careplug_flask.rest.openapi import document
from careplug_flask.testing import client
from tests.unit.resources.workshop import plugin


def app_with(**config):
    app = Flask("host")
    app.secret_key = "x"
    app.config.update(config)
    return app


# -- several apps --


def test_two_apps_have_nothing_in_common(tmp_path):
    one = House(f"sqlite:///{tmp_path / 'one.db'}", plugins=[plugin()], number_prefix="ONE")
    two = House(f"sqlite:///{tmp_path / 'two.db'}", url_prefix="/service", number_prefix="TWO")
    assert one.api(LI).submit()["number"].startswith("ONE-")
    made = client(two.app, LI).post("/service/api/v1/feedback", json={"kind": "fault", "subject": "x"}).get_json()
    assert made["number"].startswith("TWO-")
    assert len(one.api(WANG).get("/feedback").get_json()["items"]) == 1
    assert "/r/tools" in spoken(one.app)["paths"]
    with two.app.test_request_context():
        said = document(state_of(two.app), "en")
    assert "/r/tools" not in said["paths"]
    assert said["servers"] == [{"url": "/service/api/v1"}]
    assert two.app.test_client().get(f"{API}/feedback").status_code == 404
    with one.app.app_context():
        assert current_care == one.care
    with two.app.app_context():
        assert current_care == two.care
    one.close()
    two.close()


def test_one_object_serves_several_apps(tmp_path):
    extension = Careplug()
    apps = [make_app(f"sqlite:///{tmp_path / name}.db", extension) for name in ("one", "two")]
    extension.actor_loader(lambda: LI)
    for number, app in enumerate(apps):
        with state_of(app).care.unit(actor=LI) as unit:
            for _ in range(number):
                unit.feedback.submit("fault", "x")
    assert [len(app.test_client().get(f"{API}/feedback").get_json()["items"]) for app in apps] == [0, 1]
    for app in apps:
        state_of(app).care.close()


def test_a_factory_may_be_called_many_times(tmp_path):
    def create_app():
        return make_app(f"sqlite:///{tmp_path / 'same.db'}", Careplug())

    apps = []
    for number in range(8):
        app = create_app()
        assert (
            client(app, LI).post(f"{API}/feedback", json={"kind": "fault", "subject": str(number)}).status_code == 201
        )
        apps.append(app)
    items = client(apps[0], LI).get(f"{API}/feedback").get_json()["items"]
    assert [each["subject"] for each in items] == [str(number) for number in reversed(range(8))]
    for app in apps:
        state_of(app).care.close()


def test_an_app_that_is_dropped_is_not_held(tmp_path):
    app = make_app(f"sqlite:///{tmp_path / 'gone.db'}", Careplug())
    client(app, LI).get(f"{API}/feedback")
    state_of(app).care.close()
    seen = weakref.ref(app)
    del app
    gc.collect()
    assert seen() is None


def test_the_second_init_app_is_refused(tmp_path):
    app = make_app(f"sqlite:///{tmp_path / 'one.db'}")
    before = {rule.rule for rule in app.url_map.iter_rules()}
    with pytest.raises(Invalid) as caught:
        Careplug().init_app(app, storage=f"sqlite:///{tmp_path / 'two.db'}")
    assert (caught.value.code, caught.value.field) == ("flask.twice", "app.host")
    assert {rule.rule for rule in app.url_map.iter_rules()} == before
    assert client(app, LI).get(f"{API}/feedback").status_code == 200
    state_of(app).care.close()


def test_the_hosts_own_pages_are_as_they_were(tmp_path):
    def host():
        app = app_with(TESTING=True)

        @app.get("/shop")
        def shop():
            return "shop"

        @app.errorhandler(404)
        def gone(_):
            return "the shop's own 404", 404

        return app

    bare, dressed = host(), host()
    Careplug(dressed, storage=f"sqlite:///{tmp_path / 'one.db'}")
    for path in ("/shop", "/none", "/shop?lang=zh"):
        answers = [app.test_client().get(path) for app in (bare, dressed)]
        assert answers[0].data == answers[1].data
        assert dict(answers[0].headers) == dict(answers[1].headers)
    below = dressed.test_client().get(f"{API}/none")
    assert (below.status_code, below.mimetype) == (404, "application/problem+json")
    assert set(dressed.jinja_env.globals) == set(bare.jinja_env.globals)
    assert dressed.before_request_funcs == bare.before_request_funcs
    assert dressed.after_request_funcs.keys() - {"careplug", "careplug_api"} == bare.after_request_funcs.keys()
    state_of(dressed).care.close()


def test_outside_of_an_app_it_is_said_what_to_do():
    with pytest.raises(RuntimeError, match=r"app\.app_context"):
        current_care.unit  # noqa: B018  the proxy looks for the app when it is touched
    with Flask("bare").app_context(), pytest.raises(RuntimeError, match="init_app"):
        current_care.unit  # noqa: B018


def test_a_test_client_is_believed_in_tests_alone(tmp_path):
    app = make_app(f"sqlite:///{tmp_path / 'one.db'}")
    made = client(app, LI)
    app.testing = False
    assert made.get(f"{API}/feedback").status_code == 401
    with pytest.raises(RuntimeError, match="testing"):
        client(app, LI)
    assert app.test_client().get(f"{API}/feedback", headers={"careplug.actor": "person:root"}).status_code == 401
    state_of(app).care.close()


# -- settings --

DATABASE = "sqlite://"

WRONG = [
    ({"CAREPLUG_DATABSE": DATABASE}, "config.CAREPLUG_DATABSE", "flask.option_unknown", "Correct the name", "请更正名称"),
    ({"CAREPLUG_DATABASE": 7}, "config.CAREPLUG_DATABASE", "flask.option_type", "type str", "类型为 str"),
    ({"CAREPLUG_PAGES": "no"}, "config.CAREPLUG_PAGES", "flask.option_type", "type bool", "类型为 bool"),
    ({"CAREPLUG_API": 1}, "config.CAREPLUG_API", "flask.option_type", "type bool", "类型为 bool"),
    ({"CAREPLUG_LINK_DAYS": "30"}, "config.CAREPLUG_LINK_DAYS", "flask.option_type", "type int", "类型为 int"),
    ({"CAREPLUG_LINK_DAYS": True}, "config.CAREPLUG_LINK_DAYS", "flask.option_type", "type int", "类型为 int"),
    ({"CAREPLUG_MAX_UPLOAD": 1.5}, "config.CAREPLUG_MAX_UPLOAD", "flask.option_type", "type int", "类型为 int"),
    ({"CAREPLUG_TITLE": 5}, "config.CAREPLUG_TITLE", "flask.option_type", "a value of type text, or", "类型为"),
    ({"CAREPLUG_TITLE": {"fr": "x"}}, "config.CAREPLUG_TITLE", "flask.option_type", "a value of type text, or", "类型为"),
    ({"CAREPLUG_BLOCKS": "body"}, "config.CAREPLUG_BLOCKS", "flask.option_type", "NAME OF A BLOCK", "类型为"),
    ({"CAREPLUG_URL_PREFIX": "service"}, "config.CAREPLUG_URL_PREFIX", "flask.option_prefix", "slash", "斜杠"),
    ({"CAREPLUG_URL_PREFIX": "/service/"}, "config.CAREPLUG_URL_PREFIX", "flask.option_prefix", "slash", "斜杠"),
    ({"CAREPLUG_LANGUAGE": "fr"}, "config.CAREPLUG_LANGUAGE", "flask.option_language", "en, zh_CN", "en, zh_CN"),
    ({"CAREPLUG_ZONE": "Mars/Base"}, "config.CAREPLUG_ZONE", "flask.option_zone", "Asia/Shanghai", "Asia/Shanghai"),
    ({"CAREPLUG_ZONE": ""}, "config.CAREPLUG_ZONE", "flask.option_zone", "Asia/Shanghai", "Asia/Shanghai"),
    ({"CAREPLUG_RATE_LIMITS": {"api": "often"}}, "config.CAREPLUG_RATE_LIMITS.api", "flask.option_limit", "60 per hour", "60 per hour"),
    ({"CAREPLUG_RATE_LIMITS": {"api": 60}}, "config.CAREPLUG_RATE_LIMITS.api", "flask.option_limit", "60 per hour", "60 per hour"),
    ({"CAREPLUG_RATE_LIMITS": {"pages": "1 per day"}}, "config.CAREPLUG_RATE_LIMITS.pages", "flask.option_limit_name", "api", "api"),
    ({"CAREPLUG_RATE_STORAGE": "nowhere://"}, "config.CAREPLUG_RATE_STORAGE", "flask.option_rate_storage", "memory://", "memory://"),
    ({"CAREPLUG_LINK_DAYS": 0}, "config.CAREPLUG_LINK_DAYS", "flask.option_positive", "at least 1", "至少为 1"),
    ({"CAREPLUG_MAX_UPLOAD": -1}, "config.CAREPLUG_MAX_UPLOAD", "flask.option_positive", "at least 1", "至少为 1"),
    ({"CAREPLUG_DATABASE": ""}, "config.CAREPLUG_DATABASE", "flask.storage", "CAREPLUG_DATABASE", "CAREPLUG_DATABASE"),
    ({"CAREPLUG_DATABASE": None}, "config.CAREPLUG_DATABASE", "flask.storage", "CAREPLUG_DATABASE", "CAREPLUG_DATABASE"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "field", "code", "english", "chinese"), WRONG)
def test_a_wrong_setting_is_named_with_its_remedy(config, field, code, english, chinese):
    app = app_with(**{"CAREPLUG_DATABASE": DATABASE, **config})
    with pytest.raises(Invalid) as caught:
        Careplug(app)
    assert (caught.value.field, caught.value.code) == (field, code)
    for language, words in (("en", english), ("zh_CN", chinese)):
        said = caught.value.text(language)
        assert field in said
        assert words in said
        assert "{field}" not in said
        assert "{value}" not in said
    assert "careplug" not in app.extensions
    assert "careplug" not in app.blueprints


def test_a_care_without_the_extensions_plugin_is_refused():
    with Care(block=["flask"], environ={"CAREPLUG_PLUGINS": ""}) as care, pytest.raises(Invalid) as caught:
        Careplug(app_with(), care=care)
    assert (caught.value.code, caught.value.field) == ("flask.plugin", "care.plugins")
    assert "plugins=[careplug_flask]" in caught.value.text("en")


def test_without_a_secret_it_is_said_when_one_is_needed(tmp_path):
    extension = Careplug()
    app = make_app(f"sqlite:///{tmp_path / 'one.db'}", extension)
    app.secret_key = None
    made = client(app, LI).post(f"{API}/feedback", json={"kind": "fault", "subject": "x"})
    assert made.status_code == 201
    with app.test_request_context(), extension.read(actor=ROOT, tenant="") as unit, pytest.raises(HostError) as caught:
        extension.link(unit.feedback.get(made.get_json()["id"]))
    assert (caught.value.code, caught.value.field) == ("flask.secret", "config.SECRET_KEY")
    state_of(app).care.close()


def test_every_setting_is_told_of():
    about = (Options.__doc__ or "") + (Careplug.__doc__ or "")
    assert [key for key in _KEYS if about.count(key) < 2] == []
