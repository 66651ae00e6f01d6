"""ETag, If-None-Match, If-Match; Idempotency-Key; what caches may keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_kit import CHEN, LI, WANG, ZHAO, Statements, facts

READS = [
    "/feedback",
    "/feedback/{busy}",
    "/feedback/{busy}/facts",
    "/feedback/{busy}/steps",
    "/feedback/{busy}/clocks",
    "/feedback/{busy}/receipts",
    "/feedback/{busy}/attachments",
    "/clocks",
    "/attainment",
    "/policies",
    "/policies/standard",
    "/parties/{party}",
    "/messages",
    "/openapi.json",
]


@pytest.mark.parametrize("path", READS)
def test_what_is_read_has_a_tag_that_is_asked_about(house, path):
    api, path = house.api(ZHAO), path.format(busy=house.seen.busy, party=house.seen.party)
    first = api.get(path)
    tag = first.headers["ETag"]
    again = api.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert api.get(path, headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    assert api.get(path, headers={"If-None-Match": '"x"'}).get_json() == first.get_json()
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie", "Accept-Language"} <= set(first.vary)


@pytest.mark.parametrize("path", ["/feedback", "/feedback/{busy}", "/feedback/{busy}/facts", "/feedback/{busy}/clocks"])
def test_a_tag_moves_with_what_happens(house, path):
    api, path = house.api(WANG), path.format(busy=house.seen.busy)
    before = api.get(path).headers["ETag"]
    house.api(LI).post(f"/feedback/{house.seen.busy}/replies", {"body": "it ends the pause"})
    assert api.get(path, headers={"If-None-Match": before}).status_code == 200


def test_a_tag_is_of_a_language(house):
    path = f"/feedback/{house.seen.fresh}/steps"
    english = house.api(WANG).get(path).headers["ETag"]
    assert house.api(WANG, language="zh").get(path, headers={"If-None-Match": english}).status_code == 200


EDITS = [
    ("PATCH", "/feedback/{fresh}", {"subject": "new"}),
    ("POST", "/feedback/{fresh}/priority", {"reason": "x", "impact": 3}),
    ("PATCH", "/parties/{party}", {"name": "new"}),
]


@pytest.mark.parametrize(("method", "path", "body"), EDITS)
@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (None, 428, "flask.if_match"),
        ('"7"', 412, None),
        ('"7.3"', 412, None),
        ('"0"', 412, None),
        ('"none-of-ours"', 412, "flask.etag"),
        ("1", 400, "flask.etag"),
        ("", 400, "flask.etag"),
        ("*", 400, "flask.etag"),
        ('"1", "2"', 400, "flask.etag"),
        ('"' + "9" * 30 + '"', 412, "flask.etag"),
    ],
)
def test_an_edit_goes_by_the_version_that_was_read(house, method, path, body, sent, status, code):
    api, path = house.api(ZHAO), path.format(fresh=house.seen.fresh, party=house.seen.party)
    where = path.removesuffix("/priority")
    before = api.get(where).get_json()
    answer = api(method, path, json=body, headers={} if sent is None else {"If-Match": sent})
    assert answer.status_code == status
    assert answer.get_json()["field"] == "header.If-Match"
    assert code in (None, answer.get_json()["code"])
    assert api.get(where).get_json() == before


@pytest.mark.parametrize(("method", "path", "body"), EDITS)
def test_the_second_of_two_who_read_the_same_is_told(house, method, path, body):
    api, path = house.api(ZHAO), path.format(fresh=house.seen.fresh, party=house.seen.party)
    tag = api.get(path.removesuffix("/priority")).headers["ETag"]
    first = api(method, path, json=body, headers={"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["ETag"] != tag
    assert api(method, path, json=body, headers={"If-Match": tag}).status_code == 412
    assert api(method, path, json=body, headers={"If-Match": f"W/{first.headers['ETag']}"}).status_code == 200


def test_what_is_appended_spoils_no_edit(house):
    path = f"/feedback/{house.seen.fresh}"
    tag = house.api(WANG).get(path).headers["ETag"]
    house.api(LI).post(f"{path}/replies", {"body": "one more thing"})
    assert house.api(WANG).patch(path, {"subject": "new"}, tag).status_code == 200


def test_a_step_goes_by_the_version_where_it_is_sent(house):
    api, path = house.api(WANG), f"/feedback/{house.seen.fresh}"
    tag = api.get(path).headers["ETag"]
    edited = api.patch(path, {"subject": "changed meanwhile"}, tag)
    body = {"step": "confirm"}
    stale = api.post(f"{path}/steps", body, headers={"If-Match": tag})
    assert (stale.status_code, stale.get_json()["field"]) == (412, "header.If-Match")
    assert api.post(f"{path}/steps", body, headers={"If-Match": "nonsense"}).status_code == 400
    assert api.post(f"{path}/steps", body, headers={"If-Match": edited.headers["ETag"]}).status_code == 200


# -- Idempotency-Key --

KEYED = [
    (
        LI,
        "POST",
        "/feedback",
        {"kind": "fault", "subject": "It does not open"},
        {"kind": "fault", "subject": "another"},
    ),
    (LI, "POST", "/feedback/{fresh}/replies", {"body": "one"}, {"body": "two"}),
    (WANG, "POST", "/feedback/{fresh}/notes", {"body": "one"}, {"body": "two"}),
    (WANG, "POST", "/feedback/{fresh}/calls", {"direction": "out"}, {"direction": "in"}),
    (WANG, "POST", "/feedback/{fresh}/steps", {"step": "confirm"}, {"step": "confirm", "note": "two"}),
    (WANG, "POST", "/feedback/{fresh}/pauses", {"reason": "waiting_vendor"}, {"reason": "waiting_parts"}),
    (WANG, "POST", "/feedback/{fresh}/assignment", {"team": "team:a"}, {"team": "team:b"}),
    (
        ZHAO,
        "POST",
        "/feedback/{fresh}/override",
        {"state": "closed", "reason": "x"},
        {"state": "closed", "reason": "y"},
    ),
]


@pytest.mark.parametrize(("who", "method", "path", "body", "other"), KEYED)
def test_the_same_request_with_the_same_key_is_done_once(house, who, method, path, body, other):
    api, path, key = house.api(who), path.format(fresh=house.seen.fresh), {"Idempotency-Key": "k-1"}
    first = api(method, path, json=body, headers=key)
    assert "Idempotency-Replayed" not in first.headers
    count = facts(house, first.get_json()["id"])
    again = api(method, path, json=body, headers=key)
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers.get("Location") == first.headers.get("Location")
    assert facts(house, first.get_json()["id"]) == count
    clash = api(method, path, json=other, headers=key)
    assert (clash.status_code, clash.get_json()["code"]) == (409, "key.used")
    assert clash.get_json()["field"] == "header.Idempotency-Key"


def test_a_repetition_tells_how_the_case_is_now(house):
    api, path, key = house.api(LI), f"/feedback/{house.seen.fresh}/replies", {"Idempotency-Key": "k"}
    first = api.post(path, {"body": "one"}, headers=key)
    api.post(path, {"body": "two"})
    again = api.post(path, {"body": "one"}, headers=key)
    assert again.get_json()["sequence"] == first.get_json()["sequence"] + 1


def test_one_key_for_a_submit_and_a_reply_is_a_clash(house):
    api, key = house.api(LI), {"Idempotency-Key": "k"}
    assert api.post("/feedback", {"kind": "fault", "subject": "x"}, headers=key).status_code == 201
    assert api.post(f"/feedback/{house.seen.fresh}/replies", {"body": "x"}, headers=key).status_code == 409


def test_two_people_may_choose_the_same_key(house):
    body, key = {"kind": "fault", "subject": "x"}, {"Idempotency-Key": "1"}
    made = [house.api(who).post("/feedback", body, headers=key).get_json() for who in (LI, CHEN)]
    assert made[0]["id"] != made[1]["id"]
    assert [each["requester"] for each in made] == ["person:li", "person:chen"]
    north = house.api(LI, tenant="north").post("/feedback", body, headers=key).get_json()
    assert north["id"] not in {each["id"] for each in made}


def test_a_key_whose_request_failed_is_free(house):
    api, path, key = house.api(WANG), f"/feedback/{house.seen.fresh}/steps", {"Idempotency-Key": "k"}
    assert api.post(path, {"step": "resolve"}, headers=key).status_code == 403
    assert api.post(path, {"step": "confirm"}, headers=key).status_code == 200


def test_a_key_is_kept_for_thirty_days(house):
    api, path, key = house.api(LI), f"/feedback/{house.seen.fresh}/replies", {"Idempotency-Key": "k"}
    api.post(path, {"body": "one"}, headers=key)
    house.now += timedelta(days=29)
    assert "Idempotency-Replayed" in api.post(path, {"body": "one"}, headers=key).headers
    house.now += timedelta(days=1, seconds=1)
    assert "Idempotency-Replayed" not in api.post(path, {"body": "one"}, headers=key).headers
    assert "Idempotency-Replayed" in api.post(path, {"body": "one"}, headers=key).headers


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_length(house, key):
    answer = house.api(LI).post("/feedback", {"kind": "fault", "subject": "x"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.get_json()["field"]) == (400, "header.Idempotency-Key")


def test_a_case_that_may_no_longer_be_seen_is_not_told_by_its_key(house):
    """A key of a customer whose case was given to somebody else by an edit: the repetition finds nothing."""
    api, key = house.api(LI), {"Idempotency-Key": "k"}
    body = {"kind": "fault", "subject": "x"}
    made = api.post("/feedback", body, headers=key)
    edited = house.api(WANG).patch(
        f"/feedback/{made.get_json()['id']}", {"requester": "person:chen"}, made.headers["ETag"]
    )
    assert edited.status_code == 200
    assert api.post("/feedback", body, headers=key).status_code == 404


def test_a_read_asks_the_database_for_its_own_alone(house):
    with Statements(house.care.storage.engine) as seen:
        house.api(LI).get(f"/feedback/{house.seen.fresh}")
    assert len([each for each in seen.all if each.lstrip().startswith("SELECT")]) <= 2
