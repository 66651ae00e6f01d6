"""The pages of plugins' resources: list, form, one entity, actions; for every type of field, without code of the plugin's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from desk_kit import BOSS, LI, WANG, Desk, Forms, make, writes

from careplug import Actor
from careplug.money import Money
from careplug.refs import SYSTEM, Ref
from careplug.resources import Resources
from careplug.text import Text
from tests.unit.resources.workshop import Size, plugin

TOOLS = "/careplug/r/tools"
ROOT = Actor.engineer("root", "admin")
FULL = {
    "name": "Meter",
    "note": "first\nsecond",
    "place": "bench",
    "count": "7",
    "lent": "true",
    "bought": "2026-01-31",
    "checked_at": "2026-02-01T09:30",
    "weight": "1.25",
    "price": "12.50 CNY",
    "owner": "person:wang",
    "label": "Meter|万用表",
    "size": "large",
    "tags": '["a", "b"]',
    "every": "1h30m",
    "custom.bay": "3",
    "custom.kind": "power",
    "custom.since": "2026-01-01",
}


@pytest.fixture
def desk(tmp_path):
    made = make(tmp_path, plugin())
    yield made
    made.care.close()


def add(desk: Desk, **values: Any) -> Any:
    with desk.care.unit(actor=SYSTEM) as unit:
        return unit.get(Resources).add("tools", {"name": "Meter", **values})


def get(desk: Desk, ident: str) -> Any:
    with desk.care.read(actor=SYSTEM) as unit:
        return unit.get(Resources).get("tools", ident)


def page(desk: Desk, path: str, actor: Actor = BOSS, language: str = "en") -> Forms:
    response = desk.client(actor, language).get(path)
    assert response.status_code == 200, response.get_data(as_text=True)
    return Forms(response.get_data(as_text=True))


def send(desk: Desk, on: str, where: str, /, actor: Actor = BOSS, language: str = "en", **typed: str) -> Any:
    return desk.client(actor, language).post(where, data={**page(desk, on, actor).forms[where], **typed})


def test_a_field_of_every_type_is_told_and_shown(desk: Desk):
    response = send(desk, f"{TOOLS}/new", f"{TOOLS}/new", **FULL)
    assert response.status_code == 303, Forms(response.get_data(as_text=True)).text
    made = get(desk, response.location.rpartition("/")[2])
    assert (made.name, made.note, made.place, made.count, made.lent) == ("Meter", "first\nsecond", "bench", 7, True)
    assert (made.bought, made.checked_at) == (date(2026, 1, 31), datetime(2026, 2, 1, 1, 30, tzinfo=UTC))
    assert (made.weight, made.price) == (Decimal("1.25"), Money(Decimal("12.50"), "CNY"))
    assert (made.owner, made.label, made.size) == (Ref("person", "wang"), Text("Meter", "万用表"), Size.LARGE)
    assert (made.tags, made.every) == (("a", "b"), timedelta(hours=1, minutes=30))
    assert made.custom == {"bay": 3, "kind": "power", "since": date(2026, 1, 1)}
    for language, words in (
        ("en", ("2026-02-01 09:30 Sun", "1 h 30 min", "12.50 CNY", "yes", "large", "a, b", "Bay")),
        ("zh_CN", ("2026-02-01 09:30 周日", "1 小时 30 分钟", "万用表", "是", "大", "a、b", "工位")),
    ):
        text = page(desk, response.location, language=language).text
        assert [each for each in words if each not in text] == []


def test_what_is_left_out_gets_its_default(desk: Desk):
    response = send(desk, f"{TOOLS}/new", f"{TOOLS}/new", name="Saw")
    made = get(desk, response.location.rpartition("/")[2])
    assert (made.place, made.count, made.lent, made.size, made.weight) == ("shelf", 1, False, Size.SMALL, None)


def test_a_form_sent_twice_makes_one(desk: Desk):
    sent = {**page(desk, "/careplug/r/bins/new", ROOT).forms["/careplug/r/bins/new"], "code": "a1"}
    first, second = (desk.client(ROOT).post("/careplug/r/bins/new", data=sent) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert second.location == "/careplug/r/bins"
    with desk.care.read(actor=SYSTEM) as unit:
        assert [each.code for each in unit.get(Resources).find("bins")] == ["A1"]


REFUSED = [
    ({"name": ""}, "name", "Name", "名称"),
    ({"name": "x" * 21}, "name", "Name", "名称"),
    ({"count": "many"}, "count", "count", "count"),
    ({"weight": "heavy"}, "weight", "weight", "weight"),
    ({"price": "12.50"}, "price", "price", "price"),
    ({"owner": "wang"}, "owner", "owner", "owner"),
    ({"size": "huge"}, "size", "Size", "尺寸"),
    ({"bought": "soon"}, "bought", "bought", "bought"),
    ({"checked_at": "soon"}, "checked_at", "checked_at", "checked_at"),
    ({"tags": "{"}, "tags", "tags", "tags"),
    ({"every": "often"}, "every", "every", "every"),
    ({"custom.bay": "left"}, "custom.bay", "Bay", "工位"),
]


@pytest.mark.parametrize(("typed", "field", "english", "chinese"), REFUSED)
def test_a_wrong_value_is_said_beside_its_field(standing: Desk, typed, field, english, chinese):
    for language, label in (("en", english), ("zh_CN", chinese)):
        response = send(standing, f"{TOOLS}/new", f"{TOOLS}/new", language=language, **{**FULL, **typed})
        html = response.get_data(as_text=True)
        assert response.status_code == 422
        assert re.search(rf'<(input|select|textarea)[^>]*id="f-new-{re.escape(field)}"[^>]*aria-invalid="true"', html)
        problem = re.search(r'role="alert"[^>]*><p>([^<]+)</p>', html)
        assert problem is not None
        assert label in problem[1]
        assert f"tools.{field}" not in problem[1]
        kept = Forms(html).forms[f"{TOOLS}/new"]
        assert kept["label"] == "Meter|万用表"
        assert field == "size" or kept[field] == typed[field]
    with standing.care.read(actor=SYSTEM) as unit:
        assert unit.get(Resources).find("tools") == []


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """One for the tests that store nothing."""
    made = make(tmp_path_factory.mktemp("standing"), plugin())
    yield made
    made.care.close()


def test_an_edit_changes_what_was_changed(desk: Desk):
    made = add(desk, checked_at=datetime(2026, 2, 1, 1, 30, 17, tzinfo=UTC), weight=Decimal("1.25"), count=7)
    item = f"{TOOLS}/{made.id}"
    assert send(desk, item, item, place="bench", weight="").status_code == 303
    now = get(desk, made.id)
    assert (now.place, now.weight, now.count, now.version) == ("bench", None, 7, 2)
    assert now.checked_at == made.checked_at  # the form shows no seconds, and takes none away


def test_a_stale_edit_keeps_what_was_typed(desk: Desk):
    made = add(desk)
    item = f"{TOOLS}/{made.id}"
    old = page(desk, item).forms[item]
    assert send(desk, item, item, place="bench").status_code == 303
    response = desk.client(BOSS).post(item, data={**old, "place": "van"})
    assert response.status_code == 409
    shown = Forms(response.get_data(as_text=True))
    assert "Somebody changed this entry while you were typing" in shown.text
    assert (shown.forms[item]["place"], shown.forms[item]["version"]) == ("van", "2")
    assert desk.client(BOSS).post(item, data=shown.forms[item]).status_code == 303
    assert get(desk, made.id).place == "van"


def test_actions_are_buttons_for_who_may(desk: Desk):
    made = add(desk)
    item = f"{TOOLS}/{made.id}"
    assert f"{item}/scrap" not in page(desk, item, WANG).forms
    refused = desk.client(WANG).post(f"{item}/scrap")
    assert refused.status_code == 403
    assert "may not" in refused.get_data(as_text=True)
    response = send(desk, item, f"{item}/lend", WANG)
    assert response.status_code == 422
    assert "To" in Forms(response.get_data(as_text=True)).text
    assert send(desk, item, f"{item}/lend", WANG, to="li").status_code == 303
    assert get(desk, made.id).owner == Ref("person", "li")
    again = send(desk, item, f"{item}/lend", WANG, language="zh_CN", to="li")
    assert again.status_code == 422
    assert "Meter 已借出" in again.get_data(as_text=True)
    gone = send(desk, item, f"{item}/scrap", BOSS)
    assert gone.location == TOOLS
    assert desk.client(BOSS).get(item).status_code == 404
    assert desk.client(BOSS).post(f"{TOOLS}/{made.id}/none").status_code == 404


def test_lists_are_narrowed_paged_and_in_order(desk: Desk):
    for number in range(30):
        size = "large" if number % 3 == 0 else "small"
        add(desk, **{"name": f"tool {number:02}", "size": size, "custom.bay": str(number)})
    client = desk.client(WANG)

    def names(html: str) -> list[str]:
        return re.findall(r">(tool \d+)</a>", html)

    first = client.get(TOOLS).get_data(as_text=True)
    assert names(first) == [f"tool {number:02}" for number in range(25)]
    following = re.search(r'<a href="([^"]+)" rel="next"', first)
    assert following is not None
    second = client.get(following[1].replace("&amp;", "&")).get_data(as_text=True)
    assert names(second) == [f"tool {number:02}" for number in range(25, 30)]
    assert len(names(client.get(f"{TOOLS}?size=large").get_data(as_text=True))) == 10
    assert names(client.get(f"{TOOLS}?custom.bay=7").get_data(as_text=True)) == ["tool 07"]
    assert names(client.get(f"{TOOLS}?name=tool+03&bought=").get_data(as_text=True)) == ["tool 03"]
    wrong = client.get(f"{TOOLS}?bought=soon")
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.get_data(as_text=True)
    assert client.get(f"{TOOLS}?after=nonsense").status_code == 422
    assert "Nothing fits" in client.get(f"{TOOLS}?name=none").get_data(as_text=True)


def test_the_plugins_own_rules_hold(desk: Desk):
    response = send(desk, "/careplug/r/bins/new", "/careplug/r/bins/new", ROOT, "zh_CN", code="x1")
    assert response.status_code == 422
    assert "不可用 x" in response.get_data(as_text=True)


def test_who_may_not_learns_nothing(desk: Desk):
    made = add(desk)
    customer = desk.client(LI)
    assert customer.get(TOOLS).status_code == 403
    assert customer.get(f"{TOOLS}/{made.id}").status_code == 403
    assert customer.get(f"{TOOLS}/nowhere").status_code == 403
    assert customer.post(f"{TOOLS}/{made.id}", data={"version": "1", "place": "x"}).status_code == 403
    assert desk.client(None).get(TOOLS).status_code == 401
    assert desk.client(WANG).get(f"{TOOLS}/new").status_code == 403
    assert f"{TOOLS}/new" not in desk.client(WANG).get(TOOLS).get_data(as_text=True)
    assert f"{TOOLS}/new" in desk.client(BOSS).get(TOOLS).get_data(as_text=True)
    assert desk.client(BOSS).get("/careplug/r/none").status_code == 404
    assert desk.client(ROOT).get("/careplug/r/logs/new").status_code == 403


def test_resources_are_in_the_navigation(desk: Desk):
    text = page(desk, "/careplug/queue", WANG, "zh_CN").text
    assert "工具" in text
    assert "料箱" in text
    assert "工具" not in Forms(desk.client(LI, "zh_CN").get("/careplug/my").get_data(as_text=True)).text


def test_reading_resources_writes_nothing(desk: Desk):
    made = add(desk)
    with desk.statements() as seen:
        for path in ("", "?size=large", "/new", f"/{made.id}", "/none"):
            desk.client(BOSS).get(f"{TOOLS}{path}")
    assert seen
    assert writes(seen) == []
