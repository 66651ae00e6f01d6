"""Who is there, and what holds them up: keys, the token of a form, limits, a database that is busy."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from flask_kit import LI, WANG, WIDE, ZHAO, House, facts

from careplug.refs import Ref
from careplug_flask.tokens import Tokens


def issued(house, actor=WANG, roles=("engineer",), **more):
    """A key and its text."""
    with house.care.unit(actor=ZHAO, tenant=more.pop("tenant", "")) as unit:
        return unit.get(Tokens).issue("a program", actor.ref, roles=roles, **more)


def with_key(text):
    return {"headers": {"Authorization": f"Bearer {text}"}}


# -- 401 --


def test_nobody_is_told_how_to_say_who_they_are(house):
    answer = house.api(None).get("/feedback")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "flask.nobody")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="careplug"'


def test_a_key_acts_as_its_actor(house):
    _, text = issued(house)
    api = house.api(None)
    assert {each["id"] for each in api.get("/feedback", **with_key(text)).get_json()["items"]} >= {house.seen.other}
    noted = api.post(f"/feedback/{house.seen.fresh}/notes", {"body": "x"}, **with_key(text))
    assert noted.status_code == 200
    with house.care.read(actor=ZHAO) as unit:
        assert unit.feedback.facts(house.seen.fresh)[-1].actor == "person:wang"


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer cpt_", "Bearer cpt_x_y", "Bearer {0}x", "bearer cpt_{1}_", "Bearer cpt_{1}_wrong",
     "Bearer cpt_" + "é" * 32 + "_x", "Bearer cpt_" + "0" * 32 + "_x", "Bearer " + "x" * 5000],
)  # fmt: skip
def test_a_wrong_key_is_nobody(house, header):
    made, text = issued(house)
    sent = header.format(text, made.id.replace("-", ""))
    answer = house.api(None).get("/feedback", headers={"Authorization": sent})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "flask.token_wrong")


def test_another_scheme_than_bearer_is_nobody(house):
    assert (
        house.api(None).get("/feedback", headers={"Authorization": "Basic bGk6eA=="}).get_json()["code"]
        == "flask.nobody"
    )


def test_a_key_ends(house):
    made, text = issued(house, expires_at=house.now + timedelta(hours=1))
    api = house.api(None)
    assert api.get("/feedback", **with_key(text)).status_code == 200
    house.now += timedelta(hours=1)
    assert api.get("/feedback", **with_key(text)).status_code == 401
    made, text = issued(house)
    with house.care.unit(actor=ZHAO) as unit:
        unit.get(Tokens).revoke(made.id)
    assert api.get("/feedback", **with_key(text)).status_code == 401


def test_a_key_reaches_no_further_than_its_scopes(house):
    _, text = issued(house, roles=("manager",), scopes=("feedback.read", "feedback.list"))
    api, path = house.api(None), f"/feedback/{house.seen.fresh}"
    assert api.get(path, **with_key(text)).status_code == 200
    answer = api.post(f"{path}/replies", {"body": "x"}, **with_key(text))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "permission.scope")


def test_a_key_is_of_its_tenant(house):
    _, text = issued(house, tenant="north")
    items = house.api(None).get("/feedback", **with_key(text)).get_json()["items"]
    assert [each["id"] for each in items] == [house.seen.north]


def test_a_key_of_a_customer_sees_what_the_customer_sees(house):
    _, text = issued(house, actor=LI, roles=("customer",))
    api = house.api(None)
    assert len(api.get("/feedback", **with_key(text)).get_json()["items"]) == 3
    assert api.get(f"/feedback/{house.seen.other}", **with_key(text)).status_code == 404
    _, text = issued(house, actor=LI, roles=("customer",), organisations=(Ref("organisation", "acme"),))
    house.api(WANG).submit(organisation="organisation:acme")
    assert len(api.get("/feedback", **with_key(text)).get_json()["items"]) == 4


def test_a_key_is_no_login_to_the_pages(house):
    _, text = issued(house)
    assert house.app.test_client().get("/careplug/", **with_key(text)).status_code == 401


# -- the token of a form --


@pytest.fixture
def session_house(seeded_house):
    """An app whose visitors are known by the host's session: here, everybody is Wang."""
    house = seeded_house()
    house.app.extensions["careplug"].loaders.actor = lambda: WANG
    return house


def test_a_session_needs_the_token_to_change_something(session_house):
    api, path = session_house.api(None), f"/feedback/{session_house.seen.fresh}/notes"
    before = facts(session_house, session_house.seen.fresh)
    assert api.get("/feedback").status_code == 200
    for headers in ({}, {"X-CSRFToken": "nonsense"}):
        answer = api.post(path, {"body": "x"}, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "flask.csrf_api")
    assert facts(session_house, session_house.seen.fresh) == before


def test_a_session_with_the_token_may(session_house):
    from flask_wtf.csrf import generate_csrf

    session_house.app.add_url_rule("/token", "token", generate_csrf)
    api = session_house.api(None)
    token = api.http.get("/token").text
    path = f"/feedback/{session_house.seen.fresh}/notes"
    assert api.post(path, {"body": "x"}, headers={"X-CSRFToken": token}).status_code == 200
    stranger = session_house.api(None)
    assert stranger.post(path, {"body": "x"}, headers={"X-CSRFToken": token}).status_code == 400


def test_a_key_needs_no_token_also_in_a_session(session_house):
    _, text = issued(session_house)
    path = f"/feedback/{session_house.seen.fresh}/notes"
    assert session_house.api(None).post(path, {"body": "x"}, **with_key(text)).status_code == 200


def test_a_form_of_another_site_changes_nothing(session_house):
    """What a browser sends without asking: a form, in any of its three types."""
    before = facts(session_house, session_house.seen.fresh)
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        path = f"/feedback/{session_house.seen.fresh}/notes"
        assert session_house.api(None)("POST", path, data=b'{"body":"x"}', content_type=media).status_code == 400
    assert facts(session_house, session_house.seen.fresh) == before


# -- limits --


def test_whoever_comes_too_often_is_told_when_to_come_again(seeded_house):
    house = seeded_house(rate_limits={**WIDE, "api": "3 per minute"})
    api = house.api(LI)
    assert [api.get("/feedback").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = api.get("/feedback")
    assert answer.get_json()["field"] == "limit.api"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert house.api(WANG).get("/feedback").status_code == 200
    assert house.api(LI, tenant="north").get("/feedback").status_code == 200


def test_wrong_keys_cannot_be_tried_at_will(seeded_house):
    house = seeded_house(rate_limits={**WIDE, "api": "3 per minute"})
    tried = [house.api(None).get("/feedback", **with_key(f"cpt_{number}")).status_code for number in range(5)]
    assert tried == [401, 401, 401, 429, 429]
    assert house.api(None).get("/feedback").status_code == 429


def test_customers_submit_as_often_as_the_limit_says(seeded_house):
    house = seeded_house(rate_limits={**WIDE, "submit": "2 per hour"})
    body = {"kind": "fault", "subject": "x"}
    assert [house.api(LI).post("/feedback", body).status_code for _ in range(3)] == [201, 201, 429]
    line = b'{"kind":"fault","subject":"x"}\n'
    assert (
        '"status":429' in house.api(LI)("POST", "/feedback/bulk", data=line, content_type="application/x-ndjson").text
    )
    assert [house.api(WANG).post("/feedback", body).status_code for _ in range(3)] == [201, 201, 201]


# -- a database that is busy --


def test_a_database_that_stays_busy_is_503(seeded_house, tmp_path):
    """Somebody else holds the write lock of the SQLite file for longer than we wait."""
    from sqlalchemy import create_engine

    from careplug_sqlalchemy.api import sqlite_recipe

    file = seeded_house().care.storage.engine.url.database
    engine = sqlite_recipe(create_engine(f"sqlite:///{file}", connect_args={"timeout": 0.05}))
    house = House(engine, seeded_house().seen)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = house.api(LI).post("/feedback", {"kind": "fault", "subject": "x"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert house.api(LI).get("/feedback").status_code == 200
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert house.api(LI).post("/feedback", {"kind": "fault", "subject": "x"}).status_code == 201
    house.close()
    engine.dispose()


def test_a_database_that_lacks_a_table_is_503(seeded_house):
    house = seeded_house()
    with sqlite3.connect(house.care.storage.engine.url.database) as connection:
        connection.execute("DROP TABLE careplug_party")
    answer = house.api(WANG).get("/parties")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.get_json()["code"].startswith(("schema.", "storage."))
    assert house.api(WANG).get("/feedback").status_code == 200
