"""Every operation once as it is meant, and the documented problems it can answer with."""

from __future__ import annotations

import io
import json
import re

import pytest
from flask_kit import API, LI, WANG, ZHAO, facts, improvements, spoken, state_of, surveyed

from careplug.storage.files import MemoryFiles

SOON = "2026-01-07T10:00:00+08:00"
LINE = json.dumps({"kind": "fault", "subject": "one of many"}).encode() + b"\n"
PARTY = {
    "ref": "person:sun",
    "name": "Sun",
    "roles": ["engineer"],
    "addresses": [{"channel": "mail", "value": "s@e.x"}],
}


def tag(api, path):
    return api.get(path).headers["ETag"]


def upload(name="a.txt", content=b"words", media="text/plain"):
    return {"data": {"file": (io.BytesIO(content), name, media)}, "content_type": "multipart/form-data"}


def policy(api):
    return {"data": api.get("/policies/standard").get_json()["data"]}


VISIT = {"attitude": 5, "quality": 4, "skill": 5}


# operation → who, method, path, and what else is sent; a function is asked with the client and the seen ids
HAPPY = {
    "submitFeedback": (LI, "POST", "/feedback", {"json": {"kind": "fault", "subject": "It does not open"}}),
    "listFeedback": (LI, "GET", "/feedback?limit=2&state=received&kind=fault&requester=person:li&priority=1", {}),
    "searchFeedback": (LI, "GET", "/search?q=opens%20not&limit=5&kind=fault", {}),
    "getFeedback": (LI, "GET", "/feedback/{fresh}", {}),
    "editFeedback": (WANG, "PATCH", "/feedback/{fresh}", {"json": {"subject": "new", "product": "product:7"}}),
    "prioritiseFeedback": (WANG, "POST", "/feedback/{fresh}/priority", {"json": {"reason": "it spreads", "impact": 2}}),
    "listFacts": (LI, "GET", "/feedback/{busy}/facts", {}),
    "listSteps": (WANG, "GET", "/feedback/{busy}/steps", {}),
    "replyToFeedback": (LI, "POST", "/feedback/{busy}/replies", {"json": {"body": "thanks"}}),
    "noteFeedback": (WANG, "POST", "/feedback/{busy}/notes", {"json": {"body": "for us"}}),
    "recordCall": (WANG, "POST", "/feedback/{busy}/calls", {"json": {"direction": "out", "body": "told him"}}),
    "appoint": (WANG, "POST", "/feedback/{busy}/appointments", {"json": {"start": SOON, "mode": "onsite"}}),
    "recordFact": (WANG, "POST", "/feedback/{busy}/facts", {"json": {"type": "arrived", "data": {"place": "hall"}}}),
    "takeStep": (WANG, "POST", "/feedback/{fresh}/steps", {"json": {"step": "confirm"}}),
    "pauseFeedback": (WANG, "POST", "/feedback/{fresh}/pauses", {"json": {"reason": "waiting_vendor", "until": SOON}}),
    "resumeFeedback": (WANG, "DELETE", "/feedback/{busy}/pauses/waiting_customer", {}),
    "assignFeedback": (
        WANG,
        "POST",
        "/feedback/{fresh}/assignment",
        {"json": {"assignee": "person:sun", "team": None}},
    ),
    "expectFeedback": (
        WANG,
        "POST",
        "/feedback/{busy}/expectation",
        {"json": {"expected_at": SOON, "reason": "parts"}},
    ),
    "voidFact": (ZHAO, "POST", "/feedback/{busy}/void", {"json": {"sequence": 4, "reason": "told twice"}}),
    "overrideState": (ZHAO, "POST", "/feedback/{fresh}/override", {"json": {"state": "closed", "reason": "by phone"}}),
    "linkFeedback": (WANG, "POST", "/feedback/{fresh}/links", {"json": {"other": "{other}"}}),
    "listAttachments": (LI, "GET", "/feedback/{busy}/attachments", {}),
    "attachFile": (LI, "POST", "/feedback/{busy}/attachments", upload),
    "getAttachment": (LI, "GET", "/feedback/{busy}/attachments/{attachment}", {}),
    "submitMany": (WANG, "POST", "/feedback/bulk", {"data": LINE * 2, "content_type": "application/x-ndjson"}),
    "exportMany": (WANG, "GET", "/feedback/bulk?category=open", {}),
    "listClocks": (WANG, "GET", "/clocks?metric=response&before=2027-01-01T00:00:00Z", {}),
    "listClocksOfFeedback": (WANG, "GET", "/feedback/{busy}/clocks", {}),
    "explainFeedback": (WANG, "GET", "/feedback/{busy}/receipts", {}),
    "reportAttainment": (ZHAO, "GET", "/attainment?since=2026-01-01T00:00:00%2B08:00", {}),
    "listPolicies": (WANG, "GET", "/policies", {}),
    "getPolicy": (WANG, "GET", "/policies/standard", {}),
    "putPolicy": (ZHAO, "PUT", "/policies/standard", lambda api: {"json": policy(api)}),
    "listPolicyRevisions": (WANG, "GET", "/policies/standard/revisions", {}),
    "acceptPolicy": (ZHAO, "POST", "/policies/standard/revisions/{digest}/accept", {}),
    "listCalendars": (WANG, "GET", "/calendars", {}),
    "getCalendar": (WANG, "GET", "/calendars/{calendar}", {}),
    "putCalendar": (ZHAO, "PUT", "/calendars/{calendar}", lambda api: {"json": calendar(api)}),
    "listCalendarRevisions": (WANG, "GET", "/calendars/{calendar}/revisions", {}),
    "acceptCalendar": (ZHAO, "POST", "/calendars/{calendar}/revisions/{digest}/accept", {}),
    "listSubscriptions": (WANG, "GET", "/subscriptions", {}),
    "getSubscription": (WANG, "GET", "/subscriptions/{subscription}", {}),
    "putSubscription": (ZHAO, "PUT", "/subscriptions/{subscription}", lambda api: {"json": subscription(api)}),
    "listSubscriptionRevisions": (WANG, "GET", "/subscriptions/{subscription}/revisions", {}),
    "acceptSubscription": (ZHAO, "POST", "/subscriptions/{subscription}/revisions/{digest}/accept", {}),
    "listParties": (WANG, "GET", "/parties?active=true", {}),
    "addParty": (ZHAO, "POST", "/parties", {"json": PARTY}),
    "getParty": (WANG, "GET", "/parties/{party}", {}),
    "editParty": (ZHAO, "PATCH", "/parties/{party}", {"json": {"name": "Li Na (new)", "zone": "Europe/Berlin"}}),
    "forgetParty": (ZHAO, "DELETE", "/parties/{party}", {}),
    "listMessages": (WANG, "GET", "/messages?state=pending&feedback_id={busy}", {}),
    "getMessage": (WANG, "GET", "/messages/{message}", {}),
    "retryMessage": (ZHAO, "POST", "/messages/{failed}/retry", {}),
    "cancelMessage": (ZHAO, "POST", "/messages/{message}/cancel", {}),
    "listSurveyForms": (WANG, "GET", "/surveys/forms", {}),
    "getSurveyForm": (WANG, "GET", "/surveys/forms/opinion", {}),
    "putSurveyForm": (ZHAO, "PUT", "/surveys/forms/opinion", lambda api: {"json": survey_form(api)}),
    "listSurveyInvitations": (WANG, "GET", "/surveys/invitations?feedback_id={busy}&state=scheduled", {}),
    "inviteToSurvey": (ZHAO, "POST", "/surveys/invitations", {"json": {"feedback_id": "{busy}", "form": "nps"}}),
    "getSurveyInvitation": (WANG, "GET", "/surveys/invitations/{invitation}", {}),
    "getSurveyLink": (ZHAO, "GET", "/surveys/invitations/{invitation}/link", {}),
    "withdrawSurveyInvitation": (ZHAO, "POST", "/surveys/invitations/{invitation}/withdraw", {}),
    "listSurveyResponses": (ZHAO, "GET", "/surveys/responses?feedback_id={busy}&form=opinion&low=false", {}),
    "getSurveyResponse": (ZHAO, "GET", "/surveys/responses/{response}", {}),
    "enterSurveyResponse": (
        WANG,
        "POST",
        "/surveys/responses",
        {"json": {"form": "return_visit", "feedback_id": "{busy}", "answers": VISIT}},
    ),
    "reportSurveyScores": (ZHAO, "GET", "/surveys/forms/opinion/scores?by=month&kind=question&confidence=90", {}),
    "listImprovements": (ZHAO, "GET", "/improvements?state=planned&owner=person:wang", {}),
    "planImprovement": (ZHAO, "POST", "/improvements", {"json": {"title": "Faster", "form": "csat"}}),
    "getImprovement": (ZHAO, "GET", "/improvements/{improvement}", {}),
    "editImprovement": (ZHAO, "PATCH", "/improvements/{improvement}", {"json": {"due_on": "2026-03-01"}}),
    "finishImprovement": (ZHAO, "POST", "/improvements/{improvement}/done", {"json": {"result": "They call first"}}),
    "dropImprovement": (ZHAO, "POST", "/improvements/{improvement}/drop", {"json": {"result": "No longer needed"}}),
    "measureImprovement": (ZHAO, "POST", "/improvements/{improved}/measure", {}),
    "openSurvey": (None, "POST", "/surveys/open", {"json": {"token": "{token}"}}),
    "answerSurvey": (None, "POST", "/surveys/answers", {"json": {"token": "{token}", "answers": {"satisfaction": 5}}}),
}
EDITS = (
    "editFeedback",
    "prioritiseFeedback",
    "editParty",
    "editImprovement",
    "finishImprovement",
    "dropImprovement",
    "measureImprovement",
)
"""What goes by If-Match: the tag of what is read without the last word of the path."""


def calendar(api):
    return {"data": api.get(f"/calendars/{first(api, 'calendars')}").get_json()["data"]}


def survey_form(api):
    return {"data": api.get("/surveys/forms/opinion").get_json()["data"], "label_en": "Anew"}


def subscription(api):
    return {"data": api.get(f"/subscriptions/{first(api, 'subscriptions')}").get_json()["data"], "label_en": "Anew"}


def first(api, kind):
    return api.get(f"/{kind}").get_json()["items"][0]["name"]


def filled(house, text):
    """A path or body with the ids of the seeded house."""
    if "{digest}" in text:
        kind, name = text.split("/")[1:3]
        name = {
            "{calendar}": first(house.api(), "calendars"),
            "{subscription}": first(house.api(), "subscriptions"),
        }.get(name, name)
        text = text.replace("{digest}", house.api().get(f"/{kind}/{name}").get_json()["digest"])
    known = {
        key: getattr(house.seen, key) for key in ("fresh", "busy", "done", "other", "attachment", "party", "message")
    }
    for kind in ("calendar", "subscription"):
        if f"{{{kind}}}" in text:
            known[kind] = first(house.api(), f"{kind}s")
    if any(f"{{{key}}}" in text for key in ("invitation", "response", "token")):
        known |= surveyed(house.care, house.seen.busy)
    if "{improve" in text:
        known |= improvements(house.care)
    if "{failed}" in text:
        known["failed"] = failed_message(house)
    for key, value in known.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def failed_message(house):
    """A message that was given up."""
    import attrs

    from careplug.messages.entities import Message

    with house.care.transaction(tenant="") as store:
        old = store.get(Message, house.seen.message)
        store.save(attrs.evolve(old, state="failed"), was=old)
    return house.seen.message


def ask(house, name):
    who, method, path, more = HAPPY[name]
    api = house.api(who)
    if callable(more):
        more = more() if more is upload else more(house.api(ZHAO))
    if "json" in more:
        more = {**more, "json": json.loads(filled(house, json.dumps(more["json"])))}
    path = filled(house, path)
    if name in EDITS:
        read = re.sub("/(priority|done|drop|measure)$", "", path)
        more = {**more, "headers": {"If-Match": tag(api, read)}}
    return api(method, path, **more)


def test_every_operation_is_tried(house):
    named = {each["operationId"] for methods in spoken(house.app)["paths"].values() for each in methods.values()}
    assert named == set(HAPPY)


@pytest.mark.parametrize("name", HAPPY)
def test_it_does_what_it_says(house, name):
    answer = ask(house, name)
    known = {each.name: each for each in state_of(house.app).table.operations}
    assert answer.status_code == known[name].status, answer.text
    documented = next(
        each["responses"][str(answer.status_code)].get("headers", {})
        for methods in spoken(house.app)["paths"].values()
        for each in methods.values()
        if each["operationId"] == name
    )
    assert set(documented) - {"Link", "Idempotency-Replayed"} <= set(answer.headers.keys())


def test_what_was_done_can_be_read(house):
    busy = f"/feedback/{house.seen.busy}"
    before = facts(house, house.seen.busy)
    for name in (
        "replyToFeedback",
        "noteFeedback",
        "recordCall",
        "appoint",
        "recordFact",
        "expectFeedback",
        "attachFile",
    ):
        assert ask(house, name).status_code in (200, 201)
    told = [fact["type"] for fact in house.api(WANG).get(f"{busy}/facts").get_json()["items"][before:]]
    assert [each for each in told if each != "resumed"] == [
        "replied", "noted", "called", "appointed", "arrived", "expected", "attached",
    ]  # fmt: skip


def test_a_case_is_found_by_its_number_too(house):
    number = house.seen.numbers[house.seen.fresh]
    assert house.api(LI).get(f"/feedback/{number}").get_json()["id"] == house.seen.fresh
    assert house.api(WANG).post(f"/feedback/{number}/notes", {"body": "x"}).get_json()["id"] == house.seen.fresh


def test_where_a_new_object_is(house):
    made = house.api(LI).post("/feedback", {"kind": "fault", "subject": "x"})
    assert house.api(LI).get(made.headers["Location"]).get_json() == made.get_json()
    party = house.api(ZHAO).post("/parties", PARTY)
    assert house.api(ZHAO).get(party.headers["Location"]).get_json() == party.get_json()


def test_an_edit_changes_what_was_sent_alone(house):
    api, path = house.api(WANG), f"/feedback/{house.seen.fresh}"
    before = api.get(path).get_json()
    after = api.patch(path, {"product": "product:7", "custom": {}}, tag(api, path)).get_json()
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"product", "version", "sequence"}
    cleared = api.patch(path, {"product": None}, f'"{after["version"]}"').get_json()
    assert cleared["product"] is None


@pytest.mark.parametrize("kind", ["policies", "calendars", "subscriptions"])
def test_a_definition_is_put_read_and_put_back(house, kind):
    """Its label too; the revision it had is still there and can be the active one again."""
    api, path = house.api(ZHAO), f"/{kind}/{first(house.api(ZHAO), kind)}"
    old = api.get(path).get_json()
    assert (
        api("PUT", f"/{kind}/copy", json={"data": old["data"], "label_en": "Mine", "label_zh": "我的"}).status_code
        == 200
    )
    copy = api.get(f"/{kind}/copy").get_json()
    assert (copy["label_en"], copy["label_zh"], copy["data"], copy["revision"]) == ("Mine", "我的", old["data"], 1)
    again = api("PUT", f"/{kind}/copy", json={"data": old["data"]})
    assert (again.status_code, again.get_json()["revision"]) == (200, 1)
    revisions = api.get(f"/{kind}/copy/revisions").get_json()["items"]
    assert [(each["revision"], each["state"]) for each in revisions] == [(1, "active")]
    wrong = api("PUT", f"/{kind}/copy", json={"data": {**old["data"], "surprise": 1}})
    assert wrong.status_code == 422
    assert api.get(f"/{kind}/copy").get_json() == copy


def test_what_an_import_remarked_is_for_the_service_side(house):
    import attrs

    from careplug.feedback.entities import Feedback

    with house.care.transaction(tenant="") as store:
        old = store.get(Feedback, house.seen.fresh)
        store.save(attrs.evolve(old, flags=("late",)), was=old)
    path = f"/feedback/{house.seen.fresh}"
    assert house.api(WANG).get(path).get_json()["flags"] == ["late"]
    assert house.api(LI).get(path).get_json()["flags"] == []
    assert [each["flags"] for each in house.api(LI).get("/feedback").get_json()["items"]] == [[], [], []]
    lines = house.api(LI).get("/feedback/bulk").text.splitlines()
    assert [json.loads(line)["flags"] for line in lines] == [[], [], []]


PROBLEMS = [
    # status, code, field, who, method, path, more
    (404, "feedback.missing", "feedback.id", LI, "GET", "/feedback/CP-2026-999999", {}),
    (404, "feedback.missing", "feedback.id", LI, "GET", "/feedback/01a21d23-1c3f-7000-a290-2a0be87757f1", {}),
    (404, "feedback.missing", "feedback.id", LI, "POST", "/feedback/none/replies", {"json": {"body": "x"}}),
    (404, "feedback.missing", "feedback.id", WANG, "GET", "/messages?feedback_id=none", {}),
    (404, "feedback.missing", "feedback.id", WANG, "POST", "/feedback/{fresh}/links", {"json": {"other": "none"}}),
    (404, "flask.attachment", "attachment.id", LI, "GET", "/feedback/{busy}/attachments/none", {}),
    (404, "flask.attachment", "attachment.id", LI, "GET", "/feedback/{fresh}/attachments/{attachment}", {}),
    (404, "definition.missing", "definition.policy", WANG, "GET", "/policies/none", {}),
    (404, "definition.missing", "definition.policy", WANG, "GET", "/policies/none/revisions", {}),
    (404, "party.missing", "party.id", WANG, "GET", "/parties/none", {}),
    (404, "message.missing", "message.id", WANG, "GET", "/messages/none", {}),
    (403, "permission.role", "permission.feedback.note", LI, "POST", "/feedback/{fresh}/notes", {"json": {"body": "x"}}),
    (403, "step.state", "step.resolve", WANG, "POST", "/feedback/{fresh}/steps", {"json": {"step": "resolve"}}),
    (403, "submit.requester", "requester.other", LI, "POST", "/feedback",
     {"json": {"kind": "fault", "subject": "x", "requester": "person:chen"}}),
    (409, "party.exists", "party.ref", ZHAO, "POST", "/parties", {"json": {"ref": "person:li", "name": "Li"}}),
    (422, "custom.unknown", "custom.x", LI, "POST", "/feedback",
     {"json": {"kind": "fault", "subject": "x", "custom": {"x": 1}}}),
    (415, "flask.media", "header.Content-Type", LI, "POST", "/feedback", {"data": "{}", "content_type": "text/plain"}),
    (415, "flask.media", "header.Content-Type", LI, "POST", "/feedback", {"data": "{}"}),
    (415, "flask.media", "header.Content-Type", LI, "POST", "/feedback",
     {"data": "{}", "content_type": "application/json; charset=utf-16"}),
    (415, "flask.media", "header.Content-Type", WANG, "POST", "/feedback/bulk", {"json": {}}),
    (415, "flask.media", "header.Content-Type", LI, "POST", "/feedback/{busy}/attachments", {"json": {}}),
    (413, "flask.large", "body", LI, "POST", "/feedback",
     {"data": b" " * (4 * 1024 * 1024 + 1), "content_type": "application/json"}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "field", "who", "method", "path", "more"), PROBLEMS)
def test_a_problem_says_what_is_wrong(house, status, code, field, who, method, path, more):
    answer = house.api(who)(method, filled(house, path), **more)
    told = answer.get_json()
    assert (answer.status_code, told["code"], told["field"]) == (status, code, field)
    assert told["status"] == status
    assert told["title"]
    assert told["detail"].startswith(field)


def test_both_languages(house):
    path = "/feedback/none"
    english, chinese = house.api(LI).get(path), house.api(LI, language="zh_CN").get(path)
    assert english.get_json()["title"] == "Not found"
    assert chinese.get_json()["title"] == "未找到"
    assert chinese.headers["Content-Language"] == "zh-CN"
    assert house.api(LI).get(f"{path}?lang=zh").get_json()["title"] == "未找到"
    assert house.api(LI, language="zh_CN").get(f"{path}?lang=en").get_json()["title"] == "Not found"
    wrong = house.api(LI).get("/feedback?lang=fr")
    assert (wrong.status_code, wrong.get_json()["field"]) == (422, "query.lang")
    labels = {
        language: house.api(WANG, language=language).get(f"/feedback/{house.seen.fresh}/steps")
        for language in ("en", "zh")
    }
    assert labels["en"].get_json() != labels["zh"].get_json()


def test_whatever_is_below_the_api_and_nowhere_else(house):
    api = house.api(LI)
    for method in ("GET", "POST", "PROPFIND", "TRACE"):
        answer = api(method, "/none/at/all")
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
        assert answer.get_json()["code"] == "flask.page"
    assert house.app.test_client().get(f"{API}/none").status_code == 404
    assert house.app.test_client().get("/elsewhere").mimetype == "text/html"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/feedback", "GET, HEAD, POST, OPTIONS"),
        ("/feedback/", "GET, HEAD, POST, OPTIONS"),
        ("/feedback/bulk", "GET, HEAD, POST, OPTIONS"),
        ("/feedback/x", "GET, HEAD, PATCH, OPTIONS"),
        ("/feedback/x/replies", "POST, OPTIONS"),
        ("/feedback/x/pauses/y", "DELETE, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_methods(house, path, allowed):
    api = house.api(WANG)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
        if method in allowed.split(", "):
            continue
        answer = api(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed), method
        if method != "HEAD":
            assert answer.get_json()["code"] == "flask.method"
    asked = api("OPTIONS", path)
    assert (asked.status_code, asked.headers["Allow"], asked.data) == (204, allowed, b"")
    assert api("OPTIONS", "/none").status_code == 404


def test_a_slash_at_the_end_is_no_other_place(house):
    api = house.api(LI)
    assert api.get("/feedback/").get_json() == api.get("/feedback").get_json()
    assert api.get(f"/feedback/{house.seen.fresh}/").status_code == 200
    assert api.post("/feedback/", {"kind": "fault", "subject": "x"}).status_code == 201


def test_head_is_get_without_the_body(house):
    api = house.api(LI)
    for path in (
        "/feedback",
        f"/feedback/{house.seen.busy}",
        f"/feedback/{house.seen.busy}/attachments/{house.seen.attachment}",
    ):
        whole, head = api.get(path), api("HEAD", path)
        assert head.status_code == 200
        assert head.data == b""
        assert {key: value for key, value in head.headers.items() if key != "Date"} == dict(whole.headers.items())


class Broken(MemoryFiles):
    """A vendor's store of files that does not work."""

    def open(self, key, *, tenant):
        raise ZeroDivisionError("with a secret in it")


def test_an_operation_that_breaks_says_so_without_its_words(seeded_house, caplog):
    house = seeded_house(files=Broken())
    answer = house.api(LI).http.get(f"{API}/feedback/{house.seen.busy}/attachments/{house.seen.attachment}")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.get_json()["code"] == "internal"
    assert "secret" not in answer.text
    assert "with a secret in it" in caplog.text
