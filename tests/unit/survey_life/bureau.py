"""A service desk that asks its customers: a Care with its clock and worker, and what tests do with it again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from careplug import Actor, Care, Ref, Worker
from careplug.clock import ManualClock
from careplug.survey.entities import Invitation
from careplug.timeline.story import Timeline

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""A Monday, 10:00 in Shanghai."""

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LI, HAN = Actor.customer("li"), Actor.customer("han")
WANG, ZHAO = Actor.engineer("wang"), Actor.engineer("zhao")
BOSS = Actor.engineer("boss", "manager")
VISITOR = Actor(Ref("link", "visitor"), side="customer")
"""Somebody with a link and nothing else."""

KEY = "k" * 32
READY = {"survey": {"link": "https://service.example/s", "key": KEY}}

TEAM = {
    "title": {"en": "The team"},
    "questions": [
        {"key": key, "type": "scale", "low": 1, "high": 5, "block": "team", "text": {"en": key}}
        for key in ("a", "b", "c")
    ],
}


class Bureau:
    """``care`` on some storage. ``ask`` switches the trigger after_closing on, ``done`` gives a closed case."""

    def __init__(self, storage=None, *, settings=READY, plugins="", hosted=()):
        self.clock = ManualClock(START)
        environ = {"CAREPLUG_PLUGINS": plugins}
        self.care = Care(storage, environ=environ, clock=self.clock, settings=settings, plugins=hosted)
        if plugins:
            self.care.upgrade()
        self.worker = Worker(self.care)

    def unit(self, actor=BOSS, tenant=""):
        return self.care.unit(actor=actor, tenant=tenant)

    def put(self, name, **changes):
        """Change a trigger, or make one."""
        with self.unit() as unit:
            known = unit.definitions.active("survey_trigger").get(name)
            unit.definitions.put("survey_trigger", name, {**(known.data if known else {}), **changes})

    def ask(self, **changes):
        self.put("after_closing", active=True, **changes)

    def submit(self, actor=LI, **given):
        with self.unit(actor) as unit:
            return unit.feedback.submit("fault", "无法登录", **given)

    def close(self, case, assignee=WANG.ref):
        with self.unit() as unit:
            if unit.feedback.get(case.id).state == "received":
                unit.feedback.step(case.id, "dispatch", assignee=assignee)
            unit.feedback.step(case.id, "handle")
            unit.feedback.step(case.id, "resolve", measure="Password reset", result="Works")
            return unit.feedback.step(case.id, "close")

    def done(self, actor=LI, assignee=WANG.ref, **given):
        return self.close(self.submit(actor, **given), assignee)

    def reopen(self, case):
        with self.unit() as unit:
            return unit.feedback.step(case.id, "reopen", reason="Again")

    def later(self, span=2 * DAY):
        self.clock.move(span)
        return self.worker.run_due()

    def rows(self, cls):
        with self.care.transaction(tenant=None, writes=False) as store:
            return store.find(cls)

    def invitations(self, **where):
        with self.unit() as unit:
            return unit.surveys.invitations(**where)

    def only(self):
        (found,) = self.rows(Invitation)
        return found

    def token(self, invitation=None):
        with self.unit() as unit:
            return unit.surveys.link((invitation or self.only()).id).rpartition("/")[2]

    def answer(self, token, answers, actor=VISITOR, **more):
        with self.unit(actor) as unit:
            return unit.surveys.answer(token, answers, **more)

    def open(self, token):
        with self.unit(VISITOR) as unit:
            return unit.surveys.open(token)

    def enter(self, form, answers, **more):
        with self.unit(WANG) as unit:
            return unit.surveys.enter(form, answers, **more)

    def messages(self, subject="invitation"):
        with self.unit() as unit:
            return [each.template for each in unit.messages.find(subject=subject)][::-1]

    def facts(self, subject, ident):
        with self.unit() as unit:
            return unit.get(Timeline).facts(subject, ident)
