"""What is said and done around a case: replies, notes, calls, visits, appointments, files (S6, S8, S10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careplug.clock import aware
from careplug.contributions import FactType
from careplug.criteria import Is, Order
from careplug.errors import Invalid, Refused
from careplug.feedback.base import FEEDBACK, check_text
from careplug.feedback.entities import Attachment, Feedback
from careplug.feedback.reading import Reading
from careplug.ports import StoredFile
from careplug.refs import new_id

__all__ = ["Conversation"]

DIRECTIONS = ("in", "out")
MODES = ("onsite", "remote")
_OWN = ("factory_arrived", "factory_returned", "arrived", "left")


class Conversation(Reading):
    """Appending what happened: no version, the case's row is locked and the next sequence taken."""

    def reply(
        self,
        ident: str,
        body: str,
        *,
        automatic: bool = False,
        channel: str = "",
        at: datetime | None = None,
        because: str = "",
    ) -> Feedback:
        """Say something to the other side. The service side's first one by a person meets the response target.

        A customer's message ends the pauses that wait for the customer's answer.
        """
        case = self._hold(ident, "reply")
        actor = self.unit.actor
        data = {
            "body": check_text(body, "reply.body", required=True),
            "side": "service" if actor.side == "system" else actor.side,
            "automatic": automatic or not actor.person,
            "channel": check_text(channel, "reply.channel", longest=40),
        }
        self._append(ident, "replied", data, at=at, because=because)
        if actor.side == "customer":
            self._end_waiting(case, at, because)
        return self._now(ident)

    def _end_waiting(self, case: Feedback, at: datetime | None, because: str) -> None:
        known = self.definitions.values("pause_reason")
        for pause in case.pauses:
            if known.get(pause.reason, {}).get("ends_on_reply"):
                self._append(case.id, "resumed", {"reason": pause.reason, "cause": "replied"}, at=at, because=because)

    def note(self, ident: str, body: str) -> Feedback:
        """Write something for colleagues alone."""
        self._hold(ident, "note")
        self._append(ident, "noted", {"body": check_text(body, "note.body", required=True)})
        return self._now(ident)

    def call(
        self,
        ident: str,
        direction: str,
        *,
        answered: bool = True,
        body: str = "",
        phone: str = "",
        at: datetime | None = None,
        because: str = "",
    ) -> Feedback:
        """Record a phone call: ``in`` from the customer, ``out`` to them; an unanswered one meets no target."""
        self._hold(ident, "call")
        if direction not in DIRECTIONS:
            raise Invalid("call.direction", field="call.direction", value=direction, known=", ".join(DIRECTIONS))
        data = {
            "direction": direction,
            "answered": answered,
            "person": self.unit.actor.person,
            "body": check_text(body, "call.body"),
            "phone": check_text(phone, "call.phone", longest=60),
        }
        self._append(ident, "called", data, at=at, because=because)
        return self._now(ident)

    def appoint(
        self, ident: str, start: datetime, *, until: datetime | None = None, mode: str = "onsite", body: str = ""
    ) -> Feedback:
        """Agree an appointment, on site or remote (S10); the on-site clock starts with it."""
        self._hold(ident, "appoint")
        if mode not in MODES:
            raise Invalid("appoint.mode", field="appoint.mode", value=mode, known=", ".join(MODES))
        begins = aware(start, "appoint.start")
        ends = aware(until, "appoint.until") if until is not None else None
        if ends is not None and ends <= begins:
            raise Invalid("appoint.order", field="appoint.until.order")
        data = {"start": begins, "until": ends, "mode": mode, "body": check_text(body, "appoint.body")}
        self._append(ident, "appointed", data)
        return self._now(ident)

    def record(
        self,
        ident: str,
        kind: str,
        data: Mapping[str, Any] | None = None,
        *,
        at: datetime | None = None,
        because: str = "",
    ) -> Feedback:
        """Record a plain fact: arrived, left, factory_arrived, factory_returned, or a plugin's type."""
        self._hold(ident, f"record.{kind}")
        found: FactType | None = self.unit.setup.fact_types.get((FEEDBACK, kind))
        own = self.unit.setup.own_fact_types
        if found is None:
            raise Invalid("record.unknown", field="record.type", value=kind)
        if kind in own and kind not in _OWN:
            raise Refused("record.reserved", field="record.type.reserved", value=kind)
        self._append(ident, kind, {"person": self.unit.actor.person, **(data or {})}, at=at, because=because)
        return self._now(ident)

    def attach(self, ident: str, file: StoredFile) -> Attachment:
        """Add a file that ``care.files`` keeps already (put there outside the transaction)."""
        self._hold(ident, "attach")
        name = check_text(file.name, "attach.name", required=True, longest=255)
        data = {"key": file.key, "size": file.size, "digest": file.digest, "media_type": file.media_type, "name": name}
        fact = self._append(ident, "attached", data)
        made = Attachment(
            id=new_id(),
            tenant=self.unit.tenant,
            feedback_id=ident,
            sequence=fact.sequence,
            key=file.key,
            name=name,
            media_type=file.media_type,
            size=file.size,
            digest=file.digest,
        )
        self.unit.store.add(made)
        return made

    def attachments(self, ident: str) -> list[Attachment]:
        """The files of a case, oldest first."""
        self.get(ident)
        return self.unit.store.find(Attachment, Is("feedback_id", "eq", ident), order=(Order("sequence"),))
