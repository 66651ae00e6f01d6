"""The resources of a plugin as operations: nothing of this API is written by the plugin."""

from __future__ import annotations

import json
import re

import pytest
from flask_kit import LI, ROOT, WANG, ZHAO, House, Statements, operation_of, spoken
from openapi_spec_validator import validate

from careplug.resources import Resources
from tests.unit.resources.workshop import plugin

WHOLE = {
    "name": "drill",
    "note": "of the north hall",
    "place": "rack 4",
    "count": 3,
    "lent": False,
    "bought": "2025-11-30",
    "checked_at": "2026-01-05T10:00:00+08:00",
    "weight": "2.50",
    "price": {"amount": "199.90", "currency": "CNY"},
    "owner": "person:wang",
    "label": {"en": "Drill", "zh": "电钻"},
    "size": "large",
    "tags": ["red", "loud"],
    "makers": [{"channel": "mail", "value": "maker@example.com"}],
    "every": "24h",
    "custom.bay": 7,
    "custom.kind": "power",
    "custom.since": "2025-12-01",
}


@pytest.fixture(scope="module")
def _shop(tmp_path_factory):
    house = House(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}", plugins=[plugin()])
    assert [line.name for line in house.care.report().failed] == []
    yield house
    house.close()


@pytest.fixture
def shop(_shop):
    """A house with the workshop: three tools, two bins."""
    from careplug.criteria import Is
    from tests.unit.resources.workshop import Bin, Tool

    with _shop.care.transaction(tenant=None) as store:
        for cls in (Tool, Bin):
            for row in store.find(cls, limit=1000):
                store.remove(cls, Is("id", "eq", row.id))
    with _shop.care.unit(actor=ROOT) as unit:
        for name in ("hammer", "anvil", "saw"):
            unit.get(Resources).add("tools", {"name": name})
        for code in ("a", "b"):
            unit.get(Resources).add("bins", {"code": code})
    return _shop


def tools(shop, query=""):
    return shop.api(ROOT).get(f"/r/tools{query}").get_json()["items"]


def ident(shop, name):
    return next(each["id"] for each in tools(shop) if each["name"] == name)


def test_what_there_is(shop):
    paths = {path: set(methods) for path, methods in spoken(shop.app)["paths"].items() if path.startswith("/r/")}
    assert paths == {
        "/r/tools": {"get", "post"},
        "/r/tools/{id}": {"get", "patch"},
        "/r/tools/{id}/actions/lend": {"post"},
        "/r/tools/{id}/actions/scrap": {"post"},
        "/r/bins": {"get", "post"},
        "/r/bins/{id}": {"get", "patch"},
        "/r/logs": {"get"},
        "/r/logs/{id}": {"get"},
    }


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_document_is_valid_and_speaks_the_plugins_words(shop, language):
    said = spoken(shop.app, language)
    validate(said)
    english = language == "en"
    assert said["paths"]["/r/tools"]["get"]["summary"] == ("Tools: list" if english else "工具：列表")
    assert said["paths"]["/r/tools/{id}/actions/lend"]["post"]["summary"] == (
        "Tools: Lend" if english else "工具：借出"
    )
    assert {"name": "r/tools", "description": "Tools" if english else "工具"} in said["tags"]
    shown = said["components"]["schemas"]["R_tools_in"]["properties"]
    assert shown["name"]["title"] == ("Name" if english else "名称")
    assert shown["name"]["maxLength"] == 20
    assert shown["custom.bay"]["title"] == ("Bay" if english else "工位")
    assert "x-label" not in json.dumps(said)
    size = shown["size"]["anyOf"] if "anyOf" in shown["size"] else [shown["size"]]
    assert {"small", "large"} <= {value for part in size for value in part.get("enum", ())}
    assert said["components"]["schemas"]["R_tools_in"]["required"] == ["name"]
    names = [each["operationId"] for methods in said["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names))


def test_a_field_of_every_type_there_and_back(shop):
    made = shop.api(ROOT).post("/r/tools", WHOLE)
    assert made.status_code == 201, made.text
    told = made.get_json()
    kept = {
        "checked_at": "2026-01-05T02:00:00.000000Z",
        "weight": "2.5000",
        "price": {"amount": "199.9000", "currency": "CNY"},
    }
    assert {key: told[key] for key in WHOLE} == WHOLE | kept
    assert "photo" not in told
    assert "tenant" not in told
    read = shop.api(ROOT).get(made.headers["Location"])
    assert read.get_json() == told
    assert read.headers["ETag"] == made.headers["ETag"] == '"1"'


def test_a_whole_number_may_be_written_with_a_point_in_any_field(shop):
    told = shop.api(ROOT).post("/r/tools", {"name": "x", "count": 2.0, "custom.bay": 7.0}).get_json()
    assert (told["count"], told["custom.bay"]) == (2, 7)


def test_what_is_not_given_gets_the_default_of_its_class(shop):
    told = shop.api(ROOT).post("/r/tools", {"name": "pliers", "note": None}).get_json()
    assert (told["note"], told["place"], told["count"], told["size"], told["bought"]) == ("", "shelf", 1, "small", None)


def test_an_edit_goes_by_the_version(shop):
    api, path = shop.api(ROOT), f"/r/tools/{ident(shop, 'saw')}"
    assert api.patch(path, {"count": 2}).status_code == 428
    first = api.patch(path, {"count": 2}, '"1"')
    assert (first.status_code, first.get_json()["count"], first.headers["ETag"]) == (200, 2, '"2"')
    stale = api.patch(path, {"count": 3}, '"1"')
    assert (stale.status_code, stale.get_json()["field"]) == (412, "header.If-Match")
    assert api.patch(path, {"custom.bay": 4, "place": None}, '"2"').get_json()["custom.bay"] == 4
    assert api.get(path).get_json()["place"] == "shelf"


def test_an_entity_without_a_version_is_edited_as_it_is(shop):
    api = shop.api(ROOT)
    bin_ = api.get("/r/bins").get_json()["items"][0]
    assert api.patch(f"/r/bins/{bin_['id']}", {"code": "zz"}).get_json()["code"] == "ZZ"


def test_the_plugins_own_code_makes_and_refuses(shop):
    api = shop.api(ROOT)
    assert api.post("/r/bins", {"code": "c"}).get_json()["code"] == "C"
    refused = api.post("/r/bins", {"code": "x1"})
    assert (refused.status_code, refused.get_json()["detail"]) == (422, "bins.code: no x.")
    chinese = shop.api(ROOT, language="zh").post("/r/bins", {"code": "x1"})
    assert chinese.get_json()["detail"] == "bins.code：不可用 x。"
    assert api.post("/r/bins", {"code": "c"}).status_code == 409
    assert api.post("/r/tools", {"name": "saw"}).get_json()["code"] == "resource.taken"


def test_actions(shop):
    api, path = shop.api(ROOT), f"/r/tools/{ident(shop, 'saw')}"
    assert api.post(f"{path}/actions/lend", {}).get_json()["code"] == "flask.lacking"
    lent = api.post(f"{path}/actions/lend", {"to": "sun"})
    assert (lent.status_code, lent.get_json()["item"]["lent"], lent.headers["ETag"]) == (200, True, '"2"')
    again = api.post(f"{path}/actions/lend", {"to": "sun"})
    assert (again.status_code, again.get_json()["detail"]) == (422, "tools.lend: saw is lent already. Wait for it.")
    gone = api.post(f"{path}/actions/scrap")
    assert (gone.status_code, gone.get_json()) == (200, {"item": None})
    assert api.get(path).status_code == 404
    assert api.post(f"{path}/actions/none").status_code == 404


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
@pytest.mark.parametrize("resource", ["tools", "bins", "logs"])
def test_pages(shop, resource, limit):
    api, path, seen = shop.api(ROOT), f"/r/{resource}?limit={limit}", []
    while path:
        answer = api.get(path)
        seen += answer.get_json()["items"]
        link = re.fullmatch(r'<http://localhost(.*)>; rel="next"', answer.headers.get("Link", ""))
        path = link[1] if link else ""
    assert len({each["id"] for each in seen}) == len(seen) == (3 if resource == "tools" else 2)
    if resource == "tools":
        assert [each["name"] for each in seen] == ["anvil", "hammer", "saw"]


def test_filters(shop):
    shop.api(ROOT).post("/r/tools", WHOLE)
    for query in ("lent=false&size=large", "owner=person:wang", "custom.bay=7", "bought=2025-11-30", "name=drill"):
        assert [each["name"] for each in tools(shop, f"?{query}")] == ["drill"], query
    assert tools(shop, "?lent=true") == []
    assert tools(shop, f"?custom.bay={2**63 - 1}") == tools(shop, f"?custom.bay={-(2**63)}") == []
    assert shop.api(ROOT).get(f"/r/tools?custom.bay={2**63}").get_json()["code"] == "flask.most"
    for query, field in (("lent=maybe", "query.lent"), ("size=tiny", "query.size"), ("note=x", "query.note")):
        answer = shop.api(ROOT).get(f"/r/tools?{query}")
        assert (answer.status_code, answer.get_json()["field"]) == (422, field)
    assert shop.api(ROOT).get("/r/tools?bought=yesterday").status_code == 422


WRONG = [
    ({}, "body.name", "flask.lacking"),
    ({"name": None}, "body.name", "flask.type"),
    ({"name": ""}, "tools.name", "resource.required"),
    ({"name": "x" * 21}, "body.name", "flask.text_long"),
    ({"name": "x", "colour": "red"}, "body.colour", "flask.unknown"),
    ({"name": "x", "count": "many"}, "body.count", "flask.type"),
    ({"name": "x", "size": "tiny"}, "body.size", "flask.choice"),
    ({"name": "x", "bought": "2025-02-30"}, "body.bought", "flask.day"),
    ({"name": "x", "checked_at": "noon"}, "body.checked_at", "flask.instant"),
    ({"name": "x", "weight": "heavy"}, "tools.weight", "field.decimal"),
    ({"name": "x", "weight": 2.5}, "body.weight", "flask.type"),
    ({"name": "x", "price": {"amount": "1"}}, "body.price.currency", "flask.lacking"),
    ({"name": "x", "price": {"amount": "one", "currency": "CNY"}}, "tools.price", "field.money"),
    ({"name": "x", "owner": "wang"}, "body.owner", "flask.reference"),
    ({"name": "x", "every": "often"}, "tools.every", "field.duration"),
    ({"name": "x", "tags": "red"}, "tools.tags", None),
    ({"name": "x", "makers": [{"channel": 1}]}, "tools.makers", None),
    ({"name": "x", "custom.bay": "left"}, "body.custom.bay", "flask.type"),
    ({"name": "x", "custom.kind": "none"}, "body.custom.kind", "flask.choice"),
    ({"name": "a\0b"}, "tools.name", "row.nul"),
]


@pytest.mark.parametrize(("body", "field", "code"), WRONG)
def test_a_wrong_value_names_its_field(shop, body, field, code):
    answer = shop.api(ROOT).post("/r/tools", body)
    told = answer.get_json()
    assert (answer.status_code, told["field"]) == (422, field), told
    assert code in (None, told["code"])
    assert len(tools(shop)) == 3


def test_who_may_what(shop):
    """Engineers read, lend and edit by the plugin's grants, managers all of tools, customers nothing."""
    path = f"/r/tools/{ident(shop, 'saw')}"
    asked = {
        "list": lambda api: api.get("/r/tools"),
        "get": lambda api: api.get(path),
        "add": lambda api: api.post("/r/tools", {"name": "new"}),
        "edit": lambda api: api.patch(path, {"count": 5}, api.get(path).headers.get("ETag", '"1"')),
        "lend": lambda api: api.post(f"{path}/actions/lend", {"to": "sun"}),
        "scrap": lambda api: api.post(f"{path}/actions/scrap"),
    }
    wanted = {
        None: (401, 401, 401, 401, 401, 401),
        LI: (403, 403, 403, 403, 403, 403),
        WANG: (200, 200, 403, 200, 200, 403),
        ZHAO: (200, 200, 201, 200, 422, 200),
    }
    for who, statuses in wanted.items():
        assert tuple(ask(shop.api(who)).status_code for ask in asked.values()) == statuses, who


def test_of_another_tenant_there_is_nothing(shop):
    path = f"/r/tools/{ident(shop, 'saw')}"
    north = shop.api(ROOT, tenant="north")
    assert north.get("/r/tools").get_json()["items"] == []
    assert north.get(path).status_code == 404
    assert north.patch(path, {"count": 2}, '"1"').status_code == 404
    assert north.post(f"{path}/actions/scrap").status_code == 404
    assert shop.api(ROOT).get(path).status_code == 200


def test_reading_writes_nothing(shop):
    path = f"/r/tools/{ident(shop, 'saw')}"
    with Statements(shop.care.storage.engine) as seen:
        for each in ("/r/tools", "/r/tools?lent=false&limit=1", path, "/r/bins", "/r/logs"):
            assert shop.api(ROOT).get(each).status_code == 200
    assert seen.all
    assert seen.writes() == []


@pytest.mark.parametrize("path", ["/r/none", "/r/tools/none", "/r/tools/%00", "/r/tools/" + "x" * 300, "/r"])
def test_what_is_not_there(shop, path):
    assert shop.api(ROOT).get(path).status_code == 404


def test_a_house_without_plugins_has_no_resources(house):
    assert [path for path in spoken(house.app)["paths"] if path.startswith("/r/")] == []
    assert operation_of(house.app, "GET", "/careplug/api/v1/r/tools") is None
