"""Taking feedback in (S1, S3, S6): submit, with idempotency, impact and urgency, custom fields."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from careplug.criteria import All, Is
from careplug.errors import Conflict, Invalid, Refused
from careplug.feedback.base import FEEDBACK, Base, check_custom, check_ref, check_text
from careplug.feedback.entities import KINDS, Feedback, RequestKey
from careplug.feedback.fold import told
from careplug.feedback.priority import Matrix, check_level
from careplug.ports import Unit
from careplug.refs import Ref, new_id
from careplug.timeline.facts import canonical

__all__ = ["KEY_KEPT", "Intake", "claim_key", "purge_keys"]

KEY_KEPT = timedelta(days=30)
"""How long an idempotency key of a live submit is remembered; those of imports stay as long as the case."""


class Intake(Base):
    """Submitting."""

    def submit(
        self,
        kind: str,
        subject: str,
        body: str = "",
        *,
        requester: Ref | None = None,
        organisation: Ref | None = None,
        contact: Ref | None = None,
        contact_name: str = "",
        contact_phone: str = "",
        contact_mail: str = "",
        product: Ref | None = None,
        system: Ref | None = None,
        site: Ref | None = None,
        impact: int = 3,
        urgency: int = 3,
        channel: str = "web",
        source: str = "",
        custom: Mapping[str, Any] | None = None,
        answered: bool = False,
        at: datetime | None = None,
        because: str = "",
        key: str = "",
    ) -> Feedback:
        """Take a feedback in and start its clocks.

        ``impact`` and ``urgency`` are 1 (high) to 3; the stored matrix makes the priority of them. ``answered`` says that a
        person of the service side took it on the phone: that meets the response target at intake (SLA 4), and needs
        ``feedback.call``, as any call does. ``key`` with
        ``source`` makes a repeated submit give the first result; another payload under it is ``Conflict``. An
        ``at`` in the past needs the permission ``feedback.backdate`` and a reason (``because``).
        """
        data = {
            "kind": self._kind(kind),
            "subject": check_text(subject, "subject", required=True, longest=500),
            "body": check_text(body, "body"),
            "requester": check_ref(requester, "requester") or self._self_as_requester(),
            "organisation": check_ref(organisation, "organisation"),
            "contact": check_ref(contact, "contact"),
            "contact_name": check_text(contact_name, "contact_name", longest=200),
            "contact_phone": check_text(contact_phone, "contact_phone", longest=60),
            "contact_mail": check_text(contact_mail, "contact_mail", longest=254),
            "product": check_ref(product, "product"),
            "system": check_ref(system, "system"),
            "site": check_ref(site, "site"),
            "impact": check_level(impact, "impact"),
            "urgency": check_level(urgency, "urgency"),
            "channel": check_text(channel, "channel", longest=40),
            "source": check_text(source, "source", longest=60),
            **self._custom(custom or {}),
        }
        self.unit.allow("feedback.submit")
        self._in_own_name(data)
        if answered:
            self.unit.allow("feedback.call")
            data["answered"] = True
        return self._take(data, at=at, because=because, key=check_text(key, "key", longest=200))

    def _take(self, data: dict[str, Any], *, at: datetime | None, because: str, key: str) -> Feedback:
        ident = new_id()
        if key:
            earlier = self._repeated(ident, data["source"], key, data)
            if earlier is not None:
                return earlier
        now = self.unit.now()
        number = f"{self.unit.setup.number_prefix}-{now.year}-{self.unit.store.next_number():06d}"
        matrix: Matrix = self.definitions.value("matrix", "priority")
        data |= {
            "number": number,
            "priority": matrix.priority(data["impact"], data["urgency"]),
            "state": "received",
            "category": "open",
        }
        draft = Feedback(
            id=ident, tenant=self.unit.tenant, number=number, kind=data["kind"], state="received", received_at=at or now
        )
        self.timeline.new(FEEDBACK, draft)
        self._append(ident, "submitted", data, at=at, because=because)
        return self._now(ident)

    def _repeated(self, ident: str, source: str, key: str, data: Mapping[str, Any]) -> Feedback | None:
        """Claim an idempotency key for a new case; the earlier case where it was used with the same payload."""
        payload = hashlib.sha256(canonical(data).encode()).hexdigest()
        row, ours = claim_key(self.unit, source=source, key=key, payload=payload, result=ident)
        return None if ours else self.timeline.hold(FEEDBACK, Feedback, row.result)

    def _in_own_name(self, data: Mapping[str, Any]) -> None:
        """A customer speaks for nobody else: the case would stand in somebody else's list."""
        actor = self.unit.actor
        if actor.side != "customer":
            return
        if data["requester"] != actor.ref:
            raise Refused("submit.requester", field="requester.other", value=data["requester"])
        if data["organisation"] is not None and data["organisation"] not in actor.organisations:
            raise Refused("submit.organisation", field="organisation.other", value=data["organisation"])

    def _kind(self, kind: object) -> str:
        if kind not in KINDS:
            raise Invalid("feedback.kind", field="kind", value=repr(kind), known=", ".join(KINDS))
        return str(kind)

    def _self_as_requester(self) -> Ref | None:
        return self.unit.actor.ref if self.unit.actor.side == "customer" else None

    def _custom(self, values: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
        fields = self.unit.setup.fields(FEEDBACK)
        checked = check_custom(values, fields, whole=whole)
        open_part = {name: value for name, value in checked.items() if not fields[name].personal}
        personal = {name: value for name, value in checked.items() if fields[name].personal}
        found: dict[str, Any] = {}
        if open_part:
            found["custom"] = told(open_part)
        if personal:
            found["custom_personal"] = told(personal)
        return found


def claim_key(
    unit: Unit, *, source: str, key: str, payload: str, result: str = "", field: str = "key", said: str = ""
) -> tuple[RequestKey, bool]:
    """The row of an idempotency key, and whether it is ours now; else it is the earlier one of the same payload.

    One whose time is over is taken over. ``Conflict`` where it was used for another payload, naming ``field`` and the key
    as people ``said`` it.
    """
    store, now = unit.store, unit.now()
    row = RequestKey(
        id=new_id(),
        tenant=unit.tenant,
        source=source,
        key=key,
        payload=payload,
        result=result,
        made_at=now,
        expires_at=now + KEY_KEPT,
    )
    if store.add_if_absent(row):
        return row, True
    found = store.find(RequestKey, All(Is("source", "eq", source), Is("key", "eq", key)), limit=1, lock=True)
    if found and found[0].expires_at is not None and found[0].expires_at <= now:
        again = attrs.evolve(row, id=found[0].id)
        store.save(again, was=found[0])
        return again, True
    if not found or found[0].payload != payload:
        raise Conflict("key.used", field=field, value=said or key)
    return found[0], False


def purge_keys(care: Any, now: datetime) -> int:
    """Forget the idempotency keys whose time is over, of all tenants; how many they were. A daily job."""
    with care.transaction(tenant=None) as store:
        return int(store.remove(RequestKey, Is("expires_at", "lt", now)))
