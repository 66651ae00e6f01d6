"""The OpenAPI document: valid in both languages, complete, the same each time, and the wire's shapes are the entities'."""

from __future__ import annotations

import inspect
import json
import re

import attrs
import msgspec
import pytest
from flask_kit import LI, WANG, House, spoken, state_of
from openapi_spec_validator import validate

from careplug.feedback.entities import Attachment, Feedback, Pause
from careplug.messages.entities import Message, Party
from careplug.ports import Address
from careplug.sla.entities import Clock
from careplug.timeline.facts import Fact
from careplug_flask.rest.wire import base, cases, clocks, searching, surveys
from careplug_flask.rest.wire import house as wire_house
from careplug_flask.rest.wire import resources as wire_resources
from careplug_flask.words import own

LANGUAGES = ("en", "zh_CN")
CHINESE = re.compile("[\u4e00-\u9fff]")


def operations(said):
    return [each for methods in said["paths"].values() for each in methods.values()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_valid(house, language):
    validate(spoken(house.app, language))


def test_it_is_served_in_the_readers_language(house):
    assert house.api(LI).get("/openapi.json").get_json() == spoken(house.app, "en")
    assert house.api(LI, language="zh").get("/openapi.json").get_json() == spoken(house.app, "zh_CN")
    assert house.api(None).get("/openapi.json").status_code == 401


def test_it_is_the_same_each_time(house, tmp_path):
    other = House(f"sqlite:///{tmp_path / 'other.db'}")
    texts = {json.dumps(spoken(each.app, "zh_CN")) for each in (house, other)}
    first, second = (house.api(WANG).get("/openapi.json") for _ in range(2))
    other.close()
    assert len(texts) == 1
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]


def words(node, place=()):
    """Every sentence of the document that a person reads, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("summary", "description") and isinstance(value, str):
                yield (*place, key), value
            else:
                yield from words(value, (*place, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from words(value, (*place, number))


def test_every_sentence_is_in_both_languages(house):
    english, chinese = (dict(words(spoken(house.app, language))) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    assert [place for place, text in english.items() if CHINESE.search(text) or not text] == []
    assert [place for place, text in chinese.items() if not CHINESE.search(text)] == []


def test_every_operation_has_a_summary_and_a_name_of_its_own(house):
    said = operations(spoken(house.app))
    names = [each["operationId"] for each in said]
    assert len(names) == len(set(names))
    assert all(each["summary"] for each in said)
    tags = {each["name"] for each in spoken(house.app)["tags"]}
    assert {tag for each in said for tag in each["tags"]} == tags


def test_what_a_shape_is_says_its_docstring():
    known = {code: words.en for code, words in own().items() if code.startswith("api.shape.")}
    shapes = {
        kind
        for module in (base, cases, clocks, searching, wire_house, wire_resources, surveys)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, base.Wire | base.In)
        and not kind.__name__.endswith(("Query", "Filter"))
    }
    told = {f"api.shape.{kind.__name__}": inspect.getdoc(kind) for kind in shapes - {base.Wire, base.In}}
    assert known == told


def test_no_summary_is_idle(house):
    names = {each["operationId"] for each in operations(spoken(house.app))}
    assert {code.removeprefix("api.op.") for code in own() if code.startswith("api.op.")} == names


def test_every_part_of_a_path_is_a_parameter(house):
    for path, methods in spoken(house.app)["paths"].items():
        for each in methods.values():
            parts = [part["name"] for part in each["parameters"] if part["in"] == "path"]
            assert parts == re.findall(r"\{(\w+)\}", path)


def test_the_answers_that_are_documented_follow_from_the_operation(house):
    for path, methods in spoken(house.app)["paths"].items():
        for method, each in methods.items():
            told = set(each["responses"])
            assert {"401", "403", "422", "429", "503"} <= told
            assert ("404" in told) or "{" not in path
            assert ("400" in told) == (method != "get")
            assert ("415" in told) == ("requestBody" in each)
            sent = {part["name"]: part["required"] for part in each["parameters"] if part["in"] == "header"}
            assert ("428" in told) == sent.get("If-Match", False)
            assert ("412" in told) == ("If-Match" in sent)


def test_a_reference_shows_an_example(house):
    requester = spoken(house.app)["components"]["schemas"]["CaseIn"]["properties"]["requester"]["anyOf"][0]
    assert requester["examples"] == ["person:42"]
    assert re.search(requester["pattern"], "person:42")
    assert not re.search(requester["pattern"], "person:42\n")


def test_the_only_pattern_of_the_wire_is_that_of_a_reference(house):
    """The sentence about a text that does not match one says how a reference is written."""
    found = set(re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(spoken(house.app)["components"])))
    assert {json.loads(f'"{each}"') for each in found} == {base.Ref.__metadata__[0].pattern}


def test_every_shape_refuses_what_it_does_not_know(house):
    """In both senses: a field that is not known is an error on the way in, and the document says so."""
    schemas = spoken(house.app)["components"]["schemas"]
    sent = {each.body.__name__ for each in state_of(house.app).table.operations if each.body is not None}
    assert {name for name in sent if schemas[name].get("additionalProperties") is not False} == set()


# -- the wire's shapes and the entities --

OWN = {
    cases.Case: (Feedback, set()),
    cases.Pause: (Pause, set()),
    cases.Fact: (Fact, set()),
    cases.Attachment: (Attachment, set()),
    clocks.Clock: (Clock, set()),
    wire_house.Party: (Party, set()),
    wire_house.Address: (Address, set()),
    wire_house.Message: (Message, set()),
}
"""Shape → the entity it shows, and the fields that have another name there. There are none."""

WORK = {"next_at", "leased_until", "fence"}
"""Where workers keep what they do."""

KEPT_BACK = {
    Feedback: {"tenant", "last_at", "head"},
    Pause: {"sequence"},
    Fact: {"id", "tenant", "subject", "subject_id"},
    Attachment: {"tenant", "feedback_id", "key"},
    Clock: {"tenant", "counted", "level", "metric_digest", "rule", *WORK},
    Party: {"tenant"},
    Address: set(),
    Message: {"tenant", "address", "data", "key", "lane", "reference", "template_digest", *WORK},
}


@pytest.mark.parametrize("shape", OWN, ids=lambda shape: shape.__name__)
def test_a_shape_shows_fields_of_its_entity_by_their_names(shape):
    entity, renamed = OWN[shape]
    fields = {field.name for field in attrs.fields(entity)}
    shown = {field.name for field in msgspec.structs.fields(shape)}
    assert shown - renamed <= fields


@pytest.mark.parametrize("entity", KEPT_BACK, ids=lambda entity: entity.__name__)
def test_a_field_that_is_kept_back_is_kept_back_on_purpose(entity):
    shape = next(shape for shape, (shown, _) in OWN.items() if shown is entity)
    shown = {field.name for field in msgspec.structs.fields(shape)}
    assert {field.name for field in attrs.fields(entity)} - shown == KEPT_BACK[entity]


def test_what_is_sent_has_the_names_of_what_is_done():
    """A body's fields are arguments of the service, so that an agent who knows one knows the other."""
    from inspect import signature

    from careplug.feedback.service import FeedbackService

    pairs = {
        cases.CaseIn: (FeedbackService.submit, set()),
        cases.ReplyIn: (FeedbackService.reply, set()),
        cases.NoteIn: (FeedbackService.note, set()),
        cases.CallIn: (FeedbackService.call, set()),
        cases.AppointmentIn: (FeedbackService.appoint, set()),
        cases.StepIn: (FeedbackService.step, {"step", "reason", "note", "measure", "result", "cause"}),
        cases.PauseIn: (FeedbackService.pause, set()),
        cases.AssignmentIn: (FeedbackService.assign, set()),
        cases.ExpectationIn: (FeedbackService.expect, set()),
        cases.PriorityIn: (FeedbackService.prioritise, set()),
        cases.VoidIn: (FeedbackService.void, set()),
        cases.OverrideIn: (FeedbackService.override, set()),
        cases.LinkIn: (FeedbackService.link, set()),
    }
    for shape, (method, others) in pairs.items():
        sent = {field.name for field in msgspec.structs.fields(shape)}
        assert sent - others <= set(signature(method).parameters), shape.__name__
