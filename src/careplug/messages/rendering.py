"""From an outbox row to the words somebody reads: address, language, values, template. Runs once a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from careplug.clock import from_text
from careplug.criteria import All, Is
from careplug.definitions import Definitions
from careplug.errors import CareError, Invalid
from careplug.messages.entities import Message
from careplug.messages.templates import Template
from careplug.messages.words import NOTHING, instant
from careplug.ports import Contact, Unit
from careplug.refs import Ref
from careplug.text import language_of, say
from careplug.timeline.facts import Fact, FactRow, Personal, facts_of

__all__ = ["render"]

_INSTANTS = {"expected": "expected_at", "due": "due_at", "received": "received_at"}
_PEOPLE = {"customer": "requester", "organisation": "organisation", "assignee": "assignee"}
_WORDS = ("text", "reason", "measure", "result")


def render(unit: Unit, message: Message, *, addressed: bool = True) -> Message:
    """The message with address, language, subject line and body; what it has already stays as it is.

    ``addressed`` says that its channel needs an address. ``Invalid`` (``message.address``) where the Directory knows
    none for the channel, ``NotFound`` where the template is gone.
    """
    contact = unit.setup.directory.find(unit, message.recipient) or Contact(ref=message.recipient)
    message = _addressed(message, contact, needed=addressed)
    if message.template_digest:
        return message
    definitions = unit.get(Definitions)
    definition = definitions.get("template", message.template)
    template: Template = definitions.cache.parsed(definition)
    title, body = template.render(message.language, _Values(unit, message, contact))
    return attrs.evolve(message, title=title, body=body, template_digest=definition.digest)


def _addressed(message: Message, contact: Contact, *, needed: bool) -> Message:
    address = message.address or next((a.value for a in contact.addresses if a.channel == message.channel), "")
    if not address:
        if needed:
            raise Invalid(
                "message.no_address", field="message.address", recipient=message.recipient, channel=message.channel
            )
        address = str(message.recipient)
    return attrs.evolve(message, address=address, language=message.language or language_of(contact.language))


class _Values:
    """Gives a placeholder's words. Looks up only what the template asks for, each thing once."""

    def __init__(self, unit: Unit, message: Message, contact: Contact) -> None:
        self.unit = unit
        self.message = message
        self.contact = contact
        self._fact: Fact | None = None
        self._subject: Any = None
        self._looked: set[str] = set()

    def __call__(self, name: str) -> str:
        """The words for a placeholder; ``NOTHING`` where there are none."""
        return self._find(name) or NOTHING

    def _find(self, name: str) -> str:
        if name.startswith("data."):
            return self._plain(self._data(name[5:]))
        if name in _INSTANTS:
            return self._instant(name)
        if name in _PEOPLE:
            return self._person(getattr(self.subject, _PEOPLE[name], None)) or self._told_name(name)
        if name in _WORDS:
            key = "body" if name == "text" else name
            return self._plain(self._data(key)) or (name in ("measure", "result") and self._own(name)) or ""
        brought = self.unit.setup.placeholders.get(name)
        if brought is not None:
            return str(brought(self.unit, self.subject, self.message.language))
        own: Mapping[str, Callable[[], str]] = {
            "reader": lambda: self.contact.name or say("message.nameless", self.message.language),
            "actor": self._actor,
            "at": lambda: self._moment(self.fact.at) if self.fact else "",
            "subject": lambda: self._own("subject"),
            "kind": lambda: self._word("kind", self._pinned("kind")),
            "state": lambda: self._label("state", self._pinned("state")),
            "metric": lambda: self._label("metric", self._pinned("metric")),
            "level": lambda: self._word("level", self._pinned("level")),
        }
        return own[name]() if name in own else self._pinned(name)

    @property
    def fact(self) -> Fact | None:
        """The fact with its personal values, or None where the message tells about none."""
        if "fact" not in self._looked:
            self._looked.add("fact")
            self._fact = _read_fact(self.unit, self.message) if self.message.sequence else None
        return self._fact

    @property
    def subject(self) -> Any:
        """The projection of the subject as it is now, None where it is gone."""
        if "subject" not in self._looked:
            self._looked.add("subject")
            spec = self.unit.setup.entities.get(self.message.subject)
            self._subject = None if spec is None else self.unit.store.get(spec.cls, self.message.subject_id)
        return self._subject

    def _data(self, key: str) -> Any:
        """A value of the message or, where words about people were kept out of it, of the fact."""
        if key in self.message.data:
            return self.message.data[key]
        return self.fact.data.get(key) if self.fact else None

    def _pinned(self, name: str) -> str:
        value = self._data(name)
        return self._plain(getattr(self.subject, name, None) if value is None else value)

    def _own(self, name: str) -> str:
        return self._plain(getattr(self.subject, name, None))

    def _plain(self, value: Any) -> str:
        if value is None or isinstance(value, bool | dict | list | tuple):
            return ""
        if isinstance(value, datetime):
            return self._moment(value)
        if isinstance(value, str) and value[10:11] == "T" and value.endswith("Z"):
            return self._text_moment(value)
        return str(value)

    def _instant(self, name: str) -> str:
        key = _INSTANTS[name]
        value = self._data(key) if name != "received" else None  # no fact says it anew: spares reading the fact
        return self._plain(getattr(self.subject, key, None) if value is None else value)

    def _moment(self, value: datetime) -> str:
        return instant(value, self.contact.zone, self.message.language)

    def _text_moment(self, value: str) -> str:
        try:
            return self._moment(from_text(value))
        except CareError:
            return value

    def _person(self, ref: Ref | None) -> str:
        if ref is None:
            return ""
        found = self.contact if ref == self.contact.ref else self.unit.setup.directory.find(self.unit, ref)
        return found.name if found and found.name else ref.id

    def _told_name(self, name: str) -> str:
        return self._own("contact_name") if name == "customer" else ""

    def _actor(self) -> str:
        return self._person(Ref.parse(self.fact.actor)) if self.fact else ""

    def _word(self, group: str, code: str) -> str:
        found: str = self.unit.setup.catalogue.word(group, code, self.message.language)
        return found

    def _label(self, kind: str, code: str) -> str:
        found = self.unit.get(Definitions).active(kind).get(code)
        if found is not None and found.label:
            return found.label.get(self.message.language)
        return self._word(kind, code)


def _read_fact(unit: Unit, message: Message) -> Fact | None:
    criteria = All(
        Is("subject", "eq", message.subject),
        Is("subject_id", "eq", message.subject_id),
        Is("sequence", "eq", message.sequence),
    )
    found = facts_of(unit.store.find(FactRow, criteria), unit.store.find(Personal, criteria))
    return found[0] if found else None
