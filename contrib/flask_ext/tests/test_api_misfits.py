"""What can be given wrongly, and what is said of it: field, code and the sentence in both languages."""

from __future__ import annotations

import json

import pytest
from flask_kit import LI, WANG, ZHAO

FAULT = {"kind": "fault", "subject": "x"}
SUBMIT = ("POST", "/feedback")
PARTY = ("POST", "/parties")


def said(**more):
    return json.dumps({**FAULT, **more})


TABLE = [
    # what, text of the body, status, code, field, English, Chinese (what follows the field)
    (SUBMIT, "", 400, "flask.json_end", "body",
     " cannot be read as JSON: it is empty or ends too early. Send the whole text; nothing was stored.",
     " 无法按 JSON 读取：内容为空或不完整。请发送完整内容；未保存任何数据。"),
    (SUBMIT, "{'kind'}", 400, "flask.json", "body",
     " cannot be read as JSON: it breaks at byte 1. Correct the text; nothing was stored.",
     " 无法按 JSON 读取：第 1 字节处出错。请更正内容；未保存任何数据。"),
    (SUBMIT, said() + " {}", 400, "flask.json", "body",
     " cannot be read as JSON: it breaks at byte 35. Correct the text; nothing was stored.",
     " 无法按 JSON 读取：第 35 字节处出错。请更正内容；未保存任何数据。"),
    (SUBMIT, '{"subject": "\\ud800"}', 400, "flask.json_end", "body", None, None),
    (SUBMIT, b'{"subject": "\xff"}', 400, "flask.json_text", "body",
     " is not UTF-8. Send JSON as UTF-8; nothing was stored.", " 不是 UTF-8 编码。请以 UTF-8 发送 JSON；未保存任何数据。"),
    (SUBMIT, '{"kind": "fault", "kind": "alarm", "subject": "x"}', 400, "flask.json_twice", "body",
     " names kind more than once in one object. Give it once; nothing was stored.",
     " 的同一对象中 kind 重复出现。请只给出一次；未保存任何数据。"),
    (SUBMIT, said(custom={"a": {"b": 1}}).replace('"b": 1', '"b": 1, "b": 2'), 400, "flask.json_twice", "body", None, None),
    (SUBMIT, said().replace("}", ', "custom": {"x": ' + "[" * 70 + "]" * 70 + "}}"), 400, "flask.json_deep", "body",
     " is nested deeper than 64 levels. Send it flatter; nothing was stored.", " 的嵌套超过 64 层。请减少嵌套；未保存任何数据。"),
    (SUBMIT, said().replace("}", ', "custom": {"x": ' + "[" * 90_000 + "]" * 90_000 + "}}"), 400, "flask.json_deep", "body",
     None, None),
    (SUBMIT, "[]", 422, "flask.type", "body", ": an object is wanted, not a list.", "：需要对象，而不是列表。"),
    (SUBMIT, "null", 422, "flask.type", "body", ": an object is wanted, not null.", "：需要对象，而不是空值。"),
    (SUBMIT, '{"kind": "fault"}', 422, "flask.lacking", "body.subject",
     " is missing. Give it a value.", None),
    (SUBMIT, said(subjekt="x"), 422, "flask.unknown", "body.subjekt",
     " is not known here. Correct the name or leave it out; nothing was stored.",
     " 在此处无效。请更正名称或删去；未保存任何数据。"),
    (SUBMIT, said(kind="wish"), 422, "flask.choice", "body.kind",
     (": 'wish' is not possible; give one of: alarm, change, complaint, data_fix, fault, inquiry, installation, question, "
     "security, suggestion, training."),
     ("：'wish' 无效；可用：alarm, change, complaint, data_fix, fault, inquiry, installation, question, security, suggestion, "
     "training。")),
    (SUBMIT, said(kind=7), 422, "flask.type", "body.kind", ": text is wanted, not a whole number.", "：需要文本，而不是整数。"),
    (SUBMIT, said(subject=""), 422, "flask.text_short", "body.subject",
     ": the text needs at least 1 characters. Write something.", "：文本至少需要 1 个字符。请填写内容。"),
    (SUBMIT, said(subject="x" * 501), 422, "flask.text_long", "body.subject",
     ": the text may have 500 characters. Make it shorter.", "：文本最多 500 个字符。请缩短内容。"),
    (SUBMIT, said(subject=" "), 422, "text.required", "subject", None, None),
    (SUBMIT, said(body="a\0b"), 422, "row.nul", None, None, None),
    (SUBMIT, said(impact=0), 422, "flask.least", "body.impact", ": the least is 1. Give more.", "：最小为 1。请增大。"),
    (SUBMIT, said(impact=4), 422, "flask.most", "body.impact", ": the most is 3. Give less.", "：最大为 3。请减小。"),
    (SUBMIT, said(impact=1.5), 422, "flask.type", "body.impact", ": a whole number is wanted, not a number.", "：需要整数，而不是数字。"),
    (SUBMIT, said(impact=True), 422, "flask.type", "body.impact",
     ": a whole number is wanted, not true or false.", "：需要整数，而不是真假值。"),
    (SUBMIT, said(impact=10**30), 422, "flask.most", "body.impact", None, None),
    (SUBMIT, said(answered=1), 422, "flask.type", "body.answered",
     ": true or false is wanted, not a whole number.", "：需要真假值，而不是整数。"),
    (SUBMIT, said(requester="li"), 422, "flask.reference", "body.requester",
     ": this is no reference; write kind:id, such as person:42.", "：不是引用；请写成 kind:id 的形式，例如 person:42。"),
    (SUBMIT, said(requester=5), 422, "flask.type", "body.requester",
     ": text / null is wanted, not a whole number.", "：需要文本 / 空值，而不是整数。"),
    (SUBMIT, said(at="tomorrow"), 422, "flask.instant", "body.at",
     ": this is no instant; write it with its offset, such as 2026-02-14T09:30:00+08:00.",
     "：不是有效时刻；请带上时差书写，例如 2026-02-14T09:30:00+08:00。"),
    (SUBMIT, said(at="2026-01-01T00:00:00"), 422, "flask.instant", "body.at", None, None),
    (SUBMIT, said(at=5), 422, "flask.type", "body.at",
     ": an instant / null is wanted, not a whole number.", "：需要时刻 / 空值，而不是整数。"),
    (SUBMIT, said(at="9999-12-31T23:59:59-14:00"), 422, "clock.range", "at", None, None),
    (SUBMIT, said(custom=[]), 422, "flask.type", "body.custom", ": an object is wanted, not a list.", "：需要对象，而不是列表。"),
    (SUBMIT, said(custom={"x": "HUGE"}).replace('"HUGE"', "1e999"), 422, "flask.huge", "body.custom",
     ": the number is larger than any that is kept. Give a smaller one, or text.", "：数字超出可保存的范围。请给出较小的数字，或改用文本。"),
    (SUBMIT, said(custom={"x": 1}), 422, "custom.unknown", "custom.x", None, None),
    (PARTY, {"ref": "person:x", "name": "X", "roles": ["a"] * 51}, 422, "flask.list_long", "body.roles",
     ": the list may have 50 entries. Leave some out.", "：列表最多 50 项。请减少。"),
    (PARTY, {"ref": "person:x", "name": "X", "roles": ["a", ""]}, 422, "flask.text_short", "body.roles[1]", None, None),
    (PARTY, {"ref": "person:x", "name": "X", "addresses": [{"channel": "mail"}]}, 422, "flask.lacking",
     "body.addresses[0].value", None, None),
    (PARTY, {"ref": "person:x", "name": "X", "zone": "Mars"}, 422, "party.zone", "party.zone", None, None),
    (("POST", "/feedback/{busy}/appointments"), {"start": "2026-01-07T10:00:00Z", "mode": "here"}, 422, "flask.choice",
     "body.mode", ": 'here' is not possible; give one of: onsite, remote.", "：'here' 无效；可用：onsite, remote。"),
    (("POST", "/feedback/{busy}/facts"), {"type": "arrived", "data": {"x": 1.5}}, 422, None, None, None, None),
    (("POST", "/feedback/{busy}/facts"), {"type": "arr\0ived"}, 422, None, None, None, None),
    (("POST", "/feedback/{busy}/void"), {"sequence": 99, "reason": "x"}, None, None, None, None, None),
    (("PUT", "/policies/standard"), {"data": {"\0": 1}}, None, None, None, None, None),
    (("PUT", "/policies/standard"), {"data": {"targets": {"x": 1.5}}}, 422, None, None, None, None),
    (("PUT", "/policies/standard"), {"data": {"rank": 10**30}}, 422, None, None, None, None),
    (("PUT", "/calendars/x%00y"), {"data": {}}, 404, "flask.page", None, None, None),
    (("PUT", "/calendars/" + "x" * 190), {"data": {}}, 422, None, None, None, None),
    (("PUT", "/subscriptions/x"), {"data": {"x": 1}}, 422, None, None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "status", "code", "field", "english", "chinese"), TABLE)
def test_it_is_said_what_to_give(house, what, text, status, code, field, english, chinese):
    method, path = what
    path = path.replace("{busy}", house.seen.busy)
    data = json.dumps(text) if isinstance(text, dict) else text
    count = len(house.api(WANG).get("/feedback?limit=200").get_json()["items"])
    for language, sentence in (("en", english), ("zh", chinese)):
        api = house.api(ZHAO, language=language)
        answer = api(method, path, data=data, content_type="application/json")
        told = answer.get_json()
        assert status in (None, answer.status_code), told
        assert answer.status_code < 500
        assert code in (None, told["code"])
        assert field in (None, told["field"])
        assert told["code"] != "flask.other"
        if sentence is not None:
            assert told["detail"] == field + sentence
    assert len(house.api(WANG).get("/feedback?limit=200").get_json()["items"]) == count


@pytest.mark.parametrize(
    "path",
    [
        "/feedback/%00", "/feedback/x%00/facts", "/feedback/%ED%A0%80", "/feedback/%FF", "/feedback/" + "9" * 5000,
        "/feedback/{busy}/attachments/%00", "/feedback/{busy}/attachments/%FF%FE", "/parties/%00", "/parties/" + "x" * 3000,
        "/messages/%00", "/policies/%00", "/policies/%00/revisions", "/policies/" + "x" * 3000, "/calendars/a%0Ab",
        "/feedback?state=%00", "/feedback?number=%00", "/feedback?requester=a:%00", "/feedback?state=%ED%A0%80",
        "/parties?role=%00", "/clocks?metric=%00", "/messages?feedback_id=%00", "/clocks?before=9999-12-31T23:59:59-14:00",
        "/attainment?since=0001-01-01T00:00:00%2B14:00", "/feedback?received_from=0001-01-01T00:00:00%2B14:00",
        "/feedback/bulk?number=%00", "/parties?organisation=x:%00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_odd_address_is_a_problem_and_nothing_worse(house, prepared, database, path):
    api = house.api(ZHAO) if database == "sqlite" else prepared.api(ZHAO)
    busy = house.seen.busy if database == "sqlite" else prepared.seen.busy
    answer = api.get(path.replace("{busy}", busy))
    assert answer.status_code in (200, 404, 422), answer.text


@pytest.fixture(scope="module")
def prepared(database_urls):
    """A seeded house on PostgreSQL, which is stricter about what it is asked than SQLite."""
    from flask_kit import House, care_of, make_app, seed

    app = make_app(database_urls["postgresql"])
    seen = seed(app)
    care_of(app).close()
    house = House(database_urls["postgresql"], seen)
    yield house
    house.close()


def test_a_whole_number_may_be_written_with_a_point(house):
    """To JSON Schema 2.0 is an integer, so what our document says fits has to fit."""
    made = house.api(LI).post("/feedback", {"kind": "fault", "subject": "x", "impact": 2.0, "urgency": 1.0}).get_json()
    assert (made["impact"], made["urgency"]) == (2, 1)
    for wrong, code in ((4.0, "flask.most"), (1.5, "flask.type"), (1e300, "flask.most")):
        answer = house.api(LI).post("/feedback", {"kind": "fault", "subject": "x", "urgency": 1.0, "impact": wrong})
        assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_numbers_and_names_of_a_facts_data_come_back_as_they_were(house):
    data = {"x": 10**30, "a\0b": -1, "报表": [None, True, {"": ""}]}
    path = f"/feedback/{house.seen.busy}/facts"
    assert house.api(WANG).post(path, {"type": "arrived", "data": data}).status_code == 200
    told = house.api(WANG).get(path).get_json()["items"][-1]["data"]
    assert {key: told[key] for key in data} == data


def test_a_customer_is_told_the_same_way(house):
    answer = house.api(LI).post("/feedback", {"kind": "fault"})
    assert answer.get_json()["code"] == "flask.lacking"
