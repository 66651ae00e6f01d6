"""The questions of a form: their types, and how they are read from stored data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from careplug import criteria
from careplug.errors import Invalid
from careplug.survey import _reading as read
from careplug.text import Text

__all__ = ["KEYS", "MEASURES", "OTHER", "PREFILLS", "TYPES", "Choice", "Question"]

TYPES = ("yes_no", "single", "multiple", "scale", "nps", "csat", "ces", "short", "text", "date", "signature")
"""``yes_no``: yes, no and, where ``other`` is true, a word of one's own (`S13`). ``single``, ``multiple``: one or
several of ``choices``. ``scale``: a whole number from ``low`` to ``high``. ``nps`` (0–10), ``csat`` (1–5) and ``ces``
(1–7) are scales with their bounds and their measure. ``short``: a line. ``text``: an open answer. ``date``: a day.
``signature``: a typed name or drawn strokes.
"""

MEASURES = ("", "csat", "nps", "ces")
"""What an answer is counted for: satisfaction, recommendation, effort."""

PREFILLS = ("customer", "address", "contact", "product", "model", "phone", "date")
"""What a question can be filled in with from the case before the customer sees it: the header of `S13`."""

OTHER = "other"
"""The choice in the customer's own words. No choice may have this key."""

KEYS = (
    "key",
    "type",
    "text",
    "help",
    "section",
    "required",
    "choices",
    "other",
    "low",
    "high",
    "low_label",
    "high_label",
    "when",
    "measure",
    "block",
    "personal",
    "prefill",
)
"""What a question of a stored form may say."""

_BOUNDS: Mapping[str, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
_SCALES = ("scale", *_BOUNDS)
_CHOSEN = ("single", "multiple")
_MEASURABLE: Mapping[str, tuple[tuple[int, int], ...]] = {
    "csat": ((1, 5),),
    "nps": ((0, 10), (1, 10)),
    "ces": ((1, 7), (1, 5)),
}
_LEAST_BOUND, _MOST_BOUND, _MOST_POINTS, _MOST_CHOICES = -100, 100, 11, 50
_TEXT, _HELP, _LABEL = 500, 1000, 100


@attrs.frozen(kw_only=True)
class Choice:
    """One thing that can be ticked. ``satisfied``: whoever ticks it counts as satisfied (measure ``csat``)."""

    key: str
    text: Text
    satisfied: bool = False

    @classmethod
    def parse(cls, data: object, place: str) -> Choice:
        """Read one choice."""
        given = read.table(data, ("key", "text", "satisfied"), place)
        found = read.key(given.get("key"), f"{place}.key")
        if found == OTHER:
            raise Invalid("survey.reserved", field=f"{place}.key.other")
        text = read.words(given, "text", place, most=_TEXT, needed=True)
        return cls(key=found, text=text, satisfied=read.flag(given, "satisfied", place))

    def to_data(self) -> dict[str, Any]:
        """What ``parse`` reads."""
        data: dict[str, Any] = {"key": self.key, "text": read.words_data(self.text)}
        return {**data, "satisfied": True} if self.satisfied else data


@attrs.frozen(kw_only=True)
class Question:
    """One question of a form.

    ``when`` is a condition on earlier answers: where it does not hold, the question is not asked. Questions of one
    ``block`` measure one construct (Cronbach's alpha). The answer to a ``personal`` one is kept apart, can be erased, and
    is never asked of who stays anonymous. ``low`` and ``high`` are 0 where the type has no scale.
    """

    key: str
    type: str
    text: Text
    help: Text = Text()
    section: Text = Text()
    required: bool = False
    choices: tuple[Choice, ...] = ()
    other: bool = False
    low: int = 0
    high: int = 0
    low_label: Text = Text()
    high_label: Text = Text()
    when: criteria.Criteria | None = None
    measure: str = ""
    block: str = ""
    personal: bool = False
    prefill: str = ""

    @property
    def scaled(self) -> bool:
        """Whether the answer is a whole number from ``low`` to ``high``."""
        return self.type in _SCALES

    @property
    def codes(self) -> tuple[str, ...]:
        """What can be ticked, in order: the keys of the choices, yes and no, and ``other`` where it is offered."""
        own = ("yes", "no") if self.type == "yes_no" else tuple(choice.key for choice in self.choices)
        return (*own, OTHER) if self.other else own

    @property
    def satisfied(self) -> frozenset[int | str]:
        """The answers that count as satisfied: the marked choices, or the upper two of five."""
        if self.measure != "csat":
            return frozenset()
        if self.scaled:
            return frozenset((self.high - 1, self.high))
        return frozenset(choice.key for choice in self.choices if choice.satisfied)

    @classmethod
    def parse(cls, data: object, place: str) -> Question:
        """Read one question; the condition's fields are checked by the form, which knows the earlier questions."""
        given = read.table(data, KEYS, place)
        kind = read.one_of(given.get("type"), TYPES, f"{place}.type")
        _fits(given, kind, place)
        low, high = _bounds(given, kind, place)
        choices = _choices(given, kind, place)
        when = given.get("when")
        return cls(
            key=read.key(given.get("key"), f"{place}.key"),
            type=kind,
            text=read.words(given, "text", place, most=_TEXT, needed=True),
            help=read.words(given, "help", place, most=_HELP),
            section=read.words(given, "section", place, most=_TEXT),
            required=read.flag(given, "required", place),
            choices=choices,
            other=read.flag(given, "other", place),
            low=low,
            high=high,
            low_label=read.words(given, "low_label", place, most=_LABEL),
            high_label=read.words(given, "high_label", place, most=_LABEL),
            when=None if when is None else criteria.from_data(when, f"{place}.when"),
            measure=_measure(given, kind, (low, high), choices, place),
            block=read.key(given["block"], f"{place}.block") if "block" in given else "",
            personal=read.flag(given, "personal", place),
            prefill=_prefill(given, kind, place),
        )

    def to_data(self) -> dict[str, Any]:
        """What ``parse`` reads, without what goes without saying."""
        data: dict[str, Any] = {"key": self.key, "type": self.type}
        for name in ("text", "help", "section", "low_label", "high_label"):
            if getattr(self, name):
                data[name] = read.words_data(getattr(self, name))
        for name in ("required", "other", "personal", "block", "prefill"):
            if getattr(self, name):
                data[name] = getattr(self, name)
        if self.choices:
            data["choices"] = [choice.to_data() for choice in self.choices]
        if self.type == "scale":
            data |= {"low": self.low, "high": self.high}
        if self.measure and self.type != self.measure:
            data["measure"] = self.measure
        if self.when is not None:
            data["when"] = criteria.to_data(self.when)
        return data


def _fits(data: Mapping[str, Any], kind: str, place: str) -> None:
    """Refuse what the type has no use for: a key that does nothing is a misunderstanding."""
    useless = {
        "choices": kind not in _CHOSEN,
        "other": kind not in (*_CHOSEN, "yes_no"),
        "low": kind != "scale",
        "high": kind != "scale",
        "low_label": kind not in _SCALES,
        "high_label": kind not in _SCALES,
        "measure": kind not in ("scale", "single", *_BOUNDS),
        "block": kind not in _SCALES,
    }
    for name, idle in useless.items():
        if name in data and idle:
            raise Invalid("survey.useless", field=f"{place}.{name}.useless", name=name, type=kind)


def _prefill(data: Mapping[str, Any], kind: str, place: str) -> str:
    prefill = read.one_of(data.get("prefill", ""), ("", *PREFILLS), f"{place}.prefill")
    kinds = ("date",) if prefill == "date" else ("short", "text")
    if prefill and kind not in kinds:
        raise Invalid("survey.prefill", field=f"{place}.prefill.type", value=prefill, known=", ".join(kinds))
    return prefill


def _bounds(data: Mapping[str, Any], kind: str, place: str) -> tuple[int, int]:
    if kind != "scale":
        return _BOUNDS.get(kind, (0, 0))
    low, high = read.number(data, "low", place), read.number(data, "high", place)
    if not _LEAST_BOUND <= low < high <= _MOST_BOUND or high - low >= _MOST_POINTS:
        raise Invalid("survey.bounds", field=f"{place}.high.range", low=low, high=high, most=_MOST_POINTS)
    return low, high


def _choices(data: Mapping[str, Any], kind: str, place: str) -> tuple[Choice, ...]:
    given = read.items(data, "choices", place)
    if kind not in _CHOSEN:
        return ()
    if not 1 <= len(given) <= _MOST_CHOICES:
        raise Invalid("survey.choices", field=f"{place}.choices.number", number=len(given), most=_MOST_CHOICES)
    found = tuple(Choice.parse(item, f"{place}.choices[{number}]") for number, item in enumerate(given))
    seen: set[str] = set()
    for number, choice in enumerate(found):
        if choice.key in seen:
            raise Invalid("survey.twice", field=f"{place}.choices[{number}].key.twice", value=choice.key)
        seen.add(choice.key)
    return found


def _measure(
    data: Mapping[str, Any], kind: str, bounds: tuple[int, int], choices: tuple[Choice, ...], place: str
) -> str:
    """The measure a question counts for; its answers must be such that the measure is defined."""
    if kind in _BOUNDS:
        read.one_of(data.get("measure", kind), (kind,), f"{place}.measure")
        return kind
    measure = read.one_of(data.get("measure", ""), MEASURES, f"{place}.measure")
    if measure and kind == "scale" and bounds not in _MEASURABLE[measure]:
        known = ", ".join(f"{low}–{high}" for low, high in _MEASURABLE[measure])
        raise Invalid("survey.measure_scale", field=f"{place}.measure.scale", measure=measure, known=known)
    if measure and kind == "single" and measure != "csat":
        raise Invalid("survey.measure_single", field=f"{place}.measure.type", measure=measure)
    marked = {choice.satisfied for choice in choices}
    if (measure == "csat" and kind == "single") != (True in marked) or (True in marked and False not in marked):
        raise Invalid("survey.satisfied", field=f"{place}.choices.satisfied")
    return measure
