"""The ``Care`` of a house that is served alone, opened for a run of the command line."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from careplug.cli.problems import Broken
from careplug.errors import Invalid, Refused
from careplug_flask.errors import error

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.cli.session import Session

__all__ = ["insist", "open_care", "open_house"]


def insist(*modules: str) -> None:
    """``Broken`` where something is not installed that only this needs."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise error(Broken, "flask.serve_extra", field="careplug-flask[serve]", missing=", ".join(missing))


def open_house(session: Session) -> Care:
    """The ``Care`` with its accounts, its database brought up to date, as that of the run.

    ``Refused`` on the ``Care`` of a host, which has users of its own.
    """
    insist("argon2")
    if session.tenant:
        raise error(Invalid, "flask.account_tenant", field="--tenant")
    if session.lent:
        from careplug_flask.standalone.accounts import Account

        if any(spec.cls is Account for spec in session.care.plugins.contributions.entities):
            return session.care
        raise error(Refused, "flask.account_host", field="app")
    return session.use(open_care(session, session.database))


def open_care(session: Session, database: str, **more: Any) -> Care:
    """A ``Care`` with accounts on a database, brought up to date, attachments kept beside it; the caller closes it."""
    from careplug.storage.files import FolderFiles
    from careplug_flask.standalone import plugin
    from careplug_flask.standalone.place import beside

    if not session.config.files:
        more.setdefault("files", FolderFiles(f"{beside(database)}.files"))
    care = session.open_care(database, plugins=[plugin], **more)
    try:
        if care.storage.plan():
            care.upgrade()
    except BaseException:
        care.close()
        raise
    return care
