"""Who is told what: subscriptions as data, and which of them a fact meets. Pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import attrs

from careplug import criteria
from careplug.clock import from_text
from careplug.errors import Invalid
from careplug.refs import Ref
from careplug.timeline.facts import Fact

__all__ = ["FIELDS", "INTERNAL", "ROLES", "Subscription", "matching"]

T = TypeVar("T")

ROLES = ("requester", "contact", "assignee", "team", "manager", "named")
"""Whom a subscription may name: people of the case, its team, all managers, or those its fact names in ``data.to``.

Beside these ``role:NAME`` asks the Directory for everybody with that role, and ``kind:id`` is one fixed reference.
"""

FIELDS = (
    "id",
    "number",
    "kind",
    "state",
    "category",
    "priority",
    "impact",
    "urgency",
    "requester",
    "organisation",
    "contact",
    "product",
    "system",
    "site",
    "channel",
    "source",
    "assignee",
    "team",
    "cycle",
    "expected_at",
    "received_at",
    "waiting",
)
"""Fields of a feedback that ``when`` may compare, as they are after the fact; references as ``kind:id``."""

INTERNAL = ("noted",)
"""Facts that customers must not read: a subscription to them cannot name requester or contact."""

_CUSTOMER = ("requester", "contact")
_KEYS = (
    "subject",
    "events",
    "when",
    "kinds",
    "priorities",
    "to",
    "channel",
    "template",
    "except_actor",
    "active",
)
_NAME = re.compile(r"[a-z][a-z0-9_.\-]*")
_log = logging.getLogger("careplug.messages")


@attrs.frozen(kw_only=True)
class Subscription:
    """On these facts, where the condition holds, tell these people this template through this channel.

    No ``kinds`` or ``priorities`` means all. ``except_actor`` leaves out who did it. ``subject`` is the entity whose
    timeline it follows.
    """

    name: str
    subject: str = "feedback"
    events: tuple[str, ...]
    when: criteria.Criteria | None = None
    kinds: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    to: tuple[str, ...]
    channel: str
    template: str
    except_actor: bool = True
    active: bool = True

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Subscription:
        """Read a stored subscription; ``Invalid`` names ``subscription.NAME.key`` and what it may be."""
        place = f"subscription.{name}"
        unknown = set(data) - set(_KEYS)
        if unknown:
            raise Invalid("definition.keys", field=f"{place}.{min(unknown)}", known=", ".join(_KEYS))
        subject = _word(data.get("subject", "feedback"), f"{place}.subject")
        events = _each(_word, data, "events", place, filled=True)
        to = _each(_role, data, "to", place, filled=True)
        inside = sorted(set(events) & set(INTERNAL))
        if subject == "feedback" and inside and set(to) & set(_CUSTOMER):
            raise Invalid("subscription.internal", field=f"{place}.to.internal", event=inside[0])
        return cls(
            name=name,
            subject=subject,
            events=events,
            when=_when(data.get("when"), f"{place}.when", subject),
            kinds=_each(_word, data, "kinds", place),
            priorities=_each(_priority, data, "priorities", place),
            to=to,
            channel=_word(data.get("channel"), f"{place}.channel"),
            template=_word(data.get("template"), f"{place}.template"),
            except_actor=_flag(data.get("except_actor", True), f"{place}.except_actor"),
            active=_flag(data.get("active", True), f"{place}.active"),
        )

    def meets(self, fact: Fact, subject: Any) -> bool:
        """Whether a fact, and the subject as it left it, are what this subscription waits for."""
        if not self.active or fact.subject != self.subject or fact.type not in self.events:
            return False
        if self.kinds and getattr(subject, "kind", None) not in self.kinds:
            return False
        if self.priorities and getattr(subject, "priority", None) not in self.priorities:
            return False
        try:
            return criteria.matches(self.when, _getter(fact, subject))
        except TypeError:
            # Another type than the condition's author thought of: nobody's case may fail to be stored for that.
            _log.warning("subscription %s cannot compare its values on fact %s", self.name, fact.type, exc_info=True)
            return False


def matching(
    subscriptions: Iterable[Subscription], fact: Fact, subject: Any
) -> list[tuple[Subscription, tuple[str, ...]]]:
    """The subscriptions a fact meets, each with the roles to be told, in the order given."""
    return [(found, found.to) for found in subscriptions if found.meets(fact, subject)]


def _getter(fact: Fact, subject: Any) -> Callable[[str], Any]:
    def get(name: str) -> Any:
        """What a condition's field stands for: the fact's data, the case's fields, ``custom.name`` or ``late``."""
        first, _, rest = name.partition(".")
        if first == "data":
            return _comparable(fact.data.get(rest))
        if first == "late":
            return _late(fact)
        if first == "custom":
            return _comparable((getattr(subject, "custom", None) or {}).get(rest))
        return _comparable(getattr(subject, name, None))

    return get


def _comparable(value: Any) -> Any:
    return str(value) if isinstance(value, Ref) else value


def _late(fact: Fact) -> bool | None:
    due = fact.data.get("due_at")
    if isinstance(due, str):
        due = from_text(due, "due_at")
    return fact.at >= due if isinstance(due, datetime) else None


def _when(data: object, place: str, subject: str) -> criteria.Criteria | None:
    if data is None:
        return None
    found = criteria.from_data(data, place)
    for part in criteria.parts(found):
        first, dot, rest = part.field.partition(".")
        free = (first in ("data", "custom") and rest) or (first == "late" and not dot)
        own = part.field in FIELDS if subject == "feedback" else _NAME.fullmatch(part.field)
        if not (free or own):
            known = ", ".join((*FIELDS, "late", "data.…", "custom.…"))
            raise Invalid("subscription.field", field=f"{place}.{part.field}", value=part.field, known=known)
    return found


def _list(data: Mapping[str, Any], key: str, place: str, *, filled: bool = False) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise Invalid("definition.list", field=f"{place}.{key}", value=repr(value)[:60])
    if filled and not value:
        code = "subscription.nobody" if key == "to" else "subscription.nothing"
        raise Invalid(code, field=f"{place}.{key}.empty")
    return value


def _each(
    read: Callable[[object, str], T], data: Mapping[str, Any], key: str, place: str, *, filled: bool = False
) -> tuple[T, ...]:
    items = _list(data, key, place, filled=filled)
    return tuple(read(item, f"{place}.{key}[{number}]") for number, item in enumerate(items))


def _word(value: object, field: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Invalid("subscription.word", field=field, value=repr(value)[:60])
    return value


def _role(value: object, field: str) -> str:
    if isinstance(value, str):
        if value in ROLES:
            return value
        kind, colon, ident = value.partition(":")
        if colon and ident and _NAME.fullmatch(kind):
            return value
    raise Invalid("subscription.role", field=field, value=repr(value)[:60], known=", ".join(ROLES))


def _priority(value: object, field: str) -> int:
    if type(value) is not int or not 1 <= value <= 4:
        raise Invalid("subscription.priority", field=field, value=repr(value)[:60])
    return value


def _flag(value: object, field: str) -> bool:
    if type(value) is not bool:
        raise Invalid("subscription.flag", field=field, value=repr(value)[:60])
    return value
