"""The built-in forms: complete in both languages, true to S13, S17 and S11, stored as definitions."""

from __future__ import annotations

import pytest

from careplug import Actor, Care
from careplug.survey import checking
from careplug.survey.forms import Form
from careplug.survey.seeds import SEEDS
from careplug.text import Text

FORMS = {seed.name: Form.parse(seed.name, seed.data) for seed in SEEDS}


def texts(form: Form) -> list[Text]:
    found = [form.title, form.intro, form.thanks]
    for question in form.questions:
        found += [question.text, question.help, question.section, question.low_label, question.high_label]
        found += [choice.text for choice in question.choices]
    return [text for text in found if text]


@pytest.mark.parametrize("name", FORMS)
def test_every_text_is_in_both_languages_with_chinese_punctuation(name):
    for text in texts(FORMS[name]):
        assert all((text.en, text.zh)), text
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text.zh)
        assert not set(text.zh) & set(",?!;:"), text.zh
        assert text.en.isascii(), text.en


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_form_editor_would_write_the_same_revision(seed):
    assert FORMS[seed.name].to_data() == seed.data
    assert seed.label == FORMS[seed.name].title


def test_the_opinion_form_is_that_of_s13():
    form = FORMS["opinion"]
    header = [(q.key, q.text.zh) for q in form.questions if q.prefill]
    assert header == [
        ("customer", "客户名称"),
        ("address", "客户地址"),
        ("contact", "联系人"),
        ("product", "产品名称"),
        ("model", "规格/型号"),
        ("phone", "联系电话"),
        ("date", "填表日期"),
    ]
    items = [q.text.zh for q in form.questions if q.type == "yes_no" and q.other]
    assert items == [
        "是否按时到达？",
        "服装是否整齐？",
        "态度是否有礼貌？",
        "是否首先出示服务名片并说明工作流程？",
        "是否使用垫布鞋套？",
        "工作后是否清理干净？",
        "专业水平是否达标（解决问题）？",
        "服务工作效率是否高？",
    ]
    assert [choice.text.zh for choice in form.question("overall").choices] == ["非常满意", "满意", "不满意"]
    assert [(q.key, q.type) for q in form.questions[-2:]] == [("comments", "text"), ("signature", "signature")]


def test_the_feedback_sheet_of_s17_asks_ten_open_questions():
    form = FORMS["feedback_sheet"]
    assert [question.type for question in form.questions] == ["text"] * 10
    assert form.low is None


def test_the_return_visit_of_s11_asks_for_attitude_quality_and_skill():
    form = FORMS["return_visit"]
    assert form.blocks() == {"service": ("attitude", "quality", "skill")}
    assert form.questions[-1].type == "text"


@pytest.mark.parametrize(
    ("name", "answers", "low"),
    [
        ("opinion", {"overall": "satisfied"}, False),
        ("opinion", {"overall": "dissatisfied"}, True),
        ("opinion", {"overall": "satisfied", "solved": "no"}, True),
        ("opinion", {"overall": "satisfied", "tidy": "no"}, False),
        ("feedback_sheet", {"overall": "差"}, False),
        ("return_visit", {"attitude": 3, "quality": 4, "skill": 5}, False),
        ("return_visit", {"attitude": 5, "quality": 5, "skill": 2}, True),
        ("csat", {"satisfaction": 3}, False),
        ("csat", {"satisfaction": 2}, True),
        ("nps", {"recommend": 7}, False),
        ("nps", {"recommend": 6, "comment": "慢"}, True),
        ("ces", {"ease": 4}, False),
        ("ces", {"ease": 3}, True),
    ],
)
def test_a_low_answer_calls_for_a_follow_up(name, answers, low):
    form = FORMS[name]
    assert form.is_low(checking.check(form, answers)) is low


def test_the_forms_are_there_from_the_beginning_and_can_be_edited():
    care = Care(environ={"CAREPLUG_PLUGINS": ""})
    boss = Actor.engineer("zhao", "manager")
    with care.unit(actor=boss) as unit:
        stored = unit.definitions.values("survey")
        assert {name: stored[name] for name in FORMS} == FORMS
        changed = {**stored["csat"].to_data(), "anonymous": "choice"}
        made = unit.definitions.put("survey", "csat", changed)
        assert made.revision == 2
        first = unit.definitions.revisions("survey", "csat")[0]
        assert unit.definitions.pinned("survey", first.digest) == FORMS["csat"]
        assert unit.definitions.value("survey", "csat").anonymous == "choice"
