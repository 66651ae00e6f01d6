"""The house that is served alone: its app in this process. Real server processes are in test_serve.py."""

from __future__ import annotations

import re
import shutil
import time
from html import unescape

import attrs
import pytest
from argon2 import PasswordHasher
from flask import Flask

from careplug import Actor, Care, Ref
from careplug.clock import ManualClock
from careplug.criteria import Is
from careplug.demo.stage import END
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.refs import SYSTEM
from careplug_flask.extension import Careplug
from careplug_flask.standalone import create_app, plugin
from careplug_flask.standalone.accounts import Account, Accounts, checked
from careplug_flask.standalone.clock import running_from
from careplug_flask.standalone.login import local

SECRET = "a key for tests and nothing else"
PASSWORD = "richtig-geheim-1"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """A database with two accounts: made once, copied for each test."""
    file = tmp_path_factory.mktemp("furnished") / "house.db"
    with Care(f"sqlite:///{file}", plugins=[plugin]) as made:
        made.upgrade()
        with made.unit(actor=SYSTEM) as unit:
            accounts = unit.get(Accounts)
            accounts.add("li", PASSWORD, person=Ref("person", "li"), roles=("customer",))
            accounts.add("wang", PASSWORD, person=Ref("person", "wang"), roles=("engineer",), language="en")
    return file


@pytest.fixture
def care(furnished, tmp_path):
    shutil.copy(furnished, tmp_path / "house.db")
    with Care(f"sqlite:///{tmp_path}/house.db", plugins=[plugin]) as made:
        yield made


@pytest.fixture
def app(care):
    return create_app(care, secret=SECRET)


@pytest.fixture(scope="module")
def standing(furnished, tmp_path_factory):
    """An app that stands for all tests that change nothing, for making one costs half a second."""
    file = tmp_path_factory.mktemp("standing") / "house.db"
    shutil.copy(furnished, file)
    with Care(f"sqlite:///{file}", plugins=[plugin]) as made:
        yield create_app(made, secret=SECRET, config={"CAREPLUG_RATE_LIMITS": {"login": "10000 per minute"}})


def form(page):
    """The hidden fields of the login form."""
    return {name: unescape(value) for name, value in re.findall(r'name="(csrf_token|next)" value="([^"]*)"', page)}


def log_in(client, login="li", password=PASSWORD, *, to="", **more):
    page = client.get("/login", query_string={"next": to} if to else {}).get_data(as_text=True)
    return client.post("/login", data={**form(page), "login": login, "password": password, **more})


def known(client):
    """Whether somebody is logged in, asked at a page that needs it."""
    return client.get("/api/v1/feedback").status_code == 200


def change(care, deed):
    with care.unit(actor=SYSTEM) as unit:
        return deed(unit.get(Accounts))


# -- logging in --


@pytest.mark.parametrize(("language", "words", "html"), [("zh", "登录名", "zh-CN"), ("en", "Login name", "en")])
def test_the_login_page_speaks_both_languages(standing, language, words, html):
    answer = standing.test_client().get(f"/login?lang={language}")
    page = answer.get_data(as_text=True)
    assert words in page
    assert f'<html lang="{html}">' in page
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_login_leads_on_to_where_somebody_wanted_to_go(standing):
    client = standing.test_client()
    first = client.get("/")
    assert (first.status_code, first.location) == (302, "/login?next=/")
    done = log_in(client, to="/cases?state=open")
    assert (done.status_code, done.location) == (303, "/cases?state=open")
    assert known(client)
    assert client.get("/login?next=/cases").location == "/cases"


def test_the_session_cookie_is_for_this_site_and_no_script(care):
    plain = log_in(create_app(care, secret=SECRET).test_client()).headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    client = create_app(care, secret=SECRET, https=True).test_client()
    page = client.get("/login", base_url="https://localhost").get_data(as_text=True)
    data = {**form(page), "login": "li", "password": PASSWORD}
    headers = {"Referer": "https://localhost/login"}
    done = client.post("/login", data=data, base_url="https://localhost", headers=headers)
    assert done.status_code == 303
    assert "Secure" in done.headers["Set-Cookie"]


def test_a_login_name_is_read_as_people_type_it(standing):
    assert log_in(standing.test_client(), login=" LI ").status_code == 303


def test_without_the_forms_token_nobody_logs_in(standing):
    client = standing.test_client()
    client.get("/login")
    answer = client.post("/login", data={"login": "li", "password": PASSWORD})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert not known(client)


def test_a_wrong_password_an_unknown_login_and_a_closed_account_look_alike(app, care):
    change(care, lambda accounts: accounts.switch("wang", active=False))

    def answer(login, password):
        client = app.test_client()
        found = log_in(client, login, password)
        assert not known(client)
        page = re.sub(r'name="csrf_token" value="[^"]*"', "", found.get_data(as_text=True))
        return found.status_code, page.replace(f'value="{login}"', "")

    wrong = answer("li", "something-else")
    assert wrong[0] == 401
    assert answer("nobody", PASSWORD) == wrong
    assert answer("wang", PASSWORD) == wrong


def test_they_take_the_same_time(care):
    create_app(care, secret=SECRET)

    def seconds(login):
        best = []
        for _ in range(5):
            began = time.perf_counter()
            assert checked(care, login, "something-else") is None
            best.append(time.perf_counter() - began)
        return min(best)

    known_login, unknown_login = seconds("li"), seconds("nobody")
    assert known_login / 3 < unknown_login < known_login * 3


@pytest.mark.parametrize(
    "place",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "evil", "", "/\t/evil.example",
     "/\n/evil.example", "javascript:alert(1)", "/ok\\..\\evil", "///evil.example"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(standing, place):
    with standing.test_request_context("/login"):
        assert local(place) == "/"
    assert log_in(standing.test_client(), next=place).location == "/"


@pytest.mark.parametrize("place", ["/", "/cases", "/cases?next=https://evil.example", "/反馈/1", "/a b"])
def test_a_place_of_ones_own_is_kept(standing, place):
    with standing.test_request_context("/login"):
        assert local(place) == place


def test_a_session_from_before_the_login_is_not_taken_over(standing):
    client = standing.test_client()
    token = form(client.get("/login").get_data(as_text=True))["csrf_token"]
    with client.session_transaction() as session:
        session["planted"], before = "yes", session["csrf_token"]
    assert client.post("/login", data={"csrf_token": token, "login": "li", "password": PASSWORD}).status_code == 303
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != before


def test_too_many_logins_have_to_wait(app):
    client = app.test_client()
    answers = [log_in(client, password="something-else").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    answer = log_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


# -- the end of a session --


def test_logging_out_needs_the_forms_token_and_ends_the_session(standing):
    client = standing.test_client()
    log_in(client)
    page = client.get("/logout").get_data(as_text=True)
    assert "li" in page
    assert client.post("/logout").status_code == 400
    assert known(client)
    assert client.post("/logout", data=form(page)).location == "/login"
    assert not known(client)
    assert client.get("/logout").status_code == 200


@pytest.mark.parametrize(
    "deed",
    [
        lambda accounts: accounts.switch("li", active=False),
        lambda accounts: accounts.set_password("li", "another-secret"),
        lambda accounts: accounts.switch("li", active=False) and accounts.switch("li", active=True),
    ],
    ids=["closed", "new password", "closed and opened again"],
)
def test_a_session_ends_with_what_it_was_made_for(app, care, deed):
    client = app.test_client()
    log_in(client)
    assert known(client)
    change(care, deed)
    assert not known(client)
    assert client.get("/").location.startswith("/login")


def test_a_session_of_another_key_is_nothing(app, care):
    client = app.test_client()
    log_in(client)
    cookie = client.get_cookie("careplug_session").value
    other = create_app(care, secret="another key of sufficient length").test_client()
    other.set_cookie("careplug_session", cookie)
    assert not known(other)


def test_what_an_account_may_do_changes_at_once(app, care):
    client = app.test_client()
    log_in(client)
    assert client.get("/api/v1/clocks").status_code == 403
    with care.unit(actor=SYSTEM) as unit:
        found = unit.get(Accounts).get("li")
        unit.store.save(attrs.evolve(found, roles=("manager",), version=found.version + 1), was=found)
    assert client.get("/api/v1/clocks").status_code == 200


# -- passwords --


def test_a_cheaper_hash_is_made_anew_at_the_next_login(app, care):
    cheap = PasswordHasher(time_cost=1, memory_cost=64)
    with care.unit(actor=SYSTEM) as unit:
        found = unit.get(Accounts).get("li")
        unit.store.save(attrs.evolve(found, hash=cheap.hash(PASSWORD), version=found.version + 1), was=found)
    client = app.test_client()
    assert log_in(client, password="something-else").status_code == 401
    assert "m=64," in change(care, lambda accounts: accounts.get("li")).hash
    assert log_in(client).status_code == 303
    made = change(care, lambda accounts: accounts.get("li"))
    assert "m=64," not in made.hash
    assert made.stamp == found.stamp
    assert known(client)
    assert log_in(app.test_client()).status_code == 303


def test_no_password_is_stored_or_shown(care, tmp_path):
    found = change(care, lambda accounts: accounts.get("li"))
    assert found.hash not in repr(found)
    assert found.stamp not in repr(found)
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("house.db*"))
    assert found.hash.encode() in stored
    assert PASSWORD.encode() not in stored


@pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
def test_a_password_that_is_too_short_or_too_long_is_refused(care, password):
    with pytest.raises(Invalid) as caught:
        change(care, lambda accounts: accounts.set_password("li", password))
    assert caught.value.code == "flask.account_password"
    assert "8 至 200" in caught.value.text("zh")


@pytest.mark.parametrize(
    ("values", "wanted", "code"),
    [
        ({"login": "a b"}, Invalid, "flask.account_login"),
        ({"login": "  "}, Invalid, "flask.account_login"),
        ({"login": "x" * 101}, Invalid, "flask.account_login"),
        ({"roles": ()}, Invalid, "flask.account_role"),
        ({"roles": ("system",)}, Invalid, "flask.account_role"),
        ({"login": "LI"}, Conflict, "flask.account_taken"),
    ],
)
def test_an_account_that_does_not_fit_is_refused(care, values, wanted, code):
    given = {"login": "new", "password": PASSWORD, "person": Ref("person", "new"), "roles": ("customer",), **values}
    with pytest.raises(wanted) as caught:
        change(care, lambda accounts: accounts.add(given.pop("login"), given.pop("password"), **given))
    assert caught.value.code == code


def test_accounts_are_the_administrators_alone(care):
    manager = Actor.engineer("zhao", "manager")
    for deed in (
        lambda accounts: accounts.find(),
        lambda accounts: accounts.get("li"),
        lambda accounts: accounts.switch("li", active=False),
        lambda accounts: accounts.set_password("li", "another-secret"),
    ):
        with pytest.raises(Refused), care.unit(actor=manager) as unit:
            deed(unit.get(Accounts))
    with pytest.raises(NotFound):
        change(care, lambda accounts: accounts.get("nobody"))


def test_only_a_house_served_alone_has_the_table(tmp_path):
    with Care(f"sqlite:///{tmp_path}/plain.db") as plain:
        plain.upgrade()
        assert not any(spec.cls is Account for spec in plain.plugins.contributions.entities)
    with Care(f"sqlite:///{tmp_path}/plain.db", plugins=[plugin]) as house:
        assert [step.plugin for step in house.storage.plan()] == ["accounts"]


# -- the app --


@pytest.mark.parametrize(("language", "words"), [("zh", "没有页面 /nowhere"), ("en", "There is no page /nowhere")])
def test_an_unknown_path_is_answered_by_the_house_in_the_readers_language(standing, language, words):
    answer = standing.test_client().get("/nowhere", headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert words in answer.get_data(as_text=True)
    assert "Content-Security-Policy" in answer.headers
    assert "Werkzeug" not in answer.get_data(as_text=True)


def test_a_wrong_method_says_which_there_are(standing):
    answer = standing.test_client().put("/login")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert "GET, HEAD, OPTIONS, POST" in answer.get_data(as_text=True)


@pytest.mark.parametrize(("language", "words"), [("zh", "系统出现错误"), ("en", "Something broke")])
def test_what_breaks_is_a_page_that_tells_nothing_of_the_inside(app, language, words):
    def breaks():
        raise RuntimeError("the inside")

    app.add_url_rule("/breaks", "breaks", breaks)
    answer = app.test_client().get("/breaks", headers={"Accept-Language": language})
    assert answer.status_code == 500
    assert words in answer.get_data(as_text=True)
    assert "the inside" not in answer.get_data(as_text=True)


def test_without_a_database_the_page_is_plain_and_in_both_languages(app, care):
    with care.storage.engine.begin() as connection:
        for name in ("careplug_account", "account"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        names = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='table'")]
        for name in names:
            if name.endswith("account"):
                connection.exec_driver_sql(f"DROP TABLE {name}")
    client = app.test_client()
    with client.session_transaction() as session:
        session["careplug_account"] = "01a21d2c-f0d4-7000-8376-51944bf2bb67"
    answer = client.get("/")
    assert answer.status_code == 500
    assert "系统出现错误，已记录。" in answer.get_data(as_text=True)
    assert "Something broke here" in answer.get_data(as_text=True)


def test_a_choice_of_language_on_a_page_beats_the_accounts(standing):
    client = standing.test_client()
    log_in(client, "wang")
    assert "is no page" not in client.get("/logout").get_data(as_text=True)
    assert '<html lang="en">' in client.get("/logout").get_data(as_text=True)
    assert '<html lang="zh-CN">' in client.get("/logout?lang=zh").get_data(as_text=True)
    assert '<html lang="zh-CN">' in client.get("/logout").get_data(as_text=True)


def test_a_house_can_be_made_of_an_address_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("CAREPLUG_SECRET_KEY", raising=False)
    monkeypatch.delenv("CAREPLUG_DATABASE", raising=False)
    app = create_app(database=f"sqlite:///{tmp_path}/own.db", config={"CAREPLUG_TITLE": "Haus"})
    assert "Haus" in app.test_client().get("/login").get_data(as_text=True)
    assert (tmp_path / "own.db.key").stat().st_mode & 0o777 == 0o600
    app.extensions["careplug"].care.close()


def test_a_host_of_its_own_is_untouched_by_the_accounts(tmp_path):
    app = Flask("host")
    app.secret_key = SECRET
    careplug = Careplug(app, storage=f"sqlite:///{tmp_path}/host.db")
    assert not any(str(rule) == "/login" for rule in app.url_map.iter_rules())
    careplug.state_of(app).care.close()


def test_a_clock_runs_on_from_where_it_begins():
    ticks = iter([100.0, 100.0, 103.5])
    clock = running_from(END, ticks=lambda: next(ticks))
    assert clock() == END
    assert (clock() - END).total_seconds() == 3.5
    with pytest.raises(Invalid):
        running_from(END.replace(tzinfo=None))


def test_the_accounts_of_another_tenant_do_not_log_in(care):
    with care.unit(actor=SYSTEM, tenant="other") as unit:
        unit.get(Accounts).add("far", PASSWORD, person=Ref("person", "far"), roles=("customer",))
        assert unit.store.find(Account, Is("login", "eq", "far"))
    assert checked(care, "far", PASSWORD) is None
    assert ManualClock(END)() == END
