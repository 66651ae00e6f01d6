"""Plain-text templates in two languages, filled by a formatter that can only put words into places.

Neither ``str.format`` (``{number.__class__}``, ``{number:>99999999}``) nor ``string.Template`` (a misspelt name is
found when the message is due, not when the template is stored) fits texts that people edit. Here a
placeholder is a name out of ``PLACEHOLDERS`` or ``data.NAME``, checked when the template is stored; a value is put
in once and never read again, so braces in a customer's words stay braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from careplug.errors import Invalid
from careplug.text import PSEUDO, Text, language_of

__all__ = ["PLACEHOLDERS", "Template", "TemplateText"]

PLACEHOLDERS: Mapping[str, Text] = {
    "number": Text("number of the case", "编号"),
    "kind": Text("kind of the feedback, in words", "反馈类型"),
    "state": Text("state after the fact, in words", "事实发生后的状态"),
    "priority": Text("priority, 1 to 4", "优先级（1 至 4）"),
    "subject": Text("subject of the case, in the customer's words", "客户所述主题"),
    "reader": Text("name of the reader", "收件人姓名"),
    "customer": Text("name of the requester", "提出人姓名"),
    "organisation": Text("name of the customer's organisation", "客户单位名称"),
    "assignee": Text("name of the person in charge", "负责人姓名"),
    "actor": Text("name of who did it", "操作人姓名"),
    "text": Text("what was written: body of a reply, a call, a visit", "消息、通话或上门记录的正文"),
    "reason": Text("the reason told with the fact", "所告知的原因"),
    "measure": Text("measures taken", "处理措施"),
    "result": Text("result", "处理结果"),
    "expected": Text("expected time told to the customer", "告知客户的预计时间"),
    "due": Text("deadline the fact is about", "事实所涉及的时限"),
    "received": Text("when the case was received", "受理时间"),
    "at": Text("when it happened", "发生时间"),
    "metric": Text("what is measured: response, resolution …, in words", "时限指标（响应、解决等）"),
    "level": Text("escalation level", "升级级别"),
    "form": Text("title of the form to be filled in", "问卷标题"),
    "link": Text("address at which a form is filled in", "填写问卷的链接"),
}
"""The names a template may use between braces; besides these ``data.NAME``, a value of the fact itself."""

_TOKEN = re.compile(r"(?P<escaped>\{\{|\}\})|\{(?P<name>(?:data\.)?[a-z][a-z0-9_]*)\}|(?P<lone>[{}])")
_LANGUAGES = ("en", "zh")
_TITLE_LENGTH = 200

Pieces = tuple[tuple[str, str], ...]
"""Literal text and the name of the placeholder after it (empty: none)."""


@attrs.frozen
class TemplateText:
    """One text of a template, taken apart: ``fill`` puts the values between the literals."""

    pieces: Pieces

    @classmethod
    def parse(cls, text: str, field: str) -> TemplateText:
        """Take a text apart; ``Invalid`` for a lone brace or a placeholder that nobody can fill."""
        pieces: list[tuple[str, str]] = []
        literal, position = "", 0
        for token in _TOKEN.finditer(text):
            literal += text[position : token.start()]
            position = token.end()
            name = token["name"]
            if token["escaped"]:
                literal += token["escaped"][0]
            elif name is None:
                raise Invalid("template.brace", field=field, value=text[token.start() : token.start() + 30])
            elif name not in PLACEHOLDERS and not name.startswith("data."):
                raise Invalid(
                    "template.placeholder", field=f"{field}.{name}", value=name, known=", ".join(PLACEHOLDERS)
                )
            else:
                pieces.append((literal, name))
                literal = ""
        pieces.append((literal + text[position:], ""))
        return cls(tuple(pieces))

    @property
    def names(self) -> frozenset[str]:
        """The placeholders in it."""
        return frozenset(name for _, name in self.pieces if name)

    def fill(self, value: Callable[[str], str]) -> str:
        """The text with each placeholder's value in its place."""
        return "".join(literal + (value(name) if name else "") for literal, name in self.pieces)


@attrs.frozen
class Template:
    """A message's words: a subject line and a body for each language; a language left out uses the other's."""

    name: str
    title: Mapping[str, TemplateText]
    body: Mapping[str, TemplateText]

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Template:
        """Read ``{"subject": {"en", "zh"}, "body": {"en", "zh"}}``; ``Invalid`` names the key that is wrong."""
        place = f"template.{name}"
        unknown = set(data) - {"subject", "body"}
        if unknown:
            raise Invalid("definition.keys", field=f"{place}.{min(unknown)}", known="subject, body")
        title, body = (_texts(data.get(key), f"{place}.{key}") for key in ("subject", "body"))
        return cls(name, title, body)

    def render(self, language: str, value: Callable[[str], str]) -> tuple[str, str]:
        """Subject line and body in a language; ``value`` gives each placeholder's words.

        The subject line is one line, whatever the values hold: a line break in a mail's subject would be a header.
        """
        code = language_of(language)
        mark = "⟦{}⟧" if code == PSEUDO else "{}"
        key = "zh" if code == "zh_CN" else "en"
        title = mark.format(" ".join(self.title[key].fill(value).split()))
        if len(title) > _TITLE_LENGTH:
            title = title[: _TITLE_LENGTH - 1] + "…"
        return title, mark.format(self.body[key].fill(value).strip() + "\n")


def _texts(data: object, place: str) -> dict[str, TemplateText]:
    if not isinstance(data, Mapping):
        raise Invalid("template.texts", field=place, value=repr(data)[:60])
    unknown = set(data) - set(_LANGUAGES)
    if unknown:
        raise Invalid("definition.keys", field=f"{place}.{min(unknown)}", known=", ".join(_LANGUAGES))
    for language in data:
        if not isinstance(data[language], str):
            raise Invalid("definition.text", field=f"{place}.{language}", value=repr(data[language])[:60])
    told = {language: data[language] for language in _LANGUAGES if data.get(language, "").strip()}
    if not told:
        raise Invalid("template.empty", field=place)
    parsed = {language: TemplateText.parse(text, f"{place}.{language}") for language, text in told.items()}
    fallback = next(iter(parsed.values()))
    return {language: parsed.get(language, fallback) for language in _LANGUAGES}
