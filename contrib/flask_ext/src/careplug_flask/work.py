"""Units of work of requests: reads in a snapshot; changes in careplug's own transaction or the host's session."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from careplug.errors import CareError, Retry
from careplug_flask.identity import visitor
from careplug_flask.state import state

if TYPE_CHECKING:
    from careplug.unit import CareUnit

__all__ = ["changing", "may", "reading"]

T = TypeVar("T")

_TRIES = 3


@contextlib.contextmanager
def reading() -> Iterator[CareUnit]:
    """A snapshot as this request's visitor: nothing can be written. ``Unauthorised`` where nobody is known."""
    who = visitor()
    with state().care.read(actor=who.must(), tenant=who.tenant) as unit:
        yield unit


def may(unit: CareUnit | None, action: str, subject: object = None) -> bool:
    """Whether the visitor may do something: what would be refused is not offered. Nobody may do anything without a unit."""
    if unit is None:
        return False
    try:
        unit.allow(action, subject)
    except CareError:
        return False
    return True


def changing(deed: Callable[[CareUnit], T]) -> T:
    """Do something in one transaction as this request's visitor, again where the database gave way to somebody else.

    It is for careplug's own requests. Where the host has a session the deed joins it, and what was done is committed here;
    an error rolls it back. A host that runs careplug inside a request of its own uses ``careplug.unit()`` and commits itself.
    """
    here, who = state(), visitor()
    actor, session = who.must(), here.session
    for left in reversed(range(_TRIES)):
        try:
            with here.care.unit(actor=actor, tenant=who.tenant, joined=session) as unit:
                result = deed(unit)
            if session is not None:
                session.commit()
        except Retry:
            if session is not None:
                session.rollback()
            if not left:
                raise
        except BaseException:
            if session is not None:
                session.rollback()
            raise
        else:
            return result
    raise AssertionError("unreachable")
