"""``Care``: the facade. One per process and app; thread-safe; closes only what it opened."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from careplug.clock import Now, system_now
from careplug.contributions import Handler
from careplug.definitions import DefinitionCache, Stamp, install
from careplug.encryption import Encrypting
from careplug.errors import Invalid, NotFound
from careplug.messages.directory import StoredDirectory
from careplug.plugin.builtin import PARSERS, PLACEHOLDERS
from careplug.plugin.manager import Plugins
from careplug.ports import Channel, Directory, Files, SchemaStep, Storage, Transaction
from careplug.refs import Actor
from careplug.storage.files import MemoryFiles
from careplug.storage.memory import MemoryStorage
from careplug.text import Catalogue
from careplug.unit import CareUnit, Setup

__all__ = ["Care"]

_log = logging.getLogger("careplug.care")


class Care:
    """careplug, put together: storage, plugins, clock, directory, files.

    ``storage`` is a ``ports.Storage``, a database URL, or an object a storage plugin accepts (an SQLAlchemy engine
    or session factory); none: memory. ``plugins`` are modules or objects of the host beside the installed
    ones; those in ``require`` must load, those in ``block`` must not. ``settings`` are by plugin name.
    """

    def __init__(
        self,
        storage: object = None,
        *,
        plugins: Sequence[object] = (),
        require: Sequence[str] = (),
        block: Sequence[str] = (),
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        toml: Any = None,
        environ: Mapping[str, str] | None = None,
        clock: Now = system_now,
        directory: Directory | None = None,
        files: Files | None = None,
        number_prefix: str = "CP",
        channels: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.plugins = Plugins.load(
            plugins, require=require, block=block, environ=environ, settings=settings, toml=toml
        )
        self.clock = clock
        self.catalogue = Catalogue(self.plugins.contributions.sentences)
        """The sentences of the core and of the plugins."""
        self._owned = not isinstance(storage, Storage)
        self.storage = self._open_storage(storage)
        self._channel_settings = channels or {}
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        try:
            self.encrypted = self._encrypt()
            self.storage.bind(self.plugins.contributions.entities)
            self.setup = self._set_up(directory or StoredDirectory(), files or MemoryFiles(), number_prefix)
            self.plugins.startup(self)
        except BaseException:
            self._close()  # nobody else can: there is no Care yet
            raise

    # -- units --

    def unit(self, *, actor: Actor, tenant: str = "", joined: object = None) -> CareUnit:
        """A unit of work that writes: its own transaction, or inside ``joined``, the host's session or connection."""
        _one_tenant(tenant)
        if joined is None:
            store = self.storage.begin(tenant=tenant, writes=True)
        else:
            store = self.storage.join(joined, tenant=tenant)
        return CareUnit(self.setup, store, actor=actor, tenant=tenant, joined=joined is not None)

    def read(self, *, actor: Actor, tenant: str = "") -> CareUnit:
        """A read-only snapshot; its services refuse to write."""
        _one_tenant(tenant)
        return CareUnit(self.setup, self.storage.begin(tenant=tenant, writes=False), actor=actor, tenant=tenant)

    @contextmanager
    def transaction(self, *, tenant: str | None, writes: bool = True) -> Iterator[Transaction]:
        """A bare transaction of the storage, of one tenant or (None) of all: for the worker and exports."""
        store = self.storage.begin(tenant=tenant, writes=writes)
        try:
            yield store
            if writes:
                store.commit()
        finally:
            store.close()

    # -- definitions and schema --

    def upgrade(self, *, allow: Sequence[str] = ()) -> list[SchemaStep]:
        """Bring the database in line with the specs, and store new seeds: first ones active, changed ones proposed."""
        steps = self.storage.upgrade(allow=allow)
        self.seed()
        return steps

    def seed(self) -> int:
        """Store the seeds that tenants lack; how many rows were made."""
        seeds, now = self.setup.definitions.seeds, self.clock()
        with self.transaction(tenant=None) as store:
            tenants = sorted({"", *(stamp.tenant for stamp in store.find(Stamp))})
        made = 0
        for tenant in tenants:
            with self.transaction(tenant=tenant) as store:
                made += len(install(store, tenant, seeds, now))
        return made

    # -- channels --

    def channel(self, name: str) -> Channel:
        """The open channel of a name; opened at its first use. ``NotFound`` where no plugin brings it."""
        with self._lock:
            found = self._channels.get(name)
            if found is None:
                factory = next((item for item in self.plugins.contributions.channels if item.name == name), None)
                if factory is None:
                    known = ", ".join(item.name for item in self.plugins.contributions.channels)
                    raise NotFound("channel.missing", field=f"channel.{name}", value=name, known=known)
                found = self._channels[name] = factory.open(self._channel_settings.get(name, {}))
            return found

    def channel_owner(self, name: str) -> str:
        """Plugin and version a channel comes from; empty where nobody brings it."""
        factory = next((item for item in self.plugins.contributions.channels if item.name == name), None)
        if factory is None:
            return ""
        owner = self.plugins.contributions.owner(factory)
        return f"{owner.name} {owner.version}".strip()

    # -- life --

    def report(self) -> Any:
        """What became of each plugin."""
        return self.plugins.report

    def close(self) -> None:
        """Shut plugins down, close channels, and the storage if this Care opened it. A channel that breaks is logged."""
        try:
            self.plugins.shutdown(self)
        finally:
            self._close()

    def _close(self) -> None:
        with self._lock:
            channels, self._channels = self._channels, {}
        for name, channel in channels.items():
            try:
                channel.close()
            except (Exception, SystemExit):
                _log.exception("channel %s of %s could not be closed", name, self.channel_owner(name))
        if self._owned:
            self.storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- putting together --

    def _open_storage(self, given: object) -> Storage:
        if given is None:
            return MemoryStorage()
        if isinstance(given, Storage):
            return given
        factories = self.plugins.contributions.storages
        for factory in factories:
            scheme = given.partition(":")[0].partition("+")[0] if isinstance(given, str) else None
            if scheme in factory.schemes or (scheme is None and factory.accepts(given)):
                return factory.open(given)
        known = ", ".join(sorted({scheme for factory in factories for scheme in factory.schemes})) or "–"
        value = given.partition(":")[0] if isinstance(given, str) else type(given).__name__
        raise Invalid("care.storage", field="storage", value=value, known=known)

    def _encrypt(self) -> bool:
        """Hand the cipher, where a plugin brings one, to the storage; one that keeps nothing needs none."""
        for factory in self.plugins.contributions.ciphers:
            if isinstance(self.storage, Encrypting):
                self.storage.encrypt_with(factory.open())
                return True
            if "durable" in self.storage.capabilities:
                raise Invalid("care.cipher", field="storage.cipher", value=self.storage.name, cipher=factory.name)
        return False

    def _set_up(self, directory: Directory, files: Files, number_prefix: str) -> Setup:
        found = self.plugins.contributions
        core = {name for (_, name), kind in found.fact_types.items() if found.owner(kind).name == "careplug"}
        return Setup(
            fact_types=found.fact_types,
            own_fact_types=frozenset(core),
            entities={spec.name: spec for spec in found.entities},
            definitions=DefinitionCache(found.seeds, PARSERS),
            services={item.type: item.factory for item in found.services},
            handlers=_by_fact(found.handlers),
            policy_sources=found.policy_sources,
            custom={spec.name: {field.name: field for field in spec.extra} for spec in found.entities},
            directory=directory,
            files=files,
            allow=self.plugins.allow,
            clock=self.clock,
            number_prefix=number_prefix,
            encrypted=self.encrypted,
            catalogue=self.catalogue,
            grants=found.grants,
            resources=found.resources,
            settings=self.plugins.own_settings,
            placeholders=PLACEHOLDERS,
        )


def _one_tenant(tenant: object) -> None:
    """A unit is for one tenant: None, which a host's look-up may give, means all of them to the storage."""
    if not isinstance(tenant, str):
        raise Invalid("care.tenant", field="tenant", value=repr(tenant)[:60])


def _by_fact(handlers: Sequence[Handler]) -> Any:
    """Handlers of a fact type, worked out once a type; the room's subject is theirs to check."""
    known: dict[tuple[str, str], tuple[Handler, ...]] = {}

    def find(subject: str, kind: str) -> tuple[Handler, ...]:
        """The handlers that want this fact type."""
        key = (subject, kind)
        if key not in known:
            known[key] = tuple(item for item in handlers if not item.facts or kind in item.facts)
        return known[key]

    return find
