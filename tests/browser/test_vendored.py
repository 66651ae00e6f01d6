"""The files of others are what VENDOR.md says, and work under the content security policy that hosts are told."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.browser.kit import serve
from tests.housekeeping import ROOT

FOLDER = ROOT / "contrib" / "flask_ext" / "src" / "careplug_flask" / "static" / "vendor"
STRICT = "default-src 'self'; script-src 'self'; style-src 'self'"
ICONS = f"{STRICT}; img-src 'self' data:"
CONFIG = '{"includeIndicatorStyles": false, "allowEval": false, "allowScriptTags": false}'

BODY = """
<main class="container">
  <div class="pico">
    <h1>Cases</h1>
    <button hx-get="/part" hx-target="#target" hx-indicator="#busy">Load</button>
    <p id="busy" class="htmx-indicator">Busy</p>
    <div id="target"></div>
    <a id="boosted" href="/other" hx-boost="true">Other</a>
    <select aria-label="State"><option>Open</option></select>
    <details><summary>More</summary><p>Text</p></details>
    <label><input type="checkbox" checked> Urgent</label>
    <label>Day <input type="date"></label>
    <label>Name <input aria-invalid="true"></label>
    EXTRA
  </div>
  <h1 id="host">Of the host</h1>
</main>
"""


LEAKS = {
    '[data-theme="dark"]', '[data-theme="light"]', ':root:not([data-theme="dark"])', ":root:not([data-theme])",
    ":where(:root)", "*", "::after", "::before", "body", "main", ":where(nav li)::before",
    ".container", ".container-fluid", ".grid", ".grid > *",
    ".modal-is-open", ".modal-is-open dialog", ".modal-is-closing dialog", ".modal-is-closing dialog > article",
    ":where(.modal-is-opening, .modal-is-closing) dialog", ":where(.modal-is-opening, .modal-is-closing) dialog > article",
}  # fmt: skip
"""Pico's conditional build is not quite conditional: what it styles outside `.pico`, so in a host's own page."""

SELECTORS = """
() => {
    const found = new Set();
    const each = (rule) => {
        if (rule.selectorText === undefined) return [...(rule.cssRules ?? [])].forEach(each);
        if (![...rule.style].some((name) => !name.startsWith("--"))) return;
        const parts = rule.selectorText.split(/,\\s*(?![^(]*\\))/);
        parts.filter((part) => !part.includes(".pico") && !part.includes(":host")).forEach((part) => found.add(part));
    };
    [...document.styleSheets[0].cssRules].filter((rule) => !(rule instanceof CSSKeyframesRule)).forEach(each);
    return [...found];
}
"""


def application(policy, config=None):
    from flask import Flask, Response, request, send_from_directory

    app = Flask("careplug_test_vendored")
    meta = f"<meta name='htmx-config' content='{config}'>" if config else ""
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cases</title>{meta}'
        '<link rel="stylesheet" href="/vendor/pico.conditional.min.css"><script src="/vendor/htmx.min.js"></script></head>'
    )

    def part():
        return '<p id="loaded">Loaded</p><script>document.title = "hacked"</script>'

    app.add_url_rule(
        "/", "page", lambda: f"{head}<body>{BODY.replace('EXTRA', request.args.get('extra', ''))}</body></html>"
    )
    app.add_url_rule("/other", "other", lambda: f'{head}<body><p id="arrived">Other</p></body></html>')
    app.add_url_rule("/part", "part", part)
    app.add_url_rule("/vendor/<path:name>", "vendor", lambda name: send_from_directory(FOLDER, name))

    @app.after_request
    def secured(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        return response

    return app


def test_the_files_are_what_the_page_says():
    rows = re.findall(
        r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", (FOLDER / "VENDOR.md").read_text("utf-8"), re.MULTILINE
    )
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FOLDER.iterdir()}
    del found["VENDOR.md"]
    assert dict(rows) == found


def test_both_work_under_a_strict_policy(visitor):
    with serve(application(ICONS, CONFIG)) as url, visitor(url) as page:
        page.goto("/")
        assert page.locator("button").evaluate("(el) => getComputedStyle(el).borderRadius") != "0px"
        assert page.locator("#busy").evaluate("(el) => getComputedStyle(el).opacity") == "1"  # our own sheet's affair
        page.get_by_role("button", name="Load").click()
        page.locator("#loaded").wait_for()
        assert page.title() == "Cases"  # the script in the part did not run
        page.locator("#boosted").click()
        page.locator("#arrived").wait_for()
        page.go_back()
        page.locator("#loaded").wait_for()


@pytest.mark.parametrize(
    ("config", "held"),
    [
        (None, "style-src"),
        ('{"includeIndicatorStyles": false, "allowEval": false}', "script-src"),
        (CONFIG.replace('"allowEval": false', '"allowEval": true'), "eval"),
    ],
)
def test_every_word_of_the_configuration_is_needed(visitor, config, held):
    troubles = []
    extra = "<button hx-get='/part' hx-trigger='click[1 == 1]' hx-target='%23target'>Evaluated</button>"
    with serve(application(ICONS, config)) as url, visitor(url, troubles=troubles) as page:
        page.goto(f"/?extra={extra}")
        page.get_by_role("button", name="Load").click()
        page.locator("#loaded").wait_for()
        page.get_by_role("button", name="Evaluated").click()
    assert any(each.kind == "policy" and held in each.text for each in troubles), troubles


def test_the_icons_need_data_images(visitor):
    troubles = []
    with serve(application(STRICT, CONFIG)) as url, visitor(url, troubles=troubles) as page:
        page.goto("/")
    assert {each.kind for each in troubles} == {"policy"}
    assert all("data" in each.text for each in troubles)


def test_what_pico_does_to_the_page_around_it(visitor):
    with serve(application(ICONS, CONFIG)) as url, visitor(url) as page:
        page.goto("/")
        assert set(page.evaluate(SELECTORS)) == LEAKS
        # a host's rem grows from 16 to 20 pixels on a desk
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
