"""What the operations share: finding the case a path names, its tag, doing a thing once, a page's end."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from flask import request

from careplug.criteria import All, Is
from careplug.errors import Conflict
from careplug.feedback.entities import RequestKey
from careplug.feedback.intake import KEY_KEPT
from careplug.refs import Ref, new_id
from careplug_flask.rest.cursor import cursor
from careplug_flask.rest.shapes import shape
from careplug_flask.rest.table import Call, Reply
from careplug_flask.rest.wire.cases import Case

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.unit import CareUnit

__all__ = ["case_of", "etag", "ident_of", "once", "paged", "ref", "told"]

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


def told(case: Feedback, status: int = 200) -> Reply:
    """A case as an answer."""
    return Reply(value=shape(Case, case), etag=etag(case), status=status)


def ref(text: str | None, field: str) -> Ref | None:
    """A reference of the wire."""
    return None if text is None else Ref.parse(text, field=field)


def once(call: Call, ident: str, deed: Callable[[], Feedback], status: int = 200) -> Reply:
    """Do something to a case, once for an idempotency key: a repetition gets the case as it is now.

    The same key with another content is ``Conflict``; keys are kept as long as those of submits.
    """
    if not call.key:
        return told(deed(), status)
    unit, now = call.unit, call.unit.now()
    body = msgspec.json.encode(call.body) if call.body is not None else b""
    payload = hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()
    row = RequestKey(
        id=new_id(),
        tenant=unit.tenant,
        source="api",
        key=call.key,
        payload=payload,
        result=ident,
        made_at=now,
        expires_at=now + KEY_KEPT,
    )
    if unit.store.add_if_absent(row):
        return told(deed(), status)
    known = unit.store.find(RequestKey, All(Is("source", "eq", "api"), Is("key", "eq", call.key)), limit=1)
    if not known or known[0].payload != payload:
        raise Conflict("key.used", field="header.Idempotency-Key", value=request.headers.get("Idempotency-Key", ""))
    again = told(unit.feedback.get(known[0].result), status)
    return Reply(value=again.value, etag=again.etag, status=status, headers={"Idempotency-Replayed": "true"})


def paged(
    page: Any, items: Sequence[Any], rows: Sequence[Any], limit: int, key: Callable[[Any], Sequence[Any]]
) -> Reply:
    """A page of a list and where the next one begins: one row more than asked for was read."""
    more = len(rows) > limit
    following = cursor(key(rows[limit - 1])) if more else None
    return Reply(value=page(items=list(items[:limit]), next=following), next=following)
