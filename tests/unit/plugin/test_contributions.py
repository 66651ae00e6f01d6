from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careplug.contributions import (
    ChannelFactory,
    Command,
    EntitySpec,
    FactType,
    FieldSpec,
    Handler,
    Job,
    Messages,
    Panel,
    PolicySource,
    Resource,
    Seed,
    ServiceFactory,
    StorageFactory,
)
from careplug.plugin import Owner
from careplug.text import Text
from tests.unit.plugin.tiny import LAMP, Lamp, code, handler, load, module, nothing


@attrs.frozen(kw_only=True)
class Bulb:
    id: str
    tenant: str = ""


CLAIMS = [
    ("entities", LAMP, EntitySpec(name="lamp", cls=Bulb), "entity.lamp"),
    ("entities", LAMP, EntitySpec(name="other", cls=Lamp), "class.tests.unit.plugin.tiny.Lamp"),
    ("entities", FactType("lit", "lamp"), FactType("lit", "lamp", final=True), "fact.lamp.lit"),
    ("definitions", Seed("calendar", "x", {}), Seed("calendar", "x", {"a": 1}), "seed.calendar.x"),
    ("storage", StorageFactory("x", (), nothing), StorageFactory("x", (), nothing), "storage.x"),
    ("storage", StorageFactory("x", ("r",), nothing), StorageFactory("y", ("q", "r"), nothing), "scheme.r"),
    ("channels", ChannelFactory("x", nothing), ChannelFactory("x", nothing), "channel.x"),
    ("services", ServiceFactory(Lamp, nothing), ServiceFactory(Lamp, nothing), "service.tests.unit.plugin.tiny.Lamp"),
    ("services", PolicySource("x", nothing), PolicySource("x", nothing), "policy_source.x"),
    ("handlers", Handler("x", nothing), Handler("x", nothing), "handler.x"),
    ("jobs", Job("x", nothing, timedelta(1)), Job("x", nothing, timedelta(2)), "job.x"),
    ("surfaces", Command("x", nothing), Command("x", nothing), "command.x"),
    ("surfaces", Panel("x", nothing), Panel("x", nothing), "panel.x"),
    ("surfaces", Messages({"x": Text("a", "b")}), Messages({"y": Text(), "x": Text()}), "sentence.x"),
]


@pytest.mark.parametrize(("hook", "first", "second", "name"), CLAIMS)
def test_two_owners_of_one_name(hook, first, second, name):
    hook = f"careplug_{hook}"
    beside = ChannelFactory("z", nothing)
    hooks = {"careplug_channels": lambda: (beside,), hook: lambda: (second,)}
    if hook == "careplug_channels":
        hooks = {hook: lambda: (beside, second)}
    two = module("second", **hooks)
    plugins = load(module("first", **{hook: lambda: (first,)}), two)
    assert code(plugins, "first") == "loaded"
    error = plugins.report.line("second").error
    assert (error.code, error.field) == ("plugin.two_owners", f"plugins.second.{name}")
    assert error.params == {"owner": "first", "plugin": "second"}
    assert "z" not in {channel.name for channel in plugins.contributions.channels}, "nothing of it stays"


@pytest.mark.parametrize(("hook", "first", "second", "name"), CLAIMS)
def test_one_plugin_claims_a_name_twice(hook, first, second, name):
    plugins = load(module("greedy", **{f"careplug_{hook}": lambda: (first, second)}))
    error = plugins.report.line("greedy").error
    assert (error.code, error.field) == ("plugin.twice", f"plugins.greedy.{name}")


def test_names_of_different_kinds_do_not_meet():
    mixed = module(
        "mixed",
        careplug_handlers=lambda: (Handler("x", nothing),),
        careplug_jobs=lambda: (Job("x", nothing, timedelta(1)),),
        careplug_surfaces=lambda: (Command("x", nothing), Panel("x", nothing)),
        careplug_definitions=lambda: (Seed("calendar", "x", {}), Seed("policy", "x", {})),
    )
    assert code(load(mixed), "mixed") == "loaded"


def test_a_plugin_that_failed_owns_nothing():
    two = module("two", careplug_handlers=lambda: (Handler("a", nothing), Handler("b", nothing)))
    plugins = load(handler("a", owner="one"), two, handler("b", owner="three"))
    assert [line.name for line in plugins.report.failed] == ["two"]


def test_fields_meet_their_entity_whatever_the_order():
    owner = module("owner", careplug_entities=lambda: (LAMP,))
    adder = module(
        "adder", careplug_entities=lambda: (FieldSpec(entity="lamp", name="watt", type="int", indexed=True),)
    )
    for order in ((owner, adder), (adder, owner)):
        plugins = load(*order)
        spec = next(spec for spec in plugins.contributions.entities if spec.name == "lamp")
        assert [column.name for column in spec.columns()] == ["id", "tenant", "name", "x_watt"]
        assert plugins.contributions.owner(spec.extra[0]).name == "adder"


@pytest.mark.parametrize(("item", "expected", "field"), [
    (FieldSpec(entity="lmap", name="watt"), "plugin.field_entity", "field.lmap.watt"),
    (FieldSpec(entity="lamp", name="name"), "plugin.field_taken", "field.lamp.name"),
    (FieldSpec(entity="lamp", name="taken"), "plugin.two_owners", "field.lamp.taken"),
    (EntitySpec(name="bulb", cls=Bulb, extra=(FieldSpec(entity="bulb", name="id"),)), "plugin.field_taken",
     "entity.bulb.id"),
])  # fmt: skip
def test_a_field_without_a_place(item, expected, field):
    lamp = attrs.evolve(LAMP, extra=(FieldSpec(entity="lamp", name="taken"),))
    plugins = load(
        module("owner", careplug_entities=lambda: (lamp,)), module("adder", careplug_entities=lambda: (item,))
    )
    error = plugins.report.line("adder").error
    assert (error.code, error.field) == (expected, f"plugins.adder.{field}")


def test_a_failure_takes_those_with_it_that_build_on_it():
    owner = module("owner", careplug_entities=lambda: (LAMP,), careplug_jobs=lambda: 1 / 0)
    adder = module("adder", careplug_entities=lambda: (FieldSpec(entity="lamp", name="watt"),))
    plugins = load(owner, adder, handler("fine"))
    assert [(line.name, line.error.code) for line in plugins.report.failed] == [
        ("owner", "plugin.raised"),
        ("adder", "plugin.field_entity"),
    ]


def test_a_resource_of_nothing_stored():
    assert (
        code(load(module("bad", careplug_surfaces=lambda: (Resource("x", Bulb),))), "bad") == "plugin.resource_entity"
    )


def test_handlers_and_panels_go_by_rank_then_name():
    one = module(
        "one",
        careplug_handlers=lambda: (Handler("z", nothing, rank=-2), Handler("b", nothing, rank=-1)),
        careplug_surfaces=lambda: (Panel("p", nothing), Panel("q", nothing, rank=-1)),
    )
    two = module("two", careplug_handlers=lambda: (Handler("a", nothing, rank=-1),))
    given_ = load(one, two).contributions
    assert [each.name for each in given_.handlers][:3] == ["z", "a", "b"]
    assert [each.name for each in given_.panels if each.name in {"p", "q"}] == ["q", "p"]


@settings(max_examples=50, deadline=None)
@given(st.permutations(["one", "two", "three", "four"]))
def test_the_result_does_not_depend_on_the_order_of_plugins(order):
    made = {
        "one": module("one", careplug_entities=lambda: (LAMP, FactType("lit", "lamp"))),
        "two": module("two", careplug_entities=lambda: (FieldSpec(entity="lamp", name="b"), FactType("dim", "lamp"))),
        "three": module(
            "three",
            careplug_entities=lambda: (FieldSpec(entity="lamp", name="a"),),
            careplug_handlers=lambda: (Handler("c", nothing), Handler("a", nothing)),
            careplug_definitions=lambda: (Seed("calendar", "n", {}),),
        ),
        "four": module(
            "four",
            careplug_handlers=lambda: (Handler("b", nothing),),
            careplug_definitions=lambda: (Seed("calendar", "m", {}),),
            careplug_surfaces=lambda: (Messages({"m": Text("a", "b")}),),
        ),
    }
    assert load(*(made[name] for name in order)).contributions == load(*made.values()).contributions


def test_the_result_is_frozen():
    contributions = load(handler("one")).contributions
    assert isinstance(contributions.fact_types, MappingProxyType)
    assert isinstance(contributions.sentences, MappingProxyType)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        contributions.handlers = ()


def test_nobody_contributed_this():
    with pytest.raises(KeyError):
        load().contributions.owner(Handler("nobody", nothing))


def test_an_owner_reads_like_a_requirement():
    assert (str(Owner("a", "1.2")), str(Owner("a"))) == ("a 1.2", "a")
