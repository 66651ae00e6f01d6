"""``Careplug``: the extension a host mounts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask

import careplug_flask as plugin
from careplug.care import Care
from careplug.clock import Now, system_now
from careplug.errors import Invalid
from careplug.ports import Directory, Files
from careplug.storage.files import FolderFiles
from careplug_flask.commands.host import group
from careplug_flask.errors import error
from careplug_flask.guard import Limiter
from careplug_flask.identity import link_url, tenant_of, visitor
from careplug_flask.options import Options, read
from careplug_flask.rest import blueprint as api_of
from careplug_flask.rest import table_of
from careplug_flask.state import KEY, Loaders, State, state
from careplug_flask.tokens import ApiToken
from careplug_flask.web import blueprint as pages_of
from careplug_flask.web.render import Renderer

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.refs import Actor, Ref
    from careplug.unit import CareUnit

__all__ = ["Careplug"]

F = TypeVar("F", bound=Callable[..., Any])


class Careplug:
    """careplug in a host's Flask app: pages, the API, commands, and ``unit()`` in the host's own transactions.

    One object serves several apps; what belongs to an app is kept on the app. ``care`` is a ``Care`` the host made itself;
    without one it is made of ``storage`` (a URL, an engine, a session factory), of ``CAREPLUG_DATABASE``, or of the app's
    Flask-SQLAlchemy, whose session units then join. The other arguments go to the ``Care``. All settings are keys of
    ``app.config``; ``careplug_flask.options.Options`` lists them: CAREPLUG_DATABASE, CAREPLUG_URL_PREFIX, CAREPLUG_PAGES,
    CAREPLUG_API, CAREPLUG_BASE_TEMPLATE, CAREPLUG_BLOCKS, CAREPLUG_TITLE, CAREPLUG_LOGIN_VIEW, CAREPLUG_LOGOUT_VIEW,
    CAREPLUG_LANGUAGE, CAREPLUG_ZONE, CAREPLUG_SECRET_KEY, CAREPLUG_LINK_DAYS, CAREPLUG_CSRF, CAREPLUG_CSP,
    CAREPLUG_RATE_LIMITS, CAREPLUG_RATE_STORAGE, CAREPLUG_MAX_UPLOAD, CAREPLUG_JOIN, CAREPLUG_SQLITE_RECIPE,
    CAREPLUG_NUMBER_PREFIX, CAREPLUG_FILES.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        care: Care | None = None,
        storage: object = None,
        plugins: Sequence[object] = (),
        require: Sequence[str] = (),
        block: Sequence[str] = (),
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        toml: Any = None,
        channels: Mapping[str, Mapping[str, Any]] | None = None,
        directory: Directory | None = None,
        files: Files | None = None,
        clock: Now = system_now,
    ) -> None:
        self.loaders = Loaders()
        self._care = care
        self._storage = storage
        self._given: dict[str, Any] = {
            "plugins": tuple(plugins),
            "require": tuple(require),
            "block": tuple(block),
            "settings": settings,
            "toml": toml,
            "channels": channels,
            "directory": directory,
            "files": files,
            "clock": clock,
        }
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, *, care: Care | None = None, storage: object = None, **given: Any) -> None:
        """Set careplug up on an app. What is given here beats what was given to the object.

        ``Invalid`` for a second call on the same app, a wrong setting, or where nothing says where to store.
        """
        if KEY in app.extensions:
            raise error(Invalid, "flask.twice", field=f"app.{app.name}")
        options, host = read(app.config), _flask_sqlalchemy(app)
        lent = care or self._care
        if lent is None:
            source = storage or self._storage or options.database or _engine(app, host, options)
            care = self._make(app, source, options, given)
        else:
            care = lent
        _insist(care)
        found = State(
            app=app,
            care=care,
            options=options,
            loaders=self.loaders,
            owned=lent is None,
            limiter=Limiter(options),
            sqlalchemy=host if options.join and _same_engine(app, host, care) else None,
        )
        app.extensions[KEY] = found
        _mount(found)

    def _make(self, app: Flask, source: object, options: Options, given: Mapping[str, Any]) -> Care:
        values = {**self._given, **given}
        plugins = (plugin, *(each for each in values.pop("plugins") if each is not plugin))
        if values["files"] is None:
            folder = options.files or str(Path(app.instance_path) / "careplug-files")
            values["files"] = FolderFiles(folder, limit=options.max_upload)
        return Care(source, plugins=plugins, number_prefix=options.number_prefix, **values)

    # -- the host's callbacks --

    def actor_loader(self, function: F) -> F:
        """Who is there: returns an ``Actor``, a ``Ref`` (``roles_loader`` then tells its roles), or None for nobody."""
        self.loaders.actor = function
        return function

    def roles_loader(self, function: Callable[[Ref], Iterable[str]]) -> Callable[[Ref], Iterable[str]]:
        """The roles of a reference that ``actor_loader`` returned: customer, engineer, manager, admin."""
        self.loaders.roles = function
        return function

    def tenant_loader(self, function: F) -> F:
        """The tenant of this request; without one there is just one, the empty text."""
        self.loaders.tenant = function
        return function

    def language_loader(self, function: F) -> F:
        """The language of this request as the host knows it (``"zh_CN"``, ``"en"``), None where it does not."""
        self.loaders.language = function
        return function

    def zone_loader(self, function: F) -> F:
        """The IANA name of the reader's time zone, None where the host does not know it."""
        self.loaders.zone = function
        return function

    # -- in the host's own code --

    @property
    def care(self) -> Care:
        """The ``Care`` of the current app."""
        return state().care

    def state_of(self, app: Flask) -> State:
        """What is kept for an app; ``KeyError`` where careplug is not set up on it."""
        found: State = app.extensions[KEY]
        return found

    def close(self, app: Flask) -> None:
        """Close the ``Care`` of an app if it was made here; one that the host lent stays open."""
        found = self.state_of(app)
        if found.owned:
            found.care.close()

    @contextlib.contextmanager
    def unit(self, *, actor: Actor | None = None, tenant: str | None = None) -> Iterator[CareUnit]:
        """A unit of work in the host's session where it has one: kept if the host commits, gone if it rolls back.

        Without a session of the host's it is a transaction of its own. Acts as this request's visitor unless told.
        """
        here = state()
        who, where = self._who(actor, tenant)
        with here.care.unit(actor=who, tenant=where, joined=here.session) as unit:
            yield unit

    @contextlib.contextmanager
    def read(self, *, actor: Actor | None = None, tenant: str | None = None) -> Iterator[CareUnit]:
        """A read-only snapshot in a transaction of its own: what the host has not committed is not in it."""
        who, where = self._who(actor, tenant)
        with state().care.read(actor=who, tenant=where) as unit:
            yield unit

    def _who(self, actor: Actor | None, tenant: str | None) -> tuple[Actor, str]:
        """Who acts and for which tenant: as told, else this request's visitor."""
        if actor is not None:
            return actor, tenant_of(state()) if tenant is None else tenant
        known = visitor()
        return known.must(), known.tenant if tenant is None else tenant

    def link(self, case: Feedback, *, person: Ref | None = None, external: bool = True) -> str:
        """A signed link to a case that works without a login, for its contact or requester, valid ``CAREPLUG_LINK_DAYS``.

        ``Invalid`` where the case names nobody it could be for.
        """
        return link_url(state(), case, person, external=external)


def _flask_sqlalchemy(app: Flask) -> Any:
    """The app's Flask-SQLAlchemy, None where it has none."""
    found = app.extensions.get("sqlalchemy")
    return found if hasattr(type(found), "engine") and hasattr(found, "session") else None


def _engine(app: Flask, host: Any, options: Options) -> object:
    if host is None:
        raise error(Invalid, "flask.storage", field="config.CAREPLUG_DATABASE")
    with app.app_context():
        engine = host.engine
    if options.sqlite_recipe and options.join:
        from careplug_sqlalchemy.api import sqlite_recipe

        sqlite_recipe(engine)
    return engine


def _same_engine(app: Flask, host: Any, care: Care) -> bool:
    """Whether a Care stores in the database of the host's Flask-SQLAlchemy, so that it can join its session."""
    if host is None:
        return False
    with app.app_context():
        return getattr(care.storage, "engine", None) is host.engine


def _insist(care: Care) -> None:
    if not any(spec.cls is ApiToken for spec in care.plugins.contributions.entities):
        raise error(Invalid, "flask.plugin", field="care.plugins")


def _mount(found: State) -> None:
    found.table, found.renderer = table_of(found.care), Renderer(found)
    if found.options.pages:
        found.app.register_blueprint(pages_of(found))
    if found.options.api:
        made = api_of(found)
        found.app.register_blueprint(made)
        csrf = found.app.extensions.get("csrf")
        if csrf is not None:
            csrf.exempt(made)  # the API checks its requests itself: a key, or the token in a header
    found.app.cli.add_command(group(found))
