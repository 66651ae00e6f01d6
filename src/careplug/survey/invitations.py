"""Asking: when somebody is invited, reminded, left alone (S7, S11, S14). One invitation a case, handling cycle and form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from careplug.criteria import All, Criteria, Is, Order, page_size
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.refs import Ref, derived_id, new_id
from careplug.survey.base import Base, case_groups, check_ref, link
from careplug.survey.entities import OPEN, STATES, Invitation, Reach
from careplug.survey.facts import ABOUT, INVITATION
from careplug.survey.triggers import Trigger, chosen

__all__ = ["Inviting", "invitation_id"]

PAGE_LIMIT = 500


def invitation_id(feedback_id: str, cycle: int, form: str) -> str:
    """The id of the one invitation there is for a case, handling cycle and form."""
    return derived_id(f"invitation/{feedback_id}/{cycle}/{form}")


class Inviting(Base):
    """Making, sending and ending invitations."""

    # -- what people do --

    def invite(
        self,
        feedback_id: str = "",
        *,
        trigger: str = "asked",
        form: str = "",
        contact: Ref | None = None,
        anyway: bool = False,
    ) -> Invitation:
        """Ask somebody now, about a case or, with ``contact``, about none (trigger event ``on_demand``).

        ``trigger`` says form, delay, end and reminders; ``form`` asks another form. ``Refused`` where no link can be made
        (settings), the trigger is switched off, or the contact was asked within the trigger's quiet days, unless ``anyway``; ``Conflict`` where this form
        was asked in this handling cycle already. Needs ``survey.invite``.
        """
        self.unit.allow("survey.invite", feedback_id or contact)
        self._ready()
        found = self._trigger(trigger)
        if found.event != "on_demand":
            raise Invalid("survey.trigger_event", field="survey.trigger", value=trigger, event=found.event)
        if not found.active:
            raise Refused("survey.trigger_off", field="survey.trigger.active", value=trigger)
        # A person who asks means this one: no sample is drawn.
        asked = attrs.evolve(found, form=form or found.form, sample=100)
        now = self.unit.now()
        if feedback_id:
            about = self._about(self._case(feedback_id))
        else:
            about = {"contact": check_ref(contact, "survey.contact"), **self._organisation(contact)}
        if about["contact"] is None:
            raise Invalid("survey.nobody", field="survey.contact.missing")
        until = None if anyway else self._quiet_until(about["contact"], asked, now)
        if until is not None:
            raise Refused("survey.quiet", field="survey.contact.quiet", until=until)
        made = self.schedule(asked, about, start=now, anyway=anyway)
        if made is None:
            raise Conflict("survey.invited", field="survey.form", value=asked.form, number=about.get("number", ""))
        return self.advance(made.id, now)

    def withdraw(self, ident: str) -> Invitation:
        """Take back an invitation that is not answered: its link says so from then on. Needs ``survey.withdraw``."""
        held = self._hold(ident)
        self.unit.allow("survey.withdraw", held)
        if not held.open:
            raise Refused("survey.ended", field="survey.invitation.state", state=held.state)
        return self.recall(held, "by_hand")

    def invitation(self, ident: str) -> Invitation:
        """One invitation; ``NotFound``. Needs ``survey.read``."""
        self.unit.flush()
        found = self.unit.store.get(Invitation, ident)
        if found is None:
            raise NotFound("invitation.missing", field="invitation.id", value=ident)
        self.unit.allow("survey.read", found)
        return found

    def link(self, ident: str) -> str:
        """The address at which an invitation is answered, to be handed over in person. Needs ``survey.invite``."""
        found = self.invitation(ident)
        self.unit.allow("survey.invite", found)
        if not found.open:
            raise Refused("survey.ended", field="survey.invitation.state", state=found.state)
        return link(self.unit, found)

    def invitations(
        self,
        *,
        feedback_id: str = "",
        contact: Ref | None = None,
        form: str = "",
        state: str = "",
        after: Sequence[Any] | None = None,
        limit: int = 25,
    ) -> list[Invitation]:
        """A page of invitations, newest first; ``after`` is (created_at, id) of the last seen. Needs ``survey.read``."""
        self.unit.flush()
        self.unit.allow("survey.read")
        if state and state not in STATES:
            raise Invalid("survey.state", field="survey.invitation.state", value=state, known=", ".join(STATES))
        wanted: dict[str, Any] = {"feedback_id": feedback_id, "contact": contact, "form": form, "state": state}
        where = All(*(Is(name, "eq", value) for name, value in wanted.items() if value))
        order = (Order("created_at", descending=True),)
        size = min(page_size(limit, "survey.invitations"), PAGE_LIMIT)
        return self.unit.store.find(Invitation, where, order=order, limit=size, after=after)

    def waiting(self) -> int:
        """How many invitations wait to be sent: they stay where they are as long as no link can be made."""
        lines = self.unit.store.tally(Invitation, Is("state", "eq", "scheduled"))
        return int(lines[0].values[0]) if lines else 0

    # -- what triggers and the worker do --

    def schedule(
        self, trigger: Trigger, about: Mapping[str, Any], *, start: datetime, slot: str = "", anyway: bool = False
    ) -> Invitation | None:
        """Plan an invitation; None where the form was asked already, or its time would be over before it is sent.

        ``about`` are the fields that tell whom and what it is about. ``slot`` stands in for case and cycle where it is about
        none; ``anyway``: whatever the quiet period says. One that was withdrawn because its cycle went on is planned anew. Who
        is not in the sample is noted as skipped.
        """
        definition, form = self._form(trigger.form)
        calendar = self._calendar(trigger.calendar)
        send_at = trigger.send_at(calendar, start)
        data: dict[str, Any] = {"form": trigger.form, "digest": definition.digest, "trigger": trigger.name, **about}
        data |= {"anonymous": form.anonymous == "always", "send_at": send_at}
        data |= {"anyway": True} if anyway else {}
        data["expires_at"] = trigger.expiry(calendar, send_at)
        if data["expires_at"] <= self.unit.now():
            return None
        ident = self._ident(trigger, about, slot)
        held = self._planned(ident, data)
        if held is None:
            return None
        self.timeline.append(INVITATION, ident, "scheduled", data)
        if not chosen(trigger.sample, self.unit.tenant, trigger.name, ident):
            self.timeline.append(INVITATION, ident, "skipped", {"reason": "sample"})
        return self._now_of(ident)

    def _ident(self, trigger: Trigger, about: Mapping[str, Any], slot: str) -> str:
        if about.get("feedback_id"):
            return invitation_id(about["feedback_id"], about["cycle"], trigger.form)
        return derived_id(f"invitation/{self.unit.tenant}/{slot}") if slot else new_id()

    def _planned(self, ident: str, data: Mapping[str, Any]) -> Invitation | None:
        """The held row of a new invitation, or of one that may be planned anew; None for any other that is there."""
        store = self.unit.store
        blank = Invitation(
            id=ident,
            tenant=self.unit.tenant,
            form=data["form"],
            digest=data["digest"],
            created_at=self.unit.now(),
            send_at=data["send_at"],
            expires_at=data["expires_at"],
        )
        # The row goes in first: of two units that ask the same at once the second finds it there.
        if store.add_if_absent(blank):
            return self._hold(ident)
        found = self._hold(ident)
        return found if found.state == "withdrawn" and found.reason not in _FOR_GOOD else None

    def advance(self, ident: str, now: datetime, *, fence: int | None = None) -> Invitation:
        """Do what is due with an invitation: send it, remind, end it. Nothing where ``fence`` is no longer the row's.

        After an outage one reminder goes out for all that were missed.
        """
        held = self._hold(ident)
        if (fence is not None and held.fence != fence) or held.next_at is None or held.next_at > now:
            return held
        if now >= held.expires_at:
            self.timeline.append(INVITATION, ident, "expired", {})
        elif held.state == "scheduled":
            self._send(held, now)
        else:
            self._remind(held, now)
        return self._now_of(ident)

    def _send(self, held: Invitation, now: datetime) -> None:
        trigger = self._trigger_of(held)
        quiet = timedelta(days=trigger.quiet_days if trigger and not self._anyway(held, trigger) else 0)
        if held.contact is None:
            self.timeline.append(INVITATION, held.id, "skipped", {"reason": "nobody"})
        elif trigger is not None and not trigger.active:
            self.timeline.append(INVITATION, held.id, "skipped", {"reason": "off"})
        elif not self._reach(held.contact, quiet, now):
            self.timeline.append(INVITATION, held.id, "skipped", {"reason": "quiet"})
        else:
            about = {name: getattr(held, name) for name in ("number", "form", "contact", "expires_at")}
            next_at, _ = self._next(held, now, now)
            data = {**about, "regular": not held.feedback_id, "next_at": next_at, "reminders": 0}
            data["month"] = f"{self._local(now):%Y-%m}"
            self.timeline.append(INVITATION, held.id, "invited", data)

    def _anyway(self, held: Invitation, trigger: Trigger) -> bool:
        """Whether the person who asked by hand did so whatever the quiet period says."""
        if trigger.event != "on_demand" or not trigger.quiet_days:
            return False
        planned = self.timeline.facts(INVITATION, held.id, ("scheduled",))
        return bool(planned[-1].data.get("anyway"))

    def _remind(self, held: Invitation, now: datetime) -> None:
        next_at, missed = self._next(held, held.invited_at or now, now)
        about = {name: getattr(held, name) for name in ("number", "form", "contact", "expires_at")}
        data = {**about, "regular": not held.feedback_id, "next_at": next_at, "reminders": missed}
        self.timeline.append(INVITATION, held.id, "reminded", data)

    def _next(self, held: Invitation, sent: datetime, now: datetime) -> tuple[datetime, int]:
        """When something is to be done next, and how many reminders are due by now."""
        trigger = self._trigger_of(held)
        if trigger is None:
            return held.expires_at, 0
        times = trigger.reminder_times(self._calendar(trigger.calendar), sent, held.expires_at)
        ahead = [each for each in times if each > now]
        return (ahead[0] if ahead else held.expires_at), len(times) - len(ahead)

    def recall(self, held: Invitation, reason: str) -> Invitation:
        """Withdraw a held invitation; ``reason`` is a code."""
        self.timeline.append(INVITATION, held.id, "recalled", {"reason": reason})
        return self._now_of(held.id)

    # -- quiet periods --

    def _quiet_until(self, contact: Ref, trigger: Trigger, now: datetime) -> datetime | None:
        """Until when somebody is left alone, None where they may be asked."""
        found = self.unit.store.find(Reach, Is("contact", "eq", contact), limit=1)
        last = found[0].last_at if found else None
        until = last + timedelta(days=trigger.quiet_days) if last is not None else None
        return until if until is not None and trigger.quiet_days and until > now else None

    def _reach(self, contact: Ref, quiet: timedelta, now: datetime) -> bool:
        """Note that somebody is asked now, unless they were within the quiet period; two workers cannot both do it."""
        store, tenant = self.unit.store, self.unit.tenant
        ident = derived_id(f"reach/{tenant}/{contact}")
        if store.add_if_absent(Reach(id=ident, tenant=tenant, contact=contact, last_at=now)):
            return True
        row = store.get(Reach, ident, lock=True)
        if row is None or (row.last_at is not None and quiet and row.last_at + quiet > now):
            return False
        store.save(attrs.evolve(row, last_at=now), was=row)
        return True

    # -- shared --

    def _about(self, case: Any) -> dict[str, Any]:
        """What an invitation says about a case."""
        contact = case.contact or case.requester
        told = {"feedback_id": case.id, "number": case.number, "cycle": case.cycle, "contact": contact}
        return {name: {**told, **case_groups(case)}[name] for name in ABOUT}

    def _organisation(self, contact: Ref | None) -> dict[str, Any]:
        known = self.unit.setup.directory.find(self.unit, contact) if contact is not None else None
        return {"organisation": known.organisation if known is not None else None}

    def of_case(self, feedback_id: str, *, open_only: bool = False) -> list[Invitation]:
        """The invitations of a case, oldest first, as this unit sees them."""
        parts: list[Criteria] = [Is("feedback_id", "eq", feedback_id)]
        if open_only:
            parts.append(Is("state", "in", OPEN))
        self.timeline.flush()
        return self.unit.store.find(Invitation, All(*parts), order=(Order("cycle"),))


_FOR_GOOD = ("by_hand", "erased")
"""Reasons of a withdrawal that hold; after the others (what the case became) the same cycle may end again."""
