"""One run of the command line: its settings, its ``Care``, its units, its way of speaking."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from careplug.clock import Now, system_now
from careplug.refs import Actor, Ref
from careplug.text import Catalogue

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.cli.settings import Config
    from careplug.feedback.entities import Feedback
    from careplug.plugin.manager import Plugins
    from careplug.unit import CareUnit

__all__ = ["Session"]

_IDENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@attrs.define(slots=False)
class Session:
    """Made once by ``main`` and handed to every command as click's object.

    ``given`` holds the options that stand on the command line; what is not there comes from the environment, the
    configuration file, the locale. ``close`` closes the ``Care`` if one was opened; one that a host lent (``care``)
    stays open (``lent``). ``plugins`` are those found for a command that the core does not have.
    """

    language: str = "en"
    as_json: bool = False
    environ: Mapping[str, str] = attrs.field(factory=lambda: os.environ)
    clock: Now = system_now
    given: dict[str, Any] = attrs.field(factory=dict)
    plugins: Plugins | None = attrs.field(default=None, init=False)
    _care: Any = None
    lent: bool = attrs.field(init=False)

    @lent.default
    def _is_lent(self) -> bool:
        return self._care is not None

    # -- settings --

    @cached_property
    def config_path(self) -> str:
        """The configuration file in use, empty for none."""
        from careplug.cli.settings import CONFIG

        named = self.given.get("config") or self.environ.get("CAREPLUG_CONFIG", "")
        return str(named) if named else (CONFIG if Path(CONFIG).is_file() else "")

    @cached_property
    def config(self) -> Config:
        """The configuration; an empty one without a file."""
        from careplug.cli.settings import Config, read_config

        return read_config(self.config_path) if self.config_path else Config()

    @property
    def database(self) -> str:
        """The database URL."""
        from careplug.cli.settings import DATABASE

        named = self.given.get("database") or self.environ.get("CAREPLUG_DATABASE", "")
        return str(named or self.config.database or DATABASE)

    @property
    def tenant(self) -> str:
        """The tenant the command is about; empty for the one there always is."""
        return str(self.given.get("tenant", ""))

    @cached_property
    def zone_name(self) -> str:
        """The IANA name of the zone times are shown in; empty for the machine's own."""
        return str(self.given.get("zone", "") or self.config.zone)

    @cached_property
    def zone(self) -> tzinfo | None:
        """The zone times are shown and read in; None means the machine's own."""
        from careplug.cli.settings import zone_of

        return zone_of(self.zone_name, "--zone") if self.zone_name else None

    @property
    def actor(self) -> Actor:
        """Who acts: ``--actor`` with ``--role``; without them the login name as admin.

        Whoever can reach the database with this program can do anything to it, so that the default takes nobody's
        protection away; a role makes the same run ask as that role would be asked.
        """
        ref = self.given.get("actor") or Ref("person", _login())
        roles = frozenset(self.given.get("role") or ("admin",))
        return Actor(ref, roles, language=self.language)

    # -- the house --

    @property
    def care(self) -> Care:
        """The ``Care`` of this run, opened at its first use; ``Usage`` for another database than the one that was lent."""
        if self.lent and self.given.get("database"):
            from careplug.cli.problems import Usage

            raise Usage("cli.lent", field="--database")
        if self._care is None:
            _ = self.zone  # a wrong one is said before anything is done
            self._care = self.open_care(self.database)
        return self._care  # type: ignore[no-any-return]

    def use(self, care: Care) -> Care:
        """Make a ``Care`` that the command set up itself the one of this run."""
        self.close()
        self._care = care
        return care

    def open_care(self, database: object, **more: Any) -> Care:
        """A ``Care`` on a database, set up as the configuration says; the caller closes it."""
        from careplug.care import Care

        config = self.config
        if config.files:
            from careplug.storage.files import FolderFiles

            more.setdefault("files", FolderFiles(config.files))
        return Care(
            database,
            require=config.require,
            block=config.block,
            toml={"plugins": config.plugins},
            environ=self.environ,
            number_prefix=config.number_prefix,
            **{"clock": self.clock, "channels": config.channels, **more},
        )

    @contextlib.contextmanager
    def unit(self) -> Iterator[CareUnit]:
        """A unit that writes, as this run's actor."""
        with self.care.unit(actor=self.actor, tenant=self.tenant) as unit:
            yield unit

    @contextlib.contextmanager
    def read(self) -> Iterator[CareUnit]:
        """A snapshot, as this run's actor."""
        with self.care.read(actor=self.actor, tenant=self.tenant) as unit:
            yield unit

    def case(self, unit: CareUnit, said: str) -> Feedback:
        """The case of a number people say, or of an id; ``NotFound``."""
        if _IDENT.fullmatch(said):
            return unit.feedback.get(said)
        return unit.feedback.by_number(said)

    def close(self) -> None:
        """Close what was opened."""
        care, self._care = self._care, None
        lent, self.lent = self.lent, False
        if care is not None and not lent:
            care.close()

    def look_for_plugins(self) -> Plugins:
        """The plugins of this run, found without a database: those of a lent ``Care`` are known."""
        if self.lent:
            return self.care.plugins
        if self.plugins is None:
            from careplug.plugin.manager import Plugins

            toml = {"plugins": self.config.plugins}
            self.plugins = Plugins.load(block=self.config.block, toml=toml, environ=self.environ)
        return self.plugins

    # -- speaking --

    @property
    def catalogue(self) -> Catalogue:
        """The sentences: those of plugins too once they were looked for, or the ``Care`` of this run is open."""
        if self._care is not None:
            return self._care.catalogue  # type: ignore[no-any-return]
        return Catalogue(self.plugins.contributions.sentences) if self.plugins is not None else Catalogue()

    def say(self, code: str, **params: object) -> str:
        """A sentence in the language of this run."""
        return self.catalogue.say(code, self.language, **params)

    def local(self, value: datetime) -> datetime:
        """An instant on the clock times are shown in."""
        return value.astimezone(self.zone)

    def time(self, text: str, field: str) -> datetime:
        """The instant of a text a person wrote: ISO 8601; without an offset on the clock times are shown in."""
        from careplug.cli.problems import Usage

        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise Usage("cli.time", field=field, value=text) from None
        if found.tzinfo is None:
            found = found.replace(tzinfo=self.zone) if self.zone else found.astimezone()
        return found.astimezone(UTC)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "cli"  # a container may have no user of that number
