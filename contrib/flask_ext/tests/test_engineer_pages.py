"""The pages of the service side: the queue, all cases, a case and everything that can be done with it."""

from __future__ import annotations

import logging
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from desk_kit import BOSS, LI, WANG, Desk, Forms, make, writes

from careplug import Actor
from careplug.contributions import FactType, Grant, Messages, Panel, Seed
from careplug.feedback.fold import STEP_WORDS, step_fold
from careplug.messages.directory import Parties
from careplug.money import Money
from careplug.plugin import hookimpl
from careplug.refs import SYSTEM, Ref
from careplug.sla import words as sla_words
from careplug.text import Text

PAGE = "/careplug/cases/"


@pytest.fixture
def desk(tmp_path):
    made = make(tmp_path)
    yield made
    made.care.close()


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """One for all the tests that make a case of their own and look at no other."""
    made = make(tmp_path_factory.mktemp("standing"))
    yield made
    made.care.close()


def people(desk: Desk, *names: str) -> None:
    with desk.care.unit(actor=SYSTEM) as unit:
        for name in names:
            unit.get(Parties).add(Ref("person", name), name=name.capitalize(), roles=("engineer",))


# -- the life of a case --


def test_a_life_through_the_forms(desk: Desk):
    people(desk, "wang", "chen")
    number = desk.submit().number
    desk.clock.move(timedelta(minutes=5))
    steps: list[tuple[str, dict[str, str]]] = [
        ("say", {"as": "reply", "body": "We are looking."}),
        ("step/confirm", {}),
        ("step/dispatch", {"assignee": "person:chen"}),
        ("say", {"as": "note", "body": "It is the driver."}),
        ("say", {"as": "call_out", "body": "", "unanswered": "1"}),
        ("pause", {"reason": "waiting_customer", "note": "asked for the model"}),
        ("resume/waiting_customer", {}),
        ("prioritise", {"impact": "1", "urgency": "1", "reason": "all of them"}),
        ("expect", {"expected_at": "2026-03-04T12:00", "reason": "a part is missing"}),
        ("appoint", {"start": "2026-03-03T09:30", "until": "2026-03-03T11:00", "mode": "onsite"}),
        ("record/arrived", {"body": "at the gate"}),
        ("assign", {"assignee": "person:wang", "team": ""}),
        ("edit", {"subject": "Printers stand still", "contact_phone": "123456"}),
        ("step/verify", {}),
        ("step/resolve", {"measure": "new driver", "result": "prints"}),
        ("step/close", {}),
        ("step/reopen", {"reason": "again"}),
    ]
    for path, typed in steps:
        if path == "step/verify":
            assert desk.send(number, "step/handle").status_code == 303
        response = desk.send(number, path, **typed)
        assert (path, response.status_code) == (path, 303), Forms(response.get_data(as_text=True)).text
        assert response.location == f"{PAGE}{number}"
    case = desk.case(number)
    assert (case.state, case.assignee, case.subject) == ("handling", Ref("person", "wang"), "Printers stand still")
    assert (case.measure, case.result, case.contact_phone, case.priority) == ("new driver", "prints", "123456", 1)
    kinds = [kind for kind in desk.facts(number) if kind not in ("policy_decided", "verdict")]
    assert kinds == [
        *("submitted", "replied", "confirmed", "dispatched", "noted", "called", "paused", "resumed", "prioritised"),
        *("expected", "appointed", "arrived", "assigned", "edited", "handling", "verifying", "resolved", "closed"),
        "reopened",
    ]
    assert desk.case(number).expected_at.isoformat() == "2026-03-04T04:00:00+00:00"  # noon on the reader's clock


def test_the_page_says_where_a_case_stands(desk: Desk):
    people(desk, "wang", "li")
    number = desk.submit(contact_name="Ms Li").number
    desk.send(number, "assign", assignee="person:wang")
    desk.send(number, "pause", reason="waiting_parts")
    text = desk.page(number).text
    for words in (number, "Printer stands still", "P3", "impact 2 × urgency 2", "Wang", "Ms Li"):
        assert words in text
    assert "Waiting for spare parts" in text
    assert "our side" in text


def test_steps_are_those_of_the_table(desk: Desk):
    number = desk.submit().number
    forms = desk.page(number).forms
    offered = {path.rpartition("/")[2] for path in forms if "/step/" in path}
    assert offered == {"confirm", "diagnose", "dispatch", "handle", "merge", "reject", "withdraw"}
    assert "reason" in forms[f"{PAGE}{number}/step/reject"]
    assert set(forms[f"{PAGE}{number}/step/confirm"]) == {"key", "version"}


def test_the_first_step_leads_on(desk: Desk):
    number = desk.submit().number
    desk.send(number, "step/handle")
    html = desk.client().get(f"{PAGE}{number}").get_data(as_text=True)
    order = re.findall(r'id="act-step-(\w+)"', html)
    assert order[:2] == ["verify", "resolve"]
    assert order[-2:] == ["merge", "withdraw"] or order[-2:] == ["withdraw", "merge"]
    assert re.search(r'cpd-primary" id="act-step-verify"', html)


def test_a_step_to_where_the_case_is_is_not_offered_but_another_assignee_is(desk: Desk):
    number = desk.submit().number
    desk.send(number, "step/dispatch", assignee="person:wang")
    assert f"{PAGE}{number}/step/dispatch" in desk.page(number).forms
    desk.send(number, "step/handle")
    assert f"{PAGE}{number}/step/handle" not in desk.page(number).forms


def test_a_step_merges_into_a_number(desk: Desk):
    first, second = desk.submit("one").number, desk.submit("two").number
    assert desk.send(second, "step/merge", into=first).status_code == 303
    assert desk.case(second).state == "merged"
    assert first in desk.page(second).text
    assert "merged from" in desk.page(first).text


def test_a_form_sent_twice_does_its_deed_once(desk: Desk):
    number = desk.submit().number
    address = f"{PAGE}{number}/say"
    sent = {**desk.page(number).forms[address], "body": "hello"}
    for _ in range(2):
        assert desk.client().post(address, data=sent).status_code == 303
    assert desk.facts(number).count("replied") == 1


def test_files_are_sent_with_words_or_alone(desk: Desk):
    import io

    number = desk.submit().number
    for body in ("see there", ""):
        sent = {"as": "reply", "body": body, "file": (io.BytesIO(b"log"), "a.log")}
        assert desk.client().post(f"{PAGE}{number}/say", data=sent).status_code == 303
    assert "3 bytes" in desk.page(number).text
    assert "3 字节" in desk.page(number, language="zh_CN").text
    assert desk.facts(number).count("attached") == 2
    assert desk.facts(number).count("replied") == 1
    assert "a.log" in desk.page(number).text


# -- what is refused --


def test_a_stale_page_keeps_what_was_typed(desk: Desk):
    number = desk.submit().number
    old = desk.page(number).forms[f"{PAGE}{number}/step/reject"]
    desk.send(number, "assign", assignee="person:wang")
    response = desk.client().post(f"{PAGE}{number}/step/reject", data={**old, "reason": "not ours"})
    assert response.status_code == 409
    page = Forms(response.get_data(as_text=True))
    assert "Somebody changed this case while you were typing" in page.text
    again = page.forms[f"{PAGE}{number}/step/reject"]
    assert again["reason"] == "not ours"
    assert again["version"] == str(desk.case(number).version)
    assert desk.client().post(f"{PAGE}{number}/step/reject", data=again).status_code == 303
    assert desk.case(number).state == "rejected"


REFUSALS: list[tuple[str, dict[str, str], int, str, str]] = [
    ("step/reject", {"reason": " "}, 422, "Reason: please fill this in", "请填写“理由”"),
    ("step/resolve", {"measure": "m", "version": "1"}, 403, "the case has moved on", "状态已变化"),
    ("step/none", {"version": "1"}, 422, "none", "none"),
    ("step/dispatch", {"assignee": "nobody"}, 422, "Assignee", "负责人"),
    ("step/merge", {"into": "CP-0"}, 404, "no case CP-0", "CP-0"),
    ("step/confirm", {"version": "x"}, 422, "number", "数字"),
    ("say", {"as": "reply", "body": "  "}, 422, "Message: please fill this in", "请填写“内容”"),
    ("say", {"as": "note", "body": ""}, 422, "Message: please fill this in", "请填写“内容”"),
    ("pause", {"reason": "tea"}, 422, "tea", "tea"),
    ("pause", {"reason": "waiting_parts", "party": "moon"}, 422, "moon", "moon"),
    ("pause", {"reason": "waiting_parts", "until": "soon"}, 422, "soon", "soon"),
    ("resume/waiting_parts", {}, 403, "waiting_parts", "waiting_parts"),
    ("assign", {"assignee": "", "team": ""}, 422, "Assignee", "负责人"),
    ("expect", {"expected_at": "", "reason": "r"}, 422, "Expected time: please fill", "请填写“预计时间”"),
    ("expect", {"expected_at": "2020-01-01T00:00", "reason": "r"}, 422, "Expected time", "预计时间"),
    ("prioritise", {"impact": "9", "urgency": "1", "reason": "r"}, 422, "affected", "影响范围"),
    ("prioritise", {"impact": "1", "urgency": "1", "reason": ""}, 422, "Reason", "理由"),
    ("edit", {"subject": ""}, 422, "Subject: please fill this in", "请填写“主题”"),
    ("edit", {"product": "nothing"}, 422, "Product", "产品"),
    ("appoint", {"start": "", "mode": "onsite"}, 422, "Begins: please fill", "请填写“开始时间”"),
    ("appoint", {"start": "2026-03-03T10:00", "until": "2026-03-03T09:00", "mode": "onsite"}, 422, "Until", "截至"),
    ("record/submitted", {}, 403, "submitted", "submitted"),
]


@pytest.mark.parametrize(("path", "typed", "status", "english", "chinese"), REFUSALS)
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_refusal_is_a_sentence(standing: Desk, path, typed, status, english, chinese, language):
    desk = standing
    number = desk.submit().number
    before = desk.facts(number)
    response = desk.send(number, path, language=language, **typed)
    page = Forms(response.get_data(as_text=True))
    assert response.status_code == status
    assert (english if language == "en" else chinese) in page.text
    assert "cpd-problem" in response.get_data(as_text=True)
    assert desk.facts(number) == before
    kept = page.forms.get(f"{PAGE}{number}/{path}", {})
    assert {name: kept[name] for name in typed if name in kept and name in ("into", "expected_at", "start")} == {
        name: value for name, value in typed.items() if name in kept and name in ("into", "expected_at", "start")
    }


def test_what_failed_is_open_and_marked(desk: Desk):
    number = desk.submit().number
    html = desk.send(number, "step/reject", reason="").get_data(as_text=True)
    assert re.search(r'<details class="cpd-act cpd-end"[^>]*id="act-step-reject" open>', html)
    assert re.search(r'<textarea[^>]*id="f-step-reject-reason"[^>]*aria-invalid="true"', html)
    assert html.count('id="f-step-reject-reason"') == 1
    idents = re.findall(r'\sid="([^"]+)"', html)
    assert len(idents) == len(set(idents))


def test_a_case_that_is_not_there(desk: Desk):
    for language, words in (("en", "no case CP-9"), ("zh_CN", "没有您可查看的反馈 CP-9")):
        client = desk.client(WANG, language)
        assert client.get(f"{PAGE}CP-9").status_code == 404
        response = client.post(f"{PAGE}CP-9/say", data={"as": "reply", "body": "x"})
        assert response.status_code == 404
        assert words in response.get_data(as_text=True)
        assert 'href="/careplug/queue"' in response.get_data(as_text=True)


# -- who may do what --


def test_managers_see_more_and_engineers_are_refused(desk: Desk):
    number = desk.submit().number
    for path in ("override", "void"):
        assert f"{PAGE}{number}/{path}" in desk.page(number, BOSS).forms
        assert f"{PAGE}{number}/{path}" not in desk.page(number, WANG).forms
    desk.send(number, "say", **{"as": "reply", "body": "oops"})
    before = desk.facts(number)
    sequence = str(before.index("replied") + 1)
    version = str(desk.case(number).version)
    for path, typed in (
        ("override", {"state": "closed", "reason": "r", "version": version}),
        ("void", {"sequence": sequence, "reason": "wrong case"}),
    ):
        response = desk.client(WANG).post(f"{PAGE}{number}/{path}", data=typed)
        assert response.status_code == 403
        assert "You may not do this" in response.get_data(as_text=True)
    assert desk.facts(number) == before
    assert desk.send(number, "void", BOSS, sequence=sequence, reason="wrong case").status_code == 303
    assert "voided" in desk.page(number).text
    assert desk.send(number, "override", BOSS, state="closed", reason="a mess").status_code == 303
    assert desk.case(number).state == "closed"


@pytest.mark.parametrize("path", ["say", "assign", "step/confirm", "link", "void", "edit"])
def test_customers_have_pages_of_their_own(desk: Desk, path):
    number = desk.submit().number
    customer = desk.client(LI)
    for page in ("queue", "cases"):
        response = customer.get(f"/careplug/{page}")
        assert response.status_code == 403
        assert "service side" in response.get_data(as_text=True)
        assert "My cases" in Forms(response.get_data(as_text=True)).words, "the navigation leads back"
    before = desk.facts(number)
    response = customer.post(f"{PAGE}{number}/{path}", data={"as": "note", "body": "x", "version": "1"})
    assert response.status_code == 403
    assert desk.facts(number) == before


def test_nobody_known_is_nobody(desk: Desk):
    assert desk.client(None).get("/careplug/queue").status_code == 401
    assert desk.client(None).post(f"{PAGE}CP-1/say", data={"body": "x"}).status_code == 401


def test_who_may_only_read_is_offered_nothing(desk: Desk):
    number = desk.submit().number
    reader = Actor(Ref("person", "qian"), frozenset({"engineer"}), scopes=("feedback.read", "feedback.list", "sla.*"))
    page = desk.page(number, reader)
    assert [path for path in page.forms if path.startswith(PAGE)] == []
    assert "Targets" in page.text


# -- the link for the customer --


def test_the_link_is_shown_once_and_opens_the_case(desk: Desk):
    number = desk.submit().number
    response = desk.send(number, "link")
    assert response.status_code == 200
    html = response.get_data(as_text=True)
    link = re.search(r'id="cpd-link" type="text" readonly value="(http://[^"]+)"', html)
    assert link is not None
    opened = desk.client(None).get(link[1])
    assert opened.status_code == 200
    assert "Printer stands still" in opened.get_data(as_text=True)
    assert link[1] not in desk.client().get(f"{PAGE}{number}").get_data(as_text=True)


def test_a_link_needs_a_customer(desk: Desk):
    with desk.care.unit(actor=WANG) as unit:
        number = unit.feedback.submit("alarm", "disk", source="probe").number
    response = desk.send(number, "link")
    assert response.status_code == 422
    assert "names no customer" in response.get_data(as_text=True)


# -- the queue --


def test_the_queue_counts_in_working_time(desk: Desk):
    number = desk.submit().number
    desk.clock.move(timedelta(minutes=12))
    with desk.care.read(actor=WANG) as unit:
        clock = next(each for each in unit.sla.due() if each.metric == "response")
        calendar = unit.definitions.pinned("calendar", clock.calendar_digest)
        left = calendar.between(unit.now(), clock.due_at)
    assert left == timedelta(minutes=18)
    text = Forms(desk.client().get("/careplug/queue").get_data(as_text=True)).text
    assert f"{sla_words.duration(left, 'en')} left" in text
    assert "working time" in text
    assert number in text
    desk.clock.move(timedelta(hours=8, minutes=20))  # past the due time and a lunch, into the evening
    with desk.care.read(actor=WANG) as unit:
        late = calendar.between(unit.now(), clock.due_at)
    text = Forms(desk.client().get("/careplug/queue").get_data(as_text=True)).text
    assert f"{sla_words.duration(-late, 'en')} late" in text
    assert late > clock.due_at - desk.clock()  # the lunch and the evening do not count


def test_a_target_around_the_clock_is_counted_in_real_time(desk: Desk):
    desk.submit()
    desk.clock.move(timedelta(hours=10))
    text = Forms(desk.client().get("/careplug/queue?metric=resolution").get_data(as_text=True)).text
    assert "14 h left" in text
    assert "around the clock" in text


def test_the_queue_says_late_soon_and_standing_in_words(desk: Desk):
    late, soon, standing = (desk.submit(name) for name in ("late one", "soon one", "standing one"))
    with desk.care.unit(actor=WANG) as unit:
        for case in (soon, standing):
            unit.feedback.reply(case.id, "x")
        unit.feedback.pause(standing.id, "waiting_customer")
    desk.clock.move(timedelta(hours=22))
    html = desk.client().get("/careplug/queue").get_data(as_text=True)
    rows = re.findall(r'<tr class="cpd-row cpd-(\w+)">(.*?)</tr>', html, re.DOTALL)
    tones = {(tone, Forms(row).text) for tone, row in rows}
    for tone, name, words in (("late", "late one", " late"), ("soon", "soon one", "Due soon")):
        assert any(kind == tone and name in text and words in text for kind, text in tones)
    assert any(kind == "standing" and "Waiting for the customer" in text for kind, text in tones)
    assert re.search(r'hx-trigger="every 60s"', html)
    assert late.number in html


def test_the_queue_is_narrowed(desk: Desk):
    people(desk, "wang")
    mine = desk.submit("mine")
    desk.submit("urgent", impact=1, urgency=1)
    desk.submit("asked", kind="question")
    desk.send(mine.number, "assign", assignee="person:wang")

    def shown(query: str) -> set[str]:
        html = desk.client().get(f"/careplug/queue?{query}").get_data(as_text=True)
        return {name for name in ("mine", "urgent", "asked") if f">{name}</a>" in html}

    assert shown("") == {"mine", "urgent", "asked"}
    assert shown("mine=1") == {"mine"}
    assert shown("priority=1") == {"urgent"}
    assert shown("kind=question") == {"asked"}
    assert shown("mine=1&kind=question") == set()
    assert shown("metric=response&kind=question") == {"asked"}
    assert shown("priority=9") == {"mine", "urgent", "asked"}


def test_pages_of_the_queue_follow_each_other(desk: Desk):
    numbers = {desk.submit(f"case {number}").number for number in range(30)}
    seen: list[str] = []
    address: str | None = "/careplug/queue?metric=response"
    while address:
        html = desk.client().get(address).get_data(as_text=True)
        seen += re.findall(r'<span class="cpd-number">([^<]+)</span> ·', html)
        found = re.search(r'<a href="([^"]+)" rel="next"', html)
        address = found[1].replace("&amp;", "&") if found else None
    assert len(seen) == 30
    assert set(seen) == numbers
    response = desk.client().get("/careplug/queue?after=nonsense")
    assert response.status_code == 422


def test_a_rare_kind_is_looked_for_in_parts(desk: Desk, monkeypatch):
    monkeypatch.setattr("careplug.queue.STRIDE", 26)
    for number in range(60):
        desk.submit(f"case {number}")
    desk.clock.move(timedelta(minutes=1))
    desk.submit("rare", kind="training")
    first = desk.client().get("/careplug/queue?metric=response&kind=training").get_data(as_text=True)
    assert ">rare</a>" in first
    monkeypatch.setattr("careplug.queue.STRIDES", 1)
    first = desk.client().get("/careplug/queue?metric=response&kind=training").get_data(as_text=True)
    assert ">rare</a>" not in first
    assert "Look further" in first


def test_the_queue_costs_few_statements(desk: Desk):
    people(desk, *(f"p{number}" for number in range(10)))
    for number in range(30):
        made = desk.submit(f"case {number}")
        with desk.care.unit(actor=WANG) as unit:
            unit.feedback.assign(made.id, assignee=Ref("person", f"p{number % 10}"))
            if number % 4 == 0:
                unit.feedback.pause(made.id, "waiting_customer")
    client = desk.client()
    client.get("/careplug/queue")
    for query in ("", "?mine=1", "?kind=fault", "?priority=3&metric=resolution"):
        with desk.statements() as seen:
            assert client.get(f"/careplug/queue{query}").status_code == 200
        assert len(seen) <= 12, (query, seen)


def test_reading_writes_nothing(desk: Desk):
    number = desk.submit().number
    desk.send(number, "pause", reason="waiting_parts")
    with desk.statements() as seen:
        for path in ("queue", "queue?mine=1", "cases", "cases?number=CP", f"cases/{number}", "cases/CP-0"):
            for actor in (WANG, BOSS):
                desk.client(actor).get(f"/careplug/{path}")
    assert seen
    assert writes(seen) == []
    with desk.statements() as seen:
        desk.send(number, "link")
    assert writes(seen) == []


# -- all cases --


def test_all_cases_are_the_record(desk: Desk):
    number = desk.submit("Printer", body="It stands still.").number
    desk.send(number, "step/handle")
    desk.send(number, "step/resolve", measure="new driver", result="prints")
    html = desk.client(WANG, "zh_CN").get("/careplug/cases").get_data(as_text=True)
    heads = re.findall(r"<th scope=\"col\">([^<]+)</th>", html)
    assert heads == ["反馈日期", "反馈内容", "处理措施", "处理日期", "处理结果"]
    for words in (number, "It stands still.", "new driver", "prints", "2026-03-02 10:00"):
        assert words in html


def test_all_cases_are_narrowed_and_paged(desk: Desk):
    for number in range(26):
        desk.submit(f"case {number}", kind="question")
        desk.clock.move(timedelta(minutes=1))
    fault = desk.submit("broken")
    desk.send(fault.number, "step/reject", reason="not ours")

    def shown(query: str) -> int:
        html = desk.client().get(f"/careplug/cases?{query}").get_data(as_text=True)
        return html.count('<tr class="cpd-row">')

    assert shown("") == 25
    assert shown("kind=fault") == 1
    assert shown("category=void") == 1
    assert shown("state=rejected&kind=question") == 0
    assert shown(f"number={fault.number}") == 1
    assert shown("assignee=person:wang") == 0
    html = desk.client().get("/careplug/cases").get_data(as_text=True)
    following = re.search(r'<a href="([^"]+)" rel="next"', html)
    assert following is not None
    assert desk.client().get(following[1].replace("&amp;", "&")).get_data(as_text=True).count("cpd-row") == 2
    assert desk.client().get("/careplug/cases?assignee=wang").status_code == 422


# -- what was promised --

SVG = "{http://www.w3.org/1999/xhtml}svg"


def drawings(html: str) -> list[ET.Element]:
    return [ET.fromstring(found) for found in re.findall(r"<svg class=\"cpt.*?</svg>(?=\s*<details)", html, re.DOTALL)]


def parts(drawing: ET.Element, kind: str) -> list[ET.Element]:
    return [each for each in drawing.iter() if kind in each.get("class", "").split()]


def percent(element: ET.Element, name: str = "width") -> float:
    return float(element.get(name, "0").rstrip("%"))


def test_targets_are_drawn_to_scale(desk: Desk):
    number = desk.submit().number
    desk.clock.move(timedelta(hours=2))
    desk.send(number, "pause", reason="waiting_customer")
    desk.clock.move(timedelta(hours=4))
    desk.send(number, "resume/waiting_customer")
    desk.clock.move(timedelta(hours=1))
    html = desk.client().get(f"{PAGE}{number}").get_data(as_text=True)
    resolution = next(each for each in drawings(html) if "Resolution" in (each.find("title").text or ""))
    counting, paused = parts(resolution, "cpt-counting"), parts(resolution, "cpt-paused")
    assert [round(percent(each) / percent(counting[0]), 1) for each in (*counting, *paused)] == [1.0, 0.5, 2.0]
    assert percent(parts(resolution, "cpt-due")[0], "x1") > 99
    assert parts(resolution, "cpt-now")
    assert "Waiting for the customer" in ET.tostring(resolution, encoding="unicode")


def test_nights_are_gaps_that_say_what_they_are(desk: Desk):
    desk.clock.move(timedelta(days=4, hours=7, minutes=50))  # Friday, ten minutes before the close
    number = desk.submit().number
    desk.clock.move(timedelta(days=2, hours=15, minutes=15))  # Monday, five past nine
    desk.send(number, "say", **{"as": "reply", "body": "hello"})
    html = desk.client().get(f"{PAGE}{number}").get_data(as_text=True)
    response = next(each for each in drawings(html) if (each.find("title").text or "").startswith("Response"))
    (gap,) = parts(response, "cpt-gap")
    assert "weekend" in ET.tostring(response, encoding="unicode")
    assert percent(gap) < 30
    assert parts(response, "cpt-stop")
    assert "counted 15 min" in Forms(html).text


def test_drawings_can_be_read_aloud_and_need_no_styles(desk: Desk):
    number = desk.submit().number
    desk.clock.move(timedelta(hours=30))
    html = desk.client().get(f"{PAGE}{number}").get_data(as_text=True)
    found = drawings(html)
    assert found
    for drawing in found:
        assert drawing.get("role") == "img"
        assert "pauses" not in (drawing.findtext("desc") or "")
        assert len(parts(drawing, "cpt-tick")) <= len(parts(drawing, "cpt-text-day")), "no tick without a date"
        names = (drawing.get("aria-labelledby") or "").split()
        assert [each.get("id") for each in (drawing.find("title"), drawing.find("desc"))] == names
    assert re.search(r"\sstyle\s*=", html) is None
    assert "<style" not in html
    assert "onclick" not in html
    idents = re.findall(r'\sid="([^"]+)"', html)
    assert len(idents) == len(set(idents))
    assert parts(found[0], "cpt-over")


def test_the_receipt_in_words_is_behind_the_drawing(desk: Desk):
    number = desk.submit().number
    for language, words in (("en", "Promised: 30 min"), ("zh_CN", "承诺：30 分钟")):
        assert words in desk.page(number, language=language).text
    assert "of 0 min" not in desk.page(number).text
    desk.clock.move(timedelta(minutes=5))
    assert "counted 5 min of 5 min" in desk.page(number).text


# -- languages --


@pytest.mark.parametrize("path", ["queue", "cases", "cases/{number}"])
def test_pages_speak_both_languages(desk: Desk, path):
    people(desk, "wang")
    number = desk.submit("主题").number
    desk.send(number, "pause", reason="waiting_parts")
    texts = {}
    for language in ("en", "zh_CN"):
        html = desk.client(BOSS, language).get(f"/careplug/{path.format(number=number)}").get_data(as_text=True)
        texts[language] = Forms(html).text
        assert re.search(r"\b(desk|queue|cases|receipt|resource|field|value)\.[a-z_]+", texts[language]) is None
        assert "{" not in texts[language]
    assert re.search(r"[\u4e00-\u9fff]", texts["en"].replace("主题", "").replace("中文", "")) is None
    assert re.search(r"[\u4e00-\u9fff]{4}", texts["zh_CN"])
    assert re.search(r"[\u4e00-\u9fff][,:;!?]", texts["zh_CN"]) is None  # Chinese punctuation with Chinese words


# -- plugins --


def plugin(name: str, **hooks: Any) -> ModuleType:
    made = ModuleType(name)
    for key, items in hooks.items():
        setattr(made, f"careplug_{key}", hookimpl(_giving(items)))
    return made


def _giving(items: Any) -> Any:
    return lambda: items


def broken(unit: Any, case: Any) -> Any:
    raise RuntimeError("out of order")


PANELS = (
    Panel("fine", lambda unit, case: {"acme.term": Money(Decimal(5), "CNY"), "Days": 3}, Text("Fine", "正常"), rank=1),
    Panel("table", lambda unit, case: {"columns": ("Part", "Pieces"), "rows": [("Disk", 2)]}, Text("Table", "表格")),
    Panel("broken", broken, Text("Broken", "出错")),
    Panel("sql", lambda unit, case: unit.store.find(object), Text("Query", "查询")),
    Panel("empty", lambda unit, case: None, Text("Empty", "空")),
    Panel("secret", lambda unit, case: {"a": 1}, Text("Secret", "机密"), permission="acme.secret"),
    Panel("theirs", lambda unit, case: {"a": 1}, Text("Theirs", "客户的"), sides=("customer",)),
    Panel("drawn", lambda unit, case: {"x": "<b>"}, Text("Drawn", "模板"), template="acme_templates:panel.html"),
    Messages({"acme.term": Text("Price", "价格")}),
    Grant("manager", ("acme.secret",)),
)


def test_panels_good_and_broken(tmp_path, caplog, monkeypatch):
    folder = tmp_path / "acme_templates"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "panel.html").write_text("<p class='acme'>{{ data.x }} {{ case.number }}</p>")
    monkeypatch.syspath_prepend(str(tmp_path))
    desk = make(tmp_path, plugin("acme", surfaces=PANELS))
    number = desk.submit().number
    with caplog.at_level(logging.ERROR):
        html = desk.client(WANG).get(f"{PAGE}{number}").get_data(as_text=True)
    shown = re.findall(r'id="panel-(\w+)"', html)
    assert shown == ["fine", "broken", "drawn", "sql", "table"]
    text = Forms(html).text
    assert "Price 5.00 CNY" in text
    assert "Part Pieces Disk 2" in text
    assert text.count("comes from the plugin acme and could not be made") == 2
    assert f"<p class='acme'>&lt;b&gt; {number}</p>" in html
    assert any("panel broken of plugin acme" in each for each in caplog.messages)
    assert "Targets" in text
    assert "Secret" in desk.page(number, BOSS).text
    assert "来自插件 acme" in desk.page(number, language="zh_CN").text
    desk.care.close()


LABORATORY = plugin(
    "lab",
    entities=(
        FactType(
            "tested_in_lab",
            label=Text("Sent to the laboratory", "已送检"),
            fold=step_fold,
            edits=True,
            personal=STEP_WORDS,
        ),
        FactType("sampled", label=Text("Sample taken", "已取样"), public=True),
    ),
    definitions=(
        Seed("state", "laboratory", {"category": "open"}, Text("In the laboratory", "送检中")),
        Seed(
            "transition",
            "send_to_lab",
            {"from": ["received"], "to": "laboratory", "fact": "tested_in_lab", "requires": ["reason", "expected_at"]},
            Text("Send to the laboratory", "送检"),
        ),
    ),
)


def test_a_plugins_step_is_a_button_with_its_form(tmp_path):
    desk = make(tmp_path, LABORATORY)
    number = desk.submit().number
    assert "送检" in desk.page(number, language="zh_CN").text
    form = desk.page(number).forms[f"{PAGE}{number}/step/send_to_lab"]
    assert {"reason", "expected_at"} <= set(form)
    assert desk.send(number, "step/send_to_lab", reason="odd", expected_at="").status_code == 422
    response = desk.send(number, "step/send_to_lab", reason="odd", expected_at="2026-03-05T10:00")
    assert response.status_code == 303
    assert desk.facts(number)[-2:] == ["expected", "tested_in_lab"]
    assert "In the laboratory" in desk.page(number).text
    assert desk.send(number, "record/sampled", body="two").status_code == 303
    assert "Sample taken" in desk.page(number).text
    desk.care.close()


def test_a_stale_step_with_an_expected_time_tells_nothing(tmp_path):
    desk = make(tmp_path, LABORATORY)
    number = desk.submit().number
    sent = {"version": "77", "reason": "odd", "expected_at": "2026-03-05T10:00"}
    assert desk.client().post(f"{PAGE}{number}/step/send_to_lab", data=sent).status_code == 409
    assert "expected" not in desk.facts(number)
    desk.care.close()
