"""The sentences of plugins are found beside the core's, and never in their place."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from careplug import Care, permissions
from careplug.errors import CareError, Invalid, Refused
from careplug.refs import Actor, Ref
from careplug.sla.receipt import Segment
from careplug.sla.words import receipt_text
from careplug.text import Catalogue, Text, catalogue
from tests.docs.test_reference import asked
from tests.housekeeping import ROOT
from tests.unit.resources.workshop import SENTENCES, plugin

OWN = Catalogue(SENTENCES)


@pytest.fixture(scope="module")
def care():
    with Care(plugins=[plugin()], environ={"CAREPLUG_PLUGINS": ""}) as care:
        yield care


def test_a_plugins_sentence_is_found(care):
    assert care.catalogue == OWN
    assert care.setup.catalogue is care.catalogue
    assert care.catalogue.say("workshop.hello", "zh", name="王") == "您好 王"
    assert care.catalogue.say("workshop.hello", "qps", name="王") == "⟦Hello 王⟧"
    assert care.catalogue.say("workshop.hello") == "Hello {name}", "a value that is missing stays visible"


def test_a_plugin_never_takes_the_place_of_the_core(care):
    assert care.catalogue.find("error.text.long") == catalogue()["error.text.long"] != SENTENCES["error.text.long"]


def test_what_nobody_has_is_shown_as_itself(care):
    assert care.catalogue.find("no.such") is None
    assert care.catalogue.say("no.such") == "no.such"
    assert care.catalogue.say("no.such", "en", a=1) == "no.such {'a': 1}"
    assert care.catalogue.word("colour", "red", "zh") == "red"


def test_words_of_codes(care):
    assert care.catalogue.word("tools.size", "large", "zh") == "大"
    assert care.catalogue.word("kind", "fault", "zh") == "故障"


def test_an_error_raised_by_its_code_alone():
    error = Invalid("workshop.lent", field="tools.lend", name="Drill")
    assert error.text("en", OWN) == "tools.lend: Drill is lent already. Wait for it."
    assert error.text("zh", OWN) == "tools.lend：Drill 已借出。请等待归还。"
    assert "workshop.lent" in error.text("en"), "without the catalogue of its Care it is shown as its code"
    outer = CareError("plugin.raised", field="x", where="y", error=error)
    assert "已借出" in outer.text("zh", OWN), "an error inside an error too"


def test_a_sentence_that_the_error_carries_goes_before():
    error = Invalid("workshop.lent", field="a", sentence=Text("Carried.", "自带。"))
    assert error.text("zh", OWN) == "自带。"


def test_a_receipt_speaks_the_words_of_plugins(care):
    words = Catalogue({"word.metric.inspection": Text("Inspection", "检查"), "word.reason.rain": Text("rain", "下雨")})
    with care.unit(actor=Actor.engineer("wang")) as unit:
        case = unit.feedback.submit("fault", "x", requester=Ref("person", "li"))
        receipt = unit.sla.explain(case.id)[0]
    at, rain = receipt.started_at, (("rain", "third_party"),)
    segment = Segment(start=at, end=at, kind="paused", counted=timedelta(0), reasons=rain)
    odd = attrs.evolve(receipt, metric="inspection", segments=(segment,))
    text = receipt_text(odd, "zh", catalogue=words)
    assert ("检查" in text, "下雨" in text) == (True, True)
    assert "检查" not in receipt_text(odd, "zh")


# -- grants --


def test_what_a_grant_adds():
    grants = {"engineer": ("acme.read", "acme.visit.*")}
    wang, li = Actor.engineer("wang"), Actor.customer("li")
    assert permissions.may(wang, "acme.visit.close", grants)
    assert not permissions.may(wang, "acme.visit.close")
    assert not permissions.may(wang, "acme.write", grants)
    assert not permissions.may(li, "acme.read", grants)
    permissions.check(wang, "acme.read", grants)
    with pytest.raises(Refused) as caught:
        permissions.check(li, "acme.read", grants)
    assert caught.value.code == "permission.role"


def test_every_action_of_the_core_begins_with_a_word_that_no_plugin_can_grant():
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py")]
    actions = set().union(*(asked(source) for source in sources))
    assert {action.partition(".")[0] for action in actions} <= permissions.WORDS
    assert {"feedback", "sla", "audit", "import", "definitions", "privacy"} <= permissions.WORDS
