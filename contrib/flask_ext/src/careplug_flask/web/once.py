"""Forms that are sent twice do their deed once: a double click, a reload, a line that breaks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from flask import request

from careplug.criteria import All, Is
from careplug.feedback.entities import RequestKey
from careplug.feedback.intake import KEY_KEPT
from careplug.refs import new_id

if TYPE_CHECKING:
    from careplug.unit import CareUnit

__all__ = ["once", "was_sent"]

T = TypeVar("T")

_SOURCE = "page"


def once(unit: CareUnit, key: str, ident: str, deed: Callable[[], T]) -> T | None:
    """Do the deed of a form to a case; None where a form with this key did it before. Without a key it is always done."""
    if not key:
        return deed()
    now = unit.now()
    row = RequestKey(
        id=new_id(),
        tenant=unit.tenant,
        source=_SOURCE,
        key=key[:200],
        payload=hashlib.sha256(request.path.encode()).hexdigest(),
        result=ident,
        made_at=now,
        expires_at=now + KEY_KEPT,
    )
    return deed() if unit.store.add_if_absent(row) else None


def was_sent(unit: CareUnit, key: str) -> bool:
    """Whether a form with this key was taken in before."""
    return bool(key and unit.store.find(RequestKey, All(Is("source", "eq", ""), Is("key", "eq", key)), limit=1))
