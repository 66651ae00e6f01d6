"""The forms everybody begins with (`S13`, `S17`, `S11`), and one-question ones: data, edited as revisions from then on.

The Chinese is that of the documents, but for a slip of the pen in S13 (按时达到) and the motto it leaves blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from careplug.contributions import Seed
from careplug.survey.forms import Form
from careplug.text import Text

__all__ = ["PARSERS", "SEEDS"]

PARSERS: Mapping[str, Callable[[str, Mapping[str, Any]], Any]] = {"survey": Form.parse}
"""How the definitions of this room are read."""


def _words(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def _ask(key: str, kind: str, en: str, zh: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "text": _words(en, zh), **more}


def _is(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


_THANKS = _words("Thank you for taking the time.", "感谢您的配合与支持！")
_ANYTHING = _ask("comment", "text", "Is there anything else you would like to tell us?", "您还有其他意见或建议吗？")

# -- S13: the opinion form, signed by the customer --

_HEADER = _words("About the service visit", "基本信息")
_VISIT = _words("Your assessment", "评价项目")
_OVERALL = _words("Overall", "总体评价")
_PERSONAL = {"personal": True}
_HEAD = tuple(
    _ask(key, kind, en, zh, section=_HEADER, prefill=key, **more)
    for key, kind, en, zh, more in (
        ("customer", "short", "Customer", "客户名称", _PERSONAL),
        ("address", "short", "Customer's address", "客户地址", _PERSONAL),
        ("contact", "short", "Contact person", "联系人", _PERSONAL),
        ("product", "short", "Product", "产品名称", {}),
        ("model", "short", "Specification / model", "规格/型号", {}),
        ("phone", "short", "Telephone", "联系电话", _PERSONAL),
        ("date", "date", "Date", "填表日期", {}),
    )
)
_ITEMS = tuple(
    _ask(key, "yes_no", en, zh, section=_VISIT, other=True)
    for key, en, zh in (
        ("on_time", "Did our engineer arrive on time?", "是否按时到达？"),
        ("dress", "Was the engineer neatly dressed?", "服装是否整齐？"),
        ("manner", "Was the engineer polite?", "态度是否有礼貌？"),
        (
            "card",
            "Did the engineer first show a service card and explain what would be done?",
            "是否首先出示服务名片并说明工作流程？",
        ),
        ("covers", "Were a floor cloth and shoe covers used?", "是否使用垫布鞋套？"),
        ("tidy", "Was everything cleaned up after the work?", "工作后是否清理干净？"),
        ("solved", "Was the work up to professional standard (problem solved)?", "专业水平是否达标（解决问题）？"),
        ("efficient", "Was the work done efficiently?", "服务工作效率是否高？"),
    )
)
_OPINION = {
    "title": _words("Opinion form", "意见反馈表"),
    "intro": _words(
        "Thank you for choosing our product! To help us improve our work and the quality of our service, please give us "
        "your frank assessment of this service visit, with any comments and suggestions you may have. We will listen "
        "with an open mind and put right what needs it, so as to serve you better.",
        "感谢您选择了本公司的产品！为了协助我们不断改进工作，提高服务质量，请您对本次售后服务工作给予客观的评价，"
        "并提出宝贵意见和建议。我们将虚心听取并及时改进，为您提供更好的服务。",
    ),
    "thanks": _words("Thank you for your help and support!", "感谢您的配合与支持！"),
    "questions": [
        *_HEAD,
        *_ITEMS,
        _ask(
            "overall",
            "single",
            "How satisfied are you overall?",
            "总体评价",
            section=_OVERALL,
            required=True,
            measure="csat",
            choices=[
                {"key": "very_satisfied", "text": _words("Very satisfied", "非常满意"), "satisfied": True},
                {"key": "satisfied", "text": _words("Satisfied", "满意"), "satisfied": True},
                {"key": "dissatisfied", "text": _words("Dissatisfied", "不满意")},
            ],
        ),
        _ask("comments", "text", "Comments and suggestions", "意见建议", section=_OVERALL),
        _ask("signature", "signature", "Customer's signature", "客户签名", section=_OVERALL, personal=True),
    ],
    "low": {"any": [_is("overall", "eq", "dissatisfied"), _is("solved", "eq", "no")]},
}

# -- S17: the feedback sheet, ten open questions --

_SHEET = (
    (
        "overall",
        "What is your overall opinion of our software maintenance service? Please say briefly why.",
        "请您给出对我们软件维护服务的总体评价，并简要说明原因。",
    ),
    (
        "in_time",
        "Did we respond in time and solve your problems? If anything was left to be desired, please describe it.",
        "在软件维护服务过程中，我们是否及时响应并解决了您提出的问题？如果有遗憾的地方，请您详细描述。",
    ),
    (
        "skill",
        "How do you rate the professional skill and the attitude of our maintenance team? What should we improve?",
        "请您评价我们软件维护服务团队的专业能力和服务态度，并提出改进建议。",
    ),
    (
        "needs",
        "Did we fully understand and meet your needs? If we fell short, please tell us where.",
        "在软件维护服务过程中，我们是否充分了解和满足了您的需求？如果有不足之处，请您详细说明。",
    ),
    (
        "price",
        "Are you satisfied with the price of our software maintenance service? If not, what do you suggest?",
        "您对我们的软件维护服务价格是否满意？如果不满意，请您提出您的建议。",
    ),
    (
        "schedule",
        "Are you satisfied with the times at which our service takes place? If not, what should we change?",
        "您对我们的软件维护服务的时间安排是否满意？如果不满意，请您提出改进建议。",
    ),
    (
        "other_aspects",
        "How do you rate other aspects of our software maintenance service? What do you suggest?",
        "请您对我们提供的软件维护服务的其他方面给予评价，并提出意见或建议。",
    ),
    (
        "satisfaction",
        "How satisfied are you with our software maintenance service as a whole? If you are not, please tell us why.",
        "您对我们软件维护服务的整体满意度如何？如果不满意，请您解释原因。",
    ),
    (
        "future",
        "What constructive ideas do you have for the future of our software maintenance service?",
        "您对我们软件维护服务的未来发展有哪些建设性的意见和建议？",
    ),
    (
        "anything_else",
        "Is there anything else about using our software maintenance service that you would like to tell us?",
        "在使用我们的软件维护服务过程中，您还有其他的感受或意见要向我们反馈吗？",
    ),
)
_FEEDBACK_SHEET = {
    "title": _words("Feedback on our software maintenance service", "软件维护服务反馈单"),
    "intro": _words(
        "Dear customer, thank you for the trust and support you have given our software maintenance service. So that we "
        "can serve you better, we warmly invite you to tell us what you think of it.",
        "尊敬的客户：感谢您一直以来对我们软件维护服务的信任和支持。为了提供更好的服务，"
        "我们诚挚地邀请您就我们的软件维护服务给予宝贵的反馈意见。",
    ),
    "thanks": _words(
        "We will study your answers carefully and improve our service. Thank you again for your support; we look forward "
        "to working with you further.",
        "我们将认真研究您的意见并改进我们的服务。再次感谢您对我们软件维护服务的支持和合作，我们期待与您的持续合作。",
    ),
    "anonymous": "choice",
    "questions": [_ask(key, "text", en, zh) for key, en, zh in _SHEET],
}

# -- S11: the return visit after every service, by telephone or in person --

_LOW, _HIGH = _words("very dissatisfied", "非常不满意"), _words("very satisfied", "非常满意")
_FIVE = {"low": 1, "high": 5, "low_label": _LOW, "high_label": _HIGH}
_RETURN_VISIT = {
    "title": _words("Return visit", "服务回访"),
    "intro": _words(
        "We recently carried out a service for you and would like to hear how satisfied you were with it.",
        "我们近期为您提供了服务，想了解您对本次服务的满意程度。",
    ),
    "thanks": _THANKS,
    "questions": [
        _ask(key, "scale", en, zh, required=True, measure="csat", block="service", **_FIVE)
        for key, en, zh in (
            ("attitude", "How satisfied were you with the attitude of our staff?", "您对我们的服务态度是否满意？"),
            ("quality", "How satisfied were you with the quality of the service?", "您对我们的服务质量是否满意？"),
            (
                "skill",
                "How satisfied were you with our skill in solving the fault?",
                "您对我们的故障解决水平是否满意？",
            ),
        )
    ]
    + [_ANYTHING],
    "low": {"any": [_is(key, "le", 2) for key in ("attitude", "quality", "skill")]},
}

# -- one question each --


def _single(title: tuple[str, str], question: dict[str, Any], unhappy: int) -> dict[str, Any]:
    """A form of one required scale and a comment; an answer up to ``unhappy`` calls for a follow-up."""
    asked = {**question, "required": True}
    low = _is(question["key"], "le", unhappy)
    return {"title": _words(*title), "thanks": _THANKS, "questions": [asked, _ANYTHING], "low": low}


_CSAT = _single(
    ("Your satisfaction", "满意度调查"),
    _ask(
        "satisfaction",
        "csat",
        "How satisfied are you with the way we handled your request?",
        "您对我们本次的服务是否满意？",
        low_label=_LOW,
        high_label=_HIGH,
    ),
    2,
)
_NPS = _single(
    ("Would you recommend us?", "推荐意愿调查"),
    _ask(
        "recommend",
        "nps",
        "How likely are you to recommend us to a friend or colleague?",
        "您有多大可能向朋友或同事推荐我们？",
        low_label=_words("not at all likely", "完全不可能"),
        high_label=_words("extremely likely", "非常可能"),
    ),
    6,
)
_CES = _single(
    ("How easy was it?", "服务便捷度调查"),
    _ask(
        "ease",
        "ces",
        "We made it easy for you to have your problem solved. Do you agree?",
        "我们让您轻松地解决了问题。您是否同意这一说法？",
        low_label=_words("strongly disagree", "非常不同意"),
        high_label=_words("strongly agree", "非常同意"),
    ),
    3,
)

_FORMS: Mapping[str, Mapping[str, Any]] = {
    "opinion": _OPINION,
    "feedback_sheet": _FEEDBACK_SHEET,
    "return_visit": _RETURN_VISIT,
    "csat": _CSAT,
    "nps": _NPS,
    "ces": _CES,
}

SEEDS: tuple[Seed, ...] = tuple(Seed("survey", name, data, Text(**data["title"])) for name, data in _FORMS.items())
"""S13 ``opinion``, S17 ``feedback_sheet``, S11 ``return_visit``, and ``csat``, ``nps``, ``ces``."""
