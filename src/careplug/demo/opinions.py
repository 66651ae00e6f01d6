"""What the customers of the story think: return visits by telephone, sheets of paper, and what became of them.

It is told beside the story, from what the hotline notes down, so that the story itself is the same with and without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import attrs

from careplug.demo.cast import ACTORS
from careplug.demo.scenes import Scene, at
from careplug.refs import Ref
from careplug.worker import Worker

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Opinions"]


@attrs.frozen
class Opinion:
    """Somebody's answers about a case, and when they gave them."""

    at: datetime
    case: str
    form: str
    answers: Mapping[str, Any]
    channel: str = "phone"


def _visit(case: str, when: str, attitude: int, quality: int, skill: int, comment: str = "") -> Opinion:
    scores = {"attitude": attitude, "quality": quality, "skill": skill}
    return Opinion(at(when), case, "return_visit", {**scores, "comment": comment} if comment else scores)


def _nps(case: str, when: str, value: int, comment: str = "") -> Opinion:
    return Opinion(at(when), case, "nps", {"recommend": value, **({"comment": comment} if comment else {})})


_YES = dict.fromkeys(("on_time", "dress", "manner", "card", "covers", "tidy", "solved", "efficient"), "yes")


def _sheet(case: str, when: str, overall: str, signed: str, comments: str = "", **items: Any) -> Opinion:
    answers = {**_YES, **items, "overall": overall, "signature": {"name": signed}, "date": f"2026-{when[:5]}"}
    return Opinion(at(when), case, "opinion", {**answers, **({"comments": comments} if comments else {})}, "paper")


OPINIONS: tuple[Opinion, ...] = (
    _visit("a1", "01-07 10:00", 5, 4, 5),
    _visit("a2", "01-07 10:10", 5, 5, 5, "电话里一步步教，很耐心。"),
    _visit("a3", "01-09 10:00", 4, 4, 5),
    _nps("a1", "01-09 10:20", 9),
    _visit("a4", "01-12 09:30", 3, 4, 4, "需要盖章的手续事先没有说明。"),
    _nps("a3", "01-12 09:40", 8),
    _visit("a6", "01-13 10:00", 4, 3, 4),
    _sheet("a8", "01-15 17:05", "very_satisfied", "何静", "老师们都听懂了，希望每学期讲一次。"),
    _visit("a9", "01-16 10:00", 4, 5, 4),
    _nps("a8", "01-19 10:00", 10, "培训讲得清楚。"),
    _sheet(
        "a10", "01-16 15:00", "satisfied", "李敏", "来之前请先打电话。",
        on_time={"other": "比约定晚二十分钟"}, covers={"other": "机房不需要"},
    ),
    _visit("a7", "01-20 10:00", 4, 4, 4),
    _nps("a7", "01-20 10:10", 7),
    _visit("a11", "01-23 10:00", 3, 3, 3, "同一个问题处理了两次才好。"),
    _visit("a13", "01-26 10:00", 5, 5, 5, "告警比我们先发现问题。"),
    _nps("a13", "01-26 10:10", 9),
    _visit("a14", "01-27 10:00", 5, 4, 4),
    _visit("a15", "01-29 10:00", 4, 4, 3),
    _nps("a17", "01-30 10:00", 9),
    _visit("b1", "02-05 10:00", 5, 5, 4),
    _visit("b2", "02-06 10:00", 5, 4, 5),
    _sheet("b3", "02-06 16:10", "very_satisfied", "孙强", tidy={"other": "包装箱帮忙带走了"}),
    _nps("b3", "02-09 10:00", 10),
    _visit("b4", "02-09 10:10", 4, 3, 4, "接通快多了。"),
    _visit("b6", "02-24 10:00", 5, 5, 5),
    _nps("b6", "02-24 10:10", 9),
    _sheet("b5", "02-24 15:00", "satisfied", "何静", "返厂期间提供备用机，没有影响上课。", efficient={"other": "返厂等了几天"}),
    _visit("b7", "02-25 10:00", 5, 5, 5, "周六也有人处理，很感谢。"),
    _nps("b7", "02-25 10:10", 10),
    _visit("b9", "02-25 10:20", 5, 5, 5),
    _nps("b9", "02-25 10:30", 9, "大年初一半夜恢复，值得信赖。"),
    _sheet("b10", "02-25 11:00", "very_satisfied", "孙强"),
    _visit("b8", "02-26 10:00", 4, 5, 4),
    _visit("b12", "02-27 10:00", 5, 4, 5),
    _nps("b12", "02-27 10:10", 8),
)  # fmt: skip
"""What was said while the story went on, by the time at which it was said."""

UNHAPPY: tuple[Opinion, ...] = (
    _nps("a11", "03-02 10:00", 5, "反复出现，影响录入成绩。"),
    _visit("b13", "03-02 15:00", 3, 2, 2, "档案恢复后仍缺少两名司机的证照，希望尽快补全。"),
)
"""Noted at the very end: what they lead to comes after the last case of the story."""

INVITED: Mapping[str, Mapping[str, Any]] = {
    "b7": {"satisfaction": 5, "comment": "调休日也有人处理，很满意。"},
    "b9": {"satisfaction": 4},
    "b11": {},
    "b12": {"satisfaction": 5},
    "b10": {},
}
"""Who is asked by link at the end, where links can be made, and what they answer at once."""

_PLANNED, _DONE = at("01-28 10:00"), at("02-06 18:00")


class Opinions:
    """Listens to the story (``told`` of ``play``), notes what customers say, and what is done about it (S14)."""

    def __init__(self, care: Care) -> None:
        self.care = care
        self.numbers: dict[str, str] = {}
        self._left = list(OPINIONS)
        self._improvement = ""

    def __call__(self, scene: Scene, number: str) -> None:
        """A scene was played: note what was said up to now."""
        self.numbers[scene.case] = number
        if not self._improvement and scene.at >= _PLANNED:
            self._plan()
        if self._improvement and scene.at >= _DONE:
            self._done()
        while self._left and self._left[0].at <= scene.at:
            self._enter(self._left.pop(0))

    def end(self) -> None:
        """The story is over: the last things said, what follows from the unhappy one, whether the improvement helped."""
        for opinion in (*self._left, *UNHAPPY):
            self._enter(opinion)
        self._left.clear()
        self._invite()
        Worker(self.care).run_due()
        with self.care.unit(actor=ACTORS["zhao"]) as unit:
            held = unit.surveys.improvement(self._improvement)
            unit.surveys.measure_improvement(held.id, expected=held.version)
            unit.surveys.plan_improvement(
                "数据恢复后由客户清点再结单",
                form="return_visit",
                question="quality",
                plan="恢复类服务单在结单前发送清单，请客户逐项核对并回复。",
                owner=Ref("person", "wang"),
                due_on=date(2026, 3, 20),
            )

    def _invite(self) -> None:
        """Ask by link, where the settings say what links are made of."""
        with self.care.unit(actor=ACTORS["zhao"]) as unit:
            if not unit.surveys.settings.ready:
                return
            for name, answers in INVITED.items():
                case = unit.feedback.by_number(self.numbers[name])
                made = unit.surveys.invite(case.id, form="csat", anyway=True)
                if answers:
                    token = unit.surveys.link(made.id).rpartition("/")[2]
                    unit.surveys.answer(token, answers, language="zh_CN")

    def _enter(self, opinion: Opinion) -> None:
        with self.care.unit(actor=ACTORS["zhou"]) as unit:
            case = unit.feedback.by_number(self.numbers[opinion.case])
            unit.surveys.enter(
                opinion.form, opinion.answers, feedback_id=case.id, channel=opinion.channel, at=opinion.at
            )

    def _plan(self) -> None:
        with self.care.unit(actor=ACTORS["zhao"]) as unit:
            made = unit.surveys.plan_improvement(
                "上门和远程处理前先电话说明安排",
                form="return_visit",
                question="attitude",
                plan="处理前由热线电话说明步骤、所需手续和到达时间，并记录在服务单中。",
                owner=Ref("person", "zhou"),
                due_on=date(2026, 2, 6),
                days=30,
            )
        self._improvement = made.id

    def _done(self) -> None:
        with self.care.unit(actor=ACTORS["zhao"]) as unit:
            held = unit.surveys.improvement(self._improvement)
            if held.state == "planned":
                told = "热线自二月起处理前逐一致电客户，手续说明写入短信模板。"
                unit.surveys.improvement_done(held.id, expected=held.version, result=told)
