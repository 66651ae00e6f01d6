"""Where clicks lead, with and without JavaScript: the page that is shown is the one the address names.

Boosted links take over what stands on the elements around them; what asks for a part of a page must keep that to itself.
"""

from __future__ import annotations

import pytest

from careplug.clock import system_now
from careplug.demo.cast import ACTORS
from tests.browser import scenes
from tests.browser.kit import DESKTOP, PHONE, serve

pytestmark = pytest.mark.slow

CASES = 30
"""More than one page of each list has."""

WAYS = [(DESKTOP, True), (PHONE, True), (DESKTOP, False)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A desk with cases of two kinds, on the machine's clock."""
    file = tmp_path_factory.mktemp("clicks") / "clicks.db"
    app, _, care = scenes.application(f"sqlite:///{file}", system_now)
    with care.unit(actor=ACTORS["li"]) as unit:
        for number in range(CASES):
            unit.feedback.submit("question" if number % 2 else "fault", f"Matter {number}", impact=2, urgency=2)
    with serve(app) as url:
        yield url
    care.close()


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{'script' if way[1] else 'plain'}")
def come(request, desk, visitor):
    """A visitor's page as a role: desktop and phone with scripts, and without."""
    width, javascript = request.param

    def enter(role: str, **more):
        return visitor(desk, width=width, javascript=javascript, headers={"X-Role": role}, **more)

    enter.javascript = javascript
    return enter


def shows(page, heading: str, address: str) -> None:
    """The page with this heading, and no other, at that address."""
    page.locator("h1", has_text=heading).wait_for()
    page.wait_for_url(f"**{address}")
    assert page.locator("h1").count() == 1
    assert page.locator("#careplug").count() == 1
    assert page.locator("main").count() == 1


def opens_the_first_case(page, rows: str) -> None:
    """Click the first row of a list; its case is shown, and going back shows the list again."""
    before, link = page.url, page.locator(f"{rows} a").first
    subject, address = link.inner_text(), link.get_attribute("href")
    link.click()
    shows(page, subject, address)
    assert page.locator(rows).count() == 0, "the list is gone"
    page.go_back()
    page.wait_for_url(before)
    page.locator(rows).first.wait_for()


@pytest.mark.parametrize(
    ("path", "rows"), [("/care/queue", ".cpd-queue .cpd-row"), ("/care/cases", ".cpd-cases .cpd-row")]
)
def test_a_row_opens_its_case(come, path, rows):
    with come("engineer") as page:
        page.goto(path)
        opens_the_first_case(page, rows)


def test_a_row_of_my_cases_opens_its_case(come):
    with come("customer") as page:
        page.goto("/care/my")
        opens_the_first_case(page, ".careplug-row")


@pytest.mark.parametrize(
    ("path", "rows"), [("/care/queue", ".cpd-queue .cpd-row"), ("/care/cases", ".cpd-cases .cpd-row")]
)
def test_lists_are_narrowed_and_turned_and_still_open_cases(come, path, rows):
    with come("engineer") as page:
        page.goto(path)
        heading = page.locator("h1").inner_text()
        page.select_option(".cpd-filters [name=kind]", "question")
        if not come.javascript:
            page.locator(".cpd-filters button").click()
        page.wait_for_url("**kind=question*")
        page.locator(".cpd-summary a").wait_for()
        assert page.locator(rows, has_text="fault").count() == 0
        assert page.locator(rows, has_text="question").count() > 0
        opens_the_first_case(page, rows)
        page.locator(".cpd-summary a").click()
        shows(page, heading, path)
        assert page.locator(rows, has_text="fault").count() > 0
        page.locator(".cpd-pager [rel=next]").click()
        page.wait_for_url("**after=*")
        page.locator(".cpd-pager [rel=first]").wait_for()
        assert page.locator("h1").count() == 1
        opens_the_first_case(page, rows)


def test_older_cases_of_mine(come):
    with come("customer") as page:
        page.goto("/care/my")
        first = page.locator(".careplug-row a").first.inner_text()
        page.locator(".careplug-pager [rel=next]").click()
        page.wait_for_url("**after=*")
        page.locator(".careplug-row").first.wait_for()
        assert page.get_by_text(first, exact=True).count() == 0
        page.locator(".careplug-tabs a").nth(1).click()
        shows(page, "My cases", "/care/my?show=all")


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("engineer", {"All cases": "All cases", "Queue": "Queue", "New case": "New case", "Visits": "Visits"}),
        ("customer", {"New case": "New case", "My cases": "My cases"}),
    ],
)
def test_the_navigation_leads_where_it_says(come, role, words):
    with come(role) as page:
        page.goto("/care/queue" if role == "engineer" else "/care/my")
        for label, heading in words.items():
            link = page.locator("header nav a", has_text=label)
            address = link.get_attribute("href")
            link.click()
            shows(page, heading, address)
            assert page.locator("header nav a[aria-current]").inner_text() == label


def test_the_queue_asks_for_itself_and_stays_whole(come):
    """What it does each minute, done now: the rows are new, and a click still opens a case."""
    if not come.javascript:
        pytest.skip("without scripts it does not")
    with come("engineer") as page:
        page.goto("/care/queue")
        page.evaluate("() => document.querySelector('#cpd-queue .cpd-row').remove()")
        left = page.locator("#cpd-queue .cpd-row").count()
        asked = page.locator("#cpd-queue > [hx-get]")
        address = asked.get_attribute("hx-get")
        assert address == "/care/queue"
        page.evaluate(
            "(address) => htmx.ajax('GET', address, {source: '#cpd-queue > [hx-get]', target: '#cpd-queue', select: '#cpd-queue', swap: 'outerHTML'})",
            address,
        )
        page.wait_for_function("(left) => document.querySelectorAll('#cpd-queue .cpd-row').length > left", arg=left)
        assert page.locator("#cpd-queue").count() == 1
        opens_the_first_case(page, ".cpd-queue .cpd-row")


def test_a_form_that_fails_says_why_and_keeps_what_was_typed(come):
    """A subject of blanks passes the browser and not the server."""
    with come("customer", expect=["422"]) as page:
        page.goto("/care/submit")
        page.fill("[name=subject]", "   ")
        page.fill("[name=body]", "It drips since noon.")
        page.locator("main form button[type=submit]").click()
        page.locator(".careplug-problem").wait_for()
        assert "Subject: please fill this in" in page.locator("#f-subject-error").inner_text()
        assert page.locator("[name=body]").input_value() == "It drips since noon."
        assert page.locator("h1").count() == 1
        page.fill("[name=subject]", "The pump drips again")
        page.locator("main form button[type=submit]").click()
        page.locator("h1", has_text="The pump drips again").wait_for()


def test_an_engineers_form_that_fails_can_be_left_by_a_reload(come):
    with come("engineer", expect=["422"]) as page:
        page.goto("/care/cases")
        page.locator(".cpd-cases .cpd-row a").first.click()
        page.locator("#act-say").wait_for()
        address = page.url
        page.locator("#act-say [name=body]").fill("   ")
        page.locator("#act-say button[type=submit]").click()
        page.locator("#act-say .cpd-problem").wait_for()
        page.goto(f"{address}/say")
        page.locator("#act-say").wait_for()
        assert page.url == address
