"""Every way in which a plugin is wrong: one failure with a name, a code and a field; the plugin beside it works."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any

import attrs
import pytest

from careplug.contributions import (
    Action,
    Command,
    EntitySpec,
    FactType,
    FieldSpec,
    Grant,
    Handler,
    HookSpecs,
    Job,
    Link,
    Messages,
    Panel,
    PolicySource,
    Resource,
    Seed,
    ServiceFactory,
    StorageFactory,
)
from careplug.plugin import hookimpl
from careplug.refs import Ref
from careplug.text import Text
from tests.unit.plugin.tiny import LAMP, Lamp, code, handler, load, module, nothing


async def _async():
    return ()


def _generator():
    yield Handler("x", nothing)


@functools.wraps(nothing)
def _wrapped_async(*_args):
    return _async()


def _exit():
    raise SystemExit(3)


def _strange():
    raise BaseException("strange")  # noqa: TRY002


class _Unprintable(Exception):
    def __str__(self):
        raise RuntimeError


def _unprintable():
    raise _Unprintable


IMPLEMENTATIONS = [
    ("careplug_handler", lambda: (), "plugin.hook_misspelt", "careplug_handler"),
    ("careplug_zebra", lambda: (), "plugin.hook_unknown", "careplug_zebra"),
    ("careplug_handlers", lambda extra: (), "plugin.argument_unknown", "careplug_handlers.extra"),
    ("careplug_handlers", lambda settings=None: (), "plugin.argument_default", "careplug_handlers.settings"),
    ("careplug_handlers", lambda *, settings: (), "plugin.argument_kind", "careplug_handlers.settings"),
    ("careplug_handlers", lambda **kw: (), "plugin.argument_kind", "careplug_handlers.kw"),
    ("careplug_handlers", lambda *args: (), "plugin.argument_kind", "careplug_handlers.args"),
    ("careplug_handlers", _generator, "plugin.generator", "careplug_handlers"),
    ("careplug_handlers", _async, "plugin.async", "careplug_handlers"),
    ("careplug_handlers", lambda: _async(), "plugin.returned", "careplug_handlers"),
    ("careplug_handlers", lambda: None, "plugin.returned_none", "careplug_handlers"),
    ("careplug_handlers", lambda: [Handler("x", nothing)], "plugin.returned", "careplug_handlers"),
    ("careplug_handlers", lambda: Handler("x", nothing), "plugin.returned", "careplug_handlers"),
    ("careplug_handlers", lambda: (Job("x", nothing, timedelta(1)),), "plugin.item_type", "careplug_handlers.item"),
    ("careplug_handlers", lambda: (Handler,), "plugin.item_type", "careplug_handlers.item"),
    ("careplug_handlers", lambda: 1 / 0, "plugin.raised", "careplug_handlers"),
    ("careplug_handlers", _exit, "plugin.exited", "careplug_handlers"),
    ("careplug_handlers", _strange, "plugin.raised", "careplug_handlers"),
    ("careplug_handlers", _unprintable, "plugin.raised", "careplug_handlers"),
    ("careplug_startup", lambda care, app: None, "plugin.argument_unknown", "careplug_startup.app"),
    ("careplug_hooks", lambda: (5,), "plugin.item_type", "careplug_hooks.item"),
    ("careplug_hooks", lambda: (HookSpecs(None),), "plugin.item.specs", "careplug_hooks.hooks.module"),
    ("careplug_hooks", lambda: (HookSpecs(functools),), "plugin.spec_none", "careplug_hooks"),
    ("careplug_hooks", lambda: 1 / 0, "plugin.raised", "careplug_hooks"),
]


@pytest.mark.parametrize(("name", "function", "expected", "field"), IMPLEMENTATIONS)
def test_a_wrong_implementation(name, function, expected, field):
    plugins = load(module("bad", **{name: function}), handler("fine"))
    error = plugins.report.line("bad").error
    assert (error.code, error.field) == (expected, f"plugins.bad.{field}")
    assert code(plugins, "fine") == "loaded"
    for language in ("en", "zh_CN"):
        assert error.text(language) != error.code
        assert "{" not in error.text(language), error.text(language)


@pytest.mark.parametrize("option", ["tryfirst", "trylast", "wrapper", "hookwrapper"])
def test_options_that_have_no_place_here(option):
    made = module("bad")
    made.careplug_jobs = hookimpl(**{option: True})(lambda: ())
    assert code(load(made), "bad") == "plugin.option"


def test_a_function_without_its_mark():
    made = module("bad")
    made.careplug_jobs = lambda: ()
    plugins = load(made)
    assert code(plugins, "bad") == "plugin.unmarked"
    assert plugins.report.line("bad").error.field == "plugins.bad.careplug_jobs"


def test_a_marked_function_of_another_name():
    made = module("bad")
    made.jobs = hookimpl(lambda: ())
    assert code(load(made), "bad") == "plugin.hook_prefix"


def test_a_hook_by_its_specname():
    made = module("good")
    made.jobs = hookimpl(specname="careplug_jobs")(lambda: (Job("good.sync", nothing, timedelta(1)),))
    assert code(load(made), "good") == "loaded"
    assert load(made).report.line("good").contributed == {"job": 1}


def test_an_interrupt_passes():
    def careplug_jobs():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(module("bad", careplug_jobs=careplug_jobs))


def test_an_interrupt_inside_a_group_passes():
    def careplug_jobs():
        raise BaseExceptionGroup("both", [KeyboardInterrupt(), ValueError()])

    with pytest.raises(BaseExceptionGroup):
        load(module("bad", careplug_jobs=careplug_jobs))


@pytest.mark.parametrize(("name", "value", "expected"), [
    ("careplug_api", "1", "plugin.api_type"),
    ("careplug_api", True, "plugin.api_type"),
    ("careplug_settings", dict, "plugin.settings_type"),
])  # fmt: skip
def test_a_wrong_attribute(name, value, expected):
    made = module("bad")
    setattr(made, name, value)
    assert code(load(made), "bad") == expected


@attrs.frozen(kw_only=True)
class Shade:
    """An entity with what not every place of a resource can take."""

    id: str
    tenant: str = ""
    owner: Ref | None = None
    tags: tuple[str, ...] = ()
    photo: bytes = b""
    version: int = 1
    custom: dict[str, Any] = attrs.field(factory=dict)


class Loose:
    """No attrs class."""


@hookimpl
def _unused():
    return ()


def _stored_wrongly():
    import attrs

    @attrs.frozen
    class Odd:
        id: str
        what: object

    return EntitySpec(name="odd", cls=Odd)


def _fields(**options):
    return FieldSpec(**{"entity": "lamp", "name": "x", **options})


ITEMS = [
    ("handlers", Handler("", nothing), "name", "handler.name"),
    ("handlers", Handler("a b", nothing), "name", "handler.a b.name"),
    ("handlers", Handler(5, nothing), "name", "handler.name"),
    ("handlers", Handler("x", "run"), "callable", "handler.x.run"),
    ("handlers", Handler("x", nothing, facts=("submitted")), "texts", "handler.x.facts"),
    ("handlers", Handler("x", nothing, facts=["submitted"]), "texts", "handler.x.facts"),
    ("handlers", Handler("x", nothing, rank="1"), "rank", "handler.x.rank"),
    ("handlers", Handler("x", nothing, durable=1), "flag", "handler.x.durable"),
    ("jobs", Job("x", nothing, 60), "every", "job.x.every"),
    ("jobs", Job("x", nothing, timedelta(0)), "every", "job.x.every"),
    ("jobs", Job("x", nothing, timedelta(1), label="Sync"), "words", "job.x.label"),
    ("entities", EntitySpec(name="x", cls=Loose), "attrs", "entity.x.cls"),
    ("entities", _stored_wrongly(), "storable", "entity.odd.Odd.what"),
    ("entities", EntitySpec(name="x", cls=Lamp, indexes=(("nmae",),)), "index", "entity.x.indexes"),
    ("entities", EntitySpec(name="x", cls=Lamp, indexes=("name",)), "groups", "entity.x.indexes"),
    ("entities", EntitySpec(name="x", cls=Lamp, version=0), "version", "entity.x.version"),
    ("entities", EntitySpec(name="x", cls=Lamp, upcasters={"1": nothing}), "upcasters", "entity.x.upcasters"),
    ("entities", EntitySpec(name="x", cls=Lamp, extra=("a",)), "extra", "entity.x.extra"),
    ("entities", EntitySpec(name="x", cls=Lamp, extra=(_fields(type="no"),)), "field_type", "entity.x.field.x.type"),
    ("entities", FactType("x", "lamp", fold=5), "callable", "fact.x.fold"),
    ("entities", FactType("x", "lamp", personal="who"), "texts", "fact.x.personal"),
    ("entities", _fields(type="money"), "field_type", "field.x.type"),
    ("entities", _fields(type="choice"), "choices", "field.x.choices"),
    ("entities", _fields(length=0), "length", "field.x.length"),
    ("definitions", Seed("calendar", "x", [1]), "data", "seed.x.data"),
    ("definitions", Seed("", "x", {}), "name", "seed.x.kind"),
    ("definitions", Seed("calendar", "x", {"rate": 0.5}), "storable", None),
    ("definitions", Seed("calendar", "x", {"rate": object()}), "storable", None),
    ("services", ServiceFactory("Lamp", nothing), "class", "service.type"),
    ("services", PolicySource("x", None), "callable", "policy_source.x.candidates"),
    ("storage", StorageFactory("x", ("sqlite"), nothing), "texts", "storage.x.schemes"),
    ("surfaces", Command("x", None), "callable", "command.x.load"),
    ("surfaces", Panel("x", {"a": 1}), "callable", "panel.x.data"),
    ("surfaces", Resource("x", "lamp"), "class", "resource.x.entity"),
    ("surfaces", Panel("x", nothing, sides="service"), "texts", "panel.x.sides"),
    ("surfaces", Panel("x", nothing, sides=("vendor",)), "sides", "panel.x.sides"),
    ("surfaces", Panel("x", nothing, permission=None), "text", "panel.x.permission"),
    ("surfaces", Panel("x", nothing, template=5), "text", "panel.x.template"),
    ("surfaces", Link("x", Text("x"), " "), "href", "link.x.href"),
    ("surfaces", Link("x", "label", "/x"), "words", "link.x.label"),
    ("surfaces", Link("x", Text("x"), "/x", sides=()), "sides", "link.x.sides"),
    ("surfaces", Grant("", ("x.y",)), "name", "grant.role"),
    ("surfaces", Grant("engineer", ("x.y")), "texts", "grant.engineer.actions"),
    ("surfaces", Resource("x", Lamp, columns="name"), "texts", "resource.x.columns"),
    ("surfaces", Resource("x", Lamp, order=None), "text", "resource.x.order"),
    ("surfaces", Resource("x", Lamp, labels={"name": "Name"}), "labels", "resource.x.labels"),
    ("surfaces", Resource("x", Lamp, create="make"), "callable", "resource.x.create"),
    ("surfaces", Resource("x", Lamp, rank="1"), "rank", "resource.x.rank"),
    ("surfaces", Resource("x", Lamp, actions=("close",)), "actions", "resource.x.actions"),
    ("surfaces", Resource("x", Lamp, actions=(Action("a b", nothing),)), "name", "resource.x.actions[0].name"),
    ("surfaces", Resource("x", Lamp, actions=(Action("a", None),)), "callable", "resource.x.actions[0].run"),
    (
        "surfaces",
        Resource("x", Lamp, actions=(Action("a", nothing, fields=("b",)),)),
        "extra",
        "resource.x.actions[0].fields",
    ),
    (
        "surfaces",
        Resource("x", Lamp, actions=(Action("a", nothing, fields=(FieldSpec(name="b", type="money"),)),)),
        "field_type",
        "resource.x.a.field.b.type",
    ),
    ("surfaces", Messages({"x": "hello"}), "sentences", "messages.sentences"),
    ("surfaces", Messages([Text("a", "b")]), "sentences", "messages.sentences"),
]


@pytest.mark.parametrize(("hook", "item", "expected", "field"), ITEMS)
def test_a_wrong_value_in_an_item(hook, item, expected, field):
    plugins = load(module("bad", **{f"careplug_{hook}": lambda: (item,)}), handler("fine"))
    error = plugins.report.line("bad").error
    assert error.code == f"plugin.item.{expected}", error
    if field:
        assert error.field == f"plugins.bad.careplug_{hook}.{field}"
    assert error.text("zh_CN") != error.code
    assert code(plugins, "fine") == "loaded"


SURFACES = [
    (Grant("boss", ("x.y",)), "grant.role", "grant.boss.role"),
    (Grant("engineer", ("x.y", "feedback.void")), "grant.core", "grant.engineer.actions[1]"),
    (Grant("engineer", ("sla",)), "grant.core", "grant.engineer.actions[0]"),
    (Grant("engineer", ("*",)), "grant.word", "grant.engineer.actions[0]"),
    (Grant("engineer", ("feedbac?.void",)), "grant.word", "grant.engineer.actions[0]"),
    (Grant("engineer", ("[f]eedback.void",)), "grant.word", "grant.engineer.actions[0]"),
    (Grant("engineer", (".x",)), "grant.word", "grant.engineer.actions[0]"),
    (Resource("x", Lamp, actions=(Action("edit", nothing),)), "action.reserved", "resource.x.actions.edit"),
    (Resource("x", Lamp, actions=(Action("a", nothing), Action("a", nothing))), "action.twice", "resource.x.actions.a"),
    (Resource("x", Lamp, columns=("colour",)), "resource.field", "resource.x.columns.colour"),
    (Resource("x", Lamp, fields=("custom.watt",)), "resource.field", "resource.x.fields.custom.watt"),
    (Resource("x", Lamp, labels={"colour": Text("x")}), "resource.field", "resource.x.labels.colour"),
    (Resource("x", Lamp, fields=("name", "tenant")), "resource.fields", "resource.x.fields.tenant"),
    (Resource("x", Shade, fields=("version",)), "resource.fields", "resource.x.fields.version"),
    (Resource("x", Shade, filters=("tags",)), "resource.filters", "resource.x.filters.tags"),
    (Resource("x", Shade, filters=("custom.cut",)), "resource.filters", "resource.x.filters.custom.cut"),
    (Resource("x", Shade, order="owner"), "resource.order", "resource.x.order.owner"),
    (Resource("x", Shade, order="custom.cut"), "resource.order", "resource.x.order.custom.cut"),
    (Resource("x", Shade, columns=("photo",)), "resource.field", "resource.x.columns.photo"),
]


@pytest.mark.parametrize(("item", "expected", "field"), SURFACES)
def test_a_wrong_surface(item, expected, field):
    entities = (LAMP, EntitySpec(name="shade", cls=Shade), FieldSpec(entity="shade", name="cut"))
    plugins = load(module("bad", careplug_entities=lambda: entities, careplug_surfaces=lambda: (item,)))
    error = plugins.report.line("bad").error
    assert error.code == f"plugin.{expected}", error
    assert error.field.endswith(field), error
    assert error.field.startswith("plugins.bad.")
    assert error.text("zh_CN") != error.code


def test_right_surfaces():
    right = (
        Resource("x", Shade, columns=("owner", "tags", "custom.cut"), filters=("owner", "custom.size"), order="custom.size",
                 fields=("tags", "custom.cut", "owner"), labels={"tags": Text("Tags", "标签")}),
        Resource("y", Lamp),
        Panel("x", nothing, sides=("customer", "service"), permission="lamp.read"),
        Link("x", Text("x"), "https://example.org"),
        *(Grant("engineer", (action,)) for action in ("lamp.read", "lamp.*", "lamp", "spare-parts.read", "lamp.read")),
        Grant("customer", ("lamp.r[ae]ad",)),
    )  # fmt: skip
    entities = (
        LAMP, EntitySpec(name="shade", cls=Shade), FieldSpec(entity="shade", name="cut"),
        FieldSpec(entity="shade", name="size", type="int", indexed=True),
    )  # fmt: skip
    other = module(
        "other", careplug_surfaces=lambda: (Grant("engineer", ("bulb.read",)), Link("a", Text("a"), "/a", rank=1))
    )
    plugins = load(module("good", careplug_entities=lambda: entities, careplug_surfaces=lambda: right), other)
    assert plugins.report.failed == ()
    given = plugins.contributions
    assert given.grants == {
        "customer": ("lamp.r[ae]ad",), "engineer": ("bulb.read", "lamp", "lamp.*", "lamp.read", "spare-parts.read"),
    }  # fmt: skip
    assert [link.name for link in given.links] == ["a", "x"]
    assert plugins.report.line("good").contributed["grant"] == 6


def test_a_resource_may_show_a_field_of_another_plugin():
    shows = module("shows", careplug_surfaces=lambda: (Resource("x", Shade, columns=("custom.cut",)),))
    owns = module("owns", careplug_entities=lambda: (EntitySpec(name="shade", cls=Shade),))
    adds = module("adds", careplug_entities=lambda: (FieldSpec(entity="shade", name="cut"),))
    for order in ((shows, owns, adds), (adds, shows, owns)):
        assert load(*order).report.failed == ()
    assert [line.name for line in load(shows, owns).report.failed] == ["shows"]


def test_an_item_of_a_derived_class_is_fine():
    class Special(Handler):
        pass

    assert code(load(module("good", careplug_handlers=lambda: (Special("x", nothing),))), "good") == "loaded"


def test_a_wrong_item_takes_the_whole_plugin_out():
    bad = module("bad", careplug_entities=lambda: (LAMP,), careplug_jobs=lambda: (Job("x", nothing, 5),))
    plugins = load(bad)
    assert not [spec for spec in plugins.contributions.entities if spec.name == "lamp"]
    assert plugins.report.line("bad").contributed == {}
