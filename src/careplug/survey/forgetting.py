"""Forgetting: what somebody wrote goes, what was counted stays; every chain stays valid (S4, S9)."""

from __future__ import annotations

from careplug.criteria import All, Is
from careplug.refs import Ref
from careplug.survey.entities import Invitation, Response
from careplug.survey.facts import INVITATION, RESPONSE
from careplug.survey.invitations import Inviting
from careplug.timeline.facts import Personal

__all__ = ["Forgetting"]


class Forgetting(Inviting):
    """Erasing the personal part of invitations and responses."""

    def erase_case(self, feedback_id: str, *, request: str) -> int:
        """Erase what was written about one case; how many facts lost values. Part of erasing the case."""
        return self._erase(All(Is("feedback_id", "eq", feedback_id)), request)

    def erase_contact(self, contact: Ref, *, request: str) -> int:
        """Erase what somebody wrote who was asked about no case. Needs ``privacy.erase``."""
        self.unit.allow("privacy.erase", contact)
        return self._erase(All(Is("contact", "eq", contact), Is("feedback_id", "eq", "")), request)

    def _erase(self, where: All, request: str) -> int:
        self.unit.flush()
        store, erased = self.unit.store, 0
        for invitation in store.find(Invitation, where):
            held = self._hold(invitation.id)
            if held.open:
                self.recall(held, "erased")
            if invitation.reason != "erased":
                # Also for one that was over: messages about it hold words and an address.
                self.timeline.append(INVITATION, held.id, "erased", {"request": request})
        for response in store.find(Response, where):
            about = All(Is("subject", "eq", RESPONSE), Is("subject_id", "eq", response.id))
            gone = store.remove(Personal, about)
            if gone:
                self.timeline.hold(RESPONSE, Response, response.id)
                self.timeline.append(RESPONSE, response.id, "erased", {"request": request, "facts": gone})
            erased += gone
        return erased
