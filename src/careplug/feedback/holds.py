"""Forgetting a case, and the legal hold that forbids it: what is needed in a dispute is neither erased nor retained away."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from careplug.clock import to_text
from careplug.criteria import All, Is
from careplug.errors import Refused
from careplug.feedback.base import FEEDBACK, check_text
from careplug.feedback.entities import Attachment, Feedback
from careplug.feedback.fold import LEGAL_HOLD
from careplug.feedback.steps import Steps
from careplug.timeline.facts import Personal

__all__ = ["CONTACT", "Holds"]

CONTACT = ("contact_name", "contact_phone", "contact_mail")
"""The data keys of facts that say who called: what is erased where only the contact is made anonymous."""


class Holds(Steps):
    """Erasing leaves every chain whole; a legal hold is placed and lifted by facts, with a reason."""

    def place_hold(self, ident: str, *, reason: str) -> Feedback:
        """Put a case under legal hold: neither a request nor a retention rule erases anything of it."""
        return self._set_hold(ident, "hold_placed", reason, wanted=False)

    def lift_hold(self, ident: str, *, reason: str) -> Feedback:
        """End the legal hold of a case."""
        return self._set_hold(ident, "hold_lifted", reason, wanted=True)

    def _set_hold(self, ident: str, kind: str, reason: str, *, wanted: bool) -> Feedback:
        case = self._hold(ident, "hold")
        told = check_text(reason, "hold.reason", required=True)
        if (LEGAL_HOLD in case.flags) != wanted:
            return case
        self._append(ident, kind, {"reason": told})
        return self._now(ident)

    def held(self, idents: Sequence[str]) -> frozenset[str]:
        """Those of some cases that are under legal hold."""
        wanted = tuple(sorted({ident for ident in idents if ident}))
        found = self.unit.store.find(Feedback, Is("id", "in", wanted)) if wanted else []
        return frozenset(case.id for case in found if LEGAL_HOLD in case.flags)

    def erase(self, ident: str, *, request: str, only: Sequence[str] = ()) -> list[str]:
        """Erase the personal values of a case and say so on its timeline; the chain stays valid.

        ``request`` names the request it answers (a ticket, a letter), without personal words. With ``only`` the values of
        these data keys go and the files stay. Returns the keys of the files that are to be deleted from ``Files`` after the
        commit. ``Refused`` where the case is under legal hold.
        """
        case = self._hold(ident, "erase")
        told = check_text(request, "erase.request", required=True, longest=100)
        self._refuse_held(case)
        self.timeline.flush()
        data = {"request": told, "when": to_text(self.unit.now())}
        if only:
            self._append_folded(ident, "erased", {**data, "facts": self._forget(ident, only), "fields": list(only)})
            return []
        store = self.unit.store
        values = store.remove(Personal, All(Is("subject", "eq", FEEDBACK), Is("subject_id", "eq", ident)))
        files = self.detach(ident)
        self._append_folded(ident, "erased", {**data, "facts": values, "files": len(files)})
        return files

    def files(self, idents: Sequence[str]) -> list[str]:
        """The keys of the files of some cases, as far as they are not under legal hold. Needs ``feedback.erase``."""
        cases = self.unit.store.find(Feedback, Is("id", "in", tuple(idents)))
        free = [case for case in cases if LEGAL_HOLD not in case.flags]
        for case in free:
            self.unit.allow("feedback.erase", case)
        mine = Is("feedback_id", "in", tuple(case.id for case in free))
        return [item.key for item in self.unit.store.find(Attachment, mine)] if free else []

    def detach(self, ident: str) -> list[str]:
        """Forget the attachments of a case; the keys of the files to delete after the commit. Needs ``feedback.erase``.

        ``Refused`` where the case is under legal hold.
        """
        self._refuse_held(self._hold(ident, "erase"))
        mine = Is("feedback_id", "eq", ident)
        files = self.unit.store.find(Attachment, mine)
        self.unit.store.remove(Attachment, mine)
        return [item.key for item in files]

    def _refuse_held(self, case: Feedback) -> None:
        if LEGAL_HOLD in case.flags:
            raise Refused("feedback.held", field="erase.held", value=case.number)

    def _forget(self, ident: str, only: Sequence[str]) -> int:
        """Take the values of some data keys out of all facts; in how many they were."""
        where = All(Is("subject", "eq", FEEDBACK), Is("subject_id", "eq", ident))
        changes = []
        for was in self.unit.store.find(Personal, where, lock=True):
            values = {key: value for key, value in was.values.items() if key not in only}
            if len(values) != len(was.values):
                changes.append((attrs.evolve(was, values=values), was))
        self.unit.store.save_all(changes)
        return len(changes)
