"""What a plugin may hand over: frozen, typed objects, one kind a hook.

Hooks wire, objects work: these are collected once while a ``Care`` is built, and the core loops over
them afterwards. Two owners of one name are refused, both named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from careplug.entity import EntitySpec, FieldSpec
from careplug.text import Text

if TYPE_CHECKING:
    from careplug.encryption import Cipher
    from careplug.ports import Storage, Unit

__all__ = [
    "Action",
    "ChannelFactory",
    "Command",
    "Denied",
    "EntitySpec",
    "FactType",
    "FieldCipher",
    "FieldSpec",
    "Grant",
    "Handler",
    "HookSpecs",
    "Job",
    "Link",
    "Messages",
    "Panel",
    "PolicySource",
    "Resource",
    "Seed",
    "ServiceFactory",
    "StorageFactory",
]


@attrs.frozen
class FactType:
    """A kind of fact on an entity's timeline.

    ``personal`` names the data keys kept beside the fact, salted, so that they can be erased. ``fold``
    gives the fields of the projection that the fact changes: a pure function of (projection, data, fact).
    ``search`` names those of them that are searched, and who may find by them: key → access (``careplug.words.ACCESS``).
    ``final`` facts cannot be voided. Customers read ``public`` ones only. ``edits`` says that the fact changes what a
    person edits, so that the subject's version moves on. After one that ``settles`` its subject no message about it goes out
    that was not sent before.
    """

    name: str
    subject: str = "feedback"
    label: Text = Text()
    personal: tuple[str, ...] = ()
    fold: Callable[[Any, Mapping[str, Any], Any], Mapping[str, Any]] | None = None
    edits: bool = False
    final: bool = False
    public: bool = False
    settles: bool = False
    search: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Seed:
    """A definition a plugin brings: stored as the first revision, later as a proposed one.

    ``kind`` is calendar, policy, metric, transition, pause_reason, matrix, template, subscription …;
    ``data`` is plain JSON data; the revision is named by the digest of its canonical text. A Mapping that is no dict is
    read only when it is stored, so one that is dear to make may wait until then.
    """

    kind: str
    name: str
    data: Mapping[str, Any]
    label: Text = Text()


@attrs.frozen
class Handler:
    """Called with every appended fact of the given types (none: all).

    In the transaction (``durable=False``) as ``run(unit, fact, before, after)``: an error aborts the
    unit. Durable ones get a task of their own and run in the worker as ``run(unit, fact)``: retried,
    and a failure never takes down another plugin's work. Lower ``rank`` first, ties by name.
    """

    name: str
    run: Callable[..., None]
    facts: tuple[str, ...] = ()
    durable: bool = False
    rank: int = 100


@attrs.frozen
class Job:
    """Work the worker does again and again: ``run(care, now)`` at most once per ``every`` in all processes."""

    name: str
    run: Callable[[Any, Any], int]
    every: timedelta
    label: Text = Text()


@attrs.frozen
class ServiceFactory:
    """A service of a plugin: ``unit.get(type)`` builds it lazily by ``factory(unit)``."""

    type: type
    factory: Callable[[Unit], Any]
    name: str = ""


@attrs.frozen
class PolicySource:
    """A plugin's offer of policies for a case: ``candidates(unit, feedback)`` gives ``sla.policy.Candidate``s.

    Handed over by ``careplug_services``; a contract plugin names its policy's stored revision.
    """

    name: str
    candidates: Callable[[Unit, Any], Sequence[Any]]


@attrs.frozen
class StorageFactory:
    """Opens a storage for a URL scheme or for a host's object (engine, session factory).

    ``schemes`` are URL schemes (``"sqlite"``); ``accepts`` says whether an object is one of its own.
    """

    name: str
    schemes: tuple[str, ...]
    open: Callable[..., Storage]
    accepts: Callable[[object], bool] = lambda _: False


@attrs.frozen
class FieldCipher:
    """How personal columns are encrypted where they are stored; ``open()`` gives the ``encryption.Cipher``, once a ``Care``.

    There is one or none: two plugins that bring one are refused, both named.
    """

    name: str
    open: Callable[[], Cipher]


@attrs.frozen
class ChannelFactory:
    """A way to reach people: ``open(settings)`` gives a ``ports.Channel``; imported on first use."""

    name: str
    open: Callable[[Mapping[str, Any]], Any]
    label: Text = Text()


@attrs.frozen
class Command:
    """A command line entry: ``careplug NAME``; ``load()`` gives a click command, imported on use."""

    name: str
    load: Callable[[], Any]
    help: Text = Text()


@attrs.frozen
class Grant:
    """What a role may do of a plugin's own actions: ``Grant("engineer", ("acme.read", "acme.visit.*"))``.

    ``actions`` are patterns. An action whose first word is one of the core's (``feedback``, ``sla`` …) cannot be granted:
    a plugin opens its own doors, never the house's.
    """

    role: str
    actions: tuple[str, ...]


@attrs.frozen
class Action:
    """Something that can be done with one entity of a resource: a button on its page, a POST, a command.

    ``run(unit, entity, values)`` does it in the unit's transaction and returns the entity as it is now, or None where it is
    gone. ``fields`` are what has to be told, ``permission`` is asked before: where it is empty the resource's permission
    with the action's name behind it (``tools.lend``).
    """

    name: str
    run: Callable[[Unit, Any, Mapping[str, Any]], Any]
    label: Text = Text()
    fields: tuple[FieldSpec, ...] = ()
    permission: str = ""


@attrs.frozen
class Resource:
    """An entity with list, detail, form, REST and command line, and no code.

    ``columns`` are the fields of the list (none: all that fit a cell), ``filters`` those it can be narrowed by, ``fields``
    those a form may set (none: nobody adds or edits it here; a custom field that is required is always among them). ``labels`` name fields; a field without one shows its name.
    Actions asked about are ``PERMISSION.read``, ``.add``, ``.edit`` (``permission`` is the resource's name where empty) and
    those of ``actions``. ``order`` is the field a list goes by, newest ids first where empty.

    ``create(unit, values)`` and ``change(unit, entity, values)`` replace plain storing where a rule must hold; both return
    the entity and may raise ``Invalid``. An entity with a field ``version`` is edited with the expected version.
    """

    name: str
    entity: type
    label: Text = Text()
    columns: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    permission: str = ""
    labels: Mapping[str, Text] = attrs.field(factory=dict)
    order: str = ""
    create: Callable[[Unit, Mapping[str, Any]], Any] | None = None
    change: Callable[[Unit, Any, Mapping[str, Any]], Any] | None = None
    rank: int = 100


@attrs.frozen
class Panel:
    """A part of a case page: ``data(unit, feedback)`` gives what is shown; None or an empty mapping shows nothing.

    Without a ``template`` the mapping is shown as labels and values: keys are codes of the plugin's sentences (or words as
    they are), values text, numbers, instants, ``Text``, ``Ref``, Decimal, Money; the keys ``columns`` and ``rows`` together
    are a table. ``template`` is ``package:path`` of a Jinja template that gets ``data`` and ``case``. ``sides`` says whose
    page it is on, ``permission`` is asked first where there is one. Lower ``rank`` first, ties by name.
    """

    name: str
    data: Callable[[Unit, Any], Mapping[str, Any] | None]
    label: Text = Text()
    template: str = ""
    rank: int = 100
    sides: tuple[str, ...] = ("service",)
    permission: str = ""


@attrs.frozen
class Link:
    """An entry of the navigation beside those of the resources: ``href`` is a path below the mount, or a URL of the host.

    Shown to ``sides``, and only to whom ``permission`` allows it where there is one. Lower ``rank`` first, ties by name.
    """

    name: str
    label: Text
    href: str
    rank: int = 100
    sides: tuple[str, ...] = ("service",)
    permission: str = ""


@attrs.frozen
class Messages:
    """A plugin's message catalogue: sentences by dotted code."""

    sentences: Mapping[str, Text]


@attrs.frozen
class HookSpecs:
    """A plugin's own hookspecs, so that other plugins can contribute to it."""

    module: Any


@attrs.frozen
class Denied:
    """A plugin's no to a decision, with the sentence the person reads."""

    reason: Text
    code: str = "plugin.denied"
