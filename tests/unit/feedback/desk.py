"""A service desk on memory for the tests of the feedback room: a clock that stands still, and the people."""

from __future__ import annotations

from datetime import UTC, datetime

from careplug import Actor, Care, Ref
from careplug.clock import ManualClock
from careplug.feedback.entities import Feedback

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
"""A Monday, 10:00 in Shanghai."""

LI = Actor.customer("li")
MEI = Actor.customer("mei", organisations=(Ref("organisation", "acme"),))
WANG = Actor.engineer("wang")
BOSS = Actor.engineer("zhao", "manager")


class Desk:
    """A Care on memory with nothing but the core."""

    def __init__(self, **options: object) -> None:
        self.clock = ManualClock(START)
        self.care = Care(clock=self.clock, environ={"CAREPLUG_PLUGINS": ""}, **options)  # type: ignore[arg-type]

    def submit(self, actor: Actor = LI, **given: object) -> Feedback:
        """A fault of a customer."""
        with self.care.unit(actor=actor) as unit:
            return unit.feedback.submit("fault", "无法登录", "登录后白屏", **given)  # type: ignore[arg-type]

    def to(self, ident: str, *steps: str) -> Feedback:
        """Take steps as the engineer."""
        words = {
            "resolve": {"measure": "重启", "result": "恢复"},
            "reject": {"reason": "不属实"},
            "reopen": {"reason": "又坏"},
        }
        with self.care.unit(actor=BOSS) as unit:
            for step in steps:
                more = {"assignee": WANG.ref} if step == "dispatch" else words.get(step, {})
                unit.feedback.step(ident, step, **more)  # type: ignore[arg-type]
        return self.get(ident)

    def get(self, ident: str) -> Feedback:
        """The stored case."""
        with self.care.read(actor=BOSS) as unit:
            return unit.feedback.get(ident)

    def facts(self, ident: str, actor: Actor = BOSS) -> list[str]:
        """The types of a case's facts."""
        with self.care.read(actor=actor) as unit:
            return [fact.type for fact in unit.feedback.facts(ident)]
