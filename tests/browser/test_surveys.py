"""Surveys in a real browser, on a phone: S13 and S17 filled in in both languages, with and without JavaScript; what was
filled in is stored, scored, shown on the results page and in the CSV. The editor without scripts and with them.
"""

from __future__ import annotations

import csv
import io

import pytest

from careplug.clock import ManualClock
from careplug.demo.cast import ACTORS, PEOPLE
from careplug.demo.stage import START
from careplug.messages.directory import Parties
from tests.browser import checks, scenes
from tests.browser.kit import DESKTOP, PHONE, serve, visit
from tests.browser.test_life import look

pytestmark = pytest.mark.slow

WORDS = {
    "zh": {
        "send": "提交",
        "thanks": "感谢您的反馈",
        "other": "其他",
        "yes": "是",
        "no": "否",
        "late": "晚到十分钟",
        "overall": "非常满意",
        "comment": "师傅很耐心",
        "missing": "请回答此题。",
        "opinion": "总体满意，响应及时。",
        "title": "意见反馈表",
    },
    "en": {
        "send": "Send my answers",
        "thanks": "Thank you",
        "other": "Other",
        "yes": "Yes",
        "no": "No",
        "late": "ten minutes late",
        "overall": "Very satisfied",
        "comment": "Very patient",
        "missing": "Please answer this question.",
        "opinion": "Good on the whole, quick answers.",
        "title": "Opinion form",
    },
}
WAYS = [(language, javascript) for language in ("zh", "en") for javascript in (True, False)]
ITEMS = ("dress", "manner", "card", "covers", "tidy", "solved", "efficient")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A desk with a case for each way of filling in; the address, the care, the numbers."""
    file = tmp_path_factory.mktemp("surveys") / "surveys.db"
    app, _, care = scenes.application(f"sqlite:///{file}", ManualClock(START))
    with care.unit(actor=ACTORS["zhao"]) as unit:
        for person in PEOPLE:
            unit.get(Parties).add(person.ref, name=person.name, organisation=person.organisation, roles=person.roles)
    with serve(app) as url:
        yield url, care
    care.close()


@pytest.fixture
def invited(desk):
    """A function: the path of a new invitation to a form, and the number of its case."""
    _, care = desk

    def invite(form: str) -> tuple[str, str]:
        with care.unit(actor=ACTORS["li"]) as unit:
            case = unit.feedback.submit("fault", "泵漏水", contact=ACTORS["li"].ref, contact_name="李敏")
        with care.unit(actor=ACTORS["zhao"]) as unit:
            made = unit.surveys.invite(case.id, form=form, anyway=True)
            return f"/care/survey/{unit.surveys.link(made.id).rpartition('/')[2]}", case.number

    return invite


def tick(page, key: str, words: str) -> None:
    """Touch an answer of a question, as a thumb does: the words, not the little circle."""
    page.locator(f"#f-{key}-question label", has_text=words).first.click()


def stored(care, number: str):
    """The response about a case, with everything that was answered."""
    with care.read(actor=ACTORS["zhao"]) as unit:
        case = unit.feedback.by_number(number)
        (row,) = unit.surveys.responses(feedback_id=case.id)
        return row, unit.surveys.answers_of(row)


def download(page, path: str) -> list[dict[str, str]]:
    """A CSV file of the service side, as rows."""
    answer = page.request.get(path, headers={"X-Role": "manager"})
    assert answer.ok
    return list(csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig"))))


@pytest.mark.parametrize(("language", "javascript"), WAYS)
def test_the_opinion_form_is_filled_in_on_a_phone(desk, invited, visitor, language, javascript):
    url, care = desk
    words, (path, number) = WORDS[language], invited("opinion")
    with visitor(url, width=PHONE, language=language, javascript=javascript, expect=["422", "410"]) as page:
        page.goto(path)
        look(page, language)
        assert page.locator("[name='answers.contact']").input_value() == "李敏"
        page.locator("[name='answers.contact']").fill("李敏（水务）")
        tick(page, "on_time", words["other"])
        page.locator("[name='answers.on_time.other']").fill(words["late"])
        for key in ITEMS:
            tick(page, key, words["yes"])
        page.locator("[name='answers.comments']").fill(words["comment"])
        page.get_by_role("button", name=words["send"]).click()
        page.get_by_text(words["missing"]).first.wait_for()  # the overall answer is missing, and nothing is lost
        look(page, language)
        assert page.locator("[name='answers.on_time.other']").input_value() == words["late"]
        tick(page, "overall", words["overall"])
        sign(page, javascript)
        page.get_by_role("button", name=words["send"]).click()
        page.get_by_role("heading", name=words["thanks"]).wait_for()
        look(page, language)
        page.goto(path)
        assert page.locator("form").count() == 0, "a link is used once"
        page.goto("about:blank")
    row, answers = stored(care, number)
    assert (row.channel, row.low, row.language) == ("web", False, "zh_CN" if language == "zh" else "en")
    assert answers["on_time"] == {"other": words["late"]}
    assert [answers[key] for key in ITEMS] == ["yes"] * 7
    assert (answers["overall"], answers["contact"], answers["comments"]) == (
        "very_satisfied",
        "李敏（水务）",
        words["comment"],
    )
    assert ("path" in answers["signature"]) == javascript
    shown_and_exported(visitor, url, language, number, words)


def sign(page, javascript: bool) -> None:
    """By hand where scripts run, else by typing the name."""
    if not javascript:
        page.locator("[name='answers.signature.name']").fill("李敏")
        return
    canvas = page.locator(".cps-sign canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 90, steps=5)
    page.mouse.move(box["x"] + 200, box["y"] + 30, steps=5)
    page.mouse.up()
    assert page.locator("[name='answers.signature.path']").input_value().startswith("M")


def shown_and_exported(visitor, url: str, language: str, number: str, words: dict[str, str]) -> None:
    """The results page has it, in both widths, and the CSV a line about it."""
    with visitor(url, width=DESKTOP, language=language, headers={"X-Role": "manager"}) as page:
        page.goto("/care/surveys/opinion?by=kind")
        look(page, language)
        page.get_by_role("heading", name=words["title"]).wait_for()
        assert page.get_by_text(words["comment"]).count() >= 1
        row = page.locator(".cps-table tr", has=page.locator("summary", has_text=overall_text(language))).first
        assert "100.0" in row.inner_text()
        lines = {line["number"]: line for line in download(page, "/care/surveys/opinion/responses.csv")}
        assert lines[number]["on_time"] == f"other: {words['late']}"
        assert lines[number]["overall"] == "very_satisfied"
        scores = {line["question"]: line for line in download(page, "/care/surveys/opinion/scores.csv")}
        assert (scores["overall"]["measure"], scores["overall"]["value"]) == ("csat", "1.000000")


def overall_text(language: str) -> str:
    return "总体评价" if language == "zh" else "How satisfied are you overall?"


@pytest.mark.parametrize(("language", "javascript"), WAYS)
def test_the_feedback_sheet_is_filled_in_on_a_phone(desk, invited, visitor, language, javascript):
    url, care = desk
    words, (path, number) = WORDS[language], invited("feedback_sheet")
    with visitor(url, width=PHONE, language=language, javascript=javascript) as page:
        page.goto(path)
        look(page, language)
        areas = page.locator("textarea")
        assert areas.count() == 10
        for place in range(10):
            areas.nth(place).fill(f"{words['opinion']} {place + 1}")
        page.get_by_role("button", name=words["send"]).click()
        page.get_by_role("heading", name=words["thanks"]).wait_for()
    _, answers = stored(care, number)
    assert sorted(answers.values()) == sorted(f"{words['opinion']} {place + 1}" for place in range(10))
    with visitor(url, width=PHONE, language=language, headers={"X-Role": "manager"}) as page:
        page.goto("/care/surveys/feedback_sheet")
        look(page, language)
        page.get_by_text(f"{words['opinion']} 10").first.wait_for()
        lines = {line["number"]: line for line in download(page, "/care/surveys/feedback_sheet/responses.csv")}
        assert lines[number]["anything_else"] == f"{words['opinion']} 10"


@pytest.mark.parametrize("javascript", [True, False])
def test_an_anonymous_sheet_says_nothing_of_its_sender(desk, invited, visitor, javascript):
    url, care = desk
    path, number = invited("feedback_sheet")
    with visitor(url, width=PHONE, language="en", javascript=javascript) as page:
        page.goto(path)
        page.locator("[name=anonymous]").check()
        page.locator("textarea").first.fill(f"Nobody's words {javascript}")
        page.get_by_role("button", name="Send my answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
    with care.read(actor=ACTORS["zhao"]) as unit:
        assert unit.surveys.responses(feedback_id=unit.feedback.by_number(number).id) == []
        hidden = [row for row in unit.surveys.responses(form="feedback_sheet") if row.anonymous]
        assert any(row.texts.get("overall") == f"Nobody's words {javascript}" for row in hidden)
        assert {(row.contact, row.number, row.invitation_id) for row in hidden} == {(None, "", "")}


DEPENDENT = {
    "title": {"en": "Two steps", "zh": "两步"},
    "questions": [
        {"key": "solved", "type": "yes_no", "text": {"en": "Is it solved?", "zh": "解决了吗？"}, "required": True},
        {
            "key": "left",
            "type": "text",
            "text": {"en": "What is left to do?", "zh": "还剩什么？"},
            "required": True,
            "when": {"field": "solved", "op": "eq", "value": "no"},
        },
    ],
}


@pytest.mark.parametrize("javascript", [True, False])
def test_a_question_that_depends_on_another_is_asked_when_it_is_its_turn(desk, invited, visitor, javascript):
    url, care = desk
    with care.unit(actor=ACTORS["zhao"]) as unit:
        unit.surveys.put_form("two_steps", DEPENDENT)
    path, number = invited("two_steps")
    with visitor(url, width=PHONE, language="en", javascript=javascript) as page:
        page.goto(path)
        assert not page.get_by_text("What is left to do?").is_visible()
        tick(page, "solved", "No")
        if not javascript:
            page.get_by_role("button", name="Send my answers").click()
            page.get_by_text("nothing has been sent yet").wait_for()
        page.locator("[name='answers.left']").fill("The lamp blinks.")
        page.get_by_role("button", name="Send my answers").click()
        page.get_by_role("heading", name="Thank you").wait_for()
    assert stored(care, number)[1] == {"solved": "no", "left": "The lamp blinks."}


@pytest.mark.parametrize("javascript", [True, False])
def test_a_form_is_changed_in_the_editor(desk, visitor, javascript):
    url, care = desk
    with care.unit(actor=ACTORS["zhao"]) as unit:
        if javascript:
            unit.surveys.put_form("edited", DEPENDENT)
        before = unit.surveys.form("edited") if javascript else None
    with visitor(
        url, width=DESKTOP, language="en", javascript=javascript, headers={"X-Role": "manager"}, expect=["422"]
    ) as page:
        if javascript:
            page.goto("/care/survey-forms/edited")
        else:
            page.goto("/care/survey-form-new")
            page.locator("[name=name]").fill("made")
            page.locator("[name='title.en']").fill("Made by hand")
            page.locator("[name='questions.0.text.en']").fill("Are you pleased?")
        look(page, "en")
        count = page.locator(".cpe-question").count()
        page.get_by_role("button", name="Add a question").click()
        page.locator(".cpe-question").nth(count).wait_for()
        place = f"questions.{count}"
        page.locator(f"[name='{place}.type']").select_option("single")
        page.locator(f"[name='{place}.text.en']").fill("Which one?")
        page.get_by_role("button", name=f"Show the fields of the type of question {count + 1}").click()
        page.get_by_role("button", name="Add a choice").click()
        page.locator(f"[name='{place}.choices.0.text.en']").fill("The first")
        page.locator(f"[name='{place}.choices.0.key']").fill("Not a key!")
        page.get_by_role("button", name="Save as a new revision").last.click()
        page.locator(f"#e-questions-{count}-choices-0-key-error").wait_for()
        page.locator("#careplug:not(.htmx-request, .htmx-swapping, .htmx-settling)").wait_for()
        assert page.locator(f"[name='{place}.text.en']").input_value() == "Which one?"
        page.locator(f"[name='{place}.choices.0.key']").fill("first")
        page.get_by_role("button", name="Preview").click()
        page.locator("#preview").get_by_text("Which one?").wait_for()
        page.get_by_role("button", name="Save as a new revision").last.click()
        page.get_by_text("Saved. The form is now revision").wait_for()
        look(page, "en")
    with care.read(actor=ACTORS["zhao"]) as unit:
        made = unit.surveys.form("edited" if javascript else "made")
        assert made.revision == (before.revision + 1 if before else 1)
        assert made.form.questions[-1].choices[0].key == "first"


def test_every_page_of_surveys_is_accessible_and_fits(chromium):
    """The scenes with everything on them unfolded: nothing serious for axe, nothing wider than a phone."""
    found = []
    with scenes.server() as server:
        for scene in scenes.SCENES:
            if not scene.name.startswith(("survey-", "improve")):
                continue
            headers = scenes.entry(server, scene.role, "zh").headers
            with visit(chromium, server.url, width=PHONE, language="zh", headers=headers, troubles=[]) as page:
                page.goto(scene.path if isinstance(scene.path, str) else scene.path(server))
                page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
                found += [f"{scene.name}: {each}" for each in (*checks.axe(page).failures, *checks.overflow(page))]
    assert found == []
