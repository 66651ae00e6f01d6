"""The customer's pages: what is sent is stored once, nothing typed is lost, nobody sees what is another's."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import flask_kit
import pico_scope
import pytest
import time_machine
from flask_kit import CHEN, LI, MONDAY, WANG

from careplug.clock import ManualClock
from careplug.contributions import FieldSpec
from careplug.plugin import hookimpl
from careplug.refs import Actor, Ref
from careplug.storage.files import MemoryFiles
from careplug.text import Text
from careplug.timeline.facts import FactRow
from careplug_flask import Careplug
from careplug_flask.identity import LinkTo, sign_link
from careplug_flask.testing import client
from careplug_flask.words import own

PAGES = "/careplug"
FORM = {"kind": "fault", "subject": "打不开", "body": "白屏", "impact": "2", "urgency": "2", "key": "one"}


class Fields:
    """A plugin with one field of each type."""

    __name__ = "fields"

    @hookimpl
    def careplug_entities(self, settings):
        types = ("text", "long", "int", "bool", "time", "date", "decimal")
        made = tuple(FieldSpec(name=f"x_{kind}", type=kind, label=Text(f"The {kind}", f"字段{kind}")) for kind in types)
        return (
            *made,
            FieldSpec(name="mode", type="choice", choices=("A", "B"), label=Text("Mode", "模式"), required=True),
        )


class Shop:
    """An app on a database of its own, and what people do there."""

    def __init__(self, url, plugins=(), **config):
        self.clock = ManualClock(MONDAY)
        self.extension = Careplug(clock=self.clock, files=MemoryFiles(), plugins=plugins)
        self.app = flask_kit.make_app(url, self.extension, **config)
        self.care = flask_kit.care_of(self.app)

    def as_(self, actor=LI, language="zh"):
        return client(self.app, actor, language=language)

    def case(self, actor=LI, **given):
        with self.care.unit(actor=actor) as unit:
            return unit.feedback.submit("fault", "打不开", "白屏", **given)

    def solved(self):
        case = self.case()
        self.staff(case, "reply", "您好")
        self.staff(case, "step", "confirm")
        self.staff(case, "step", "resolve", measure="重启", result="恢复")
        return case

    def staff(self, case, method, *args, **given):
        with self.care.unit(actor=WANG) as unit:
            return getattr(unit.feedback, method)(case.id, *args, **given)

    def now(self, case):
        with self.care.read(actor=WANG) as unit:
            return unit.feedback.get(case.id)

    def types(self, case):
        with self.care.read(actor=WANG) as unit:
            return [fact.type for fact in unit.feedback.facts(case.id)]

    def cases(self):
        with self.care.read(actor=WANG) as unit:
            return unit.feedback.find()

    def link(self, case, person=LI.ref, tenant=""):
        with self.app.app_context():
            return f"{PAGES}/link/{sign_link(flask_kit.state_of(self.app), LinkTo(tenant, case.id, person))}"


@pytest.fixture
def open_shop(tmp_path):
    made = []

    def opened(**config):
        made.append(Shop(f"sqlite:///{tmp_path / f'shop{len(made)}.db'}", **config))
        return made[-1]

    yield opened
    for shop in made:
        shop.care.close()


@pytest.fixture
def shop(open_shop):
    return open_shop()


def page_of(case):
    return f"{PAGES}/cases/{case.number}"


def upload(name="log.txt", content=b"one"):
    return io.BytesIO(content), name


# -- a new case --


def test_a_form_becomes_a_case_and_shows_its_number(shop):
    sent = shop.as_().post(f"{PAGES}/submit", data={**FORM, "contact_name": "李敏"})
    (case,) = shop.cases()
    assert (sent.status_code, sent.location) == (303, f"{page_of(case)}?done=submit")
    assert (case.subject, case.requester, case.impact, case.channel, case.contact_name) == (
        "打不开",
        LI.ref,
        2,
        "web",
        "李敏",
    )
    page = shop.as_().get(sent.location).text
    assert case.number in page
    assert own()["notice.submit"].zh in page


def test_a_double_click_makes_one_case_with_its_file_once(shop):
    for _ in range(2):
        sent = shop.as_().post(f"{PAGES}/submit", data={**FORM, "file": upload()})
        assert sent.status_code == 303
    (case,) = shop.cases()
    assert shop.types(case).count("attached") == 1


def test_a_spent_form_with_other_content_is_told_and_can_be_sent_again(shop):
    browser = shop.as_()
    browser.post(f"{PAGES}/submit", data=FORM)
    again = browser.post(f"{PAGES}/submit", data={**FORM, "subject": "另一件事"})
    assert again.status_code == 409
    assert own()["problem.key.used"].zh in again.text
    key = re.search(r'name="key" value="([^"]+)"', again.text)[1]
    assert key != "one"
    assert browser.post(f"{PAGES}/submit", data={**FORM, "subject": "另一件事", "key": key}).status_code == 303
    assert len(shop.cases()) == 2


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"subject": " "}, "subject"),
        ({"subject": "长" * 501}, "subject"),
        ({"kind": "joke"}, "kind"),
        ({"impact": "9"}, "impact"),
        ({"urgency": "soon"}, "urgency"),
        ({"contact_mail": "x" * 255}, "contact_mail"),
    ],
)
def test_what_was_typed_stays_and_the_error_stands_beside_its_field(shop, change, place):
    typed = {**FORM, "body": "第一行\n<b>第二行</b>", "contact_phone": "138", **change}
    answer = shop.as_().post(f"{PAGES}/submit", data=typed)
    assert answer.status_code == 422
    assert shop.cases() == []
    field = re.search(rf'<(?:input|select|textarea)[^>]*id="f-{place}"[^>]*>', answer.text)[0]
    assert 'aria-invalid="true"' in field
    assert f"f-{place}-error" in re.search(r'aria-describedby="([^"]*)"', field)[1]
    assert f'id="f-{place}-error"' in answer.text
    summary = re.search(r'<div class="careplug-problem"[^>]*>.*?</div>', answer.text, re.DOTALL)[0]
    assert f'href="#f-{place}"' in summary
    assert "autofocus" in summary
    assert "第一行\n&lt;b&gt;第二行&lt;/b&gt;" in answer.text.replace("\r\n", "\n")
    assert 'value="138"' in answer.text


def test_fields_of_every_type_are_asked_for_and_kept(open_shop):
    shop = open_shop(plugins=[Fields()])
    values = {
        "custom.x_text": "SN-1",
        "custom.x_long": "很长",
        "custom.x_int": "3",
        "custom.x_bool": "1",
        "custom.x_time": "2026-01-05T09:30",
        "custom.x_date": "2026-01-04",
        "custom.x_decimal": "12.50",
        "custom.mode": "B",
    }
    form = shop.as_().get(f"{PAGES}/submit").text
    assert all(f'name="{name}"' in form for name in values)
    assert "模式" in form
    assert shop.as_().post(f"{PAGES}/submit", data={**FORM, **values}).status_code == 303
    (case,) = shop.cases()
    kept = {name: str(value) for name, value in case.custom.items()}
    assert kept == {
        "x_text": "SN-1",
        "x_long": "很长",
        "x_int": "3",
        "x_bool": "True",
        "x_time": "2026-01-05 01:30:00+00:00",
        "x_date": "2026-01-04",
        "x_decimal": "12.50",
        "mode": "B",
    }
    page = shop.as_().get(page_of(case)).text
    assert "2026-01-05 09:30" in page
    assert own()["case.yes"].zh in page


@pytest.mark.parametrize(
    ("name", "value"), [("x_int", "many"), ("x_date", "4/1"), ("x_time", "soon"), ("x_decimal", "1,5"), ("mode", "")]
)
def test_a_field_that_cannot_be_read_is_named(open_shop, name, value):
    shop = open_shop(plugins=[Fields()])
    answer = shop.as_().post(f"{PAGES}/submit", data={**FORM, "custom.mode": "A", f"custom.{name}": value})
    assert answer.status_code == 422
    assert f'id="f-custom-{name}-error"' in answer.text


def test_the_service_side_takes_a_case_down_for_a_customer_who_was_answered(shop):
    data = {**FORM, "requester": str(LI.ref), "channel": "phone", "answered": "1"}
    assert shop.as_(WANG).post(f"{PAGES}/submit", data=data).status_code == 303
    (case,) = shop.cases()
    assert (case.requester, case.channel) == (LI.ref, "phone")
    with shop.care.read(actor=LI) as unit:
        (response, _) = unit.sla.promises(case)[case.id]
    assert response.state == "met"
    wrong = shop.as_(WANG).post(f"{PAGES}/submit", data={**data, "requester": "li"})
    assert wrong.status_code == 422
    assert 'id="f-requester-error"' in wrong.text


def test_a_customer_cannot_submit_for_somebody_else(shop):
    shop.as_().post(f"{PAGES}/submit", data={**FORM, "requester": str(CHEN.ref), "answered": "1"})
    (case,) = shop.cases()
    assert case.requester == LI.ref
    refused = shop.as_().post(f"{PAGES}/submit", data={**FORM, "organisation": "organisation:acme", "key": "two"})
    assert refused.status_code == 403


# -- real tokens: a session of the host, no acting --


def test_a_form_without_its_token_keeps_what_was_typed(shop):
    shop.extension.actor_loader(lambda: LI)
    browser = shop.app.test_client()
    answer = browser.post(f"{PAGES}/submit", data={**FORM, "csrf_token": "old"})
    assert answer.status_code == 400
    assert shop.cases() == []
    assert "白屏" in answer.text
    assert unescape(own()["problem.flask.csrf"].zh) in unescape(answer.text)
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]
    assert browser.post(f"{PAGES}/submit", data={**FORM, "csrf_token": token}).status_code == 303


def test_nobody_is_sent_to_the_login(open_shop):
    shop = open_shop(login_view="/login")
    for path in ("/my", "/submit", "/cases/CP-2026-000001"):
        answer = shop.app.test_client().get(PAGES + path)
        assert answer.status_code == 302
        assert answer.location.startswith("/login?next=")


# -- the own cases --


def test_my_cases_say_what_is_promised_next(shop):
    shop.case()
    waiting, solved, over = shop.case(), shop.solved(), shop.case()
    shop.staff(waiting, "reply", "型号？")
    shop.staff(waiting, "pause", "waiting_customer")
    with shop.care.unit(actor=LI) as unit:
        unit.feedback.step(over.id, "withdraw")
    page = shop.as_().get(f"{PAGES}/my").text
    assert "最迟今天 10:30 答复您。" in page
    assert "等待您的答复" in page
    assert own()["next.check"].zh in page
    assert over.number not in page
    assert solved.number in page
    assert over.number in shop.as_().get(f"{PAGES}/my?show=all").text
    assert "We answer by today 10:30." in shop.as_(language="en").get(f"{PAGES}/my").text


def test_who_never_reported_anything_is_told_so(shop):
    for shown in ("open", "all"):
        assert own()["mine.none"].zh in shop.as_().get(f"{PAGES}/my?show={shown}").text
    over = shop.case()
    with shop.care.unit(actor=LI) as unit:
        unit.feedback.step(over.id, "withdraw")
    assert own()["mine.none_open"].zh in shop.as_().get(f"{PAGES}/my").text


def test_older_cases_are_on_the_next_page(shop):
    numbers = []
    for _ in range(23):
        shop.clock.set(shop.clock().replace(minute=shop.clock().minute + 1))
        numbers.append(shop.case().number)
    shop.case(CHEN)
    first = shop.as_().get(f"{PAGES}/my").text
    older = unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])
    second = shop.as_().get(older).text
    shown = [re.findall(r"/cases/(CP-[\d-]+)", page) for page in (first, second)]
    assert shown[0] + shown[1] == numbers[::-1]
    assert 'rel="next"' not in second
    assert shop.as_().get(f"{PAGES}/my?after=nonsense").status_code == 422
    assert shop.as_().get(f"{PAGES}/my?show=none").status_code == 404


# -- one case --


def test_another_customers_case_does_not_exist(shop):
    case = shop.case(CHEN)
    browser = shop.as_()
    assert browser.get(page_of(case)).status_code == 404
    for action in ("reply", "accept", "refuse", "withdraw", "attach"):
        data = {"body": "x", "reason": "x", "file": upload()}
        assert browser.post(f"{page_of(case)}/{action}", data=data).status_code == 404
    assert shop.types(case)[1:] == ["policy_decided"]


def test_a_customer_reads_public_facts_only(shop):
    case = shop.case()
    shop.staff(case, "note", "内部的话")
    shop.staff(case, "call", "out", body="电话内容")
    shop.staff(case, "reply", "对外的话")
    page = shop.as_().get(page_of(case)).text
    assert "对外的话" in page
    assert "内部的话" not in page
    assert "电话内容" not in page


def test_the_steps_say_where_a_case_stands(shop):
    case = shop.case()
    shop.staff(case, "step", "diagnose")
    page = shop.as_().get(page_of(case)).text
    marks = re.findall(r'<li class="careplug-(done|now|next|skipped|void)"( aria-current="step")?>', page)
    assert [mark for mark, _ in marks] == ["done", "skipped", "skipped", "now", "next", "next", "next", "next"]
    assert [bool(current) for _, current in marks].index(True) == 3
    shop.staff(case, "step", "reject", reason="不在范围")
    page = shop.as_().get(page_of(case)).text
    assert re.findall(r'<li class="careplug-(?:done|now|next|skipped|void)"', page)[-1].endswith('void"')
    assert "不在范围" in page


def test_times_are_said_honestly(shop):
    case = shop.case()
    shop.clock.set(MONDAY.replace(hour=4))
    late = shop.as_(language="en").get(page_of(case)).text
    assert "We wanted to answer by today 10:30 and have not yet. We are sorry." in unescape(late)
    shop.staff(case, "reply", "抱歉")
    assert "Answered later than promised: promised by today 10:30." in shop.as_(language="en").get(page_of(case)).text
    shop.staff(case, "expect", MONDAY.replace(day=7), reason="需要测试")
    page = shop.as_().get(page_of(case)).text
    assert "1月7日 周三 10:00" in page
    assert "需要测试" in page


def test_a_reply_is_stored_once_and_ends_the_waiting(shop):
    case = shop.case()
    shop.staff(case, "pause", "waiting_customer")
    page = shop.as_().get(page_of(case)).text
    assert own()["case.reply_ends"].zh in page
    shop.staff(other := shop.case(), "pause", "waiting_approval")  # this one a reply does not end
    assert own()["case.reply_ends"].zh not in shop.as_().get(page_of(other)).text
    key = re.search(r'name="key" value="([^"]+-reply)"', page)[1]
    for _ in range(2):
        sent = shop.as_().post(f"{page_of(case)}/reply", data={"body": "型号 A", "key": key, "file": upload()})
        assert sent.status_code == 303
    assert shop.types(case).count("replied") == 1
    assert shop.types(case).count("attached") == 1
    assert not shop.now(case).pauses
    empty = shop.as_().post(f"{page_of(case)}/reply", data={"body": " ", "key": "other"})
    assert empty.status_code == 422
    assert 'id="f-reply-body-error"' in empty.text


def test_a_solution_is_accepted(shop):
    case = shop.solved()
    page = shop.as_().get(page_of(case)).text
    assert f'action="{page_of(case)}/accept"' in page
    assert page.count("处理结果：恢复") == 1
    assert page.count("处理措施：重启") == 1
    assert shop.as_().post(f"{page_of(case)}/accept").status_code == 303
    assert shop.now(case).state == "closed"
    assert shop.as_().get(page_of(case)).text.count("处理结果：恢复") == 1
    again = shop.as_().post(f"{page_of(case)}/accept")
    assert again.status_code == 403
    assert own()["problem.step.state"].zh in again.text


def test_a_solution_is_refused_with_a_reason(shop):
    case = shop.solved()
    lacking = shop.as_().post(f"{page_of(case)}/refuse", data={"reason": ""})
    assert lacking.status_code == 422
    assert 'id="f-refuse-reason-error"' in lacking.text
    assert '<details class="careplug-button" open>' in lacking.text
    assert shop.as_().post(f"{page_of(case)}/refuse", data={"reason": "还是白屏"}).status_code == 303
    assert (shop.now(case).state, shop.now(case).cycle) == ("handling", 2)
    assert "还是白屏" in shop.as_().get(page_of(case)).text


def test_a_case_is_withdrawn(shop):
    case = shop.case()
    assert shop.as_().post(f"{page_of(case)}/withdraw", data={"reason": "已自行解决"}).status_code == 303
    assert shop.now(case).state == "withdrawn"
    page = shop.as_().get(page_of(case)).text
    assert f"{page_of(case)}/withdraw" not in page
    assert "已自行解决" in page
    assert own()["promises.over"].zh in page


def test_files_are_added_and_only_ever_saved(shop):
    case = shop.case()
    files = [upload("图.png", b"\x89PNG"), upload("<script>.html", b"<script>alert(1)</script>")]
    sent = shop.as_().post(f"{page_of(case)}/attach", data={"file": files})
    assert sent.status_code == 303
    page = shop.as_().get(page_of(case)).text
    assert "<script>." not in page
    links = re.findall(r'href="([^"]+/files/[^"]+)"', page)
    assert len(links) == 2
    got = shop.as_().get(links[1])
    assert got.data == b"<script>alert(1)</script>"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.mimetype == "application/octet-stream"
    named = shop.as_().get(links[0]).headers["Content-Disposition"]
    assert "filename*=UTF-8''%E5%9B%BE.png" in named
    assert named.encode("latin-1")  # what a server can send
    assert shop.as_(CHEN).get(links[1]).status_code == 404
    other = shop.case()
    assert shop.as_().get(links[1].replace(case.number, other.number)).status_code == 404
    none = shop.as_().post(f"{page_of(case)}/attach", data={})
    assert none.status_code == 422
    assert 'id="f-attach-file-error"' in none.text


def test_files_that_are_too_large_lose_no_words(open_shop):
    shop = open_shop(max_upload=3000)
    case = shop.case()
    data = {"body": "请看附件", "file": upload(content=b"x" * 4000)}
    answer = shop.as_().post(f"{page_of(case)}/reply", data=data)
    assert answer.status_code == 413
    assert "请看附件" in answer.text
    assert 'id="f-reply-file-error"' in answer.text
    assert "replied" not in shop.types(case)


def test_pages_write_nothing(shop):
    case = shop.solved()

    def stored():
        with shop.care.read(actor=WANG) as unit:
            return unit.store.find(FactRow), unit.feedback.find()

    before = stored()
    for path in ("/my", "/my?show=all", "/submit", f"/cases/{case.number}", f"/cases/{case.number}/accept"):
        assert shop.as_().get(PAGES + path).status_code in (200, 302)
    assert shop.as_(None).get(shop.link(case)).status_code == 200
    assert stored() == before


def test_every_page_is_in_the_readers_language(shop):
    case = shop.case()
    for path in ("/my", "/submit", f"/cases/{case.number}"):
        chinese, english = (shop.as_(language=language).get(PAGES + path).text for language in ("zh", "en"))
        assert 'lang="zh-CN"' in chinese
        words = re.sub(r"<[^>]*>", " ", english.replace("打不开", "").replace("白屏", "").replace("中文", ""))
        assert not re.search(r"[\u4e00-\u9fff]", words)
        shown = re.sub(
            r"(?s)<head>.*?</head>|<(?:textarea|script).*?>|<[^>]*>",
            " ",
            shop.as_().get(f"{PAGES}{path}?lang=qps").text,
        )
        outside = re.sub(r"⟦.*?⟧", "", shown, flags=re.DOTALL)
        assert not re.search(r"[a-z]{4,}", outside.replace(case.number, "")), outside


# -- the signed link --


def test_a_link_opens_its_case_without_a_login(shop):
    case = shop.case()
    link = shop.link(case)
    nobody = shop.app.test_client()
    page = nobody.get(link, headers={"Accept-Language": "zh"})
    assert page.status_code == 200
    assert "打不开" in page.text
    assert "<nav" not in page.text.split("<main")[0]
    assert page_of(case) not in page.text  # nothing there needs a login
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    sent = nobody.post(f"{link}/reply", data={"body": "从链接来", "csrf_token": token, "file": upload()})
    assert (sent.status_code, sent.location.partition("?")[0]) == (303, link)
    after = nobody.get(link).text
    assert "从链接来" in after
    assert nobody.get(re.search(r'href="([^"]+/files/[^"]+)"', after)[1]).data == b"one"
    assert nobody.post(f"{link}/reply", data={"body": "x"}).status_code == 400
    assert nobody.get(page_of(case)).status_code == 401  # a link is no login


def test_a_link_settles_its_case(shop):
    case = shop.solved()
    nobody = shop.app.test_client()
    page = nobody.get(shop.link(case)).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    assert nobody.post(f"{shop.link(case)}/accept", data={"csrf_token": token}).status_code == 303
    assert shop.now(case).state == "closed"


def test_an_altered_link_opens_nothing(shop):
    link = shop.link(shop.case())
    # not the last letter: of that only some bits count
    altered = link[:-5] + ("A" if link[-5] != "A" else "B") + link[-4:]
    for wrong in (altered, f"{PAGES}/link/x", link + "x"):
        answer = shop.app.test_client().get(wrong, headers={"Accept-Language": "zh"})
        assert answer.status_code == 404
        assert own()["problem.flask.link_wrong"].zh in answer.text


def test_an_old_link_says_so(open_shop):
    shop = open_shop(link_days=2, login_view="/login")
    link = shop.link(shop.case())
    assert shop.app.test_client().get(link).status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        for path in (link, f"{link}/files/x"):
            answer = shop.app.test_client().get(path, headers={"Accept-Language": "zh"})
            assert answer.status_code == 401
            assert own()["problem.flask.link_old"].zh in answer.text


def test_a_link_of_somebody_who_is_nobody_in_the_case_opens_nothing(shop):
    case = shop.case()
    for link in (shop.link(case, Ref("person", "wang")), shop.link(case, tenant="north")):
        assert shop.app.test_client().get(link).status_code == 404


def test_a_link_reaches_its_own_case_only(shop):
    mine, other = shop.case(), shop.case()
    with shop.care.unit(actor=LI) as unit:
        from careplug.ports import StoredFile

        kept = StoredFile(key="k", size=1, digest="0" * 64, media_type="text/plain", name="n")
        row = unit.feedback.attach(other.id, kept)
    assert shop.app.test_client().get(f"{shop.link(mine)}/files/{row.id}").status_code == 404


def test_links_are_tried_only_so_often(open_shop):
    shop = open_shop(rate_limits={"link": "3 per minute"})
    answers = [shop.app.test_client().get(f"{PAGES}/link/x").status_code for _ in range(4)]
    assert answers == [404, 404, 404, 429]


# -- the design --


def test_no_page_has_inline_script_or_style(shop):
    case = shop.solved()
    for path in ("/my", "/submit", f"/cases/{case.number}", "/cases/none"):
        page = shop.as_().get(PAGES + path)
        assert "style-src 'self'" in page.headers["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", page.text)


def test_pico_reaches_nothing_outside():
    made = pico_scope.scoped(pico_scope.SOURCE.read_text(encoding="utf-8"))
    assert pico_scope.TARGET.read_text(encoding="utf-8") == made, "run contrib/flask_ext/tests/pico_scope.py"
    lists = re.findall(r"(?m)^([^@{}\n]+)\{", made)
    assert len(lists) > 200
    assert [each for each in lists if ".pico" not in each] == []
    assert not re.search(r"[{;]color-scheme:", made)


def test_a_hosts_layout_holds_the_page(tmp_path, open_shop):
    shop = open_shop(base_template="base.html", blocks={"title": "name", "content": "body", "head": "head"})
    from jinja2 import DictLoader

    base = "<html><head><title>{% block name %}{% endblock %}</title>{% block head %}{% endblock %}</head>{% block body %}{% endblock %}"
    shop.app.jinja_loader = DictLoader({"base.html": base})
    case = shop.case(Actor.customer("li"))
    page = shop.as_().get(page_of(case)).text
    assert re.search(rf"<title>{case.number} 打不开[^<]*</title>", page)
    assert page.index("pico.scoped.css") < page.index("careplug.css") < page.index('id="careplug"')
    assert "careplug-hosted" in page
    assert "<!--careplug-->" not in page
