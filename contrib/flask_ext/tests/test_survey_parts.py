"""The pure parts of the pages of surveys: a form in the editor's fields and back, drawings, gaps between months."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from careplug import criteria
from careplug.survey.forms import Form
from careplug.survey.seeds import SEEDS
from careplug_flask.web.surveys import draft as drafts
from careplug_flask.web.surveys.charts import Point, Scale, bar, share, trend


def flat(draft, name=""):
    """The fields of a page, as a browser sends them."""
    if isinstance(draft, dict):
        return [pair for key, part in draft.items() for pair in flat(part, f"{name}.{key}" if name else key)]
    if isinstance(draft, list):
        return [pair for at, part in enumerate(draft) for pair in flat(part, f"{name}.{at}")]
    return [(name, draft)]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_form_goes_through_the_editor_unchanged(seed):
    data = Form.parse(seed.name, seed.data).to_data()
    again = drafts.data_of(drafts.nested(flat(drafts.draft_of(data))))
    assert Form.parse(seed.name, again).to_data() == data


@pytest.mark.parametrize(
    "condition",
    [
        criteria.Not(criteria.Is("a", "eq", "x")),
        criteria.All(criteria.Is("a", "is_null", False), criteria.Is("b", "lt", 3)),
        criteria.Any(criteria.Is("m.x", "eq", True), criteria.Not(criteria.Is("m.y", "eq", True))),
        criteria.All(criteria.Any(criteria.Is("a", "eq", "x"), criteria.Is("b", "ge", 3))),
        criteria.Is("a", "in", ("x", "y")),
    ],
)
def test_a_condition_is_rows_where_rows_can_say_it_and_never_changed(condition):
    data = criteria.to_data(condition)
    question = {"key": "q", "type": "text", "text": {"en": "?"}, "when": data}
    again = drafts.data_of(drafts.draft_of({"title": {"en": "T"}, "questions": [question]}))
    assert again["questions"][0]["when"] == data


def test_what_a_type_has_no_use_for_comes_back_with_the_type():
    draft = drafts.nested(
        [("questions.0.type", "text"), ("questions.0.key", "q"), ("questions.0.choices.0.key", "one")]
    )
    question = draft["questions"][0]
    assert drafts.idle(question) == [("choices.0.key", "one")]
    assert "choices" not in drafts.data_of(draft)["questions"][0]
    assert drafts.data_of({**draft, "questions": [{**question, "type": "single"}]})["questions"][0]["choices"]


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("survey.f.questions[3].choices[1].key.twice", "questions.3.choices.1.key"),
        ("survey.f.questions[0].text.en.length", "questions.0.text.en"),
        ("survey.f.questions[2].when.on_time.value", "questions.2.when"),
        ("survey.f.low.overall", "low"),
        ("survey.f.title", "title"),
    ],
)
def test_an_error_finds_its_field(place, field):
    assert drafts.field_of(place, "f") == field


@pytest.mark.parametrize(("action", "keys"), [("up", "bac"), ("down", "acb"), ("remove", "ac")])
def test_questions_move_and_go(action, keys):
    draft = {"questions": [{"key": key} for key in "abc"]}
    assert "".join(each["key"] for each in drafts.rework(draft, action, (1,))["questions"]) == keys
    assert drafts.rework(draft, action, (9,))["questions"] == draft["questions"]


def test_drawings_are_whole_and_stay_inside():
    scale = Scale(-100, 100, 0)
    for value in (-250.0, -40.0, 0.0, 100.0):
        drawn = ET.fromstring(bar(value, scale, low=value - 10, high=value + 10))
        places = [float(each.get(name).rstrip("%")) for each in drawn for name in ("x", "x1", "x2") if each.get(name)]
        assert all(0 <= place <= 100 for place in places)
    assert len(ET.fromstring(share([("cps-good", 0.5), ("cps-bad", 0.5)]))) == 2
    points = [
        Point(label=f"2026-{at:02}", value=at / 12 if at != 5 else None, low=0.0, high=1.0, told="")
        for at in range(1, 13)
    ]
    drawn = ET.fromstring(trend(points, Scale(0, 1, 0), marks=[(0, "<0>"), (1, "1")]))
    assert len(drawn.findall("circle")) == 11
    assert len(drawn.findall("svg/polyline")) == 2, "no line over the month without answers"
