"""The life of a case in a real browser, as customer and engineer: both languages, phone and desktop, with and without
JavaScript. At every page on the way: nothing wider than the window, no word of another language, nothing serious for axe.
"""

from __future__ import annotations

import pytest

from careplug.clock import system_now
from careplug.demo.cast import ACTORS, PEOPLE
from careplug.messages.directory import Parties
from tests.browser import checks, scenes
from tests.browser.kit import DESKTOP, PHONE, serve

pytestmark = pytest.mark.slow

MINE = {
    "zh": {
        "subject": "水泵漏水",
        "body": "今天早上开始漏水。",
        "answer": "请提供照片。",
        "more": "照片已发送。",
        "measure": "更换密封圈",
        "result": "不再漏水",
        "again": "仍然漏水",
    },
    "en": {
        "subject": "The pump drips",
        "body": "Since this morning.",
        "answer": "Please send a picture.",
        "more": "Here it is.",
        "measure": "Seal changed",
        "result": "It drips no more",
        "again": "It still drips",
    },
}
"""What people say, by language."""

RULES: set[str] = set()
"""The rules of axe that ran, over all pages of this module."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A service desk with the people of the story and nothing else, on the machine's clock."""
    file = tmp_path_factory.mktemp("life") / "life.db"
    app, _, care = scenes.application(f"sqlite:///{file}", system_now)
    with care.unit(actor=ACTORS["zhao"]) as unit:
        for person in PEOPLE:
            unit.get(Parties).add(person.ref, name=person.name, organisation=person.organisation, roles=person.roles)
    with serve(app) as url:
        yield url
    care.close()


def look(page, language: str) -> None:
    """What must hold on every page."""
    assert [str(each) for each in checks.overflow(page)] == []
    assert [str(each) for each in checks.untranslated(page, language=language)] == []
    if page.evaluate("() => matchMedia('(scripting: none)').matches"):
        return  # axe is a script itself; the same page was looked at where scripts run
    seen = checks.axe(page)
    RULES.update(seen.ran)
    assert [str(each) for each in seen.failures] == []


class Side:
    """One of the two, at the case's page."""

    def __init__(self, page, language: str) -> None:
        self.page, self.language, self.words = page, language, MINE[language]

    def go(self, path: str) -> None:
        self.page.goto(path)
        look(self.page, self.language)

    def sees(self, *texts: str) -> None:
        for text in texts:
            self.page.get_by_text(text).first.wait_for()

    def done(self, selector: str = "[role=status]") -> None:
        self.page.wait_for_selector(selector)
        look(self.page, self.language)


class Customer(Side):
    def submits(self) -> str:
        self.go("/care/submit")
        self.page.select_option("[name=kind]", "fault")
        self.page.fill("[name=subject]", self.words["subject"])
        self.page.fill("[name=body]", self.words["body"])
        self.page.click("main form.careplug-card button[type=submit]")
        self.page.wait_for_url("**/cases/**")
        self.done()
        return self.page.url.partition("/cases/")[2].partition("?")[0]

    def form(self, action: str):
        return self.page.locator(f"form[action$='/{action}']").first

    def replies(self) -> None:
        self.form("reply").locator("[name=body]").fill(self.words["more"])
        self.form("reply").locator("button[type=submit]").click()
        self.sees(self.words["more"])
        look(self.page, self.language)

    def refuses(self) -> None:
        self.page.locator("details:has(form[action$='/refuse']) > summary").click()
        self.form("refuse").locator("[name=reason]").fill(self.words["again"])
        self.form("refuse").locator("button[type=submit]").click()
        self.page.wait_for_url("**done=refuse*")
        self.done()

    def accepts(self) -> None:
        self.form("accept").locator("button").click()
        self.page.wait_for_url("**done=accept*")
        self.done()


class Engineer(Side):
    def finds(self, number: str) -> None:
        self.go("/care/queue")
        self.page.get_by_text(number).first.wait_for()
        self.go(f"/care/cases/{number}")

    def step(self, name: str, **values: str) -> None:
        """Take a step: a button by itself, or the form behind it."""
        act = self.page.locator(f"#act-step-{name}")
        if act.evaluate("each => each.tagName") == "DETAILS":
            act.locator("summary").click()
            for field, value in values.items():
                part = act.locator(f"[name={field}]")
                part.select_option(value) if part.evaluate("each => each.tagName") == "SELECT" else part.fill(value)
        # some steps may be taken again from where they lead, so the form itself is no sign; each page has a key of its own
        key = self.page.locator(".cpd-do [name=key]").first.input_value()
        act.locator("button[type=submit]").click()
        self.page.wait_for_selector(f".cpd-do [name=key][value='{key}']", state="detached")
        look(self.page, self.language)

    def says(self) -> None:
        form = self.page.locator("#act-say")
        form.locator("[name=body]").fill(self.words["answer"])
        form.locator("button[type=submit]").click()
        self.sees(self.words["answer"])
        look(self.page, self.language)

    def pauses(self) -> None:
        act = self.page.locator("#act-pause")
        act.locator("summary").click()
        act.locator("[name=reason]").select_option("waiting_customer")
        act.locator("button[type=submit]").click()
        self.page.wait_for_selector(".cpd-is-paused")
        look(self.page, self.language)


WAYS = [
    (language, width, javascript)
    for language in ("zh", "en")
    for width, javascript in ((PHONE, True), (DESKTOP, True), (PHONE, False))
]


@pytest.mark.parametrize(("language", "width", "javascript"), WAYS)
def test_the_life_of_a_case(desk, visitor, language, width, javascript):
    """From the intake to the filing, with a pause and a refusal between."""

    def come(role: str, *, script: bool = True):
        return visitor(desk, width=width, language=language, javascript=script, headers={"X-Role": role})

    with come("customer", script=javascript) as page:
        customer = Customer(page, language)
        number = customer.submits()
        customer.sees(customer.words["subject"], number)

    with come("engineer") as page:
        engineer = Engineer(page, language)
        engineer.finds(number)
        engineer.says()
        engineer.step("confirm")
        engineer.step("dispatch", assignee="person:wang")
        engineer.pauses()

    with come("customer", script=javascript) as page:
        customer = Customer(page, language)
        customer.go(f"/care/cases/{number}")
        customer.sees(customer.words["answer"])
        customer.replies()

    with come("engineer") as page:
        engineer = Engineer(page, language)
        engineer.go(f"/care/cases/{number}")
        assert page.locator(".cpd-is-paused").count() == 0, "the customer's answer ended the pause"
        engineer.step("diagnose")
        engineer.step("handle")
        engineer.step("verify")
        engineer.step("resolve", measure=engineer.words["measure"], result=engineer.words["result"])

    with come("customer", script=javascript) as page:
        customer = Customer(page, language)
        customer.go(f"/care/cases/{number}")
        customer.sees(customer.words["result"])
        customer.refuses()

    with come("engineer") as page:
        engineer = Engineer(page, language)
        engineer.go(f"/care/cases/{number}")
        engineer.sees(engineer.words["again"])
        engineer.step("resolve", measure=engineer.words["measure"], result=engineer.words["result"])

    with come("customer", script=javascript) as page:
        customer = Customer(page, language)
        customer.go(f"/care/cases/{number}")
        customer.accepts()
        customer.go("/care/my?show=all")
        customer.sees(number)


def test_the_rules_that_ran_are_told(desk, visitor, capsys):
    """axe's own list, so that somebody can see what "nothing serious" means."""
    with visitor(desk, headers={"X-Role": "engineer"}) as page:
        page.goto("/care/queue")
        RULES.update(checks.axe(page).ran)
    assert len(RULES) > 40
    with capsys.disabled():
        print("\naxe ran:", ", ".join(sorted(RULES)))
