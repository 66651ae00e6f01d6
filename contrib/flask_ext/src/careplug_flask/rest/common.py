"""What the operations share: finding the case a path names, its tag, doing a thing once, a page's end."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from flask import request

from careplug.feedback.intake import claim_key
from careplug.refs import Ref
from careplug_flask.rest.cursor import cursor
from careplug_flask.rest.shapes import shape
from careplug_flask.rest.table import Call, Reply
from careplug_flask.rest.wire.cases import Case

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.unit import CareUnit

__all__ = ["case_of", "etag", "ident_of", "once", "paged", "ref", "shower", "told"]

_IDENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def case_of(unit: CareUnit, said: str) -> Feedback:
    """The case of an id or of the number people say; ``NotFound``."""
    return unit.feedback.get(said) if _IDENT.fullmatch(said) else unit.feedback.by_number(said)


def ident_of(unit: CareUnit, said: str) -> str:
    """The id of a case; ``NotFound`` also where the actor may not know of it."""
    return case_of(unit, said).id


def etag(case: Any) -> str:
    """The tag of a representation. If-Match goes by the version before the point: an append spoils no edit."""
    return f"{case.version}.{case.sequence}"


def told(unit: CareUnit, case: Feedback, status: int = 200) -> Reply:
    """A case as an answer."""
    return Reply(value=shower(unit)(case), etag=etag(case), status=status)


def shower(unit: CareUnit) -> Callable[[Feedback], Case]:
    """How cases are shown to whoever asks: what an import remarked is for the service side, as it is in the facts."""
    whole = unit.actor.side != "customer"

    def show(case: Feedback) -> Case:
        """The case as the wire's shape."""
        made = shape(Case, case)
        if not whole:
            made.flags = []
        return made

    return show


def ref(text: str | None, field: str) -> Ref | None:
    """A reference of the wire."""
    return None if text is None else Ref.parse(text, field=field)


def once(call: Call, deed: Callable[[], Feedback], status: int = 200) -> Reply:
    """Do something with a case, once for an idempotency key: a repetition gets the case as it is now.

    The same key with another request is ``Conflict``; keys are kept as long as those of submits.
    """
    unit = call.unit
    if not call.key:
        return told(unit, deed(), status)
    body = msgspec.json.encode(call.body) if call.body is not None else b""
    row, ours = claim_key(
        unit,
        source="api",
        key=call.key,
        payload=hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest(),
        field="header.Idempotency-Key",
        said=request.headers.get("Idempotency-Key", ""),
    )
    if not ours:
        again = told(unit, unit.feedback.get(row.result), status)
        return attrs.evolve(again, headers={"Idempotency-Replayed": "true"})
    case = deed()
    unit.store.save(attrs.evolve(row, result=case.id), was=row)
    return told(unit, case, status)


def paged(
    page: Any, items: Sequence[Any], rows: Sequence[Any], limit: int, key: Callable[[Any], Sequence[Any]]
) -> Reply:
    """A page of a list and where the next one begins: one row more than asked for was read."""
    more = len(rows) > limit
    following = cursor(key(rows[limit - 1])) if more else None
    return Reply(value=page(items=list(items[:limit]), next=following), next=following)
