"""The API's reference as a page: everything of the document, in both languages, without a script or another site."""

from __future__ import annotations

import json
import re
import shlex
from html.parser import HTMLParser

import pytest
from flask_kit import API, LI, WANG, key, spoken

from careplug_flask.testing import client


class Page(HTMLParser):
    """What a page holds: ids, links, texts, tags."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.tags.append((tag, told))
        if "id" in told:
            self.ids.append(told["id"])
        if tag == "a":
            self.links.append(told["href"])

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(params=["en", "zh_CN"])
def page(house, request):
    answer = client(house.app, WANG, language=request.param).get("/careplug/api-reference")
    assert answer.status_code == 200
    return request.param, answer, Page(answer.text)


def test_every_operation_and_shape_is_there(house, page):
    language, answer, found = page
    said = spoken(house.app, language)
    for path, methods in said["paths"].items():
        for each in methods.values():
            assert each["operationId"] in found.ids
            assert each["summary"] in answer.text
            assert path in answer.text
            for part in each["parameters"]:
                assert part["name"] in found.words
    for name, schema in said["components"]["schemas"].items():
        assert f"shape-{name}" in found.ids
        assert set(schema.get("properties", ())) <= set(found.words)
    assert len(found.ids) == len(set(found.ids))


def test_every_link_leads_somewhere(house, page):
    _, _, found = page
    inside = [each[1:] for each in found.links if each.startswith("#")]
    assert len(inside) > 100
    assert [each for each in inside if each not in found.ids] == []
    assert f"{API}/openapi.json" in found.links


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(page):
    _, answer, found = page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)
    assert [told for tag, told in found.tags if "style" in told or any(name.startswith("on") for name in told)] == []
    assert [tag for tag, told in found.tags if tag == "style" or (tag == "script" and "src" not in told)] == []


def test_each_language_is_its_own(page):
    language, _, found = page
    whole = " ".join(found.words)
    assert ("参数" in whole) == (language == "zh_CN")
    assert ("Parameters" in whole) == (language == "en")


def test_the_examples_are_requests_that_are_understood(house, page):
    """Each curl of the page, given to the API: its form is never what is wrong."""
    _, answer, _ = page
    text = re.sub(r"&#34;", '"', re.sub(r"&#39;", "'", answer.text))
    examples = re.findall(r"<pre[^>]*><code[^>]*>(curl.*?)</code></pre>", text, re.DOTALL)
    assert len(examples) == len([m for methods in spoken(house.app)["paths"].values() for m in methods])
    secret = key(house.app)
    for example in examples:
        words = shlex.split(example.replace("\\\n", " ").replace("$CAREPLUG_KEY", secret).replace("$CAREPLUG_URL", ""))
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
        data = words[words.index("-d") + 1].encode() if "-d" in words else None
        if "-F" in words or "--data-binary" in words:
            continue  # files of the reader's own
        told = house.api(None)(method, words[-1], data=data, headers=headers)
        if told.status_code >= 400 and told.mimetype == "application/problem+json":
            assert not told.get_json()["code"].startswith("flask.") or told.get_json()["code"] == "flask.attachment", (
                example
            )


def test_it_is_for_whoever_is_known(house):
    assert client(house.app, LI).get("/careplug/api-reference").status_code == 200
    assert client(house.app).get("/careplug/api-reference").status_code == 401


def test_without_an_api_there_is_no_reference(seeded_house):
    house = seeded_house(api=False)
    assert client(house.app, LI).get("/careplug/api-reference").status_code == 404
    assert house.app.test_client().get(f"{API}/feedback").status_code == 404


def test_without_pages_there_is_an_api(seeded_house):
    house = seeded_house(pages=False)
    assert house.api(LI).get("/feedback").status_code == 200
    assert json.loads(house.api(LI).get("/openapi.json").data)["paths"]
    assert client(house.app, LI).get("/careplug/").status_code == 404
