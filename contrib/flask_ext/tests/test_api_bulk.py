"""JSON lines in and out: bad lines are answered, the others stored; nothing is ever dropped without a word."""

from __future__ import annotations

import io
import json

import pytest
from flask_kit import API, LI, MONDAY, WANG, ZHAO, House

from careplug_flask.rest import bulk

GOOD = b'{"kind":"fault","subject":"fine"}'
BAD = [
    (b"{", 400, "flask.json_end"),
    (b"[]", 422, "flask.type"),
    (b'"text"', 422, "flask.type"),
    (b'{"kind":"fault"}', 422, "flask.lacking"),
    (b'{"kind":"none","subject":"x"}', 422, "flask.choice"),
    (b'{"kind":"fault","subject":"x","subject":"y"}', 400, "flask.json_twice"),
    (b'{"kind":"fault","subject":"x","surprise":1}', 422, "flask.unknown"),
    (b'{"kind":"fault","subject":"a\xff"}', 400, "flask.json_text"),
    (b'{"kind":"fault","subject":"a\\u0000b"}', 422, "row.nul"),
    (b'{"kind":"fault","subject":"x","requester":"person:chen"}', 403, "submit.requester"),
    (b'{"kind":"fault","subject":"x","custom":{"deep":' + b"[" * 80 + b"]" * 80 + b"}}", 400, "flask.json_deep"),
]  # fmt: skip


def send(api, data, **more):
    return api("POST", "/feedback/bulk", data=data, content_type="application/x-ndjson", **more)


def told(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


def test_bad_lines_are_answered_and_the_others_stored(house):
    lines = [part for bad, _, _ in BAD for part in (GOOD, bad)]
    answer = send(house.api(LI), b"\n".join(lines))
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    lines_told = told(answer)
    assert [each["line"] for each in lines_told] == list(range(1, len(lines) + 1))
    assert [each["status"] for each in lines_told[::2]] == [201] * len(BAD)
    assert [(each["status"], each["problem"]["code"]) for each in lines_told[1::2]] == [(s, c) for _, s, c in BAD]
    for each in lines_told[::2]:
        assert house.api(LI).get(f"/feedback/{each['id']}").get_json()["number"] == each["number"]
    assert len(house.api(LI).get("/feedback?limit=200").get_json()["items"]) == 3 + len(BAD)


def test_the_field_names_the_line(house):
    first, second = told(send(house.api(LI), GOOD + b'\n{"kind":"fault","subject":7}\n'))
    assert "problem" not in first
    assert second["problem"]["field"] == "line[2].subject"
    assert second["problem"]["detail"] == "line[2].subject: text is wanted, not a whole number."
    chinese = told(send(house.api(LI, language="zh"), b'{"kind":"fault","subject":7}\n'))
    assert chinese[0]["problem"]["detail"] == "line[1].subject：需要文本，而不是整数。"


def test_empty_lines_count_and_are_not_answered(house):
    assert [each["line"] for each in told(send(house.api(LI), b"\n\n" + GOOD + b"\r\n  \n" + GOOD))] == [3, 5]
    assert told(send(house.api(LI), b"")) == []


def test_a_body_without_a_length_is_read_to_its_end(house):
    """Chunked: the server says that the input ends."""
    answer = house.api(LI).http.post(
        f"{API}/feedback/bulk",
        input_stream=io.BytesIO(GOOD + b"\n" + GOOD + b"\n"),
        content_type="application/x-ndjson",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert len(told(answer)) == 2


def test_more_lines_than_one_request_takes_are_refused_by_name(house, monkeypatch):
    monkeypatch.setattr(bulk, "_MOST_LINES", 3)
    answers = told(send(house.api(LI), (GOOD + b"\n") * 5))
    assert [each["status"] for each in answers] == [201, 201, 201, 413]
    assert answers[3]["problem"]["code"] == "flask.bulk_lines"
    assert len(house.api(LI).get("/feedback?limit=200").get_json()["items"]) == 6
    assert [each["status"] for each in told(send(house.api(LI), (GOOD + b"\n") * 3))] == [201, 201, 201]


def test_a_line_that_is_too_long_costs_itself_alone(house, monkeypatch):
    monkeypatch.setattr(bulk, "_LONGEST", 100)
    long = b'{"kind":"fault","subject":"x","body":"' + b"y" * 350 + b'"}'
    answers = told(send(house.api(LI), b"\n".join([GOOD, long, GOOD])))
    assert [(each["line"], each["status"]) for each in answers] == [(1, 201), (2, 413), (3, 201)]
    assert [each["status"] for each in told(send(house.api(LI), long))] == [413]


def test_the_whole_has_a_size(house, monkeypatch):
    monkeypatch.setattr(bulk, "_LARGEST", 50)
    answer = send(house.api(LI), GOOD * 2)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "flask.large")


class Breakable(House):
    """A house whose clock may be out of order."""

    out_of_order = False

    @property
    def now(self):
        if self.out_of_order:
            raise ZeroDivisionError("with a secret in it")
        return MONDAY

    @now.setter
    def now(self, _):
        """It stands still."""


def test_a_line_at_which_something_breaks_costs_itself_alone(seeded_house, caplog):
    """The answer is on its way already: the clock breaks at the second of three lines, and works again."""
    broken = Breakable(seeded_house().care.storage.engine, seeded_house().seen)
    lines_in = {"data": (GOOD + b"\n") * 3, "content_type": "application/x-ndjson"}
    with broken.api(LI).http.post(f"{API}/feedback/bulk", **lines_in) as answer:
        lines = iter(answer.response)
        told_one_by_one = [json.loads(next(lines))]
        broken.out_of_order = True
        told_one_by_one.append(json.loads(next(lines)))
        broken.out_of_order = False
        told_one_by_one.append(json.loads(next(lines)))
    assert [each["status"] for each in told_one_by_one] == [201, 500, 201]
    assert "secret" not in json.dumps(told_one_by_one)
    assert "with a secret in it" in caplog.text
    broken.close()


def test_who_may_not_submit_is_told_at_once(house):
    from careplug.refs import Actor, Ref

    nobody = Actor(Ref("person", "x"), frozenset({"guest"}))
    answer = send(house.api(nobody), GOOD)
    assert (answer.status_code, answer.get_json()["field"]) == (403, "permission.feedback.submit")


# -- out --


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5, 200])
def test_every_case_once_whatever_the_batch(house, monkeypatch, batch):
    monkeypatch.setattr(bulk, "_BATCH", batch)
    answer = house.api(WANG).get("/feedback/bulk")
    assert answer.mimetype == "application/x-ndjson"
    lines = told(answer)
    assert lines == house.api(WANG).get("/feedback").get_json()["items"]
    assert len(lines) == 4


def test_the_export_is_filtered_as_the_list_is(house):
    assert [each["id"] for each in told(house.api(ZHAO).get("/feedback/bulk?requester=person:chen"))] == [
        house.seen.other
    ]
    assert told(house.api(ZHAO).get("/feedback/bulk?state=none")) == []
    assert {each["requester"] for each in told(house.api(LI).get("/feedback/bulk"))} == {"person:li"}


@pytest.mark.parametrize(
    "query", ["requester=x", "received_from=9999-12-31T23:59:59-14:00", "limit=3", "after=x", "kind=none"]
)
def test_a_wrong_query_is_said_before_the_answer_begins(house, query):
    answer = house.api(WANG).get(f"/feedback/bulk?{query}")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_what_came_out_can_go_in_elsewhere(house):
    """The fields that both shapes have."""
    wanted = ("kind", "subject", "body", "impact", "urgency")
    lines = told(house.api(LI).get("/feedback/bulk"))
    data = b"\n".join(json.dumps({key: each[key] for key in wanted}).encode() for each in lines)
    answers = told(send(house.api(LI, tenant="north"), data))
    assert [each["status"] for each in answers] == [201] * len(lines)
