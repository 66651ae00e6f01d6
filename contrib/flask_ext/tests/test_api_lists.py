"""Lists: every row once whatever the page size, filters, the Link header, wrong queries."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask_kit import API, LI, QIAN, WANG, ZHAO

from careplug.messages.directory import Parties
from careplug.refs import Actor, Ref


@pytest.fixture
def full(house):
    """Many cases in one instant and in many, parties of one name, and the clocks and messages that come with them."""
    with house.care.unit(actor=WANG) as unit:
        for number in range(23):
            unit.feedback.submit("fault", f"same instant {number}", requester=Ref("person", "li"))
    with house.care.unit(actor=ZHAO) as unit:
        for number in range(11):
            unit.get(Parties).add(Ref("person", f"p{number}"), name="Wang Fang")
    return house


def pages(api, path):
    """The items of a list, its Link headers followed, and how many pages it took."""
    items, count = [], 0
    while path:
        answer = api.get(path)
        assert answer.status_code == 200, answer.text
        items += answer.get_json()["items"]
        count += 1
        following, link = answer.get_json()["next"], answer.headers.get("Link")
        assert (following is None) == (link is None)
        found = re.fullmatch(r'<http://localhost(/.*)>; rel="next"', link or "")
        path = found[1] if found else ""
    return items, count


@pytest.mark.parametrize(
    "path", ["/feedback?state=received", "/clocks?metric=response", "/parties?active=true", "/messages"]
)
@pytest.mark.parametrize("limit", [1, 3, 25, 200])
def test_every_row_once_whatever_the_size_of_a_page(full, path, limit):
    whole, _ = pages(full.api(ZHAO), f"{path}{'&' if '?' in path else '?'}limit=200")
    items, count = pages(full.api(ZHAO), f"{path}{'&' if '?' in path else '?'}limit={limit}")
    assert len(whole) > 10
    assert [each["id"] for each in items] == [each["id"] for each in whole]
    assert len({each["id"] for each in items}) == len(items)
    assert count == -(-len(items) // limit)


def test_rows_that_come_while_pages_are_read_lose_and_repeat_none(full):
    api = full.api(WANG)
    before = {each["id"] for each in pages(api, "/feedback?limit=200")[0]}
    first = api.get("/feedback?limit=5").get_json()
    full.now += timedelta(seconds=1)
    full.api(LI).submit()
    rest, _ = pages(api, f"/feedback?limit=5&after={first['next']}")
    seen = [each["id"] for each in first["items"] + rest]
    assert len(seen) == len(set(seen))
    assert set(seen) == before


def test_clocks_that_stand_come_last(house):
    items, _ = pages(house.api(WANG), "/clocks?limit=1")
    due = [each["due_at"] for each in items]
    assert None in due
    assert due == sorted(due, key=lambda each: (each is None, each or ""))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("state=received", {"fresh", "other"}),
        ("category=done", {"done"}),
        ("kind=question", {"busy"}),
        ("priority=1", {"fresh"}),
        ("requester=person:chen", {"other"}),
        ("assignee=person:wang", {"busy", "done"}),
        ("team=team:none", set()),
        ("received_from=2027-01-01T00:00:00Z", set()),
        ("received_before=2027-01-01T00:00:00%2B08:00", {"fresh", "busy", "done", "other"}),
        ("requester=person:li&category=open", {"fresh", "busy"}),
    ],
)
def test_filters(house, query, wanted):
    items, _ = pages(house.api(WANG), f"/feedback?{query}")
    assert {each["id"] for each in items} == {getattr(house.seen, name) for name in wanted}


def test_a_filter_by_number(house):
    number = house.seen.numbers[house.seen.busy]
    assert [each["id"] for each in pages(house.api(WANG), f"/feedback?number={number}")[0]] == [house.seen.busy]


def test_a_tenant_sees_its_own(house):
    items, _ = pages(house.api(QIAN, tenant="north"), "/feedback")
    assert [each["id"] for each in items] == [house.seen.north]
    assert {each["feedback_id"] for each in pages(house.api(QIAN, tenant="north"), "/clocks")[0]} == {house.seen.north}


def test_a_customer_sees_own_cases_and_those_of_the_organisation(house):
    assert {each["id"] for each in pages(house.api(LI), "/feedback?limit=1")[0]} == {
        house.seen.fresh, house.seen.busy, house.seen.done,
    }  # fmt: skip
    acme = Ref("organisation", "acme")
    made = house.api(WANG).submit(organisation="organisation:acme", requester="person:chen")
    anna = Actor.customer("anna", organisations=(acme,))
    assert [each["id"] for each in pages(house.api(anna), "/feedback")[0]] == [made["id"]]


WRONG = [
    ("/feedback?limit=0", "query.limit", "flask.least"),
    ("/feedback?limit=201", "query.limit", "flask.most"),
    ("/feedback?limit=-1", "query.limit", "flask.least"),
    ("/feedback?limit=ten", "query.limit", "flask.type"),
    ("/feedback?limit=", "query.limit", "flask.type"),
    ("/feedback?limit=1.0", "query.limit", "flask.type"),
    (f"/feedback?limit={'9' * 30}", "query.limit", "flask.most"),
    (f"/feedback?limit={'9' * 40}", "query.limit", "flask.type"),
    ("/feedback?limit=5&limit=6", "query.limit", "flask.query_twice"),
    ("/feedback?colour=red", "query.colour", "flask.unknown"),
    ("/feedback/{fresh}?colour=red", "query.colour", "flask.unknown"),
    ("/feedback?kind=null", "query.kind", "flask.choice"),
    ("/feedback?category=closed", "query.category", "flask.choice"),
    ("/feedback?requester=li", "query.requester", "flask.reference"),
    ("/feedback?requester=person:li%0A", "query.requester", "flask.reference"),
    ("/feedback?received_from=2026-01-01", "query.received_from", "flask.instant"),
    ("/feedback?received_from=2026-01-01T00:00:00", "query.received_from", "flask.instant"),
    ("/feedback?received_from=1700000000", "query.received_from", "flask.instant"),
    ("/feedback?after=nonsense", "query.after", "flask.cursor"),
    ("/feedback?after=W10", "query.after", "flask.cursor"),
    ("/feedback?after=%00", "query.after", "flask.cursor"),
    ("/feedback?after=é", "query.after", "flask.cursor"),
    ("/clocks?after=WyJhIiwiYiJd", "query.after", "flask.cursor"),
    ("/parties?active=yes", "query.active", "flask.type"),
    ("/messages?state=lost", "query.state", "flask.choice"),
    ("/openapi.json?colour=red", "query.colour", "flask.unknown"),
]


@pytest.mark.parametrize(("path", "field", "code"), WRONG)
def test_a_wrong_query_names_what_is_wrong(house, path, field, code):
    answer = house.api(ZHAO).get(path.format(fresh=house.seen.fresh))
    told = answer.get_json()
    assert (answer.status_code, told["field"], told["code"]) == (422, field, code)


def test_a_cursor_of_one_list_is_nothing_to_another(full):
    after = full.api(ZHAO).get("/parties?limit=1").get_json()["next"]
    assert full.api(ZHAO).get(f"/feedback?after={after}").status_code == 422


def test_the_link_keeps_what_was_asked(full):
    link = full.api(LI).get("/feedback?limit=2&kind=fault&lang=zh").headers["Link"]
    assert link.startswith(f"<http://localhost{API}/feedback?")
    assert {"limit=2", "kind=fault", "lang=zh"} <= set(re.split(r"[?&>]", link))
