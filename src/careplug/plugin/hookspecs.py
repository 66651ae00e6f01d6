"""The twelve hooks. Hooks wire, objects work: all but one are called while a ``Care`` is built or closed.

An implementation is a plain function that takes any of the specification's arguments by name, none with a
default, and returns a tuple (``()`` for nothing). Each plugin is called by itself, so what it breaks has
its name. ``settings`` is the plugin's own settings object (an instance of the class it names in
``careplug_settings``), None where it declares none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from careplug.plugin.markers import hookspec

if TYPE_CHECKING:
    from careplug.contributions import (
        ChannelFactory,
        Command,
        Denied,
        EntitySpec,
        FactType,
        FieldCipher,
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
    from careplug.refs import Actor

__all__ = [
    "careplug_allow",
    "careplug_channels",
    "careplug_definitions",
    "careplug_entities",
    "careplug_handlers",
    "careplug_hooks",
    "careplug_jobs",
    "careplug_services",
    "careplug_shutdown",
    "careplug_startup",
    "careplug_storage",
    "careplug_surfaces",
]


@hookspec
def careplug_entities(settings: Any) -> tuple[EntitySpec | FactType | FieldSpec, ...]:
    """Entities, fact types and custom fields. Called once while a ``Care`` is built, before the storage is bound.

    Any plugin may implement it. The storage makes a table of each ``EntitySpec``; a ``FieldSpec`` is added to
    the entity it names, which may be another plugin's. Names of entities, of fact types within a subject and
    of fields within an entity have one owner.

        @hookimpl
        def careplug_entities():
            return (FieldSpec(name="ward", label=Text(en="Ward", zh="病区"), indexed=True),)
    """
    raise NotImplementedError


@hookspec
def careplug_definitions(settings: Any) -> tuple[Seed, ...]:
    """Seeds of calendars, policies, metrics, transitions, templates, subscriptions. Called once while built.

    Any plugin may implement it. A seed is stored as the first revision of its definition, and as a proposed
    one where its digest changed later; it never overwrites what a person edited. (kind, name) has one owner.

        @hookimpl
        def careplug_definitions(settings):
            return (Seed("calendar", "plant", {"zone": settings.zone, "week": {"mon": [["08:00", "16:00"]]}}),)
    """
    raise NotImplementedError


@hookspec
def careplug_storage(settings: Any) -> tuple[StorageFactory | FieldCipher, ...]:
    """Ways to open a storage, by URL scheme or host object, and the cipher of its personal columns. Called once while
    built, before a storage is opened.

    Implemented by storage plugins. Import the driver inside ``open``, not at the top of the plugin. A name
    and each URL scheme have one owner, and there is one cipher.

        @hookimpl
        def careplug_storage():
            return (StorageFactory("redis", ("redis",), open_redis),)
    """
    raise NotImplementedError


@hookspec
def careplug_channels(settings: Any) -> tuple[ChannelFactory, ...]:
    """Ways to reach people (mail, SMS, chat). Called once while built; a channel is opened at its first message.

    Any plugin may implement it. A channel's name has one owner, and subscriptions refer to it.

        @hookimpl
        def careplug_channels():
            return (ChannelFactory("pager", open_pager, Text(en="Pager", zh="寻呼")),)
    """
    raise NotImplementedError


@hookspec
def careplug_services(settings: Any) -> tuple[ServiceFactory | PolicySource, ...]:
    """Services that a unit of work offers by type, and sources of policies (a contract's). Called once while built; a
    factory runs at ``unit.get(type)``, a source whenever a case's service levels are decided.

    Any plugin may implement it. Export the type from ``careplug_NAME.api``, so that others can ask for it. A
    type has one owner.

        @hookimpl
        def careplug_services():
            return (ServiceFactory(Contracts, open_contracts),)
    """
    raise NotImplementedError


@hookspec
def careplug_handlers(settings: Any) -> tuple[Handler, ...]:
    """Functions called with appended facts. Called once while built; the handlers run for as long as the Care lives.

    Any plugin may implement it. In the transaction an error aborts the unit; a durable handler has a task of
    its own, retried by the worker. Lower ``rank`` first, ties by name. A name has one owner.

        @hookimpl
        def careplug_handlers():
            return (Handler("acme.bill", bill, facts=("resolved",), durable=True),)
    """
    raise NotImplementedError


@hookspec
def careplug_jobs(settings: Any) -> tuple[Job, ...]:
    """Work to be done again and again. Called once while built; the worker runs the jobs.

    Any plugin may implement it. ``every`` holds across all processes. A name has one owner.

        @hookimpl
        def careplug_jobs():
            return (Job("acme.sync", synchronise, timedelta(hours=1)),)
    """
    raise NotImplementedError


@hookspec
def careplug_surfaces(settings: Any) -> tuple[Command | Resource | Panel | Link | Messages | Grant, ...]:
    """What people see and may do: commands, resources, panels of a case page, links, sentences, grants. Called once
    while built.

    Any plugin may implement it. Names have one owner within their kind, a sentence's code within all. Grants have no
    name: those of several plugins for one role are joined.

        @hookimpl
        def careplug_surfaces():
            return (Command("stock", load_stock, Text(en="Spare parts", zh="备件")),)
    """
    raise NotImplementedError


@hookspec
def careplug_hooks(settings: Any) -> tuple[HookSpecs, ...]:
    """A plugin's own hook specifications. Called first of all, before anybody's implementations are checked.

    Implemented by plugins that others extend. Every name in the module begins with ``careplug_``. Hooks with no
    argument but ``settings`` are called once while built, the others at ``plugins.gather(name, …)``; either
    way each implementation returns a tuple.

        @hookimpl
        def careplug_hooks():
            return (HookSpecs(contract_hooks),)
    """
    raise NotImplementedError


@hookspec
def careplug_startup(care: Any) -> None:
    """The ``Care`` is ready: storage opened and bound. Called once, in the order in which plugins were loaded.

    Any plugin may implement it: warm a cache, check a connection. Returns nothing. An error marks the plugin
    as failed in the report and stops nobody else, unless the host requires the plugin.

        @hookimpl
        def careplug_startup(care):
            warm_up(care.plugins.settings(PagerSettings))
    """
    raise NotImplementedError


@hookspec
def careplug_shutdown(care: Any) -> None:
    """The ``Care`` is being closed, its storage still open. Called once, in the reverse order.

    Any plugin may implement it, to close what it opened; called only where its own startup did not fail.
    Returns nothing. An error is logged with the plugin's name and stops nobody else.

        @hookimpl
        def careplug_shutdown(care):
            pool.close()
    """
    raise NotImplementedError


@hookspec
def careplug_allow(actor: Actor, action: str, subject: object | None) -> Denied | None:
    """Whether an actor may do something; the one decision asked while running, after the roles said yes.

    Any plugin may implement it. ``None`` means no objection, a ``Denied`` refuses with the sentence the person
    reads. Any denial wins and nothing grants what another denied. An error refuses too. It is asked at every
    use case: no I/O.

        @hookimpl
        def careplug_allow(actor, action, subject):
            if action == "feedback.export" and "auditor" not in actor.roles:
                return Denied(Text(en="Only auditors export.", zh="只有审计员可以导出。"))
            return None
    """
    raise NotImplementedError
