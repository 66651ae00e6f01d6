"""A plugin that was removed: what is left of it has a name, and everything else goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType

import pytest

from careplug import Actor, Care, Worker
from careplug.cli.left import traces
from careplug.cli.session import Session
from careplug.clock import ManualClock
from careplug.contributions import ChannelFactory, EntitySpec, FactType, Handler, Seed
from careplug.errors import Refused
from careplug.messages.directory import Parties
from careplug.plugin import hookimpl
from careplug.ports import Address, Recording
from careplug.refs import Ref
from careplug.storage.memory import MemoryStorage
from careplug.text import Text
from tests.unit.resources.workshop import Bin

BOSS = Actor(Ref("person", "zhao"), frozenset({"manager", "admin"}))
NONE = {"CAREPLUG_PLUGINS": "sqlalchemy"}


class Radio:
    name = "radio"
    needs_address = False

    def send(self, message):
        raise RuntimeError("nobody answers")

    def close(self):
        pass


def house() -> ModuleType:
    made = ModuleType("house")
    hooks = {
        "careplug_entities": lambda: (
            EntitySpec(name="bin", cls=Bin),
            FactType("inspected", label=Text("Inspected", "已检查")),
            FactType("rung", label=Text("Rung", "已呼叫")),
        ),
        "careplug_definitions": lambda: (
            Seed("state", "inspecting", {"category": "open"}, Text("Inspecting", "检查中")),
            Seed("transition", "inspect", {"from": ["received", "confirmed"], "to": "inspecting", "fact": "inspected"}),
            Seed("metric", "inspection", {"starts": [{"fact": "submitted"}], "stops": [{"fact": "inspected"}]}),
            Seed("template", "rung", {"subject": {"en": "x", "zh": "x"}, "body": {"en": "y", "zh": "y"}}),
            Seed(
                "subscription",
                "ring",
                {"events": ["inspected"], "to": ["person:li"], "channel": "radio", "template": "rung"},
            ),
        ),
        "careplug_channels": lambda: (ChannelFactory("radio", lambda settings: Radio()),),
        "careplug_handlers": lambda: (Handler("house.bill", lambda *_: None, facts=("inspected",), durable=True),),
    }
    for name, hook in hooks.items():
        setattr(made, name, hookimpl(hook))
    return made


@pytest.fixture(params=["memory", "sqlite"])
def left(request, tmp_path):
    """A Care without the plugin, on what the plugin left, and the two cases: one in its state, one before it."""
    clock = ManualClock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC))
    storage = MemoryStorage() if request.param == "memory" else f"sqlite:///{tmp_path / 'house.db'}"
    with Care(storage, plugins=[house()], environ=NONE, clock=clock) as care:
        assert [line.text() for line in care.report().failed] == []
        care.upgrade()
        with care.unit(actor=BOSS) as unit:
            unit.get(Parties).add(Ref("person", "li"), name="li", addresses=[Address("radio", "1")])
            one, two = (unit.feedback.submit("fault", name).id for name in "ab")
            assert "inspect" in [each.name for each in unit.feedback.possible(unit.feedback.get(one))]
            unit.feedback.step(one, "inspect")
    with Care(storage, environ=NONE, clock=clock) as care:
        care.upgrade()
        yield care, one, two


def session_of(care, language="en"):
    made = Session(language=language, given={"role": ("admin",), "actor": BOSS.ref})
    made._care = care
    return made


def test_the_doctor_names_what_is_left(left):
    care, _, _ = left
    assert isinstance(care.storage, Recording)
    found = traces(session_of(care))
    assert found == [
        ("table", {"from": "house", "entities": "bin"}),
        ("fact", {"fact": "inspected", "subject": "feedback", "count": 1}),
        ("transition", {"transition": "inspect", "fact": "inspected"}),
        ("metric", {"metric": "inspection", "facts": "inspected"}),
        ("subscription", {"subscription": "ring", "channel": "radio"}),
        ("backlog", {"channel": "radio", "count": 1}),
        ("task", {"handler": "house.bill", "count": 1}),
    ]
    for language in ("en", "zh_CN", "qps"):
        speaking = session_of(care, language)
        said = [speaking.say(f"cli.doctor.found.{code}", plugin="", **params) for code, params in found]
        assert [each for each in said if "{" in each or "cli.doctor" in each] == []


def test_a_house_without_guests_leaves_nothing(left, tmp_path):
    with Care(f"sqlite:///{tmp_path / 'alone.db'}", environ=NONE) as care:
        care.upgrade()
        assert traces(session_of(care)) == []


def test_everything_else_goes_on(left):
    care, one, two = left
    with care.unit(actor=BOSS) as unit:
        feedback = unit.feedback
        assert "inspect" not in [each.name for each in feedback.possible(feedback.get(two))]
        with pytest.raises(Refused) as caught:
            feedback.step(two, "inspect")
        assert (caught.value.code, caught.value.field) == ("step.departed", "step.inspect.fact")
    with care.unit(actor=BOSS) as unit:
        unit.feedback.reply(two, "on it")
        for step in ("confirm", "handle"):
            unit.feedback.step(two, step)
        unit.feedback.step(two, "resolve", measure="m", result="r")
        unit.feedback.override(one, "handling", reason="the plugin left")
        unit.feedback.reply(one, "on it")
    done = Worker(care).run_due()
    assert (done.failed, done.messages.postponed, done.messages.dead) == (1, 1, 0), "the task and the message wait"
    with care.read(actor=BOSS) as unit:
        assert unit.feedback.get(two).state == "resolved"
        assert unit.feedback.get(one).state == "handling"
        assert [fact.type for fact in unit.feedback.facts(one)][-1] == "replied"
        assert unit.sla.due() is not None
        assert unit.sla.explain(one) is not None
