"""The unit of work: one transaction, one actor, one tenant, and the services inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import attrs

from careplug import permissions
from careplug.clock import Now
from careplug.contributions import FactType, FieldSpec, Handler, PolicySource, Resource
from careplug.definitions import DefinitionCache, Definitions
from careplug.entity import EntitySpec
from careplug.errors import NotFound, Refused
from careplug.feedback.service import FeedbackService
from careplug.messages.service import Messages
from careplug.ports import Directory, Files, Transaction
from careplug.refs import Actor
from careplug.sla.changes import Changes
from careplug.sla.service import Sla
from careplug.survey.service import Surveys
from careplug.tasks import enqueue
from careplug.text import Catalogue
from careplug.timeline.facts import Fact
from careplug.timeline.story import Timeline

__all__ = ["CareUnit", "Setup"]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Setup:
    """What does not change while a Care lives. ``handlers`` go by (subject, fact type).

    ``encrypted`` says that personal columns are stored under a cipher: nothing is sorted by them.
    ``catalogue`` knows the sentences of the core and of the plugins, ``grants`` what plugins let a role do. ``settings`` are
    the core's own, by class; ``placeholders`` what a room puts into templates: ``of(unit, subject, language)``.
    """

    fact_types: Mapping[tuple[str, str], FactType]
    own_fact_types: frozenset[str]
    entities: Mapping[str, EntitySpec]
    definitions: DefinitionCache
    services: Mapping[type, Callable[[Any], Any]]
    handlers: Callable[[str, str], tuple[Handler, ...]]
    policy_sources: tuple[PolicySource, ...]
    custom: Mapping[str, Mapping[str, FieldSpec]]
    directory: Directory
    files: Files
    allow: Callable[[Actor, str, object | None], None]
    clock: Now
    number_prefix: str = "CP"
    encrypted: bool = False
    catalogue: Catalogue = attrs.field(factory=Catalogue)
    grants: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    resources: tuple[Resource, ...] = ()
    settings: Mapping[type, Any] = attrs.field(factory=dict)
    placeholders: Mapping[str, Callable[[Any, Any, str], str]] = attrs.field(factory=dict)

    def entity(self, name: str) -> type:
        """The class behind an entity's name."""
        return self.entities[name].cls

    def setting(self, cls: type[T]) -> T:
        """The settings of a class."""
        return self.settings[cls]  # type: ignore[no-any-return]

    def fields(self, entity: str) -> Mapping[str, FieldSpec]:
        """The custom fields declared for an entity, by name."""
        return self.custom.get(entity, {})


class CareUnit:
    """A unit of work, used as a context manager: kept where the block ends, undone where it raises.

    A joined one lives in the host's transaction: it is kept only if the host commits. Not thread-safe; lives as
    long as its ``with`` block.
    """

    def __init__(self, setup: Setup, store: Transaction, *, actor: Actor, tenant: str, joined: bool = False) -> None:
        self._setup = setup
        self.store = store
        self.actor = actor
        self.tenant = tenant
        self.joined = joined
        self.moment: datetime | None = None
        """The unit's time where it is not the clock's: a worker's round at a given business time."""
        self._services: dict[type, Any] = {}
        self._open = True

    # -- what services see --

    @property
    def setup(self) -> Setup:
        """What does not change while the Care lives."""
        return self._setup

    def now(self) -> datetime:
        """The time, aware UTC."""
        return self.moment if self.moment is not None else self._setup.clock()

    def get(self, service: type[T]) -> T:
        """The service of a type, built once per unit; ``NotFound`` where no plugin brings it."""
        found = self._services.get(service)
        if found is None:
            if not self._open:
                raise Refused("unit.closed", field="unit")
            factory = self._setup.services.get(service)
            if factory is None:
                raise NotFound("service.missing", field="unit.get", value=service.__qualname__)
            found = self._services[service] = factory(self)
        return found  # type: ignore[no-any-return]

    def allow(self, action: str, subject: object | None = None) -> None:
        """``Refused`` unless the actor's role may and no plugin denies it."""
        permissions.check(self.actor, action, self._setup.grants)
        self._setup.allow(self.actor, action, subject)

    def dispatch(self, fact: Fact, before: Any, after: Any) -> None:
        """Hand a fact to its handlers, by rank then name; durable ones get a task of their own."""
        for handler in self._setup.handlers(fact.subject, fact.type):
            if handler.durable:
                enqueue(self, handler.name, fact)
                continue
            try:
                handler.run(self, fact, before, after)
            except BaseException as error:
                error.add_note(f"in handler {handler.name} on {fact.type} of {fact.subject} {fact.subject_id}")
                raise

    # -- what people use --

    @property
    def feedback(self) -> FeedbackService:
        """Everything that may be done with a case."""
        return self.get(FeedbackService)

    @property
    def sla(self) -> Sla:
        """Clocks: what is due, what was kept, why."""
        return self.get(Sla)

    @property
    def messages(self) -> Messages:
        """The outbox."""
        return self.get(Messages)

    @property
    def surveys(self) -> Surveys:
        """Asking customers, what they answered, and what follows from it."""
        return self.get(Surveys)

    @property
    def definitions(self) -> Definitions:
        """Calendars, policies, metrics, transitions, templates and their revisions."""
        return self.get(Definitions)

    @property
    def changes(self) -> Changes:
        """Preview, apply and replay of policies and calendars."""
        return self.get(Changes)

    def flush(self) -> None:
        """Write what the unit holds back, so that a query sees it."""
        for kind in (Timeline, Sla):
            service = self._services.get(kind)
            if service is not None:
                service.flush()
        self.store.flush()

    # -- life --

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self.store.writes:
                self.flush()
                self.store.commit()
            else:
                self.store.rollback()
        except BaseException:
            self.store.rollback()
            raise
        finally:
            self._open = False
            self._services.clear()
            self.store.close()
